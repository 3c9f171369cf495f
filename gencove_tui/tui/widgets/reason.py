"""A few lines below a table: why what is under its cursor doesn't go on."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from gencove_tui.tui.widgets.wrapping import wrapped

MOST = 3
"""Lines that it may fill; the sheet of the transfer has all of it."""


def first_lines(text: Content, width: int, most: int, ellipsis: str) -> list[Content]:
    """``text`` in at most so many lines of ``width`` cells; a sign says where its end is left out."""
    lines = [line.rstrip() for line in wrapped(text, width)]
    if len(lines) > most:
        rest = lines[most - 1].truncate(width - len(ellipsis))
        lines = [*lines[: most - 1], rest.rstrip() + Content(ellipsis)]
    return lines


class Reason(Widget):
    """As high as its text, but no more than a few lines: then its end is left out, with a sign."""

    def __init__(self, ellipsis: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ellipsis = ellipsis
        self._text = Content("")
        self.display = False

    def show(self, text: str) -> None:
        """Say this, never read as markup; nothing takes no room."""
        if text == self._text.plain:
            return
        before, self._text = self._lines(self.size.width), Content(text)
        if self.display != bool(text):
            self.display = bool(text)
        self.refresh(layout=len(before) != len(self._lines(self.size.width)))

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 - Textual's signature
        viewport: Size,  # noqa: ARG002 - Textual's signature
        width: int,
    ) -> int:
        """As many lines as are shown at this width."""
        return len(self._lines(width))

    def render(self) -> Content:
        """The text at the present width."""
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[Content]:
        if width <= 0 or not self._text:
            return []
        return first_lines(self._text, width, MOST, self._ellipsis)
