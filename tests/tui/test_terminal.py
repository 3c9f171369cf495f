"""The app in a real terminal: signals, a terminal that vanishes, and what is written to it."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

import pytest

PROGRAM = textwrap.dedent(
    """
    import sys
    from gencove_tui.tui.app import build_app
    from tests.tui.fakes import FakeDesk, NOW, make_snapshot
    app = build_app(FakeDesk(), clock=lambda: NOW, environ={}, refresh_seconds=1.0)
    app.run()
    sys.exit(app.return_code or 0)
    """
)
PATIENCE = 30.0


class Terminal:
    """A pseudo-terminal with the app in it, and all that the app wrote."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=root,
            start_new_session=True,
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "TEXTUAL_ANIMATIONS": "none",
                "PYTHONPATH": str(root),
            },
        )
        self.slave = slave
        self.output = b""

    def read(self, seconds: float) -> bytes:
        """What comes within this time."""
        end, found = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    found += os.read(self.master, 65536)
                except OSError:
                    break
        self.output += found
        return found

    def read_until(self, look: Callable[[], object], what: str) -> None:
        """Read until something is true."""
        deadline = time.monotonic() + PATIENCE
        while not look():
            assert time.monotonic() < deadline, f"gave up waiting for {what}: {self.output[-2000:]!r}"
            self.read(0.05)

    def has_ended(self) -> bool:
        """Whether the app is gone."""
        return self.process.poll() is not None

    def close(self) -> None:
        """Take the terminal away."""
        for name in ("master", "slave"):
            with suppress(OSError):
                os.close(getattr(self, name))


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    it = Terminal()
    try:
        it.read_until(lambda: b"Maize diversity" in it.output, "the first list")
        yield it
    finally:
        it.process.kill()
        it.process.wait()
        it.close()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_the_app_and_leaves_a_clean_terminal(
    terminal: Terminal, number: signal.Signals
) -> None:
    terminal.process.send_signal(number)
    terminal.read_until(terminal.has_ended, "the end")
    terminal.read(0.2)
    assert terminal.process.returncode == 128 + number
    tail = terminal.output[-4000:]
    assert b"\x1b[?1049l" in tail, "still in the alternate screen"
    assert b"\x1b[?1000l" in tail, "mouse still on"
    assert tail.rindex(b"\x1b[?25h") > tail.rfind(b"\x1b[?25l"), "cursor still hidden"
    assert b"Traceback" not in terminal.output
    assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3], "echo and line editing not restored"


def test_a_terminal_that_vanishes_ends_the_app(terminal: Terminal) -> None:
    terminal.close()
    deadline = time.monotonic() + PATIENCE
    while not terminal.has_ended():
        assert time.monotonic() < deadline, "it lives on without a terminal"
        time.sleep(0.05)
    assert terminal.process.returncode == 128 + signal.SIGHUP


def test_idle_means_silent(terminal: Terminal) -> None:
    terminal.read_until(lambda: not terminal.read(1.0), "silence")
    assert terminal.read(5.0) == b""


def test_q_ends_with_zero(terminal: Terminal) -> None:
    os.write(terminal.master, b"q")
    terminal.read_until(terminal.has_ended, "the end")
    assert terminal.process.returncode == 0
