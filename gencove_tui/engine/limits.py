"""How much may move at a time: connections in flight, and bytes per second over all of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from gencove_tui.model import Direction

SMALL_PER_LARGE = 4
"""Small files in flight for each large one that may be: their cost is waiting for answers, not the line."""
_SLICE_SECONDS = 0.25
"""How soon a change of the limit is felt by those that wait."""
_LEAST_RATE = 64 << 10
"""Bytes per second that a limit must leave to each connection: more of them would only stand idle in turn."""
_TURNS_PER_SECOND = 8
_LEAST_TURN = 1 << 10
"""Bytes. S3 drops a body that stands still for some 20 s, so each moves little and often."""


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

    async def take(self, direction: Direction, count: int) -> int:
        """Wait for a turn; returns how many of ``count`` bytes may move in it, one at least."""
        if self._is_off():
            return count
        async with self._turns[direction], self._turn:
            while (rate := self.rate) is not None:
                now = self._clock()
                # Unused time is worth a quarter of a second at the most, or the line would be flooded later.
                self._credit = min(rate / 4, self._credit + (now - self._then) * rate)
                self._then = now
                if self._credit >= 0:
                    count = min(count, max(_LEAST_TURN, rate // _TURNS_PER_SECOND))
                    self._credit -= count  # perhaps into debt, which those after it wait for
                    return count
                await asyncio.sleep(min(_SLICE_SECONDS, -self._credit / rate))
            self._credit = 0.0
        return count

    def _is_off(self) -> bool:
        return self.rate is None


class Lane:
    """Requests with a body in flight: ``most``, or fewer where a limit or the line itself is too slow for it.

    Used as a semaphore is.
    """

    def __init__(self, most: int, limiter: Limiter) -> None:
        self._most = most
        self._limiter = limiter
        self._proven = most
        """How many the line is thought to carry."""
        self._held = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def places(self) -> int:
        """How many may be in flight now."""
        rate = self._limiter.rate
        return self._proven if rate is None else min(self._proven, max(1, rate // _LEAST_RATE))

    def locked(self) -> bool:
        """Whether the next one has to wait."""
        return bool(self._waiting) or self._held >= self.places

    async def acquire(self) -> None:
        """Take a place, in turn."""
        if not self.locked():
            self._held += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # it was given in the same moment
            else:
                with contextlib.suppress(ValueError):  # passed over already: all were cancelled at once
                    self._waiting.remove(turn)
            raise

    def release(self) -> None:
        """Give a place back."""
        self._held -= 1
        self.follow()

    def follow(self) -> None:
        """Let in those for whom there is a place, as when the limit was raised."""
        while self._waiting and self._held < self.places:
            turn = self._waiting.popleft()
            if not turn.done():
                self._held += 1
                turn.set_result(None)

    def stalled(self) -> None:
        """One of them stood still: the line does not carry so many."""
        self._proven = max(1, min(self._proven, self._held) // 2)

    def carried(self) -> None:
        """One of them came through: try one more."""
        self._proven = min(self._most, self._proven + 1)
        self.follow()

    async def __aenter__(self) -> Self:
        await self.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Lanes:
    """A lane for each direction, and apart for small files and parts of large ones.

    Up and down don't compete, since a line carries both at once; small files never wait behind the parts of
    large ones.
    """

    def __init__(self, parts_at_once: int, limiter: Limiter) -> None:
        self._parts = {direction: Lane(parts_at_once, limiter) for direction in Direction}
        self._small = {direction: Lane(parts_at_once * 2, limiter) for direction in Direction}

    def of(self, direction: Direction, *, small: bool) -> Lane:
        """Held while a request with a body is in flight."""
        return (self._small if small else self._parts)[direction]

    def follow(self) -> None:
        """The limit has changed."""
        for lane in (*self._parts.values(), *self._small.values()):
            lane.follow()
