"""The status line: profile, host, connection, age of the data, throughput, watch, engine."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from gencove_tui.engine.views import Connection, Online, Snapshot
from gencove_tui.engine.words import plural
from gencove_tui.tui.format import Cell, Tone, age, clean, rate, since
from gencove_tui.tui.states import online
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.bars import Line
from gencove_tui.tui.widgets.facts import styled

GAP = "  "


class StatusLine(Line):
    """One line that tells how things stand, the most important first where room is short."""

    def __init__(self, look: Look) -> None:
        super().__init__(id="status")
        self.look = look
        self._connection: Connection | None = None
        self._snapshot: Snapshot | None = None
        self._fetched: datetime | None = None
        self._starting = False
        self._waited = 0

    def show(
        self,
        connection: Connection,
        snapshot: Snapshot | None,
        fetched: datetime | None,
        *,
        starting: bool = False,
        waited: float = 0.0,
    ) -> None:
        """Take over the newest state.

        ``fetched`` is when what is in view came, ``starting`` whether an engine is, ``waited`` for how many
        seconds there has been no answer, if that is too long.
        """
        self._connection, self._snapshot, self._fetched = connection, snapshot, fetched
        self._starting, self._waited = starting, int(waited)
        self.compose_line()

    def compose_line(self) -> None:
        """Drop the least important segments until the rest fits, then put them in their places."""
        if self._connection is None:
            return
        segments = self._segments(self._connection, self._snapshot)
        room = self.size.width - 2
        while len(segments) > 1 and sum(len(cell.text) + len(GAP) for _, _, cell in segments) > room:
            segments.remove(min(segments, key=lambda segment: segment[0]))
        left = Content(GAP).join([styled(cell) for _, side, cell in segments if side == "left"])
        right = Content(GAP).join([styled(cell) for _, side, cell in segments if side == "right"])
        gap = max(1, room - left.cell_length - right.cell_length)
        self.put(Content(" ") + left + Content(" " * gap) + right)

    def _segments(self, line: Connection, snapshot: Snapshot | None) -> list[tuple[int, str, Cell]]:
        """``(importance, side, text)`` in reading order."""
        host = clean(line.host.removeprefix("https://").removeprefix("http://"))
        dialect = f" {line.dialect.value}" if line.dialect is not None else ""
        found = [
            (50, "left", Cell(clean(line.profile), Tone.STRONG)),
            (45, "left", Cell(f"{host}{dialect}", Tone.DIM)),
            (100, "left", self._line(line)),
        ]
        if self._fetched is not None:
            word = age(self._fetched, self.look.clock())
            late = line.state is not Online.ONLINE or bool(self._waited)
            if late:
                word = since(self._fetched, self.look.clock())
            worth = 65 if late else 15 if word == "just now" else 40
            found.append((worth, "left", Cell(f"data {word}", Tone.WARN if late else Tone.DIM)))
        if snapshot is None:
            return found
        glyphs, totals = self.look.glyphs, snapshot.totals
        for sign, speed in ((glyphs.up, totals.up_rate), (glyphs.down, totals.down_rate)):
            if speed >= 1:
                found.append((70, "right", Cell(f"{sign} {rate(speed)}", Tone.BUSY)))
        if snapshot.rules:
            watch = self._watch(snapshot)
            found.append((60 if watch.tone is Tone.WARN else 30, "right", watch))
        found.append((80, "right", self._engine(snapshot)))
        return found

    def _line(self, line: Connection) -> Cell:
        if self._waited and line.state in (Online.ONLINE, Online.CONNECTING):
            return Cell(f"{self.look.glyphs.half} no answer for {self._waited} s", Tone.WARN)
        return online(line.state, self.look.glyphs)

    def _watch(self, snapshot: Snapshot) -> Cell:
        broken = sum(bool(view.rule.problem) and view.rule.active for view in snapshot.rules)
        active = sum(view.rule.active for view in snapshot.rules)
        if broken:
            return Cell(f"{self.look.glyphs.warn} watch: {plural(broken, 'problem')}", Tone.WARN)
        if not active:
            return Cell("watch paused", Tone.WARN)
        return Cell(f"watching {plural(active, 'folder')}", Tone.DIM)

    def _engine(self, snapshot: Snapshot) -> Cell:
        engine, glyphs = snapshot.engine, self.look.glyphs
        if engine.notice:
            return Cell(f"{glyphs.warn} engine", Tone.WARN)  # what it says stands above, in full
        if engine.alive:
            return Cell(f"{glyphs.on} engine", Tone.GOOD)
        if self._starting:
            return Cell(f"{glyphs.half} engine starting", Tone.DIM)
        busy = snapshot.totals.unfinished > 0 or any(view.rule.active for view in snapshot.rules)
        return Cell(f"{glyphs.off} engine stopped", Tone.WARN if busy else Tone.DIM)
