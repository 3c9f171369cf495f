"""Choosing a project."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from gencove_tui.engine.views import Desk
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Project, ProjectQuery
from gencove_tui.tui.format import Cell, Tone, clean, count
from gencove_tui.tui.mistakes import foreseen
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import WIDE, Box, Dialog
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.projects import project_name
from gencove_tui.tui.widgets.virtual_table import VirtualTable

REST = 0.25
"""Seconds without a key before Gencove is asked."""
SHORT = 8
"""Lines of the list in any case, so that it needs not grow while one types."""
SPACES = 4
"""Lines that the search, what is said of it and the space between take."""


class PickProject(Dialog[Project | None]):
    """Type to search, enter to choose. ``known`` is listed until Gencove has answered; ``search`` is typed
    already.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = ("type to search", "↑ ↓", "enter choose", "esc back")
    COLUMNS = (
        Column("Project", 20, flex=2, keep=100),
        Column("Samples", 8, keep=50, right=True),
        Column("Your role", 10, keep=40),
    )

    def __init__(
        self,
        desk: Desk,
        look: Look,
        title: str,
        *,
        without: str = "",
        permission: str = "",
        known: Sequence[Project] = (),
        search: str = "",
    ) -> None:
        super().__init__()
        self.desk, self._title, self._without, self._permission = desk, title, without, permission
        self._known = tuple(known)
        self._search = search
        self._asked: str | None = None
        """What Gencove is being asked for; None while nothing is."""
        self._most = 0
        """Projects in the longest list so far: a search that finds fewer makes nothing jump."""
        self._entered = False
        """Whether enter waits for the answer."""
        self.source: Source[Project] = Source(Rows(), lambda p: p.id, _cells)
        self.table = VirtualTable(self.COLUMNS, glyphs=look.glyphs, id="pick-table", empty="Asking Gencove…")

    def compose(self) -> ComposeResult:
        """Search, list, how the search stands."""
        with Box(classes="dialog") as box:
            box.border_title = Content(self._title)
            with Horizontal(classes="field -close"):
                yield Label("Search")
                yield Input(
                    self._search,
                    placeholder="name or id; case doesn't matter",
                    compact=True,
                    id="pick-search",
                )
            yield self.table
            yield Static(id="pick-said", classes="quiet", markup=False)

    def on_mount(self) -> None:
        """What is known first, then what Gencove says."""
        self.table.can_focus = False
        self.query_one(Input).focus()
        self._ask(0.0)

    def fit(self) -> None:
        """As many projects as there is room for."""
        self.table.styles.height = max(4, min(max(SHORT, self._most + 1), 20, self.inner_height - SPACES))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._entered = False
        self._ask(REST)

    def _ask(self, after: float) -> None:
        """List what is known to match, and ask Gencove."""
        text = self.query_one(Input).value.strip()
        words = text.casefold().split()
        self._list(
            [p for p in self._known if all(word in f"{project_name(p)} {p.id}".casefold() for word in words)],
            "Asking Gencove…",
        )
        self._asked = text
        self._say("Asking Gencove…")
        self.run_worker(self._load(text, after), group="projects", exclusive=True, exit_on_error=False)

    async def _load(self, text: str, after: float) -> None:
        await asyncio.sleep(after)
        try:
            listing = await foreseen(
                self.desk.projects(ProjectQuery(search=text, additional_permission=self._permission))
            )
        except Problem as problem:
            self._asked, self._entered = None, False
            self._say(clean(str(problem)), bad=True)
            return
        page = listing.page
        self._asked = None
        if not text:
            self._known = page.items
        self._list(page.items, "No project matches." if text else "There is no project to choose.")
        number = len(self.source)
        if page.more:
            total = "" if page.total is None else f" of {page.total:,}"
            self._say(f"The first {number:,}{total}. Type to find others.")
        else:
            self._say("" if not number else plural(number, "project"))
        if self._entered:
            self._entered = False
            self._take(text)

    def _list(self, projects: Sequence[Project], empty: str) -> None:
        found = [project for project in projects if project.id != self._without]
        if len(found) > self._most:
            self._most = len(found)
            self.fit()
        self.source = Source(Rows.of(found), lambda p: p.id, _cells)
        self.table.set_empty(empty)
        self.table.show(self.source)

    def _say(self, text: str, *, bad: bool = False) -> None:
        said = self.query_one("#pick-said", Static)
        said.set_class(bad, "wrong")
        said.set_class(not bad, "quiet")
        said.update(text)

    def _take(self, text: str) -> None:
        """Choose what the answer leaves no doubt about; else let the user look."""
        found = [p for _, p in self.source.rows.items()]
        named = [p for p in found if text and text.casefold() in (p.id.casefold(), p.name.strip().casefold())]
        if len(found) == 1 or len(named) == 1:
            self.answer(found[0] if len(found) == 1 else named[0])
        elif found:
            self._say(f"{plural(len(found), 'project')} match: choose one of them.")

    def action_move(self, by: int) -> None:
        """Up and down in the list while typing."""
        self._entered = False
        self.table.move_to(self.table.cursor + by)

    def action_page(self, by: int) -> None:
        """A page down or up while typing."""
        self.action_move(by * self.table.page)

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(VirtualTable.Opened)
    @on(Input.Submitted)
    def _chosen(self, event: VirtualTable.Opened | Input.Submitted) -> None:
        """Take the project under the cursor; what was typed waits for its answer, lest another be taken."""
        event.stop()
        if self._asked is not None and (self._asked or not len(self.source)):
            self._entered = True
            return
        project = self.source.item(self.table.cursor) if len(self.source) else None
        if project is not None:
            self.dismiss(project)


def _cells(project: Project) -> tuple[Cell, ...]:
    return (
        Cell(project_name(project)),
        Cell(count(project.sample_count), Tone.DIM),
        Cell(clean(project.role), Tone.DIM),
    )
