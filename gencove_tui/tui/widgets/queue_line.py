"""One line above the transfers: how fast it goes, lately and now, how much is left, the limit."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from textual.content import Content

from gencove_tui.engine.views import Totals
from gencove_tui.tui.format import Cell, Tone, rate, sparkline
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.bars import Line
from gencove_tui.tui.widgets.facts import styled
from gencove_tui.tui.widgets.transfer_facts import left_line

SECONDS = 60
"""How far back the chart reaches."""
STEP = 2.0
"""Seconds that one sign of the chart stands for."""
COLUMNS = int(SECONDS / STEP)


class QueueLine(Line):
    """In view only while something is unfinished. It changes with the transfers and never by itself."""

    def __init__(self, look: Look) -> None:
        super().__init__(id="queue-line")
        self.look = look
        self.history: deque[float] = deque(maxlen=COLUMNS)
        self._since: datetime | None = None
        self._totals, self._longest = Totals(), 0.0
        self._limit: int | None = None

    def show(self, totals: Totals, limit: int | None, longest: float = 0.0) -> None:
        """Take over the newest sums; ``longest`` is the most seconds that one of what moves has left."""
        self._totals, self._limit, self._longest = totals, limit, longest
        self._note(totals.up_rate + totals.down_rate)
        shown = bool(totals.unfinished or totals.paused)
        if self.display != shown:
            self.display = shown
        if shown:
            self.compose_line()

    def _note(self, speed: float) -> None:
        """Add to the chart what has passed since the last look; of one step, the fastest counts."""
        now = self.look.clock()
        if self._since is None:
            self._since = now
            self.history.append(speed)
            return
        steps = int((now - self._since).total_seconds() / STEP)
        if steps <= 0:
            if self.history:
                self.history[-1] = max(self.history[-1], speed)
            return
        self._since = now
        self.history.extend([0.0] * min(steps - 1, COLUMNS))
        self.history.append(speed)

    def compose_line(self) -> None:
        """The most important first; what doesn't fit is left out."""
        signs, totals = self.look.glyphs, self._totals
        cells = []
        for sign, speed in ((signs.up, totals.up_rate), (signs.down, totals.down_rate)):
            if speed >= 1:
                cells.append(Cell(f"{sign} {rate(speed)}", Tone.BUSY))
        if left := left_line(totals, self._longest):
            cells.append(Cell(left))
        if self._limit is not None:
            cells.append(Cell(f"limit {rate(self._limit)}", Tone.WARN))
        if max(self.history, default=0.0) >= 1:
            cells.append(Cell(sparkline(self.history, signs).lstrip(), Tone.ACCENT))
        room, kept = self.size.width - 4, []
        for cell in cells:
            room -= len(cell.text) + 2
            if room >= 0:
                kept.append(styled(cell))
        self.put(Content("  ") + Content("  ").join(kept))
