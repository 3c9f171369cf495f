"""The command palette: every action by name, and whatever else has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.filter import LineFilter
from textual.style import Style

from gencove_tui.engine.views import Connection
from gencove_tui.tui.actions import ACTIONS, APP, PANE_TITLES, TABLE, Action
from gencove_tui.tui.actions.keymap import Keymap
from gencove_tui.tui.finding import BESIDE, things, worth
from gencove_tui.tui.plain import BEHIND
from gencove_tui.tui.screens.main import MainScreen

OFFERED = 0.2
"""What a search that is only offered is worth, beside what is found."""


class Palette(CommandPalette):
    """Textual's, with a title and its keys."""

    def __init__(self) -> None:
        super().__init__(placeholder="a word of what to do, or a name", id="--command-palette")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What lies behind stands back, as it does behind a dialog."""
        filters = super().get_line_filters()
        return [*filters, BEHIND] if self.app.no_color else filters

    def on_mount(self) -> None:
        """Name it."""
        line = self.query_one("#--input")
        line.border_title = Content("Find an action, project, sample or file")
        line.border_subtitle = Content("↑ ↓ · enter · esc back")


def lit(text: str, words: Sequence[str], style: Style | None) -> Content:
    """A text with the first place of each word lit up."""
    content, plain = Content(text), text.casefold()
    for word in words:
        at = plain.find(word)
        if style is not None and at >= 0 and len(plain) == len(text):
            content = content.stylize(style, at, at + len(word))
    return content


def listed() -> tuple[Action, ...]:
    """The actions that the palette offers: all but itself."""
    return tuple(action for action in ACTIONS if action.id != "palette")


def entry(action: Action, keys: Keymap, line: Connection) -> str:
    """An action as the palette names it, with what stands against it."""
    missing = line.dialect is not None and action.needs is not None and action.needs not in line.capabilities
    return f"{action.title}  ({keys.key(action)})" + (f"  not in API {line.dialect}" if missing else "")


def said(action: Action) -> str:
    """All that is said about an action, to be searched."""
    return f"{action.id} {action.short} {action.title} {action.help}".casefold()


def description(action: Action) -> str:
    """Where it belongs, what it does, and the command that does the same."""
    few = not {APP, TABLE} & set(action.where) and len(action.where) <= 3
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
        words = query.casefold().split()
        for action, text in self._entries():
            match = worth(action.title, words) or BESIDE * bool(worth(said(action), words))
            if match:
                shown = lit(text, words, self.match_style)
                yield Hit(match, shown, self._run(action), text, description(action))

    def _entries(self) -> Iterator[tuple[Action, str]]:
        screen = self.screen
        if isinstance(screen, MainScreen):
            for action in listed():
                yield action, entry(action, screen.look.keys, screen.desk.connection)

    def _run(self, action: Action) -> Callable[[], Any]:
        screen = self.screen
        return partial(screen.do, action.id) if isinstance(screen, MainScreen) else screen.app.bell


class ThingProvider(Provider):
    """Finds what has a name, and offers to search where not everything is known."""

    async def search(self, query: str) -> Hits:
        """Those whose name or id holds all the words, wherever they stand."""
        screen = self.screen
        words = query.casefold().split()
        if not isinstance(screen, MainScreen) or not words:
            return
        for thing in things(screen, words):
            shown = lit(f"{thing.kind}: {thing.name}", words, self.match_style)
            yield Hit(thing.match, shown, thing.show, thing.name)
        for pane in ("samples", "projects", "uploads"):
            listing = screen.list_pane(pane)
            rows = listing.view.rows
            if rows.more or rows.loaded < len(rows) or listing.view.fetched is None:
                text = f"{PANE_TITLES[pane]}: search all of them for {query!r}"
                yield Hit(OFFERED, Content(text), partial(screen.search_all, pane, query), text)
