"""Connections to one host, in several small pools instead of a large one.

The HTTP library looks at each idle connection of a pool, by system calls, whenever a request begins or ends.
With sixteen in one pool that costs as much CPU as the small requests of many uploads themselves.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import httpx

_POOLS = 4
_EACH = 4
"""Connections of a pool."""
LIMITS = httpx.Limits(max_connections=_EACH, max_keepalive_connections=_EACH, keepalive_expiry=30)


class Pools:
    """Makes its clients as they are needed: few requests at a time use one. Close it with ``aclose``."""

    def __init__(self, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make
        self._clients = [make()]
        self._busy = [0]

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.AsyncClient]:
        """The client for one request: the first with a free connection, or else the least busy one."""
        if min(self._busy) >= _EACH and len(self._clients) < _POOLS:
            self._clients.append(self._make())
            self._busy.append(0)
        free = (number for number, busy in enumerate(self._busy) if busy < _EACH)
        chosen = next(free, self._busy.index(min(self._busy)))
        self._busy[chosen] += 1
        try:
            yield self._clients[chosen]
        finally:
            self._busy[chosen] -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.aclose()
