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
from gencove_tui.tui.widgets.facts import Fact, Facts


class Help(Scrolling):
    """A sheet of keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "leave", "close", show=False),
    ]

    def __init__(self, pane: str, keys: Keymap) -> None:
        super().__init__()
        self._keys = keys
        self.sections = ((PANE_TITLES[pane], pane), ("Everywhere", APP), ("In a list", TABLE))

    def compose(self) -> ComposeResult:
        """One section for the pane, one for what works everywhere, one for moving about."""
        with VerticalScroll(classes="dialog -tall") as box:
            box.border_title = Content("Keys")
            for number, (title, where) in enumerate(self.sections):
                yield Static(Content(title), classes="section" + (" -first" if not number else ""))
                yield Facts(id=f"help-{where}", name_tone=Tone.ACCENT, name_width=14)

    def on_mount(self) -> None:
        """Fill the sections, and let the keys scroll."""
        for _, where in self.sections:
            self.query_one(f"#help-{where}", Facts).show(key_facts(where, self._keys))
        self.query_one(VerticalScroll).focus()


def key_facts(where: str, keys: Keymap) -> list[Fact]:
    """Every key of a pane, with what it does and the command that does the same."""
    facts = []
    for action in actions_for(where):
        facts.append(Fact(keys.all_keys(action), Cell(action.title), long=True))
        if action.help:
            facts.append(Fact("", Cell(action.help, Tone.DIM), long=True))
        if action.twin:
            facts.append(Fact("", Cell(f"Without a screen: {action.twin}", Tone.DIM), long=True))
    return facts
