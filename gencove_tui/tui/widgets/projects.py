"""The projects."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.message import Message

from gencove_tui.model import Project
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, clean, count, day, moment
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.virtual_table import VirtualTable


class ProjectsPane(ListPane[Project]):
    """All projects that the key can see."""

    NAME = "projects"
    BINDINGS = bindings("projects")
    COLUMNS = (
        Column("Name", 12, flex=1, keep=100),
        Column("Samples", 7, keep=50, right=True),
        Column("Modified", 10, keep=20, right=True),
    )

    @dataclass
    class Chosen(Message):
        """The cursor is on a project, or the user opened it."""

        project: Project
        opened: bool

    def key_of(self, item: Project) -> str:
        """Its id."""
        return item.id

    def cells_of(self, item: Project) -> tuple[Cell, ...]:
        """Name, how many samples, when it last changed."""
        return (
            Cell(project_name(item), Tone.DIM if item.hidden else Tone.PLAIN),
            Cell(count(item.sample_count), Tone.DIM),
            Cell(day(item.modified or item.created, self.look.clock()), Tone.DIM),
        )

    def text_of(self, item: Project) -> str:
        """Name, id and description."""
        return f"{item.name} {item.id} {item.description}"

    def empty_text(self) -> str:
        """Nothing to see with this key."""
        return "No projects.\nThis key can see none yet."

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        if (project := self.current()) is not None:
            self.post_message(self.Chosen(project, opened=False))

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Go to the samples of the project under the cursor."""
        if (project := self.current()) is not None:
            self.post_message(self.Chosen(project, opened=True))

    def action_about(self) -> None:
        """Show all that is known about the project under the cursor."""
        if (project := self.current()) is not None:
            self.post_message(self.FactsAsked("Project", project_facts(project), copyable=project.id))

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
        *((clean(name), Cell(clean(str(value)), Tone.DIM)) for name, value in project.extra.items()),
    )


def project_name(project: Project) -> str:
    """A name to show, also where there is none."""
    return clean(project.name) or f"(no name) {project.id}"
