"""What a failure of a local disk means for a transfer."""

from __future__ import annotations

import errno
from pathlib import Path

from gencove_tui.engine.outcome import DiskAway, DiskFull, TransferFailed
from gencove_tui.errors import Problem

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_PASSING = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EBUSY,
        errno.EAGAIN,
        errno.EINTR,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ENOTCONN,
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
    }
)
"""A network disk whose server is away, or a machine that is short of something."""


def disk_problem(path: Path, error: OSError, needed: int = 0) -> Problem:
    """A full disk ends by itself, as an absent one does; everything else about writing needs the user."""
    if error.errno in _FULL:
        return DiskFull(path.parent, needed, hit=True)
    return passing(path, "write", error) or TransferFailed(
        f"Can't write {path}", _said(error), "Choose a folder that you may write to; retry."
    )


def unreadable(path: str | Path, error: OSError) -> Problem:
    """The same about reading."""
    return passing(path, "read", error) or TransferFailed(
        f"Can't read {path}", _said(error), "Check the file's permissions and its disk; then retry."
    )


def passing(path: str | Path, deed: str, error: OSError) -> DiskAway | None:
    """What ends without the user; None for all else."""
    if error.errno not in _PASSING:
        return None
    return DiskAway(f"Can't {deed} {path} now", _said(error), "It is tried again by itself.")


def _said(error: OSError) -> str:
    return error.strerror or str(error)
