"""The samples of one project."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.message import Message

from gencove_tui.model import Project, Sample, StatusCounts
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, clean, day
from gencove_tui.tui.states import archive_status, sample_status
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.projects import project_name
from gencove_tui.tui.widgets.sample_facts import sample_facts
from gencove_tui.tui.widgets.virtual_table import VirtualTable


class SamplesPane(ListPane[Sample]):
    """The samples of the chosen project."""

    NAME = "samples"
    BINDINGS = bindings("samples")
    COLUMNS = (
        Column("Client id", 14, flex=3, keep=100, cut="middle"),
        Column("Status", 14, flex=1, keep=90),
        Column("Archive", 11, keep=20),
        Column("Gencove id", 36, keep=10),
        Column("Changed", 10, keep=50, right=True),
    )

    @dataclass
    class Chosen(Message):
        """The cursor is on a sample, or the user opened it."""

        sample: Sample
        opened: bool

    @dataclass
    class DownloadAsked(Message):
        """The user wants results of these samples."""

        samples: tuple[Sample, ...]

    project: Project | None = None
    stats: StatusCounts | None = None

    def show_project(self, project: Project, stats: StatusCounts | None) -> None:
        """Say whose samples these are and how they stand."""
        if project.id != getattr(self.project, "id", None):
            self.table.clear_marks()
            self.table.move_to(0)
        self.project, self.stats = project, stats
        self._describe()

    def key_of(self, item: Sample) -> str:
        """Its Gencove id: a client id may be empty or stand twice."""
        return item.id

    def cells_of(self, item: Sample) -> tuple[Cell, ...]:
        """Client id, status, archive, Gencove id, when it last changed."""
        return (
            Cell(clean(item.client_id), Tone.PLAIN) if item.client_id else Cell("(none)", Tone.DIM),
            sample_status(item.status, self.look.glyphs),
            archive_status(item.archive_status, self.look.glyphs),
            Cell(clean(item.id), Tone.DIM),
            Cell(day(item.status_created or item.modified or item.created, self.look.clock()), Tone.DIM),
        )

    def text_of(self, item: Sample) -> str:
        """Both ids and the status."""
        return f"{item.client_id} {item.id} {item.status}"

    def empty_text(self) -> str:
        """No samples, or no project to have any."""
        if self.project is None:
            return "Enter on a project shows its samples."
        return "No samples in this project.\nAssign uploads to it, and they appear here."

    def note(self) -> str:
        """The project's name and its counts."""
        if self.project is None:
            return ""
        glyphs, stats = self.look.glyphs, self.stats
        words = [project_name(self.project)]
        if stats is not None:
            for sign, value in (
                (glyphs.good, stats.succeeded),
                (glyphs.busy, stats.running),
                (glyphs.queued, stats.scheduled),
                (glyphs.bad, stats.failed),
            ):
                if value:
                    words.append(f"{sign} {value:,}")
        return "  ".join(words)

    def _nothing(self) -> str:
        return self.empty_text() if self.project is None else super()._nothing()

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        if (sample := self.current()) is not None:
            self.post_message(self.Chosen(sample, opened=False))

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show the sample under the cursor with its results."""
        if (sample := self.current()) is not None:
            self.post_message(self.Chosen(sample, opened=True))

    def action_about(self) -> None:
        """Show all that is known about the sample under the cursor."""
        if (sample := self.current()) is not None:
            facts = tuple((fact.name, fact.value) for fact in sample_facts(sample, self.look))
            self.post_message(self.FactsAsked("Sample", facts, copyable=sample.id))

    def action_download(self) -> None:
        """Fetch results of the marked samples, or of the one under the cursor."""
        if samples := self.chosen():
            self.post_message(self.DownloadAsked(samples))
        else:
            self.post_message(self.Said("No sample to download from"))

    def action_copy(self) -> None:
        """Copy the Gencove ids of the marked samples, or of the one under the cursor."""
        if samples := self.chosen():
            what = "the sample's Gencove id" if len(samples) == 1 else f"{len(samples)} Gencove ids"
            self.post_message(self.CopyAsked("\n".join(s.id for s in samples), what))
