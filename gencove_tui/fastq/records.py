"""The structure of FASTQ text: records of four lines, checked block by block.

Reads of one length, the usual case, are recognised by a regular expression that is made for that length; the
rest is split into lines and compared in lists. Both keep the work in C: it takes 0.6 to 1.0 of the time that
the decompression before it takes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn

from isal import isal_zlib

from gencove_tui.fastq.broken import BrokenFastq

BLOCK = 256 << 10
"""Plain bytes that are gathered before they are looked at."""
MAX_RECORD = 16 << 20
"""Longest record in bytes. The longest nanopore reads stay well below."""
SAMPLE_EVERY = 1024
"""Distance, in records, of the names that go into ``Records.sampled_names``."""

_RUN = 16
"""Records that one regular expression spans."""
_SHOWN = 40


@lru_cache(maxsize=16)
def _run_of(length: int) -> re.Pattern[bytes]:
    """Matches ``_RUN`` records of ``length`` bases each. ``.`` never matches a line end."""
    record = rb"@.*+\n.{%d}+\n\+.*+\n.{%d}+\n" % (length, length)
    return re.compile(record * _RUN)


def read_name(header: bytes) -> str:
    """The name in a header line: after the ``@``, up to the first blank, without ``/1`` or ``/2``."""
    words = header[1:].split(None, 1)
    name = words[0] if words else b""
    if name.endswith((b"/1", b"/2")):
        name = name[:-2]
    return name.decode("utf-8", "backslashreplace")


class Records:
    """Checks FASTQ text that is fed in pieces. Lines may end with LF or CRLF."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._threshold = BLOCK
        self._last_header = b""
        self._length = 0
        self.count = 0
        """Whole records so far."""
        self.first_name = ""
        self.sampled_names = 0
        """CRC32 over the names of every ``SAMPLE_EVERY``-th record."""
        self.ends_with_newline = True
        """False when the last line has no line end, which must be mended before files are joined."""

    @property
    def last_name(self) -> str:
        """Name of the last whole record."""
        return read_name(self._last_header)

    def feed(self, plain: bytes) -> None:
        """Take the next piece; raises ``BrokenFastq``."""
        self._pending.append(plain)
        self._pending_size += len(plain)
        if self._pending_size >= self._threshold:
            tail = self._take(b"".join(self._pending))
            if len(tail) > MAX_RECORD:
                self._fail(1, f"it is longer than {MAX_RECORD >> 20} MiB")
            if tail and not tail.startswith(b"@"):
                # No need to wait for the end of the line.
                self._explain([tail])
            self._pending = [tail]
            self._pending_size = len(tail)
            # Twice the tail, so that a long record is not split again and again as it grows.
            self._threshold = max(BLOCK, min(2 * len(tail), MAX_RECORD + 1))

    def finish(self) -> None:
        """Say that the text ends here; raises ``BrokenFastq`` unless it ends with a whole record."""
        text = b"".join(self._pending)
        self._pending = []
        if text and not text.endswith(b"\n"):
            self.ends_with_newline = False
            text += b"\n"
        tail = self._take(text)
        if tail:
            if not tail.strip():
                self._fail(1, "a blank line stands where a record should begin")
            lines = tail.split(b"\n")
            self._explain(lines[:-1])
            self._cut(1, f"{len(lines) - 1} of 4 lines are there")
        if not self.count:
            raise BrokenFastq.malformed(self._name, "it holds no reads")

    def _take(self, text: bytes) -> bytes:
        """Check all whole records in ``text`` and return what is left over."""
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        lines = text[self._check_runs(text) :].split(b"\n")
        tail = lines.pop()
        left = len(lines) % 4
        if left:
            tail = b"\n".join((*lines[-left:], tail))
            del lines[-left:]
        if lines:
            self._check(lines)
        return tail

    def _check_runs(self, text: bytes) -> int:
        """Check as many records of the usual length as ``text`` begins with; return where they end."""
        if not self._length:
            return 0
        match = _run_of(self._length).match
        start = end = 0
        while (run := match(text, end)) is not None:
            start, end = end, run.end()
            if -self.count % SAMPLE_EVERY < _RUN:
                self._sample_names(text[start:end].split(b"\n")[:-1:4])
            self.count += _RUN
        if end:
            self._last_header = text[start:end].rsplit(b"\n", 5)[1]
        return end

    def _check(self, lines: list[bytes]) -> None:
        """Check whole records of any length."""
        headers, sequences, pluses, qualities = lines[0::4], lines[1::4], lines[2::4], lines[3::4]
        lengths = list(map(len, sequences))
        # The least and the greatest begin with the same byte only if all between them do.
        if not (
            min(headers)[:1] == b"@" == max(headers)[:1]
            and (pluses.count(b"+") == len(pluses) or min(pluses)[:1] == b"+" == max(pluses)[:1])
            and lengths == list(map(len, qualities))
            and all(lengths)
        ):
            self._explain(lines)
        if len(lengths) >= _RUN and lengths.count(lengths[0]) == len(lengths):
            self._length = lengths[0]
        if not self.count:
            self.first_name = read_name(headers[0])
        self._sample_names(headers)
        self.count += len(headers)
        self._last_header = headers[-1]

    def _sample_names(self, headers: list[bytes]) -> None:
        """Take note of every so-manieth among the next ``headers``."""
        for index in range(-self.count % SAMPLE_EVERY, len(headers), SAMPLE_EVERY):
            self.sampled_names = isal_zlib.crc32(read_name(headers[index]).encode(), self.sampled_names)

    def _explain(self, lines: list[bytes]) -> None:
        """Raise for the first thing that is wrong with ``lines``, which begin with a record."""
        for start in range(0, len(lines), 4):
            number = start // 4 + 1
            record = lines[start : start + 4]
            if not record[0].startswith(b"@"):
                self._fail(number, f"it should begin with '@' and begins with {_show(record[0])}")
            if len(record) > 1 and not record[1]:
                self._fail(number, "its sequence is empty")
            if len(record) > 2 and not record[2].startswith(b"+"):
                self._fail(number, f"its third line should begin with '+' and begins with {_show(record[2])}")
            if len(record) > 3 and len(record[1]) != len(record[3]):
                why = f"{len(record[1]):,} bases but {len(record[3]):,} quality values"
                if not self.ends_with_newline and start + 4 == len(lines) and len(record[3]) < len(record[1]):
                    self._cut(number, why)
                self._fail(number, why)

    def _cut(self, number: int, why: str) -> NoReturn:
        record = self.count + number
        raise BrokenFastq.cut(self._name, f"it ends within record {record:,}: {why}", record=record)

    def _fail(self, number: int, why: str) -> NoReturn:
        record = self.count + number
        raise BrokenFastq.malformed(
            self._name, f"record {record:,} (line {4 * record - 3:,}): {why}", record=record
        )


def _show(line: bytes) -> str:
    """The start of a line for people to read, with anything unprintable escaped."""
    if not line:
        return "nothing (a blank line)"
    return ascii(line[:_SHOWN].decode("latin-1"))
