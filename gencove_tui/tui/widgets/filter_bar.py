"""The line at the foot of a list in which a filter is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class FilterBar(Horizontal):
    """A one-line input that reports each change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "abandon", "end the filter", show=False),
        Binding("down", "accept", "to the list", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Another filter is typed."""

        text: str

    @dataclass
    class Accepted(Message):
        """The filter stays on and the list gets the keyboard."""

    @dataclass
    class Abandoned(Message):
        """The filter goes."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.display = False
        self.input = Input(compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """A sign, and the input."""
        yield Label("/")
        yield self.input

    def open(self, text: str) -> None:
        """Show the line and type into it."""
        self.display = True
        with self.input.prevent(Input.Changed):
            self.input.value = text
        self.input.focus()
        self.input.select_all()  # another search replaces the one before

    def close(self) -> None:
        """Hide the line."""
        self.display = False

    def action_abandon(self) -> None:
        """Drop the filter."""
        self.post_message(self.Abandoned())

    def action_accept(self) -> None:
        """Go to the list."""
        self.post_message(self.Accepted())

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Accepted())
