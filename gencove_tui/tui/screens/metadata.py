"""Editing a sample's metadata."""

from __future__ import annotations

import json
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static, TextArea

from gencove_tui.tui.screens.dialogs import WIDE, Box, Dialog

SPACES = 2
"""Lines that the buttons take."""


def complaint(text: str) -> str:
    """What is wrong with the text as JSON; nothing when it is fine or empty."""
    if not text.strip():
        return ""
    try:
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return f"Not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "Nested too deeply."
    return ""


def _refuse(word: str) -> None:
    raise ValueError(f"Not JSON: {word} is no number there.")


class MetadataDialog(Dialog[str | None]):
    """A text that must be JSON, or empty for none. Answers the text, or None when nothing is to be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "save", "save", show=False, priority=True),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = (
        "any JSON; empty for none",
        "tab to the buttons",
        "f2 save",
        "esc back",
    )

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self._name_shown, self._text = name, text
        self._warned = False
        """Whether the user knows that leaving throws away what was typed."""

    def compose(self) -> ComposeResult:
        """The text, what is wrong with it, buttons."""
        with Box(classes="dialog") as box:
            box.border_title = Content(f"Metadata of {self._name_shown}")
            yield TextArea(self._text, show_line_numbers=True, tab_behavior="focus", id="metadata-text")
            yield Static(id="metadata-wrong", classes="wrong", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Save", id="go", compact=True, variant="primary")
                yield Button("Back", id="leave", compact=True)

    def on_mount(self) -> None:
        """Begin in the text."""
        area = self.query_one(TextArea)
        area.cursor_blink = False
        area.focus()

    def fit(self) -> None:
        """As much of the text as there is room for."""
        said = str(self.query_one("#metadata-wrong", Static).content)
        words = max(1, -(-cell_len(said) // self.inner_width))
        self.query_one(TextArea).styles.height = max(5, min(24, self.inner_height - SPACES - words))

    def _say(self, text: str) -> None:
        """What is wrong, or would be lost, below the text, which makes room for it."""
        self.query_one("#metadata-wrong", Static).update(text)
        self.fit()

    @on(TextArea.Changed)
    def _changed(self) -> None:
        self._warned = False
        wrong = complaint(self.query_one(TextArea).text)
        self._say(wrong)
        self.query_one("#go", Button).disabled = bool(wrong)

    @on(Button.Pressed, "#go")
    def action_save(self) -> None:
        """Take it, if it is JSON."""
        text = self.query_one(TextArea).text
        if not complaint(text):
            self.dismiss(text)

    def action_leave(self) -> None:
        """Leave; what was typed is not lost by one key."""
        if not self._warned and self.query_one(TextArea).text != self._text:
            self._warned = True
            self._say("Not saved yet: f2 saves, esc again throws it away.")
        else:
            self.dismiss(None)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
