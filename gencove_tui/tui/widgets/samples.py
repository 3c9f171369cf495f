"""The samples of one project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from textual import on
from textual.message import Message

from gencove_tui.engine.views_remote import SampleAct
from gencove_tui.model import Project, Sample, StatusCounts
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.fitting import fit
from gencove_tui.tui.format import Cell, Tone, clean, day
from gencove_tui.tui.queries import SAMPLE_ORDERS
from gencove_tui.tui.rows import Source
from gencove_tui.tui.states import FAILED_QC, archive_status, in_words, sample_status
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.list_pane import ListPane
from gencove_tui.tui.widgets.projects import project_name
from gencove_tui.tui.widgets.sample_facts import sample_facts
from gencove_tui.tui.widgets.virtual_table import VirtualTable

MOST_MARKED = 10_000
"""Samples that one key marks."""
MOST_DAY = 10
"""Cells of the longest form of a day."""
MOST_ID = 60
"""Cells that client ids may take before the others had their share."""
LEAST_NAME = 12
"""Cells that the project's name gets in the border at least."""
NAME = 12
"""What the name is worth there."""
MOST_WORD = 22
"""Cells that the words for status and archive may take."""


class SamplesPane(ListPane[Sample]):
    """The samples of the chosen project."""

    NAME = "samples"
    BINDINGS = bindings("samples")
    COLUMNS = (
        Column("Client id", 13, flex=2, keep=100, cut="middle"),
        Column("Status", 11, flex=1, keep=90),
        Column("Archive", 11, keep=60),
        Column("Gencove id", 36, keep=10, spare=20),
        Column("Changed", 7, keep=50, right=True),
    )
    """The archive's is left out while no sample is archived: the others get its room."""

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
        self._statuses: set[str] = set()
        self._archive_words: set[str] = set()
        """Other words than the usual ``available``; both as far as samples of the project were seen."""
        self._set_columns()
        self._marked: dict[str, Sample] = {}
        """What is marked stays known when its page goes."""
        self._all: frozenset[str] = frozenset()
        """What one key marked last, loaded or not."""

    def show_project(self, project: Project, stats: StatusCounts | None) -> None:
        """Say whose samples these are and how they stand."""
        if project.id != getattr(self.project, "id", None):
            self.table.clear_marks()
            self.table.move_to(0)
            self.query_text = ""
            self._statuses, self._archive_words = set(), set()
        self.project, self.stats = project, stats
        self._describe()

    def key_of(self, item: Sample) -> str:
        """Its Gencove id: a client id may be empty or stand twice."""
        return item.id

    def cells_of(self, item: Sample) -> tuple[Cell, ...]:
        """Client id, status, archive where any is archived, Gencove id, when it last changed."""
        archive = (archive_status(item.archive_status, self.look.glyphs),) if self._archive_words else ()
        return (
            Cell(clean(item.client_id), Tone.DIM if item.hidden else Tone.PLAIN)
            if item.client_id
            else Cell("(none)", Tone.DIM),
            sample_status(item.status, self.look.glyphs),
            *archive,
            Cell(clean(item.id), Tone.DIM),
            Cell(day(_changed(item), self.look.clock()), Tone.DIM),
        )

    def text_of(self, item: Sample) -> str:
        """Both ids and the status, as it came and as it is shown."""
        return f"{item.client_id} {item.id} {item.status} {in_words(item.status)}"

    def _show_rows(self) -> None:
        rows = self._rows()
        self._statuses.update(sample.status for sample in rows)
        self._archive_words.update(sample.archive_status for sample in rows)
        self._archive_words -= {"", "available"}
        self._set_columns()
        super()._show_rows()

    def _rows(self) -> list[Sample]:
        """The samples that are loaded."""
        return [sample for _, sample in self.view.rows.items()]

    def _set_columns(self) -> None:
        """Words of a status are shown whole where ids can spare the room."""
        glyphs = self.look.glyphs
        client_id, status, archive, gencove_id, changed = self.COLUMNS
        rows = self._rows()
        oldest = min(filter(None, map(_changed, rows)), default=None)
        longest = max((sample.client_id for sample in rows), key=len, default="")
        columns = [
            client_id.wishing(cell_len(clean(longest)), MOST_ID),
            _for_words(status, [sample_status(word, glyphs) for word in self._statuses]),
            *(
                [_for_words(archive, [archive_status(word, glyphs) for word in self._archive_words])]
                if self._archive_words
                else []
            ),
            gencove_id,
            changed.for_texts(len(day(oldest, self.look.clock())), MOST_DAY),
        ]
        self.table.set_columns(columns)

    def empty_text(self) -> str:
        """No samples, or no project to have any."""
        if self.project is None:
            return f"{self.look.keys.key('open')} on a project shows its samples."
        uploads = self.look.keys.key("go_uploads")
        return f"No samples in this project.\n{uploads} shows the uploads; once assigned, they appear here."

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
        """Mark these as well, loaded or not."""
        found = {sample.id: sample for sample in samples}
        self._all = frozenset(found)
        self._marked |= found
        self.table.set_marks([*self.table.marks, *found])

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
        """Mark every sample that matches, also those that aren't loaded; again: none of them."""
        rows, marks = self.view.rows, self.table.marks
        if rows.loaded >= len(rows) or self._keep() is not None:
            super().action_mark_all()
            return
        matching = self._all.union(sample.id for _, sample in rows.items())
        if self._all and matching <= marks.keys():
            self.table.set_marks(key for key in marks if key not in matching)
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
        counts: tuple[tuple[str, int | None], ...] = ()
        if stats is not None:
            counts = (
                (glyphs.good, stats.succeeded),
                (glyphs.busy, stats.running),
                (glyphs.queued, stats.scheduled),
                *self._failures(stats),
            )
        words = "  ".join(f"{sign} {number:,}" for sign, number in counts if number)
        return [(NAME, project_name(self.project)), (8, words), (35, self.query_text)]

    def shortened(self, notes: Sequence[tuple[int, str]], excess: int) -> list[tuple[int, str]]:
        """Half a name and the counts say more than the name alone."""
        names = [text for worth, text in notes if worth == NAME]
        if not names or (room := cell_len(names[0]) - excess) < LEAST_NAME:
            return []
        name = fit(names[0], room, ellipsis=self.look.glyphs.ellipsis)
        return [(worth, name if worth == NAME else text) for worth, text in notes]

    def _failures(self, stats: StatusCounts) -> tuple[tuple[str, int], ...]:
        """Failed ones, and apart from them those that failed in QC only: Gencove counts them together.

        Where not all of the project's samples are here to be counted, both signs stand before the sum.
        """
        glyphs, rows, failed = self.look.glyphs, self.view.rows, stats.failed or 0
        if rows.loaded < max(stats.total or 0, len(rows)):
            return ((f"{glyphs.bad}{glyphs.warn}", failed),)
        in_qc = sum(sample.status.lower() == FAILED_QC for _, sample in rows.items())
        return (glyphs.bad, max(0, failed - in_qc)), (glyphs.warn, min(in_qc, failed))

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


def _changed(sample: Sample) -> datetime | None:
    return sample.status_created or sample.modified or sample.created


def _for_words(column: Column, cells: Sequence[Cell]) -> Column:
    """The column with the wish to show the longest of these words."""
    longest = max((cell_len(cell.text) for cell in cells), default=0)
    return column.wishing(longest, MOST_WORD)
