"""How the lines of a table look: columns shared out, cells cut to fit, each in the style of its tone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip
from textual.widget import Widget

from gencove_tui.tui.fitting import fit
from gencove_tui.tui.format import Cell, Glyphs, Tone
from gencove_tui.tui.widgets.columns import Column, gaps, share

GUTTER = 2
"""Cells before the first column: one for the mark or else the cursor, one that keeps it clear of the text."""
MARGIN = 1
"""Cells after the last column."""
ROLES = frozenset({"table--header", "table--cursor", "table--cursor-focused", "table--marked"})
"""Component classes of lines that aren't plain; those of the tones come on top."""


class Image(NamedTuple):
    """All that decides how a row looks; equal images need no repaint."""

    cells: tuple[Cell, ...] | None
    """None while the row isn't loaded."""
    cursor: bool = False
    marked: bool = False
    focused: bool = False


class Painter:
    """Draws the lines of one table, and remembers what it drew until the columns or the colours change."""

    def __init__(self, table: Widget, columns: Sequence[Column], glyphs: Glyphs) -> None:
        self.columns = tuple(columns)
        self.glyphs = glyphs
        self._table = table
        self._width = self._room = -1
        self._shares: dict[int, tuple[int, str]] = {}
        """Of each column that is shown, by number: its cells, and the blanks after it."""
        self._strips: LRUCache[Image, Strip] = LRUCache(512)
        self._styles: dict[tuple[str, Tone], Style] = {}

    def set_columns(self, columns: Sequence[Column]) -> bool:
        """Draw other columns from now on; returns whether they are others."""
        if self.columns == tuple(columns):
            return False
        self.columns = tuple(columns)
        self._width = -1
        return True

    def lay_out(self, width: int, room: int) -> bool:
        """Share ``room`` cells of lines of ``width`` among the columns; returns whether that changed them."""
        if (width, room) == (self._width, self._room):
            return False
        self._width, self._room = width, room
        widths = share(self.columns, room - GUTTER - MARGIN)
        after = gaps(self.columns, list(widths))
        self._shares = {i: (width, " " * gap) for (i, width), gap in zip(widths.items(), after, strict=True)}
        self._strips.clear()
        return True

    def forget(self) -> None:
        """Colours changed: nothing drawn so far is right."""
        self._styles.clear()
        self._strips.clear()

    def header(self) -> Strip:
        """The titles of the columns."""
        cells = [Cell(" " * GUTTER)]
        for i, (width, gap) in self._shares.items():
            column = self.columns[i]
            cells.append(Cell(fit(column.title, width, right=column.right) + gap))
        return self._line(cells, "header")

    def words(self, text: str) -> Strip:
        """A line that stands where rows would be."""
        return self._line([Cell(" " * GUTTER), Cell(fit(text, self._width - GUTTER), Tone.DIM)], "base")

    def blank(self) -> Strip:
        """A line without anything."""
        return Strip.blank(self._width, self.style("base", Tone.PLAIN))

    def row(self, image: Image) -> Strip:
        """A row."""
        strip = self._strips.get(image)
        if strip is None:
            strip = self._strips[image] = self._row(image)
        return strip

    def _row(self, image: Image) -> Strip:
        role, glyphs = "base", self.glyphs
        if image.cursor:
            role = "cursor-focused" if image.focused else "cursor"
        elif image.marked:
            role = "marked"
        cursor = " " if not image.cursor else glyphs.cursor if image.focused else glyphs.cursor_away
        # Marks stand one below the other. Where the keyboard is, the ground shows the cursor beside one.
        signs = cursor + " " if not image.marked else glyphs.mark + (" " if image.focused else cursor)
        cells = [Cell(signs, Tone.ACCENT)]
        for column, cell, width, gap in self._spread(image.cells):
            text = fit(cell.text, width, right=column.right, cut=column.cut, ellipsis=glyphs.ellipsis)
            if cell.pieces and text.startswith(cell.text):
                cells += (Cell(piece, tone) for piece, tone in cell.pieces)
                text = text.removeprefix(cell.text)
            elif cell.pieces:  # the first is what matters
                first = cell.pieces[0][0]
                text = fit(first, width, right=column.right, cut=column.cut, ellipsis=glyphs.ellipsis)
            cells.append(Cell(text + gap, cell.tone))
        return self._line(cells, role)

    def _spread(self, cells: Sequence[Cell] | None) -> Iterator[tuple[Column, Cell, int, str]]:
        """Each cell with its room, and the blanks after it. Words aren't cut beside a cell without any."""
        shown = list(self._shares.items())
        while shown:
            i, (width, gap) = shown.pop(0)
            column = self.columns[i]
            cell = Cell(self.glyphs.missing, Tone.DIM) if cells is None else cells[i]
            cut = column.cut == "end" and not column.right and cell_len(cell.text) > width
            if cut and cells is not None and shown and not cells[shown[0][0]].text:
                more, after = shown.pop(0)[1]
                width, gap = width + len(gap) + more, after
            yield column, cell, width, gap

    def _line(self, cells: Sequence[Cell], role: str) -> Strip:
        segments = [Segment(cell.text, self.style(role, cell.tone)) for cell in cells]
        return Strip(segments).adjust_cell_length(self._width, self.style(role, Tone.PLAIN))

    def style(self, role: str, tone: Tone) -> Style:
        """The look of a tone on the header, on the cursor, on a marked row or on the plain ground."""
        style = self._styles.get((role, tone))
        if style is None:
            _, ground = self._table.background_colors
            emphasis = Style()
            look = None if role == "base" else self._table.get_component_styles(f"table--{role}")
            if look is not None:
                ground += look.background
                emphasis = look.text_style
            # What is faint is the hardest to read on the cursor's ground, and is what the user looks at.
            # Reversed, tones would be a patchwork of grounds.
            level = emphasis.reverse or (tone is Tone.DIM and role == "cursor-focused")
            colour = self._table.get_component_styles(f"table--{Tone.PLAIN if level else tone}").color
            if look is not None and role == "header":
                colour = look.color
            text = ground + colour
            style = Style(color=text.rich_color, bgcolor=ground.rich_color, bold=tone is Tone.STRONG or None)
            style += emphasis
            self._styles[(role, tone)] = style
        return style
