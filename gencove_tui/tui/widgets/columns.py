"""How the columns of a table share its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    cut: str = "end"
    """How a text is cut that doesn't fit: at its ``end`` or ``middle``, or as a ``path``."""


def share(columns: Sequence[Column], room: int) -> dict[int, int]:
    """Which columns are shown in ``room`` cells, by number, and how wide each is. At least one is."""
    shown = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[i].width for i in shown) + sum(gaps(columns, shown))

    while len(shown) > 1 and needed() + sum(columns[i].spare for i in shown) > room:
        shown.remove(min(shown, key=lambda i: columns[i].keep))
    spare = max(0, room - needed())
    flex = sum(columns[i].flex for i in shown)
    widths = {}
    for i in shown:
        extra = spare * columns[i].flex // flex if flex else 0
        spare -= extra
        flex -= columns[i].flex
        widths[i] = min(columns[i].width + extra, max(1, room))
    return widths


def gaps(columns: Sequence[Column], shown: Sequence[int]) -> list[int]:
    """The cells after each of the columns that are ``shown``, none after the last."""
    between = [GAP + (columns[i].right and not columns[following].right) for i, following in pairwise(shown)]
    return [*between, 0]
