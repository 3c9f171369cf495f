"""All that is known about a project: how its samples stand, what it is analysed with, its files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from gencove_tui.model import Project, StatusCounts
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.format import Cell, Tone, clean, size
from gencove_tui.tui.screens.dialogs import WIDE, Dialog
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact, Facts
from gencove_tui.tui.widgets.projects import project_facts, project_name
from gencove_tui.tui.widgets.status_bar import counts_text, status_bar

BAR = 40
"""Cells of the status bar."""
NAMES = 18
"""Cells that the names of the facts and a scroll bar take."""


class ProjectSheet(Dialog[bool]):
    """Answers whether the user wants its files."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "leave", show=False),
        Binding("d", "download", show=False),
        Binding("y", "copy", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]
    WIDTH = WIDE

    def __init__(self, look: Look, project: Project, stats: StatusCounts | None, pipeline: str) -> None:
        super().__init__()
        self.look, self.project, self.stats, self.pipeline = look, project, stats, pipeline

    def compose(self) -> ComposeResult:
        """Facts, scrolling where they are many."""
        with VerticalScroll(classes="dialog", id="project-scroll") as box:
            box.border_title = Content(f"Project {project_name(self.project)}")
            yield Facts()

    def hints(self) -> Sequence[str]:
        """Its files, where it has some."""
        files = ["d download files"] if self.project.deliverables else []
        return ("↑ ↓ scroll", *files, "y copy the id", "esc close")

    def on_mount(self) -> None:
        """Fill it."""
        facts = []
        for name, value in project_facts(self.project):
            if name == "Pipeline" and self.pipeline:
                facts.append(Fact(name, Cell(clean(self.pipeline)), long=True))
            else:
                facts.append(Fact(name, value, long=True))
        if self.stats is not None:
            glyphs = self.look.glyphs
            counts = Cell(counts_text(self.stats, glyphs))
            drawn = status_bar(self.stats, min(BAR, self.inner_width - NAMES), glyphs)
            shown = [cell for cell in (drawn, counts) if cell.text]
            facts[2:2] = [Fact("" if n else "Status", cell, long=True) for n, cell in enumerate(shown)]
        for number, file in enumerate(self.project.deliverables):
            text = f"{clean(file.file_type)}  {size(file.size, '?')}  {clean(file.name)}".rstrip()
            tone = Tone.PLAIN if file.url is not None else Tone.DIM
            facts.append(Fact("Files" if not number else "", Cell(text, tone), long=True))
        if not self.project.deliverables:
            facts.append(Fact("Files", Cell("none of its own", Tone.DIM), long=True))
        self.query_one(Facts).show(facts)
        self.query_one("#project-scroll").focus()

    def action_download(self) -> None:
        """Choose among its files."""
        self.dismiss(bool(self.project.deliverables))

    def action_copy(self) -> None:
        """Copy its id."""
        copy(self.app, self.project.id, "the project's id")

    def action_scroll(self, by: int) -> None:
        """See the rest."""
        self.query_one("#project-scroll").scroll_relative(y=by, animate=False)

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss(False)
