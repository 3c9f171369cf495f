"""Decompression of gzip that is fed with bytes in order and misses nothing that is wrong with them.

Every member must come to its clean end (length and CRC agree); a few zeros after the last one are padding, as
gzip takes them, and anything else there is refused (perf-probes §2.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from isal import isal_zlib

from gencove_tui.fastq.broken import BrokenFastq

OUTPUT = 1 << 20
"""Most plain bytes handed out at once, so that a gzip bomb costs time and never memory."""

_MAGIC = b"\x1f\x8b\x08"
_HEAD_LIMIT = 256 << 10
"""A member's head holds at most 64 KiB of extra field; names and comments never come near the rest."""
_PADDING_LIMIT = 10_240
"""Bytes of padding that a tape or archive block may leave. More zeros are room still to be filled."""
_GLANCE = 64
"""Bytes that hold most heads."""
_HEADER_CRC, _EXTRA, _FILE_NAME, _COMMENT = 2, 4, 8, 16
"""Flags of a member's head (RFC 1952)."""
_GZIP = 31
"""zlib's window bits for a gzip wrapper with checked length and CRC."""
# isal's type stubs declare the exception class as an instance of Exception.
_Error = cast("type[Exception]", isal_zlib.IsalError)


def _head_length(head: bytes) -> int | None:
    """Length of a member's head (RFC 1952); None while its end is not in sight.

    isal goes astray when a head with a CRC or with two optional fields comes in pieces, so it only ever
    gets whole heads.
    """
    if len(head) < 12:
        return None
    flags, end = head[3], 10
    if flags & _EXTRA:
        end += 2 + int.from_bytes(head[10:12], "little")
    for flag in (_FILE_NAME, _COMMENT):
        if flags & flag:
            end = head.find(0, end) + 1
            if not end:
                return None
    if flags & _HEADER_CRC:
        end += 2
    return end if end <= len(head) else None


class Gunzip:
    """A push decompressor for files of any number of gzip members."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inflate: isal_zlib.Decompress | None = None
        self._head = b""
        self._padding = 0
        self._consumed = 0
        self._member_size = 0
        self.members = 0
        """Members begun."""
        self.size = 0
        """Plain bytes so far."""
        self.last_byte = b""
        """The last plain byte so far."""
        self.blocked = False
        """Whether the member begun last is a BGZF block (extra field ``BC``)."""

    @property
    def ends_with_eof_block(self) -> bool:
        """Whether the last member is an empty BGZF block, which marks the end (SAM specification §4.1.2)."""
        return self.blocked and self._inflate is None and self._member_size == 0

    def feed(self, data: memoryview) -> Iterator[bytes]:
        """Yield the plain bytes that ``data`` completes, at most ``OUTPUT`` at a time.

        Raises ``BrokenFastq``. The iterator must be run to its end before the next call.
        """
        start = self._consumed
        self._consumed += len(data)
        more = False
        while more or len(data):
            if self._inflate is None:
                data = self._begin(data)
                continue
            try:
                plain = self._inflate.decompress(data, OUTPUT)
            except _Error as error:
                raise BrokenFastq.damaged(self._name, self._words(error, start)) from None
            if plain:
                self.size += len(plain)
                self._member_size += len(plain)
                self.last_byte = plain[-1:]
                yield plain
            if self._inflate.eof:
                data = memoryview(self._inflate.unused_data)
                self._inflate = None
                more = False
            else:
                data = memoryview(self._inflate.unconsumed_tail)
                # At its limit the decompressor may hold back output although it has swallowed all input.
                more = len(plain) >= OUTPUT

    def finish(self) -> None:
        """Say that no byte follows; raises ``BrokenFastq`` unless the last member has ended."""
        if self._consumed == 0:
            raise BrokenFastq.cut(self._name, "it is empty")
        if self._padding > _PADDING_LIMIT:
            raise BrokenFastq.cut(
                self._name, f"it ends in {self._padding:,} zeros, as if it were still to be filled"
            )
        if self._inflate is not None or self._head:
            raise BrokenFastq.cut(
                self._name, f"the compressed data stops short after {self._consumed:,} bytes"
            )

    def _begin(self, data: memoryview) -> memoryview:
        """Start the next member once enough of its head is there; return the bytes not yet used."""
        if self._padding or (self.members and not self._head and data[0] == 0):
            self._padding += len(data)
            if bytes(data).strip(b"\0"):
                raise self._stranger()
            return data[len(data) :]
        if self._head:
            # The start of the head came with an earlier call.
            data = memoryview(self._head + bytes(data))
        self._head = bytes(data[:_GLANCE])
        if not self._plausible():
            raise self._stranger()
        length = _head_length(self._head)
        if length is None and len(data) > _GLANCE:
            self._head = bytes(data)
            length = _head_length(self._head)
        if length is None:
            if len(data) > _HEAD_LIMIT:
                raise BrokenFastq.damaged(self._name, "the head of its compressed data does not end")
            return data[len(data) :]
        self.members += 1
        self.blocked = bool(self._head[3] & _EXTRA) and self._head[12:16] == b"BC\x02\x00"
        self._head = b""
        self._member_size = 0
        self._inflate = isal_zlib.decompressobj(_GZIP)
        return data

    def _plausible(self) -> bool:
        return self._head[:3] == _MAGIC[: len(self._head)]

    def _stranger(self) -> BrokenFastq:
        if not self.members and not any(self._head):
            return BrokenFastq.cut(self._name, "it begins with zeros, as if it were still to be filled")
        if self.members:
            return BrokenFastq.damaged(
                self._name, "something that is not gzip follows after the compressed data"
            )
        return BrokenFastq.malformed(
            self._name, f"it is not gzip: it begins with {ascii(self._head[:12])[1:]}"
        )

    @staticmethod
    def _words(error: Exception, offset: int) -> str:
        reason = str(error).split(maxsplit=2)[-1].lower()
        return f"the compressed data is wrong near byte {offset:,} ({reason})"
