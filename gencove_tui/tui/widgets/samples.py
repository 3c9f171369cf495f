"""The samples of one project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.message import Message

from gencove_tui.engine.views_remote import SampleAct
from gencove_tui.model import Project, Sample, StatusCounts
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.format import Cell, Tone, clean, day
from gencove_tui.tui.queries import SAMPLE_ORDERS
from gencove_tui.tui.rows import Source
from gencove_tui.tui.states import archive_status, sample_status
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.projects import project_name
from gencove_tui.tui.widgets.sample_facts import sample_facts
from gencove_tui.tui.widgets.virtual_table import VirtualTable

MOST_MARKED = 10_000
"""Samples that one key marks."""


class SamplesPane(ListPane[Sample]):
    """The samples of the chosen project."""

    NAME = "samples"
    BINDINGS = bindings("samples")
    COLUMNS = (
        Column("Client id", 13, flex=2, keep=100, cut="middle"),
        Column("Status", 11, flex=1, keep=90),
        Column("Archive", 11, keep=60),
        Column("Gencove id", 36, keep=10, spare=20),
        Column("Changed", 10, keep=50, right=True),
    )
    ALL_AVAILABLE = tuple(column for column in COLUMNS if column.title != "Archive")
    """While no sample is archived nobody misses the word, and the others get its room."""

    @dataclass
    class Chosen(Message):
        """The cursor is on a sample, or the user opened it."""

        sample: Sample
        opened: bool

    @dataclass
    class DownloadAsked(Message):
        """The user wants results of these samples."""

        samples: tuple[Sample, ...]

    KEEPS_MARKS = True
    SORTS = tuple(SAMPLE_ORDERS)
    project: Project | None = None
    stats: StatusCounts | None = None
    query_text = ""
    """The filters that Gencove was asked for, in words."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.table.set_columns(self.ALL_AVAILABLE)
        self._marked: dict[str, Sample] = {}
        """What is marked stays known when its page goes."""
        self._archives = False
        """Whether any sample of the project that was seen so far isn't simply available."""

    def show_project(self, project: Project, stats: StatusCounts | None) -> None:
        """Say whose samples these are and how they stand."""
        if project.id != getattr(self.project, "id", None):
            self.table.clear_marks()
            self.table.move_to(0)
            self.query_text = ""
            self._archives = False
        self.project, self.stats = project, stats
        self._describe()

    def key_of(self, item: Sample) -> str:
        """Its Gencove id: a client id may be empty or stand twice."""
        return item.id

    def cells_of(self, item: Sample) -> tuple[Cell, ...]:
        """Client id, status, archive where any is archived, Gencove id, when it last changed."""
        archive = (archive_status(item.archive_status, self.look.glyphs),) if self._archives else ()
        return (
            Cell(clean(item.client_id), Tone.DIM if item.hidden else Tone.PLAIN)
            if item.client_id
            else Cell("(none)", Tone.DIM),
            sample_status(item.status, self.look.glyphs),
            *archive,
            Cell(clean(item.id), Tone.DIM),
            Cell(day(item.status_created or item.modified or item.created, self.look.clock()), Tone.DIM),
        )

    def text_of(self, item: Sample) -> str:
        """Both ids and the status."""
        return f"{item.client_id} {item.id} {item.status}"

    def _show_rows(self) -> None:
        if not self._archives:
            self._archives = any(
                archive_status(sample.archive_status, self.look.glyphs).text
                for _, sample in self.view.rows.items()
            )
        self.table.set_columns(self.COLUMNS if self._archives else self.ALL_AVAILABLE)
        super()._show_rows()

    def empty_text(self) -> str:
        """No samples, or no project to have any."""
        if self.project is None:
            return "Enter on a project shows its samples."
        return "No samples in this project.\nAssign uploads to it, and they appear here."

    def show_query(self, text: str) -> None:
        """Gencove is asked for these filters from now on."""
        self.query_text = text
        self._describe()

    def on_mount(self) -> None:
        """Nothing is asked for before there is a project: say how to get one."""
        self.table.set_empty(self.empty_text())

    # --- marks -------------------------------------------------------------------------

    @on(VirtualTable.MarksChanged)
    def _keep_marked(self) -> None:
        """Remember what is marked, for its page may go."""
        full = Source(self.view.rows, self.key_of, self.cells_of)
        kept = {}
        for key in self.table.marks:
            sample = full.by_key(key) or self._marked.get(key)
            if sample is not None:
                kept[key] = sample
        self._marked = kept

    def mark_items(self, samples: Sequence[Sample]) -> None:
        """Mark these, loaded or not."""
        self._marked = {sample.id: sample for sample in samples}
        self.table.set_marks(self._marked)

    def chosen(self) -> tuple[Sample, ...]:
        """The marked samples, in view or not, or else the one under the cursor."""
        if not self.table.marks:
            return super().chosen()
        full = Source(self.view.rows, self.key_of, self.cells_of)
        found = ((full.by_key(key) or self._marked.get(key)) for key in self.table.marks)
        return tuple(sample for sample in found if sample is not None)

    def in_view(self, sample: Sample) -> bool:
        """Whether the list as it is filtered now holds the sample, loaded or not, as far as can be told."""
        if self.source.place(sample.id) is not None:
            return True
        if self.query_text or self.view.rows.loaded >= len(self.view.rows):
            return False
        return self._matches(sample)

    def how_to_mark(self) -> str:
        """Gencove is asked for all that match."""
        return f"{self.look.keys.key('mark_all')} marks every sample that matches."

    def action_mark_all(self) -> None:
        """Mark every sample that matches, also those that aren't loaded; again: none."""
        rows = self.view.rows
        if self.table.marks and len(self.table.marks) >= min(len(self.source), MOST_MARKED):
            self.table.clear_marks()
        elif rows.loaded >= len(rows) or self._keep() is not None:
            super().action_mark_all()
        else:
            self.post_message(Asked("mark_all_samples"))

    # --- filters and order -------------------------------------------------------------

    def action_query(self) -> None:
        """Ask for filters."""
        self.post_message(Asked("query_samples"))

    def action_sort(self) -> None:
        """The next order, by Gencove."""
        super().action_sort()
        self.post_message(Asked("sort_samples", (self.sort or self.SORTS[0],)))

    def restore(self, *, cursor: str = "", text: str = "", sort: str = "", group: str = "") -> None:
        """Take up what was remembered; the order has to be asked for."""
        super().restore(cursor=cursor, text=text, sort=sort, group=group)
        if self.sort:
            self.post_message(Asked("sort_samples", (self.sort,)))

    def drop_filter(self, *, search: bool = True) -> bool:
        """Drop the filter, or else the filters that Gencove was asked for."""
        if super().drop_filter(search=search):
            return True
        if not self.query_text or not search:
            return False
        self.post_message(Asked("clear_sample_query"))
        return True

    def _nothing(self) -> str:
        if self.project is None:
            return self.empty_text()
        if self.query_text and self.view.fetched and not self.view.busy and not self.filter_text:
            return f"No sample is {self.query_text}. {self.look.keys.key('back')} shows all."
        return super()._nothing()

    def notes(self) -> list[tuple[int, str]]:
        """The project's name, its counts, and what Gencove is asked for."""
        if self.project is None:
            return []
        glyphs, stats = self.look.glyphs, self.stats
        words = []
        if stats is not None:
            for sign, value in (
                (glyphs.good, stats.succeeded),
                (glyphs.busy, stats.running),
                (glyphs.queued, stats.scheduled),
                (glyphs.bad, stats.failed),
            ):
                if value:
                    words.append(f"{sign} {value:,}")
        return [(12, project_name(self.project)), (8, "  ".join(words)), (35, self.query_text)]

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
        else:
            self.post_message(self.Said("No sample is chosen"))

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
        else:
            self.post_message(self.Said("No sample is chosen"))

    # --- deeds -------------------------------------------------------------------------

    def _ask(self, deed: str, *before: object) -> None:
        if samples := self.chosen():
            self.post_message(Asked(deed, (*before, *samples)))
        else:
            self.post_message(self.Said("No sample is chosen"))

    def action_export_raw(self) -> None:
        """Write the raw-data table of the chosen samples."""
        self._ask("export_raw")

    def action_take_over(self) -> None:
        """Import or copy the chosen samples into another project."""
        self._ask("take_over")

    def action_cancel_samples(self) -> None:
        """Cancel the analysis of the chosen samples."""
        self._ask("act_on_samples", SampleAct.CANCEL)

    def action_hide_samples(self) -> None:
        """Hide the chosen samples; show them again if all of them are hidden."""
        samples = self.chosen()
        hidden = bool(samples) and all(sample.hidden for sample in samples)
        self._ask("act_on_samples", SampleAct.UNHIDE if hidden else SampleAct.HIDE)

    def action_restore_samples(self) -> None:
        """Restore the chosen samples from the archive."""
        self._ask("act_on_samples", SampleAct.RESTORE)

    def action_delete_samples(self) -> None:
        """Delete the chosen samples."""
        self._ask("act_on_samples", SampleAct.DELETE)

    def action_metadata(self) -> None:
        """Edit the metadata of the sample under the cursor."""
        if (sample := self.current()) is not None:
            self.post_message(Asked("metadata", (sample,)))
        else:
            self.post_message(self.Said("No sample is chosen"))

    def action_qc_histogram(self) -> None:
        """Show how the metrics of the project are spread."""
        self.post_message(Asked("qc_histogram"))
