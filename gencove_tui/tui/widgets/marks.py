"""Marked rows: what the next action is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Marks:
    """Marks by key, so that they stay on their rows; a table says where its cursor is and repaints."""

    marks: dict[str, None]
    """Keys of marked rows, in the order of marking."""
    cursor: int
    source: Any

    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor."""
        raise NotImplementedError

    def move_to(self, index: int) -> None:
        """Put the cursor on a row."""
        raise NotImplementedError

    def _marks_changed(self) -> None:
        """Other rows are marked now."""
        raise NotImplementedError

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor and go one down."""
        key = self.cursor_key
        if key is None:
            return
        if key in self.marks:
            del self.marks[key]
        else:
            self.marks[key] = None
        self._marks_changed()
        self.move_to(self.cursor + 1)

    def mark_range(self) -> int:
        """Mark every row between the one that was marked last and the cursor, both included.

        Returns how many of them aren't loaded, so that they can't be marked.
        """
        if not len(self.source):
            return 0
        last = next(
            (place for key in reversed(self.marks) if (place := self.source.place(key)) is not None), None
        )
        low, high = sorted((self.cursor if last is None else last, self.cursor))
        return self._mark(range(low, high + 1))

    def mark_all(self) -> int:
        """Mark every row that is loaded; if all of them are marked, unmark them, and no others.

        Returns how many were left out because they aren't loaded.
        """
        before = len(self.marks)
        left_out = self._mark(range(len(self.source)))
        if len(self.marks) == before:
            here = {self.source.key(index) for index in range(len(self.source))}
            self.set_marks([key for key in self.marks if key not in here])
            return 0
        return left_out

    def _mark(self, rows: range) -> int:
        left_out = 0
        for index in rows:
            key = self.source.key(index)
            if key is None:
                left_out += 1
            else:
                self.marks[key] = None
        self._marks_changed()
        return left_out

    def set_marks(self, keys: Iterable[str]) -> None:
        """Mark exactly the rows with these keys, here or not."""
        self.marks = dict.fromkeys(keys)
        self._marks_changed()

    def clear_marks(self) -> None:
        """Forget all marks."""
        if self.marks:
            self.marks.clear()
            self._marks_changed()
