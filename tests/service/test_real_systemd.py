"""The service under a real systemd user manager, in namespaces of its own: the machine's own is not touched.

Needs root, systemd's programs and a cgroup2 that may be written; skipped elsewhere.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gencove_tui.config import HOME_VARIABLE, resolve
from gencove_tui.engine.locks import engine_holder, engine_lives
from tests.waiting import until_blocking

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

UNIT = "gencove-tui-default.service"
MANAGER = next(
    (path for path in ("/usr/lib/systemd/systemd", "/lib/systemd/systemd") if Path(path).exists()), ""
)
OUTER = """\
echo $$ > "$1/cgroup.procs" && exec unshare --mount --pid --cgroup --fork --kill-child --mount-proc \\
    --propagation private sh -ec "$2" sh "$3"
"""
"""Into a cgroup of its own first, which then is the root of what it sees of them."""
INNER = """\
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/0
chmod 700 /run/user/0
env -i HOME="$1" PATH="$PATH" XDG_RUNTIME_DIR=/run/user/0 MANAGER --user --unit=basic.target || true
"""
"""As process 1 of a namespace systemd would take itself for the system's: that one stays the shell."""
IMPATIENT = "[Service]\nRestartSec=1\nWatchdogSec=20\n"


class Manager:
    """A systemd for one user whose home folder is ``home``, and commands beside it."""

    def __init__(self, cgroup, home):
        self._cgroup = cgroup
        self.home = home
        script = INNER.replace("MANAGER", MANAGER)
        self._process = subprocess.Popen(
            ["sh", "-ec", OUTER, "sh", str(cgroup), script, str(home)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def answers(self):
        """Whether it has come up; skips the test where it can't."""
        if self._process.poll() is not None:
            pytest.skip(f"no namespaces for a systemd here: {self._process.stdout.read().strip()}")
        return self._pid() and self.run("systemctl", "--user", "show", "--property=Version").returncode == 0

    def _pid(self):
        pid = self._process.pid
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    def run(self, *command):
        return subprocess.run(
            [
                *("nsenter", "-t", self._pid(), "-m", "-p", "-C", "env", "-i", f"HOME={self.home}"),
                *(f"{name}={os.environ[name]}" for name in ("PATH", HOME_VARIABLE)),
                "XDG_RUNTIME_DIR=/run/user/0",
                *command,
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )

    def app(self, *arguments):
        return self.run(sys.executable, "-P", "-m", "gencove_tui", *arguments)

    def shows(self, name):
        return self.run("systemctl", "--user", "show", "--value", f"--property={name}", UNIT).stdout.strip()

    def end(self):
        self._process.kill()
        self._process.communicate()

        def gone():
            with contextlib.suppress(OSError):  # its processes end one by one
                for folder, _, _ in os.walk(self._cgroup, topdown=False):
                    Path(folder).rmdir()
            return not self._cgroup.exists()

        until_blocking(gone, "the end of its processes")


def cgroups():
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    return None


@pytest.fixture
def manager(tmp_path):
    if not MANAGER or os.getuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "systemctl"))):
        pytest.skip("needs root, systemd and unshare")
    root = cgroups()
    if root is None:
        pytest.skip("no cgroup2 is mounted")
    cgroup = root / f"gencove-tui-test-{os.getpid()}"
    try:
        cgroup.mkdir()
    except OSError as error:
        pytest.skip(f"cgroups can't be made here: {error}")
    home = tmp_path / "home of 100% $LAB"
    home.mkdir()
    running = Manager(cgroup, home)
    try:
        until_blocking(running.answers, "systemd to come up")
        yield running
    finally:
        running.end()


@pytest.fixture
def folder(idle_home):
    """The state folder of a profile with a key, whose host can't be reached."""
    assert idle_home[HOME_VARIABLE] == os.environ[HOME_VARIABLE]
    return resolve(environment=idle_home).state_folder


def engine_pid(folder):
    holder = engine_holder(folder)
    return holder.pid if holder is not None and holder.service else 0


def test_it_starts_is_replaced_when_it_dies_or_hangs_and_stops(manager, folder):
    installed = manager.app("service", "install")
    assert installed.returncode == 0, installed.stderr
    assert f"{UNIT}: installed, enabled, active (running)" in installed.stdout
    first = engine_pid(folder)
    assert first
    assert manager.shows("MainPID") == str(first)
    until_blocking(lambda: manager.shows("StatusText").startswith("no connection yet"), "its words")

    drop_in = manager.home / f".config/systemd/user/{UNIT}.d/impatient.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(IMPATIENT)
    assert manager.run("systemctl", "--user", "daemon-reload").returncode == 0
    assert manager.run("systemctl", "--user", "kill", "--signal=KILL", UNIT).returncode == 0
    second = until_blocking(lambda: (pid := engine_pid(folder)) != first and pid, "another after kill -9")

    until_blocking(lambda: manager.shows("ActiveState") == "active", "its readiness")
    assert manager.run("systemctl", "--user", "kill", "--signal=STOP", UNIT).returncode == 0
    until_blocking(
        lambda: (pid := engine_pid(folder)) != second and pid, "another after the watchdog", patience=240
    )
    drop_in.unlink()
    drop_in.parent.rmdir()

    until_blocking(lambda: manager.shows("ActiveState") == "active", "its readiness")
    assert manager.run("systemctl", "--user", "stop", UNIT).returncode == 0
    assert (manager.shows("ActiveState"), manager.shows("Result")) == ("inactive", "success")
    assert not engine_lives(folder)
    assert manager.app("service", "status").returncode == 3

    assert manager.app("service", "uninstall").returncode == 0
    assert [path for path in (manager.home / ".config").rglob("*") if not path.is_dir()] == []
    assert manager.shows("LoadState") == "not-found"


def test_it_takes_over_from_another_engine_and_is_restarted_as_a_service(manager, folder):
    own = subprocess.Popen([sys.executable, "-P", "-m", "gencove_tui", "engine"], stderr=subprocess.DEVNULL)
    try:
        until_blocking(lambda: engine_holder(folder), "a screen's engine")
        installed = manager.app("service", "install")
        assert installed.returncode == 0, installed.stderr
        assert "waiting until another engine ends" in installed.stdout
        own.send_signal(signal.SIGTERM)
        assert own.wait() == 0
    finally:
        own.kill()
        own.wait()
    first = until_blocking(lambda: engine_pid(folder), "the service")
    until_blocking(lambda: manager.shows("ActiveState") == "active", "its readiness")
    restarted = manager.app("engine", "restart")
    assert restarted.returncode == 0, restarted.stderr
    assert engine_pid(folder) not in (0, first)
    assert manager.shows("MainPID") == str(engine_pid(folder))


def test_a_missing_key_is_said_and_not_tried_again(manager, folder):
    assert manager.app("service", "install").returncode == 0
    next(folder.parents[1].rglob("keys/default")).unlink()
    assert manager.run("systemctl", "--user", "restart", UNIT).returncode != 0
    assert (manager.shows("ActiveState"), manager.shows("NRestarts")) == ("failed", "0")
    assert "see its journal" in manager.app("service", "status").stdout
    assert manager.app("service", "uninstall").returncode == 0
    assert UNIT not in manager.run("systemctl", "--user", "list-units", "--all").stdout
