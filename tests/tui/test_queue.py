"""Arranging the queue: order, groups, priorities, limits, and taking things back."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from gencove_tui.engine.views import EngineState
from gencove_tui.model import Part, Transfer, TransferState, Wish
from gencove_tui.store.transfers import Place
from gencove_tui.tui.queue_order import GROUPS, SORTS, Group, arrange
from gencove_tui.tui.screens.limit import LEAST, parse_limit
from tests.tui.driving import NARROW, WIDE, drive
from tests.tui.fakes import FakeDesk, make_snapshot, make_transfers

MIB = 1 << 20


def busy() -> FakeDesk:
    return FakeDesk(ledger=make_snapshot())


# --- order and groups -------------------------------------------------------------------------------


def names(rows: Any) -> list[int | str]:
    return [row.name if isinstance(row, Group) else row.id for row in rows]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("group", GROUPS)
def test_nothing_is_lost_or_doubled_however_it_is_arranged(sort: str, group: str) -> None:
    transfers = make_transfers()
    rows = arrange(transfers, sort, group, ())
    assert sorted(row.id for row in rows if isinstance(row, Transfer)) == [t.id for t in transfers]


def test_a_folded_group_hides_its_rows_and_keeps_its_sums() -> None:
    rows = arrange(make_transfers(), "", "folder", ["B73-rep1"])
    fold = next(row for row in rows if isinstance(row, Group) and row.folded)
    assert [t.id for t in fold.transfers] == [2, 8]
    assert not {2, 8} & set(names(rows))
    assert fold.size == (2795 + 46) * MIB


async def test_sorting_and_grouping_are_told_and_the_cursor_stays_on_its_row() -> None:
    async with drive(busy()) as it:
        await it.press("4", "j", "j", "j")
        before = it.app.main.panes["transfers"].table.cursor_key
        await it.press("s")
        await it.sees("by name")
        await it.press("b")
        await it.sees("grouped by folder", "8 files", "2 files")
        assert it.app.main.panes["transfers"].table.cursor_key == before
        await it.sees("4 Transfers 10")


async def test_a_key_on_a_group_means_all_of_it() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", "b", "G")
        await it.press("k", "k", "enter")
        await it.until(lambda: "fetching" not in it.text, "a folded group")
        await it.press("p")
        await it.until(lambda: desk.called("wish") == [((2,), Wish.PAUSE)], "a wish about the group")


# --- the queue ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "place"),
    [("K", Place.UP), ("J", Place.DOWN), ("t", Place.TOP), ("B", Place.BOTTOM)],
)
async def test_rows_move_within_the_queue(key: str, place: Place) -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", *"jjjj", key)
        await it.until(lambda: desk.called("move_in_queue") == [((5,), place)], "a move")


async def test_priorities_go_up_and_down_each_from_its_own() -> None:
    desk = busy()
    raised = tuple(structs.replace(t, priority=2) if t.id == 5 else t for t in desk.ledger.transfers)
    desk.put(transfers=raised)
    async with drive(desk) as it:
        await it.press("4", "j", "j", "j", "space", "space", "plus")
        await it.until(
            lambda: desk.called("set_priority") == [((5,), 3), ((4,), 1)], "two priorities, one higher each"
        )
        await it.sees("prio +2")


async def test_everything_can_be_paused_and_resumed() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", "P")
        await it.until(lambda: desk.called("wish_all") == [(Wish.PAUSE,)], "a wish to pause all")
        desk.put(totals=structs.replace(desk.ledger.totals, running=0, queued=0, waiting=0, paused=6))
        await it.until(lambda: it.app.main.snapshot.totals.paused == 6, "the news of it")
        await it.press("P")
        await it.until(lambda: desk.called("wish_all")[-1] == (Wish.RUN,), "a wish to resume all")


async def test_what_has_not_begun_leaves_the_queue_at_once_and_comes_back() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", *"jjjj", "x")
        await it.until(lambda: desk.called("wish") == [((5,), Wish.CANCEL)], "a removal without a question")
        await it.sees("Z puts it back")
        await it.press("Z")
        await it.until(lambda: desk.called("wish")[-1] == ((5,), Wish.RUN), "its return")
        await it.press("Z")
        await it.sees("Nothing to undo")


async def test_an_undo_leaves_paused_what_was_paused() -> None:
    desk = busy()
    fresh = tuple(structs.replace(t, bytes_done=0) if t.id == 6 else t for t in desk.ledger.transfers)
    desk.put(transfers=fresh)
    async with drive(desk) as it:
        await it.press("4", *"jjjjj", "x", "Z")
        await it.until(lambda: len(desk.called("wish")) == 3, "cancel, run, pause")
        assert [wish for _, wish in desk.called("wish")] == [Wish.CANCEL, Wish.RUN, Wish.PAUSE]


# --- the limit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10M", 10 * MIB),
        ("500 KiB/s", 500 << 10),
        ("1,5", int(1.5 * MIB)),
        ("2g", 2 << 30),
        ("", None),
        ("none", None),
        ("0", None),
    ],
)
def test_limits_are_understood_as_people_write_them(text: str, value: int | None) -> None:
    assert parse_limit(text) == value


@pytest.mark.parametrize("text", ["fast", "-3M", "10 MB per second", str(LEAST - 1) + "b", "1e9"])
def test_what_is_no_limit_is_refused_with_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"Type a rate|At least"):
        parse_limit(text)


async def test_a_limit_is_set_shown_and_lifted() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", "L")
        await it.sees("For all transfers together")
        await it.type("10M")
        await it.press("enter")
        await it.until(lambda: desk.called("set_bandwidth") == [(10 * MIB,)], "a limit")
        await it.sees("limit 10.0 MiB/s")
        await it.press("L")
        await it.sees("Now: 10.0 MiB/s")
        await it.press("tab", "tab", "enter")
        await it.until(lambda: desk.called("set_bandwidth")[-1] == (None,), "no limit")


async def test_the_limit_dialog_keeps_its_buttons_in_the_smallest_window() -> None:
    async with drive(busy(), (60, 16)) as it:
        await it.press("4", "L")
        await it.sees("Leave as it is", "No limit", "Set the limit")


# --- one transfer -------------------------------------------------------------------------------------


async def test_the_sheet_moves_along_with_its_transfer() -> None:
    desk = busy()
    parts = tuple(
        Part(number=n + 1, offset=n * 100 * MIB, length=100 * MIB, bytes_done=100 * MIB * (n < 3))
        for n in range(8)
    )
    desk.parts[1] = parts
    async with drive(desk, WIDE) as it:
        await it.press("4", "enter")
        await it.sees("3 of 8, 100 MiB each", "███·····", "41%")
        desk.put(
            transfers=tuple(
                structs.replace(t, bytes_done=t.size or 0, state=TransferState.DONE) if t.id == 1 else t
                for t in desk.ledger.transfers
            )
        )
        await it.sees("100%", "done")


async def test_a_failed_transfer_can_be_retried_from_its_sheet() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", *"jjjjjj", "enter")
        await it.sees("ends in the middle of a block.", "file again and retry.")
        await it.press("R")
        await it.until(lambda: desk.called("wish") == [((7,), Wish.RUN)], "a retry")


async def test_paths_of_files_and_folders_can_be_copied() -> None:
    async with drive(busy()) as it:
        await it.press("4", "Y")
        assert it.app.clipboard == "/data/run_0314"
        await it.press("space", "space", "y")
        assert it.app.clipboard.splitlines() == [
            "/data/run_0314/W22_S5_L001_R1_001.fastq.gz",
            "/home/lab/gencove/B73-rep1/cdab8924_alignment-bam.bam",
        ]


# --- messages -------------------------------------------------------------------------------------------


async def test_messages_cover_no_row_and_can_be_read_again() -> None:
    async with drive(busy(), NARROW) as it:
        await it.press("4", *"jjjjjjj", "p")
        await it.sees("Nothing to pause here")
        rows = [line for line in it.lines if "B73-rep1 impute-vcf" in line or "W22_S5_L001_R1" in line]
        assert len(rows) == 2
        await it.press("escape")
        await it.until(lambda: "Nothing to pause" not in it.text, "no message")
        await it.press("M")
        await it.sees("Messages", "Nothing to pause here")


async def test_the_engines_notice_stands_above_everything() -> None:
    desk = busy()
    desk.put(engine=EngineState(alive=True, pid=1, notice="The disk of /data is full: 0 B left."))
    async with drive(desk) as it:
        await it.sees("The disk of /data is full: 0 B left.")
        desk.put(engine=EngineState(alive=True, pid=1))
        await it.until(lambda: "disk of /data" not in it.text, "no notice")


async def test_the_engine_can_be_started_anew() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("E")
        await it.until(lambda: desk.called("restart_engine"), "another engine")
