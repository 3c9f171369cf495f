"""What a new snapshot holds that is worth telling: failures, and the end of the queue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from gencove_tui.engine.views import Snapshot, Totals
from gencove_tui.engine.words import plural
from gencove_tui.model import Transfer, TransferState
from gencove_tui.tui.ended import Ended
from gencove_tui.tui.format import clean, sentences

MOST = 3
"""Failures that are told one by one; more than that are counted."""
_WELL = (TransferState.DONE, TransferState.SKIPPED)


class News:
    """Compares each snapshot with the one before. ``say`` tells the user, ``ring`` rings the bell as well."""

    def __init__(self, say: Callable[..., Any], ring: Callable[[], None] = lambda: None) -> None:
        self._say, self._ring = say, ring
        self._ended = Ended()
        self._totals: Totals | None = None
        self._done = 0
        """Transfers that were done since the queue was empty last."""

    def read(self, snapshot: Snapshot) -> None:
        """Tell what happened since the last snapshot; the first tells nothing."""
        fresh = self._ended.since(snapshot.transfers)
        before, totals = self._totals, snapshot.totals
        self._totals = totals
        if before is None:
            return
        failed = [item for item in fresh if item.state is TransferState.FAILED]
        # More may have ended at once than a snapshot lists.
        failures = max(len(failed), totals.failed - before.failed)
        self._done += max(sum(item.state in _WELL for item in fresh), totals.done - before.done)
        for item in failed[:MOST]:
            self._tell_failure(item)
        if failures > len(failed[:MOST]):
            self._say(f"{plural(failures - len(failed[:MOST]), 'more transfer')} failed.", severity="error")
        is_over = self._done > 0 and not totals.unfinished and not totals.paused
        if is_over:
            left = f"none is left but {totals.failed:,} that failed" if totals.failed else "none is left"
            self._say(f"{plural(self._done, 'transfer')} done, and {left}.")
            self._done = 0
        if is_over or failed:
            self._ring()

    def _tell_failure(self, item: Transfer) -> None:
        name, why = clean(PurePath(item.remote).name), clean(item.problem)
        if why.startswith(name):  # the title names it already
            rest = why.removeprefix(name)
            why = f"It{rest}" if rest.startswith(" ") else rest.strip(": ")
        text = sentences((why[:1].upper() + why[1:], clean(item.remedy)))
        self._say(text or "No more is known about it.", title=f"{name} failed", severity="error")
