"""Waiting on a line that may have died without saying so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gencove_tui.engine.outcome import TransferWaits

T = TypeVar("T")

STALL_SECONDS = 60.0
"""A connection that moves no byte for so long is dropped. There is never a deadline on a whole part."""


async def unless_stalled(
    work: Awaitable[T], moved: Callable[[], float], *, seconds: float | None = None
) -> T:
    """Await ``work``, but give up when ``moved()`` stands still for ``seconds`` (``STALL_SECONDS``).

    Raises ``TransferWaits`` then, with the work cancelled.
    """
    seconds = STALL_SECONDS if seconds is None else seconds
    task = asyncio.ensure_future(work)
    seen = moved()
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=seconds)
            if done:
                return task.result()
            now = moved()
            if now == seen:
                raise TransferWaits(
                    "The connection stalled",
                    f"no byte moved for {seconds:.0f} s",
                    "It is tried again by itself.",
                )
            seen = now
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
