"""One table for every list that can grow: it draws the rows in view and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.strip import Strip

from gencove_tui.tui.actions import TABLE, bindings
from gencove_tui.tui.format import ASCII, UNICODE, Cell, Glyphs, Tone
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.marks import Marks
from gencove_tui.tui.widgets.motion import Motion
from gencove_tui.tui.widgets.painter import ROLES, Image, Painter


class RowSource(Protocol):
    """What a table asks of a list."""

    def __len__(self) -> int: ...

    def key(self, index: int) -> str | None:
        """What stays the same about a row; None while it isn't loaded."""
        ...

    def cells(self, index: int) -> tuple[Cell, ...] | None:
        """What to show, one clean cell per column; None while the row isn't loaded."""
        ...

    def place(self, key: str) -> int | None:
        """The row that has this key now."""
        ...


class PlainScrollBar(ScrollBarRender):
    """Whole cells only, for terminals without block characters."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


NO_ROWS: RowSource = Source(Rows[str](), str, lambda _: ())


class VirtualTable(Motion, Marks, ScrollView, can_focus=True, inherit_bindings=False):
    """A table over a ``RowSource``.

    Where rows come ``newest_first``, a cursor on the first row stays there until the table gets the keyboard.

    The cursor stays on its row, by key, while rows come and go. ``show`` compares what is on the screen
    with what should be and repaints the lines that differ.
    """

    BINDINGS = bindings(TABLE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {*ROLES, *(f"table--{tone}" for tone in Tone)}

    @dataclass
    class About(Message):
        """Something that a table says."""

        table: VirtualTable

        @property
        def control(self) -> VirtualTable:
            """The table."""
            return self.table

    @dataclass
    class Moved(About):
        """The cursor is on another row."""

        key: str | None

    @dataclass
    class Opened(About):
        """A row was double-clicked."""

        key: str | None

    @dataclass
    class WindowNeeded(About):
        """Rows are in view that aren't loaded."""

        first: int
        last: int

        def can_replace(self, message: Message) -> bool:
            """Only the newest view counts."""
            return isinstance(message, VirtualTable.WindowNeeded) and message.table is self.table

    @dataclass
    class MarksChanged(About):
        """Rows were marked or unmarked."""

    @dataclass
    class Filled(About):
        """There are rows now where there were none, or the other way round."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        glyphs: Glyphs = UNICODE,
        empty: str = "",
        newest_first: bool = False,
        id: str | None = None,  # Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.source: RowSource = NO_ROWS
        self.cursor = 0
        """Row of the cursor; meaningless in an empty list."""
        self.marks = {}
        self._cursor_key: str | None = None
        self._expected: str | None = None
        self._empty = empty
        self._newest_first = newest_first
        self.painter = Painter(self, columns, glyphs)
        self._painted: dict[int, Image] = {}

    # --- what the pane tells and asks --------------------------------------------------

    def show(self, source: RowSource) -> None:
        """Show this list from now on, keeping the cursor on its row and repainting what differs."""
        before = self.cursor
        if bool(len(source)) != bool(len(self.source)):
            self.refresh()  # the words for an empty list come or go
            self.post_message(self.Filled(self))
        self.source = source
        wanted = self._cursor_key if self._expected is None else self._expected
        place = None if wanted is None else source.place(wanted)
        if self._newest_first and not before and not self.has_focus and self._expected is None:
            place = 0
        expected, self._expected = self._expected, self._expected if not len(source) else None
        self.cursor = max(0, min(before if place is None else place, len(source) - 1))
        self._fit_virtual_size()
        if self.cursor != before or expected is not None:
            if place is not None and self.scroll_offset.y:
                self.scroll_to(y=self.scroll_offset.y + self.cursor - before, animate=False)
            self._reveal()
        self._note_cursor()
        self._repaint_changed()
        self._ask_for_missing()

    def set_empty(self, text: str) -> None:
        """What to say while there are no rows; lines are separated by line breaks."""
        if text != self._empty:
            self._empty = text
            if not len(self.source):
                self.refresh()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns from now on; the source must have as many cells. Follow it with ``show``."""
        if self.painter.set_columns(columns):
            self._painted.clear()
            self.refresh()

    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor; None in an empty list or on a row that isn't loaded."""
        return self.source.key(self.cursor) if len(self.source) else None

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, clamped to what exists, and bring it into view."""
        index = max(0, min(index, len(self.source) - 1))
        if index != self.cursor:
            self.cursor = index
            self._reveal()
            self._note_cursor()
            self._repaint_changed()

    def move_to_key(self, key: str) -> bool:
        """Put the cursor on the row with this key; False if it isn't here."""
        place = self.source.place(key)
        if place is not None:
            self.move_to(place)
        return place is not None

    def expect(self, key: str) -> None:
        """The cursor belongs on the row with this key, once it is here."""
        self._expected = key

    def expect_the_same(self) -> None:
        """The cursor belongs on the row that it is on, once that is here; unless another is expected."""
        if self._expected is None:
            self._expected = self._cursor_key

    def _marks_changed(self) -> None:
        self._repaint_changed()
        self.post_message(self.MarksChanged(self))

    @property
    def rows_in_view(self) -> tuple[int, int]:
        """First and last row on the screen; the last is smaller than the first in an empty list."""
        first = self.scroll_offset.y
        return first, min(first + self.page - 1, len(self.source) - 1)

    # --- keys and mouse ----------------------------------------------------------------

    @property
    def page(self) -> int:
        """Rows that are in view at once."""
        return max(1, self.size.height - 1)

    def on_click(self, event: events.Click) -> None:
        """One click puts the cursor, two open the row."""
        index = self.scroll_offset.y + event.y - 1
        if event.y >= 1 and index < len(self.source):
            event.stop()
            self.move_to(index)
            if event.chain == 2:
                self.post_message(self.Opened(self, self.cursor_key))

    def on_mount(self) -> None:
        """Plain signs where need be."""
        if self.glyphs is ASCII:
            # Of this table alone: the class is shared with every other scroll bar.
            self.vertical_scrollbar.renderer = PlainScrollBar  # type: ignore[misc]  # it is looked up on the bar

    def on_focus(self) -> None:
        """The cursor gets its strong colour."""
        self._repaint_changed()

    def on_blur(self) -> None:
        """The cursor gets its quiet colour."""
        self._repaint_changed()

    def on_resize(self) -> None:
        """Share the new width among the columns."""
        self._fit_virtual_size()
        self._reveal()
        self._ask_for_missing()

    def notify_style_update(self) -> None:
        """Colours changed: nothing drawn so far is right."""
        super().notify_style_update()
        self.painter.forget()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are in view."""
        super().watch_scroll_y(old_value, new_value)
        self._ask_for_missing()

    # --- keeping what is on the screen true --------------------------------------------

    def _note_cursor(self) -> None:
        """Remember which row the cursor is on, and say so when that changed."""
        key = self.cursor_key
        if key is not None or not len(self.source):
            changed = key != self._cursor_key
            self._cursor_key = key
            if changed:
                self.post_message(self.Moved(self, key))
        else:
            self._cursor_key = None

    def _reveal(self) -> None:
        if not self.size.height:
            return
        top = self.scroll_offset.y
        # By force: a list that has just grown has no scroll bar yet, without which Textual wouldn't.
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor > top + self.page - 1:
            self.scroll_to(y=self.cursor - self.page + 1, animate=False, force=True)

    @property
    def _room(self) -> int:
        """Cells of a line: the scroll bar takes one as soon as there are more rows than lines."""
        bar = self.styles.scrollbar_size_vertical if len(self.source) + 1 > self.size.height else 0
        return self.size.width - bar

    def _fit_virtual_size(self) -> None:
        if self._lay_out():
            self.refresh()
        size = Size(self._room, len(self.source) + 1)
        if size != self.virtual_size:
            self.virtual_size = size

    def _ask_for_missing(self) -> None:
        first, last = self.rows_in_view
        if any(self.source.key(index) is None for index in range(first, last + 1)):
            self.post_message(self.WindowNeeded(self, first, last))

    def _image(self, index: int) -> Image:
        on_cursor = index == self.cursor
        key = self.source.key(index)
        marked = key is not None and key in self.marks
        return Image(self.source.cells(index), on_cursor, marked, on_cursor and self.has_focus)

    def _repaint_changed(self) -> None:
        top = self.scroll_offset.y
        lines = []
        for y in range(1, self.size.height):
            index = top + y - 1
            image = self._image(index) if index < len(self.source) else None
            if image != self._painted.get(y):
                lines.append(Region(0, y, self.size.width, 1))
        if lines:
            self.refresh(*lines)

    def _lay_out(self) -> bool:
        """Decide which columns are shown and how wide; returns whether what is drawn is wrong now."""
        return self.painter.lay_out(self.size.width, self._room)

    # --- drawing -----------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the header, a row, or nothing."""
        self._lay_out()
        if y == 0:
            return self.painter.header()
        index = self.scroll_offset.y + y - 1
        if index < len(self.source):
            image = self._painted[y] = self._image(index)
            return self.painter.row(image)
        self._painted.pop(y, None)
        lines = self._empty.split("\n")
        if not len(self.source) and 0 <= y - 2 < len(lines):
            return self.painter.words(lines[y - 2])
        return self.painter.blank()
