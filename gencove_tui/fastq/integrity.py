"""Is this file a whole, valid FASTQ? Checked in one pass over its bytes, which may be on their way elsewhere.

Rules: transfer-anchors §3.6, perf-probes §2.5. Memory stays bounded whatever the file holds. All heavy work
happens in C; the decompression lets go of the interpreter lock, the record check holds it for well under a
millisecond at a time, so run it in a thread beside an event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from isal import isal_zlib
from msgspec import Struct, structs

from gencove_tui.fastq.broken import BrokenFastq
from gencove_tui.fastq.gunzip import Gunzip
from gencove_tui.fastq.records import Records

__all__ = ["BrokenFastq", "CheckLevel", "FastqCheck", "FastqSummary", "check_file", "crc32", "crc32_combine"]

READ = 1 << 20
"""Bytes that ``check_file`` reads at once."""
_PIECE = 64 << 10
"""Compressed bytes handled at once; larger pieces cost copies where a file has many gzip members."""
_STRIDE = 512
_HOLE = bytes(7)
"""So many zeros in a row, ``_STRIDE`` bytes apart, are a page of zeros. Compressed reads never hold one, but
files that a copier has laid out in advance do."""
_HOLE_REACH = 1 << 20
"""How far behind a hole, in compressed bytes, its consequence may show."""


class CheckLevel(StrEnum):
    """How closely a FASTQ is looked at."""

    FULL = "full"
    """gzip to its clean end and every record's structure."""
    GZIP = "gzip"
    """gzip to its clean end."""
    NONE = "none"
    """Bytes are counted and summed, nothing more; even an empty file passes."""


class FastqSummary(Struct, frozen=True, kw_only=True):
    """What one pass over a sound file has found."""

    level: CheckLevel
    size: int
    """Bytes of the file."""
    crc32: int
    """CRC32 of the file's bytes."""
    plain_size: int | None = None
    """Bytes after decompression; None at level ``none``."""
    members: int | None = None
    """Number of gzip members; None at level ``none``."""
    ends_with_eof_block: bool = False
    """Whether the file ends as BGZF should. Illumina's bcl2fastq writes BGZF without that block."""
    records: int | None = None
    """Number of reads; None below level ``full``, as the rest is empty there."""
    first_name: str = ""
    """Name of the first read, up to the first blank, without ``/1`` or ``/2``."""
    last_name: str = ""
    sampled_names: int = 0
    """CRC32 over the names of every 1024th read, so that mates can be compared in between too."""
    ends_with_newline: bool = True


def crc32(data: bytes | bytearray | memoryview, value: int = 0) -> int:
    """CRC32 of ``data``, continuing from ``value``; the same as ``zlib.crc32`` and several times as fast."""
    return isal_zlib.crc32(data, value)


def crc32_combine(first: int, second: int, second_length: int) -> int:
    """CRC32 of two pieces joined, from the CRC32 of each and the length in bytes of the second."""
    return isal_zlib.crc32_combine(first, second, second_length)


class FastqCheck:
    """Checks one file whose bytes are fed in order.

    ``name`` is what errors call the file; an ending ``.bgz`` in it makes the BGZF end block obligatory.
    After an error, or after ``finish``, the object is spent.
    """

    def __init__(self, level: CheckLevel = CheckLevel.FULL, name: str = "the file") -> None:
        self.level = level
        self.size = 0
        """Bytes fed so far."""
        self.crc32 = 0
        """CRC32 of the bytes fed so far."""
        self._name = name
        self._gunzip = Gunzip(name) if level is not CheckLevel.NONE else None
        self._records = Records(name) if level is CheckLevel.FULL else None
        self._glances = b""
        self._hole_end: int | None = None

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the file, any number of them; raises ``BrokenFastq``."""
        view = memoryview(chunk)
        for start in range(0, len(view), _PIECE):
            piece = view[start : start + _PIECE]
            self.crc32 = isal_zlib.crc32(piece, self.crc32)
            if self._gunzip is not None:
                self._look_for_hole(piece)
                try:
                    self._inspect(self._gunzip, piece)
                except BrokenFastq as problem:
                    self._judge(problem)
            self.size += len(piece)

    def finish(self) -> FastqSummary:
        """Say that the file ends here; raises ``BrokenFastq`` unless it may."""
        if self._gunzip is None:
            return FastqSummary(level=self.level, size=self.size, crc32=self.crc32)
        try:
            self._gunzip.finish()
            if self._records is not None:
                self._records.finish()
        except BrokenFastq as problem:
            self._judge(problem)
        self._check_block_end(self._gunzip)
        summary = FastqSummary(
            level=self.level,
            size=self.size,
            crc32=self.crc32,
            plain_size=self._gunzip.size,
            members=self._gunzip.members,
            ends_with_eof_block=self._gunzip.ends_with_eof_block,
        )
        if self._records is None:
            return summary
        return structs.replace(
            summary,
            records=self._records.count,
            first_name=self._records.first_name,
            last_name=self._records.last_name,
            sampled_names=self._records.sampled_names,
            ends_with_newline=self._records.ends_with_newline,
        )

    def _inspect(self, gunzip: Gunzip, piece: memoryview) -> None:
        for plain in gunzip.feed(piece):
            if self._records is not None:
                self._records.feed(plain)

    def _check_block_end(self, gunzip: Gunzip) -> None:
        """Catch BGZF that was cut between two blocks, where gzip itself notices nothing.

        Only a ``.bgz`` is held to the end block: bcl2fastq has never written one into its ``.fastq.gz``
        (samtools/samtools#1467, samtools/htslib#1323). There the text must end with a whole line instead,
        and at level ``full`` with a whole record.
        """
        if gunzip.ends_with_eof_block:
            return
        if self._name.lower().endswith(".bgz"):
            raise BrokenFastq.cut(self._name, "the block that ends every BGZF file is missing")
        if gunzip.blocked and self._records is None and gunzip.last_byte != b"\n":
            raise BrokenFastq.cut(self._name, "the last block ends in the middle of a line")

    def _look_for_hole(self, piece: memoryview) -> None:
        self._glances = self._glances[1 - len(_HOLE) :] + bytes(piece[-self.size % _STRIDE :: _STRIDE])
        if _HOLE in self._glances:
            self._hole_end = self.size + len(piece)

    def _judge(self, problem: BrokenFastq) -> NoReturn:
        """Raise ``problem``, or what is behind it if the file has a hole not far before."""
        near = self._hole_end is not None and self.size - self._hole_end <= _HOLE_REACH
        if problem.truncated or not near:
            raise problem
        raise BrokenFastq.cut(
            self._name, "it has stretches of zeros, as if it were laid out in full and still being filled"
        ) from problem


def check_file(
    path: Path, level: CheckLevel = CheckLevel.FULL, cancel: Callable[[], bool] | None = None
) -> FastqSummary | None:
    """Check a file on disk; None when ``cancel`` said so, which is asked before every MiB.

    Raises ``BrokenFastq``, or ``OSError`` when the file can't be read.
    """
    check = FastqCheck(level, path.name)
    buffer = memoryview(bytearray(READ))
    with path.open("rb", buffering=0) as file:
        while True:
            if cancel is not None and cancel():
                return None
            count = file.readinto(buffer)
            if not count:
                return check.finish()
            check.feed(buffer[:count])
