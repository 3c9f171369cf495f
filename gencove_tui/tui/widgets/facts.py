"""Names and values as text, in two columns where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from gencove_tui.tui.fitting import fit
from gencove_tui.tui.format import Cell, Tone
from gencove_tui.tui.widgets.wrapping import wrapped

TWO_COLUMNS = 62
"""Cells from which two facts share a line."""

LEAST_NAME = 20
"""Cells that names may always fill; in a wide list two fifths of it."""
INDENT = 4
"""Cells before a value whose name stands on a line of its own."""

TONE_STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.DIM: "$foreground-muted",
    Tone.GOOD: "$text-success",
    Tone.BAD: "$text-error",
    Tone.WARN: "$text-warning",
    Tone.BUSY: "$text-primary",
    Tone.ACCENT: "$text-accent",
}


class Fact(NamedTuple):
    """A name, a value, and whether the value deserves lines of its own."""

    name: str
    value: Cell
    long: bool = False


def styled(cell: Cell) -> Content:
    """A cell as content, never read as markup; with pieces, each in its tone."""
    if "".join(text for text, _ in cell.pieces) == cell.text:
        return Content("").join([Content.styled(text, TONE_STYLES[tone]) for text, tone in cell.pieces])
    return Content.styled(cell.text, TONE_STYLES[cell.tone])


class Facts(Widget):
    """A list of facts, as high as it needs to be. Facts without a value are left out."""

    def __init__(self, *, id: str | None = None, name_tone: Tone = Tone.DIM, name_width: int = 0) -> None:
        super().__init__(id=id)
        self._name_tone = name_tone
        self._name_width = name_width
        self._facts: tuple[Fact, ...] = ()
        self._least = 0
        """Lines to fill at least."""
        self._filled = (0, 0)
        """The width at which the lines were last counted, and how many there were."""

    def show(self, facts: Sequence[Fact], *, passing: bool = False) -> None:
        """Show these facts. While the user is only ``passing``, what stands below doesn't move up."""
        kept = tuple(fact for fact in facts if fact.value.text)
        width, lines = self._filled
        self._least = lines if passing else 0
        before, self._facts = self._facts, kept
        moves = not width or self._height(width) != lines
        if kept != before or moves:
            self.refresh(layout=moves)

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 - Textual's signature
        viewport: Size,  # noqa: ARG002 - Textual's signature
        width: int,
    ) -> int:
        """As many lines as the facts fill at this width."""
        self._filled = (width, self._height(width))
        return self._filled[1]

    def _height(self, width: int) -> int:
        return max(len(self._lines(width)), self._least)

    def render(self) -> Content:
        """The facts at the present width."""
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[Content]:
        if width <= 0:
            return []
        most = max(LEAST_NAME, width * 2 // 5)
        names = [cell_len(fact.name) + 2 for fact in self._facts]
        label = max((name for name in names if name <= most), default=INDENT)
        label = max(label, self._name_width)
        columns = 2 if width >= TWO_COLUMNS else 1
        column = width // columns
        lines: list[Content] = []
        line: list[Content] = []
        for fact in self._facts:
            name = Content.styled(fit(fact.name, label), TONE_STYLES[self._name_tone])
            fits = cell_len(fact.value.text) <= column - label - 1
            if fact.long or not fits:
                if line:
                    lines.append(Content("").join(line))
                    line = []
                if (
                    cell_len(fact.name) + 2 > label
                ):  # on lines of its own, or nothing would be left for the value
                    long_name = Content.styled(fact.name, TONE_STYLES[self._name_tone])
                    lines.extend(wrapped(long_name, width))
                    name = Content(" " * INDENT)
                room = max(1, width - len(name))
                for row in wrapped(styled(fact.value), room):
                    lines.append(name + row)
                    name = Content(" " * (width - room))
                continue
            value = Cell(fit(fact.value.text, column - label), fact.value.tone)
            line.append(name + styled(value))
            if len(line) == columns:
                lines.append(Content("").join(line))
                line = []
        if line:
            lines.append(Content("").join(line))
        return lines
