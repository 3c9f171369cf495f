"""Engines as processes of their own, and a service manager's end of the notify socket."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gencove_tui.config import HOME_VARIABLE
from tests.waiting import until_blocking

DEAF = """
import os, sys, threading
from pathlib import Path
MARK = Path(os.environ["TEST_MARK"])
def hang():
    MARK.touch()
    threading.Event().wait()
"""
"""For programs that hang where a broken disk would: ``hang`` leaves a mark and never returns."""
MAIN = """
from gencove_tui.cli import main
sys.argv = ["gencove-tui", *sys.argv[1:]]
main()
"""


@pytest.fixture
def dialect():
    """An engine lives and dies the same in both; v2 is the one with checksums to verify."""
    return "v2"


class Engines:
    """Starts engine processes; whatever still lives at the end of the test is killed."""

    def __init__(self, environment):
        self.environment = environment
        self._started = []

    def start(self, *arguments, code="", **variables):
        """``gencove-tui engine``, by way of ``code`` that prepares its process."""
        command = (
            [sys.executable, "-c", DEAF + code + MAIN] if code else [sys.executable, "-m", "gencove_tui"]
        )
        process = subprocess.Popen(
            [*command, "engine", *arguments],
            env={**self.environment, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def end(self):
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def engines(environment):
    started = Engines(environment)
    yield started
    started.end()


@pytest.fixture
def idle_home(tmp_path):
    """The environment of a profile whose host can't be reached: nobody listens there."""
    home = tmp_path / "app"
    (home / "config" / "keys").mkdir(parents=True)
    (home / "config" / "config.toml").write_text("[profiles.default]\nhost = 'http://127.0.0.1:9'\n")
    key = home / "config" / "keys" / "default"
    key.write_text("0123456789abcdef0123456789abcdef0123\n")
    key.chmod(0o600)
    return {**os.environ, HOME_VARIABLE: str(home)}


@pytest.fixture
def idle_engines(idle_home):
    started = Engines(idle_home)
    yield started
    started.end()


class Manager:
    """What systemd does: it listens on a datagram socket."""

    def __init__(self, folder):
        self.address = str(Path(folder) / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)
        self.heard = []

    def listen(self):
        """Everything heard so far, this moment's messages included."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard.append(self._socket.recv(4096).decode())
        return self.heard

    def wait_for(self, start):
        def look():
            return [message for message in self.listen() if message.startswith(start)]

        return until_blocking(look, f"{start!r} from the engine")

    def close(self):
        self._socket.close()


@pytest.fixture
def manager():
    # Not below tmp_path: a socket's address may have 107 bytes only.
    with tempfile.TemporaryDirectory() as folder:
        listening = Manager(folder)
        yield listening
        listening.close()
