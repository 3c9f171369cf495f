"""One engine per folder on one machine, whatever profile or user it works for.

The lock is on the folder itself, so that it needs no place that all could write to. Between machines it may
not hold: there the upload area shows that a path is taken.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from pathlib import Path

from gencove_tui.engine.locks import FileLock

TAKEN = "another engine of gencove-tui watches this folder"


Held = dict[tuple[int, int], "FolderLock"]
"""The folders that one engine holds, by device and inode: it may know one by several names."""


class FolderLock:
    """Held by the engine that watches a folder; ``fallback``: where locks lie for folders that take none.

    Every method but ``release`` may wait for a disk.
    """

    def __init__(self, folder: str, fallback: Path, held: Held | None = None) -> None:
        self._folder = folder
        self._fallback = fallback
        self._held = {} if held is None else held
        self._file: FileLock | None = None
        self._descriptor: int | None = None
        self._turn = threading.Lock()

    def take(self) -> bool:
        """Take it without waiting, anew where the folder was replaced; False when somebody else has it.

        Raises ``OSError`` when the folder can't be opened.
        """
        with self._turn:
            if self._descriptor is not None and self._is_current():
                return True
            self.release()
            status = Path(self._folder).stat()
            place = (status.st_dev, status.st_ino)
            if place in self._held:
                return True  # another rule of this engine watches it by another name
            if not self._take():
                return False
            self._held[place] = self
            return True

    def _take(self) -> bool:
        name = hashlib.sha256(os.fsencode(os.path.realpath(self._folder))).hexdigest()[:32]
        file = FileLock(self._fallback / f"{name}.lock")
        if not file.acquire():
            return False
        try:
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            file.release()
            raise
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            file.release()
            return False
        except OSError:
            pass  # such as NFS, which locks only what is open for writing: the other lock has to do
        self._file, self._descriptor = file, descriptor
        return True

    def _is_current(self) -> bool:
        assert self._descriptor is not None  # noqa: S101 - asked for after that check only
        try:
            here, there = os.fstat(self._descriptor), Path(self._folder).stat()
        except OSError:
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def release(self) -> None:
        """Let go; harmless when it isn't held."""
        for place in [place for place, lock in self._held.items() if lock is self]:
            del self._held[place]
        if self._file is not None:
            self._file.release()
            self._file = None
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
