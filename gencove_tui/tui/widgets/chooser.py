"""A field with a few values to go through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget


class Chooser(Widget, can_focus=True):
    """One line: ``‹ value ›``. Left, right and space go through the values, around the ends."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space", "step(1)", show=False),
        Binding("left,h", "step(-1)", show=False),
    ]
    DEFAULT_CSS = """
    Chooser {
        height: 1;
        width: 1fr;
        padding: 0 1;
        background: $panel;
        &:focus { background: $primary 35%; text-style: bold; }
    }
    """

    def __init__(self, choices: Sequence[tuple[str, str]], value: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.choices = tuple(choices)
        values = [key for key, _ in self.choices]
        self._place = values.index(value) if value in values else 0

    @property
    def value(self) -> str:
        """What is chosen."""
        return self.choices[self._place][0]

    def action_step(self, by: int) -> None:
        """On to another value."""
        self._place = (self._place + by) % len(self.choices)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """The next value."""
        event.stop()
        self.focus()
        self.action_step(1)

    def render(self) -> Content:
        """The value between its arrows."""
        return Content(f"< {self.choices[self._place][1]} >")
