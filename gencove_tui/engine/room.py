"""Room on the disks that downloads go to: claimed before the first byte, waited for when it runs out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
from functools import partial
from pathlib import Path

from msgspec import Struct

from gencove_tui.engine.disks import Disks
from gencove_tui.engine.notices import Notices
from gencove_tui.engine.outcome import DiskFull, TransferFailed
from gencove_tui.engine.progress import Meter
from gencove_tui.errors import Problem
from gencove_tui.model import Wish
from gencove_tui.store.database import LedgerProblem
from gencove_tui.store.ledger import Ledger

log = logging.getLogger(__name__)

_TOPIC = "disk"
_LOOK_SECONDS = 5.0
_LONGEST_REST = 300.0
_MIB = 1 << 20


def reserve(total: int) -> int:
    """Bytes of a disk that downloads leave free: 2 GiB or 1 %, but no more than a tenth of a small disk."""
    return min(max(total // 100, 2 << 30), total // 10)


class Space(Struct, frozen=True):
    """A disk, as it was a moment ago."""

    device: int
    total: int
    free: int


def space_in(folder: Path) -> Space:
    """The disk of a folder; may wait for it."""
    usage = shutil.disk_usage(folder)
    return Space(os.stat(folder).st_dev, usage.total, usage.free)  # noqa: PTH116 - one call


def room_in(folder: Path) -> int:
    """Bytes that downloads may still take in a folder; negative when the reserve is touched."""
    space = space_in(folder)
    return space.free - reserve(space.total)


class Room:
    """Room claimed by the downloads of one engine. While one of them finds none, no other is started."""

    def __init__(self, ledger: Ledger, notices: Notices, disks: Disks) -> None:
        self._ledger = ledger
        self._notices = notices
        self._disks = disks
        self._claims: dict[int, tuple[int, Meter]] = {}
        self._waiting: set[int] = set()
        self._look: asyncio.Task[None] | None = None
        self._holds = False
        self._hit = False
        """A write had failed: that the disk shows room is no proof then."""
        self._told_of: Path | None = None
        """The folder that everybody has been told of."""
        self._rest = 0.0
        """Seconds that a disk is left alone on which a write had failed."""

    async def claim(self, transfer_id: int, folder: Path, needed: int, meter: Meter) -> None:
        """Keep room for the ``needed`` bytes that a download still has to write below ``folder``.

        Raises ``DiskFull`` when others have it or it isn't there, ``TransferFailed`` when it can't ever be.
        """
        space = await self._disks.of(folder).soon(partial(space_in, folder))
        if needed > space.total:
            raise TransferFailed(
                f"The disk of {folder} is too small",
                f"{_amount(needed)} are needed, it holds {_amount(space.total)} in all",
                "Choose a folder on a larger disk; then retry.",
            )
        free = self._left(space, transfer_id)
        if needed > free:
            raise DiskFull(folder, needed, max(0, free))
        self._claims[transfer_id] = (space.device, meter)

    def release(self, transfer_id: int) -> None:
        """The download ended; harmless when it had claimed nothing."""
        self._claims.pop(transfer_id, None)

    def proved(self, folder: Path) -> None:
        """Bytes have reached the disk of a folder: a write there that found no room is history."""
        told_of = self._told_of
        if told_of is not None and not self._holds and self._disks.of(folder) is self._disks.of(told_of):
            self._tell_of_room(told_of)

    def _left(self, space: Space, but: int) -> int:
        """Bytes above the reserve that no other download has claimed."""
        claimed = sum(
            max(0, (meter.size or 0) - meter.bytes_done)
            for owner, (device, meter) in self._claims.items()
            if device == space.device and owner != but
        )
        return space.free - reserve(space.total) - claimed

    @property
    def holds(self) -> bool:
        """Whether a download waits for room, so that no other is to be started."""
        return self._holds

    def ran_out(self, transfer_id: int, problem: DiskFull) -> None:
        """A download found no room: say so once, and start no other until there is."""
        self._waiting.add(transfer_id)
        self._hit |= problem.hit
        if self._holds:
            return
        if self._look is not None:
            self._look.cancel()
        self._holds = True
        if first := self._told_of is None:
            self._told_of = problem.folder
            self._rest = _LOOK_SECONDS
        self._look = asyncio.create_task(self._until_room(transfer_id, problem))
        self._look.add_done_callback(self._looked)
        if not first:
            return  # a quota, perhaps: the disk shows room, but takes nothing
        text = (
            f"No room in {problem.folder}: {_amount(problem.needed)} are needed,"
            f" {_amount(problem.free)} are free above the reserve."
            " Downloads are paused and go on by themselves when there is room."
        )
        with contextlib.suppress(LedgerProblem):  # telling it must not be what keeps it from ending
            self._notices.set(_TOPIC, text)
            self._ledger.events.add(
                "disk.full", text, {"folder": str(problem.folder), "bytes": problem.needed}
            )

    def _looked(self, look: asyncio.Task[None]) -> None:
        if not look.cancelled() and (error := look.exception()) is not None:
            log.error("the look for room ended: %r", error)
        if look is self._look:  # whatever happened, nobody waits for a look that has ended
            self._look = None
            self._holds = False

    async def _until_room(self, transfer_id: int, problem: DiskFull) -> None:
        rested = 0.0
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            rested += _LOOK_SECONDS
            if await self._is_over(transfer_id, problem, rested) and self._go_on():
                break
        self._rest = min(self._rest * 2, _LONGEST_REST)
        while self._told_of is not None:
            if not (self._hit and self._any_wanted()) and self._tell_of_room(self._told_of):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _is_over(self, transfer_id: int, problem: DiskFull, rested: float) -> bool:
        """Look once. A disk that has shown room but taken nothing is given rests that grow."""
        try:
            if not self._is_wanted(transfer_id):
                return True
            return await self._has_room(transfer_id, problem) and not (self._hit and rested < self._rest)
        except Problem as trouble:
            log.info("no look for room now: %s", trouble)
            return False

    def _any_wanted(self) -> bool:
        """Whether one of those that were woken may still write the bytes that prove that there is room."""
        try:
            return any(self._is_wanted(transfer_id) for transfer_id in self._waiting)
        except LedgerProblem:
            return True

    def _is_wanted(self, transfer_id: int) -> bool:
        transfer = self._ledger.transfers.get(transfer_id)
        return transfer is not None and transfer.wish is Wish.RUN and not transfer.state.is_final

    async def _has_room(self, transfer_id: int, problem: DiskFull) -> bool:
        disk = self._disks.of(problem.folder)
        try:
            space = await disk.soon(partial(space_in, problem.folder))
        except OSError:
            return True  # the folder is gone: the download itself says what that means
        return self._left(space, transfer_id) >= problem.needed

    def _go_on(self) -> bool:
        """Wake those that wait; False while the ledger can't be written."""
        try:
            self._ledger.transfers.wake(self._waiting)
        except LedgerProblem as trouble:
            log.warning("there is room, but the ledger can't be used now: %s", trouble)
            return False
        self._holds = False
        return True

    def _tell_of_room(self, folder: Path) -> bool:
        try:
            with self._ledger.write(durable=False):
                self._ledger.events.add("disk.room", f"downloads to {folder} go on")
                self._notices.set(_TOPIC, "")
        except LedgerProblem as trouble:
            log.warning("there is room, but the ledger can't be used now: %s", trouble)
            return False
        self._told_of = None
        self._hit = False
        self._waiting.clear()
        return True

    async def stop(self) -> None:
        """Stop looking."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)


def _amount(count: int) -> str:
    return f"{count / _MIB:,.0f} MiB" if count >= _MIB else f"{count} bytes"
