"""Asking before something that can't be taken back, with everything that it would hit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from gencove_tui.tui.fitting import fit
from gencove_tui.tui.format import Cell, Tone
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.screens.dialogs import WIDE, Box, Dialog
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

MOST_NOTE = 28
"""Cells that a note may fill."""
LEAST_DETAIL = 12
"""Cells below which a detail says nothing: it is left out then."""
EDGES = 4
"""Cells of a row that its cursor, its mark, a gap and a scroll bar take."""
WORTH_A_LOOK = ("not in view", "no R1", "no R2")
"""Notes that hold one of these stand out."""
SPACES = 4
"""Lines that the buttons and the space around the table take."""
BUTTONS = 12
"""Cells that two buttons take beside their words."""


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
    WIDTH = WIDE

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
        self.table = VirtualTable(_columns(hits, WIDE), glyphs=look.glyphs, id="confirm-table")

    def compose(self) -> ComposeResult:
        """Words, rows, buttons."""
        with Box(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield Static(Content("\n".join(self._body)), classes="dialog-text")
            yield self.table
            with Horizontal(classes="buttons"):
                yield Button(Content(self._safe), id="leave", compact=True)
                room = self.inner_width - BUTTONS - cell_len(self._safe)
                yield Button(
                    Content(fit(self._verb, room, cut="middle").rstrip()),
                    id="go",
                    compact=True,
                    variant="error" if self._bad else "primary",
                )

    def on_mount(self) -> None:
        """The safe answer has the keyboard."""
        self.table.display = bool(self._hits)
        self.table.show(Source(Rows.of(self._hits), lambda row: str(row[0]), lambda row: _cells(row[1])))
        self.query_one("#leave").focus()

    def fit(self) -> None:
        """As high as what it hits, within reason."""
        words = sum(-(-cell_len(line) // self.inner_width) for line in self._body)
        room = max(3, self.inner_height - words - SPACES)
        self.table.styles.height = max(2, min(len(self._hits) + 1, room))
        self.table.set_columns(_columns([hit for _, hit in self._hits], self.inner_width))

    def hints(self) -> Sequence[str]:
        """Scrolling, where there are more rows than lines."""
        height = self.table.styles.height
        more = height is not None and height.value < len(self._hits) + 1
        scroll = ["↑ ↓ see them all"] if more else []
        return (*scroll, "← → choose", "enter", f"esc {self._safe[:1].lower()}{self._safe[1:]}")

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


def _columns(hits: Sequence[Hit], width: int) -> tuple[Column, ...]:
    """Names come first, then notes; details get what is left."""
    cut = "path" if all("/" in hit.name for hit in hits) else "middle"
    name, detail, note = (
        (max(map(cell_len, texts), default=0) for texts in zip(*hits, strict=True)) if hits else (0, 0, 0)
    )
    room = width - EDGES
    note = max(4, min(note, MOST_NOTE)) if note else 0
    name = max(8, min(name, room - note - 1))
    left = room - name - note - 2
    detail = min(detail, left) if left >= min(detail, LEAST_DETAIL) else 0
    return (
        Column("What", name, keep=100, cut=cut),
        Column("", detail, keep=50, cut="middle"),
        Column("Note" if note else "", note, keep=90),
    )


def _cells(hit: Hit) -> tuple[Cell, ...]:
    tone = Tone.WARN if any(words in hit.note for words in WORTH_A_LOOK) else Tone.DIM
    return Cell(hit.name), Cell(hit.detail, Tone.DIM), Cell(hit.note, tone)
