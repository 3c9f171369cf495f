"""A piece of a file as the body of an S3 request, with honest progress."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from gencove_tui.api.errors import Kind
from gencove_tui.api.s3_errors import S3Problem

PIECE = 256 << 10
"""Bytes handed to the connection at a time."""
_ACKED = 120
"""Where Linux writes ``tcpi_bytes_acked`` in ``struct tcp_info``: eight bytes, since 4.1."""
_TCP_INFO_BYTES = _ACKED + 8

Source = int | Callable[[int, int], bytes]
"""A descriptor, or what reads so many bytes at an offset."""
Aside = Callable[[Callable[[], bytes]], Awaitable[bytes]]


def reader(source: Source) -> Callable[[int, int], bytes]:
    """What reads so many bytes at an offset, or fewer at the end."""
    return partial(os.pread, source) if isinstance(source, int) else source


def received(transport: asyncio.Transport) -> int:
    """Bytes that the other end of a connection has confirmed; minus those not sent where that isn't told."""
    connection = transport.get_extra_info("socket")
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        return int.from_bytes(told[_ACKED : _ACKED + 8], sys.byteorder)
    except (AttributeError, OSError):  # another system, or the connection is closed
        return -transport.get_write_buffer_size()


class FileBody:
    """A piece of an open file as a request body.

    Each iteration begins anew and reports its own position to ``moved``, so that a repeat never counts twice.
    ``limiter`` is awaited before a piece is handed over and says how long that may be. ``aside`` makes the
    reads where they may take long; without it they are made at once.
    """

    def __init__(
        self,
        source: Source,
        offset: int,
        length: int,
        moved: Callable[[int], None],
        limiter: Callable[[int], Awaitable[int]] | None = None,
        aside: Aside | None = None,
    ) -> None:
        self._read = reader(source)
        self._offset = offset
        self._length = length
        self._moved = moved
        self._limiter = limiter
        self._aside = aside
        self._position = 0
        self.held = False
        """Whether the limiter or a read keeps it waiting: it stands still, but the line is all right."""
        self.transport: asyncio.Transport | None = None
        """The connection that it goes out on."""
        self._handed = 0

    @property
    def reached(self) -> tuple[int, int]:
        """Changes with every byte that leaves: those handed over, and those that the other end has received.

        On a slow line most of a second's bytes move between buffers of which only the system knows.
        """
        return self._handed, 0 if self.transport is None else received(self.transport)

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """For the client library's checks; the bytes themselves go out by iteration."""
        left = max(0, self._length - self._position)
        piece = self._read(left if size < 0 else min(size, left), self._here())
        self._position += len(piece)
        return piece

    def _here(self) -> int:
        return self._offset + self._position

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Move as in a file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = base + position
        return self._position

    def tell(self) -> int:
        """Position as in a file."""
        return self._position

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        position = self._handed = 0
        self._moved(0)
        while position < self._length:
            wanted = min(PIECE, self._length - position)
            if self._limiter is not None:
                self.held = True
                wanted = await self._limiter(wanted)
                self.held = False
            if self._aside is None:
                piece = self._read(wanted, self._offset + position)
            else:
                self.held = True
                piece = await self._aside(partial(self._read, wanted, self._offset + position))
                self.held = False
            if not piece:
                raise S3Problem(
                    "The file became shorter while it was sent",
                    "IncompleteBody",
                    kind=Kind.CONFLICT,
                    retryable=False,
                    why="another program changed it",
                    remedy="Wait until it is complete; then upload it again.",
                )
            yield piece
            position += len(piece)
            self._handed = position
            self._moved(position)
            await asyncio.sleep(0)  # a fast line would otherwise keep the loop for a whole part
