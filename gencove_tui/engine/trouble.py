"""What a failed write to a disk means for a download."""

from __future__ import annotations

import errno
from pathlib import Path

from gencove_tui.engine.outcome import DiskFull, TransferFailed
from gencove_tui.errors import Problem

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def disk_problem(path: Path, error: OSError, needed: int = 0) -> Problem:
    """A full disk ends by itself, everything else needs the user."""
    if error.errno in _FULL:
        return DiskFull(path.parent, needed, hit=True)
    return TransferFailed(
        f"Can't write {path}", error.strerror or str(error), "Choose a folder that you may write to; retry."
    )
