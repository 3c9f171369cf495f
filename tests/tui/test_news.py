"""What is told of a queue that is longer than its list: every failure once, and nothing that is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import structs

from gencove_tui.engine.views import SNAPSHOT_ROWS, EngineState, Snapshot, Totals
from gencove_tui.model import Direction, Transfer, TransferState
from gencove_tui.tui.news import News
from tests.tui.driving import drive
from tests.tui.fakes import NOW, FakeDesk, ago, make_snapshot

QUEUED, RUNNING, DONE, FAILED = (
    TransferState.QUEUED,
    TransferState.RUNNING,
    TransferState.DONE,
    TransferState.FAILED,
)


def upload(number: int, state: TransferState, **more: Any) -> Transfer:
    return Transfer(
        id=number,
        direction=Direction.UPLOAD,
        local_path=f"/d/{number}",
        remote=f"gncv://x/{number}",
        state=state,
        **more,
    )


def snapshot(*transfers: Transfer, **totals: int) -> Snapshot:
    """All of them, and beyond those as many as the totals say."""
    found: dict[str, int] = {}
    for transfer in transfers:
        found[transfer.state.value] = found.get(transfer.state.value, 0) + 1
    counted = {name: n for name, n in found.items() if name in Totals.__struct_fields__}
    return Snapshot(transfers=transfers, totals=Totals(**{**counted, **totals}))


class Told:
    """News, and what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.rung = 0
        self.news = News(self._say, self._ring)

    def _say(self, text: str, *, title: str = "", **_: Any) -> None:
        self.said.append(f"{title}: {text}" if title else text)

    def _ring(self) -> None:
        self.rung += 1

    def read(self, shown: Snapshot) -> list[str]:
        """What this snapshot makes it say."""
        self.said = []
        self.news.read(shown)
        return self.said


def test_old_failures_that_come_into_the_list_as_the_queue_gets_short_are_no_news() -> None:
    told = Told()
    queue = [upload(n, QUEUED) for n in range(1000)]
    recent = upload(4000, DONE, finished=ago(days=1))
    old = [upload(5000 + n, FAILED, finished=ago(days=7), problem="gone") for n in range(2)]
    old += [upload(6000 + n, DONE, finished=ago(days=7)) for n in range(2)]
    told.read(snapshot(*queue, recent, queued=1500, failed=2, done=3))
    assert told.read(snapshot(*queue[:500], recent, *old, queued=500, failed=2, done=3)) == []
    assert told.rung == 0


def test_a_failure_is_told_once_also_of_a_transfer_that_was_not_in_the_list_before() -> None:
    told = Told()
    queue = [upload(n, QUEUED) for n in range(10)]
    told.read(snapshot(*queue, upload(50, DONE, finished=ago(hours=1)), queued=2000))
    failed = upload(1500, FAILED, finished=ago(seconds=2), problem="The file is gone")
    after = snapshot(*queue, failed, upload(50, DONE, finished=ago(hours=1)), queued=1999)
    assert told.read(after) == ["1500 failed: The file is gone."]
    assert told.read(after) == []


def test_a_transfer_that_was_retried_and_failed_again_between_two_looks_is_told_again() -> None:
    told = Told()
    told.read(snapshot(upload(1, FAILED, finished=ago(minutes=1), problem="Disk full")))
    again = upload(1, FAILED, finished=ago(seconds=1), problem="Disk full")
    assert told.read(snapshot(again)) == ["1 failed: Disk full."]
    assert told.read(snapshot(again)) == []


def test_more_failures_than_the_list_holds_are_counted_all_the_same() -> None:
    told = Told()
    told.read(snapshot(upload(1, RUNNING), queued=900))
    failed = [
        upload(n, FAILED, finished=NOW - timedelta(seconds=n / 100), problem="gone") for n in range(2, 252)
    ]
    said = told.read(snapshot(upload(1, RUNNING), *failed, queued=300, failed=600))
    assert [text for text in said if "failed:" in text] == [f"{n} failed: Gone." for n in (2, 3, 4)]
    assert said[-1] == "597 more transfers failed."
    assert told.rung == 1


def test_nothing_is_over_while_something_is_paused_or_waits() -> None:
    told = Told()
    told.read(snapshot(upload(1, RUNNING), upload(2, QUEUED)))
    done = upload(1, DONE, finished=ago(seconds=1))
    paused, waiting = upload(2, TransferState.PAUSED), upload(2, TransferState.WAITING)
    assert told.read(snapshot(done, paused)) == []
    assert told.read(snapshot(done, waiting)) == []
    assert told.rung == 0
    end = snapshot(done, upload(2, DONE, finished=NOW))
    assert told.read(end) == ["2 transfers done, and none is left."]
    assert told.rung == 1
    assert told.read(end) == []


def test_the_end_of_the_queue_names_how_many_failed() -> None:
    told = Told()
    old = upload(9, FAILED, finished=ago(days=3))
    told.read(snapshot(upload(1, RUNNING), upload(2, RUNNING), old))
    done, failed = upload(1, DONE, finished=NOW), upload(2, FAILED, finished=NOW, problem="gone")
    said = told.read(snapshot(done, failed, old))
    assert said == ["2 failed: Gone.", "1 transfer done, and none is left but 2 that failed."]


def test_what_was_there_already_is_done_too_and_what_is_not_listed_counts() -> None:
    told = Told()
    told.read(snapshot(upload(1, QUEUED), queued=5000))
    skipped = upload(1, TransferState.SKIPPED, finished=NOW)
    assert told.read(snapshot(skipped, done=5000)) == ["5,000 transfers done, and none is left."]


async def test_a_failure_among_thousands_is_listed_told_and_renews_nothing_else() -> None:
    queue = tuple(upload(n, QUEUED) for n in range(3 * SNAPSHOT_ROWS))
    desk = FakeDesk(
        ledger=Snapshot(
            transfers=queue,
            transfers_total=len(queue),
            totals=Totals(queued=len(queue)),
            engine=EngineState(alive=True, pid=1),
        )
    )
    async with drive(desk) as it:
        await it.press("4")
        await it.sees("and 2,000 more")
        failed = upload(1700, FAILED, finished=NOW, problem="The file is gone")
        desk.put(
            transfers=(*queue[:1700], failed, *queue[1701:]),
            totals=Totals(queued=len(queue) - 1, failed=1),
        )
        await it.sees("1700 failed", "The file is gone")
        await it.press("G")
        await it.sees("✗ failed")


async def test_old_transfers_that_come_into_the_list_renew_no_upload_area() -> None:
    base = make_snapshot()
    desk = FakeDesk(ledger=base)
    seen = upload(80, DONE, finished=ago(hours=1))
    desk.put(transfers=(*base.transfers, seen))
    async with drive(desk) as it:
        await it.press("3")
        await it.until(lambda: desk.called("uploads"), "a first look")
        asked = len(desk.called("uploads"))
        desk.put(transfers=(*base.transfers, seen, upload(81, DONE, finished=ago(days=1))))
        await it.until(lambda: not desk.dirty, "a look at the ledger")
        await it.pilot.pause()
        assert len(desk.called("uploads")) == asked
        newer = structs.replace(upload(82, DONE), finished=NOW)
        desk.put(transfers=(*base.transfers, newer, seen))
        await it.until(lambda: len(desk.called("uploads")) > asked, "another look")
