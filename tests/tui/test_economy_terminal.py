"""What the screen does to a terminal, and what a terminal can't do to transfers. Each in a real one."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gencove_tui.config import Settings
from gencove_tui.engine.spawn import stop_engine
from gencove_tui.model import GncvPath, TransferState
from gencove_tui.sandbox import Sandbox
from gencove_tui.store.ledger import Ledger

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
SPINNING = 2.0
"""CPU seconds that a screen would burn, and more, that went on without its terminal until it looks for it."""
ON_FAKE_DESK = textwrap.dedent(
    """
    import sys
    from msgspec import structs
    from gencove_tui.tui.app import build_app
    from tests.tui.fakes import FakeDesk, NOW, make_transfers

    class Desk(FakeDesk):
        ticks = 0

        def changed(self):
            return True

        def snapshot(self):
            self.ticks += 1
            first = structs.replace(make_transfers()[0], size=10**12)
            moving = structs.replace(first, id=1, remote="gncv://run/moves", bytes_done=self.ticks << 34)
            resting = (structs.replace(first, id=n, remote=f"gncv://run/still-{n}") for n in range(2, 9))
            return structs.replace(self.ledger, transfers=(moving, *resting), transfers_total=8)

    desk = Desk() if "moving" in sys.argv else FakeDesk()
    app = build_app(desk, clock=lambda: NOW, environ={}, refresh_seconds=60.0)
    app.run()
    sys.exit(app.return_code or 0)
    """
)


class Terminal:
    """A pseudo-terminal with a screen in it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            start_new_session=True,
            env={
                **environment,
                "TERM": "xterm-256color",
                "TEXTUAL_ANIMATIONS": "none",
                "PYTHONPATH": str(ROOT),
            },
        )
        os.close(slave)
        self.output = b""

    def read(self, seconds: float) -> bytes:
        """What comes within this time."""
        end, found = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                with suppress(OSError):
                    found += os.read(self.master, 65536)
                if self.has_ended():
                    break
        self.output += found
        return found

    def until(self, look: Callable[[], object], what: str) -> None:
        """Read until something is true."""
        deadline = time.monotonic() + PATIENCE
        while not look():
            assert time.monotonic() < deadline, f"gave up waiting for {what}: {self.output[-2000:]!r}"
            self.read(0.05)

    def shows(self, text: bytes) -> None:
        """Read until this has been on the screen since the last call."""
        self.until(lambda: text in self.output, repr(text))
        self.output = b""

    def quiet(self) -> None:
        """Read until nothing comes any more."""
        self.until(lambda: not self.read(1.0), "silence")
        self.output = b""

    def key(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def has_ended(self) -> bool:
        """Whether the screen is gone."""
        return self.process.poll() is not None

    def cpu(self) -> float:
        """CPU seconds of the screen so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def lines(self) -> set[int]:
        """The lines that were written to since the last ``quiet`` or ``shows``, counted from 1."""
        moves = re.findall(rb"\x1b\[(\d+);\d+H(?!\x1b\[\?|$)", self.output)  # those that something follows
        return set(map(int, moves))


@contextmanager
def opened(*command: str, environment: Mapping[str, str] = os.environ) -> Iterator[Terminal]:
    """A terminal for the length of a test."""
    it = Terminal((sys.executable, "-c", *command), environment)
    try:
        yield it
    finally:
        it.process.kill()
        it.process.wait()
        with suppress(OSError):
            os.close(it.master)


def test_a_cursor_that_moves_repaints_the_two_lines_it_left_and_reached() -> None:
    with opened(ON_FAKE_DESK) as terminal:
        terminal.shows(b"Maize diversity")
        terminal.quiet()
        terminal.key(b"j")
        terminal.until(lambda: terminal.output, "the move")
        terminal.read(1.0)
        assert len(terminal.lines) == 2, terminal.lines


def test_a_transfer_that_moves_repaints_its_own_line_and_no_other_transfers() -> None:
    with opened(ON_FAKE_DESK, "moving") as terminal:
        terminal.key(b"4")
        terminal.shows(b"still-8")
        terminal.read(1.0)
        terminal.output = b""
        terminal.until(lambda: len(terminal.output) > 200, "progress")
        assert b"still" not in terminal.output
        assert len(terminal.lines) <= 4, "its line, the sums, the border and the status line at most"


def test_a_terminal_that_vanished_costs_no_cpu() -> None:
    with opened(ON_FAKE_DESK, "moving") as terminal:
        terminal.shows(b"Maize diversity")
        before = terminal.cpu() + _of_those_that_ended()
        os.close(terminal.master)
        deadline = time.monotonic() + PATIENCE
        while not terminal.has_ended():
            assert time.monotonic() < deadline, "it lives on without a terminal"
            time.sleep(0.05)
        assert _of_those_that_ended() - before < SPINNING
        assert terminal.process.returncode == 128 + signal.SIGHUP


def _of_those_that_ended() -> float:
    """CPU seconds of all processes that the tests started and that are gone."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.fixture
def queue(sandbox: Sandbox, settings: Settings, tmp_path: Path) -> Iterator[list[int]]:
    """Three uploads that take some seconds."""
    sandbox.faults.set("s3-rate=1M")
    ids = []
    with Ledger(settings.state_folder) as ledger, ledger.write():
        for number in range(3):
            path = tmp_path / f"S{number}_R1.fastq.gz"
            path.write_bytes(os.urandom(3 << 20))
            remote = GncvPath(f"gncv://frozen/{path.name}")
            ids.append(ledger.transfers.add_upload(str(path), remote, 3 << 20, check="none"))
    yield ids
    asyncio.run(stop_engine(settings.state_folder))


@pytest.mark.parametrize("dialect", ["v2"])
@pytest.mark.parametrize("frozen", ["nobody reads", "stopped"])
def test_a_frozen_screen_stalls_no_transfer(
    frozen: str, environment: dict[str, str], settings: Settings, queue: list[int]
) -> None:
    def states(ledger: Ledger) -> set[TransferState]:
        return {found.state for number in queue if (found := ledger.transfers.get(number)) is not None}

    with (
        opened("from gencove_tui.cli import main; main()", environment=environment) as terminal,
        Ledger(settings.state_folder) as ledger,
    ):
        terminal.key(b"4")
        terminal.shows(b"MiB/s")
        assert states(ledger) != {TransferState.DONE}
        if frozen == "stopped":
            terminal.process.send_signal(signal.SIGSTOP)
        else:
            terminal.key(b"1234" * 30)  # more than the terminal holds of what nobody reads
        deadline = time.monotonic() + PATIENCE
        while states(ledger) != {TransferState.DONE}:
            assert time.monotonic() < deadline, "the transfers wait for the screen"
            time.sleep(0.1)
        if frozen == "stopped":
            terminal.process.send_signal(signal.SIGCONT)
        terminal.key(b"4")
        terminal.until(lambda: terminal.output.count(b" done") >= len(queue), "the screen to go on")
        terminal.key(b"q")
        terminal.until(terminal.has_ended, "the end")
        assert terminal.process.returncode == 0
