"""How a transfer ends: done, later, or never; and which error means which."""

from __future__ import annotations

import random
from pathlib import Path

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.s3_errors import UNREACHED, S3Problem
from gencove_tui.errors import Problem
from gencove_tui.store.database import LedgerProblem

LONGEST_WAIT = 300.0
"""Seconds between tries at the most."""


class TransferFailed(Problem):
    """Final: nothing gets better by trying again without the user."""


class TransferWaits(Problem):
    """Not now: tried again after ``delay`` seconds, however often it takes.

    ``offline``: Gencove itself could not be reached, so that other transfers need not try either.
    ``storeless``: no connection to the store of the uploads could be made.
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        remedy: str = "",
        *,
        delay: float | None = None,
        offline: bool = False,
        storeless: bool = False,
    ) -> None:
        super().__init__(what, why, remedy)
        self.delay = delay
        self.offline = offline
        self.storeless = storeless


class DiskAway(TransferWaits):
    """A local disk does not answer, or says that it can't now."""


class DiskFull(TransferWaits):
    """A download found no room: ``needed`` bytes in ``folder``, where ``free`` may be written.

    ``hit``: a write failed, so that the other downloads there will fail as well.
    """

    def __init__(self, folder: Path, needed: int, free: int = 0, *, hit: bool = False) -> None:
        super().__init__(
            f"No room in {folder}",
            f"{needed} bytes are needed, {free} are free above the reserve",
            "Make room, or cancel it; downloads go on by themselves.",
            delay=30.0,
        )
        self.folder = folder
        self.needed = needed
        self.free = free
        self.hit = hit


class StartOver(Exception):
    """What was moved so far is worth nothing; begin from the first byte. The text says why."""


def reason_of(problem: Problem) -> str:
    """What went wrong and why, in one line."""
    return f"{problem.what}: {problem.why}" if problem.why else problem.what


_HOPELESS = frozenset(
    {Kind.NOT_FOUND, Kind.INVALID, Kind.CONFLICT, Kind.UNSUPPORTED, Kind.INSECURE, Kind.FORBIDDEN}
)
_NO_LINE = frozenset({Kind.UNREACHABLE, Kind.TIMEOUT})


def judged(error: Problem) -> TransferFailed | TransferWaits:
    """What an error of the remote side means for a transfer.

    A lost line, a busy server and even a refused key end by themselves or by the user's act elsewhere, so the
    transfer waits; only what the server says about this very file is final.
    """
    if isinstance(error, TransferFailed | TransferWaits):
        return error
    if isinstance(error, ApiProblem):
        if error.kind in _HOPELESS:
            return TransferFailed(error.what, error.why, error.remedy)
        return TransferWaits(
            error.what,
            error.why,
            error.remedy,
            delay=error.retry_after,
            offline=error.kind in _NO_LINE and not isinstance(error, S3Problem),
            storeless=isinstance(error, S3Problem) and error.code == UNREACHED,
        )
    if isinstance(error, LedgerProblem):
        return TransferWaits(error.what, error.why, error.remedy, delay=5.0)
    return TransferFailed(error.what, error.why, error.remedy)


def backoff(attempt: int) -> float:
    """Seconds to wait after the given attempt (from 1): doubling from 1 s, jittered, at most five minutes."""
    ceiling = min(LONGEST_WAIT, 2.0 ** min(attempt, 16))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards no secret


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that stopped the other tasks of a group."""
    found = group.exceptions[0]
    return first_error(found) if isinstance(found, BaseExceptionGroup) else found
