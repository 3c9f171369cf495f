"""One sample: how it stands and what it has produced."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from gencove_tui.model import Deliverable, Sample
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, age, clean, plural, size
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.views import Look, SampleView
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.facts import Facts
from gencove_tui.tui.widgets.pane import Pane
from gencove_tui.tui.widgets.sample_facts import sample_facts
from gencove_tui.tui.widgets.virtual_table import VirtualTable


class DetailPane(Pane):
    """The chosen sample with its deliverables."""

    NAME = "detail"
    BINDINGS = bindings("detail")
    COLUMNS = (
        Column("Deliverable", 14, flex=1, keep=100),
        Column("Size", 9, keep=90, right=True),
        Column("File name", 16, flex=2, keep=50, cut="middle"),
        Column("Checksum", 8, keep=40),
    )

    @dataclass
    class DownloadAsked(Message):
        """The user wants these deliverables of the sample."""

        sample: Sample
        deliverables: tuple[Deliverable, ...]

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.facts = Facts(id="detail-facts")
        self.view = SampleView()
        self.source: Source[tuple[str, Deliverable]] = Source(Rows(), _key, self._cells)

    def compose(self) -> ComposeResult:
        """Trouble, facts, files."""
        yield self.banner
        yield self.facts
        yield self.table

    def show(self, view: SampleView) -> None:
        """Show this sample, or nothing yet."""
        self.view = view
        sample = view.sample
        self.facts.show(() if sample is None else sample_facts(sample, self.look))
        files = () if sample is None else sample.deliverables or ()
        self.source = Source(Rows.of(keyed(files)), _key, self._cells)
        self.table.set_empty(self._nothing())
        self.table.show(self.source)
        self.tell_age()
        self.set_banner("" if view.problem is None else clean(str(view.problem)), bad=True)

    def tell_age(self) -> None:
        """Say whose details these are, how many files, how old."""
        sample, view = self.view.sample, self.view
        if sample is None:
            self.set_title()
            return
        name = clean(sample.client_id) or clean(sample.id)
        notes = []
        if sample.deliverables:
            total = sum(d.size or 0 for d in sample.deliverables)
            notes.append(f"{plural(len(sample.deliverables), 'deliverable')}, {size(total)}")
        if view.busy:
            notes.append("loading…")
        elif view.problem is not None and view.fetched:
            notes.append(f"as of {age(view.fetched, self.look.clock())}")
        self.set_title(counted=name, subtitle=f" {self.look.glyphs.separator} ".join(notes))

    def _nothing(self) -> str:
        view = self.view
        if view.sample is None:
            return "Enter on a sample shows its results."
        if view.problem is not None:
            return ""
        if view.sample.deliverables is None:
            return "Loading…" if view.busy else "Enter loads its results."
        return "No deliverables yet."

    def _cells(self, item: tuple[str, Deliverable]) -> tuple[Cell, ...]:
        file = item[1]
        there = file.url is not None
        return (
            Cell(clean(file.file_type), Tone.PLAIN if there else Tone.DIM),
            Cell(size(file.size), Tone.DIM),
            Cell(clean(file.name) or ("" if there else "not available now"), Tone.DIM),
            Cell(f"{self.look.glyphs.good} sha256", Tone.GOOD) if file.checksum_sha256 else Cell(""),
        )

    def current(self) -> Deliverable | None:
        """The deliverable under the cursor."""
        item = self.source.item(self.table.cursor)
        return None if item is None else item[1]

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show all that is known about the deliverable under the cursor."""
        file, sample = self.current(), self.view.sample
        if file is None or sample is None:
            return
        facts = (
            ("Type", Cell(clean(file.file_type))),
            ("File name", Cell(clean(file.name))),
            ("Size", Cell(f"{size(file.size)} ({file.size:,} bytes)" if file.size is not None else "")),
            ("sha256", Cell(clean(file.checksum_sha256) or "not known before the download")),
            ("Link", Cell("ready" if file.url else "none now: the sample may be archived")),
            ("File id", Cell(clean(file.id))),
            ("Sample", Cell(clean(sample.client_id) or "(none)")),
            ("Gencove id", Cell(clean(sample.id))),
        )
        self.post_message(self.FactsAsked("Deliverable", facts, copyable=file.id or file.name))

    def action_download(self) -> None:
        """Fetch the deliverable under the cursor."""
        file, sample = self.current(), self.view.sample
        if file is None or sample is None:
            self.post_message(self.Said("No deliverable to download"))
        else:
            self.post_message(self.DownloadAsked(sample, (file,)))

    def action_about(self) -> None:
        """Show all that is known about the sample."""
        if (sample := self.view.sample) is not None:
            facts = tuple((fact.name, fact.value) for fact in sample_facts(sample, self.look))
            self.post_message(self.FactsAsked("Sample", facts, copyable=sample.id))

    def action_copy(self) -> None:
        """Copy the sample's Gencove id."""
        if self.view.sample is not None:
            self.post_message(self.CopyAsked(self.view.sample.id, "the sample's Gencove id"))


def keyed(files: tuple[Deliverable, ...]) -> list[tuple[str, Deliverable]]:
    """Deliverables with keys that differ also where ids are missing and types repeat."""
    seen: dict[str, int] = {}
    pairs = []
    for file in files:
        key = file.id or f"{file.file_type}/{file.name}"
        seen[key] = seen.get(key, 0) + 1
        pairs.append((key if seen[key] == 1 else f"{key}#{seen[key]}", file))
    return pairs


def _key(item: tuple[str, Deliverable]) -> str:
    return item[0]
