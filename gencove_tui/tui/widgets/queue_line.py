"""One line above the transfers: how fast it goes, lately and now, how much is left, the limit."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from gencove_tui.engine.views import Totals
from gencove_tui.tui.format import Cell, Tone, rate, sparkline
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.bars import Line
from gencove_tui.tui.widgets.facts import styled
from gencove_tui.tui.widgets.transfer_facts import left_line


class QueueLine(Line):
    """In view only while something is unfinished. It changes with the transfers and never by itself."""

    def __init__(self, look: Look) -> None:
        super().__init__(id="queue-line")
        self.look = look
        self._totals = Totals()
        self._limit: int | None = None

    def show(self, totals: Totals, limit: int | None) -> None:
        """Take over the newest sums; ``limit`` is the bandwidth's."""
        self._totals, self._limit = totals, limit
        shown = bool(totals.unfinished or totals.paused)
        if self.display != shown:
            self.display = shown
        if shown:
            self.compose_line()

    def compose_line(self) -> None:
        """The most important first; what doesn't fit is left out."""
        signs, totals = self.look.glyphs, self._totals
        cells = []
        for sign, speed in ((signs.up, totals.up_rate), (signs.down, totals.down_rate)):
            if speed >= 1:
                cells.append(Cell(f"{sign} {rate(speed)}", Tone.BUSY))
        if left := left_line(totals):
            cells.append(Cell(left))
        if self._limit is not None:
            cells.append(Cell(f"limit {rate(self._limit)}", Tone.WARN))
        room, kept = self.size.width - 4, []
        for cell in cells:
            room -= cell_len(cell.text) + 2
            if room >= 0:
                kept.append(styled(cell))
        latest = totals.chart[max(0, len(totals.chart) - (room - 2)) :]
        chart = sparkline(latest, signs).strip()
        if len(chart) > 1:  # one sign alone would be a block that says nothing
            kept.append(styled(Cell(chart, Tone.BUSY)))
        self.put(Content("  ") + Content("  ").join(kept))
