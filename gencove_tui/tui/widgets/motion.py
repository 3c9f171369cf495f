"""The keys that move a cursor in a list."""

from __future__ import annotations

from typing import Any


class Motion:
    """Actions for the bindings of ``actions.TABLE``; a list says what a move and a page are."""

    cursor: int
    source: Any

    @property
    def page(self) -> int:
        """Rows that are in view at once."""
        raise NotImplementedError

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, clamped to what exists."""
        raise NotImplementedError

    def action_cursor_up(self) -> None:
        """One row up."""
        self.move_to(self.cursor - 1)

    def action_cursor_down(self) -> None:
        """One row down."""
        self.move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        """One page up."""
        self.move_to(self.cursor - self.page)

    def action_page_down(self) -> None:
        """One page down."""
        self.move_to(self.cursor + self.page)

    def action_half_up(self) -> None:
        """Half a page up."""
        self.move_to(self.cursor - self.page // 2)

    def action_half_down(self) -> None:
        """Half a page down."""
        self.move_to(self.cursor + self.page // 2)

    def action_top(self) -> None:
        """To the first row."""
        self.move_to(0)

    def action_bottom(self) -> None:
        """To the last row."""
        self.move_to(len(self.source) - 1)
