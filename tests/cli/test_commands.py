"""The commands as a shell runs them: real processes, their exit codes and what they print."""

import json
import os
import subprocess
import sys

import pytest

from gencove_tui.config import HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE
from gencove_tui.fastq.generate import write_pair
from tests.dialects import both_dialects

KEY = "0123456789abcdef0123456789abcdef0123"


def run(*arguments, environment=None, timeout=90):
    return subprocess.run(
        [sys.executable, "-m", "gencove_tui", *map(str, arguments)],
        env=environment or dict(os.environ),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def assert_clear_problem(result, *words):
    assert result.returncode in (1, 2), result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("gencove-tui: ")
    assert len(result.stderr.strip().splitlines()) <= 3
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["watch", "--help"], ["demo", "--help"]])
def test_help_and_version_answer_without_the_heavy_libraries(arguments):
    code = (
        "import sys\n"
        "from gencove_tui.cli import cli\n"
        f"try: cli({arguments!r})\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'textual', 'httpx', 'aiohttp', 'aiobotocore', 'botocore', 'moto', 'starlette'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in result.stdout


def test_without_a_key_it_says_how_to_get_one():
    assert_clear_problem(run(), "no API key", "gencove-tui login", "gencove-tui demo")


def test_a_key_on_the_command_line_is_warned_of(tmp_path):
    result = run("--api-key", KEY, "watch", tmp_path / "nope", "--headless")
    assert "shows in the process list" in result.stderr
    assert KEY not in result.stderr


@pytest.fixture
def with_key(tmp_path):
    return {**os.environ, KEY_VARIABLE: KEY, HOST_VARIABLE: "http://127.0.0.1:9"}


def test_a_watched_folder_must_exist(with_key, tmp_path):
    result = run("watch", tmp_path / "nope", "gncv://a/", "--headless", environment=with_key)
    assert_clear_problem(result, str(tmp_path / "nope"), "does not exist", "Create it")


def test_a_destination_must_be_in_the_upload_area(with_key, tmp_path):
    result = run("watch", tmp_path, "s3://a/", "--headless", environment=with_key)
    assert_clear_problem(result, "'s3://a/'", "must start with gncv://")


def test_an_unreachable_host_is_said_at_once(with_key, tmp_path):
    result = run("watch", tmp_path, "gncv://a/", "--headless", "--once", environment=with_key)
    assert_clear_problem(result, "Can't reach http://127.0.0.1:9", "Check the network")


def test_a_corrupt_config_stops_the_start(with_key, tmp_path):
    config = tmp_path / "app" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[profiles.default]\nsettle_second = 3\n")
    result = run("engine", environment=with_key)
    assert_clear_problem(result, str(config), "line 2", "settle_seconds")
    assert config.read_text() == "[profiles.default]\nsettle_second = 3\n"


def test_a_key_over_plain_http_is_refused(tmp_path):
    environment = {**os.environ, KEY_VARIABLE: KEY, HOME_VARIABLE: str(tmp_path / "app")}
    result = run("--host", "http://api.gencove.com", "engine", environment=environment)
    assert_clear_problem(result, "not https", "in the clear")


def test_an_unknown_environment_names_the_known_ones(with_key):
    assert_clear_problem(run("--env", "prod", "engine", environment=with_key), "production", "v2-eu")


@both_dialects
def test_a_wrong_key_is_explained(environment, sandbox, tmp_path):
    result = run(
        "watch", tmp_path, "gncv://a/", "--headless", "--once", environment={**environment, KEY_VARIABLE: KEY}
    )
    assert_clear_problem(result, "refused the API key", "gencove-tui login")


def test_watch_once_uploads_all_that_is_there_and_says_so(environment, sandbox, tmp_path, dialect):
    folder = tmp_path / "run"
    pair = write_pair(folder, "NA12878", 1, 300, seed=1)
    (folder / "Undetermined_S0_L001_R1_001.fastq.gz").write_bytes(pair[0].read_bytes())
    (folder / "notes.txt").write_text("not a FASTQ")
    result = run("watch", folder, "gncv://lab/run/", "--headless", "--once", environment=environment)
    assert result.returncode == 0, result.stderr
    for path in pair:
        assert sandbox.upload_bytes(f"gncv://lab/run/{path.name}") == path.read_bytes()
        assert f"uploaded {path.name}" in result.stdout
    assert "2 in the upload area, 0 failed" in result.stderr
    assert sandbox.upload_bytes("gncv://lab/run/Undetermined_S0_L001_R1_001.fastq.gz") is None
    sandbox.requests.clear()
    again = run("watch", folder, "gncv://lab/run/", "--headless", "--once", environment=environment)
    assert again.returncode == 0, again.stderr
    assert "uploaded" not in again.stdout
    assert sandbox.requests.count("PUT", port="s3") == 0


def test_watch_once_tells_of_failures_by_its_exit_code_and_in_json(environment, sandbox, tmp_path):
    folder = tmp_path / "run"
    good, bad = write_pair(folder, "NA12878", 1, 300, seed=1)
    bad.write_bytes(bad.read_bytes()[:-30])
    result = run(
        "watch", folder, "gncv://lab/run/", "--headless", "--once", "--json", environment=environment
    )
    assert result.returncode == 3, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    by_kind = {event["event"]: event for event in events}
    assert by_kind["upload.done"]["local"] == str(good)
    assert by_kind["upload.waiting"]["local"] == str(bad)  # perhaps it is still being written
    assert by_kind["upload.waiting"]["remedy"]
    assert sandbox.upload_bytes(f"gncv://lab/run/{bad.name}") is None


@both_dialects
def test_login_keeps_a_key_only_after_gencove_accepted_it(environment, sandbox, tmp_path, dialect):
    key_file = tmp_path / "app" / "config" / "keys" / "default"
    key_file.unlink()

    def login(key):
        return subprocess.run(
            [sys.executable, "-m", "gencove_tui", "login"],
            env=environment,
            input=key + "\n",
            capture_output=True,
            text=True,
            timeout=60,
        )

    refused = login(KEY)
    assert refused.returncode == 1
    assert "refused the API key" in refused.stderr
    assert not key_file.exists()
    accepted = login(sandbox.api_key)
    assert accepted.returncode == 0, accepted.stderr
    assert f"API {dialect}" in accepted.stdout
    assert key_file.read_text().strip() == sandbox.api_key
    assert key_file.stat().st_mode & 0o777 == 0o600
