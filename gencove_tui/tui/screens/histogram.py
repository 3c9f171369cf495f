"""How a quality-control metric is spread over a project, as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from gencove_tui.engine.views import Desk
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Project
from gencove_tui.tui.format import Glyphs, bar, clean
from gencove_tui.tui.mistakes import foreseen
from gencove_tui.tui.screens.dialogs import WIDE, Box, Dialog
from gencove_tui.tui.views import Look

if TYPE_CHECKING:
    from gencove_tui.api.v2.quality import Histogram, QcType

NEWEST = (200, 1000, 5000)
"""How many of the newest samples are counted; ``n`` goes through these."""

SCROLL_BAR = 2
"""Cells that a scroll bar and the space before it take."""
UNITS = ((1e6, "M"), (1e9, "G"), (1e12, "T"))


def edge_texts(edges: Sequence[float]) -> list[str]:
    """The ends of the bins, all in one unit and with as many decimals as tell neighbours apart."""
    largest = max(map(abs, edges), default=0.0)
    if largest >= 1e15:
        return [f"{edge:.4g}" for edge in edges]
    unit, name = next(((unit, f" {name}") for unit, name in reversed(UNITS) if largest >= unit), (1.0, ""))
    step = min((high - low for low, high in pairwise(edges) if high > low), default=unit)
    decimals = min(6, max(0, 1 - math.floor(math.log10(step / unit)))) if step < 10 * unit else 0
    return [f"{edge / unit:,.{decimals}f}{name}" for edge in edges]


def chart(histogram: Histogram, width: int, glyphs: Glyphs) -> list[tuple[str, str, str]]:
    """One line per bin: its range, its bar of at most ``width`` cells, its count."""
    most = max(histogram.counts, default=0)
    ranges = [f"{low} – {high}" for low, high in pairwise(edge_texts(histogram.edges))]
    label = max(map(cell_len, ranges), default=0)
    lines = []
    for text, number in zip(ranges, histogram.counts, strict=True):
        filled = bar(number / most if most else 0.0, width, glyphs).rstrip(glyphs.bar_empty) if number else ""
        lines.append((text.rjust(label), filled, f"{number:,}"))
    return lines


class HistogramDialog(Dialog[None]):
    """Left and right go through the metrics."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space,tab", "step(1)", show=False),
        Binding("left,h,shift+tab", "step(-1)", show=False),
        Binding("n", "more", show=False),
        Binding("q,enter", "leave", show=False),
        Binding("down,j", "scroll_chart(1)", show=False),
        Binding("up,k", "scroll_chart(-1)", show=False),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = ("↑ ↓ scroll", "← → metric", "n more samples", "esc close")

    def __init__(self, desk: Desk, look: Look, project: Project, types: Sequence[QcType]) -> None:
        super().__init__()
        self.desk, self.look, self.project = desk, look, project
        # Metrics that are numbers first: only those have a picture.
        self.types = tuple(sorted(types, key=lambda kind: kind.type not in ("min", "max")))
        self.place = 0
        self.newest = NEWEST[0]
        self._title = Static(id="histogram-title", markup=False)
        self._chart = Static(id="histogram-chart", markup=False)

    def compose(self) -> ComposeResult:
        """Which metric, and its picture."""
        with Box(classes="dialog") as box:
            box.border_title = Content(f"QC of {clean(self.project.name) or self.project.id}")
            yield self._title
            yield self._chart

    def on_mount(self) -> None:
        """The first metric."""
        self._ask()

    def action_step(self, by: int) -> None:
        """Another metric."""
        self.place = (self.place + by) % len(self.types)
        self._ask()

    def action_scroll_chart(self, by: int) -> None:
        """See the other bars."""
        self.query_one(Box).scroll_relative(y=by, animate=False)

    def action_more(self) -> None:
        """Count more samples, or fewer again."""
        self.newest = NEWEST[(NEWEST.index(self.newest) + 1) % len(NEWEST)]
        self._ask()

    def _ask(self) -> None:
        kind = self.types[self.place]
        name = clean(kind.name or kind.key.replace("_", " ").capitalize())
        sign = {"min": "", "max": "", "bool": "yes or no"}.get(kind.type, clean(kind.type) or "no limit")
        number = f"{self.place + 1} of {len(self.types)}"
        there = self.project.sample_count
        whose = "all samples" if there is not None and there <= self.newest else f"newest {self.newest:,}"
        self._title.update(
            Content.styled(name, "bold $text-primary")
            + Content.styled(
                "   " + " · ".join(filter(None, (number, sign, whose))),
                "$foreground-muted",
            )
        )
        self._chart.styles.min_height = self._chart.size.height  # nothing jumps while the answer is awaited
        self._chart.update("\nAsking Gencove…")
        self.run_worker(self._load(kind.key), group="histogram", exclusive=True, exit_on_error=False)

    async def _load(self, key: str) -> None:
        try:
            found = await foreseen(self.desk.qc_histogram(self.project.id, key, self.newest))
        except Problem as problem:
            self._draw(Content.styled(clean(str(problem)), "$text-error"))
            return
        if not found.counts:
            self._draw(Content("No sample has a number for this metric."))
            return
        plain = chart(found, 0, self.look.glyphs)
        taken = max(cell_len(text) + cell_len(count) + 3 for text, _, count in plain)
        room = self.inner_width - SCROLL_BAR - taken
        lines = [
            Content(f"{text}  ") + Content.styled(filled, "$text-accent") + Content(f" {number}")
            for text, filled, number in chart(found, max(4, min(60, room)), self.look.glyphs)
        ]
        total = plural(sum(found.counts), "sample")
        self._draw(*lines, Content(""), Content(total))

    def _draw(self, *lines: Content) -> None:
        """Show the answer, as high as it is."""
        self._chart.styles.min_height = None
        self._chart.update(Content("\n").join([Content(""), *lines]))
