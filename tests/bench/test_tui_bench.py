"""What the screen costs in a real pseudo-terminal. Prints each figure with its aim (``-s``); asserts no time.

The desk is a fake one, so that CPU and bytes are the screen's alone: eight transfers that move four times a
second, and a project of 100,000 samples.
"""

from __future__ import annotations

import os
import sys
import textwrap

import pytest

from tests.bench.screens import BUSY_CPU, FIRST_PAINT, IDLE_BYTES, KEY_P95, SECONDS, SIZES, Terminal, report

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

PROGRAM = textwrap.dedent(
    """
    import gc, sys
    from msgspec import structs
    from gencove_tui.tui.app import build_app
    from tests.tui.fakes import FakeDesk, make_samples, make_transfers
    from gencove_tui.engine.flow import Flow
    from gencove_tui.engine.views import EngineState, Snapshot, Totals

    moving = sys.argv[1] == "moving"
    MIB = 1 << 20
    first = make_transfers()[0]
    flow = Flow()

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
            flow.note(transfers)
            return Snapshot(transfers=transfers, transfers_total=8, engine=EngineState(alive=True, pid=1),
                            totals=Totals(running=8, bytes_left=40_000 * MIB, bytes_ahead=40_000 * MIB,
                                          up_rate=flow.up, lasting_rate=flow.lasting, chart=flow.chart))

    many = 100 if "starting" in sys.argv else 100_000  # to make them takes as long as to paint
    desk = Desk(all_samples=make_samples(many), remembered="cached" in sys.argv)
    app = build_app(desk, environ={}, refresh_seconds=15.0)
    gc.freeze()  # as the command does, once the screen stands
    app.run()
    """
)


def screen(size: tuple[int, int], *arguments: str) -> Terminal:
    """The screen on the fake desk."""
    return Terminal(size, (sys.executable, "-c", PROGRAM, *arguments))


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return SIZES[request.param]


def test_start(size: tuple[int, int]) -> None:
    print()
    for name, arguments in (("network", ("starting",)), ("cache", ("starting", "cached"))):
        paints, data = [], []
        for _ in range(3):
            terminal = screen(size, *arguments)
            try:
                paints.append(terminal.shows(b"Projects"))
                data.append(terminal.shows(b"Cattle"))
            finally:
                terminal.close()
        report(f"first paint, data from the {name}", size, min(paints), "s", FIRST_PAINT)
        report(f"first data from the {name}", size, min(data), "s")


def test_idle(size: tuple[int, int]) -> None:
    terminal = screen(size, "resting")
    try:
        terminal.shows(b"Cattle")
        terminal.rest(5.0)
        sent, cpu = terminal.rest(SECONDS)
    finally:
        terminal.close()
    print()
    report("idle: to the terminal", size, sent, "B/s", IDLE_BYTES)
    report("idle: CPU", size, cpu, "% of a core")


def test_eight_transfers(size: tuple[int, int]) -> None:
    terminal = screen(size, "moving")
    try:
        terminal.shows(b"Cattle")
        os.write(terminal.master, b"4")
        terminal.rest(5.0)
        sent, cpu = terminal.rest(SECONDS)
    finally:
        terminal.close()
    print()
    report("eight transfers in view: to the terminal", size, sent, "B/s")
    report("eight transfers in view: CPU", size, cpu, "% of a core", BUSY_CPU)


def test_keys(size: tuple[int, int]) -> None:
    terminal = screen(size, "moving")
    try:
        terminal.shows(b"Cattle")
        os.write(terminal.master, b"2")
        terminal.rest(3.0)
        middle, most = terminal.time_keys()
    finally:
        terminal.close()
    print()
    what = "key to paint, 100,000 rows, eight transfers"
    report(f"{what}, p50", size, middle, "ms")
    report(f"{what}, p95", size, most, "ms", KEY_P95)
