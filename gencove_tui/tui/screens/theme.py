"""Choosing the colours, with a look at them before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.theme import Theme

from gencove_tui.tui.format import Cell, Tone
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import Box, Dialog
from gencove_tui.tui.themes import HOUSE_THEMES
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

WORDS = {
    "gencove-dark": "for a dark terminal",
    "gencove-light": "for a light terminal",
    "gencove-clear-dark": "dark, for eyes that tell few colours apart",
    "gencove-clear-light": "light, for eyes that tell few colours apart",
}


class ThemeChooser(Dialog[str | None]):
    """Puts each theme on as the cursor comes to it; answers the chosen one, or puts the old one back."""

    HINTS: ClassVar[tuple[str, ...]] = ("↑ ↓ try", "enter keep", "esc as before")
    WIDTH: ClassVar[int] = 76

    def __init__(self, look: Look, themes: Sequence[Theme], now: str) -> None:
        super().__init__()
        self._now = now
        house = [theme.name for theme in HOUSE_THEMES]
        ordered = sorted(
            themes, key=lambda t: (house.index(t.name) if t.name in house else len(house), t.name)
        )
        self._themes = Source(Rows.of(ordered), lambda theme: theme.name, self._cells)
        columns = (Column("Theme", 20, keep=100), Column("", 20, flex=1, keep=50))
        self.table = VirtualTable(columns, glyphs=look.glyphs, id="theme-table")
        self._glyphs = look.glyphs

    def compose(self) -> ComposeResult:
        """The list."""
        with Box(classes="dialog") as box:
            box.border_title = Content("Colours")
            yield self.table

    def on_mount(self) -> None:
        """Begin at the theme that is on."""
        self.table.show(self._themes)
        self.table.move_to_key(self._now)
        self.table.focus()

    def fit(self) -> None:
        """Low enough to see the screen around it."""
        self.table.styles.height = max(4, min(len(self._themes) + 1, self.inner_height - 2, 16))

    def _cells(self, theme: Theme) -> tuple[Cell, ...]:
        words = WORDS.get(theme.name, "dark" if theme.dark else "light")
        if theme.name.startswith("ansi"):
            words += ", in the terminal's own colours"
        if theme.name == self._now:
            words = f"{words} {self._glyphs.good}"
        return Cell(theme.name), Cell(words, Tone.DIM)

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        if event.key is not None:
            self.app.theme = event.key

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self.dismiss(event.key)

    def key_enter(self, event: events.Key) -> None:
        """Keep what is on."""
        event.stop()
        self.dismiss(self.app.theme)

    def action_leave(self) -> None:
        """Put the old one back."""
        self.app.theme = self._now
        self.dismiss(None)
