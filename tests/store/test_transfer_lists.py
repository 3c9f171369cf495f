"""What screens are told of the queue: never more than asked for, never without what has just failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gencove_tui.model import GncvPath, Transfer, TransferState
from gencove_tui.store.ledger import Ledger
from tests.tui.fakes import as_listed

LIMIT = 40


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "state") as opened:
        yield opened


def add(ledger: Ledger, number: int, state: TransferState = TransferState.QUEUED) -> list[int]:
    """Queue so many transfers, and let them come to this state one after the other."""
    found = []
    with ledger.write():
        for _ in range(number):
            n = ledger.transfers.count()
            found.append(ledger.transfers.add_upload(f"/d/{n}", GncvPath(f"gncv://x/{n}"), 10))
            if state is not TransferState.QUEUED:
                ledger.transfers.set_state(found[-1], state)
    return found


def ids(transfers: list[Transfer], *states: TransferState) -> list[int]:
    return [t.id for t in transfers if t.state in states]


def test_what_failed_and_what_ended_last_is_listed_however_long_the_queue_is(ledger: Ledger) -> None:
    add(ledger, 30, TransferState.DONE)
    failed = add(ledger, 2, TransferState.FAILED)
    done = add(ledger, 20, TransferState.DONE)
    queued = add(ledger, 5 * LIMIT)
    shown = ledger.transfers.listing(LIMIT)
    assert len(shown) == LIMIT
    assert ids(shown, TransferState.FAILED) == failed[::-1]
    ended = ids(shown, TransferState.DONE)
    assert ended == done[::-1][: len(ended)]
    assert len(ended) >= LIMIT // 5
    assert ids(shown, TransferState.QUEUED) == queued[: LIMIT - len(ended) - 2]


def test_of_a_thousand_failures_the_newest_are_listed_and_the_queue_keeps_its_place(ledger: Ledger) -> None:
    failed = add(ledger, 3 * LIMIT, TransferState.FAILED)
    queued = add(ledger, 3 * LIMIT)
    shown = ledger.transfers.listing(LIMIT)
    assert len(shown) == LIMIT
    kept = ids(shown, TransferState.FAILED)
    assert kept == failed[::-1][: len(kept)]
    assert ids(shown, TransferState.QUEUED) == queued[: LIMIT - len(kept)]
    assert len(kept) <= LIMIT // 2


def test_a_short_queue_leaves_its_room_to_history(ledger: Ledger) -> None:
    failed = add(ledger, 1, TransferState.FAILED)
    done = add(ledger, 3 * LIMIT, TransferState.DONE)
    (moving,) = add(ledger, 1, TransferState.RUNNING)
    shown = ledger.transfers.listing(LIMIT)
    assert shown[0].id == moving
    assert ids(shown, TransferState.DONE) == done[::-1][: LIMIT - 2]
    assert ids(shown, TransferState.FAILED) == failed


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 7, 39, 40, 1000])
def test_a_list_is_never_longer_than_asked_for_and_holds_nothing_twice(ledger: Ledger, limit: int) -> None:
    for state in TransferState:
        add(ledger, 5, state)
    shown = ledger.transfers.listing(limit)
    assert len(shown) == len({t.id for t in shown}) == min(limit, ledger.transfers.count())


def test_sums_tell_how_many_there_are_and_how_much_is_still_to_move(ledger: Ledger) -> None:
    add(ledger, 3)
    (moving,) = add(ledger, 1, TransferState.RUNNING)
    ledger.transfers.progress([(moving, 4, 10, 1.0)])
    add(ledger, 2, TransferState.FAILED)
    assert ledger.transfers.sums() == {
        TransferState.QUEUED: (3, 30),
        TransferState.RUNNING: (1, 6),
        TransferState.FAILED: (2, 0),
    }


def test_a_list_costs_the_same_however_long_queue_and_history_are(ledger: Ledger) -> None:
    def fill(rounds: int) -> None:
        for _ in range(rounds):
            for state in (TransferState.DONE, TransferState.FAILED, TransferState.QUEUED):
                add(ledger, LIMIT, state)

    def cost() -> int:
        return steps(ledger, lambda: ledger.transfers.listing(LIMIT))

    fill(2)
    before = cost()
    fill(20)
    assert cost() < 1.5 * before


def steps(ledger: Ledger, act: Callable[[], object]) -> int:
    """How many instructions of SQLite's machine an act takes."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection = ledger._db._connection
    connection.set_progress_handler(count, 1)
    try:
        act()
    finally:
        connection.set_progress_handler(None, 1)
    return counted


def test_the_double_of_the_ledger_that_screens_are_tested_on_cuts_as_the_ledger_does(ledger: Ledger) -> None:
    for state in (TransferState.DONE, TransferState.FAILED, TransferState.QUEUED, TransferState.DONE):
        add(ledger, LIMIT, state)
    add(ledger, 2, TransferState.RUNNING)
    everything = ledger.transfers.listing(1000)
    assert as_listed(everything, LIMIT) == tuple(ledger.transfers.listing(LIMIT))


def test_what_is_read_together_is_of_one_moment(ledger: Ledger, tmp_path: Path) -> None:
    (only,) = add(ledger, 1)
    with Ledger(tmp_path / "state") as other, ledger.read():
        before = ledger.transfers.sums()
        other.transfers.set_state(only, TransferState.DONE)
        assert ledger.transfers.sums() == before
    assert TransferState.DONE in ledger.transfers.sums()
