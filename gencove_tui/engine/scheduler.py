"""Which transfers run now: brings the ledger's states in line with its wishes, one step at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from functools import partial

from gencove_tui.engine.document import DocumentJob
from gencove_tui.engine.download import DownloadJob
from gencove_tui.engine.limits import SMALL_PER_LARGE
from gencove_tui.engine.line import HOST, STORE, Line
from gencove_tui.engine.outcome import DiskFull, StartOver, TransferFailed, TransferWaits, judged
from gencove_tui.engine.targets import DOCUMENTS
from gencove_tui.engine.telling import Telling, name_of
from gencove_tui.engine.upload import UploadJob
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Direction, Transfer, TransferState, Wish
from gencove_tui.store.schema import SMALL

log = logging.getLogger(__name__)

_LOOK_AHEAD = 32
"""Queued transfers looked at beyond the free places, since some may have to wait for their file."""
_CLEAN_UP_SECONDS = 30.0
_CLEAN_UP_AGAIN_SECONDS = 60.0
_ASIDE_AT_ONCE = 64
"""Of one direction, such as uploads that have sent everything and only wait for Gencove to notice."""

Job = UploadJob | DownloadJob | DocumentJob


class Scheduler:
    """Starts, stops and judges transfers. ``step`` is called whenever something may have changed."""

    def __init__(self, work: Work, *, uploads_at_once: int, downloads_at_once: int) -> None:
        self._work = work
        self._ledger = work.ledger.transfers
        self._telling = Telling(work.ledger)
        self._limits = {Direction.UPLOAD: uploads_at_once, Direction.DOWNLOAD: downloads_at_once}
        self._running: dict[int, tuple[Transfer, asyncio.Task[None]]] = {}
        self._aside: set[int] = set()
        """Those that only wait for the other side or for a disk: their places are free for others."""
        self._cleaning: dict[int, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._look_back_at: float | None = 0.0
        """When to look for clean-ups that were cut short or failed; None when there are none."""
        far = (work.ledger, work.notices, self._woken.set)
        self._line = Line(work.api.check_key, HOST, *far)
        self._store = Line(self._ask_store, STORE, *far)

    @property
    def busy(self) -> bool:
        """Whether any transfer is moving, or waits for the line to come back."""
        return bool(self._running or self._cleaning) or self._line.is_down or self._store.is_down

    async def wait_for_change(self, timeout: float) -> bool:
        """Return early, with True, when a transfer ended."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), timeout)
        woken = self._woken.is_set()
        self._woken.clear()
        return woken

    async def step(self) -> None:
        """Follow the wishes, then fill the free places."""
        if self._look_back_at is not None and time.monotonic() >= self._look_back_at:
            self._look_back_at = None
            self._finish_clean_ups()
        await self._follow_wishes()
        self._ledger.wake_waiting(time.time())
        self._line.hurry()
        self._store.hurry()
        if not self._line.is_down:
            self._start_what_fits()

    async def stop(self) -> None:
        """Stop all transfers; their progress is in the ledger and they go on at the next start."""
        tasks = [*(task for _, task in self._running.values()), *self._cleaning.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._line.stop()
        await self._store.stop()

    # --- wishes ------------------------------------------------------------------------------------

    async def _follow_wishes(self) -> None:
        paused, cancelled = self._ledger.follow_at_rest((*self._running, *self._cleaning))
        self._telling.followed(paused, "paused")
        self._telling.followed(cancelled, "cancelled")
        self._store.drop(transfer.id for transfer in (*paused, *cancelled))
        for transfer in self._ledger.unwanted():
            running = self._running.get(transfer.id)
            if running is not None:
                running[1].cancel()
                await asyncio.gather(running[1], return_exceptions=True)
            # While that was awaited it may have ended, been cleared, or been wished otherwise.
            now = self._ledger.get(transfer.id)
            if now is None or now.wish is not transfer.wish or now.state.is_final:
                continue
            self._store.drop([transfer.id])
            if transfer.wish is Wish.PAUSE:
                self._ledger.set_state(transfer.id, TransferState.PAUSED)
                self._telling.followed([transfer], "paused")
            elif transfer.id not in self._cleaning:
                self._cancel(transfer)

    def _cancel(self, transfer: Transfer) -> None:
        # The state first: if the clean-up is cut short, the next engine takes it up again.
        self._ledger.set_state(transfer.id, TransferState.CANCELLED)
        self._telling.followed([transfer], "cancelled")
        self._start_clean_up(transfer)

    def _finish_clean_ups(self) -> None:
        """Take up what an engine before this one, or a store that was away, left of cancelled transfers."""
        for transfer in self._ledger.half_cancelled():
            if transfer.id not in self._cleaning:
                self._start_clean_up(transfer)

    def _start_clean_up(self, transfer: Transfer) -> None:
        # A task of its own: a store that does not answer must not hold up the others.
        task = asyncio.create_task(self._clean_up(transfer))
        self._cleaning[transfer.id] = task
        task.add_done_callback(lambda _: self._cleaning.pop(transfer.id, None))

    async def _clean_up(self, transfer: Transfer) -> None:
        try:
            async with asyncio.timeout(_CLEAN_UP_SECONDS):
                await self._job(transfer).abandon()
        except (Problem, OSError, TimeoutError, KeyError) as error:
            log.warning("clean-up after cancelling transfer %d: %r", transfer.id, error)
            self._look_back_at = time.monotonic() + _CLEAN_UP_AGAIN_SECONDS
        finally:
            self._woken.set()

    # --- running -------------------------------------------------------------------------------------

    def _start_what_fits(self) -> None:
        for direction in Direction:
            held = self._work.room.holds if direction is Direction.DOWNLOAD else self._store.is_down
            if held:
                continue
            for small in (True, False):
                self._fill(direction, small=small)

    def _fill(self, direction: Direction, *, small: bool) -> None:
        moving = [t for i, (t, _) in self._running.items() if i not in self._aside]
        limit = self._limits[direction] * (SMALL_PER_LARGE if small else 1)
        free = limit - sum(t.direction is direction and _is_small(t) is small for t in moving)
        aside = sum(self._running[i][0].direction is direction for i in self._aside)
        free = min(free, _ASIDE_AT_ONCE - aside)
        busy = {place for t, _ in self._running.values() for place in _places(t)}
        for ahead in (0, _LOOK_AHEAD):
            if free <= 0:
                return
            known = (*self._running, *self._cleaning)
            found = self._ledger.runnable(direction, free + ahead, known, small=small)
            more = len(found) == free + ahead
            for transfer in found:
                # Two transfers never share a file on either side: the second waits for the first.
                if free <= 0 or not busy.isdisjoint(_places(transfer)):
                    continue
                free -= 1
                busy.update(_places(transfer))
                task = asyncio.create_task(self._run(transfer), name=f"transfer {transfer.id}")
                self._running[transfer.id] = (transfer, task)
                task.add_done_callback(partial(self._ended, transfer.id))
            if not more:
                return

    def _ended(self, transfer_id: int, task: asyncio.Task[None]) -> None:
        """However the task ended, even before it began: its place is free again."""
        self._running.pop(transfer_id, None)
        self._aside.discard(transfer_id)
        self._work.room.release(transfer_id)
        if task.cancelled() or (error := task.exception()) is None:
            self._woken.set()
        else:  # the ledger can't be written: the next look is soon enough
            log.error("transfer %d: its end could not be noted: %r", transfer_id, error)

    def _job(self, transfer: Transfer) -> Job:
        if transfer.direction is Direction.UPLOAD:
            return UploadJob(self._work, transfer, all_sent=partial(self._step_aside, transfer.id, True))
        if transfer.source is not None and transfer.source.file_type in DOCUMENTS:
            return DocumentJob(self._work, transfer)
        return DownloadJob(self._work, transfer, aside=partial(self._step_aside, transfer.id))

    def _step_aside(self, transfer_id: int, away: bool) -> None:
        """Its place is free for another meanwhile."""
        if away and transfer_id in self._running:
            self._aside.add(transfer_id)
            self._woken.set()
        else:
            self._aside.discard(transfer_id)

    async def _run(self, transfer: Transfer) -> None:
        began = time.monotonic()
        try:
            self._ledger.set_state(transfer.id, TransferState.RUNNING, count_attempt=True)
            state = await self._with_one_new_start(transfer)
        except asyncio.CancelledError:
            # Paused, cancelled or the engine stops: the wish says which, the parts are kept.
            self._ledger.set_state(transfer.id, TransferState.QUEUED)
            raise
        except Problem as error:
            self._end_badly(transfer, judged(error))
        except Exception:  # a mistake of ours must not take the other transfers down
            log.exception("transfer %d ended in an unexpected error", transfer.id)
            self._fail(
                transfer,
                TransferFailed(
                    f"{name_of(transfer)} hit an error in gencove-tui itself",
                    "details are in the engine's log",
                    "Retry; please report it if it stays so.",
                ),
            )
        else:
            self._telling.ended_well(transfer, state, time.monotonic() - began)
            self._store.drop([transfer.id])

    async def _with_one_new_start(self, transfer: Transfer) -> TransferState:
        job = self._job(transfer)
        try:
            return await job.run()
        except StartOver as reason:
            log.info("transfer %d starts over: %s", transfer.id, reason)
            await job.abandon()
        job = self._job(transfer)
        try:
            return await job.run()
        except StartOver as reason:
            await job.abandon()
            raise job.gave_up(reason) from reason

    def _end_badly(self, transfer: Transfer, error: TransferFailed | TransferWaits) -> None:
        log.info("transfer %d: %s", transfer.id, error)
        if isinstance(error, TransferFailed):
            self._fail(transfer, error)
            return
        # Told once for all transfers.
        known = error.offline or error.storeless or isinstance(error, DiskFull)
        self._telling.waits(transfer, error, silently=known)
        if error.offline:
            self._line.lost(transfer.id, error)
        if error.storeless:
            self._store.lost(transfer.id, error)
        if isinstance(error, DiskFull):
            self._work.room.ran_out(transfer.id, error)
            if error.hit:
                self._rest_downloads(but=transfer.id)

    async def _ask_store(self) -> None:
        """Look at an object that may be there: any answer will do."""
        s3 = await self._work.s3()
        for transfer_id in self._store.waiting:
            if (now := self._ledger.get(transfer_id)) is not None and not now.state.is_final:
                journal = self._ledger.journal(transfer_id)
                await s3.head(journal.bucket, journal.object_key)
                return

    def _fail(self, transfer: Transfer, error: TransferFailed) -> None:
        self._store.drop([transfer.id])
        now = self._ledger.get(transfer.id)
        if now is not None and now.wish is Wish.CANCEL:  # wished in the same moment: then it is cleaned up
            self._ledger.set_state(transfer.id, TransferState.QUEUED)
        else:
            self._telling.failed(transfer, error)

    def _rest_downloads(self, *, but: int) -> None:
        """The disk is full: the others would only find out one by one. They go back to the queue."""
        for transfer_id, (transfer, task) in self._running.items():
            if transfer.direction is Direction.DOWNLOAD and transfer_id != but:
                task.cancel()


def _is_small(transfer: Transfer) -> bool:
    return transfer.size is not None and transfer.size < SMALL


def _places(transfer: Transfer) -> tuple[tuple[Direction, str], ...]:
    """The local and the remote file, which no other transfer of that direction may be busy with."""
    if transfer.direction is Direction.DOWNLOAD:
        return ((transfer.direction, transfer.local_path),)
    return (transfer.direction, transfer.local_path), (transfer.direction, transfer.remote)
