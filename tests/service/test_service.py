"""``gencove-tui service`` with a systemctl that notes what it is asked, and the unit as systemd reads it."""

import asyncio
import os
import shutil
import subprocess
import sys

import pytest

from gencove_tui import __version__
from gencove_tui.config import HOST_VARIABLE, KEY_VARIABLE, resolve
from gencove_tui.engine.locks import engine_holder
from gencove_tui.engine.spawn import restart_engine
from gencove_tui.engine.systemd import Service
from gencove_tui.store.ledger import Ledger
from tests.waiting import until_blocking

UNIT = "gencove-tui-default.service"
FAKE = """#!{python}
import os, pathlib, sys
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
with open({calls!r}, "a") as calls:
    print(name, *words, file=calls)
assert "GENCOVE" not in " ".join(words)
if name == "systemctl" and "show" in words and any("ActiveState" in word for word in words):
    print(open({shown!r}).read(), end="")
if name == "loginctl" and "show-user" in words:
    print("no")
if words[1:2] == ["restart"] and os.path.exists({refused!r}):
    sys.exit("Job for unit failed.")
"""


class Systemd:
    def __init__(self, folder):
        self.folder = folder
        self._calls = folder / "calls"
        self._shown = folder / "shown"
        self.refuses = folder / "refused"
        self.says("inactive", "dead", "disabled")
        for name in ("systemctl", "loginctl"):
            program = folder / name
            program.write_text(
                FAKE.format(
                    python=sys.executable,
                    calls=str(self._calls),
                    shown=str(self._shown),
                    refused=str(self.refuses),
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


def run(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "gencove_tui", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


def key_of(environment):
    return (resolve(environment=environment).where.key_file("default")).read_text().strip()


def test_install_writes_enables_and_starts_the_unit(systemd, home, unit, idle_engines):
    idle_engines.start()
    until_blocking(lambda: engine_holder(resolve(environment=home).state_folder), "an engine to show")
    systemd.says("active", "running", "enabled", "nothing to do")
    result = run(home, "service", "install")
    assert result.returncode == 0, result.stderr
    assert systemd.calls[:4] == [
        "systemctl --user show --property=Version",
        "systemctl --user daemon-reload",
        f"systemctl --user enable {UNIT}",
        f"systemctl --user restart --no-block {UNIT}",
    ]
    text = unit.read_text()
    assert unit.stat().st_mode & 0o777 == 0o600
    assert key_of(home) not in text
    assert "Type=notify" in text
    assert "Restart=on-failure" in text
    assert "WatchdogSec=" in text
    assert f'Environment="GENCOVE_TUI_HOME={home["GENCOVE_TUI_HOME"]}"' in text
    assert f'ExecStart="{sys.executable}" "-m" "gencove_tui" "--profile" "default" "engine"' in text
    assert "loginctl enable-linger" in result.stdout
    assert "active (running)" in result.stdout
    assert not any("linger" in call and "show-user" not in call for call in systemd.calls)


def test_install_again_renews_the_unit(systemd, home, unit, idle_engines):
    idle_engines.start()
    until_blocking(lambda: engine_holder(resolve(environment=home).state_folder), "an engine to show")
    unit.parent.mkdir(parents=True)
    unit.write_text("old")
    assert run(home, "service", "install", "--linger").returncode == 0
    assert "Type=notify" in unit.read_text()
    assert [path.name for path in unit.parent.iterdir()] == [UNIT]
    assert "loginctl enable-linger" in systemd.calls


def test_print_changes_nothing(systemd, home, unit):
    result = run(home, "service", "install", "--print")
    assert result.returncode == 0
    assert result.stdout.startswith("# Made by")
    assert systemd.calls == []
    assert not unit.exists()


@pytest.mark.parametrize("by_environment", [False, True])
def test_without_a_kept_key_it_is_refused(systemd, home, unit, by_environment):
    resolve(environment=home).where.key_file("default").unlink()
    if by_environment:
        home = {**home, KEY_VARIABLE: "0123456789abcdef0123456789abcdef0123"}
    result = run(home, "service", "install")
    assert result.returncode == 2
    assert "keeps no API key" in result.stderr
    assert "gencove-tui --profile default login" in result.stderr
    assert systemd.calls == []
    assert not unit.exists()


def test_a_host_that_is_not_the_profiles_is_refused(systemd, home, unit):
    result = run({**home, HOST_VARIABLE: "http://127.0.0.1:10"}, "service", "install")
    assert result.returncode == 2
    assert "the profile's own host" in result.stderr
    assert not unit.exists()


def test_without_systemd_it_says_so_and_writes_nothing(home, unit, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for command in ("install", "uninstall"):
        if command == "uninstall":
            unit.parent.mkdir(parents=True)
            unit.write_text("unit")
        result = run({**home, "PATH": str(empty)}, "service", command)
        assert result.returncode == 1
        assert "no systemd for this user" in result.stderr
        assert "Traceback" not in result.stderr
        assert unit.exists() is (command == "uninstall")
    status = run({**home, "PATH": str(empty)}, "service", "status")
    assert status.returncode == 3
    assert "installed, but there is no systemd for this user here" in status.stdout
    assert "does not run" in status.stdout


def test_systemds_refusal_is_passed_on(systemd, home):
    systemd.refuses.touch()
    result = run(home, "service", "install")
    assert result.returncode == 1
    assert "Job for unit failed." in result.stderr


def test_uninstall_stops_disables_and_removes_and_leaves_the_rest(systemd, home, unit):
    settings = resolve(environment=home)
    Ledger(settings.state_folder).close()
    unit.parent.mkdir(parents=True)
    unit.write_text("unit")
    result = run(home, "service", "uninstall")
    assert result.returncode == 0, result.stderr
    assert systemd.calls == [
        f"systemctl --user disable --now {UNIT}",
        "systemctl --user daemon-reload",
    ]
    assert not unit.exists()
    assert settings.where.key_file("default").exists()
    assert (settings.state_folder / "ledger.db").exists()
    again = run(home, "service", "uninstall")
    assert again.returncode == 0
    assert "has no service" in again.stdout


def test_status_tells_it_in_words(systemd, home, unit, idle_engines, manager, tmp_path):
    settings = resolve(environment=home)
    with Ledger(settings.state_folder) as ledger:
        ledger.transfers.add_upload(str(tmp_path / "a_R1.fastq.gz"), "gncv://a/a_R1.fastq.gz", 10)
    none = run(home, "service", "status")
    assert none.returncode == 3
    assert "not installed" in none.stdout
    assert "does not run" in none.stdout
    unit.parent.mkdir(parents=True)
    unit.write_text("unit")
    systemd.says("active", "running", "enabled", "no connection yet", restarts=2)
    engine = idle_engines.start(NOTIFY_SOCKET=manager.address)
    until_blocking(lambda: engine_holder(settings.state_folder), "the engine")
    result = run(home, "service", "status")
    assert result.returncode == 0, result.stderr
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
    unit.parent.mkdir(parents=True)
    unit.write_text("unit")
    engine = idle_engines.start(NOTIFY_SOCKET=manager.address)
    manager.wait_for("READY=1")
    assert asyncio.run(restart_engine(settings)) is None
    assert systemd.calls == [f"systemctl --user restart {UNIT}"]
    assert engine.poll() is None  # to stop it is systemd's part


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
