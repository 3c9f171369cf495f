"""Choosing what to upload and where to, and seeing what would go before it does."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import ClassVar

from msgspec import structs
from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from gencove_tui.engine import looking
from gencove_tui.engine.looking import is_folder, look
from gencove_tui.engine.views import Desk, PlannedUpload
from gencove_tui.engine.views_remote import Fate
from gencove_tui.engine.words import plural
from gencove_tui.errors import InputProblem, Problem
from gencove_tui.model import GNCV, GncvPath
from gencove_tui.tui.format import Cell, Tone, clean, size
from gencove_tui.tui.mistakes import foreseen
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import FLAT, LOW, WIDE, Box, relabel
from gencove_tui.tui.screens.paths import SILENT, PathDialog, PathField, typed_path
from gencove_tui.tui.screens.picker import Picker
from gencove_tui.tui.screens.upload_warnings import warnings
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

THERE = (Fate.SAME, Fate.UNKNOWN, Fate.ASSIGNED)
"""Fates of files whose checksum decides whether anything is sent."""
CONFLICT = "another file is there"
"""Why something can't go to a place that is taken for good."""
SLOW = "Still looking: it holds very much, or its disk does not answer."
DAY = re.compile(r"gncv://\d{4}-\d\d-\d\d/")
"""A destination that nobody chose."""


class UploadDialog(PathDialog[tuple[PlannedUpload, ...]]):
    """Path, destination, preview, and then the upload."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "complete", show=False, priority=True),
        Binding("f3,ctrl+o", "browse", "browse", show=False, priority=True),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = ("tab completes", "f3 browse", "enter on, then preview", "esc back")
    COLUMNS = (
        Column("File", 14, flex=3, keep=100, cut="path"),
        Column("Size", 9, keep=60, right=True),
        Column("Goes to, or why not", 24, flex=2, keep=90),
    )

    def __init__(self, desk: Desk, look: Look, destination: str, path: str = "") -> None:
        super().__init__()
        self.desk, self.look = desk, look
        self.path = PathField(path, id="upload-path", placeholder="a FASTQ file or a folder")
        self.destination = Input(destination, id="upload-destination", compact=True)
        self.message = Static(id="upload-message", markup=False)
        self.table = VirtualTable(self.COLUMNS, glyphs=look.glyphs, id="upload-table")
        self.warning = Static(id="upload-warning", markup=False)
        self.plan: tuple[PlannedUpload, ...] = ()
        self.fates: dict[str, Fate] = {}
        """What the upload area holds, by place; empty until it was asked."""
        self.picked: tuple[Path, ...] = ()
        """Chosen by browsing; they count while the field says what they are called."""

    def compose(self) -> ComposeResult:
        """Two fields, what is wrong with them, the preview, buttons."""
        with Box(classes="dialog") as box:
            box.border_title = Content("Upload")
            with Horizontal(classes="field -close"):
                yield Label("From")
                yield self.path
            with Horizontal(classes="field"):
                yield Label("To")
                yield self.destination
            yield self.message
            yield self.warning
            yield self.table
            with Horizontal(classes="buttons"):
                yield Button("Preview", id="preview", compact=True)
                yield Button("Upload", id="go", compact=True, variant="primary", disabled=True)
                yield Button("Browse", id="browse", compact=True)
                yield Button("Back", id="leave", compact=True)

    def on_mount(self) -> None:
        """Begin with the path."""
        self.table.display = False
        self.path.focus()
        self._check()

    def action_complete(self) -> None:
        """In the path: take the completion. Elsewhere: to the next field."""
        if self.path.has_focus and self.path.cursor_at_end:
            self.keys_wait_for(self.complete(self.path))
        else:
            self.focus_next()

    @on(Button.Pressed, "#browse")
    def action_browse(self) -> None:
        """Choose by looking through folders."""
        self.app.push_screen(Picker(self.look, self._paths()[0]), self._browsed)

    def _browsed(self, paths: tuple[Path, ...] | None) -> None:
        if paths:
            self.picked = paths
            self.path.value = self._picked_text()
            self.keys_wait_for(self._propose())
            self.destination.focus()

    def _picked_text(self) -> str:
        if len(self.picked) == 1:
            return str(self.picked[0])
        return f"{len(self.picked):,} chosen in {self.picked[0].parent}"

    def _paths(self) -> list[Path]:
        if self.picked and self.path.value == self._picked_text():
            return list(self.picked)
        return [typed_path(self.path.value.strip())]

    # --- checking what is typed --------------------------------------------------------

    def _check(self) -> GncvPath | None:
        """Say what is wrong with the destination; returns it when nothing is."""
        self._forget_plan()
        try:
            destination = GncvPath.parse(self.destination.value)
        except InputProblem as problem:
            self._say(f"{problem.why[:1].upper()}{problem.why[1:]}. {problem.remedy}", bad=True)
            return None
        if set("{}") & set(destination):
            self._say("Braces have a meaning in watch rules only. Write the folder out.", bad=True)
            return None
        text = "" if self.path.value.strip() else "Type a path. Folders go with all the FASTQs below them."
        self._say(SILENT if self.path.is_silent else text)
        return destination

    @on(PathField.DiskChanged)
    def _disk_changed(self, event: PathField.DiskChanged) -> None:
        event.stop()
        if str(self.message.content) in ("", SILENT):
            self._say(SILENT if self.path.is_silent else "")

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.message.update(Content.styled(clean(text), "$text-error" if bad else "$foreground-muted"))

    def _forget_plan(self) -> None:
        self.workers.cancel_group(self, "plan")
        self.plan, self.fates = (), {}
        self.table.display = self.warning.display = False
        go = self.query_one("#go", Button)
        go.disabled = True
        relabel(go, "Upload")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._check()

    @on(Input.Submitted, "#upload-path")
    def _path_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.keys_wait_for(self._propose())
        self.destination.focus()

    async def _propose(self) -> None:
        """A folder goes to a place of its name, unless somebody chose another."""
        before = self.path.value, self.destination.value
        folder, *others = self._paths()
        if others or not before[0].strip() or not DAY.fullmatch(before[1]):
            return
        try:
            place = str(GncvPath.parse(f"{GNCV}{folder.name}/"))
            is_one = await look("upload-path", folder, partial(is_folder, folder))
        except (ValueError, Problem):
            return  # The day will do.
        if is_one and not set("{}") & set(place) and (self.path.value, self.destination.value) == before:
            self.destination.value = place

    @on(Input.Submitted, "#upload-destination")
    @on(Button.Pressed, "#preview")
    def _preview(self) -> None:
        destination = self._check()
        text = self.path.value.strip()
        if destination is None:
            self.destination.focus()
        elif not text:
            self.path.focus()
        else:
            self._say("Looking…")
            self.run_worker(
                self._make_plan(self._paths(), destination), group="plan", exclusive=True, exit_on_error=False
            )

    async def _make_plan(self, paths: list[Path], destination: GncvPath) -> None:
        slow = self.set_timer(looking.PATIENCE, lambda: self._say(SLOW))
        try:
            plan = await foreseen(self.desk.plan_uploads(paths, destination))
        except Problem as problem:
            self._say(str(problem), bad=True)
            self.path.focus()
            return
        finally:
            slow.stop()
        self._show_plan(plan)
        if any(not item.obstacle for item in plan):
            self.query_one("#go", Button).focus()
            await self._compare(plan)
        else:
            self.path.focus()

    async def _compare(self, plan: tuple[PlannedUpload, ...]) -> None:
        """Look what the upload area holds; the upload can begin meanwhile, since the engine looks as well."""
        text = str(self.message.content)
        self._say(f"{text} Looking what is there already…")
        try:
            compared = await foreseen(self.desk.compare_uploads(plan))
        except Problem as problem:
            self._say(f"{text} What is there already can't be told now: {problem.what}.")
            return
        self.fates = {str(c.planned.target): c.fate for c in compared if c.planned.target is not None}
        self._show_plan(
            tuple(
                c.planned if c.goes or c.planned.obstacle else structs.replace(c.planned, obstacle=CONFLICT)
                for c in compared
            )
        )

    def _show_plan(self, plan: tuple[PlannedUpload, ...]) -> None:
        self.plan = plan
        good = [item for item in plan if not item.obstacle]
        self._say_outcome(plan, good)
        lines = warnings(plan)
        self.warning.display = bool(lines)
        self.message.set_class(bool(lines), "-close")
        self.warning.update(Content.styled("\n".join(lines), "$text-warning"))
        rows = sorted(enumerate(plan), key=lambda pair: (self._rank(pair[1]), pair[0]))
        self.table.display = bool(rows)
        self.fit()
        self.table.show(Source(Rows.of(rows), lambda pair: str(pair[0]), lambda pair: self._cells(pair[1])))
        go = self.query_one("#go", Button)
        go.disabled = not good
        relabel(go, f"Upload {plural(len(good), 'file')}" if good else "Upload")

    def fit(self) -> None:
        """As many lines of the preview as there is room for."""
        high = self.app.size.height
        blank = 0 if high < FLAT else 3
        words = (str(self.message.content), *str(self.warning.content).splitlines())
        said = sum(-(-cell_len(line) // self.inner_width) for line in words)
        room = self.inner_height - 2 - said - 1 - blank
        self.table.styles.height = max(3, min(12 if high < LOW else 24, len(self.plan) + 1, room))

    def _rank(self, item: PlannedUpload) -> int:
        """What would be sent first, then what is there already, then what can't go."""
        return 2 if item.obstacle else int(self.fates.get(str(item.target)) in THERE)

    def _say_outcome(self, plan: tuple[PlannedUpload, ...], good: list[PlannedUpload]) -> None:
        there = [item for item in good if self.fates.get(str(item.target)) in THERE]
        sent = [item for item in good if item not in there]
        text = f"{plural(len(sent), 'file')} would go, {size(sum(item.size for item in sent))}."
        if not plan:
            text = "No FASTQ there: .fastq.gz, .fastq.bgz, .fq.gz and .fq.bgz can go."
        if there:
            text += f" {len(there):,} more, there already, only if different."
        if plan and len(good) < len(plan):
            taken = sum(item.obstacle == CONFLICT for item in plan)
            why = f", {taken:,} of them since {CONFLICT}: choose another place" if taken else ""
            text += f" {len(plan) - len(good):,} would not{why}."
        self._say(text, bad=not good)

    def _cells(self, item: PlannedUpload) -> tuple[Cell, ...]:
        if item.obstacle:
            sign = self.look.glyphs.warn
            where = Cell(f"{sign} {clean(item.obstacle)}", Tone.WARN)
        else:
            fate = self.fates.get(str(item.target))
            folder = clean(item.target.folder if item.target is not None else "")
            below = folder.removeprefix(clean(self.destination.value))
            where = Cell(folder if fate is None else f"{fate.value}  {below}".rstrip(), Tone.DIM)
        return Cell(clean(item.local.name)), Cell(size(item.size), Tone.DIM), where

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        if any(not item.obstacle for item in self.plan):
            self.dismiss(self.plan)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
