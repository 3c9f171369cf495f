"""Arranging the queue: order, groups, priorities, limits, and taking things back."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from gencove_tui.engine.views import EngineState, Totals
from gencove_tui.errors import Problem
from gencove_tui.model import Part, Transfer, TransferState, Wish
from gencove_tui.store.transfers import Place
from gencove_tui.tui import queue_deeds
from gencove_tui.tui.queue_order import GROUPS, SORTS, Group, arrange
from gencove_tui.tui.screens.limit import LEAST, parse_limit
from tests.tui.driving import BOTH, NARROW, WIDE, drive
from tests.tui.fakes import FakeDesk, ago, make_snapshot, make_transfers

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


async def test_under_a_filter_a_heading_means_what_matches_below_it() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", "b", "slash")
        await it.type("CML247")
        await it.press("enter", "g")
        await it.sees("▾ 2 files", "maize/2025-03-14", "2 of 10")
        assert "failed" not in "".join(line for line in it.lines if "2 files" in line)
        await it.press("enter")
        await it.sees("▸ 2 files")
        await it.press("p")
        await it.until(lambda: desk.called("wish") == [((4, 5), Wish.PAUSE)], "a wish about what matches")
        await it.press("escape")
        await it.sees("▸ 8 files")


async def test_under_a_filter_that_leaves_out_headings_stand_for_the_rest() -> None:
    async with drive(busy()) as it:
        await it.press("4", "b", "slash")
        await it.type("!CML247")
        await it.press("enter")
        await it.sees("▾ 6 files", "▾ 2 files", "B73-rep1 impute-vcf", "8 of 10")
        assert "CML247_S6" not in it.text


async def test_a_marked_heading_counts_as_what_is_below_it() -> None:
    async with drive(busy()) as it:
        await it.press("4", "b", "g", "space")
        await it.sees("8 marked")
        await it.press("asterisk")
        await it.sees("10 marked")


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
    async with drive(desk, WIDE) as it:
        await it.press("4", "j", "j", "j", "space", "space", "plus")
        await it.until(lambda: desk.called("change_priority"), "other priorities")
        assert {t.id: t.priority for t in desk.ledger.transfers if t.priority} == {4: 1, 5: 3}
        await it.sees("prio +3", "Raised the priority of 2 transfers by 1.")


async def test_each_of_several_quick_keys_counts() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4")
        await it.press("plus", "plus", "plus")
        await it.until(lambda: desk.ledger.transfers[0].priority == 3, "three steps")
        await it.sees("Raised the priority of 1 transfer to +3.")
        await it.press("5", "p", "p", "p")
        await it.until(lambda: len(desk.called("switch_rule")) == 3, "three switches")
        assert not desk.ledger.rules[0].rule.active


@pytest.mark.parametrize("size", BOTH)
async def test_a_priority_is_seen_on_a_row_that_moves_too_and_its_key_says_what_it_did(
    size: tuple[int, int],
) -> None:
    desk = busy()
    async with drive(desk, size) as it:
        await it.press("4", "plus")
        await it.until(lambda: desk.called("change_priority") == [((1,), 1)], "a priority")
        await it.sees("Raised the priority of 1 transfer to +1.")
        raised = tuple(
            structs.replace(t, priority={1: 1, 5: -12}.get(t.id, 0)) for t in desk.ledger.transfers
        )
        desk.put(transfers=raised)
        await it.sees("+1 █", "-12")
        await it.press("minus")
        await it.sees("Lowered the priority of 1 transfer to the usual.")


async def test_everything_can_be_paused_and_resumed() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", "P")
        await it.until(lambda: desk.called("wish_all") == [(Wish.PAUSE,)], "a wish to pause all")
        desk.put(totals=structs.replace(desk.ledger.totals, running=0, queued=0, waiting=0, paused=6))
        seen = it.app.main
        await it.until(
            lambda: seen.snapshot is not None and seen.snapshot.totals.paused == 6, "the news of it"
        )
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


@pytest.mark.parametrize(
    ("row", "keys", "said"),
    [
        (0, ("x", "right", "enter"), "Cancelling 1 transfer. Z puts it back from its beginning."),
        (0, ("p",), "Pausing 1 transfer."),
        (5, ("p",), "Resuming 1 transfer."),
        (6, ("R",), "Retrying 1 transfer."),
        (4, ("x",), "Took out of the queue: 1 transfer. Z puts it back."),
    ],
    ids=["cancel", "pause", "resume", "retry", "remove"],
)
async def test_what_a_key_did_is_said(row: int, keys: tuple[str, ...], said: str) -> None:
    async with drive(busy()) as it:
        await it.press("4", *"j" * row, *keys)
        await it.until(lambda: said in it.toasts, "words")


async def test_an_undo_that_failed_can_be_tried_again() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", *"jjjj", "x")
        await it.until(lambda: any("Z puts it back" in text for text in it.toasts), "a removal")
        desk.trouble = Problem("The ledger is locked", "another process writes to it")
        await it.press("Z")
        await it.until(lambda: any("Another process" in text for text in it.toasts), "the trouble")
        desk.trouble = None
        await it.press("Z")
        await it.until(lambda: any("Put 1 transfer back" in text for text in it.toasts), "an undo")


async def test_what_cannot_be_cleared_comes_back_into_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_deeds, "UNDO_SECONDS", 0.1)
    desk = busy()
    async with drive(desk) as it:
        desk.trouble = Problem("The ledger is locked", "another process writes to it")
        await it.press("4", "c")
        await it.until(lambda: any("Another process" in text for text in it.toasts), "the trouble")
        await it.sees("B73-rep1 impute-vcf")


async def test_one_cleared_transfer_is_called_it() -> None:
    desk = busy()
    desk.put(transfers=desk.ledger.transfers[:8], transfers_total=8)
    async with drive(desk) as it:
        await it.press("4", "c")
        await it.until(
            lambda: any("Cleared 1 finished transfer. Z brings it back" in text for text in it.toasts),
            "words",
        )


async def test_where_not_all_are_listed_their_number_is_not_told() -> None:
    desk = busy()
    async with drive(desk) as it:
        desk.put(transfers_total=5000)
        await it.press("4")
        await it.sees("4,990 ")
        await it.press("c")
        await it.until(lambda: any("Cleared all finished transfers." in text for text in it.toasts), "words")


async def test_failures_stay_in_sight_when_what_was_cleared_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_deeds, "UNDO_SECONDS", 0)
    desk = busy()
    late = next(t for t in desk.ledger.transfers if t.id == 8)
    desk.put(transfers=(*desk.ledger.transfers, structs.replace(late, id=11, finished=ago(hours=-1))))
    async with drive(desk) as it:
        await it.press("4", "c")
        await it.until(lambda: desk.called("clear_finished"), "a shorter ledger")
        await it.sees("✗ failed", "✓ done")
        kept = {t.id for t in desk.ledger.transfers}
        assert {7, 11} <= kept, "one that failed, and one that ended after the list was cleared"
        assert not {8, 9, 10} & kept


async def test_an_undo_leaves_paused_what_was_paused() -> None:
    desk = busy()
    fresh = tuple(structs.replace(t, bytes_done=0) if t.id == 6 else t for t in desk.ledger.transfers)
    desk.put(transfers=fresh)
    async with drive(desk) as it:
        await it.press("4", *"jjjjj", "x", "Z")
        await it.until(lambda: len(desk.called("wish")) == 3, "cancel, run, pause")
        assert [wish for _, wish in desk.called("wish")] == [Wish.CANCEL, Wish.RUN, Wish.PAUSE]


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (Totals(running=1, bytes_left=300 * MIB, bytes_ahead=200 * MIB, lasting_rate=2.0 * MIB), "1m 40s"),
        (Totals(running=1, bytes_left=300 * MIB, bytes_ahead=300 * MIB), "300 MiB left, time unknown"),
        (Totals(waiting=1, bytes_left=300 * MIB, up_rate=900.0), "300 MiB left, time unknown"),
    ],
)
async def test_time_left_is_of_all_that_moves_or_is_queued(totals: Totals, said: str) -> None:
    """However slow one of them is: what the others leave of the line will be its own."""
    desk = busy()
    slow = tuple(structs.replace(t, rate=512.0) for t in desk.ledger.transfers)
    desk.put(transfers=slow, totals=totals)
    async with drive(desk) as it:
        await it.press("4")
        await it.sees(said)


async def test_while_all_is_paused_no_time_is_told() -> None:
    desk = busy()
    desk.put(totals=Totals(paused=2, bytes_left=300 * MIB))
    async with drive(desk) as it:
        await it.press("4")
        await it.sees("300 MiB left")
        assert "unknown" not in it.text


async def test_the_chart_shows_what_the_desk_measured() -> None:
    desk = busy()
    desk.put(totals=structs.replace(desk.ledger.totals, chart=(0.0, 0.0, 1.0, 2.0, 0.0, 4.0)))
    async with drive(desk) as it:
        await it.press("4")
        await it.sees("▃▅ █")


async def test_of_the_chart_as_much_as_there_is_room_for_is_shown_and_that_is_the_newest() -> None:
    desk = busy()
    chart = (8.0,) * 26 + (1.0,) * 4
    desk.put(totals=structs.replace(desk.ledger.totals, chart=chart))
    desk.limit = 300 << 10
    async with drive(desk) as it:
        await it.press("4")
        await it.sees("limit 300 KiB/s", "██▂▂▂▂")
        assert "█" * 20 not in it.text


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


async def test_what_is_done_or_under_way_is_not_retried_from_its_sheet() -> None:
    desk = busy()
    async with drive(desk) as it:
        for row in (0, 7):  # running, done
            await it.press("4", "g", *"j" * row, "enter")
            await it.sees("Transfer ", "esc close")
            await it.press("R", "escape")
            await it.until(lambda: it.app.screen is it.app.main, "the main screen")
        assert desk.called("wish") == []


async def test_the_sheet_names_the_rule_that_queued_a_transfer() -> None:
    desk = busy()
    named = tuple(
        structs.replace(view, rule=structs.replace(view.rule, name="novaseq")) if view.rule.id == 2 else view
        for view in desk.ledger.rules
    )
    queued = tuple(structs.replace(t, rule_id={1: 2, 2: 7}.get(t.id)) for t in desk.ledger.transfers)
    desk.put(transfers=queued, rules=named)
    async with drive(desk, WIDE) as it:
        await it.press("4", "enter")
        await it.sees("a watch rule", "Watch rule", "novaseq")
        await it.press("escape", "j", "enter")
        await it.sees("one that was removed (number 7)")


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
