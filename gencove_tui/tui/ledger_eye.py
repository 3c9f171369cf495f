"""Looking at the ledger: a snapshot whenever it changed, and what the news in it ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from gencove_tui.engine.views import Desk, Snapshot
from gencove_tui.errors import Problem
from gencove_tui.model import TransferState
from gencove_tui.tui.ended import Ended
from gencove_tui.tui.messages import ProblemMet, SnapshotTaken

AT_LEAST = 5.0
"""Seconds after which a snapshot is taken in any case: an engine that was killed changes nothing."""
_LINE = frozenset({"offline", "online"})


class LedgerEye:
    """Posts snapshots to a screen.

    ``done`` is called when transfers came to their end, ``called`` when Gencove told of something by a
    webhook, ``line`` with whether the engine has its line when it lost it or found it again.
    """

    def __init__(
        self,
        screen: Screen[Any],
        desk: Desk,
        done: Callable[[], None],
        called: Callable[[], None],
        line: Callable[[bool], None],
    ) -> None:
        self._screen = screen
        self._desk = desk
        self._on_done, self._on_called, self._on_line = done, called, line
        self._due = 0.0
        self._readable = True
        self._ended = Ended()
        self._webhook: int | None = None
        self._line: int | None = None

    def forget(self) -> None:
        """Take a snapshot at the next look, whether anything changed or not."""
        self._due = 0.0

    def look(self) -> None:
        """Take a snapshot if anything changed."""
        now = time.monotonic()
        try:
            if not self._desk.changed() and now < self._due:
                return
            snapshot = self._desk.snapshot()
        except Problem as problem:
            if self._readable:
                self._screen.post_message(ProblemMet(problem))
            self._readable = False
            self._due = now + AT_LEAST
            return
        self._readable = True
        self._due = now + AT_LEAST
        self._heed(snapshot)
        self._screen.post_message(SnapshotTaken(snapshot))

    def _heed(self, snapshot: Snapshot) -> None:
        if any(item.state is TransferState.DONE for item in self._ended.since(snapshot.transfers)):
            self._on_done()
        webhook = max((event.id for event in snapshot.events if event.kind.startswith("webhook.")), default=0)
        if self._webhook is not None and webhook > self._webhook:
            self._on_called()
        self._webhook = webhook
        told = next((event for event in snapshot.events if event.kind in _LINE), None)
        if told is not None and self._line is not None and told.id > self._line:
            self._on_line(told.kind == "online")
        self._line = 0 if told is None else told.id
