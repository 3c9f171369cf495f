"""The sandbox's clock: real time, with delays that can be shortened, and what is due when."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Wall time plus a list of things that happen later.

    ``speed`` divides every delay given to ``after``; the time itself always runs as the wall clock does, so
    that expiry dates mean the same to a client.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def after(self, seconds: float, action: Callable[[], None], since: float | None = None) -> None:
        """Let ``action`` happen ``seconds`` (divided by the speed) after ``since``, by default now."""
        start = self.now() if since is None else since
        heapq.heappush(self._due, (start + seconds / self.speed, next(self._order), action))

    def run_due(self) -> None:
        """Do everything whose time has come, in order."""
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2]()

    def wait_for_next(self, longest: float) -> float:
        """Seconds until the next thing is due, between 0.005 and ``longest``."""
        if not self._due:
            return longest
        return min(longest, max(0.005, self._due[0][0] - self.now()))


def iso(seconds: float) -> str:
    """``2025-06-25T15:59:08.732257Z``, without a fraction when it is zero, as most fields have it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def iso_space(seconds: float) -> str:
    """``2021-10-12 19:47:15.394485+00:00``, the other form (api-v2 §8: archive_last_status)."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ")


def parse_time(text: str) -> float | None:
    """Seconds since the epoch of an ISO 8601 time, or None when it isn't one; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
