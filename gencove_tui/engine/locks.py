"""Locks that tell who lives: the operating system lets go of them however a process ends."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from gencove_tui.errors import Problem

_CARD_BYTES = 4096
_ENGINE_LOCK = "engine.lock"


class FileLock:
    """An advisory lock on a file: exclusive for the one engine, shared for the screens that look on."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self.path = path
        self._mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock without waiting; False when somebody else's is in the way."""
        if self._descriptor is not None:
            return True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Problem(
                f"Can't open {self.path}", error.strerror or "", "Check the folder's permissions."
            ) from error
        try:
            fcntl.flock(descriptor, self._mode | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def write(self, content: bytes) -> None:
        """Replace the file's content; only for who holds the lock. A full disk is no reason to fail."""
        if self._descriptor is None:
            raise ValueError("the lock is not held")
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, content, 0)
        except OSError:
            return

    def release(self) -> None:
        """Let go; harmless when it isn't held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Holder(Struct, frozen=True):
    """Who holds the engine's lock; written into the lock file by the holder itself."""

    pid: int
    host: str
    """The machine it runs on: with a shared home folder it need not be this one."""
    version: str
    started: float
    """Seconds since 1970."""
    service: bool = False
    """Started by systemd."""

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine, so that its pid means something."""
        return self.host == socket.gethostname()

    @property
    def since(self) -> datetime:
        """When it took the lock."""
        return datetime.fromtimestamp(self.started, UTC)


def engine_lock(state_folder: Path) -> FileLock:
    """Held by the one engine of a profile."""
    return FileLock(state_folder / _ENGINE_LOCK)


def starting_lock(state_folder: Path) -> FileLock:
    """Held by whoever starts an engine, until it runs."""
    return FileLock(state_folder / "starting.lock")


def viewer_lock(state_folder: Path) -> FileLock:
    """Held, shared, by every screen that looks at a profile."""
    return FileLock(state_folder / "viewers.lock", shared=True)


def _is_held(path: Path) -> bool:
    probe = FileLock(path, shared=True) if path.name == _ENGINE_LOCK else FileLock(path)
    with probe:
        return not probe.acquire()


def engine_lives(state_folder: Path) -> bool:
    """Whether an engine holds the profile's lock."""
    path = state_folder / _ENGINE_LOCK
    return path.exists() and _is_held(path)


def engine_holder(state_folder: Path) -> Holder | None:
    """Who the engine that lives says it is; None when none does, or it has not said so yet.

    For an instant after a crash the new holder may still be taken for the dead one: who acts on the pid looks
    twice (``stop_engine``).
    """
    try:
        content = (state_folder / _ENGINE_LOCK).read_bytes()[:_CARD_BYTES]
        holder = msgspec.json.decode(content, type=Holder)
    except (OSError, msgspec.DecodeError):
        return None
    return holder if engine_lives(state_folder) else None


def is_service(state_folder: Path) -> bool:
    """Whether the engine that lives was started by systemd."""
    holder = engine_holder(state_folder)
    return holder is not None and holder.service


def anybody_looks(state_folder: Path) -> bool:
    """Whether any screen looks at the profile."""
    path = state_folder / "viewers.lock"
    return path.exists() and _is_held(path)


async def take_engine_lock(
    state_folder: Path, version: str, *, service: bool = False, patience: float = 0.5
) -> FileLock | None:
    """The engine's lock, with this process written into it; None when another engine keeps it.

    Tried for ``patience`` seconds, since ``engine_lives`` holds it for an instant when it looks.
    """
    lock = engine_lock(state_folder)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while not lock.acquire():
        if loop.time() >= deadline:
            return None
        await asyncio.sleep(0.05)
    holder = Holder(os.getpid(), socket.gethostname(), version, time.time(), service)
    lock.write(msgspec.json.encode(holder))
    return lock
