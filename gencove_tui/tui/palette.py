"""The command palette: every action by name, and projects, samples, uploads and transfers by theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from gencove_tui.tui.actions import ACTIONS, APP, PANE_TITLES, Action
from gencove_tui.tui.actions.keymap import Keymap
from gencove_tui.tui.format import clean
from gencove_tui.tui.queue_order import Group, name_of
from gencove_tui.tui.screens.main import MainScreen
from gencove_tui.tui.widgets.projects import project_name

MOST = 40
"""Things of one kind that the palette offers."""
BY_HELP = 0.2
"""Score of an action whose help holds what is typed while its title doesn't."""


class Palette(CommandPalette):
    """Textual's, with a title and its keys."""

    def __init__(self) -> None:
        super().__init__(placeholder="a word of what to do, or a name", id="--command-palette")

    def on_mount(self) -> None:
        """Name it."""
        line = self.query_one("#--input")
        line.border_title = Content("Find an action, project, sample or file")
        line.border_subtitle = Content("↑ ↓ · enter · esc back")


def listed() -> tuple[Action, ...]:
    """The actions that the palette offers: all but those that only move a cursor, and itself."""
    return tuple(action for action in ACTIONS if not action.motion and action.id != "palette")


def entry(action: Action, keys: Keymap) -> str:
    """An action as the palette names it."""
    return f"{action.title}  ({keys.key(action)})"


def said(action: Action) -> str:
    """All that is said about an action, to be searched."""
    return f"{action.id} {action.short} {action.title} {action.help}".casefold()


def description(action: Action) -> str:
    """Where it belongs, what it does, and the command that does the same."""
    few = APP not in action.where and len(action.where) <= 3
    where = ", ".join(PANE_TITLES[pane] for pane in action.where) + ":" if few else ""
    return " ".join(filter(None, (where, action.help, action.twin and f"Command: {action.twin}")))


class ActionProvider(Provider):
    """Feeds the palette from the table of actions."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for action, text in self._entries():
            yield DiscoveryHit(Content(text), self._run(action), text, description(action))

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        words = query.casefold().split()
        for action, text in self._entries():
            score = matcher.match(text)
            shown: Content = matcher.highlight(text)
            if score <= 0 and all(word in said(action) for word in words):
                score, shown = BY_HELP, Content(text)
            if score > 0:
                yield Hit(score, shown, self._run(action), text, description(action))

    def _entries(self) -> Iterator[tuple[Action, str]]:
        screen = self.screen
        if isinstance(screen, MainScreen):
            for action in listed():
                yield action, entry(action, screen.look.keys)

    def _run(self, action: Action) -> Callable[[], Any]:
        screen = self.screen
        return partial(screen.do, action.id) if isinstance(screen, MainScreen) else screen.app.bell


class ThingProvider(Provider):
    """Finds projects, samples, uploads and transfers among those that are loaded, by their names and ids."""

    async def search(self, query: str) -> Hits:
        """Those whose name or id holds all the words, wherever they stand."""
        screen = self.screen
        words = query.casefold().split()
        if not isinstance(screen, MainScreen) or not words:
            return
        for pane, name, key in things(screen, words):
            place = PANE_TITLES[pane]
            yield Hit(0.5, Content(f"{place}: {name}"), partial(screen.show_row, pane, key), name)
        for pane in ("samples", "projects", "uploads"):
            listing = screen.list_pane(pane)
            rows = listing.view.rows
            if rows.more or rows.loaded < len(rows):
                text = f"{PANE_TITLES[pane]}: search all of them for {query!r}"
                yield Hit(0.4, Content(text), partial(screen.search_all, pane, query), text)


def things(screen: MainScreen, words: list[str]) -> Iterator[tuple[str, str, str]]:
    """``(pane, name, key)`` of what matches all words, a few of each kind."""
    names: dict[str, Callable[[Any], str]] = {
        "projects": project_name,
        "samples": lambda sample: clean(sample.client_id or sample.id),
        "uploads": lambda upload: clean(getattr(upload, "path", "")),
        "transfers": lambda row: row.name if isinstance(row, Group) else name_of(row),
    }
    for pane, name_of_item in names.items():
        listing = screen.list_pane(pane)
        found = 0
        for _, item in listing.view.rows.items():
            text = listing.text_of(item).casefold()
            if all(word in text for word in words):
                yield pane, name_of_item(item), listing.key_of(item)
                found += 1
                if found == MOST:
                    break
