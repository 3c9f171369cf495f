"""Choosing files and folders on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from gencove_tui.engine.looking import is_folder, look
from gencove_tui.engine.words import plural
from gencove_tui.fastq.names import is_fastq
from gencove_tui.tui.format import Cell, Tone, clean, size
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import WIDE, Box, Dialog, relabel
from gencove_tui.tui.screens.paths import SILENT, shortened
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

MOST = 20_000
"""Entries of a folder that are shown."""
_NUMBER = re.compile(r"(\d+)", re.ASCII)
SPACES = 4
"""Lines that the folder's name and the buttons take."""


class Entry(NamedTuple):
    """A folder, or a FASTQ."""

    name: str
    is_folder: bool
    size: int | None = None


def entries(folder: Path) -> list[Entry]:
    """Folders, then FASTQ files; hidden ones are left out. Raises ``OSError``."""
    found: list[Entry] = []
    with os.scandir(folder) as scan:
        for entry in scan:
            if entry.name.startswith(".") or len(found) >= MOST:
                continue
            try:
                if entry.is_dir():
                    found.append(Entry(entry.name, True))
                elif is_fastq(entry.name):
                    found.append(Entry(entry.name, False, entry.stat().st_size))
            except OSError:
                continue  # It went away, or nobody may look at it.
    return sorted(found, key=lambda entry: (not entry.is_folder, _as_people_count(entry.name)))


def nearest_folder(path: Path) -> Path:
    """The path itself, else the folder that it is in, else the home."""
    return next((folder for folder in (path, path.parent) if is_folder(folder)), Path.home())


def _as_people_count(name: str) -> list[tuple[int, str]]:
    """Sorts ``S2`` before ``S10``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBER.split(name.casefold())]


class Picker(Dialog[tuple[Path, ...] | None]):
    """A folder at a time. Answers what is marked, or the row under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace,left,h,minus", "up", show=False, priority=True),
        Binding("right,l", "into", show=False),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = (
        "tab to the buttons",
        "← up",
        "space mark",
        "enter open or take",
        "esc back",
    )
    COLUMNS = (
        Column("Name", 20, flex=1, keep=100, cut="middle"),
        Column("Size", 10, keep=50, right=True),
    )

    def __init__(self, look: Look, start: Path) -> None:
        super().__init__()
        self.look = look
        self.folder = start
        self.source: Source[Entry] = Source(Rows(), lambda entry: entry.name, self._cells)
        self.table = VirtualTable(self.COLUMNS, glyphs=look.glyphs, id="picker-table", empty="Looking…")
        self.message = Static(id="picker-message", markup=False)

    def compose(self) -> ComposeResult:
        """Where, what is there, buttons."""
        with Box(classes="dialog") as box:
            box.border_title = Content("Choose files or folders")
            yield self.message
            yield self.table
            with Horizontal(classes="buttons"):
                yield Button("Take it", id="go", compact=True, variant="primary")
                yield Button("Back", id="leave", compact=True)

    def on_mount(self) -> None:
        """Begin in the list."""
        self.table.focus()
        self._look(self.folder, first=True)

    def fit(self) -> None:
        """As many entries as there is room for."""
        self.table.styles.height = max(5, min(24, self.inner_height - SPACES))

    def _cells(self, entry: Entry) -> tuple[Cell, ...]:
        name = clean(entry.name)
        if entry.is_folder:
            return Cell(f"{name}/", Tone.ACCENT), Cell("")
        return Cell(name), Cell(size(entry.size), Tone.DIM)

    def _look(self, folder: Path, at: str = "", *, first: bool = False) -> None:
        self.table.clear_marks()
        self.run_worker(self._read(folder, at, first), group="look", exclusive=True, exit_on_error=False)

    async def _read(self, folder: Path, at: str, first: bool) -> None:
        def act() -> tuple[Path, list[Entry]]:
            place = nearest_folder(folder) if first else folder
            return place, entries(place)

        def waits() -> None:
            self._show_folder(folder, [], f"{clean(str(folder))}: {SILENT}")

        try:
            place, found = await look("picker", folder, act, waits)
        except OSError as error:
            self._show_folder(folder, [], f"{clean(str(folder))}: {error.strerror or error}")
        else:
            self._show_folder(place, found, shortened(clean(str(place)), self.inner_width), at)

    def _show_folder(self, folder: Path, found: list[Entry], said: str, at: str = "") -> None:
        self.folder = folder
        self.message.update(said)
        self.source = Source(Rows.of(found), lambda entry: entry.name, self._cells)
        self.table.set_empty("No folders and no FASTQ files here.")
        self.table.show(self.source)
        if not (at and self.table.move_to_key(at)):
            self.table.move_to(0)
        self._label()

    def action_up(self) -> None:
        """To the folder above."""
        self._look(self.folder.parent, self.folder.name)

    def _entry(self) -> Entry | None:
        return self.source.item(self.table.cursor) if len(self.source) else None

    def action_into(self) -> None:
        """Into the folder under the cursor."""
        entry = self._entry()
        if entry is not None and entry.is_folder:
            self._look(self.folder / entry.name)

    def key_space(self) -> None:
        """Mark or unmark."""
        if self.table.has_focus:
            self.table.toggle_mark()

    def key_enter(self, event: events.Key) -> None:
        """Into a folder, or take the file."""
        if not self.table.has_focus:
            return
        event.stop()
        entry = self._entry()
        if self.table.marks or (entry is not None and not entry.is_folder):
            self._take()
        else:
            self.action_into()

    @on(VirtualTable.Moved)
    @on(VirtualTable.MarksChanged)
    def _moved(self, event: VirtualTable.About) -> None:
        event.stop()
        self._label()

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self.action_into()

    def _label(self) -> None:
        marks = len(self.table.marks)
        entry = self._entry()
        name = f"Take {clean(entry.name)}" if entry is not None else "Take this folder"
        go = self.query_one("#go", Button)
        relabel(go, f"Take {plural(marks, 'entry', 'entries')}" if marks else name)

    @on(Button.Pressed, "#go")
    def _take(self) -> None:
        entry = self._entry()
        names = list(self.table.marks) or ([entry.name] if entry is not None else [])
        self.dismiss(tuple(self.folder / name for name in names) or (self.folder,))

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
