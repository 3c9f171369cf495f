"""The command palette: every action by name, run where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from gencove_tui.tui.actions import ACTIONS, APP, PANE_TITLES, Action
from gencove_tui.tui.screens.main import MainScreen


def listed() -> tuple[Action, ...]:
    """The actions that the palette offers: all but those that only move a cursor, and itself."""
    return tuple(action for action in ACTIONS if not action.motion and action.id != "palette")


def entry(action: Action) -> str:
    """An action as the palette names it."""
    return f"{action.title}  ({action.key})"


def description(action: Action) -> str:
    """Where it belongs, what it does, and the command that does the same."""
    few = APP not in action.where and len(action.where) <= 3
    where = ", ".join(PANE_TITLES[pane] for pane in action.where) + ":" if few else ""
    return " ".join(filter(None, (where, action.help, action.twin and f"Command: {action.twin}")))


class ActionProvider(Provider):
    """Feeds the palette from the table of actions."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for action in listed():
            yield DiscoveryHit(Content(entry(action)), self._run(action), entry(action), description(action))

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for action in listed():
            text = entry(action)
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), self._run(action), text, description(action))

    def _run(self, action: Action) -> Callable[[], Any]:
        screen = self.screen
        return partial(screen.do, action.id) if isinstance(screen, MainScreen) else screen.app.bell
