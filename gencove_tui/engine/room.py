"""Room on the disks that downloads go to: claimed before the first byte, waited for when it runs out."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from gencove_tui.engine.notices import Notices
from gencove_tui.engine.outcome import DiskFull, TransferFailed
from gencove_tui.engine.progress import Meter
from gencove_tui.store.ledger import Ledger

_TOPIC = "disk"
_LOOK_SECONDS = 5.0
_MIB = 1 << 20


def reserve(total: int) -> int:
    """Bytes of a disk that downloads leave free: 2 GiB or 1 %, but no more than a tenth of a small disk."""
    return min(max(total // 100, 2 << 30), total // 10)


def room_in(folder: Path) -> int:
    """Bytes that downloads may still take in a folder; negative when the reserve is touched."""
    usage = shutil.disk_usage(folder)
    return usage.free - reserve(usage.total)


class _Hold(Struct, frozen=True):
    """Why downloads are not started: one that found no room."""

    transfer_id: int
    folder: Path
    needed: int


class Room:
    """Room claimed by the downloads of one engine. While one of them finds none, no other is started."""

    def __init__(self, ledger: Ledger, notices: Notices, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._notices = notices
        self._clock = clock
        self._claims: dict[int, tuple[int, Meter]] = {}
        self._hold: _Hold | None = None
        self._looked = 0.0

    def claim(self, transfer_id: int, folder: Path, needed: int, meter: Meter) -> None:
        """Keep room for the ``needed`` bytes that a download still has to write below ``folder``.

        Raises ``DiskFull`` when others have it or it isn't there, ``TransferFailed`` when it can't ever be.
        """
        usage = shutil.disk_usage(folder)
        if needed > usage.total:
            raise TransferFailed(
                f"The disk of {folder} is too small",
                f"{_amount(needed)} are needed, it holds {_amount(usage.total)} in all",
                "Choose a folder on a larger disk; then retry.",
            )
        device = os.stat(folder).st_dev  # noqa: PTH116 - one call
        free = usage.free - reserve(usage.total) - self._claimed(device, transfer_id)
        if needed > free:
            raise DiskFull(folder, needed, max(0, free))
        self._claims[transfer_id] = (device, meter)

    def release(self, transfer_id: int) -> None:
        """The download ended; harmless when it had claimed nothing."""
        self._claims.pop(transfer_id, None)

    def _claimed(self, device: int, but: int) -> int:
        return sum(
            max(0, (meter.size or 0) - meter.bytes_done)
            for owner, (where, meter) in self._claims.items()
            if where == device and owner != but
        )

    def ran_out(self, transfer_id: int, problem: DiskFull) -> None:
        """A download found no room: say so once, and start no other until there is."""
        if self._hold is not None:
            return
        self._hold = _Hold(transfer_id, problem.folder, problem.needed)
        self._looked = self._clock()
        text = (
            f"No room in {problem.folder}: {_amount(problem.needed)} are needed,"
            f" {_amount(problem.free)} are free above the reserve."
            " Downloads are paused and go on by themselves when there is room."
        )
        self._notices.set(_TOPIC, text)
        self._ledger.events.add("disk.full", text, {"folder": str(problem.folder), "bytes": problem.needed})

    @property
    def waits(self) -> bool:
        """Whether a download waits for room."""
        return self._hold is not None

    @property
    def holds(self) -> bool:
        """Whether downloads must not be started now; looks every few seconds whether that is over."""
        hold = self._hold
        if hold is None:
            return False
        now = self._clock()
        if now - self._looked < _LOOK_SECONDS:
            return True
        self._looked = now
        transfer = self._ledger.transfers.get(hold.transfer_id)
        wanted = transfer is not None and transfer.wish == "run" and not transfer.state.is_final
        if wanted and not self._has_room(hold):
            return True
        with self._ledger.write(durable=False):
            self._ledger.transfers.wake([hold.transfer_id])
            self._ledger.events.add("disk.room", f"downloads to {hold.folder} go on")
            self._notices.set(_TOPIC, "")
        self._hold = None
        return False

    def _has_room(self, hold: _Hold) -> bool:
        try:
            device = os.stat(hold.folder).st_dev  # noqa: PTH116 - one call
            return room_in(hold.folder) - self._claimed(device, hold.transfer_id) >= hold.needed
        except OSError:
            return True  # the folder is gone: the download itself says what that means


def _amount(count: int) -> str:
    return f"{count / _MIB:,.0f} MiB" if count >= _MIB else f"{count} bytes"
