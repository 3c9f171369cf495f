"""How the columns of a table share its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

GAP = 1
"""Cells between columns; one more between a figure and the text beside it, which would seem to be one."""


@dataclass(frozen=True)
class Column:
    """How one column behaves as the table gets wider and narrower."""

    title: str
    width: int
    """Cells: all it gets, or the least if ``flex`` is set."""
    flex: int = 0
    """Share of what is left over."""
    keep: int = 100
    """When there isn't room for all, the column with the lowest goes first."""
    spare: int = 0
    """Cells that the others must gain beyond their own before this column is worth its room."""
    right: bool = False
    wish: int = 0
    """Cells of its longest text: it gets them before what is left over is shared by ``flex``."""
    cut: str = "end"
    """How a text is cut that doesn't fit: at its ``end`` or ``middle``, or as a ``path``."""

    def for_texts(self, longest: int, most: int) -> Column:
        """The same column as wide as its ``longest`` text, but no wider than ``most``."""
        return replace(self, width=max(self.width, min(longest, most)))

    def wishing(self, longest: int, most: int) -> Column:
        """The same column with the wish to show its ``longest`` text, up to ``most`` cells."""
        return replace(self, wish=min(longest, most))


def share(columns: Sequence[Column], room: int) -> dict[int, int]:
    """Which columns are shown in ``room`` cells, by number, and how wide each is. At least one is."""
    shown = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[i].width for i in shown) + sum(gaps(columns, shown))

    while len(shown) > 1 and needed() + sum(columns[i].spare for i in shown) > room:
        shown.remove(min(shown, key=lambda i: columns[i].keep))
    spare = max(0, room - needed())
    wishes = _granted({i: columns[i].wish - columns[i].width for i in shown}, spare)
    spare -= sum(wishes.values())
    flex = sum(columns[i].flex for i in shown)
    widths = {}
    for i in shown:
        extra = spare * columns[i].flex // flex if flex else 0
        spare -= extra
        flex -= columns[i].flex
        widths[i] = min(columns[i].width + wishes.get(i, 0) + extra, max(1, room))
    return widths


def _granted(wishes: dict[int, int], spare: int) -> dict[int, int]:
    """Who gets how many of the ``spare`` cells: the most modest wish comes first."""
    granted = {}
    for wish, i in sorted((wish, i) for i, wish in wishes.items() if wish > 0):
        granted[i] = min(wish, spare)
        spare -= granted[i]
    return granted


def gaps(columns: Sequence[Column], shown: Sequence[int]) -> list[int]:
    """The cells after each of the columns that are ``shown``, none after the last."""
    between = [GAP + (columns[i].right and not columns[following].right) for i, following in pairwise(shown)]
    return [*between, 0]
