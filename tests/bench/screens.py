"""A screen in a real pseudo-terminal: what it wrote, what it cost, how soon it answers."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIZES = {"80x24": (80, 24), "120x36": (120, 36), "160x48": (160, 48)}
SECONDS = 10.0
"""How long each state is watched."""
KEYS = 120
"""Keys that are timed."""
FIRST_PAINT, IDLE_BYTES, BUSY_CPU, KEY_P95 = 0.7, 0, 6.0, 50.0
"""The aims: seconds, bytes per second, percent of a core, milliseconds."""


@cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    """Where Python finds the modules compiled, as in an installation; gone when the tests end."""
    folder = tempfile.TemporaryDirectory(prefix="bench-pycache-")
    environment = {**os.environ, **_as_installed(folder.name)}
    program = "import gencove_tui.cli.screen, gencove_tui.cli.engine, gencove_tui.tui.app, tests.tui.fakes"
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=ROOT, check=True)
    return folder


def _as_installed(folder: str) -> dict[str, str]:
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}


class Terminal:
    """A pseudo-terminal with the screen in it."""

    def __init__(
        self, size: tuple[int, int], command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        variables = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **_as_installed(_compiled().name)}
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            start_new_session=True,
            env={**os.environ, **variables, **(environment or {})},
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

    def shows(self, text: bytes) -> float:
        """Seconds since the start when this was on the screen."""
        return self.until(lambda: text in self.output)

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

    def time_keys(self) -> tuple[float, float]:
        """Median and 95th percentile of the milliseconds from key to paint: lines down, each tenth a page."""
        waits = []
        for number in range(KEYS):
            waits.append(self.key(b"j" if number % 10 else b"\x06"))
            self.rest(0.05)
        return statistics.median(waits), statistics.quantiles(waits, n=20)[-1]

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


def report(what: str, size: tuple[int, int], value: float, unit: str, aim: float | None = None) -> None:
    """Print a figure, and whether its aim is met."""
    met = "" if aim is None else f"   aim {aim:g} {unit}: {'met' if value <= aim else 'MISSED'}"
    print(f"  {size[0]}x{size[1]}  {what:52} {value:9.2f} {unit}{met}")
