"""A place far away: a TCP proxy that delays every byte, without limiting how many are under way.

``python -m tests.bench.far PORT RTT_SECONDS`` listens on a free port, which it prints, and passes connections
on to PORT of this machine. A connection takes one round trip to open, then each byte half a round trip each
way. Bandwidth, losses and TCP's slow start are not imitated. Each line on standard input is answered with the
bytes passed so far, both ways; the end of the input ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections import deque

_UNDER_WAY = 64 << 20
"""Bytes of one direction of one connection that may be under way before its sender has to wait."""
_LOOPBACK = "127.0.0.1"


class Counts:
    """Bytes passed: to the server and from it."""

    up = 0
    down = 0


class End(asyncio.Protocol):
    """One end of a connection; what comes in leaves by the other end, later."""

    def __init__(self, proxy: Proxy, upward: bool) -> None:
        self._proxy = proxy
        self._upward = upward
        self._opened = 0.0
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._under_way = 0
        self._blocked = False
        self.other: End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._upward:
            self._opened = self._proxy.loop.time() + self._proxy.rtt
            transport.pause_reading()
            self._proxy.connect(self)

    def paired(self, other: End) -> None:
        self.other, other.other = other, self
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._upward:
            self._proxy.counts.up += len(data)
        else:
            self._proxy.counts.down += len(data)
        self._later(data)
        self._under_way += len(data)
        if self._under_way > _UNDER_WAY and self.transport is not None:
            self.transport.pause_reading()
            self._blocked = True

    def _later(self, data: bytes) -> None:
        loop = self._proxy.loop
        due = max(loop.time(), self._opened) + self._proxy.rtt / 2
        self._waiting.append((due, data))
        if len(self._waiting) == 1:
            loop.call_at(due, self._arrive)

    def _arrive(self) -> None:
        now = self._proxy.loop.time()
        while self._waiting and self._waiting[0][0] <= now + 0.0005:
            _, data = self._waiting.popleft()
            out = self.other.transport if self.other is not None else None
            if out is None or out.is_closing():
                continue
            if data:
                out.write(data)
                self._under_way -= len(data)
            else:
                out.close()
        if self._blocked and self._under_way < _UNDER_WAY // 2 and self.transport is not None:
            self._blocked = False
            self.transport.resume_reading()
        if self._waiting:
            self._proxy.loop.call_at(self._waiting[0][0], self._arrive)

    def connection_lost(self, error: Exception | None) -> None:
        self._later(b"")


class Proxy:
    """Passes connections on to one port."""

    def __init__(self, port: int, rtt: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.port = port
        self.rtt = rtt
        self.counts = Counts()
        self._connecting: set[asyncio.Task[None]] = set()

    def connect(self, near: End) -> None:
        task = self.loop.create_task(self._connect(near))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, near: End) -> None:
        try:
            _, far = await self.loop.create_connection(lambda: End(self, upward=False), _LOOPBACK, self.port)
        except OSError:
            if near.transport is not None:
                near.transport.abort()
            return
        near.paired(far)


async def main(port: int, rtt: float) -> None:
    loop = asyncio.get_running_loop()
    proxy = Proxy(port, rtt)
    server = await loop.create_server(lambda: End(proxy, upward=True), _LOOPBACK, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    asking = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asking), sys.stdin)
    while await asking.readline():
        print(json.dumps({"up": proxy.counts.up, "down": proxy.counts.down}), flush=True)
    server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
