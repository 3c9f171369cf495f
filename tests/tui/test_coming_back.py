"""What was left comes back: each order, section, filter and size, also after a start that came to nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gencove_tui.model import SampleQuery
from gencove_tui.tui.memory import Memory, Remembered
from gencove_tui.tui.screens.arrange import LEAST_RIGHT
from tests.tui.driving import WIDE, drive
from tests.tui.fakes import PROJECTS, FakeDesk, make_samples

HERE = PROJECTS[0].id


async def test_the_section_of_the_detail_comes_back(tmp_path: Path) -> None:
    Memory(tmp_path).save(Remembered(section="qc", project=HERE))
    async with drive(size=WIDE, memory=tmp_path) as it:
        await it.sees("B73-rep1", "QC")
        assert it.app.main.panes["detail"].section == "qc"


async def test_two_orders_come_back_and_are_asked_for_at_once(tmp_path: Path) -> None:
    Memory(tmp_path).save(Remembered(sorts={"projects": "name", "samples": "changed"}, project=HERE))
    desk = FakeDesk()
    async with drive(desk, size=WIDE, memory=tmp_path) as it:
        await it.sees("B73-rep1", "by name", "by changed")
    assert {query.sort_by for query, *_ in desk.called("projects")} == {"name"}
    assert {query.sort_by for _, query, *_ in desk.called("samples")} == {"modified"}


async def test_a_remembered_filter_leaves_the_remembered_order(tmp_path: Path) -> None:
    Memory(tmp_path).save(Remembered(sorts={"samples": "changed"}, filters={"samples": "B73"}, project=HERE))
    async with drive(size=WIDE, memory=tmp_path) as it:
        await it.sees("filter 'B73'")
        assert it.app.main.samples.sort == "changed"
        it.app.exit()
    kept = Memory(tmp_path).load()
    assert (kept.sorts, kept.filters) == ({"samples": "changed"}, {"samples": "B73"})


async def test_searching_all_from_the_palette_leaves_the_order() -> None:
    desk = FakeDesk(all_samples=make_samples(400))
    async with drive(desk, size=WIDE) as it:
        await it.sees("B73-rep1")
        await it.press("2", "s")
        await it.sees("by changed")
        it.app.main.search_all("samples", "S0003")
        await it.sees("filter 'S0003'")
        assert it.app.main.samples.sort == "changed"
        await it.until(lambda: desk.called("samples")[-1][1].search == "S0003", "a search on the server")
        assert desk.called("samples")[-1][1].sort_by == "modified"


async def test_searching_all_from_the_palette_leaves_the_tree() -> None:
    async with drive(size=WIDE) as it:
        await it.sees("B73-rep1")
        await it.press("3", "t")
        it.app.main.search_all("uploads", "B73")
        await it.sees("filter 'B73'")
        assert it.app.main.panes["uploads"].mode == "tree"


async def test_a_start_without_an_answer_loses_nothing_of_what_was_kept(tmp_path: Path) -> None:
    kept = Remembered(
        at="samples",
        project=HERE,
        cursors={"projects": PROJECTS[1].id, "samples": "x", "uploads": "gncv://u"},
        filters={"samples": "B73"},
        places={"samples": 900},
        sample_query=SampleQuery(status="failed"),
    )
    Memory(tmp_path).save(kept)
    async with drive(FakeDesk(gate=asyncio.Event()), memory=tmp_path) as it:
        it.app.exit()
    now = Memory(tmp_path).load()
    for name in ("project", "cursors", "filters", "places", "sample_query"):
        assert getattr(now, name) == getattr(kept, name), name


@pytest.mark.parametrize("size", [(80, 24), (120, 30)])
async def test_a_small_terminal_does_not_shrink_what_was_chosen_in_a_large_one(
    size: tuple[int, int], tmp_path: Path
) -> None:
    Memory(tmp_path).save(Remembered(left=100, bottom=30))
    async with drive(size=size, memory=tmp_path) as it:
        await it.sees("Maize")
        it.app.exit()
    kept = Memory(tmp_path).load()
    assert (kept.left, kept.bottom) == (100, 30)
    async with drive(size=(160, 60), memory=tmp_path) as it:
        await it.sees("Maize")
        assert it.app.main.query_one("#left").outer_size.width == 100
        assert it.app.main.query_one("#bottom").outer_size.height == 30
        await it.pilot.resize_terminal(120, 36)
        left = it.app.main.query_one("#left")
        await it.until(lambda: left.outer_size.width == 120 - LEAST_RIGHT, "what there is room for")
        await it.press("less_than_sign")
        await it.until(lambda: left.outer_size.width == 120 - LEAST_RIGHT - 4, "a step from what is seen")
