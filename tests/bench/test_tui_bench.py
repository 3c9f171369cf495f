"""What the screen costs in a real pseudo-terminal. Prints each figure with its aim (``-s``); asserts no time.

The desk is a fake one, so that CPU and bytes are the screen's alone: eight transfers that move four times a
second, and a project of 100,000 samples.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
SIZES = {"80x24": (80, 24), "120x36": (120, 36), "160x48": (160, 48)}
SECONDS = 10.0
"""How long each state is watched."""
KEYS = 120
FIRST_PAINT, IDLE_BYTES, BUSY_CPU, KEY_P95 = 0.7, 0, 6.0, 50.0
"""The aims: seconds, bytes per second, percent of a core, milliseconds."""

PROGRAM = textwrap.dedent(
    """
    import sys, time, itertools
    from pathlib import Path
    from msgspec import structs
    from gencove_tui.tui.app import build_app
    from gencove_tui.model import TransferState
    from tests.tui.fakes import FakeDesk, make_samples, make_transfers
    from gencove_tui.engine.views import EngineState, Snapshot, Totals

    moving = sys.argv[1] == "moving"
    MIB = 1 << 20
    first = make_transfers()[0]

    class Desk(FakeDesk):
        ticks = 0

        def changed(self):
            return self.dirty or moving

        def snapshot(self):
            self.dirty = False
            self.ticks += 1
            if not moving:
                return self.ledger
            transfers = tuple(
                structs.replace(first, id=n, remote=f"gncv://run/S{n}_R1.fastq.gz", size=9000 * MIB,
                                bytes_done=self.ticks * (n + 3) * MIB, rate=(20.0 + n + self.ticks % 7) * MIB)
                for n in range(8)
            )
            speed = sum(t.rate for t in transfers)
            return Snapshot(transfers=transfers, transfers_total=8, engine=EngineState(alive=True, pid=1),
                            totals=Totals(running=8, bytes_left=40_000 * MIB, up_rate=speed))

    desk = Desk(all_samples=make_samples(100_000), remembered="cached" in sys.argv)
    app = build_app(desk, environ={}, refresh_seconds=15.0)
    app.run()
    """
)


class Terminal:
    """A pseudo-terminal with the screen in it."""

    def __init__(self, size: tuple[int, int], *arguments: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
        )
        os.close(slave)
        self.output = b""

    def read(self, seconds: float) -> bytes:
        """What comes within this time; returns early when something came."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        try:
            found = os.read(self.master, 1 << 20)
        except OSError as error:  # nobody has the other end any more
            raise AssertionError(
                f"the screen ended: {self.output[-3000:].decode(errors='replace')}"
            ) from error
        self.output += found
        return found

    def until(self, look: Callable[[], bool], patience: float = 60.0) -> float:
        """Seconds since the start when ``look`` became true."""
        while not look():
            assert time.perf_counter() - self.begun < patience, self.output[-2000:]
            self.read(0.2)
        return time.perf_counter() - self.begun

    def rest(self, seconds: float) -> tuple[float, float]:
        """Bytes per second and percent of a core over this time."""
        cpu, begun, size = self.cpu(), time.perf_counter(), 0
        while (left := begun + seconds - time.perf_counter()) > 0:
            size += len(self.read(left))
        passed = time.perf_counter() - begun
        return size / passed, 100 * (self.cpu() - cpu) / passed

    def cpu(self) -> float:
        """CPU seconds of the screen's process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def key(self, key: bytes) -> float:
        """Milliseconds from a key to the first byte of what it changes."""
        while self.read(0.0):
            pass
        begun = time.perf_counter()
        os.write(self.master, key)
        self.read(5.0)
        return 1000 * (time.perf_counter() - begun)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        deadline = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            with suppress(AssertionError):  # it has let go of its end already
                self.read(0.1)
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return SIZES[request.param]


def report(what: str, size: tuple[int, int], value: float, unit: str, aim: float | None = None) -> None:
    """Print a figure, and whether its aim is met."""
    met = "" if aim is None else f"   aim {aim:g} {unit}: {'met' if value <= aim else 'MISSED'}"
    print(f"  {size[0]}x{size[1]}  {what:44} {value:9.2f} {unit}{met}")


def test_start(size: tuple[int, int]) -> None:
    print()
    for name, arguments in (("network", ("resting",)), ("cache", ("resting", "cached"))):
        paints, data = [], []
        for _ in range(3):
            terminal = Terminal(size, *arguments)
            try:
                paints.append(terminal.until(lambda t=terminal: b"Projects" in t.output))
                data.append(terminal.until(lambda t=terminal: b"Cattle" in t.output))
            finally:
                terminal.close()
        report(f"first paint, data from the {name}", size, min(paints), "s", FIRST_PAINT)
        report(f"first data from the {name}", size, min(data), "s")


def test_idle(size: tuple[int, int]) -> None:
    terminal = Terminal(size, "resting")
    try:
        terminal.until(lambda: b"Cattle" in terminal.output)
        terminal.rest(5.0)
        sent, cpu = terminal.rest(SECONDS)
    finally:
        terminal.close()
    print()
    report("idle: to the terminal", size, sent, "B/s", IDLE_BYTES)
    report("idle: CPU", size, cpu, "% of a core")


def test_eight_transfers(size: tuple[int, int]) -> None:
    terminal = Terminal(size, "moving")
    try:
        terminal.until(lambda: b"Cattle" in terminal.output)
        os.write(terminal.master, b"4")
        terminal.rest(5.0)
        sent, cpu = terminal.rest(SECONDS)
    finally:
        terminal.close()
    print()
    report("eight transfers in view: to the terminal", size, sent, "B/s")
    report("eight transfers in view: CPU", size, cpu, "% of a core", BUSY_CPU)


def test_keys(size: tuple[int, int]) -> None:
    terminal = Terminal(size, "moving")
    try:
        terminal.until(lambda: b"Cattle" in terminal.output)
        os.write(terminal.master, b"2")
        terminal.rest(3.0)
        waits = []
        for number in range(KEYS):
            waits.append(terminal.key(b"j" if number % 10 else b"\x06"))  # every tenth a page down
            terminal.rest(0.05)
    finally:
        terminal.close()
    print()
    what = "key to paint, 100,000 rows, eight transfers"
    report(f"{what}, p50", size, statistics.median(waits), "ms")
    report(f"{what}, p95", size, statistics.quantiles(waits, n=20)[-1], "ms", KEY_P95)
