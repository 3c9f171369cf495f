"""The key bar offers what works here and now."""

from __future__ import annotations

import pytest

from gencove_tui.tui.widgets.bars import KeyBar
from tests.tui.driving import NARROW, WIDE, Driver, drive
from tests.tui.fakes import FakeDesk, make_snapshot


def offered(it: Driver) -> str:
    return it.app.main.query_one(KeyBar).plain


@pytest.mark.parametrize(
    ("pane", "there", "not_there"),
    [
        ("1", ("new", "filters"), ("open", "edit", "files", "sort", "copy")),
        ("3", ("upload", "refresh"), ("open", "assign", "delete", "mark", "unassigned", "view")),
        ("4", ("limit", "upload"), ("open", "pause", "cancel", "retry", "clear done", "group")),
        ("5", ("new", "log"), ("open", "pause", "edit", "dry run", "remove", "export", "filter")),
    ],
)
async def test_where_nothing_is_listed_nothing_is_offered_for_rows(
    pane: str, there: tuple[str, ...], not_there: tuple[str, ...]
) -> None:
    async with drive(FakeDesk(all_projects=(), all_samples=(), all_uploads=()), size=WIDE) as it:
        await it.sees("No projects.", "Nothing to transfer.", "The upload area is empty.")
        await it.press(pane)
        words = offered(it)
        assert all(f" {word} " in words for word in there), words
        assert not any(f" {word} " in words for word in not_there), words


async def test_what_works_on_rows_is_offered_once_there_are_some() -> None:
    desk = FakeDesk()
    async with drive(desk, size=WIDE) as it:
        await it.press("4")
        await it.sees("Nothing to transfer.")
        assert " pause " not in offered(it)
        desk.put(transfers=make_snapshot().transfers)
        await it.until(lambda: " p pause " in offered(it), "what a row is good for")


async def test_a_filter_that_finds_nothing_can_still_be_changed() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4", "slash")
        await it.type("zzz")
        await it.press("enter")
        await it.sees("Nothing matches the filter.")
        assert " / filter " in offered(it)
        assert " pause " not in offered(it)


async def test_the_log_is_filtered_and_read_also_where_no_rule_is() -> None:
    desk = FakeDesk()
    desk.put(events=make_snapshot().events)
    async with drive(desk) as it:
        await it.press("5")
        await it.sees("No folder is watched.")
        assert " / filter " in offered(it)
        assert " open " not in offered(it)
        await it.press("tab")
        await it.until(lambda: " enter open " in offered(it), "what the event is good for")


async def test_a_sample_says_how_to_leave_it() -> None:
    async with drive(size=NARROW) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("enter")
        await it.sees("impute-vcf")
        assert " esc back " in offered(it)


async def test_a_sample_without_files_offers_what_there_is_to_see() -> None:
    async with drive(size=NARROW) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("j", "j", "enter")
        await it.sees("No deliverables yet.")
        assert all(word in offered(it) for word in (" ] sections ", " m metadata ", " y copy "))
        assert not any(word in offered(it) for word in (" open ", " download "))


async def test_an_enlarged_pane_is_put_back() -> None:
    async with drive(size=WIDE) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("z")
        await it.until(lambda: offered(it).startswith(" z put back "), "the way back")


@pytest.mark.parametrize(
    ("pane", "signs"),
    [
        ("1", ("The status bar of a project", "▄▄▄ succeeded", "✗✗✗ failed or failed qc")),
        ("2", ("The numbers in the lower border", "! failed qc", "✗! failed or failed qc")),
    ],
)
async def test_signs_that_stand_without_a_word_are_in_the_help(pane: str, signs: tuple[str, ...]) -> None:
    async with drive(size=(120, 200)) as it:
        await it.press(pane)
        await it.sees("B73-rep1")
        await it.press("question_mark")
        await it.sees(*signs)
