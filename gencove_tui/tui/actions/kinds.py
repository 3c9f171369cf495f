"""What an action is, and the names of the places where it can belong."""

from __future__ import annotations

from msgspec import Struct

from gencove_tui.model import Capability

APP = "app"
TABLE = "table"
PANES = ("projects", "samples", "detail", "uploads", "transfers", "watch")
PANE_TITLES = {
    "projects": "Projects",
    "samples": "Samples",
    "detail": "Sample",
    "uploads": "Upload area",
    "transfers": "Transfers",
    "watch": "Watch",
}
TABS = ("projects", "samples", "uploads", "transfers", "watch")
"""Panes that have a number key, from 1."""

KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "escape": "esc",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "asterisk": "*",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "exclamation_mark": "!",
    "full_stop": ".",
    "comma": ",",
    "semicolon": ";",
    "at": "@",
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "circumflex_accent": "^",
    "underscore": "_",
    "vertical_line": "|",
    "tilde": "~",
    "backslash": "\\",
    "apostrophe": "'",
    "quotation_mark": '"',
    "grave_accent": "`",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
}


LOOKS = "It changes what this screen shows and nothing else."
MOVES = "It is about this screen's rows and panes."


class Action(Struct, frozen=True, kw_only=True):
    """Something a user can do."""

    id: str
    """Also the id of its bindings, and the name of the ``action_…`` method unless ``does`` says otherwise."""
    title: str
    """As the palette says it; the first word is a verb."""
    keys: tuple[str, ...]
    """The keys of the preset ``default``; the first is the one that is shown."""
    where: tuple[str, ...]
    """Panes it belongs to, or ``app``, or ``table`` for moving about in any list."""
    short: str = ""
    """As the key bar says it."""
    help: str = ""
    destructive: bool = False
    """It loses something, so it asks first."""
    twin: str = ""
    """The command that does the same without a screen: ours, or one of Gencove's own client, ``gencove``."""
    alone: str = ""
    """Why there is no such command, where there is none."""
    rank: int = 0
    """Place in the key bar, the most useful first; 0 stays out of it."""
    needs: Capability | None = None
    """What the API must be able to do; where it can't, the key bar leaves it out and the deed says why."""
    does: str = ""
    on_rows: bool = False
    """It is about rows of the list: the key bar leaves it out where there are none."""

    @property
    def call(self) -> str:
        """The action as Textual runs it."""
        return self.does or self.id


def key_name(key: str) -> str:
    """A key as people name it: ``question_mark`` → ``?``."""
    return KEY_NAMES.get(key, key)
