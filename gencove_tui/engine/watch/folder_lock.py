"""One engine per folder on one machine, whatever profile or user it works for.

The lock is on the folder itself, so that it needs no place that all could write to. Between machines it may
not hold: there the upload area shows that a path is taken.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from gencove_tui.engine.locks import FileLock

TAKEN = "another engine of gencove-tui watches this folder"


class FolderLock:
    """Held by the engine that watches a folder; ``fallback``: where locks lie for folders that take none."""

    def __init__(self, folder: str, fallback: Path) -> None:
        self._folder = folder
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
        self._file = FileLock(fallback / f"{name}.lock")
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take it without waiting, anew where the folder was replaced; False when somebody else has it.

        Raises ``OSError`` when the folder can't be opened.
        """
        if self._descriptor is not None and self._is_current():
            return True
        self.release()
        if not self._file.acquire():
            return False
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            self._file.release()
            return False
        except OSError:
            pass  # such as NFS, which locks only what is open for writing: the other lock has to do
        self._descriptor = descriptor
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
        self._file.release()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
