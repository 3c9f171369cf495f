"""The one-line widgets around the panes: tabs, keys, status. Each redraws only when its text changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from gencove_tui.tui.actions import PANE_TITLES, TABS, Action, key_bar
from gencove_tui.tui.actions.keymap import Keymap


class Line(Widget):
    """One line of content, cut at the widget's width, redrawn when it changes."""

    @dataclass
    class Pressed(Message):
        """An action was clicked."""

        action: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown = Content("")
        self._ends: list[tuple[int, str]] = []

    def put(self, content: Content) -> None:
        """Show this from now on."""
        if not content.is_same(self._shown):
            self._shown = content
            self.refresh()

    def put_actions(self, items: Sequence[tuple[Content, str]]) -> None:
        """Show these from now on; a click on one reports its action."""
        self._ends = []
        end = 0
        for content, action in items:
            end += content.cell_length
            self._ends.append((end, action))
        self.put(Content("").join([content for content, _ in items]))

    def render(self) -> Content:
        """The line."""
        return self._shown

    def on_resize(self) -> None:
        """Choose anew what fits."""
        self.compose_line()

    def on_click(self, event: events.Click) -> None:
        """Report the action under the mouse."""
        for end, action in self._ends:
            if event.x < end and action:
                event.stop()
                self.post_message(self.Pressed(action))
                return

    def compose_line(self) -> None:
        """Make the line for the present width."""

    @property
    def plain(self) -> str:
        """What the line says, without colour."""
        return self._shown.plain


class TabStrip(Line):
    """The panes by number, for screens that show one at a time."""

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self._at = TABS[0]
        self._counts: dict[str, str] = {}

    def show(self, at: str, counts: dict[str, str]) -> None:
        """Which pane is in front, and the numbers behind the names."""
        self._at = "samples" if at == "detail" else at
        self._counts = counts
        self.compose_line()

    def compose_line(self) -> None:
        """Names with numbers where they fit, else names alone."""
        full = self._tabs(self._counts)
        fits = sum(content.cell_length for content, _ in full) <= self.size.width
        self.put_actions(full if fits else self._tabs({}))

    def _tabs(self, counts: dict[str, str]) -> list[tuple[Content, str]]:
        parts = []
        for number, pane in enumerate(TABS, 1):
            at = pane == self._at
            number_look = "bold $text-accent"
            look = "bold $foreground" if at else "$foreground-muted"
            counted = f" {counts[pane]}" if counts.get(pane) else ""
            content = Content.assemble(
                (f" {number}", number_look),
                (f" {PANE_TITLES[pane]}", look),
                (f"{counted} ", "$foreground-muted"),
            )
            here = "reverse" if self.app.no_color else "on $primary 35%"
            parts.append((content.stylize(here) if at else content, f"go_{pane}"))
        return parts


class KeyBar(Line):
    """The keys that are most useful in the focused pane; those for help and quit always fit."""

    def __init__(self, keys: Keymap) -> None:
        super().__init__(id="keys")
        self._keys = keys
        self._actions: Sequence[Action] = ()
        self._typed: list[Content] = []
        self._zoomed = False

    def show(self, pane: str, without: Sequence[str] = (), *, zoomed: bool = False) -> None:
        """Offer the keys of this pane, but not actions that make no sense now.

        The way back from an enlarged pane leads the row.
        """
        self._typed, self._zoomed = [], zoomed
        actions = [action for action in key_bar(pane) if action.id not in without]
        self._actions = sorted(actions, key=lambda action: not (zoomed and action.id == "zoom"))
        self.compose_line()

    def say(self, *words: str) -> None:
        """Instead of actions: what keys mean while a text is typed, each as ``key meaning``."""
        pairs = [word.partition(" ") for word in words]
        self._typed = [
            Content.assemble((f" {key}", "bold $text-accent"), (f" {does} ", "$foreground-muted"))
            for key, _, does in pairs
        ]
        self.compose_line()

    def compose_line(self) -> None:
        """As many as fit, in order of use."""
        if self._typed:
            self.put_actions([(item, "") for item in self._typed])
            return
        last = [action for action in self._actions if action.rank >= 90]
        room = self.size.width - sum(self._item(action).cell_length for action in last)
        parts = []
        for action in self._actions:
            item = self._item(action)
            if action.rank < 90:
                if item.cell_length > room:
                    continue
                room -= item.cell_length
            parts.append((item, action.id))
        self.put_actions(parts)

    def _item(self, action: Action) -> Content:
        does = "put back" if self._zoomed and action.id == "zoom" else action.short
        return Content.assemble(
            (f" {self._keys.key(action)}", "bold $text-accent"), (f" {does} ", "$foreground-muted")
        )
