"""``gencove-tui service`` with a systemctl that notes what it is asked, and the unit as systemd reads it."""

import asyncio
import getpass
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gencove_tui import __version__
from gencove_tui.cli import cli
from gencove_tui.config import HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE, S3_VARIABLE, resolve
from gencove_tui.engine import systemd as systemd_module
from gencove_tui.engine.locks import engine_holder
from gencove_tui.engine.spawn import restart_engine, start_engine, stop_engine
from gencove_tui.engine.systemd import Service
from gencove_tui.errors import InputProblem, Problem
from gencove_tui.store.ledger import Ledger
from tests.waiting import until, until_blocking

UNIT = "gencove-tui-default.service"
NO_BUS = "Failed to connect to bus: No medium found"
FAKE = """#!{python} -IS
import os, pathlib, sys
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
with open({calls!r}, "a") as calls:
    print(name, *words, file=calls)
assert "GENCOVE" not in " ".join(words)
if name == "systemctl" and "show" in words and any("ActiveState" in word for word in words):
    print(open({shown!r}).read(), end="")
if name == "loginctl" and "show-user" in words:
    print("yes" if os.path.exists({lingers!r}) else "no")
if words[-1:] == ["enable-linger"] and not os.path.exists({lingers!r}):
    sys.exit("Could not enable linger: Access denied")
if words[1:2] == ["restart"] and os.path.exists({refused!r}):
    sys.exit("Job for unit failed.")
"""


class Systemd:
    def __init__(self, folder):
        self.folder = folder
        self._calls = folder / "calls"
        self._shown = folder / "shown"
        self.refuses = folder / "refused"
        self.lingers = folder / "lingers"
        self.says("inactive", "dead", "disabled")
        for name in ("systemctl", "loginctl"):
            program = folder / name
            program.write_text(
                FAKE.format(
                    python=sys.executable,
                    calls=str(self._calls),
                    shown=str(self._shown),
                    refused=str(self.refuses),
                    lingers=str(self.lingers),
                )
            )
            program.chmod(0o755)

    def says(self, active, detail, enabled, text="", restarts=0):
        self._shown.write_text(
            f"UnitFileState={enabled}\nActiveState={active}\nSubState={detail}\nStatusText={text}\n"
            f"NRestarts={restarts}\n"
        )

    @property
    def calls(self):
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    fake = Systemd(folder)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return fake


@pytest.fixture
def home(systemd, idle_home):
    """A profile with a key, and the fake systemd on its path."""
    return {**idle_home, "PATH": os.environ["PATH"], "XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]}


@pytest.fixture
def unit(tmp_path):
    return tmp_path / "xdg" / "systemd" / "user" / UNIT


def installed(unit, home):
    """As ``service install`` leaves it."""
    unit.parent.mkdir(parents=True)
    unit.write_text(Service(resolve(environment=home), home).text())


def run(environment, *arguments):
    """A command in this very process, as it starts none that stays: its end, ``stdout`` and ``stderr``."""
    result = CliRunner().invoke(cli, arguments, env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def key_of(environment):
    return (resolve(environment=environment).where.key_file("default")).read_text().strip()


def test_install_writes_enables_and_starts_the_unit(systemd, home, unit, idle_engines):
    idle_engines.start()
    until_blocking(lambda: engine_holder(resolve(environment=home).state_folder), "an engine to show")
    systemd.says("active", "running", "enabled", "nothing to do")
    result = run(home, "service", "install")
    assert result.exit_code == 0, result.stderr
    assert systemd.calls[:4] == [
        "systemctl --user show --property=Version",
        "systemctl --user daemon-reload",
        f"systemctl --user enable {unit}",
        f"systemctl --user restart --no-block {UNIT}",
    ]
    text = unit.read_text()
    assert unit.stat().st_mode & 0o777 == 0o600
    assert key_of(home) not in text
    assert "Type=notify" in text
    assert "Restart=on-failure" in text
    assert "WatchdogSec=" in text
    assert f'Environment="GENCOVE_TUI_HOME={home["GENCOVE_TUI_HOME"]}"' in text
    assert "LimitCORE=0" in text
    assert f'ExecStart="{sys.executable}" "-P" "-m" "gencove_tui" "--profile" "default" "engine"' in text
    assert "ends when you log out" in result.stdout
    assert "active (running)" in result.stdout
    assert not any("linger" in call and "show-user" not in call for call in systemd.calls)


def test_install_again_renews_the_unit(systemd, home, unit, idle_engines):
    idle_engines.start()
    until_blocking(lambda: engine_holder(resolve(environment=home).state_folder), "an engine to show")
    unit.parent.mkdir(parents=True)
    unit.write_text("old")
    systemd.says("active", "running", "enabled", "nothing to do")
    assert run(home, "service", "install").exit_code == 0
    assert "Type=notify" in unit.read_text()
    assert [path.name for path in unit.parent.iterdir()] == [UNIT]


def test_lingering_that_is_on_is_not_asked_for_again(systemd, home):
    """Over SSH systemd refuses even that to an ordinary user."""
    systemd.says("active", "running", "enabled", "nothing to do")
    systemd.lingers.touch()
    result = run(home, "service", "install", "--linger")
    assert result.exit_code == 0, result.stderr
    assert not any("enable-linger" in call for call in systemd.calls)
    assert "lingering on" in result.stdout


def test_lingering_that_is_refused_is_said_after_all_else_is_done(systemd, home, unit):
    systemd.says("active", "running", "enabled", "nothing to do")
    result = run(home, "service", "install", "--linger")
    assert result.exit_code == 1
    assert unit.exists()
    assert "active (running)" in result.stdout
    assert "Access denied" in result.stderr
    assert f"sudo loginctl enable-linger {getpass.getuser()}" in result.stderr


def test_print_changes_nothing(systemd, home, unit):
    result = run(home, "service", "install", "--print")
    assert result.exit_code == 0
    assert result.stdout.startswith("# Made by")
    assert systemd.calls == []
    assert not unit.exists()


@pytest.mark.parametrize("by_environment", [False, True])
def test_without_a_kept_key_it_is_refused(systemd, home, unit, by_environment):
    resolve(environment=home).where.key_file("default").unlink()
    if by_environment:
        home = {**home, KEY_VARIABLE: "0123456789abcdef0123456789abcdef0123"}
    result = run(home, "service", "install")
    assert result.exit_code == 2
    assert "keeps no API key" in result.stderr
    assert "gencove-tui --profile default login" in result.stderr
    assert systemd.calls == []
    assert not unit.exists()


def test_a_host_that_is_not_the_profiles_is_refused(systemd, home, unit):
    result = run({**home, HOST_VARIABLE: "http://127.0.0.1:10"}, "service", "install")
    assert result.exit_code == 2
    assert "the profile's own host" in result.stderr
    assert not unit.exists()


def test_an_s3_endpoint_that_is_not_the_profiles_is_refused(systemd, home, unit):
    result = run({**home, S3_VARIABLE: "http://127.0.0.1:10"}, "service", "install")
    assert result.exit_code == 2
    assert 's3_endpoint = "http://127.0.0.1:10"' in result.stderr
    assert not unit.exists()


def test_with_sudo_it_is_refused(systemd, home, unit, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 0)
    with pytest.raises(InputProblem) as refused:
        Service(resolve(environment=home), {**home, "SUDO_USER": "lab"}).install()
    assert "without sudo" in str(refused.value)
    assert systemd.calls == []


@pytest.mark.parametrize("booted", [False, True])
def test_the_remedy_fits_the_machine(systemd, home, tmp_path, monkeypatch, booted):
    monkeypatch.setattr(systemd_module, "_BOOTED", tmp_path if booted else tmp_path / "none")
    (systemd.folder / "systemctl").write_text(f"#!{sys.executable}\nimport sys\nsys.exit('{NO_BUS}')\n")
    with pytest.raises(Problem) as said:
        Service(resolve(environment=home), {**home, "PATH": str(systemd.folder)}).install()
    assert said.value.why == NO_BUS
    if booted:
        assert f"sudo loginctl enable-linger {getpass.getuser()}" in said.value.remedy
    else:
        assert "does not run systemd" in said.value.what
        assert "gencove-tui engine --wait" in said.value.remedy


def test_without_systemd_it_says_so_and_writes_nothing(home, unit, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for command in ("install", "uninstall"):
        if command == "uninstall":
            unit.parent.mkdir(parents=True)
            unit.write_text("unit")
        result = run({**home, "PATH": str(empty)}, "service", command)
        assert result.exit_code == 1
        assert "systemctl is not installed" in result.stderr
        assert "Traceback" not in result.stderr
        assert unit.exists() is (command == "uninstall")
    status = run({**home, "PATH": str(empty)}, "service", "status")
    assert status.exit_code == 3
    assert "service   installed, but th" in status.stdout
    assert "systemctl is not installed" in status.stdout
    assert "does not run" in status.stdout


def test_systemds_refusal_is_passed_on(systemd, home):
    systemd.refuses.touch()
    result = run(home, "service", "install")
    assert result.exit_code == 1
    assert "Job for unit failed." in result.stderr


@pytest.mark.parametrize(
    ("words", "no_systemd"),
    [
        ("Failed to connect to user scope bus via local transport: No such file or directory", True),
        ("Failed to get D-Bus connection: Operation not permitted", True),
        ("System has not been booted with systemd as init system (PID 1). Can't operate.", True),
        ("Failed to enable unit: Access denied for /home/columbus/.config", False),
    ],
)
def test_a_refusal_is_told_from_a_systemd_that_is_not_there(systemd, home, words, no_systemd):
    (systemd.folder / "systemctl").write_text(f"#!{sys.executable}\nimport sys\nsys.exit({words!r})\n")
    with pytest.raises(Problem) as said:
        Service(resolve(environment=home), {**home, "PATH": str(systemd.folder)}).install()
    assert said.value.why == words
    assert ("failed" not in said.value.what) is no_systemd


def test_uninstall_stops_disables_and_removes_and_leaves_the_rest(systemd, home, unit):
    settings = resolve(environment=home)
    Ledger(settings.state_folder).close()
    unit.parent.mkdir(parents=True)
    unit.write_text("unit")
    result = run(home, "service", "uninstall")
    assert result.exit_code == 0, result.stderr
    assert systemd.calls == [
        f"systemctl --user disable --now {UNIT}",
        "systemctl --user daemon-reload",
        f"systemctl --user reset-failed {UNIT}",
    ]
    assert not unit.exists()
    assert settings.where.key_file("default").exists()
    assert (settings.state_folder / "ledger.db").exists()
    again = run(home, "service", "uninstall")
    assert again.exit_code == 0
    assert "has no service" in again.stdout


def test_status_tells_it_in_words(systemd, home, unit, idle_engines, manager, tmp_path):
    settings = resolve(environment=home)
    with Ledger(settings.state_folder) as ledger:
        ledger.transfers.add_upload(str(tmp_path / "a_R1.fastq.gz"), "gncv://a/a_R1.fastq.gz", 10)
    none = run(home, "service", "status")
    assert none.exit_code == 3
    assert "not installed" in none.stdout
    assert "does not run" in none.stdout
    unit.parent.mkdir(parents=True)
    unit.write_text("unit")
    systemd.says("active", "running", "enabled", "no connection yet", restarts=2)
    engine = idle_engines.start(NOTIFY_SOCKET=manager.address)
    until_blocking(lambda: engine_holder(settings.state_folder), "the engine")
    result = run(home, "service", "status")
    assert result.exit_code == 0, result.stderr
    for words in (
        f"{UNIT}: installed, enabled, active (running)",
        "no connection yet",
        "restarted 2 times",
        f"pid {engine.pid}, version {__version__}, started by systemd",
        "since",
        "1 queued",
        str(settings.state_folder / "engine.log"),
        f"journalctl --user -u {UNIT}",
        "lingering off",
    ):
        assert words in result.stdout, words


def test_a_restart_of_a_service_goes_through_systemd(systemd, home, unit, idle_engines, manager):
    settings = resolve(environment=home)
    installed(unit, home)
    engine = idle_engines.start(NOTIFY_SOCKET=manager.address)
    manager.wait_for("READY=1")
    assert asyncio.run(restart_engine(settings)) is None
    assert systemd.calls == [f"systemctl --user restart {UNIT}"]
    assert engine.poll() is None  # to stop it is systemd's part


def test_a_service_that_failed_or_was_stopped_says_how_to_start_it(systemd, home, unit):
    installed(unit, home)
    systemd.says("failed", "failed", "enabled", "words of the one that ended")
    failed = run(home, "service", "status")
    assert "see its journal" in failed.stdout
    assert f"systemctl --user start {UNIT}" in failed.stdout
    assert "words of the one that ended" not in failed.stdout
    systemd.says("activating", "auto-restart", "enabled", "words of the one that ended")
    coming = run(home, "service", "status")
    assert "started again within seconds" in coming.stdout
    assert f"systemctl --user start {UNIT}" not in coming.stdout
    assert "words of the one that ended" not in coming.stdout


async def test_a_screen_waits_for_a_service_that_is_about_to_start_again(
    systemd, home, unit, idle_engines, manager
):
    """Otherwise the screen's own engine takes its place, and the service stands in line behind it."""
    settings = resolve(environment=home)
    installed(unit, home)
    systemd.says("activating", "auto-restart", "enabled")
    starting = asyncio.create_task(start_engine(settings))
    await until(lambda: f"systemctl --user restart --no-block {UNIT}" in systemd.calls, "no rest before it")
    engine = idle_engines.start("--wait", NOTIFY_SOCKET=manager.address)
    assert await starting is None
    assert (await until(lambda: engine_holder(settings.state_folder), "the engine")).pid == engine.pid


async def test_a_service_of_another_home_folder_is_no_reason_to_wait(systemd, home, unit):
    installed(unit, {**home, HOME_VARIABLE: "/somewhere/else"})
    systemd.says("active", "running", "enabled")
    settings = resolve(environment=home)
    process = await start_engine(settings)
    assert systemd.calls == []
    await stop_engine(settings.state_folder)
    assert process.wait() == 0


async def test_a_screen_starts_its_own_engine_where_the_service_was_stopped(systemd, home, unit):
    settings = resolve(environment=home)
    installed(unit, home)
    systemd.says("inactive", "dead", "enabled")
    process = await start_engine(settings)
    assert engine_holder(settings.state_folder).pid == process.pid
    await stop_engine(settings.state_folder)
    assert process.wait() == 0


ODD = "100% \"odd\" $HOME\\folder 'x' ü"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", ["plain", ODD])
def test_systemd_reads_the_unit_without_complaint(idle_home, tmp_path, name):
    environment = {**idle_home, "XDG_CONFIG_HOME": str(tmp_path / name)}
    service = Service(resolve(environment=idle_home), environment)
    path = tmp_path / service.unit
    path.write_text(service.text())
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    result = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(path)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_odd_characters_are_quoted_as_systemd_wants_them(idle_home):
    text = Service(resolve(environment=idle_home), {**idle_home, "XDG_CONFIG_HOME": f"/{ODD}"}).text()
    assert 'Environment="XDG_CONFIG_HOME=/100%% \\"odd\\" $HOME\\\\folder \'x\' ü"' in text
