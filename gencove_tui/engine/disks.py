"""Disks are used from threads of their own, so that one that hangs holds up only its own transfers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from gencove_tui.engine.guards import told_when_still, unless_stalled
from gencove_tui.engine.mounts import Mount, mount_of, mounts
from gencove_tui.engine.outcome import DiskAway

T = TypeVar("T")
Still = Callable[[datetime | None], None]

_THREADS = 4
"""Of each kind and disk: more would only compete for the processors and for the disk."""
_KNOWN_SECONDS = 5.0
"""How long what is mounted counts as known."""


class Disk:
    """One mounted file system, and the threads that may wait for it."""

    def __init__(self, mount: Mount) -> None:
        self.where = mount.point or "the folder"
        self.waiting: set[int] = set()
        """Transfers that wait for it to take what it was given, and have said so."""
        self.is_network = mount.is_network
        self.keeps_inodes = mount.keeps_inodes
        self._short = ThreadPoolExecutor(_THREADS, thread_name_prefix="disk")
        self._long = ThreadPoolExecutor(_THREADS, thread_name_prefix="reader")
        self._silent = False

    async def soon(self, act: Callable[[], T], undo: Callable[[T], object] | None = None) -> T:
        """Do something small. Raises ``DiskAway`` when the disk doesn't answer.

        ``undo`` takes a result that comes when nobody waits for it any more.
        """
        future = self._short.submit(act)
        taken = False
        try:
            result = await unless_stalled(asyncio.wrap_future(future), lambda: None, self._no_answer)
            taken = True
        finally:
            if undo is not None and not taken:
                future.add_done_callback(partial(_undo, undo))
        self._silent = False
        return result

    async def run(self, act: Callable[[], T], moved: Callable[[], object] = time.monotonic) -> T:
        """Do something that may take long, such as reading a whole file.

        Where ``moved`` tells how far it is, raises ``DiskAway`` when the disk doesn't answer.
        """
        future = self._long.submit(act)

        def sign_of_life() -> object:
            in_line = not (future.running() or future.done())
            return time.monotonic() if in_line and not self._silent else moved()

        result = await unless_stalled(asyncio.wrap_future(future), sign_of_life, self._no_answer)
        self._silent = False
        return result

    async def finished(self, act: Callable[[], T], moved: Callable[[], object], tell: Still) -> T:
        """Do something that is not given up; ``tell`` hears since when the disk doesn't answer, or None."""

        def told(since: datetime | None) -> None:
            self._silent = since is not None
            tell(since)

        result = await told_when_still(asyncio.wrap_future(self._long.submit(act)), moved, told)
        self._silent = False
        return result

    def _no_answer(self, seconds: float) -> DiskAway:
        self._silent = True
        return DiskAway(
            f"The disk at {self.where} does not answer",
            f"nothing came for {seconds:.0f} s; it may be a network disk whose server is away",
            "It is tried again by itself; check the disk if it stays so.",
        )

    def drop(self, act: Callable[[], object]) -> None:
        """Do something whose end nobody waits for, such as closing a file."""
        if self.is_network:  # where closing may mean writing
            self._short.submit(act)
        else:
            act()

    def leave(self) -> None:
        """Begin nothing more; threads that hang are left to themselves."""
        self._short.shutdown(wait=False)  # what still waits there are files to close
        self._long.shutdown(wait=False, cancel_futures=True)


def _undo(undo: Callable[[T], object], future: Future[T]) -> None:
    if not future.cancelled() and future.exception() is None:
        undo(future.result())


class Disks:
    """The disks that transfers of one engine touch."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._disks: dict[Mount, Disk] = {}
        self._mounted: list[Mount] = []
        self._known_until = 0.0

    def of(self, path: str | Path) -> Disk:
        """The disk that a file is on, or would be. Never waits for it."""
        now = self._clock()
        if now >= self._known_until:
            self._mounted = mounts()
            self._known_until = now + _KNOWN_SECONDS
        mount = mount_of(str(path), self._mounted)
        if mount not in self._disks:
            self._disks[mount] = Disk(mount)
        return self._disks[mount]

    def leave(self) -> None:
        """Begin nothing more on any of them."""
        for disk in self._disks.values():
            disk.leave()
