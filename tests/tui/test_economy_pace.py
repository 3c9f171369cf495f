"""How often the screen looks at the ledger, and that what it repaints in part is right as a whole."""

from __future__ import annotations

import time

import pytest
from msgspec import structs

from gencove_tui.engine.views import Snapshot
from gencove_tui.errors import Problem
from gencove_tui.tui.app import build_app
from tests.tui.driving import BOTH, drive
from tests.tui.fakes import NOW, FakeDesk, make_samples
from tests.waiting import until

LOOKS = 6


class Busy(FakeDesk):
    """Something changes all the time."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []

    def changed(self) -> bool:
        return True

    def snapshot(self) -> Snapshot:
        self.taken.append(time.monotonic())
        return super().snapshot()


@pytest.mark.parametrize(("environ", "rest"), [({}, 0.25), ({"SSH_TTY": "/dev/pts/9"}, 0.5)])
async def test_the_ledger_is_looked_at_four_times_a_second_and_half_as_often_over_ssh(
    environ: dict[str, str], rest: float
) -> None:
    desk = Busy()
    app = build_app(desk, clock=lambda: NOW, environ=environ, refresh_seconds=60.0)
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.main.refresher.line.usable, "the connection")
        before = len(desk.taken)
        await until(lambda: len(desk.taken) >= before + LOOKS, "more looks")
        passed = desk.taken[before + LOOKS - 1] - desk.taken[before]
    # Looks are due at fixed times: each but the first may come late, and then the next seems early.
    assert passed >= (LOOKS - 2) * rest


@pytest.mark.parametrize("size", BOTH)
async def test_a_border_that_says_something_new_is_repainted_wherever_it_stands(
    size: tuple[int, int],
) -> None:
    async with drive(FakeDesk(), size) as it:
        await it.sees("Maize diversity")
        await it.press("enter")
        await it.sees("B73-rep1")
        assert "marked" not in it.text
        await it.press("space", "space")
        await it.sees("2 marked")
        await it.press("escape")
        await it.until(lambda: "marked" not in it.text, "no marks")


@pytest.mark.parametrize(("status", "quicker"), [("running", True), ("succeeded", False)])
async def test_samples_are_asked_for_more_often_while_one_in_view_is_under_way(
    status: str, quicker: bool
) -> None:
    desk = FakeDesk(all_samples=tuple(structs.replace(s, status=status) for s in make_samples(5)))
    async with drive(desk, refresh_seconds=3600.0) as it:
        await it.press("enter")
        samples = it.app.main.refresher.samples
        await it.until(lambda: samples.view.fetched and not samples.running, "samples")
        assert (samples.due - time.monotonic() < 1800.0) is quicker


async def test_a_list_that_was_changed_is_lively_for_a_while_unless_nobody_looks_or_the_host_wants_rest() -> (
    None
):
    desk = FakeDesk()
    async with drive(desk, refresh_seconds=3600.0) as it:
        refresher = it.app.main.refresher
        feed = refresher.projects
        await it.until(lambda: feed.view.fetched and not feed.running, "projects")
        assert feed.due - time.monotonic() > 1800.0
        refresher.nudge("projects")
        await it.until(lambda: len(desk.called("projects")) == 2 and not feed.running, "projects again")
        assert feed.due - time.monotonic() < 3600.0
        it.app.app_focus = False
        feed.nudge()
        await it.until(lambda: len(desk.called("projects")) == 3 and not feed.running, "projects again")
        assert feed.due - time.monotonic() > 3600.0
        it.app.app_focus = True
        busy = Problem("Gencove asks to go slower")
        busy.retry_after = 99_999.0  # type: ignore[attr-defined]  # as the API's problems have it
        desk.trouble = busy
        feed.nudge()
        await it.until(lambda: feed.failures == 1, "the refusal")
        assert feed.due - time.monotonic() > 90_000.0
