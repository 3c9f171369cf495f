"""Going into a search and out of it again: what was found, and what was known, stay at hand."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs
from textual import events

from gencove_tui.engine.views import Online
from gencove_tui.tui.finding import worth
from gencove_tui.tui.screens.dialogs import Dialog
from tests.tui.driving import BOTH, WIDE, Driver, drive
from tests.tui.fakes import ONLINE_V2, PROJECTS, FakeDesk, make_samples

OFFLINE = structs.replace(ONLINE_V2, state=Online.OFFLINE, problem="Can't reach it")


async def find(it: Driver, text: str) -> None:
    """Search the samples and go to what was found."""
    samples = it.app.main.refresher.samples
    await it.press("slash")
    await it.type(text)
    await it.until(lambda: samples.view.search == text and samples.view.fetched, "the answer")
    await it.press("enter")
    await it.sees(text)


@pytest.mark.parametrize("size", BOTH)
async def test_esc_out_of_a_search_stays_on_what_was_found(size: tuple[int, int]) -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk, size) as it:
        await it.press("2")
        table = it.app.main.samples.table
        await it.sees("B73-rep1")
        await find(it, "S000123")
        found = table.cursor_key
        desk.gate = asyncio.Event()  # what was loaded before is back without waiting
        await it.press("escape")
        await it.until(lambda: len(table.source) == 5000, "the whole list")
        assert table.cursor_key == found
        await it.sees("S000123", "S000122")
        desk.gate.set()
        await it.until(lambda: not it.app.main.samples.view.busy, "the answer")
        assert table.cursor_key == found
        assert not [text for text in it.toasts if "not among" in text]


async def test_what_was_found_far_away_is_named() -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await find(it, "S004321")
        await it.press("escape")
        await it.sees("S004321 is not among the 200 rows loaded so far; / finds it again.")


async def test_another_order_keeps_the_cursor_where_the_row_is_near() -> None:
    async with drive(FakeDesk(all_samples=make_samples(50))) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("j", "j", "j")
        table = it.app.main.samples.table
        before = table.cursor_key
        await it.press("s")
        await it.sees("by changed")
        await it.until(lambda: it.app.main.samples.view.fetched, "the list")
        assert table.cursor_key == before


async def test_offline_the_filter_looks_through_what_is_known_and_esc_shows_it_all() -> None:
    desk = FakeDesk(all_samples=make_samples(500))
    async with drive(desk) as it:
        await it.press("2")
        samples = it.app.main.samples
        await it.sees("B73-rep1")
        desk.found = desk.line = OFFLINE
        await it.sees("offline")
        await it.press("slash")
        await it.type("S00012")
        await it.press("enter")
        await it.until(lambda: len(samples.source) == 10, "those that match")
        await it.press("escape")
        await it.until(lambda: len(samples.source) == 500, "all that is known")
        await it.press("s")
        await it.sees("The list follows as soon as it answers.")
        assert len(samples.source) == 500
        await it.press("slash")
        await it.type("S0004")
        await it.press("enter")
        asked = len(desk.called("samples"))
        desk.found = desk.line = ONLINE_V2
        await it.press("r")
        await it.until(lambda: len(desk.called("samples")) > asked, "another question")
        query, offset = desk.called("samples")[-1][1:]
        assert (query.search, query.sort_by, offset) == ("S0004", "modified", 0)
        await it.until(lambda: len(samples.source) == 100, "the answer")
        await it.press("escape")
        await it.until(lambda: samples.view.rows.length == 500 and not samples.view.stale, "the whole list")


async def test_keys_typed_ahead_of_an_answer_are_about_what_is_found() -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        desk.gate = asyncio.Event()
        for key in ("slash", *"S004321", "enter", "d"):
            it.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await it.until(lambda: it.app.main.samples.view.search == "S004321", "the search")
        assert not isinstance(it.app.screen, Dialog)
        desk.gate.set()
        desk.gate = None
        await it.until(lambda: desk.called("sample"), "what the download is about")
        found = next(s for s in desk.all_samples if s.client_id == "S004321")
        assert desk.called("sample")[0][1] == found.id


async def test_esc_ends_the_waiting_for_an_answer_and_forgets_what_was_typed_ahead() -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        desk.gate = asyncio.Event()
        for key in ("slash", *"S004321", "enter", "d"):
            it.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await it.until(lambda: it.app.main.samples.view.search == "S004321", "the search")
        await it.until(lambda: it.app._held_since is not None and it.app._waiting, "keys that wait")
        await it.press("escape")
        await it.sees("Stopped before the answer came")
        assert desk.called("sample") == []
        desk.gate.set()


async def test_a_second_search_replaces_the_first() -> None:
    async with drive(FakeDesk(all_samples=make_samples(5000))) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await find(it, "S000123")
        await find(it, "S000124")


async def test_while_a_search_is_under_way_what_is_loaded_is_looked_through() -> None:
    desk = FakeDesk(all_samples=make_samples(300))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        samples = it.app.main.samples
        samples.searches_server = True
        samples._set_filter("S00012", search=False)  # before anything is asked
        assert len(samples.source) == 10


async def test_while_a_filter_is_typed_the_cursor_is_on_the_first_that_matches() -> None:
    async with drive() as it:
        await it.press("2")
        await it.sees("B73-rep1")
        table = it.app.main.samples.table
        await it.press("j")
        at = table.cursor_key
        await it.press("slash")
        await it.type("B73")
        assert table.cursor_key == at  # it still matches
        for letter in "\b\b\bMo17":
            await it.press("backspace" if letter == "\b" else letter)
        await it.until(lambda: table.cursor_key == make_samples()[2].id, "the first of them")


# --- the palette ------------------------------------------------------------------------------------------


def test_a_name_is_worth_more_than_a_part_of_it_and_letters_here_and_there_are_worth_nothing() -> None:
    whole, begins, within = worth("Trio", ["trio"]), worth("My trio", ["trio"]), worth("Patrio", ["trio"])
    assert whole > begins > within > worth("Raise the priority (+)", ["trio"]) == 0


async def test_a_project_by_its_name_comes_before_actions_that_have_its_letters() -> None:
    async with drive(size=WIDE) as it:
        await it.sees("Cattle imputation")
        await it.press("colon", *"cattle", "enter")
        await it.until(
            lambda: it.app.main.panes["projects"].table.cursor_key == PROJECTS[1].id, "the project"
        )
        assert it.app.main.at == "projects"


async def test_the_palette_finds_a_sample_of_a_project_that_is_not_open() -> None:
    far = structs.replace(make_samples(2)[1], id="far", client_id="Teosinte-7")
    desk = FakeDesk(seen=((PROJECTS[1], far),))
    async with drive(desk) as it:
        await it.sees("Maize")
        desk.all_samples = (make_samples(1)[0], far)
        await it.press("colon", *"teosinte")
        await it.sees("Teosinte-7 in Cattle imputation")
        await it.press("enter")
        await it.until(lambda: it.app.main.samples.table.cursor_key == "far", "the sample")
        assert it.app.main.refresher.project.id == PROJECTS[1].id
        assert it.app.main.at == "samples"


async def test_the_palette_finds_a_deliverable_of_the_open_sample() -> None:
    async with drive() as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("enter")
        await it.sees("impute-vcf")
        await it.press("1", "colon", *"impute-vcf")
        await it.sees("Files: impute-vcf")
        await it.press("enter")
        await it.focus_is("detail-table")


async def test_the_palette_offers_to_search_what_was_never_looked_at() -> None:
    async with drive() as it:
        await it.sees("Maize")
        await it.press("colon", *"B73-rep1_S1")
        await it.sees("Upload area: search all of them for 'B73-rep1_S1'")
        await it.press("enter")
        await it.sees("B73-rep1_S1_L001_R1", "filter 'B73-rep1_S1'")


async def test_the_palette_moves_the_cursor_of_the_list_at_hand() -> None:
    async with drive() as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("colon", *"to the last row", "enter")
        table = it.app.main.samples.table
        await it.until(lambda: table.cursor == len(it.app.main.samples.source) - 1, "the last row")
