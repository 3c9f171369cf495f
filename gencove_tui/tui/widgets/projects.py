"""The projects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual import on
from textual.message import Message

from gencove_tui.engine.views_remote import ProjectAct
from gencove_tui.model import Project, StatusCounts
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.format import Cell, Tone, clean, count, day, moment
from gencove_tui.tui.json_text import in_words
from gencove_tui.tui.queries import PROJECT_ORDERS
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.list_pane import ListPane
from gencove_tui.tui.widgets.status_bar import status_bar
from gencove_tui.tui.widgets.virtual_table import VirtualTable

BAR = 8
"""Cells of a project's status bar."""


_OTHERWISE = {"organization": "Organization id"}
"""Fields whose own name says something else."""


class ProjectsPane(ListPane[Project]):
    """All projects that the key can see."""

    NAME = "projects"
    BINDINGS = bindings("projects")
    COLUMNS = (
        Column("Name", 20, flex=1, keep=100),
        Column("Samples", 7, keep=50, right=True),
        Column("Status", BAR, keep=30),
        Column("Modified", 10, keep=20, right=True),
    )

    @dataclass
    class Chosen(Message):
        """The cursor is on a project, or the user opened it."""

        project: Project
        opened: bool

    SORTS = tuple(PROJECT_ORDERS)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.stats: dict[str, tuple[Project, StatusCounts | None]] = {}
        """What was asked about projects: the row for which it was, and the answer once it came."""
        self._missed: dict[str, datetime | None] = {}
        """Projects whose counts did not come, with the age that the list had then."""
        self.query_text = ""
        """The filters that Gencove was asked for, in words."""
        self._new = ""
        """A project that was made just now and isn't in the list yet."""

    def key_of(self, item: Project) -> str:
        """Its id."""
        return item.id

    def cells_of(self, item: Project) -> tuple[Cell, ...]:
        """Name, how many samples, how they stand, when it last changed."""
        stats = self.stats.get(item.id, (item, None))[1]
        return (
            Cell(project_name(item), Tone.DIM if item.hidden else Tone.PLAIN),
            Cell(self._samples(item, stats), Tone.DIM),
            Cell("") if stats is None else status_bar(stats, BAR, self.look.glyphs),
            Cell(day(item.modified or item.created, self.look.clock()), Tone.DIM),
        )

    def _samples(self, item: Project, stats: StatusCounts | None) -> str:
        known = stats.total if item.sample_count is None and stats is not None else item.sample_count
        return "–" if known is None else count(known)

    def text_of(self, item: Project) -> str:
        """Name, id and description."""
        return f"{item.name} {item.id} {item.description}"

    def _show_rows(self) -> None:
        super()._show_rows()
        self.want_stats()

    def go_to_new(self, project: Project) -> None:
        """The cursor belongs on a project that was made just now, once the list holds it."""
        self._new = project.id

    def show(self, view: ListView[Project]) -> None:
        """Show this state of the list."""
        super().show(view)
        if self._new and self.table.move_to_key(self._new):
            self._new = ""

    def empty_text(self) -> str:
        """Nothing to see with this key."""
        return f"No projects.\n{self.look.keys.key('new_project')} creates one."

    # --- counts ------------------------------------------------------------------------

    def want_stats(self) -> None:
        """Ask for the counts of projects in view that changed since they were counted.

        Where they did not come they are asked for again once the list was answered anew: then Gencove can
        be reached.
        """
        first, last = self.table.rows_in_view
        wanted = []
        for index in range(first, last + 1):
            project = self.source.item(index)
            if project is None:
                continue
            known, stats = self.stats.get(project.id, (None, None))
            if project != known or self._missed.get(project.id, self.view.fetched) != self.view.fetched:
                self._missed.pop(project.id, None)
                self.stats[project.id] = (project, stats)
                wanted.append(project)
        if wanted:
            self.post_message(Asked("count_projects", tuple(wanted)))

    def miss_stats(self, project: Project) -> None:
        """The counts of a project did not come."""
        self._missed[project.id] = self.view.fetched

    def show_stats(self, project: Project, stats: StatusCounts) -> None:
        """The counts of a project came."""
        if self.stats.get(project.id) != (project, stats):
            self.stats[project.id] = (project, stats)
            self._show_rows()

    # --- filters and order -------------------------------------------------------------

    def show_query(self, text: str) -> None:
        """Gencove is asked for these filters from now on."""
        self.query_text = text
        self._describe()

    def note(self) -> str:
        """The filters that are on."""
        return self.query_text

    def action_query(self) -> None:
        """Ask for filters."""
        self.post_message(Asked("query_projects"))

    def action_sort(self) -> None:
        """The next order, by Gencove."""
        super().action_sort()
        self.post_message(Asked("sort_projects", (self.sort or self.SORTS[0],)))

    def drop_filter(self, *, search: bool = True) -> bool:
        """Drop the filter, or else the filters that Gencove was asked for."""
        if super().drop_filter(search=search):
            return True
        if not self.query_text or not search:
            return False
        self.post_message(Asked("clear_project_query"))
        return True

    # --- deeds -------------------------------------------------------------------------

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        self._new = ""  # the user went elsewhere meanwhile
        if (project := self.current()) is not None:
            self.post_message(self.Chosen(project, opened=False))

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Go to the samples of the project under the cursor."""
        if (project := self.current()) is not None:
            self.post_message(self.Chosen(project, opened=True))

    def action_about(self) -> None:
        """Show all that is known about the project under the cursor."""
        self._ask("project_sheet")

    def _ask(self, deed: str, *before: object) -> None:
        if (project := self.current()) is not None:
            self.post_message(Asked(deed, (*before, project)))

    def action_project_files(self) -> None:
        """Download files of the project under the cursor."""
        self._ask("project_files")

    def action_new_project(self) -> None:
        """Create a project."""
        self.post_message(Asked("new_project"))

    def action_edit_project(self) -> None:
        """Rename or describe the project under the cursor."""
        self._ask("edit_project")

    def action_hide_projects(self) -> None:
        """Hide the project under the cursor, or show it again."""
        project = self.current()
        hidden = project is not None and project.hidden
        self._ask("act_on_projects", ProjectAct.UNHIDE if hidden else ProjectAct.HIDE)

    def action_delete_projects(self) -> None:
        """Delete the project under the cursor."""
        self._ask("act_on_projects", ProjectAct.DELETE)

    def action_copy(self) -> None:
        """Copy its id."""
        if (project := self.current()) is not None:
            self.post_message(self.CopyAsked(project.id, "the project's id"))


def project_facts(project: Project) -> tuple[tuple[str, Cell], ...]:
    """All that is known about a project."""
    marks = [
        word
        for word, on in (("hidden", project.hidden), ("locked", project.locked), ("shared", project.shared))
        if on
    ]
    return (
        ("Name", Cell(clean(project.name), Tone.STRONG)),
        ("Id", Cell(clean(project.id))),
        ("Description", Cell(clean(project.description))),
        ("Samples", Cell(count(project.sample_count))),
        ("Created", Cell(moment(project.created))),
        ("Modified", Cell(moment(project.modified))),
        ("Organization", Cell(clean(project.organization_name))),
        ("Your role", Cell(clean(project.role))),
        ("Pipeline", Cell(clean(project.pipeline_capability))),
        ("It is", Cell(", ".join(marks))),
        *(
            (_OTHERWISE.get(name, clean(name)), Cell(clean(in_words(value)), Tone.DIM))
            for name, value in project.extra.items()
        ),
    )


def project_name(project: Project) -> str:
    """A name to show, also where there is none."""
    return clean(project.name) or f"(no name) {project.id}"
