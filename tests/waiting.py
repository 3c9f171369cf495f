"""Waiting for something to become true: polling with a deadline, never a blind sleep."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0


async def until(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """The first true value of ``look``; fails the test, naming ``what``, after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while True:
        value = look()
        if value:
            return value
        assert time.monotonic() < deadline, f"gave up waiting for: {what}"
        await asyncio.sleep(0.02)


def until_blocking(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """The same without an event loop."""
    return asyncio.run(until(look, what, patience))
