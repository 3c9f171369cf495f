"""What the screen has said so far, to be read in peace."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gencove_tui.tui.format import moment
from gencove_tui.tui.screens.dialogs import Scrolling
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact, Facts
from gencove_tui.tui.widgets.notices import Messages


class MessagesSheet(Scrolling):
    """The newest first."""

    HINTS: ClassVar[tuple[str, ...]] = ("in screen.log too", "↑ ↓ scroll", "esc close")

    def __init__(self, messages: Messages, look: Look) -> None:
        super().__init__()
        self._messages, self._look = messages, look

    def compose(self) -> ComposeResult:
        """Time and text of each."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = Content("Messages")
            if not self._messages.kept:
                yield Static("Nothing has been said yet.", markup=False)
            yield Facts(name_width=10)

    def on_mount(self) -> None:
        """Fill it, and let the keys scroll."""
        self.query_one(Facts).show(
            [
                Fact(moment(message.when)[11:], message.cell(self._look.glyphs), long=True)
                for message in reversed(self._messages.kept)
            ]
        )
        super().on_mount()
