"""Several local files that go up as one: lanes and segments of a sample, joined while they are read.

gzip members one after the other are one gzip file, so nothing is decompressed and nothing is written.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing

from gencove_tui.api.s3_body import Source
from gencove_tui.engine.localfile import LocalFile
from gencove_tui.engine.reading import Reader
from gencove_tui.model import Transfer
from gencove_tui.store.transfers import Identity

_PIECE = 1 << 20


class MergedFile(LocalFile):
    """Files read as if they were one; ``path`` is the first's. Raises as ``LocalFile`` does for each."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.path = paths[0]
        with ExitStack() as opened:
            self._files = [opened.enter_context(closing(LocalFile(path))) for path in paths]
            self._reader = Reader([(file.descriptor, file.size) for file in self._files])
            opened.callback(self._reader.close)
            self._opened = opened.pop_all()
        identities = [file.identity for file in self._files]
        marks = repr([(path, i.size, i.mtime_ns, i.inode) for path, i in zip(paths, identities, strict=True)])
        digest = hashlib.sha256(marks.encode("utf-8", "surrogateescape")).digest()
        # One number stands for the inodes, times and order of all.
        self.identity = Identity(
            sum(file.size for file in self._files),
            max(i.mtime_ns for i in identities),
            int.from_bytes(digest[:7], "big"),
        )

    @property
    def source(self) -> Source:
        """Reads across the borders of the files."""
        return self._reader.read

    def open_reader(self) -> Reader:
        """One more way to read them, which outlives this object; to be closed."""
        return Reader([(file.descriptor, file.size) for file in self._files])

    def check_unchanged(self) -> None:
        """Raises ``StartOver`` when any of the files was written to or replaced since it was opened."""
        for file in self._files:
            file.check_unchanged()

    def close(self) -> None:
        """Close all of them."""
        self._opened.close()


def open_local(transfer: Transfer) -> LocalFile:
    """The file, or files, of an upload. Raises ``TransferFailed`` when it can't be opened."""
    return MergedFile(transfer.sources) if transfer.sources else LocalFile(transfer.local_path)


def sha256_of_all(file: LocalFile, stopped: threading.Event) -> str:
    """Hexadecimal, over all that is read from it. Raises ``InterruptedError`` when stopped meanwhile."""
    digest = hashlib.sha256()
    reader = file.open_reader()
    try:
        position = 0
        while piece := reader.read(_PIECE, position):
            if stopped.is_set():
                raise InterruptedError
            digest.update(piece)
            position += len(piece)
    finally:
        reader.close()
    return digest.hexdigest()
