"""Asking before something that can't be taken back, with everything that it would hit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from gencove_tui.tui.format import Cell, Tone
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import Dialog
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

NAME = 20
DETAIL = 18
MOST_NOTE = 24
"""Cells that these columns may fill."""


class Hit(NamedTuple):
    """One thing that would be hit. All texts are clean."""

    name: str
    detail: str = ""
    note: str = ""
    """What is worth a look about it, such as that the filter hides it."""


class Confirm(Dialog[bool]):
    """Says what would happen to what. The safe answer has the keyboard, and esc gives it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "next_field", show=False),
        Binding("left", "previous_field", show=False),
        Binding("pagedown,down,j", "scroll(1)", show=False),
        Binding("pageup,up,k", "scroll(-1)", show=False),
    ]

    def __init__(
        self,
        look: Look,
        title: str,
        body: Sequence[str],
        hits: Sequence[Hit],
        *,
        verb: str,
        safe: str = "Leave it",
        bad: bool = True,
    ) -> None:
        super().__init__()
        self._title, self._body, self._verb, self._safe, self._bad = title, body, verb, safe, bad
        self._hits = tuple(enumerate(hits))
        self.table = VirtualTable(_columns(hits), glyphs=look.glyphs, id="confirm-table")

    def compose(self) -> ComposeResult:
        """Words, rows, buttons."""
        with Vertical(classes="dialog -wide") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content("← → choose · enter · esc leaves it")
            yield Static(Content("\n".join(self._body)), classes="dialog-text")
            yield self.table
            with Horizontal(classes="buttons"):
                yield Button(Content(self._safe), id="leave", compact=True)
                yield Button(
                    Content(self._verb),
                    id="go",
                    compact=True,
                    variant="error" if self._bad else "primary",
                )

    def on_mount(self) -> None:
        """As high as what it hits, within reason; the safe answer has the keyboard."""
        room = max(3, self.app.size.height - 13 - len(self._body))
        self.table.styles.height = max(2, min(len(self._hits) + 1, room))
        self.table.show(Source(Rows.of(self._hits), lambda row: str(row[0]), lambda row: _cells(row[1])))
        self.query_one("#leave").focus()

    def action_scroll(self, by: int) -> None:
        """See the rest of the rows."""
        self.table.move_to(self.table.cursor + by * max(1, self.table.page - 1))

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """The safe answer."""
        self.dismiss(False)


def _columns(hits: Sequence[Hit]) -> tuple[Column, ...]:
    """Names and details share the room by how much more each needs."""
    detail = max((cell_len(hit.detail) for hit in hits), default=0)
    cut = "path" if all("/" in hit.name for hit in hits) else "middle"
    name = max((cell_len(hit.name) for hit in hits), default=0)
    note = max((cell_len(hit.note) for hit in hits), default=0)
    return (
        Column("What", max(8, min(name, NAME)), flex=max(0, name - NAME), keep=100, cut=cut),
        Column("", min(detail, DETAIL), flex=max(0, detail - DETAIL), keep=50, cut="middle"),
        Column("Note" if note else "", min(max(note, 4), MOST_NOTE) if note else 0, keep=90),
    )


def _cells(hit: Hit) -> tuple[Cell, ...]:
    return Cell(hit.name), Cell(hit.detail, Tone.DIM), Cell(hit.note, Tone.WARN)
