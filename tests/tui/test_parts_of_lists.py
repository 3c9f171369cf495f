"""Lists of which only a part is loaded: filters and marks are about all of it, or say that they aren't."""

from __future__ import annotations

import pytest
from msgspec import structs

from gencove_tui.model import GncvPath
from gencove_tui.tui.format import Cell
from gencove_tui.tui.widgets import samples as samples_module
from gencove_tui.tui.widgets.columns import share
from gencove_tui.tui.widgets.detail_sections import columns
from tests.tui.driving import NARROW, WIDE, drive
from tests.tui.fakes import ONLINE_V1, FakeDesk, ago, make_samples, make_uploads


def many_uploads():  # type: ignore[no-untyped-def]  # as the fake desk has them
    like = make_uploads()[0]
    return tuple(
        structs.replace(
            like,
            id=f"u{n}",
            path=GncvPath(f"gncv://bulk/B{n:04}_S1_L001_R1_001.fastq.gz"),
            client_id=f"B{n:04}",
            sample_id="" if n % 100 == 99 else "used",
        )
        for n in range(700)
    )


async def test_a_filter_of_the_upload_area_looks_through_all_of_it() -> None:
    desk = FakeDesk(all_uploads=many_uploads())
    async with drive(desk) as it:
        await it.press("3")
        await it.sees("B0000_S1")
        await it.press("slash")
        await it.type("B0650")
        await it.press("enter")
        await it.sees("B0650_S1")
        await it.press("escape", "f")
        pane = it.app.main.list_pane("uploads")
        await it.until(lambda: len(pane.source) == 7, "what no sample uses, wherever it is")
        await it.sees("unassigned only", "B0699_S1")
        await it.press("f")
        await it.until(lambda: len(pane.source) == 700, "all of it")
        assert len(desk.called("every_upload")) == 1


async def test_a_range_over_rows_that_are_not_loaded_says_so() -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("V", "G")
        await it.sees("S004999")
        await it.press("V")
        await it.sees("400 marked. 4,600 rows between them are not loaded and stay unmarked.")
        await it.sees("* marks every sample that matches.")


async def test_marked_samples_that_no_filter_hides_are_in_view_wherever_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(samples_module, "MOST_MARKED", 1000)
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("asterisk")
        await it.sees("5,000 marked")
        await it.press("H")
        await it.sees("Hide 5,000 samples", "They leave the usual list")
        assert "not in the list" not in it.text
        await it.press("escape")
        await it.press("slash")
        await it.type("S00123")
        await it.press("enter", "H")
        await it.sees("4,990 of them are marked but not in the list as it is filtered now.")
        await it.press("escape", "escape", "asterisk")  # as many as one key marks: again is none
        await it.until(lambda: not it.app.main.samples.table.marks, "no marks")


async def test_one_sample_is_it() -> None:
    async with drive(FakeDesk(all_samples=make_samples(5))) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("H")
        await it.sees("It leaves the usual list; nothing is lost, and the same key shows it again.")


async def test_what_arrived_long_ago_has_its_whole_date() -> None:
    old = structs.replace(make_uploads()[0], created=ago(days=400))
    async with drive(FakeDesk(all_uploads=(old,))) as it:
        await it.press("3")
        await it.sees(f"{old.created:%Y-%m-%d}")


async def test_a_project_without_samples_says_where_to_go() -> None:
    async with drive(FakeDesk(all_samples=())) as it:
        await it.press("2")
        await it.sees("No samples in this project.", "3 shows the uploads")


# --- words and columns -------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_words_of_a_status_are_whole_where_there_is_room(size: tuple[int, int]) -> None:
    like, *others = make_samples(7)
    asked = structs.replace(like, archive_status="restore_requested")
    async with drive(FakeDesk(all_samples=(asked, *others)), size=size) as it:
        await it.press("2")
        await it.sees("◦ awaiting kit order", "↻ restore requested")
        await it.press("slash")
        await it.type("awaiting kit")
        await it.until(lambda: len(it.app.main.samples.source) == 1, "the one with these words")


async def test_what_failed_in_qc_only_is_counted_apart_where_all_samples_are_here() -> None:
    async with drive() as it:
        await it.press("2")
        await it.sees("✗ 1  ! 2")
    async with drive(FakeDesk(all_samples=make_samples(5000))) as it:
        await it.press("2")
        await it.sees("✗! 3")


async def test_a_range_in_an_empty_list_is_nothing() -> None:
    async with drive(FakeDesk(all_samples=())) as it:
        await it.press("2")
        await it.sees("No samples in this project.")
        await it.press("V", "asterisk")
        assert it.toasts == []


async def test_where_no_arrival_is_known_no_column_is_kept_for_it() -> None:
    async with drive(FakeDesk(line=ONLINE_V1, all_uploads=make_uploads(v1=True))) as it:
        await it.press("3")
        await it.sees("B73-rep1_S1", "Status")
        assert "Arrived" not in it.text
        assert " Sample " not in it.text.partition("B73-rep1_S1")[0]
    async with drive() as it:
        await it.press("3")
        await it.sees("B73-rep1_S1", "Arrived")


@pytest.mark.parametrize(("size", "said"), [(NARROW, "over 180 MiB"), (WIDE, ">180 MiB")])
async def test_a_folder_is_at_least_as_large_as_what_is_known_of_it(size: tuple[int, int], said: str) -> None:
    first, second, *_ = make_uploads()
    async with drive(FakeDesk(all_uploads=(first, structs.replace(second, size=None))), size=size) as it:
        await it.press("3", "t")
        await it.sees(said)


async def test_where_the_border_is_short_the_counts_stand_beside_half_a_name() -> None:
    async with drive(size=(160, 48)) as it:
        await it.sees("Maize diversity panel… │ ✓ 4  ▸ 2  · 1  ✗ 1  ! 2")
        await it.press("2", "space")
        await it.sees("Maize diversity panel 2025 │ 1 marked")


def test_measured_words_leave_their_room_to_the_names_of_metrics() -> None:
    name, words = "Minimum number of bases after deduplication", "paired-end, as it was asked for"
    found = [("qc0", (Cell(name), Cell(words), Cell("–"), Cell("✓ passed")), ())]
    widths = share(columns("qc", found), 80)
    assert widths[0] >= len(name)
    figure = [("qc0", (Cell(name), Cell("2,931,204,117"), Cell("≥ 150,000,000"), Cell("✓ passed")), ())]
    widths = share(columns("qc", figure), 60)
    assert (widths[1], widths[2]) == (13, 13), "a cut figure misleads"
