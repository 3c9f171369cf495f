"""Waiting on a line that may have died without saying so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from gencove_tui.engine.outcome import TransferWaits

T = TypeVar("T")

STALL_SECONDS = 60.0
"""A connection that moves no byte for so long is dropped. There is never a deadline on a whole part."""
_LOOKS = 6
"""How often in that time it is looked at."""


class Stalled(TransferWaits):
    """A connection was dropped because nothing moved on it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "The connection stalled", f"no byte moved for {seconds:.0f} s", "It is tried again by itself."
        )


async def unless_stalled(
    work: Awaitable[T], moved: Callable[[], object], failure: Callable[[float], TransferWaits] = Stalled
) -> T:
    """Await ``work``, but give up when ``moved()`` stands still for ``STALL_SECONDS``.

    Raises ``failure`` of those then, with the work cancelled.
    """
    seconds = STALL_SECONDS

    def give_up(since: datetime | None) -> None:
        if since is not None:
            raise failure(seconds)

    return await told_when_still(work, moved, give_up)


async def told_when_still(
    work: Awaitable[T], moved: Callable[[], object], tell: Callable[[datetime | None], None]
) -> T:
    """Await ``work`` however long it takes.

    ``tell`` hears since when ``moved()`` stands still once that are ``STALL_SECONDS``, and None when it goes
    on. What it raises ends the wait, with the work cancelled.
    """
    seconds = STALL_SECONDS
    task = asyncio.ensure_future(work)
    seen, since = moved(), datetime.now()
    quiet = 0  # looks, not seconds: time in which this process itself stood still proves nothing
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=seconds / _LOOKS)
            if done:
                return task.result()
            if (now := moved()) != seen:
                if quiet >= _LOOKS:
                    tell(None)
                seen, since, quiet = now, datetime.now(), 0
            else:
                quiet += 1
                if quiet == _LOOKS:
                    tell(since)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
