"""Choosing which results to download, and where to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from gencove_tui.engine.planning import without_collisions
from gencove_tui.engine.targets import DEFAULT_TEMPLATE, DOCUMENTS, documents_of
from gencove_tui.engine.views import Desk, PlannedDownload
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Deliverable, Sample
from gencove_tui.tui.format import Cell, Tone, clean, fit, plural, size, total_size
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import Dialog, FactsSheet
from gencove_tui.tui.screens.paths import PathSuggester, typed_path
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

EXAMPLE = 64
"""Cells of the path that is shown as an example."""
LACKING = 4
"""Samples without files that are named before the rest is counted."""


class Offer(NamedTuple):
    """One line to choose: a deliverable, or all of one type where there are several samples."""

    key: str
    title: str
    detail: str
    files: tuple[tuple[Sample, Deliverable], ...]

    @property
    def type(self) -> str:
        """Which type of file it is."""
        return self.files[0][1].file_type

    @property
    def available(self) -> bool:
        """Whether any of it can be fetched now."""
        return any(file.url is not None or file.file_type in DOCUMENTS for _, file in self.files)

    @property
    def usual(self) -> bool:
        """Whether it is chosen to begin with: a deliverable that is there."""
        return any(file.url is not None for _, file in self.files)

    @property
    def size(self) -> int | None:
        """Bytes in all; None when one isn't known."""
        sizes = [file.size for _, file in self.files]
        return None if None in sizes else sum(filter(None, sizes))


def offers(
    samples: Sequence[Sample], only: Sequence[Deliverable] = (), *, documents: bool = False
) -> tuple[Offer, ...]:
    """What there is to choose from. With ``only``, just these deliverables of the one sample.

    ``documents``: QC and metadata of each sample can be had as JSON too.
    """
    if len(samples) == 1:
        files = only or (*(samples[0].deliverables or ()), *_documents(samples[0], documents))
        return tuple(
            Offer(str(number), clean(file.file_type), clean(file.name), ((samples[0], file),))
            for number, file in enumerate(files)
        )
    by_type: dict[str, list[tuple[Sample, Deliverable]]] = {}
    for sample in samples:
        for file in (*(sample.deliverables or ()), *_documents(sample, documents)):
            by_type.setdefault(file.file_type, []).append((sample, file))
    return tuple(
        Offer(kind, clean(kind), f"of {plural(len({s.id for s, _ in files}), 'sample')}", tuple(files))
        for kind, files in by_type.items()
    )


def _documents(sample: Sample, wanted: bool) -> tuple[Deliverable, ...]:
    # Files of a project come without a sample, which has no documents then.
    if not wanted or not sample.id:
        return ()
    there = {file.file_type for file in sample.deliverables or ()}
    return tuple(document for document in documents_of(sample) if document.file_type not in there)


class Taste(NamedTuple):
    """What somebody chose once and may want again."""

    types: frozenset[str]
    folder: str
    template: str


class DownloadDialog(Dialog[tuple[PlannedDownload, ...]]):
    """A list to tick, a folder, and what would come of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("asterisk", "all", "all or none", show=False),
        Binding("i", "paths", "show every path", show=False),
    ]
    COLUMNS = (
        Column("Deliverable", 18, flex=1, keep=100),
        Column("Size", 9, keep=90, right=True),
        Column("", 16, flex=2, keep=50, cut="middle"),
    )

    def __init__(
        self,
        desk: Desk,
        look: Look,
        samples: Sequence[Sample],
        only: Sequence[Deliverable] = (),
        *,
        without: Sequence[Sample] = (),
        last: Taste | None = None,
    ) -> None:
        super().__init__()
        self.desk, self.look = desk, look
        self.samples = tuple(samples)
        self.without = tuple(without)
        """Samples that were meant too but have no files."""
        documents = Capability.QUALITY_CONTROLS in desk.connection.capabilities
        found = offers(samples, only, documents=documents)
        # What can be fetched first, with what is the bulk of it on top of what has no size.
        self.offers = tuple(sorted(found, key=lambda o: (not o.usual, not o.available, o.size is None)))
        self.chosen = {offer.key for offer in self.offers if offer.usual}
        if last is not None and not only:
            self.chosen = {o.key for o in self.offers if o.type in last.types and o.available} or self.chosen
        self.table = VirtualTable(
            self.COLUMNS, glyphs=look.glyphs, id="download-table", empty="No deliverables yet."
        )
        self.folder = Input(
            str(desk.download_folder) if last is None else last.folder,
            id="download-folder",
            compact=True,
            suggester=PathSuggester(folders=True),
        )
        self.template = Input(
            "" if last is None else last.template,
            placeholder=DEFAULT_TEMPLATE,
            id="download-template",
            compact=True,
            select_on_focus=False,
        )
        self.summary = Static(id="download-summary", markup=False)
        self.plan: tuple[PlannedDownload, ...] = ()

    def compose(self) -> ComposeResult:
        """What, where, outcome, buttons."""
        whose = _name(self.samples[0])
        title = (
            f"Download results of {whose}"
            if len(self.samples) == 1
            else (f"Download results of {len(self.samples)} samples")
        )
        with Vertical(classes="dialog -wide") as box:
            box.border_title = Content(title)
            box.border_subtitle = Content("space choose · * all · i every path · tab on · enter download")
            yield self.table
            with Horizontal(classes="field -close"):
                yield Label("Folder")
                yield self.folder
            with Horizontal(classes="field"):
                yield Label("Template")
                yield self.template
            yield self.summary
            if self.without:
                yield Static(lacking(self.without), id="download-lacking", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Download", id="go", compact=True, variant="primary")
                yield Button("Back", id="leave", compact=True)

    def on_mount(self) -> None:
        """As high as the list, within reason."""
        room = self.app.size.height - (18 if self.without else 16)
        height = max(4, min(12, len(self.offers) + 1, room))
        self.table.styles.height = height
        if len(self.offers) + 1 > height:
            title = f"Deliverable ({len(self.offers)}, more below)"
            self.table.set_columns((replace(self.COLUMNS[0], title=title, width=30), *self.COLUMNS[1:]))
        self._show()
        self.table.focus()

    def taste(self) -> Taste:
        """What is chosen, to be offered again."""
        types = frozenset(offer.type for offer in self.offers if offer.key in self.chosen)
        return Taste(types, self.folder.value, self.template.value)

    def _cells(self, offer: Offer) -> tuple[Cell, ...]:
        glyphs = self.look.glyphs
        box = glyphs.checked if offer.key in self.chosen else glyphs.unchecked
        tone = Tone.PLAIN if offer.available else Tone.DIM
        missing = "" if offer.available else "not available now"
        return (
            Cell(f"{box} {offer.title}", tone),
            Cell(size(offer.size, "?"), tone),
            Cell(missing or offer.detail, Tone.DIM),
        )

    def _show(self) -> None:
        self.table.show(Source(Rows.of(self.offers), lambda offer: offer.key, self._cells))
        try:
            self.plan = self._make_plan()
        except Problem as problem:
            self.plan = ()
            self.summary.update(Content.styled(clean(str(problem)), "$text-error"))
        else:
            self.summary.update(plan_summary(self.plan))
        self.query_one("#go", Button).disabled = not wanted(self.plan)

    def _make_plan(self) -> tuple[PlannedDownload, ...]:
        text = self.folder.value.strip()
        folder = typed_path(text) if text else None
        plan: list[PlannedDownload] = []
        for sample in self.samples:
            files = [
                file
                for offer in self.offers
                if offer.key in self.chosen
                for owner, file in offer.files
                if owner.id == sample.id
            ]
            if files:
                plan.extend(self.desk.plan_downloads(sample, files, folder, self.template.value.strip()))
        return without_collisions(plan)

    def action_paths(self) -> None:
        """Every file and where it would be saved."""
        facts = tuple((_name(sample), Cell("has no files", Tone.WARN)) for sample in self.without)
        facts += tuple((clean(item.deliverable.file_type), _path_cell(item)) for item in self.plan)
        if facts:
            self.app.push_screen(FactsSheet("What would be saved where", facts, copyable=""))

    def action_all(self) -> None:
        """Choose every deliverable that is available, or nothing."""
        everything = {offer.key for offer in self.offers if offer.usual}
        self.chosen = set() if self.chosen >= everything else everything
        self._show()

    def key_space(self) -> None:
        """Choose or drop the line under the cursor."""
        if self.table.has_focus and (key := self.table.cursor_key) is not None:
            self.chosen ^= {key}
            self._show()
            self.table.move_to(self.table.cursor + 1)

    def key_enter(self, event: events.Key) -> None:
        """On the list: go."""
        if self.table.has_focus:
            event.stop()  # else the screen below, which is at the top by then, gets it as well
            self._go()

    @on(VirtualTable.Opened)
    @on(VirtualTable.Moved)
    def _table_event(self, event: VirtualTable.Opened | VirtualTable.Moved) -> None:
        event.stop()

    @on(Input.Changed)
    def _folder_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        if wanted(self.plan):
            self.dismiss(self.plan)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)


def lacking(samples: Sequence[Sample]) -> Content:
    """Which of the chosen samples have nothing to download."""
    names = ", ".join(fit(_name(s), 20, cut="middle").rstrip() for s in samples[:LACKING])
    more = f" and {len(samples) - LACKING:,} more" if len(samples) > LACKING else ""
    have = "has" if len(samples) == 1 else "have"
    text = f"{plural(len(samples), 'marked sample')} {have} no files yet: {names}{more}"
    return Content.styled(text, "$text-warning")


def _name(sample: Sample) -> str:
    return clean(sample.client_id) or clean(sample.id)


def wanted(plan: Sequence[PlannedDownload]) -> list[PlannedDownload]:
    """What of a plan would be queued."""
    return [item for item in plan if not item.obstacle]


def plan_summary(plan: Sequence[PlannedDownload]) -> Content:
    """How many files, how much, what is there already, and what can't be had."""
    if not plan:
        return Content("Nothing chosen.")
    good = wanted(plan)
    total = total_size([item.deliverable.size for item in good])
    lines = [Content(f"{plural(len(good), 'file')}, {total}")]
    if good:
        where = _common([item.target for item in good])
        lines[0] += Content.styled(f"  to {clean(str(where))}", "$foreground-muted")
        example = fit(clean(str(_below(good[0].target, where))), EXAMPLE, cut="middle").rstrip()
        lines.append(Content.styled(f"as {example}", "$foreground-muted"))
    if present := sum(item.present for item in good):
        lines.append(Content(f"{present:,} of them already there: compared, and fetched only if different"))
    obstacles: dict[str, int] = {}
    for item in plan:
        if item.obstacle:
            obstacles[item.obstacle] = obstacles.get(item.obstacle, 0) + 1
    for obstacle, number in list(obstacles.items())[:2]:
        lines.append(
            Content.styled(f"{plural(number, 'file')} can't be queued: {clean(obstacle)}", "$text-warning")
        )
    return Content("\n").join(lines)


def _path_cell(item: PlannedDownload) -> Cell:
    if item.obstacle:
        return Cell(clean(f"{item.obstacle}: {item.target}"), Tone.WARN)
    return Cell(clean(str(item.target)))


def _below(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _common(targets: Sequence[Path]) -> Path:
    """The deepest folder that holds all targets."""
    return Path(os.path.commonpath([target.parent for target in targets]))
