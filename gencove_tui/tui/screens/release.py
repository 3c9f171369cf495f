"""Choosing which of a rule's held samples may go on, with the reason of each in view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from gencove_tui.engine.loop.words import STATE_WORDS
from gencove_tui.engine.words import plural
from gencove_tui.model import LoopSample
from gencove_tui.tui.format import Cell, Tone, clean, sentences
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.rule_words import in_form_words
from gencove_tui.tui.screens.dialogs import WIDE, Box, Dialog
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.virtual_table import VirtualTable

SPACES = 10
"""Lines that the words above and below the list, the buttons and the space between take."""


class ReleaseSheet(Dialog[tuple[int, ...]]):
    """A list to tick; returns the numbers of what was chosen. Nothing is ticked at first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", show=False),
        Binding("asterisk", "tick_all", show=False),
        Binding("right", "next_field", show=False),
        Binding("left", "previous_field", show=False),
    ]
    WIDTH = WIDE
    HINTS = ("tab on", "space choose", "* all", "esc leaves them")
    COLUMNS = (
        Column("Sample", 22, flex=1, keep=100, cut="middle"),
        Column("Held because", 20, flex=2, keep=90),
    )

    def __init__(self, whose: str, samples: Sequence[LoopSample], look: Look) -> None:
        super().__init__()
        self._rule, self._samples, self._look = whose, tuple(samples), look
        self._ticked: set[int] = set()
        self.table = VirtualTable(self.COLUMNS, glyphs=look.glyphs, id="release-table")

    def compose(self) -> ComposeResult:
        """What this does, the list, the reason of the one under the cursor, buttons."""
        with Box(classes="dialog") as box:
            box.border_title = Content(f"Samples of {self._rule} that need you")
            yield Static(
                "Those that you choose are assigned to the rule's project, which starts their analysis, "
                "or go on where their delivery stood.",
                classes="dialog-text",
                markup=False,
            )
            yield self.table
            yield Static(id="release-why", classes="dialog-text", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Leave them", id="leave", compact=True)
                yield Button("Release", id="go", compact=True, variant="primary")

    def on_mount(self) -> None:
        """Fill it."""
        self._show()
        self.table.focus()

    def fit(self) -> None:
        """As high as the list, within reason."""
        self.table.styles.height = max(2, min(len(self._samples) + 1, self.inner_height - SPACES))

    def _cells(self, sample: LoopSample) -> tuple[Cell, ...]:
        glyphs = self._look.glyphs
        box = glyphs.checked if sample.id in self._ticked else glyphs.unchecked
        name = clean(sample.client_id) or clean(sample.sample_id)
        return Cell(f"{box} {name}"), Cell(clean(sample.reason) or STATE_WORDS[sample.state], Tone.WARN)

    def _show(self) -> None:
        self.table.show(Source(Rows.of(self._samples), lambda sample: str(sample.id), self._cells))
        go = self.query_one("#go", Button)
        go.label = Content(f"Release {plural(len(self._ticked), 'sample')}" if self._ticked else "Release")
        go.refresh(layout=True)  # for a longer label
        go.disabled = not self._ticked
        self._explain()

    def _explain(self) -> None:
        sample = self._samples[self.table.cursor]
        files = ", ".join(clean(file.name) for file in sample.reads()) or "no files"
        why = clean(sample.reason) or STATE_WORDS[sample.state]
        text = sentences((f"{files}: {why}", in_form_words(clean(sample.remedy))))
        self.query_one("#release-why", Static).update(text)

    def action_tick(self) -> None:
        """Choose or drop the sample under the cursor."""
        if self.table.has_focus:
            self._ticked ^= {self._samples[self.table.cursor].id}
            self.table.move_to(self.table.cursor + 1)
            self._show()

    def action_tick_all(self) -> None:
        """Choose all of them, or none."""
        every = {sample.id for sample in self._samples}
        self._ticked = set() if self._ticked == every else every
        self._show()

    def key_enter(self, event: events.Key) -> None:
        """On the list: to the buttons, the safe one first."""
        if self.table.has_focus:
            event.stop()
            self.query_one("#leave").focus()

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        self._explain()

    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        self.dismiss(tuple(sample.id for sample in self._samples if sample.id in self._ticked))

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """The safe answer."""
        self.dismiss(())
