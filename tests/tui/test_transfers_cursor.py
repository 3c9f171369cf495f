"""The cursor of the transfers is on what matters: rows that have ended don't keep it from what moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from gencove_tui.model import Transfer, TransferState
from gencove_tui.tui.memory import Memory, Remembered
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeDesk, make_snapshot

MOVING, DONE = "1", "8"


def busy(*states: TransferState) -> FakeDesk:
    """Transfers in all states, or only in these."""
    snapshot = make_snapshot()
    kept = tuple(t for t in snapshot.transfers if not states or t.state in states)
    return FakeDesk(ledger=structs.replace(snapshot, transfers=kept))


def queued(number: int, **more: object) -> Transfer:
    like = next(t for t in make_snapshot().transfers if t.state is TransferState.QUEUED)
    return structs.replace(like, id=number, **more)


def at(it: Driver) -> str | None:
    return it.app.main.list_pane("transfers").table.cursor_key


async def test_a_remembered_row_that_has_ended_gives_way_to_what_moves(tmp_path: Path) -> None:
    Memory(tmp_path).save(Remembered(at="transfers", cursors={"transfers": DONE}))
    async with drive(busy(), memory=tmp_path) as it:
        await it.sees("sending")
        assert at(it) == MOVING


async def test_a_remembered_row_is_found_again_where_nothing_moves(tmp_path: Path) -> None:
    Memory(tmp_path).save(Remembered(at="transfers", cursors={"transfers": DONE}))
    async with drive(busy(TransferState.DONE, TransferState.FAILED), memory=tmp_path) as it:
        await it.sees("impute-vcf")
        assert at(it) == DONE


@pytest.mark.parametrize(
    ("in_the_pane", "of_rule", "expected"),
    [(False, None, "99"), (True, None, DONE), (False, 1, DONE)],
    ids=["elsewhere", "in the pane", "by a watch rule"],
)
async def test_what_the_user_queues_elsewhere_takes_the_cursor_from_what_has_ended(
    in_the_pane: bool, of_rule: int | None, expected: str
) -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", "g", *"jjjjjjj")
        assert at(it) == DONE
        await it.press("4" if in_the_pane else "2")
        desk.put(
            transfers=(*desk.ledger.transfers[:5], queued(99, rule_id=of_rule), *desk.ledger.transfers[5:])
        )
        pane = it.app.main.list_pane("transfers")
        await it.until(lambda: len(pane.source) == 11, "the new one")
        assert at(it) == expected


async def test_what_is_queued_leaves_the_cursor_on_what_moves() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("4", "g", "j", "2")
        desk.put(transfers=(queued(99), *desk.ledger.transfers))
        pane = it.app.main.list_pane("transfers")
        await it.until(lambda: len(pane.source) == 11, "the new one")
        assert at(it) == "2"
