"""Progress while it happens: plain counters that transfers move and one writer samples."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gencove_tui.store.ledger import Ledger

WRITE_SECONDS = 0.5
"""How often progress goes to the ledger."""
WRITE_BYTES = 16 << 20
"""Bytes of one range on disk that the ledger may not know of: they would be fetched again after a crash."""
_SMOOTHING_SECONDS = 3.0


class Meter:
    """How far one transfer has got, by part. Only its own transfer writes to it.

    ``keeps_parts``: bytes inside a part count for good (ranges of a download on disk) and so go to the ledger
    too; an S3 part counts only as a whole, when the store has confirmed it. ``far`` is called when the ledger
    lags behind by more than a part may lose.
    """

    def __init__(
        self,
        transfer_id: int,
        size: int | None,
        *,
        keeps_parts: bool = False,
        far: Callable[[], None] = lambda: None,
    ) -> None:
        self.transfer_id = transfer_id
        self.size = size
        self.rate = 0.0
        self._keeps_parts = keeps_parts
        self._far = far
        self._parts: dict[int, int] = {}
        self._seen: tuple[float, int] | None = None
        self._written: tuple[int, int | None, float] | None = None
        self._written_parts: dict[int, int] = {}

    def set(self, part: int, position: int) -> None:
        """Bytes of one part that are through; may go back when the part is sent again."""
        self._parts[part] = position
        if self._keeps_parts and position - self._written_parts.get(part, 0) >= WRITE_BYTES:
            self._far()

    def keep(self, parts: dict[int, int]) -> None:
        """Only these parts count from now on: number and bytes."""
        self._parts = dict(parts)
        self._seen = None

    def position(self, part: int) -> int:
        """Bytes of one part that are through."""
        return self._parts.get(part, 0)

    @property
    def bytes_done(self) -> int:
        """Bytes through, over all parts."""
        return sum(self._parts.values())

    def sample(self, now: float) -> None:
        """Bring the smoothed rate up to date."""
        done = self.bytes_done
        if self._seen is None:
            self._seen = (now, done)
            return
        then, before = self._seen
        elapsed = now - then
        if elapsed <= 0:
            return
        current = max(0, done - before) / elapsed
        weight = min(1.0, elapsed / _SMOOTHING_SECONDS) if self.rate else 1.0
        self.rate += weight * (current - self.rate)
        self._seen = (now, done)

    def unwritten(self) -> tuple[int, int, int | None, float] | None:
        """A row for the ledger if anything changed since the last call."""
        row: tuple[int, int | None, float] = (self.bytes_done, self.size, round(self.rate))
        if row == self._written:
            return None
        self._written = row
        return (self.transfer_id, *row)

    def unwritten_parts(self) -> list[tuple[int, int, int]]:
        """(transfer, part number, bytes) for each part that moved since the last call."""
        if not self._keeps_parts:
            return []
        moved = [
            (self.transfer_id, number, position)
            for number, position in self._parts.items()
            if self._written_parts.get(number) != position
        ]
        self._written_parts.update((number, position) for _, number, position in moved)
        return moved


class Board:
    """The meters of all running transfers."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._meters: dict[int, Meter] = {}
        self.far = asyncio.Event()
        """Set when some range on disk is far ahead of the ledger: time to write."""

    def open(self, transfer_id: int, size: int | None, *, keeps_parts: bool = False) -> Meter:
        """A fresh meter for a transfer that starts."""
        meter = Meter(transfer_id, size, keeps_parts=keeps_parts, far=self.far.set)
        self._meters[transfer_id] = meter
        return meter

    def close(self, transfer_id: int) -> None:
        """The transfer stopped; its last progress is written."""
        meter = self._meters.pop(transfer_id, None)
        if meter is not None:
            meter.rate = 0.0
            self._write([meter])

    def write(self) -> None:
        """Sample all meters and write what changed."""
        now = self._clock()
        self.far.clear()
        for meter in self._meters.values():
            meter.sample(now)
        self._write(list(self._meters.values()))

    def _write(self, meters: list[Meter]) -> None:
        rows = [row for meter in meters if (row := meter.unwritten()) is not None]
        parts = [part for meter in meters for part in meter.unwritten_parts()]
        if rows or parts:
            self._ledger.transfers.progress(rows, parts)
