"""The one table of actions, from which bindings, key bar, help and command palette are made."""

from __future__ import annotations

from msgspec import Struct
from textual.binding import Binding, BindingType

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
    "shift+tab": "shift+tab",
    "asterisk": "*",
}


class Action(Struct, frozen=True, kw_only=True):
    """Something a user can do."""

    id: str
    """Also the id of its bindings, and the name of the ``action_…`` method unless ``does`` says otherwise."""
    title: str
    """As the palette says it; the first word is a verb."""
    keys: tuple[str, ...]
    where: tuple[str, ...]
    """Panes it belongs to, or ``app``, or ``table`` for moving about in any list."""
    short: str = ""
    """As the key bar says it."""
    help: str = ""
    destructive: bool = False
    """It loses something, so it asks first."""
    twin: str = ""
    """The command that does the same without a screen."""
    rank: int = 0
    """Place in the key bar, the most useful first; 0 stays out of it."""
    does: str = ""
    motion: bool = False
    """Moves the cursor only: in the help, not in the palette."""

    @property
    def call(self) -> str:
        """The action as Textual runs it."""
        return self.does or self.id

    @property
    def key(self) -> str:
        """The first key, as people name it."""
        return key_name(self.keys[0])

    @property
    def all_keys(self) -> str:
        """Every key, as people name them."""
        return " ".join(map(key_name, self.keys))


def key_name(key: str) -> str:
    """A key as people name it: ``question_mark`` → ``?``."""
    return KEY_NAMES.get(key, key)


ACTIONS: tuple[Action, ...] = (
    # What a row offers.
    Action(
        id="open", title="Open what the cursor is on", short="open", keys=("enter",), rank=1,
        where=("projects", "samples", "detail", "uploads", "transfers", "watch"),
        help="Project: its samples. Sample: its results. Anything else: all that is known about it.",
    ),
    Action(
        id="download", title="Download results", short="download", keys=("d",), rank=2,
        where=("samples", "detail"), twin="gencove-tui download SAMPLE_ID",
        help="Of the sample, of all marked samples, or the one deliverable under the cursor.",
    ),
    Action(
        id="pause", title="Pause or resume", short="pause/resume", keys=("p",), rank=2,
        where=("transfers", "watch"), help="Keeps what has been moved already.",
    ),
    Action(
        id="cancel", title="Cancel transfers", short="cancel", keys=("x",), rank=3,
        where=("transfers",), destructive=True,
        help="Stops the transfer and drops what was half moved. Finished files are not touched.",
    ),
    Action(
        id="retry", title="Retry failed transfers", short="retry", keys=("R",), rank=4,
        where=("transfers",), help="Failed, cancelled and waiting ones start again at once.",
    ),
    Action(
        id="clear_finished", title="Clear finished transfers", short="clear done", keys=("c",), rank=5,
        where=("transfers",), help="Takes them off the list. Files are not touched.",
    ),
    Action(
        id="mark", title="Mark or unmark", short="mark", keys=("space",), rank=6,
        where=("samples", "transfers"), help="Marked rows are what the next action is about.",
    ),
    Action(
        id="unmark_all", title="Unmark all", keys=("U",), where=("samples", "transfers"),
        help="Forgets every mark in this list.",
    ),
    Action(
        id="filter", title="Filter the list", short="filter", keys=("slash",), rank=7,
        where=("projects", "samples", "uploads", "transfers"),
        help="Live; on the server where it can. A leading ! shows what doesn't match. Esc ends it.",
    ),
    Action(
        id="about", title="Show all that is known", keys=("i",), where=("projects", "samples", "detail"),
        help="Every field of the project or sample, also those that this version doesn't know.",
    ),
    Action(
        id="copy", title="Copy the id or path", short="copy", keys=("y",), rank=9,
        where=("projects", "samples", "detail", "uploads", "transfers", "watch"),
        help="Through the terminal (OSC 52), so it works over SSH where the terminal allows it.",
    ),
    # What is always at hand.
    Action(
        id="upload", title="Upload a file or folder", short="upload", keys=("u",), rank=8,
        where=(APP,), twin="gencove-tui upload PATH gncv://DESTINATION",
        help="Shows what would go, and what not and why, before anything is queued.",
    ),
    Action(
        id="refresh", title="Refresh what is in view", short="refresh", keys=("r", "f5"), rank=10,
        where=(APP,), help="At once; it also tries a refused or lost connection again.",
    ),
    Action(
        id="zoom", title="Enlarge the pane or put it back", short="zoom", keys=("z",), rank=11,
        where=(APP,), help="The focused pane fills the screen.",
    ),
    *(
        Action(
            id=f"go_{pane}", does=f"go('{pane}')", title=f"Go to {PANE_TITLES[pane].lower()}",
            keys=(str(number),), where=(APP,),
        )
        for number, pane in enumerate(TABS, 1)
    ),
    Action(
        id="next_pane", title="Go to the next pane", keys=("tab", "l", "right"), where=(APP,),
    ),
    Action(
        id="previous_pane", title="Go to the previous pane", keys=("shift+tab", "h", "left"), where=(APP,),
    ),
    Action(
        id="back", title="Go back", short="back", keys=("escape",), where=(APP,),
        help="Ends a filter, leaves a sample, puts an enlarged pane back, hides the hint.",
    ),
    Action(
        id="theme", title="Change the colours", keys=("T",), where=(APP,),
        help="Dark, light, and every theme that Textual brings.",
    ),
    Action(
        id="palette", title="Find an action by name", short="find", keys=("colon", "ctrl+p"),
        where=(APP,), help="Everything that can be done, by name.",
    ),
    Action(
        id="help", title="Show the keys", short="help", keys=("question_mark", "f1"), rank=90,
        where=(APP,), help="Those of the focused pane first.",
    ),
    Action(
        id="quit", title="Quit", short="quit", keys=("q", "ctrl+q"), rank=91, where=(APP,),
        help="With work in flight it asks: keep going in the background, or stop and resume later.",
    ),
    # Moving about in a list.
    Action(id="cursor_up", title="Up", keys=("up", "k"), where=(TABLE,), motion=True),
    Action(id="cursor_down", title="Down", keys=("down", "j"), where=(TABLE,), motion=True),
    Action(id="page_up", title="A page up", keys=("pageup", "ctrl+b"), where=(TABLE,), motion=True),
    Action(id="page_down", title="A page down", keys=("pagedown", "ctrl+f"), where=(TABLE,), motion=True),
    Action(id="half_up", title="Half a page up", keys=("ctrl+u",), where=(TABLE,), motion=True),
    Action(id="half_down", title="Half a page down", keys=("ctrl+d",), where=(TABLE,), motion=True),
    Action(id="top", title="To the first row", keys=("g", "home"), where=(TABLE,), motion=True),
    Action(id="bottom", title="To the last row", keys=("G", "end"), where=(TABLE,), motion=True),
)  # fmt: skip

BY_ID = {action.id: action for action in ACTIONS}


def actions_for(where: str) -> tuple[Action, ...]:
    """The actions that belong to a pane, to ``app`` or to ``table``."""
    return tuple(action for action in ACTIONS if where in action.where)


def bindings(where: str, *, only: tuple[str, ...] = ()) -> list[BindingType]:
    """The bindings of a pane, of ``app`` or of ``table``, for a ``BINDINGS`` list."""
    return [
        Binding(
            ",".join(action.keys),
            action.call,
            action.short or action.title,
            show=bool(action.rank),
            tooltip=action.help,
            id=action.id,
        )
        for action in actions_for(where)
        if not only or action.id in only
    ]


def key_bar(pane: str) -> tuple[Action, ...]:
    """What the key bar offers while ``pane`` has the focus, the most useful first."""
    shown = [action for action in (*actions_for(pane), *actions_for(APP)) if action.rank]
    return tuple(sorted(shown, key=lambda action: action.rank))
