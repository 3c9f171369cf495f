"""Which transfers run now: brings the ledger's states in line with its wishes, one step at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from functools import partial

from gencove_tui.engine.download import DownloadJob
from gencove_tui.engine.outcome import StartOver, TransferFailed, TransferWaits, backoff, judged
from gencove_tui.engine.upload import UploadJob
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Direction, Transfer, TransferState, Wish

log = logging.getLogger(__name__)

_LOOK_AHEAD = 32
"""Queued transfers looked at beyond the free places, since some may have to wait for their file."""
_CLEAN_UP_SECONDS = 30.0

Job = UploadJob | DownloadJob


class Scheduler:
    """Starts, stops and judges transfers. ``step`` is called whenever something may have changed."""

    def __init__(self, work: Work, *, uploads_at_once: int, downloads_at_once: int) -> None:
        self._work = work
        self._ledger = work.ledger.transfers
        self._limits = {Direction.UPLOAD: uploads_at_once, Direction.DOWNLOAD: downloads_at_once}
        self._running: dict[int, tuple[Transfer, asyncio.Task[None]]] = {}
        self._cleaning: dict[int, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether any transfer is moving."""
        return bool(self._running or self._cleaning)

    async def wait_for_change(self, timeout: float) -> None:
        """Return early when a transfer ended."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), timeout)
        self._woken.clear()

    async def step(self) -> None:
        """Follow the wishes, then fill the free places."""
        await self._follow_wishes()
        self._start_what_fits()

    async def stop(self) -> None:
        """Stop all transfers; their progress is in the ledger and they go on at the next start."""
        tasks = [*(task for _, task in self._running.values()), *self._cleaning.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- wishes ------------------------------------------------------------------------------------

    async def _follow_wishes(self) -> None:
        for transfer in self._ledger.unwanted():
            running = self._running.get(transfer.id)
            if running is not None:
                running[1].cancel()
                await asyncio.gather(running[1], return_exceptions=True)
            # While that was awaited it may have ended, been cleared, or been wished otherwise.
            now = self._ledger.get(transfer.id)
            if now is None or now.wish is not transfer.wish or now.state.is_final:
                continue
            if transfer.wish is Wish.PAUSE:
                self._ledger.set_state(transfer.id, TransferState.PAUSED)
                self._tell(transfer, "paused", f"paused {_name(transfer)}")
            elif transfer.id not in self._cleaning:
                self._cancel(transfer)

    def _cancel(self, transfer: Transfer) -> None:
        # The state first: if the clean-up is cut short, what is left behind is harmless and unseen.
        self._ledger.set_state(transfer.id, TransferState.CANCELLED)
        self._tell(transfer, "cancelled", f"cancelled {_name(transfer)}")
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
        finally:
            self._woken.set()

    # --- running -------------------------------------------------------------------------------------

    def _start_what_fits(self) -> None:
        for direction, limit in self._limits.items():
            free = limit - sum(t.direction is direction for t, _ in self._running.values())
            if free <= 0:
                continue
            busy = {place for t, _ in self._running.values() for place in _places(t)}
            known = (*self._running, *self._cleaning)
            for transfer in self._ledger.runnable(direction, free + _LOOK_AHEAD, time.time(), known):
                # Two transfers never share a file on either side: the second waits for the first.
                if free <= 0 or not busy.isdisjoint(_places(transfer)):
                    continue
                free -= 1
                busy.update(_places(transfer))
                task = asyncio.create_task(self._run(transfer), name=f"transfer {transfer.id}")
                self._running[transfer.id] = (transfer, task)
                task.add_done_callback(partial(self._ended, transfer.id))

    def _ended(self, transfer_id: int, task: asyncio.Task[None]) -> None:
        """However the task ended, even before it began: its place is free again."""
        self._running.pop(transfer_id, None)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("transfer %d: its end could not be noted: %r", transfer_id, error)

    def _job(self, transfer: Transfer) -> Job:
        kind = UploadJob if transfer.direction is Direction.UPLOAD else DownloadJob
        return kind(self._work, transfer)

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
            self._end_badly(
                transfer,
                TransferFailed(
                    f"{_name(transfer)} hit an error in gencove-tui itself",
                    "details are in the engine's log",
                    "Retry; please report it if it stays so.",
                ),
            )
        else:
            self._end_well(transfer, state, time.monotonic() - began)

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

    def _end_well(self, transfer: Transfer, state: TransferState, seconds: float) -> None:
        with self._work.ledger.write():
            self._ledger.set_state(transfer.id, state)
            after = self._ledger.get(transfer.id) or transfer
            words = {
                (Direction.UPLOAD, TransferState.DONE): f"uploaded {_name(transfer)} to {transfer.remote}",
                (Direction.DOWNLOAD, TransferState.DONE): f"downloaded {transfer.remote}"
                + (", sha256 verified" if after.verified else ", no checksum known"),
                (Direction.UPLOAD, TransferState.SKIPPED): f"{transfer.remote} is there already, same size",
                (Direction.DOWNLOAD, TransferState.SKIPPED): f"{transfer.local_path} is there already",
            }
            self._tell(
                after,
                str(state),
                words[transfer.direction, state],
                bytes=after.size,
                seconds=round(seconds, 3),
                sha256=after.checksum,
            )

    def _end_badly(self, transfer: Transfer, error: TransferFailed | TransferWaits) -> None:
        if isinstance(error, TransferFailed):
            state, retry_at = TransferState.FAILED, None
        else:
            current = self._ledger.get(transfer.id) or transfer
            delay = error.delay if error.delay is not None else backoff(current.attempts)
            state, retry_at = TransferState.WAITING, time.time() + delay
        reason = f"{error.what}: {error.why}" if error.why else error.what
        log.info("transfer %d %s: %s", transfer.id, state, error)
        with self._work.ledger.write():
            again = self._ledger.get(transfer.id)
            self._ledger.set_state(transfer.id, state, problem=reason, remedy=error.remedy, retry_at=retry_at)
            # A wait that repeats for the same reason is told once.
            if again is None or state is TransferState.FAILED or again.attempts <= 1:
                self._tell(transfer, str(state), f"{_name(transfer)}: {reason}", remedy=error.remedy)

    def _tell(self, transfer: Transfer, what: str, message: str, **data: str | int | float | None) -> None:
        self._work.ledger.events.add(
            f"{transfer.direction}.{what}",
            message,
            {"local": transfer.local_path, "remote": transfer.remote, **data},
            transfer_id=transfer.id,
            rule_id=transfer.rule_id,
        )


def _places(transfer: Transfer) -> tuple[tuple[Direction, str], ...]:
    """The local and the remote file, which no other transfer of that direction may be busy with."""
    if transfer.direction is Direction.DOWNLOAD:
        return ((transfer.direction, transfer.local_path),)
    return (transfer.direction, transfer.local_path), (transfer.direction, transfer.remote)


def _name(transfer: Transfer) -> str:
    if transfer.direction is Direction.DOWNLOAD:
        return transfer.remote
    return transfer.local_path.rsplit("/", 1)[-1]
