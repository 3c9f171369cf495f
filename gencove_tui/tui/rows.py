"""Lists that may be longer than what is here: immutable rows, and their face towards a table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from gencove_tui.model import Page
from gencove_tui.tui.format import Cell

T = TypeVar("T")


class Rows(Generic[T]):
    """Items of a list by position, with gaps where nothing has been loaded. Immutable.

    ``spans`` maps the position of a first item to a run of items; runs never overlap.
    """

    __slots__ = ("_spans", "_starts", "length", "more")

    def __init__(
        self, spans: dict[int, tuple[T, ...]] | None = None, length: int = 0, more: bool = False
    ) -> None:
        self._spans = {start: run for start, run in (spans or {}).items() if run}
        self._starts = sorted(self._spans)
        self.length = length
        """How many items the whole list holds, as far as is known."""
        self.more = more
        """Whether the list goes on after ``length`` for an unknown number of items."""

    @classmethod
    def of(cls, items: Iterable[T]) -> Rows[T]:
        """A list that is here in full."""
        run = tuple(items)
        return cls({0: run}, len(run))

    def __len__(self) -> int:
        return self.length + (1 if self.more else 0)

    def __getitem__(self, index: int) -> T | None:
        place = bisect_right(self._starts, index) - 1
        if place < 0:
            return None
        start = self._starts[place]
        run = self._spans[start]
        return run[index - start] if index - start < len(run) else None

    @property
    def loaded(self) -> int:
        """How many items are here."""
        return sum(map(len, self._spans.values()))

    def items(self) -> Iterable[tuple[int, T]]:
        """Position and item of all that is here, in order."""
        for start in self._starts:
            yield from enumerate(self._spans[start], start)

    def with_page(self, page: Page[T], *, keep: int = 10_000) -> Rows[T]:
        """The list after ``page`` arrived.

        If the page shows that the list's length or an item's place changed, whatever was loaded elsewhere
        is of a different list by now and dropped. At most about ``keep`` items stay, those nearest to it.
        """
        first, end = page.offset, page.offset + len(page.items)
        if page.total is not None:
            length, more = max(page.total, end), False
        elif page.more:
            # Nothing tells the length: one row more than is known asks for the rest when it comes into view.
            length, more = max(end, self.length), self.more or end >= self.length
        else:
            length, more = (end if page.items or not first else min(first, self.length)), False
        same_list = not self._moved(page) and (page.total is None or length == self.length)
        spans = self._outside(first, end, length) if same_list else {}
        rows = Rows({**spans, first: page.items}, length, more)
        return rows if rows.loaded <= keep else rows._near(first, end, keep)

    def missing(self, first: int, last: int, page: int) -> int | None:
        """Where a window of ``page`` items should start to fill the first gap in ``first..last``, if any."""
        for index in range(max(0, first), min(last, len(self) - 1) + 1):
            if self[index] is None:
                aligned = index // page * page
                return aligned if self[aligned] is None else index
        return None

    def _moved(self, page: Page[T]) -> bool:
        """Whether an item at either end of the page has another identity than before."""
        if not page.items:
            return False
        for place in (0, len(page.items) - 1):
            before, item = self[page.offset + place], page.items[place]
            if before is not None and _identity(before) != _identity(item):
                return True
        return False

    def _outside(self, first: int, end: int, length: int) -> dict[int, tuple[T, ...]]:
        """What is loaded of this list before ``first`` and from ``end`` on, up to ``length``."""
        spans: dict[int, tuple[T, ...]] = {}
        for start in self._starts:
            run = self._spans[start][: max(0, length - start)]
            if start < first:
                spans[start] = run[: first - start]
            if start + len(run) > end:
                offset = max(0, end - start)
                spans[start + offset] = run[offset:]
        return spans

    def _near(self, first: int, end: int, keep: int) -> Rows[T]:
        middle = (first + end) // 2
        chosen: dict[int, tuple[T, ...]] = {}
        room = keep
        for start in sorted(self._starts, key=lambda s: abs(s + len(self._spans[s]) // 2 - middle)):
            run = self._spans[start]
            if chosen and len(run) > room:
                break
            chosen[start] = run
            room -= len(run)
        return Rows(chosen, self.length, self.more)


def _identity(item: object) -> object:
    for name in ("id", "path"):
        value = getattr(item, name, "")
        if value != "":
            return value
    return item


class Source(Generic[T]):
    """Rows as a table sees them: keys and cells, perhaps only those that a filter keeps."""

    def __init__(
        self,
        rows: Rows[T],
        key: Callable[[T], str],
        cells: Callable[[T], Sequence[Cell]],
        keep: Callable[[T], bool] | None = None,
    ) -> None:
        self.rows = rows
        self._key = key
        self._cells = cells
        self._kept = None if keep is None else [i for i, item in rows.items() if keep(item)]
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self.rows) if self._kept is None else len(self._kept)

    def item(self, index: int) -> T | None:
        """The item in this row; None while it isn't loaded or where there is no such row."""
        if self._kept is None:
            return self.rows[index] if 0 <= index < len(self.rows) else None
        return self.rows[self._kept[index]] if 0 <= index < len(self._kept) else None

    def key(self, index: int) -> str | None:
        """What stays the same about this row when others come and go."""
        item = self.item(index)
        return None if item is None else self._key(item)

    def cells(self, index: int) -> tuple[Cell, ...] | None:
        """What to show, one cell per column; None while the row isn't loaded."""
        item = self.item(index)
        return None if item is None else tuple(self._cells(item))

    def place(self, key: str) -> int | None:
        """The row that has this key now."""
        if self._places is None:
            if self._kept is None:
                self._places = {self._key(item): i for i, item in self.rows.items()}
            else:
                self._places = {k: i for i in range(len(self._kept)) if (k := self.key(i)) is not None}
        return self._places.get(key)

    def by_key(self, key: str) -> T | None:
        """The item with this key, if it is loaded and not filtered away."""
        place = self.place(key)
        return None if place is None else self.item(place)
