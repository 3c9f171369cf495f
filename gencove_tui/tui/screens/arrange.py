"""Which panes are in view: all of them, the one with the keyboard, or none."""

from __future__ import annotations

from typing import Any

from textual.css.scalar import Scalar
from textual.geometry import Size, clamp
from textual.screen import Screen

from gencove_tui.tui.actions.kinds import PANES

WIDE = (120, 30)
"""Columns and rows from which all panes are shown at once."""
SIDE_BY_SIDE = 150
"""Columns from which the detail stands beside the samples instead of below them."""
SMALLEST = (60, 16)
LEAST_COLUMNS, LEAST_RIGHT = 26, 44
"""Columns that the left side and the right side keep."""
LEAST_ROWS, LEAST_TOP = 6, 16
"""Rows that the lower panes and the upper ones with the bars keep."""


def form_for(size: Size) -> str:
    """``wide``, ``single`` (one pane at a time) or ``tiny`` (none)."""
    if size.width < SMALLEST[0] or size.height < SMALLEST[1]:
        return "tiny"
    return "wide" if size.width >= WIDE[0] and size.height >= WIDE[1] else "single"


def columns_within(size: Size, wish: int | None) -> int | None:
    """The columns of the left side that come nearest to what was chosen, in a terminal of this size."""
    return None if wish is None else clamp(wish, LEAST_COLUMNS, max(LEAST_COLUMNS, size.width - LEAST_RIGHT))


def rows_within(size: Size, wish: int | None) -> int | None:
    """The rows of the lower panes that come nearest to what was chosen, in a terminal of this size."""
    return None if wish is None else clamp(wish, LEAST_ROWS, max(LEAST_ROWS, size.height - LEAST_TOP))


class Arrangement:
    """Shows and hides; it never moves or rebuilds a pane, so what is chosen, marked and scrolled stays."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self.form = ""
        self.zoomed = False
        self.left: int | None = None
        """Columns of the left side where the user chose them."""
        self.bottom: int | None = None
        """Rows of the lower panes where the user chose them."""

    @property
    def one_at_a_time(self) -> bool:
        """Whether only the pane with the keyboard is in view."""
        return self.form == "single" or self.zoomed

    @property
    def tiny(self) -> bool:
        """Whether there is no room for any pane."""
        return self.form == "tiny"

    def resize(self, size: Size) -> bool:
        """Take over another terminal size; returns whether that takes another form."""
        self._screen.set_class(size.width >= SIDE_BY_SIDE, "-side-by-side")
        before, self.form = self.form, form_for(size)
        self._screen.set_class(self.one_at_a_time, "-single")
        return self.form != before

    def apply(self, at: str) -> None:
        """Show what belongs in view while the pane ``at`` has the keyboard."""
        tiny, single = self.tiny, self.one_at_a_time
        self._screen.set_class(single, "-single")
        for name in PANES:
            self._display(f"#{name}", not single or name == at)
        self._display("#left", not single or at in ("projects", "uploads"))
        self._display("#right", not single or at in ("samples", "detail"))
        self._display("#top", not single or at not in ("transfers", "watch"))
        self._display("#bottom", not single or at in ("transfers", "watch"))
        self._display("#tabs", single and not tiny)
        for part in ("#body", "#status", "#keys"):
            self._display(part, not tiny)
        self._display("#too-small", tiny)
        if self.form:
            self.fit()

    def stretch(self, what: str, by: int) -> None:
        """Give the left side more ``columns``, or the lower panes more ``rows``, as far as there is room."""
        size = self._screen.app.size
        if what == "columns":
            width = self._screen.query_one("#left").outer_size.width
            self.left = columns_within(size, (columns_within(size, self.left) or width) + by)
        else:
            height = self._screen.query_one("#bottom").outer_size.height
            self.bottom = rows_within(size, (rows_within(size, self.bottom) or height) + by)
        self.fit()

    def fit(self) -> None:
        """Bring the chosen sizes into what the terminal has room for; what was chosen stays the wish."""
        size, single = self._screen.app.size, self.one_at_a_time
        left, bottom = self._screen.query_one("#left").styles, self._screen.query_one("#bottom").styles
        columns, rows = columns_within(size, self.left), rows_within(size, self.bottom)
        if columns is None or single:
            left.clear_rule("width")
            left.clear_rule("max_width")
        else:
            left.width, left.max_width = columns, Scalar.parse("100%")
        if rows is None or single:
            bottom.clear_rule("height")
        else:
            bottom.height = rows

    def _display(self, part: str, shown: bool) -> None:
        widget = self._screen.query_one(part)
        if widget.display != shown:
            widget.display = shown
