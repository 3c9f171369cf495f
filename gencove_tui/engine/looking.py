"""Looking at paths that people name, on disks that may be odd or may hang.

A network disk whose server is away answers nobody. Each look has a daemon thread of its own, and there is one
at a time for each field and disk: whatever is typed, one thread waits. Neither the event loop nor its default
executor, through which every wish reaches the ledger, is held up, nor is the end of the process: it waits for
the threads of an executor, but not for these.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from gencove_tui.engine.mounts import mount_of, mounts
from gencove_tui.errors import Problem

T = TypeVar("T")

PATIENCE = 2.0
WRITE_PATIENCE = 30.0
"""Seconds after which a disk counts as silent: one that is only looked at, and one that is written to."""
_DEEP = 64
"""Parts of a path that tell its disk, however many there are."""
_VOLUME = 3
"""Parts of a path that tell its disk where the system lists no mounts, as ``/Volumes/lab`` does."""


class DiskSilent(Problem):
    """A disk hasn't answered in time; perhaps it will."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The disk of {path} does not answer",
            "it may be a network disk whose server is away",
            "Choose another place, or try again later.",
        )


class _Look(NamedTuple):
    future: Future[Any]
    since: float


_under_way: dict[tuple[str, str], _Look] = {}
"""By field and disk."""


async def look(
    field: str,
    path: Path,
    act: Callable[[], T],
    waits: Callable[[], object] | None = None,
    *,
    patience: float | None = None,
) -> T:
    """What ``act`` finds or does at a path on behalf of a field.

    It begins when the one before it, of the same field and disk, has ended. Raises ``DiskSilent`` when one of
    them takes longer than ``patience`` (None: ``PATIENCE``); with ``waits``, calls that instead and goes on
    waiting.
    """
    lane = field, _disk(path)
    patience = PATIENCE if patience is None else patience
    while True:
        before = _under_way.get(lane)
        current = before or _begin(lane, act)
        if not await _ended(current.future, current.since + patience - time.monotonic()):
            if waits is None:
                raise DiskSilent(path)
            waits()
            await _ended(current.future, None)
        if before is None:
            found: T = current.future.result()
            return found


def is_silent(field: str, path: Path) -> bool:
    """Whether a field waits for this disk, and has for longer than it should."""
    current = _under_way.get((field, _disk(path)))
    return current is not None and time.monotonic() - current.since >= PATIENCE


def is_folder(path: Path) -> bool:
    """Whether there is a folder that can be seen; ``Path.is_dir`` raises for names that are too long, folders
    of others and disks with errors.
    """
    try:
        return path.is_dir()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False


def is_there(path: Path) -> bool:
    """Whether there is anything that can be seen."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _disk(path: Path) -> str:
    """The disk that a path is on, without waiting for it."""
    try:
        point = mount_of(str(Path(*path.parts[:_DEEP])), mounts()).point
    except (OSError, ValueError):
        return ""  # No disk has it.
    return point or "/".join(path.parts[:_VOLUME])


def _begin(lane: tuple[str, str], act: Callable[[], Any]) -> _Look:
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()  # from now on nobody who stops waiting can cancel it
    future.add_done_callback(lambda _: _under_way.pop(lane))
    _under_way[lane] = begun = _Look(future, time.monotonic())
    Thread(target=_run, args=(future, act), name=f"look {lane}", daemon=True).start()
    return begun


def _run(future: Future[Any], act: Callable[[], Any]) -> None:
    try:
        result = act()
    except Exception as error:  # noqa: BLE001 - whoever waits gets it
        future.set_exception(error)
    else:
        future.set_result(result)


async def _ended(future: Future[Any], seconds: float | None) -> bool:
    """Wait so long for a look to end, however it does."""
    end = asyncio.gather(asyncio.wrap_future(future), return_exceptions=True)
    try:
        await asyncio.wait_for(end, seconds)
    except TimeoutError:
        return False
    return True
