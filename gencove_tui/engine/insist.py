"""Requests to the store, made again where a repeat may help."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from gencove_tui.api.s3 import EXPIRED, REFUSED_KEYS, FileBody, S3Area, S3Problem
from gencove_tui.api.s3_errors import CONNECTION, UNREACHED
from gencove_tui.engine.disks import Disk
from gencove_tui.engine.guards import Stalled, unless_stalled
from gencove_tui.engine.limits import Lane
from gencove_tui.engine.localfile import LocalFile
from gencove_tui.engine.outcome import backoff
from gencove_tui.engine.progress import Meter
from gencove_tui.engine.work import Work
from gencove_tui.model import Direction, Part

T = TypeVar("T")

_TRIES = 4
"""Quick tries of one request before the whole transfer waits."""
_STOOD_STILL = "RequestTimeout"
"""S3's word for a body of which nothing came for some 20 s."""

Request = Callable[[FileBody], Awaitable[T]]


async def insist(s3: S3Area, act: Callable[[], Awaitable[T]], *, beside: bool = False) -> T:
    """Make one request, again a few times where a repeat may help, with fresh keys where they were refused.

    A store to which there is no connection is told at once, since nothing is lost by waiting for it; but with
    ``beside``, where giving up ends what goes on beside it, only at the second time. Raises the last
    ``S3Problem``, or ``Stalled`` when a second connection stalled as well.
    """
    renewed = stalled = lost = unreached = False
    for attempt in range(1, _TRIES + 1):
        try:
            return await act()
        except Stalled:  # one dead connection is no reason to give up what goes on beside it
            if stalled or attempt == _TRIES:
                raise
            stalled = True
        except S3Problem as error:
            if attempt == _TRIES:
                raise
            if error.code in EXPIRED or (error.code in REFUSED_KEYS and not renewed):
                await s3.refresh()
                renewed = True
            elif error.code == UNREACHED and (unreached or not beside):
                raise
            elif error.retryable:
                unreached = error.code == UNREACHED
                if lost and error.code == CONNECTION and not renewed:
                    # Keys that are refused in the middle of a body: the word may be lost with the connection.
                    await s3.refresh()
                    renewed = True
                lost = error.code == CONNECTION
                await asyncio.sleep(min(backoff(attempt), 5.0))
            else:
                raise
    raise AssertionError("unreachable")


def body_of(work: Work, disk: Disk, file: LocalFile, part: Part, meter: Meter) -> FileBody:
    """A part of a file as the body of a request, under the bandwidth limit and with progress."""
    return FileBody(
        file.source,
        part.offset,
        part.length,
        partial(meter.set, part.number),
        partial(work.limiter.take, Direction.UPLOAD),
        # A read from a network disk may hang; one from a local disk costs less than the way to a thread.
        aside=disk.soon if disk.is_network else None,
    )


async def send(
    s3: S3Area, lane: Lane, made: Callable[[], FileBody], request: Request[T], *, beside: bool = False
) -> T:
    """Make a request with a body, ``made`` anew for each try.

    The caller holds a place in ``lane``, which learns how it went. Raises as ``insist`` does.
    """

    async def once() -> T:
        body = made()
        try:
            answer = await unless_stalled(request(body), lambda: _sign_of_life(body))
        except Stalled:
            lane.stalled()
            raise
        except S3Problem as problem:
            if problem.code == _STOOD_STILL:
                lane.stalled()
            raise
        lane.carried()
        return answer

    return await insist(s3, once, beside=beside)


def _sign_of_life(body: FileBody) -> object:
    """Changes as long as nothing is wrong with the line, also while the limit or a disk holds it back."""
    return time.monotonic() if body.held else body.reached
