"""What all panes share: a border that tells, a table, a banner for trouble."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Static

from gencove_tui.tui.actions import ACTIONS, PANE_TITLES, TABS
from gencove_tui.tui.format import Cell
from gencove_tui.tui.toasts import Severity
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

ABOUT_ROWS = frozenset(action.id for action in ACTIONS if action.on_rows)


class Pane(Vertical, can_focus=False):
    """A bordered region with one main table. Data comes in by ``show…`` methods, deeds go out as messages."""

    NAME: ClassVar[str]
    """Its id, as in ``actions.PANES``."""
    COLUMNS: ClassVar[tuple[Column, ...]]
    NEWEST_FIRST: ClassVar[bool] = False

    @dataclass
    class CopyAsked(Message):
        """The user wants this text on the clipboard."""

        text: str
        what: str

    @dataclass
    class Said(Message):
        """Something for the user to know about what a key just did, or why it did nothing."""

        text: str
        severity: Severity = "information"

    @dataclass
    class FactsAsked(Message):
        """The user wants to see all that is known about one thing."""

        title: str
        facts: tuple[tuple[str, Cell], ...]
        copyable: str = ""

    def __init__(self, look: Look) -> None:
        super().__init__(id=self.NAME)
        self.look = look
        self.table = VirtualTable(
            self.COLUMNS, glyphs=look.glyphs, newest_first=self.NEWEST_FIRST, id=f"{self.NAME}-table"
        )
        self.banner = Static(id=f"{self.NAME}-banner", classes="banner", markup=False)
        self._title = self._subtitle = ""
        self._edges: tuple[Region, ...] = ()

    def compose(self) -> ComposeResult:
        """Banner above, table below."""
        yield self.banner
        yield self.table

    def on_mount(self) -> None:
        """Say what this is, before there is data."""
        self.set_title()

    def focus_table(self) -> None:
        """Give the main table the keyboard, at once: the very next key may be on its way already."""
        self.screen.set_focus(self.table, scroll_visible=False)

    def idle_actions(self) -> frozenset[str]:
        """Actions that have nothing to act on, for there is no row. The key bar leaves them out."""
        return frozenset() if len(self.table.source) else ABOUT_ROWS

    def set_title(self, *, counted: str = "", subtitle: str = "") -> None:
        """Say in the border what this is, how many there are, and what the reader must know about them."""
        number = f"{TABS.index(self.NAME) + 1} " if self.NAME in TABS else ""
        title = f"{number}{PANE_TITLES[self.NAME]}{' ' + counted if counted else ''}"
        width, height = self.outer_size
        top, left = self.gutter.top, self.gutter.left  # no frame on top where panes stand alone
        if title != self._title:
            self._title = title
            self._edges = (Region(-left, -top, width, 1),)
            self.border_title = Content(title)
        if subtitle != self._subtitle:
            self._subtitle = subtitle
            self._edges = (Region(-left, height - 1 - top, width, 1),)
            self.border_subtitle = Content(subtitle) if subtitle else None
        self._edges = ()

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Repaint; of a new title, which Textual repaints the whole pane for, only its line."""
        return super().refresh(*(regions or self._edges), repaint=repaint, layout=layout, recompose=recompose)

    def set_banner(self, text: str) -> None:
        """Show trouble above the table; nothing while there is none."""
        if self.banner.display != bool(text):
            self.banner.display = bool(text)
        said = Content(f"{self.look.glyphs.bad} {text}")
        if text and self.banner.content != said:
            self.banner.update(said)
