"""Choosing a project."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from gencove_tui.engine.views import Desk
from gencove_tui.errors import Problem
from gencove_tui.model import Project, ProjectQuery
from gencove_tui.tui.format import Cell, Tone, clean, count
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import Dialog
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.projects import project_name
from gencove_tui.tui.widgets.virtual_table import VirtualTable

REST = 0.25
"""Seconds without a key before Gencove is asked."""


class PickProject(Dialog[Project | None]):
    """Type to search, enter to choose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]
    COLUMNS = (
        Column("Project", 20, flex=2, keep=100),
        Column("Samples", 8, keep=50, right=True),
        Column("Your role", 10, keep=40),
    )

    def __init__(
        self, desk: Desk, look: Look, title: str, *, without: str = "", permission: str = ""
    ) -> None:
        super().__init__()
        self.desk, self._title, self._without, self._permission = desk, title, without, permission
        self.source: Source[Project] = Source(Rows(), lambda p: p.id, _cells)
        self.table = VirtualTable(self.COLUMNS, glyphs=look.glyphs, id="pick-table", empty="Loading…")

    def compose(self) -> ComposeResult:
        """Search, list, trouble."""
        with Vertical(classes="dialog -wide") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content("type to search · ↑ ↓ · enter choose · esc back")
            yield Input(placeholder="search", compact=True, id="pick-search")
            yield self.table
            yield Static(id="pick-wrong", classes="wrong", markup=False)

    def on_mount(self) -> None:
        """The newest first."""
        self.table.styles.height = max(4, min(14, self.app.size.height - 10))
        self.table.can_focus = False
        self.query_one(Input).focus()
        self._ask(0.0)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._ask(REST)

    def _ask(self, after: float) -> None:
        self.run_worker(self._load(after), group="projects", exclusive=True, exit_on_error=False)

    async def _load(self, after: float) -> None:
        await asyncio.sleep(after)
        query = ProjectQuery(
            search=self.query_one(Input).value.strip(), additional_permission=self._permission
        )
        try:
            listing = await self.desk.projects(query)
        except Problem as problem:
            self.query_one("#pick-wrong", Static).update(clean(str(problem)))
            return
        found = [project for project in listing.page.items if project.id != self._without]
        self.source = Source(Rows.of(found), lambda p: p.id, _cells)
        self.table.set_empty("No project matches." if query.search else "There is no project to choose.")
        self.table.show(self.source)

    def action_move(self, by: int) -> None:
        """Up and down in the list while typing."""
        self.table.move_to(self.table.cursor + by)

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(VirtualTable.Opened)
    @on(Input.Submitted)
    def _chosen(self, event: VirtualTable.Opened | Input.Submitted) -> None:
        event.stop()
        project = self.source.item(self.table.cursor) if len(self.source) else None
        if project is not None:
            self.dismiss(project)


def _cells(project: Project) -> tuple[Cell, ...]:
    return (
        Cell(project_name(project)),
        Cell(count(project.sample_count), Tone.DIM),
        Cell(clean(project.role), Tone.DIM),
    )
