"""What a user does with samples: marking, filtering, looking into, changing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from textual.widgets import TextArea

from gencove_tui.api.v1_wire import RAW_DATA_COLUMNS
from gencove_tui.engine.views_remote import SampleAct
from gencove_tui.errors import Problem
from gencove_tui.model import Sample, SampleQuery
from gencove_tui.tui.screens.confirm import Confirm
from gencove_tui.tui.screens.histogram import edge_texts
from gencove_tui.tui.screens.metadata import MetadataDialog, complaint
from gencove_tui.tui.states import can_be_taken_over, has_ended
from tests.tui.driving import BOTH, NARROW, WIDE, Driver, drive
from tests.tui.fakes import ONLINE_V1, PROJECTS, FakeDesk, make_samples

each_size = pytest.mark.parametrize("size", BOTH, ids=["wide", "narrow"])


async def at_samples(it: Driver) -> None:
    await it.press("2")
    await it.sees("B73-rep1")
    await it.until(lambda: it.app.main.samples.view.fetched is not None, "samples")


def last_query(desk: FakeDesk) -> SampleQuery:
    return desk.called("samples")[-1][1]  # type: ignore[no-any-return]  # calls are recorded untyped


# --- marks -----------------------------------------------------------------------------


async def test_marks_survive_a_search_and_the_question_lists_those_out_of_view() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("space")
        await it.press("slash")
        await it.type("Mo17")
        await it.until(lambda: "B73-rep1" not in it.text, "what the search found")
        await it.press("enter", "space")
        await it.sees("2 marked")
        await it.press("x")
        await it.sees("Delete 2 samples", "1 of them are marked but not in the list", "B73-rep1", "Mo17-rep1")
        await it.sees("not in view")
        await it.focus_is("leave")
        await it.press("enter")
        await it.until(lambda: not isinstance(it.app.screen, Confirm), "the main screen")
        assert desk.called("act_on_samples") == []
        await it.press("x", "right", "enter")
        await it.until(lambda: desk.called("act_on_samples"), "a deletion")
        act, _, ids = desk.called("act_on_samples")[0]
        assert act is SampleAct.DELETE
        assert set(ids) == {make_samples()[0].id, make_samples()[2].id}
        await it.until(lambda: not it.app.main.samples.table.marks, "no marks")


async def test_all_of_a_long_list_can_be_marked_also_what_is_not_loaded() -> None:
    desk = FakeDesk(all_samples=make_samples(1000))
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("asterisk")
        await it.sees("1,000 marked")
        assert len(it.app.main.samples.chosen()) == 1000
        await it.press("asterisk")
        await it.until(lambda: not it.app.main.samples.table.marks, "no marks")


@pytest.mark.parametrize("count", [13, 400], ids=["all here", "a part here"])
async def test_marking_all_that_a_filter_shows_takes_no_mark_off_the_rest(count: int) -> None:
    desk = FakeDesk(all_samples=make_samples(count))
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("space", "space", "space", "space")
        table = it.app.main.samples.table
        before = set(table.marks)
        assert len(before) == 4
        await it.press("slash")
        await it.type("CML247")
        await it.press("enter")
        await it.until(lambda: len(it.app.main.samples.source) == 1, "what the filter shows")
        await it.press("asterisk")
        await it.until(lambda: len(table.marks) == 5, "one mark more")
        await it.press("asterisk")
        await it.until(lambda: set(table.marks) == before, "one mark less")


async def test_marking_all_of_a_long_list_keeps_marks_that_it_does_not_show() -> None:
    class Desk(FakeDesk):
        async def every_sample(self, *_: Any, **__: Any) -> tuple[Sample, ...]:
            return self.all_samples[10:]

    desk = Desk(all_samples=make_samples(400))
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("space", "asterisk")
        table = it.app.main.samples.table
        await it.until(lambda: len(table.marks) == 391, "all that were found, and the one before")


async def test_a_range_is_marked_from_the_last_mark() -> None:
    async with drive() as it:
        await at_samples(it)
        await it.press("space", "j", "j", "V")
        await it.sees("4 marked")


async def test_another_project_takes_no_marks_along() -> None:
    async with drive() as it:
        await at_samples(it)
        await it.press("space", "1", "j", "enter")
        await it.until(lambda: not it.app.main.samples.table.marks, "no marks")
        assert len(it.app.main.samples.chosen()) == 1


# --- filters and order -----------------------------------------------------------------


@each_size
async def test_filters_are_asked_of_gencove(size: tuple[int, int]) -> None:
    desk = FakeDesk()
    async with drive(desk, size) as it:
        await at_samples(it)
        await it.press("f")
        await it.sees("Filter samples", "Archive", "Created after")
        await it.press("right", "down", "right", "right", "enter")
        await it.until(lambda: last_query(desk).status == "running", "the filter")
        assert last_query(desk).archive_status == "archived"
        await it.sees("running, archived")
        await it.press("escape")
        await it.until(lambda: last_query(desk) == SampleQuery(), "no filter")


async def test_a_date_that_is_none_is_told_and_nothing_is_lost() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("f", "down", "down", "down")
        await it.type("soon")
        await it.press("f2")
        await it.sees("'soon' is no date")
        await it.press("backspace", "backspace", "backspace", "backspace")
        await it.type("2025-03-01")
        await it.press("f2")
        await it.until(lambda: last_query(desk).created_after is not None, "the date")


async def test_the_order_is_asked_of_gencove_and_kept_in_another_project() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("s")
        await it.until(lambda: last_query(desk).sort_by == "modified", "an order")
        await it.sees("by changed")
        await it.press("1", "j", "enter")
        await it.until(lambda: desk.called("samples")[-1][0] == PROJECTS[1].id, "another project")
        assert last_query(desk).sort_by == "modified"


# --- looking into ----------------------------------------------------------------------


@each_size
async def test_sections_show_quality_history_and_metadata(size: tuple[int, int]) -> None:
    desk = FakeDesk()
    desk.metadata_kept = {"plate": "P1", "bell": "\x07"}
    async with drive(desk, size) as it:
        await at_samples(it)
        await it.press("enter")
        await it.sees("Files", "QC", "History", "impute-vcf")
        await it.press("right_square_bracket")
        await it.sees("Effective coverage", "≥ 0.4", "0.12", "failed", "passed")
        await it.press("right_square_bracket")
        await it.sees("Effective coverage 0.12x")
        await it.press("right_square_bracket")
        await it.sees('"plate": "P1"', '"bell": "\\u0007"')
        await it.press("right_square_bracket")
        await it.sees("impute-vcf")
        assert len(desk.called("sample_quality")) == 1


async def test_a_section_that_fails_says_so() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("enter")
        await it.sees("impute-vcf")
        desk.trouble = Problem("Gencove does not answer", remedy="Try again.")
        await it.press("right_square_bracket")
        await it.sees("Gencove does not answer. Try again.")


async def test_v1_shows_files_only() -> None:
    async with drive(FakeDesk(line=ONLINE_V1)) as it:
        await at_samples(it)
        await it.press("enter")
        await it.sees("impute-vcf")
        assert "History" not in it.text
        await it.press("right_square_bracket")
        await it.until(lambda: any("beside its files" in text for text in it.toasts), "an explanation")


async def test_metadata_is_checked_before_it_is_sent() -> None:
    desk = FakeDesk()
    desk.metadata_kept = {"plate": 1}
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog), "the editor")
        await it.press("x")
        await it.sees("Not JSON: line 1")
        assert it.app.screen.query_one("#go").disabled
        await it.press("backspace", "f2")
        await it.until(lambda: any("as it was" in text for text in it.toasts), "nothing saved")
        assert desk.called("set_sample_metadata") == []


@pytest.mark.parametrize(
    ("before", "after"), [({"a": [1]}, '{"a": [true]}'), ({"a": 1}, '{"a": 1.0}'), (None, "false")]
)
async def test_metadata_that_differs_in_kind_only_is_saved(before: Any, after: str) -> None:
    desk = FakeDesk()
    desk.metadata_kept = before
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog), "the editor")
        it.app.screen.query_one("#metadata-text", TextArea).text = after
        await it.press("f2")
        await it.until(lambda: desk.called("set_sample_metadata"), "the new text")
        assert json.dumps(desk.metadata_kept) == after


@pytest.mark.parametrize(("before", "after"), [({"a": 1}, '{"a":   1}'), (None, " "), (None, "null")])
async def test_metadata_that_says_the_same_is_not_sent(before: Any, after: str) -> None:
    desk = FakeDesk()
    desk.metadata_kept = before
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog), "the editor")
        it.app.screen.query_one("#metadata-text", TextArea).text = after
        await it.press("f2")
        await it.until(lambda: any("as it was" in text for text in it.toasts), "nothing saved")
        assert desk.called("set_sample_metadata") == []


async def test_metadata_that_could_not_be_saved_is_not_lost() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog), "the editor")
        await it.type("[1]")
        desk.trouble = Problem("Gencove does not answer")
        await it.press("f2")
        await it.until(lambda: desk.called("set_sample_metadata"), "a try")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog), "the editor again")
        await it.sees("[1]")
        desk.trouble = None
        await it.press("f2")
        await it.until(lambda: desk.metadata_kept == [1], "saved metadata")


@pytest.mark.parametrize("text", ["", "  ", "null", '{"a": [1, 2]}', "3"])
def test_json_and_nothing_are_fine(text: str) -> None:
    assert complaint(text) == ""


@pytest.mark.parametrize("text", ["{", "{'a': 1}", "NaN", "[" * 100_000])
def test_what_is_no_json_is_told(text: str) -> None:
    assert complaint(text)


async def test_the_histogram_is_a_picture_with_numbers() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("b")
        await it.sees("Effective coverage", "0.75 – 1", "120", "164 samples", "█")
        await it.press("l")
        await it.sees("Call rate")
        await it.press("n")
        await it.until(lambda: desk.called("qc_histogram")[-1][2] == 1000, "more samples")


# --- changing --------------------------------------------------------------------------


async def test_hidden_samples_are_shown_again_by_the_same_key() -> None:
    samples = (structs.replace(make_samples()[0], hidden=True),)
    desk = FakeDesk(all_samples=samples)
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("H")
        await it.sees("Show 1 sample")
        await it.press("right", "enter")
        await it.until(lambda: desk.called("act_on_samples"), "a deed")
        assert desk.called("act_on_samples")[0][0] is SampleAct.UNHIDE


async def test_only_archived_samples_are_restored() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("space", "space", "R")
        await it.sees("Restore 1 sample", "1 sample left out: not archived.")
        await it.press("right", "enter")
        await it.until(lambda: desk.called("act_on_samples"), "a deed")
        assert desk.called("act_on_samples")[0][2] == (make_samples()[1].id,)


@pytest.mark.parametrize(
    ("status", "archive", "ended", "taken"),
    [
        ("succeeded", "available", True, True),
        ("succeeded", "archived", True, False),
        ("Failed QC", "", True, True),
        ("failed", "", True, False),
        ("disabled", "", True, False),
        ("running", "available", False, False),
        ("consumer_awaiting_kit_order", "", False, False),
    ],
)
def test_what_a_status_means_for_deeds(status: str, archive: str, ended: bool, taken: bool) -> None:
    sample = Sample(id="s", status=status, archive_status=archive)
    assert (has_ended(sample.status), can_be_taken_over(sample)) == (ended, taken)


async def test_a_sample_that_failed_qc_without_files_awaits_none() -> None:
    class Desk(FakeDesk):
        async def sample(self, project_id: str, sample_id: str) -> Sample:
            found = await super().sample(project_id, sample_id)
            return structs.replace(found, status="failed qc", deliverables=())

    async with drive(Desk()) as it:
        await at_samples(it)
        await it.press("enter")
        await it.sees("No deliverables.")


async def test_finished_samples_cannot_be_cancelled() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("c")
        await it.until(lambda: any("being analysed" in text for text in it.toasts), "an explanation")
        assert desk.called("act_on_samples") == []


async def test_v1_explains_what_it_cannot_do() -> None:
    desk = FakeDesk(line=ONLINE_V1)
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("x")
        await it.until(lambda: any("dashboard" in text for text in it.toasts), "an explanation")


async def test_samples_are_copied_into_another_project() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("I")
        await it.sees("Into which project?", "Cattle imputation")
        assert "Maize diversity" not in "\n".join(it.lines[6:18])
        await it.press("enter")
        await it.sees("Import or copy")
        await it.press("right", "enter")
        await it.sees("Copy 1 sample", "may cost money")
        await it.press("right", "enter")
        await it.until(lambda: desk.called("take_over"), "a copy")
        assert desk.called("take_over")[0] == (PROJECTS[1].id, (make_samples()[0].id,), True)


async def test_waiting_can_be_ended_and_says_what_may_have_happened() -> None:
    import asyncio

    desk = FakeDesk()
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("H")
        await it.sees("Hide 1 sample")
        desk.gate = asyncio.Event()
        await it.press("right", "enter")
        await it.sees("Asking Gencove…", "esc stops it")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")
        await it.until(lambda: any("may still take effect" in text for text in it.toasts), "a warning")
        await it.until(lambda: not desk.under_way["act_on_samples"], "nothing under way")


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_raw_data_goes_to_a_file_that_only_the_user_reads(form: str, tmp_path: Path) -> None:
    desk = FakeDesk(folder=tmp_path / "new")
    async with drive(desk) as it:
        await at_samples(it)
        await it.press("space", "space", "e")
        await it.sees("Export raw data of 2 samples")
        if form == "json":
            await it.press("end", *["backspace"] * 3)
            await it.type("txt")
            await it.press("enter")
            await it.sees("End the name in .csv or .json.")
            await it.press(*["backspace"] * 3)
            await it.type("json")
        await it.press("enter")
        path = tmp_path / "new" / f"raw-data.{form}"
        await it.until(path.exists, "a file")
        assert path.stat().st_mode & 0o077 == 0
        rows: list[Any]
        if form == "csv":
            with path.open(newline="") as file:
                rows = list(csv.reader(file))
            assert tuple(rows[0]) == RAW_DATA_COLUMNS
            assert rows[1][:2] == ["B73-rep1", make_samples()[0].id]
        else:
            rows = json.loads(path.read_text())
            assert [row["external_id"] for row in rows] == ["B73-rep1", "B73-rep2"]
            assert tuple(rows[0]) == RAW_DATA_COLUMNS
        await it.until(
            lambda: any("no column for: fastq-r1" in text for text in it.toasts), "what is left out"
        )


async def test_an_export_replaces_a_file_only_after_asking(tmp_path: Path) -> None:
    (tmp_path / "raw-data.csv").write_text("mine")
    desk = FakeDesk(folder=tmp_path)
    async with drive(desk, NARROW) as it:
        await at_samples(it)
        await it.press("e", "enter")
        await it.sees("Replace the file")
        await it.press("enter")
        await it.sees("Export raw data of 1 sample")  # again, for another name
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")
        assert (tmp_path / "raw-data.csv").read_text() == "mine"
        assert desk.called("raw_data") == []


async def test_a_hundred_thousand_rows_are_asked_for_by_the_page() -> None:
    desk = FakeDesk(all_samples=make_samples(100_000))
    async with drive(desk, WIDE) as it:
        await at_samples(it)
        await it.sees("2 Samples 100,000")
        await it.press("G")
        await it.sees("S099999")
        await it.press("g")
        await it.sees("B73-rep1")
        assert len(desk.called("samples")) < 8


async def test_a_sample_that_cannot_be_looked_up_keeps_the_rest_from_nothing() -> None:
    class Desk(FakeDesk):
        async def sample(self, project_id: str, sample_id: str) -> Sample:
            if sample_id == make_samples()[2].id:
                raise Problem("Can't show the sample", "Gencove knows none with this id")
            return await super().sample(project_id, sample_id)

    async with drive(Desk()) as it:
        await at_samples(it)
        await it.press("asterisk", "d")
        await it.sees("Download results of")
        assert any("Mo17-rep1 can't be looked up" in toast or "knows none" in toast for toast in it.toasts)


@pytest.mark.parametrize(
    ("edges", "texts"),
    [
        ([1.529e9, 1.66e9, 1.791e9], ["1.53 G", "1.66 G", "1.79 G"]),
        ([95.5, 97, 98.5], ["95.5", "97.0", "98.5"]),
        ([0, 10, 20], ["0", "10", "20"]),
        ([0, 0.0625, 0.125], ["0.000", "0.062", "0.125"]),
        ([900, 1000, 1100], ["900", "1,000", "1,100"]),
        ([1, 1], ["1.0", "1.0"]),
        ([0, 2e17], ["0", "2e+17"]),
    ],
)
def test_the_bins_of_a_histogram_have_one_unit_and_equal_decimals(
    edges: list[float], texts: list[str]
) -> None:
    assert edge_texts(edges) == texts
