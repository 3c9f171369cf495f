"""What the screen costs as users run it: the real desk on a ledger and a cache, an engine at work, a network.

The sandbox stands for Gencove: 100,000 samples, and eight uploads at one megabyte per second. It and the
engine are processes of their own, so the CPU is the screen's alone. Prints each figure with its aim (``-s``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.lab import PROJECT, SAMPLE, Lab, sandbox
from tests.bench.screens import BUSY_CPU, FIRST_PAINT, IDLE_BYTES, KEY_P95, SECONDS, SIZES, report

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

STARTS = 5
"""The quickest of so many counts: other work on the machine only ever adds."""


@pytest.fixture(scope="module")
def place() -> Iterator[dict[str, str]]:
    with sandbox() as found:
        yield found


@pytest.fixture
def lab(place: dict[str, str], tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "home", place)
    yield made
    made.stop_engine()


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return SIZES[request.param]


def start(lab: Lab, size: tuple[int, int]) -> tuple[float, float]:
    """Seconds to the first paint and to the first data, which at last are samples where they are in view."""
    terminal = lab.open(size)
    try:
        paint = terminal.shows(b"Projects")
        data = terminal.shows(PROJECT if size[0] < 120 else SAMPLE)
        terminal.rest(1.0)  # what came from the network goes into the cache
    finally:
        terminal.close()
    return paint, data


def test_start(lab: Lab, size: tuple[int, int]) -> None:
    paints, data = zip(start(lab, size), strict=True)
    print()
    report("first paint, nothing in the cache", size, *paints, "s")
    report("first data from the network", size, *data, "s")
    lab.fill_cache()
    paints, data = zip(*(start(lab, size) for _ in range(STARTS)), strict=True)
    report("first paint, 100,000 samples in the cache", size, min(paints), "s", FIRST_PAINT)
    report("first data from the cache", size, min(data), "s")


def test_idle(lab: Lab, size: tuple[int, int]) -> None:
    terminal = lab.open(size)
    try:
        terminal.shows(PROJECT)
        terminal.rest(8.0)
        sent, cpu = terminal.rest(SECONDS)
    finally:
        terminal.close()
    print()
    report("idle: to the terminal", size, sent, "B/s", IDLE_BYTES)
    report("idle: CPU", size, cpu, "% of a core")


def test_eight_uploads(lab: Lab, size: tuple[int, int]) -> None:
    lab.queue_uploads()
    terminal = lab.open(size)
    try:
        terminal.shows(PROJECT)
        os.write(terminal.master, b"4")
        terminal.shows(b"MiB/s")
        terminal.rest(8.0)
        sent, cpu = terminal.rest(SECONDS)
        os.write(terminal.master, b"1\r")
        terminal.shows(SAMPLE)
        terminal.rest(3.0)
        middle, most = terminal.time_keys()
    finally:
        terminal.close()
    print()
    report("eight uploads in view: to the terminal", size, sent, "B/s")
    report("eight uploads in view: CPU", size, cpu, "% of a core", BUSY_CPU)
    report("key to paint, 100,000 rows, eight uploads, p50", size, middle, "ms")
    report("key to paint, 100,000 rows, eight uploads, p95", size, most, "ms", KEY_P95)
