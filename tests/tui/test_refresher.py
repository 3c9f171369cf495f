"""When the screen asks, and when it doesn't."""

from __future__ import annotations

import asyncio

from msgspec import structs

from gencove_tui.errors import Problem
from gencove_tui.model import Event, Page
from tests.tui.driving import NARROW, WIDE, drive
from tests.tui.fakes import NOW, PROJECTS, FakeDesk, make_samples


async def test_only_lists_in_view_are_asked_for() -> None:
    desk = FakeDesk()
    async with drive(desk, NARROW, refresh_seconds=0.05) as it:
        await it.until(lambda: len(desk.called("projects")) > 3, "projects asked for again and again")
        assert desk.called("uploads") == []
        await it.press("4")
        await it.pilot.pause(0.6)
        asked = len(desk.called("projects"))
        await it.pilot.pause(1.2)
        assert len(desk.called("projects")) == asked


async def test_no_list_is_asked_for_twice_at_a_time() -> None:
    desk = FakeDesk(gate=asyncio.Event())
    async with drive(desk, WIDE, refresh_seconds=0.01) as it:
        await it.until(lambda: desk.under_way.get("uploads"), "a request under way")
        for _ in range(5):
            await it.press("r")
        await it.pilot.pause(1.1)
        assert desk.gate is not None
        desk.gate.set()
        await it.sees("Maize diversity")
        await it.press("r")
        await it.until(lambda: len(desk.called("projects")) > 1, "another request")
        assert set(desk.most_under_way.values()) == {1}


async def test_an_answer_about_another_project_is_dropped() -> None:
    desk = FakeDesk()
    async with drive(desk, NARROW) as it:
        await it.until(lambda: it.app.main.samples.view.fetched, "the first project's samples")
        desk.gate = asyncio.Event()
        await it.press("j", "enter")
        await it.until(
            lambda: desk.called("samples")[-1][0] == PROJECTS[1].id, "the second project's samples"
        )
        slow = desk.gate
        desk.gate = None
        await it.press("1", "j", "enter")
        await it.until(lambda: desk.called("samples")[-1][0] == PROJECTS[2].id, "the third project's samples")
        slow.set()
        await it.sees("家系研究")
        assert it.app.main.refresher.project is not None
        assert it.app.main.refresher.project.id == PROJECTS[2].id
        assert desk.under_way["samples"] == 0


async def test_a_long_list_is_loaded_where_it_is_looked_at() -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("Samples 5,000", "B73-rep1")
        assert [call[2] for call in desk.called("samples")] == [0]
        await it.press("G")
        await it.sees("S004999")
        assert [call[2] for call in desk.called("samples")] == [0, 4800]
        await it.press("r")
        await it.until(lambda: len(desk.called("samples")) > 2, "what is in view asked for again")
        assert desk.called("samples")[-1][2] == 4800


async def test_a_list_of_unknown_length_goes_on_when_its_end_comes_into_view() -> None:
    desk = FakeDesk(all_samples=make_samples(450))
    original = desk._window

    def without_total(items, offset, limit):  # type: ignore[no-untyped-def]  # stands in for a generic method
        found = original(items, offset, limit)
        page = Page(items=found.page.items, offset=offset, total=None, more=found.page.more)
        return type(found)(page=page, fetched=found.fetched)

    desk._window = without_total  # type: ignore[method-assign]  # a server that doesn't count
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("Samples 200")
        await it.press("G")
        await it.sees("S000199")
        await it.press("G")
        await it.sees("S000399")
        await it.press("G")
        await it.sees("S000449", "Samples 450")


async def test_failures_do_not_hammer() -> None:
    desk = FakeDesk(trouble=Problem("Could not list projects"))
    async with drive(desk, refresh_seconds=10) as it:
        await it.sees("Could not list projects.")
        await it.pilot.pause(1.2)
        assert len(desk.called("projects")) == 1


async def test_the_ledger_is_read_only_when_it_changed() -> None:
    desk = FakeDesk()
    taken = 0
    original = desk.snapshot

    def counted():  # type: ignore[no-untyped-def]  # stands in for snapshot
        nonlocal taken
        taken += 1
        return original()

    desk.snapshot = counted  # type: ignore[method-assign]  # counts what it hands out
    async with drive(desk) as it:
        await it.until(lambda: taken, "a first snapshot")
        before = taken
        await it.pilot.pause(1.0)
        assert taken <= before + 1  # an engine that starts may look once more
        desk.put(transfers_total=1)
        await it.until(lambda: taken > before, "another snapshot")


async def test_a_sample_that_moved_on_is_loaded_again() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "j", "j", "enter")
        await it.sees("running", "No deliverables yet.")
        asked = len(desk.called("sample"))
        moved = structs.replace(desk.all_samples[2], status="succeeded")
        desk.all_samples = (*desk.all_samples[:2], moved, *desk.all_samples[3:])
        await it.press("r")
        await it.sees("succeeded", "alignment-bam")
        assert len(desk.called("sample")) > asked


async def test_news_from_a_webhook_is_asked_for_at_once() -> None:
    """Long before the next poll: a result that Gencove tells of shows within a second."""
    desk = FakeDesk()
    async with drive(desk, WIDE, refresh_seconds=3600) as it:
        await it.until(lambda: desk.called("samples"), "the first samples")
        before = len(desk.called("samples"))
        told = Event(id=7, time=NOW, kind="webhook.analysis_complete_v2", message="Gencove tells")
        desk.put(events=(told,))
        await it.until(lambda: len(desk.called("samples")) > before, "the samples again")
