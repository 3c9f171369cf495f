"""Uploading and downloading without a screen, as scripts do."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from gencove_tui.fastq.generate import write_pair
from gencove_tui.store.ledger import Ledger
from tests.cli.test_commands import assert_clear_problem, run
from tests.dialects import both_dialects
from tests.files import large
from tests.waiting import until_blocking


def test_upload_says_what_it_leaves_out_and_brings_up_the_rest(environment, sandbox, tmp_path):
    folder = tmp_path / "fastq"
    pair = write_pair(folder, "NA12878", 1, 300, seed=1)
    (folder / "notes.txt").write_text("x")
    dry = run("upload", folder, "gncv://lab/x/", "--dry-run", environment=environment)
    assert dry.returncode == 0, dry.stderr
    assert "notes.txt: not a FASTQ" in dry.stdout
    assert "2 files would go" in dry.stderr
    assert f"→ gncv://lab/x/{pair.r1.name}" in dry.stdout
    assert sandbox.upload_bytes(f"gncv://lab/x/{pair.r1.name}") is None
    real = run("upload", folder, "gncv://lab/x/", environment=environment)
    assert real.returncode == 0, real.stderr
    assert "left out" in real.stderr
    assert "2 files queued" in real.stderr
    for path in (pair.r1, pair.r2):
        assert sandbox.upload_bytes(f"gncv://lab/x/{path.name}") == path.read_bytes()
        assert f"uploaded {path.name}" in real.stdout
    again = run("upload", folder, "gncv://lab/x/", environment=environment)
    assert again.returncode == 0
    assert "is there already" in again.stdout


@both_dialects
def test_upload_tells_failures_by_its_exit_code(environment, sandbox, tmp_path):
    pair = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1)
    pair.r2.write_bytes(pair.r2.read_bytes()[:-9])
    result = run("upload", pair.r1, pair.r2, "gncv://lab/x/", "--json", environment=environment)
    assert result.returncode == 3
    kinds = {json.loads(line)["event"] for line in result.stdout.splitlines()}
    assert kinds == {"upload.done", "upload.failed"}


def test_what_an_interrupted_command_leaves_is_said_with_how_to_give_it_up(environment, sandbox, tmp_path):
    pair = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1)
    sandbox.faults.set("s3-500")
    command = [sys.executable, "-m", "gencove_tui", "upload", str(pair.r1), str(pair.r2), "gncv://lab/x/"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    until_blocking(lambda: sandbox.requests.count(port="s3") > 0, "the first try")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "2 of 2 are not done; they stay in the queue" in said
    assert "gencove-tui transfers cancel 1 2" in said


def test_an_upload_to_a_local_gencove_without_a_store_says_what_is_missing(environment, sandbox, tmp_path):
    pair = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1)
    config = tmp_path / "app" / "config" / "config.toml"
    config.write_text(config.read_text().replace(f"s3_endpoint = '{sandbox.s3_endpoint}'\n", ""))
    result = run("upload", pair.r1, "gncv://lab/x/", environment=environment)
    assert result.returncode == 3
    assert "no store to go to" in result.stdout


def test_a_template_is_no_destination_for_an_upload_by_hand(environment, tmp_path):
    pair = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1)
    assert_clear_problem(run("upload", pair.r1, "gncv://{run}/", environment=environment), "watch rule")


def test_a_file_on_its_way_to_one_place_may_go_to_another_as_well(environment, settings, sandbox, tmp_path):
    pair = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1)
    with Ledger(settings.state_folder) as ledger:
        ledger.transfers.add_upload(str(pair.r1), f"gncv://one/{pair.r1.name}", pair.r1.stat().st_size)
    again = run("upload", pair.r1, "gncv://one/", environment=environment)
    assert_clear_problem(again, "already in the queue")
    other = run("upload", pair.r1, "gncv://two/", environment=environment)
    assert other.returncode == 0, other.stderr
    assert sandbox.upload_bytes(f"gncv://two/{pair.r1.name}") == pair.r1.read_bytes()


@pytest.mark.parametrize("dialect", ["v2"])
def test_the_bar_counts_part_way_bytes_and_gives_way_to_events(environment, sandbox, tmp_path):
    broken = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1).r1
    broken.write_bytes(broken.read_bytes()[:-9])
    sandbox.faults.set("s3-rate=2M")
    command = [
        sys.executable,
        "-m",
        "gencove_tui",
        "upload",
        str(broken),
        str(large(tmp_path, 24 << 20, seed=1)),
    ]
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*command, "gncv://lab/"], env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while not re.search(rb"up 1 of 2 .*?[1-9][0-9.]*/[0-9.]+ MiB", shown):
            shown += os.read(ours, 65536)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # a terminal whose last process has ended
            while shown := shown + os.read(ours, 65536):
                pass
        os.close(ours)
        assert process.wait(60) == 130
    before = shown[: shown.index(b"upload.failed")]
    assert b"up " not in before[before.rindex(b"\x1b[2K") :], "the event stands behind the bar"


def test_an_option_of_the_program_after_the_command_is_shown_its_place(environment):
    result = run("download", "X", "--download-folder", "y", environment=environment)
    assert result.returncode == 2
    assert "before the command: gencove-tui --download-folder" in result.stderr


def test_nothing_to_upload_is_bad_input(environment, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_clear_problem(
        run("upload", tmp_path / "empty", "gncv://x/", environment=environment), "nothing to upload"
    )


def finished_sample(sandbox, dialect):
    with sandbox.state.lock:
        for project in sandbox.state.projects.values():
            for sample in sandbox.state.samples(project):
                if sample.status == "succeeded" and sample.archive_status == "available":
                    if dialect == "v1":
                        return str(project.number), str(sample.number)
                    return project.id, sample.id
    raise AssertionError("no finished sample")


@both_dialects
def test_download_fetches_the_chosen_types(environment, sandbox, tmp_path, dialect):
    project, sample = finished_sample(sandbox, dialect)
    kind = "vcf" if dialect == "v1" else "impute-vcf"
    result = run("download", sample, "--project", project, "--file-type", kind, environment=environment)
    assert result.returncode == 0, result.stderr
    (found,) = [path for path in (tmp_path / "downloads").rglob("*") if path.is_file()]
    assert found.name.endswith(".vcf.gz")
    assert found.read_bytes()[:2] == b"\x1f\x8b"
    assert ("sha256 verified" in result.stdout) is (dialect == "v2")


def test_an_unknown_type_names_what_there_is(environment, sandbox, dialect):
    project, sample = finished_sample(sandbox, dialect)
    result = run("download", sample, "--project", project, "--file-type", "bram", environment=environment)
    assert_clear_problem(result, "has no bram", "bam", "--file-type")


def test_a_dry_run_tells_machines_what_is_there_already(environment, sandbox, tmp_path):
    pair = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1)
    assert run("upload", pair.r1, "gncv://lab/x/", environment=environment).returncode == 0
    dry = run("upload", pair.r1, pair.r2, "gncv://lab/x/", "--dry-run", "--json", environment=environment)
    assert dry.returncode == 0, dry.stderr
    one, two = [json.loads(line) for line in dry.stdout.splitlines()]
    assert one["target"] == f"gncv://lab/x/{pair.r1.name}"
    assert one["bytes"] == pair.r1.stat().st_size
    assert one["fate"] != two["fate"]


def test_a_destination_that_is_none_is_bad_input(environment, tmp_path):
    pair = write_pair(tmp_path / "fastq", "NA12878", 1, 300, seed=1)
    assert_clear_problem(run("upload", pair.r1, environment=environment), "last argument", "gncv://")
    assert_clear_problem(run("upload", pair.r1, pair.r2, environment=environment), "last argument")


@both_dialects
def test_all_results_come_with_their_documents_and_side_files(environment, sandbox, tmp_path, dialect):
    project, sample = finished_sample(sandbox, dialect)
    result = run(
        "download", sample, "--project", project, "--sha256", "--template", "{gencove_id}/{default_filename}",
        environment=environment,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    names = {path.name for path in (tmp_path / "downloads" / sample).iterdir()}
    assert (f"{sample}_qc.json" in names) is (dialect == "v2")
    assert (f"{sample}_metadata.json" in names) is (dialect == "v2")
    assert any(name.endswith(".sha256") for name in names) is (dialect == "v2")


def test_a_template_that_merges_files_is_refused_before_the_first_byte(
    environment, sandbox, tmp_path, dialect
):
    project, sample = finished_sample(sandbox, dialect)
    result = run("download", sample, "--project", project, "--template", "one", environment=environment)
    assert_clear_problem(result, "nothing to download", "same path")
    assert not [path for path in (tmp_path / "downloads").rglob("*") if path.is_file()]


def test_a_bad_template_and_an_unknown_sample_are_named(environment, sandbox, dialect):
    project, sample = finished_sample(sandbox, dialect)
    wrong = run("download", sample, "--project", project, "--template", "{clientid}", environment=environment)
    assert_clear_problem(wrong, "{clientid}", "{client_id}")
    missing = run("download", "nosuchsample", "--project", project, environment=environment)
    assert_clear_problem(missing, "nosuchsample")
