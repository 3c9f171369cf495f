"""Choosing which results to download, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Button, Input, Label, Static
from textual.worker import Worker

from gencove_tui.engine.looking import look
from gencove_tui.engine.targets import DEFAULT_TEMPLATE
from gencove_tui.engine.views import Desk, PlannedDownload
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Deliverable, Sample
from gencove_tui.tui.actions import TABLE, actions_for
from gencove_tui.tui.format import Cell, Tone, clean, size
from gencove_tui.tui.mistakes import foreseen
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import FLAT, LOW, WIDE, Box, FactsSheet
from gencove_tui.tui.screens.offers import (
    Offer,
    advice,
    found_by,
    lacking,
    name_of,
    offers,
    path_cell,
    plan_summary,
    wanted,
)
from gencove_tui.tui.screens.paths import SILENT, PathDialog, PathField, typed_path
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.filter_bar import FilterBar
from gencove_tui.tui.widgets.virtual_table import VirtualTable

HEAD = 36
"""Cells of a header that says how many lines are above and below."""
EDGES = 15
"""Cells of a row beside its first column: cursor, size, gaps, scroll bar."""
OUTCOME = 4
"""Lines that a summary has as a rule."""
REST = 0.3
"""Seconds without a key in folder or template after which it is looked what would come of them."""


class Taste(NamedTuple):
    """What somebody chose once and may want again."""

    types: frozenset[str]
    folder: str
    template: str


class DownloadDialog(PathDialog[tuple[PlannedDownload, ...]]):
    """A list to tick, a folder, and what would come of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("asterisk", "all", "all or none", show=False),
        Binding("f3", "paths", "show every path", show=False),
        Binding("slash", "find", "find a type", show=False),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = (
        "tab to the folder", "f3 every path", "/ filter", "a-z find", "* all", "space tick",
        "enter download", "esc back",
    )  # fmt: skip

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
        self.find = FilterBar(id="download-find")
        self._words: tuple[str, ...] = ()
        """What a line must hold to be listed."""
        self._moves = {key for action in actions_for(TABLE) for key in look.keys.keys(action)}
        self._typed, self._typed_to = "", -1
        """The beginning of a word that was typed, and the row to which it led."""
        self.table = VirtualTable(
            (Column("Deliverable", HEAD),),
            glyphs=look.glyphs,
            id="download-table",
            empty="No deliverables yet.",
        )
        folder = str(desk.download_folder) if last is None else last.folder
        self.folder = PathField(folder, id="download-folder", folders=True)
        self.template = Input(
            "" if last is None else last.template,
            placeholder=DEFAULT_TEMPLATE,
            id="download-template",
            compact=True,
            select_on_focus=False,
        )
        self.summary = Static(id="download-summary", markup=False)
        self.plan: tuple[PlannedDownload, ...] = ()
        self._planned_for = "", ""
        """Folder and template of the plan, or of that which is being made."""
        self._planning: Worker[None] | None = None
        self._rest: Timer | None = None
        """Runs while somebody types."""
        self._wrong = ""
        """Why there is no plan."""
        self._goes = False
        """Whether the user has said to go before the plan was made."""

    def compose(self) -> ComposeResult:
        """What, where, outcome, buttons."""
        whose = name_of(self.samples[0])
        title = (
            f"Download results of {whose}"
            if len(self.samples) == 1
            else (f"Download results of {len(self.samples)} samples")
        )
        with Box(classes="dialog") as box:
            box.border_title = Content(title)
            yield self.table
            yield self.find
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
        """The list has the keyboard."""
        self._show()
        self.table.focus()

    def fit(self) -> None:
        """As high as the list, within reason."""
        high = self.app.size.height
        blank = 0 if high < FLAT else 3
        lacking = 2 if self.without else 0
        room = self.inner_height - 2 - OUTCOME - lacking - 1 - blank - int(self.find.display)
        self.table.styles.height = max(4, min(12 if high < LOW else 24, len(self.offers) + 1, room))
        self._show_list()
        self._show_outcome()
        self.call_after_refresh(self._tell_columns)

    def hints(self) -> Sequence[str]:
        """Esc shows all lines again where only some are listed."""
        return (*self.HINTS[:-1], "esc all types") if self._words else self.HINTS

    def _tell_columns(self) -> None:
        """Say in the header how many lines aren't in view."""
        first, last = self.table.rows_in_view
        rows = len(self.table.source)
        above, below = first, rows - last - 1
        title = "Deliverable"
        if above and below:
            title = f"Deliverable ({rows}, {above} above, {below} below)"
        elif above or below:
            title = f"Deliverable ({rows}, {above or below} more {'above' if above else 'below'})"
        scrolls = len(self.offers) >= self.table.size.height
        need = max((cell_len(offer.title) for offer in self.offers), default=0) + 2
        name = min(max(need, HEAD if scrolls else 0), self.inner_width - EDGES)
        self.table.set_columns(
            (
                Column(title, name, keep=100, cut="middle"),
                Column("Size", 9, keep=90, right=True),
                Column("" if len(self.samples) > 1 else "File", 16, flex=1, keep=50, cut="middle"),
            )
        )
        self.table.show(self.table.source)

    def taste(self) -> Taste:
        """What is chosen, to be offered again."""
        types = frozenset(offer.type for offer in self.offers if offer.key in self.chosen)
        return Taste(types, self.folder.value, self.template.value)

    def _cells(self, offer: Offer) -> tuple[Cell, ...]:
        glyphs = self.look.glyphs
        box = glyphs.checked if offer.key in self.chosen else glyphs.unchecked
        tone = Tone.PLAIN if offer.available else Tone.DIM
        return (
            Cell(f"{box} {offer.title}", tone),
            Cell(size(offer.size, "?"), tone),
            Cell(offer.why_not or offer.detail, Tone.DIM),
        )

    def _show(self) -> None:
        self._show_list()
        self._make_plan()

    def _show_list(self) -> None:
        self.table.set_empty("No type holds that." if self._words else "No deliverables yet.")
        self.table.show(Source(Rows.of(self._listed()), lambda offer: offer.key, self._cells))

    def _show_outcome(self) -> None:
        if not self.chosen:
            can = Capability.SAMPLE_ACTIONS in self.desk.connection.capabilities
            text = advice(self.offers, self.look.keys.key("restore_samples") if can else "")
        elif self._wrong:
            text = Content.styled(clean(self._wrong), "$text-error")
        else:
            text = plan_summary(self.plan, self.inner_width) if self.plan else Content("Looking…")
        self.summary.update(text)
        self.query_one("#go", Button).disabled = not wanted(self.plan)

    def _listed(self) -> tuple[Offer, ...]:
        """The lines that hold what is looked for."""
        return tuple(
            offer for offer in self.offers if all(word in offer.title.casefold() for word in self._words)
        )

    def _files(self) -> list[tuple[Sample, list[Deliverable]]]:
        """What is chosen of each sample."""
        chosen: dict[str, list[Deliverable]] = {sample.id: [] for sample in self.samples}
        for offer in self.offers:
            if offer.key in self.chosen:
                for sample, file in offer.files:
                    chosen[sample.id].append(file)
        return [(sample, chosen[sample.id]) for sample in self.samples if chosen[sample.id]]

    # --- what would come of it -------------------------------------------------------------

    def _make_plan(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest, self._goes = None, False
        self._planned_for = self.folder.value, self.template.value
        self._planning = self.run_worker(self._plan(), group="plan", exclusive=True, exit_on_error=False)

    async def _plan(self) -> None:
        text = self.folder.value.strip()
        folder = typed_path(text) if text else self.desk.download_folder
        act: Any = partial(self.desk.plan_downloads, self._files(), folder, self.template.value.strip())
        try:
            self.plan = await foreseen(look("plan of downloads", folder, act, self._disk_waits))
            self._wrong = ""
        except Problem as problem:
            self.plan, self._wrong = (), str(problem)
        self._show_outcome()
        goes, self._goes = self._goes, False
        if goes and wanted(self.plan):
            self.answer(self.plan)

    def _disk_waits(self) -> None:
        self.plan, self._wrong, self._goes = (), SILENT, False
        self._show_outcome()

    @property
    def is_awaited(self) -> bool:
        """After ``enter`` too, as long as it isn't known what would come of it."""
        return super().is_awaited or self._goes

    def action_paths(self) -> None:
        """Every file and where it would be saved."""
        facts = tuple((name_of(sample), Cell("has no files", Tone.WARN)) for sample in self.without)
        facts += tuple((clean(item.deliverable.file_type), path_cell(item)) for item in self.plan)
        if facts:
            self.app.push_screen(FactsSheet("What would be saved where", facts, copyable=""))

    def action_all(self) -> None:
        """Choose every deliverable in the list that is available, or none of them."""
        everything = {offer.key for offer in self._listed() if offer.usual}
        self.chosen = self.chosen - everything if self.chosen >= everything else self.chosen | everything
        self._show()

    def action_find(self) -> None:
        """List only the types that hold what is typed."""
        self.find.open(" ".join(self._words))
        self.fit()

    @on(FilterBar.Changed)
    def _find_typed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._words = tuple(event.text.casefold().split())
        self._show()
        self.table.move_to(0)
        self._tell_columns()
        self.show_hints()

    @on(FilterBar.Accepted)
    def _find_kept(self, event: FilterBar.Accepted) -> None:
        event.stop()
        self._end_find()

    @on(FilterBar.Abandoned)
    def _find_dropped(self, event: FilterBar.Abandoned) -> None:
        event.stop()
        self._words = ()
        self._end_find()

    def _end_find(self) -> None:
        self.find.close()
        self.table.focus()
        self.fit()
        self.show_hints()

    def action_leave(self) -> None:
        """First show all lines again, then close without an answer."""
        if self._words:
            self._words = ()
            self._end_find()
        else:
            self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """A letter leads to the next type with a word that begins so, several to one that begins like them.

        The letters that move about in every list do so here, too.
        """
        letter = event.character or ""
        if not self.table.has_focus or not letter.isalnum() or event.key in self._moves:
            return
        event.stop()
        titles, at = [offer.title for offer in self._listed()], self.table.cursor
        longer = self._typed + letter if self._typed_to == at else letter
        place = found_by(longer, titles, at)
        if place is None:  # not the next letter of that word: the first one of another
            longer, place = letter, found_by(letter, titles, at + 1)
        if place is not None:
            self._typed, self._typed_to = longer, place
            self.table.move_to(place)

    def key_space(self) -> None:
        """Choose or drop the line under the cursor."""
        self._typed_to = -1
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
        self.call_after_refresh(self._tell_columns)

    @on(Input.Changed)
    def _folder_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._planned_for != (self.folder.value, self.template.value):
            if self._rest is not None:
                self._rest.stop()
            self._rest = self.set_timer(REST, self._make_plan)

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        if self._rest is not None:
            self._make_plan()
        if self._planning is not None and not self._planning.is_finished:
            self._goes = self._wrong != SILENT
        elif wanted(self.plan):
            self.dismiss(self.plan)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
