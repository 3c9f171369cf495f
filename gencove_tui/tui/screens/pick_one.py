"""Choosing one of many things that are all known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label

from gencove_tui.tui.format import Cell, Tone
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import WIDE, Box, Dialog
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

SPACES = 3
"""Lines that the search and the space around it take."""


class PickOne(Dialog[str | None]):
    """Type to narrow the list, enter to choose. ``known``: names with what more there is to say of each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = ("type to search", "↑ ↓", "enter choose", "esc back")

    def __init__(self, look: Look, title: str, known: Mapping[str, str], *, search: str = "") -> None:
        super().__init__()
        self._title, self._known, self._search = title, known, search
        self._source: Source[str] = Source(Rows(), str, self._cells)
        columns = (Column("Name", 24, flex=2, keep=100), Column("", 16, flex=1, keep=40, cut="middle"))
        self.table = VirtualTable(columns, glyphs=look.glyphs, id="pick-table", empty="None is called that.")

    def compose(self) -> ComposeResult:
        """Search and list."""
        with Box(classes="dialog") as box:
            box.border_title = Content(self._title)
            with Horizontal(classes="field -close"):
                yield Label("Search")
                yield Input(self._search, placeholder="a part of the name", compact=True, id="pick-search")
            yield self.table

    def on_mount(self) -> None:
        """What the search finds already."""
        self.table.can_focus = False
        self.query_one(Input).focus()
        self._list(self._search)

    def fit(self) -> None:
        """As many as there is room for; the list doesn't shrink while one types."""
        self.table.styles.height = max(4, min(len(self._known) + 1, 20, self.inner_height - SPACES))

    def _cells(self, name: str) -> tuple[Cell, ...]:
        return Cell(name), Cell(self._known[name], Tone.DIM)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._list(event.value)

    def _list(self, text: str) -> None:
        words = text.casefold().split()
        found = [
            name
            for name, more in self._known.items()
            if all(word in f"{name} {more}".casefold() for word in words)
        ]
        self._source = Source(Rows.of(found), str, self._cells)
        self.table.show(self._source)

    def action_move(self, by: int) -> None:
        """Up and down in the list while typing."""
        self.table.move_to(self.table.cursor + by)

    def action_page(self, by: int) -> None:
        """A page down or up while typing."""
        self.action_move(by * self.table.page)

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(VirtualTable.Opened)
    @on(Input.Submitted)
    def _chosen(self, event: VirtualTable.Opened | Input.Submitted) -> None:
        """Take what is under the cursor."""
        event.stop()
        if len(self._source):
            self.dismiss(self._source.item(self.table.cursor))
