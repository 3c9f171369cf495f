"""The help: every key, those of the focused pane first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gencove_tui.tui.actions import APP, PANE_TITLES, TABLE, actions_for
from gencove_tui.tui.actions.keymap import Keymap
from gencove_tui.tui.format import Cell, Tone
from gencove_tui.tui.screens.dialogs import Scrolling
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact, Facts
from gencove_tui.tui.widgets.status_bar import bar_signs, count_signs

SIGNS = {
    "projects": ("The status bar of a project", bar_signs),
    "samples": ("The numbers in the lower border", count_signs),
}
"""By pane: what else needs to be explained."""


class Help(Scrolling):
    """A sheet of keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "leave", "close", show=False),
    ]

    def __init__(self, pane: str, look: Look) -> None:
        super().__init__()
        self._keys, self._glyphs = look.keys, look.glyphs
        self._signs = SIGNS.get(pane)
        self.sections = ((PANE_TITLES[pane], pane), ("Everywhere", APP), ("In a list", TABLE))

    def compose(self) -> ComposeResult:
        """One section for the pane, perhaps its signs, one for what works everywhere, one for lists."""
        with VerticalScroll(classes="dialog -tall") as box:
            box.border_title = Content("Keys")
            for number, (title, where) in enumerate(self.sections):
                yield Static(Content(title), classes="section" + (" -first" if not number else ""))
                yield Facts(id=f"help-{where}", name_tone=Tone.ACCENT, name_width=14)
                if not number and self._signs is not None:
                    yield Static(Content(self._signs[0]), classes="section")
                    yield Facts(id="help-signs")

    def on_mount(self) -> None:
        """Fill the sections, and let the keys scroll."""
        for _, where in self.sections:
            self.query_one(f"#help-{where}", Facts).show(key_facts(where, self._keys))
        if self._signs is not None:
            self.query_one("#help-signs", Facts).show(self._signs[1](self._glyphs))
        self.query_one(VerticalScroll).focus()


def key_facts(where: str, keys: Keymap) -> list[Fact]:
    """Every key of a pane, with what it does and the command that does the same."""
    facts = []
    for action in actions_for(where):
        facts.append(Fact(keys.all_keys(action), Cell(action.title), long=True))
        if action.help:
            facts.append(Fact("", Cell(action.help, Tone.DIM), long=True))
        if action.twin:
            facts.append(Fact("", Cell(f"Command: {action.twin}", Tone.DIM), long=True))
    return facts
