"""What a new snapshot holds that is worth a toast: failures, and the end of the queue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from gencove_tui.engine.views import Snapshot
from gencove_tui.engine.words import plural
from gencove_tui.model import TransferState
from gencove_tui.tui.format import clean, sentences

MOST = 3
"""Failures that get a toast each; more than that are counted."""


class News:
    """Compares each snapshot with the one before. ``say`` shows a toast, ``ring`` the bell beside it."""

    def __init__(self, say: Callable[..., Any], ring: Callable[[], None] = lambda: None) -> None:
        self._say, self._ring = say, ring
        self._states: dict[int, TransferState] | None = None
        self._moved = 0

    def read(self, snapshot: Snapshot) -> None:
        """Tell what happened since the last snapshot; the first tells nothing."""
        states = {transfer.id: transfer.state for transfer in snapshot.transfers}
        before, self._states = self._states, states
        if before is None:
            return
        fresh = [t for t in snapshot.transfers if before.get(t.id, TransferState.QUEUED) is not t.state]
        failed = [t for t in fresh if t.state is TransferState.FAILED]
        self._moved += sum(t.state is TransferState.DONE for t in fresh)
        for transfer in failed[:MOST]:
            name = clean(PurePath(transfer.remote).name)
            why = clean(transfer.problem)
            if why.startswith(name):  # the title names it already
                rest = why.removeprefix(name)
                why = f"It{rest}" if rest.startswith(" ") else rest.strip(": ")
            text = sentences((why[:1].upper() + why[1:], clean(transfer.remedy)))
            self._say(text or "No more is known about it.", title=f"{name} failed", severity="error")
        if len(failed) > MOST:
            self._say(f"{len(failed) - MOST:,} more transfers failed.", severity="error")
        if self._moved and not snapshot.totals.unfinished:
            self._say(f"{plural(self._moved, 'transfer')} done, and none is left.")
            self._moved = 0
            self._ring()
        elif failed:
            self._ring()
