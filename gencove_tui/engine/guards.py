"""Waiting on a line that may have died without saying so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
    task = asyncio.ensure_future(work)
    seen = moved()
    quiet = 0  # looks, not seconds: time in which this process itself stood still proves nothing
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=seconds / _LOOKS)
            if done:
                return task.result()
            quiet = quiet + 1 if (now := moved()) == seen else 0
            seen = now
            if quiet == _LOOKS:
                raise failure(seconds)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
