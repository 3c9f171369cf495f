"""Waiting for a disk to take what it was given: as long as that needs, but not in silence.

A disk may need minutes to bring gigabytes to safety, and a network disk may hang for hours. To give up would
throw away what is written already. So the transfer stays, says what it waits for, and leaves its place to
others; pausing, cancelling and quitting end the wait at once, and the disk is left to itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from gencove_tui.engine.disks import Disk
from gencove_tui.engine.telling import name_of
from gencove_tui.engine.work import Work
from gencove_tui.model import Transfer
from gencove_tui.store.database import LedgerProblem

T = TypeVar("T")

_REMEDY = (
    "It goes on by itself when the disk does. Check the disk; pause or cancel it if that takes too long."
)


class Patience:
    """How one transfer waits for its disk. ``aside`` hears whether others may have its place meanwhile."""

    def __init__(self, work: Work, transfer: Transfer, disk: Disk, aside: Callable[[bool], None]) -> None:
        self._work = work
        self._transfer = transfer
        self._disk = disk
        self._aside = aside
        self._told = False

    async def run(self, act: Callable[[], T], moved: Callable[[], object] = lambda: None) -> T:
        """Do it in a thread of the disk. While ``moved`` changes, all is well, however long it takes."""
        try:
            return await self._disk.finished(act, moved, self._still)
        finally:
            self._still(None)

    def _still(self, since: datetime | None) -> None:
        if since is None and not self._told:
            return
        self._told = since is not None
        self._aside(self._told)
        problem = f"The disk at {self._disk.where} does not answer since {since:%H:%M:%S}" if since else ""
        with contextlib.suppress(LedgerProblem):  # telling it must not be what ends it
            self._tell(problem)

    def _tell(self, problem: str) -> None:
        ledger, transfer, waiting = self._work.ledger, self._transfer, self._disk.waiting
        (waiting.add if problem else waiting.discard)(transfer.id)
        with ledger.write(durable=False):
            ledger.transfers.tell_trouble(transfer.id, problem, _REMEDY if problem else "")
            if problem:
                data = {"local": transfer.local_path, "remote": transfer.remote, "remedy": _REMEDY}
                ledger.events.add(
                    f"{transfer.direction}.delayed",
                    f"{name_of(transfer)}: {problem}",
                    data,
                    transfer_id=transfer.id,
                    rule_id=transfer.rule_id,
                )
        if len(waiting) == bool(problem):  # the first to say it, or the last for whom it was true
            text = f"{problem}; what waits for it goes on by itself" if problem else ""
            self._work.notices.set(f"disk {self._disk.where}", text)
