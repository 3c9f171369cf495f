"""Requests to the store, made again where a repeat may help."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from gencove_tui.api.s3 import EXPIRED, REFUSED_KEYS, FileBody, S3Area, S3Problem
from gencove_tui.engine.localfile import LocalFile
from gencove_tui.engine.outcome import backoff
from gencove_tui.engine.progress import Meter
from gencove_tui.engine.work import Work
from gencove_tui.model import Direction, Part

T = TypeVar("T")

_TRIES = 4
"""Quick tries of one request before the whole transfer waits."""


async def insist(s3: S3Area, act: Callable[[], Awaitable[T]]) -> T:
    """Make one request, again a few times where a repeat may help, with fresh keys where they were refused.

    Raises the last ``S3Problem``.
    """
    renewed = False
    for attempt in range(1, _TRIES + 1):
        try:
            return await act()
        except S3Problem as error:
            if attempt == _TRIES:
                raise
            if error.code in EXPIRED or (error.code in REFUSED_KEYS and not renewed):
                await s3.refresh()
                renewed = True
            elif error.retryable:
                await asyncio.sleep(min(backoff(attempt), 5.0))
            else:
                raise
    raise AssertionError("unreachable")


def body_of(work: Work, file: LocalFile, part: Part, meter: Meter) -> FileBody:
    """A part of a file as the body of a request, under the bandwidth limit and with progress."""
    return FileBody(
        file.source,
        part.offset,
        part.length,
        partial(meter.set, part.number),
        partial(work.limiter.take, Direction.UPLOAD),
    )


def reached(body: FileBody, meter: Meter, part: int) -> float:
    """Moves as long as nothing is wrong with the line, also while the bandwidth limit holds it back."""
    return time.monotonic() if body.held else meter.position(part)
