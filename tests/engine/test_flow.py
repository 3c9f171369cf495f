"""Speed and time left of the whole queue: true, and steady though bytes come in bursts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from gencove_tui.engine.flow import LASTING, SMOOTHED, STEP, STEPS, Flow
from gencove_tui.engine.views import Totals
from gencove_tui.model import Direction, Transfer, TransferState

KIB = 1024
RUNNING, QUEUED, DONE = TransferState.RUNNING, TransferState.QUEUED, TransferState.DONE


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def item(number: int, done: int, state: TransferState = RUNNING, **more: Any) -> Transfer:
    more = {"direction": Direction.UPLOAD, "rate": 1.0 if state is RUNNING else 0.0, "size": 1 << 30, **more}
    return Transfer(id=number, local_path="/d", remote="gncv://x", bytes_done=done, state=state, **more)


def looks(flow: Flow, clock: Clock, seconds: float) -> Iterator[float]:
    """Four looks a second; yields how much has passed."""
    for n in count():
        if n / 4 > seconds:
            return
        yield n / 4
        clock.now += 0.25


def test_bursts_of_a_limited_line_give_one_speed() -> None:
    """Half a megabyte every two seconds is what a limit of 256 KiB/s looks like."""
    clock = Clock()
    flow = Flow(clock)
    seen = []
    for passed in looks(flow, clock, 60):
        flow.note([item(1, int(passed // 2) * 512 * KIB), item(2, 0, QUEUED)])
        if passed > SMOOTHED:
            seen.append(flow.up)
    assert min(seen) > 0.75 * 256 * KIB
    assert max(seen) < 1.25 * 256 * KIB
    assert flow.down == 0


def test_small_files_that_never_have_a_rate_of_their_own_count() -> None:
    clock = Clock()
    flow = Flow(clock)
    for passed in looks(flow, clock, 20):
        done = int(passed * 10)
        files = [item(n, 100 * KIB if n < done else 0, DONE if n < done else QUEUED) for n in range(300)]
        flow.note(files)
    assert flow.up == pytest.approx(1000 * KIB, rel=0.1)


def test_what_was_there_already_does_not_flow() -> None:
    """A file that is found to be there has all of its bytes at once, before it is known as skipped."""
    clock = Clock()
    flow = Flow(clock)
    for state, done, rate in (
        (QUEUED, 0, 0.0),
        (RUNNING, 1 << 30, 0.0),
        (TransferState.SKIPPED, 1 << 30, 0.0),
    ):
        flow.note([item(1, done, state, rate=rate), item(2, 0, QUEUED)])
        assert flow.up == 0
        clock.now += 0.25


def test_bytes_that_are_sent_again_are_no_step_back() -> None:
    clock = Clock()
    flow = Flow(clock)
    for done in (0, 1000, 0, 1000):
        flow.note([item(1, done)])
        clock.now += 1
    assert flow.up == pytest.approx(2000 / 3)


def test_a_rest_makes_nothing_slower_and_nothing_flows_in_it() -> None:
    clock = Clock()
    flow = Flow(clock)
    for passed in looks(flow, clock, 20):
        flow.note([item(1, int(passed * KIB))])
    flow.note([item(1, 20 * KIB, TransferState.PAUSED)])
    assert flow.up == 0
    clock.now += 3600
    flow.note([item(1, 20 * KIB, TransferState.PAUSED)])
    for passed in looks(flow, clock, 2):
        flow.note([item(1, 20 * KIB + int(passed * KIB))])
    assert flow.up == pytest.approx(KIB, rel=0.2)
    flow.note([])  # the engine is gone
    assert flow.up == 0


def test_the_chart_is_of_whole_steps_and_of_the_last_minute_only() -> None:
    clock = Clock()
    flow = Flow(clock)
    for passed in looks(flow, clock, 100):
        flow.note([item(1, int(passed * KIB), direction=Direction.DOWNLOAD)])
    assert len(flow.chart) == STEPS
    assert flow.chart[-5:] == pytest.approx([KIB] * 5, rel=0.01)
    clock.now += 10 * STEP
    flow.note([])
    assert flow.chart[-5:] == (0.0,) * 5
    assert flow.chart[0] > 0
    assert Flow().chart == ()


def test_time_left_is_of_all_that_moves_or_is_queued_and_unknown_while_nothing_flows() -> None:
    totals = Totals(bytes_left=5000, bytes_ahead=3000, up_rate=20.0, lasting_rate=30.0)
    assert totals.seconds_left == 100
    assert Totals(bytes_left=5000, bytes_ahead=3000).seconds_left is None
    assert Totals(bytes_left=5000, lasting_rate=20.0).seconds_left is None


def test_the_rate_that_tells_the_time_left_is_steadier_and_waits_until_it_means_something() -> None:
    """Bursts as they come below a limit: large and at odd times."""
    clock = Clock()
    flow = Flow(clock)
    moved, seen = 0, []
    for passed in looks(flow, clock, 120):
        if int(passed * 4) % 7 == 0 or int(passed * 4) % 11 == 0:
            moved += 512 * KIB
        flow.note([item(1, moved)])
        if passed < SMOOTHED:
            assert flow.lasting == 0
        elif passed > LASTING:
            seen.append(flow.lasting)
    true = moved / 120
    assert min(seen) > 0.85 * true
    assert max(seen) < 1.15 * true
    for _ in looks(flow, clock, SMOOTHED + 1):
        flow.note([item(1, moved)])
    assert flow.lasting == 0, "nothing flows"
