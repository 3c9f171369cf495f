"""How much may move at a time: connections in flight, and bytes per second over all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gencove_tui.model import Direction

SMALL_PER_LARGE = 4
"""Small files in flight for each large one that may be: their cost is waiting for answers, not the line."""
_SLICE_SECONDS = 0.25
"""How soon a change of the limit is felt by those that wait."""


class Lanes:
    """Requests in flight, apart for each direction and for small files and parts of large ones.

    Up and down don't compete, since a line carries both at once; small files never wait behind the parts of
    large ones.
    """

    def __init__(self, parts_at_once: int) -> None:
        self._parts = {direction: asyncio.Semaphore(parts_at_once) for direction in Direction}
        self._small = {direction: asyncio.Semaphore(parts_at_once * 2) for direction in Direction}

    def of(self, direction: Direction, *, small: bool) -> asyncio.Semaphore:
        """Held while a request with a body is in flight."""
        return (self._small if small else self._parts)[direction]


class Limiter:
    """A limit on bytes per second for the sum of all transfers; None lets everything through.

    ``rate`` may change at any time. Those that wait are served in turn, the two directions alternating.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate: int | None = None
        self._clock = clock
        self._credit = 0.0
        self._then = clock()
        self._turn = asyncio.Lock()
        self._turns = {direction: asyncio.Lock() for direction in Direction}

    async def take(self, direction: Direction, count: int) -> None:
        """Wait until ``count`` bytes may move."""
        if self._is_off():
            return
        async with self._turns[direction], self._turn:
            while (rate := self.rate) is not None:
                now = self._clock()
                # Unused time is worth a quarter of a second at the most, or the line would be flooded later.
                self._credit = min(rate / 4, self._credit + (now - self._then) * rate)
                self._then = now
                if self._credit >= 0:
                    self._credit -= count  # perhaps into debt, which those after it wait for
                    return
                await asyncio.sleep(min(_SLICE_SECONDS, -self._credit / rate))
            self._credit = 0.0

    def _is_off(self) -> bool:
        return self.rate is None
