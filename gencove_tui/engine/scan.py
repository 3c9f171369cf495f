"""The one sequential read of a file under upload: it feeds the part checksums and the FASTQ check."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from isal import isal_zlib

from gencove_tui.engine.disks import Disk
from gencove_tui.engine.outcome import StartOver
from gencove_tui.engine.reading import Reader
from gencove_tui.engine.trouble import unreadable
from gencove_tui.fastq.integrity import CheckLevel, FastqCheck, FastqSummary
from gencove_tui.model import Part

PIECE = 1 << 20
"""Bytes read at a time."""
SMALLEST_MULTIPART = 16 << 20
"""Files below this go up in one request."""
_MIB = 1 << 20


def part_size_for(size: int) -> int:
    """Bytes per part: 16 MiB, or as much as keeps a file within 9,000 parts, in whole MiB.

    S3 takes at most 10,000 parts of at least 5 MiB each; the rest is margin. Fixed for the life of an upload.
    """
    return max(SMALLEST_MULTIPART, -(-size // 9000 // _MIB) * _MIB)


def plan_parts(size: int, part_size: int) -> list[Part]:
    """The parts of a file, numbered from 1, without gaps."""
    return [
        Part(number=number, offset=offset, length=min(part_size, size - offset))
        for number, offset in enumerate(range(0, size, part_size), start=1)
    ]


class Scan:
    """Reads parts in order, each exactly once. The reads run in a thread, one at a time.

    The reader is its own to close, since a thread may hang in a read of a dead network disk for long after
    the transfer was stopped.
    """

    def __init__(self, reader: Reader, check: FastqCheck) -> None:
        self._reader = reader
        self._check = check
        self._position = 0
        self._stopped = False
        self._reading = threading.Lock()

    def stop(self) -> None:
        """End a read that may still be going on in its thread, without waiting for it."""
        self._stopped = True
        if self._reading.acquire(blocking=False):
            try:
                self._reader.close()
            finally:
                self._reading.release()

    async def next(self, disk: Disk, part: Part) -> int:
        """``read`` in a thread of the disk. Raises ``DiskAway`` as well, when that doesn't answer."""
        return await disk.run(partial(self.read, part), lambda: self._position)

    async def whole(self, disk: Disk, part: Part, then: Callable[[], None]) -> tuple[int, FastqSummary]:
        """A file of one part: ``read``, ``finish`` and ``then``, in one go. Raises as ``next`` does."""

        def at_once() -> tuple[int, FastqSummary]:
            crc = self.read(part)
            found = self.finish()
            then()
            return crc, found

        return await disk.run(at_once, lambda: self._position)

    def read(self, part: Part) -> int:
        """CRC32 of the next part, which the check has then seen as well.

        Raises ``BrokenFastq`` when the content is not what it should be, ``StartOver`` when the file got
        shorter, ``InterruptedError`` when the transfer was stopped meanwhile.
        """
        if part.offset != self._position:
            raise ValueError(f"part {part.number} is out of order")
        with self._reading:
            try:
                return self._read(part)
            finally:
                if self._stopped:
                    self._reader.close()

    def _read(self, part: Part) -> int:
        crc = 0
        end = part.offset + part.length
        while self._position < end:
            if self._stopped:
                raise InterruptedError
            try:
                piece = self._reader.read(min(PIECE, end - self._position), self._position)
            except OSError as error:
                raise unreadable("the file", error) from error
            if not piece:
                raise StartOver("the file became shorter while it was uploaded")
            crc = isal_zlib.crc32(piece, crc)
            if self._check.level is not CheckLevel.NONE:
                self._check.feed(piece)
            self._position += len(piece)
        return crc

    def finish(self) -> FastqSummary:
        """The last part was read. Raises ``BrokenFastq`` when the content ends too early."""
        return self._check.finish()
