"""One sample: how it stands and what it has produced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Deliverable, Sample
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.format import Cell, Tone, clean, since, size, total_size
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.states import has_ended
from gencove_tui.tui.views import Look, SampleView
from gencove_tui.tui.widgets import detail_sections as sections
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.facts import Facts
from gencove_tui.tui.widgets.pane import Pane
from gencove_tui.tui.widgets.sample_facts import sample_facts
from gencove_tui.tui.widgets.virtual_table import VirtualTable

MOST_KIND = 24
"""Cells that the type of a deliverable may fill."""


class DetailPane(Pane):
    """The chosen sample: its deliverables, and beside them its QC, history and metadata."""

    NAME = "detail"
    BINDINGS = bindings("detail")
    COLUMNS = (
        Column("Deliverable", 14, keep=100),
        Column("Size", 8, keep=90, right=True),
        Column("File name", 24, flex=1, keep=50, cut="middle"),
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
        self.section = sections.FILES
        self.sections: tuple[str, ...] = (sections.FILES,)
        self.strip = Static(id="detail-sections", markup=False)
        self._said_sections = Content("")
        self.rows: Source[sections.Row] = Source(Rows(), lambda row: row[0], lambda row: row[1])
        """What the section lists, unless that is files."""
        self._found: dict[tuple[str, str], Any] = {}
        self._asked_for: tuple[str, str] | None = None
        self._trouble: Problem | None = None

    def compose(self) -> ComposeResult:
        """Trouble, facts, sections, the section at hand."""
        yield self.banner
        yield self.facts
        yield self.strip
        yield self.table

    def on_mount(self) -> None:
        """Only files, until it is known what Gencove offers."""
        super().on_mount()
        self._tell_sections()
        self.table.set_empty(self._nothing())

    def let_show(self, capabilities: frozenset[Capability]) -> None:
        """What the dialect can tell of a sample is known now."""
        self.sections = sections.available(capabilities)
        if self.section not in self.sections:
            self._go_to(sections.FILES)
        self._tell_sections()

    def show(self, view: SampleView) -> None:
        """Show this sample, or nothing yet."""
        other = _sample_id(view) != _sample_id(self.view)
        changed = (
            view.sample is not None
            and self.view.sample is not None
            and (view.sample.status != self.view.sample.status)
        )
        self.view = view
        if other or changed:
            self._found.clear()
            self._asked_for = self._trouble = None
        sample = view.sample
        facts = () if sample is None else sample_facts(sample, self.look)
        self.facts.show(facts, passing=sample is not None and view.fetched is None)
        files = () if sample is None else sample.deliverables or ()
        self.source = Source(Rows.of(keyed(files)), _key, self._cells)
        self._tell_sections()
        self._show_table()

    # --- sections ----------------------------------------------------------------------

    def action_next_section(self) -> None:
        """On to the next section."""
        self._step(1)

    def action_previous_section(self) -> None:
        """Back to the section before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if len(self.sections) < 2:
            self.post_message(self.Said("This API tells nothing of a sample beside its files."))
            return
        self._go_to(self.sections[(self.sections.index(self.section) + by) % len(self.sections)])

    def show_file(self, key: str) -> None:
        """Go to a deliverable."""
        if self.section != sections.FILES:
            self._go_to(sections.FILES)
        self.table.move_to_key(key)

    def _go_to(self, section: str) -> None:
        self.section = section
        self._trouble = self._asked_for = None
        self._tell_sections()
        self._show_table()

    def _tell_sections(self) -> None:
        shown = len(self.sections) > 1 and self.view.sample is not None
        if self.strip.display != shown:
            self.strip.display = shown
        keys = self.look.keys
        line = Content("")
        for name in self.sections:
            at = name == self.section
            look = "bold underline $text-primary" if at else "$foreground-muted"
            line += Content(" ") + Content.styled(sections.TITLES[name], look) + Content(" ")
        hint = f"  {keys.key('previous_section')} {keys.key('next_section')}"
        line += Content.styled(hint, "bold $text-accent")
        if not line.is_same(self._said_sections):
            self._said_sections = line
            self.strip.update(line)

    def show_section(self, sample_id: str, section: str, found: Any, problem: Problem | None) -> None:
        """What was asked for came, or not."""
        if _sample_id(self.view) != sample_id:
            return
        if problem is None:
            self._found[(sample_id, section)] = found
        if section == self.section:
            self._trouble = problem
            self._show_table()

    def forget(self, sample_id: str) -> None:
        """Something of this sample was changed: ask again when it is looked at."""
        self._found = {key: value for key, value in self._found.items() if key[0] != sample_id}
        self._asked_for = None
        self._show_table()

    def _show_table(self) -> None:
        found: list[sections.Row] = []
        if self.section == sections.FILES:
            self.table.set_columns(self._columns())
            self.table.set_empty(self._nothing())
            self.table.show(self.source)
        else:
            place = (_sample_id(self.view), self.section)
            if place in self._found:
                found = sections.rows(self.section, self._found[place], self.look.glyphs)
                self.table.set_empty(sections.empty(self.section, self.look.keys.key("open")))
            elif self.view.sample is None or self._trouble is not None:
                self.table.set_empty("")
            else:
                self.table.set_empty("Loading…")
                if self._asked_for != place:
                    self._asked_for = place
                    self.post_message(Asked("load_section", (self.view.sample, self.section)))
            self.table.set_columns(sections.columns(self.section, found))
            self.rows = Source(Rows.of(found), lambda row: row[0], lambda row: row[1])
            self.table.show(self.rows)
        self.tell_age()
        problem = self._trouble or self.view.problem
        self.set_banner("" if problem is None else clean(str(problem)))

    def tell_age(self) -> None:
        """Say whose details these are, how many files, how old."""
        sample, view = self.view.sample, self.view
        if sample is None:
            self.set_title()
            return
        name = clean(sample.client_id) or clean(sample.id)
        notes = []
        place = (sample.id, self.section)
        if self.section != sections.FILES:
            if place in self._found:
                notes.append(sections.summary(self.section, self._found[place]))
        elif sample.deliverables:
            total = total_size([d.size for d in sample.deliverables])
            notes.append(f"{plural(len(sample.deliverables), 'deliverable')}, {total}")
        if view.busy or self.section_waits:
            notes.append(f"loading… {self.look.keys.key('back')} stops")
        elif view.problem is not None and view.fetched:
            notes.append(f"as of {since(view.fetched, self.look.clock()).removeprefix('of ')}")
        self.set_title(counted=name, subtitle=f" {self.look.glyphs.separator} ".join(filter(None, notes)))

    @property
    def section_waits(self) -> bool:
        """Whether the section at hand is being asked for."""
        place = (_sample_id(self.view), self.section)
        return self._asked_for == place and place not in self._found and self._trouble is None

    def idle_actions(self) -> frozenset[str]:
        """Of a sample without files there is still more to see and to change."""
        if self.view.sample is None:
            return super().idle_actions()
        idle = {"open", "download"} & super().idle_actions()
        if self.section == sections.FILES:
            return frozenset(idle)
        return frozenset(idle - {"download", "open" if self.section == "metadata" else ""})

    def _nothing(self) -> str:
        view = self.view
        if view.sample is None:
            return f"{self.look.keys.key('open')} on a sample shows its results."
        if view.problem is not None:
            return ""
        if view.sample.deliverables is None:
            return "Loading…" if view.busy else f"{self.look.keys.key('open')} loads its results."
        return "No deliverables." if has_ended(view.sample.status) else "No deliverables yet."

    def _columns(self) -> tuple[Column, ...]:
        """The types as wide as the longest, for the names to get the rest."""
        files = () if self.view.sample is None else self.view.sample.deliverables or ()
        longest = max((cell_len(clean(file.file_type)) for file in files), default=0)
        kind, *others = self.COLUMNS
        return (kind.for_texts(longest, MOST_KIND), *others)

    def _cells(self, item: tuple[str, Deliverable]) -> tuple[Cell, ...]:
        file = item[1]
        there = file.url is not None
        return (
            Cell(clean(file.file_type), Tone.PLAIN if there else Tone.DIM),
            Cell(size(file.size, "?"), Tone.DIM),
            Cell(clean(file.name) or ("" if there else "not available now"), Tone.DIM),
            Cell(f"{self.look.glyphs.good} sha256", Tone.GOOD) if file.checksum_sha256 else Cell(""),
        )

    def current(self) -> Deliverable | None:
        """The deliverable under the cursor; none in another section."""
        if self.section != sections.FILES:
            return None
        item = self.source.item(self.table.cursor)
        return None if item is None else item[1]

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show all that is known about what is under the cursor."""
        if self.section == "metadata":
            self.action_metadata()
            return
        if self.section != sections.FILES:
            if (row := self.rows.item(self.table.cursor)) is not None:
                self.post_message(self.FactsAsked(sections.TITLES[self.section], row[2]))
            return
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
        """Fetch the deliverable under the cursor; from another section, choose among all."""
        file, sample = self.current(), self.view.sample
        if sample is not None and self.section != sections.FILES:
            self.post_message(self.DownloadAsked(sample, ()))
        elif file is None or sample is None:
            self.post_message(self.Said("No deliverable to download"))
        else:
            self.post_message(self.DownloadAsked(sample, (file,)))

    def action_metadata(self) -> None:
        """Edit the sample's metadata."""
        if self.view.sample is not None:
            self.post_message(Asked("metadata", (self.view.sample,)))

    def action_about(self) -> None:
        """Show all that is known about the sample."""
        if (sample := self.view.sample) is not None:
            facts = tuple((fact.name, fact.value) for fact in sample_facts(sample, self.look))
            self.post_message(self.FactsAsked("Sample", facts, copyable=sample.id))

    def action_copy(self) -> None:
        """Copy the sample's Gencove id."""
        if self.view.sample is not None:
            self.post_message(self.CopyAsked(self.view.sample.id, "the sample's Gencove id"))


def _sample_id(view: SampleView) -> str:
    return "" if view.sample is None else view.sample.id


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
