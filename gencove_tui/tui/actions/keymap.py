"""Which keys do what: a preset, and what the user changed about it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from gencove_tui.errors import InputProblem
from gencove_tui.tui.actions import ACTIONS, APP, BY_ID, PANE_TITLES, PANES, TABLE, Action, key_name
from gencove_tui.tui.actions.kinds import KEY_NAMES

PRESETS: dict[str, dict[str, tuple[str, ...]]] = {
    "default": {},
    "vim": {
        "open": ("enter", "l"),
        "back": ("escape", "h"),
        "next_pane": ("tab", "right", "w"),
        "previous_pane": ("shift+tab", "left", "W"),
        "mark": ("space", "v"),
        "undo": ("Z", "ctrl+r"),
    },
}
"""What each preset changes about the default keys. ``vim`` enters with l and leaves with h."""

EATEN = frozenset(
    {"ctrl+s", "ctrl+q", "ctrl+j", "ctrl+h", "ctrl+m", "ctrl+i", "ctrl+b", "ctrl+z", "ctrl+c", "ctrl+a"}
)
"""Keys that terminals, multiplexers or shells keep for themselves: never the only key of an action."""

_LONG = {name: key for key, name in KEY_NAMES.items()}
_NAMED = frozenset(
    {"enter", "tab", "space", "backspace", "delete", "insert", "home", "end", "up", "down", "left", "right"}
    | {"escape", "pageup", "pagedown"}
    | {f"f{n}" for n in range(1, 25)}
    | set(KEY_NAMES)
)
_MODIFIERS = re.compile(r"(?:(?:ctrl|alt|shift|super)\+)*")


class Keymap:
    """The keys of every action. Made by ``make_keymap``, which sees to it that they don't clash."""

    def __init__(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self._keys = dict(keys)

    def keys(self, action: Action | str) -> tuple[str, ...]:
        """The keys of an action as Textual spells them."""
        return self._keys[action if isinstance(action, str) else action.id]

    def key(self, action: Action | str) -> str:
        """The first key, as people name it."""
        return key_name(self.keys(action)[0])

    def all_keys(self, action: Action | str) -> str:
        """Every key, as people name them."""
        return " ".join(map(key_name, self.keys(action)))

    def for_textual(self) -> dict[str, str]:
        """What ``App.set_keymap`` takes: what differs from the bindings. At each key it is laid over them."""
        return {name: ",".join(keys) for name, keys in self._keys.items() if keys != BY_ID[name].keys}


def make_keymap(
    preset: str = "default",
    changes: Mapping[str, str | Sequence[str]] | None = None,
    source: str = "[keys]",
) -> Keymap:
    """The keymap of a preset with the user's changes.

    ``changes`` maps ids of actions to a key or several; ``source`` names their place in messages. Raises
    ``InputProblem`` that lists everything wrong at once: unknown presets and actions, keys that don't exist,
    keys that clash, and actions left with a key that a terminal keeps for itself.
    """
    wrong: list[str] = []
    if preset not in PRESETS:
        wrong.append(f"there is no preset {preset!r}; known are {', '.join(PRESETS)}")
    keys = {action.id: action.keys for action in ACTIONS}
    for name, value in {**PRESETS.get(preset, {}), **(changes or {})}.items():
        if name not in BY_ID:
            wrong.append(f"there is no action {name!r}{_nearest(name)}")
            continue
        given = [value] if isinstance(value, str) else list(value)
        keys[name] = tuple(long_name(key) for key in given)
        if not given:
            wrong.append(f"{name} needs at least one key")
        wrong += [f"{name}: there is no key {key!r}" for key in given if not _is_key(long_name(key))]
        if given and all(long_name(key) in EATEN for key in given):
            wrong.append(f"{name}: terminals keep {', '.join(given)} for themselves; add another key")
    wrong += clashes(keys)
    if wrong:
        raise InputProblem(
            f"The keys in {source} can't be used",
            "; ".join(dict.fromkeys(wrong)),
            "See all actions and their keys with: gencove-tui keys",
        )
    return Keymap(keys)


def clashes(keys: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Keys that would do two things in one place, as sentences."""
    found = []
    for pane in PANES:
        users: dict[str, list[str]] = {}
        for action in ACTIONS:
            if {pane, APP, TABLE} & set(action.where):
                for key in keys[action.id]:
                    users.setdefault(key, []).append(action.id)
        for key, names in users.items():
            if len(set(names)) > 1:
                everywhere = all({APP, TABLE} & set(BY_ID[name].where) for name in names)
                place = "" if everywhere else f" in {PANE_TITLES[pane]}"
                found.append(f"{key_name(key)} would mean {' and '.join(dict.fromkeys(names))}{place}")
    return found


def long_name(key: str) -> str:
    """A key as Textual spells it, from how a person may: ``?`` → ``question_mark``, ``esc`` → ``escape``."""
    modifiers = _MODIFIERS.match(key)
    start = modifiers.end() if modifiers else 0
    rest = key[start:] or "+"
    return key[:start] + _LONG.get(rest, rest)


def _is_key(key: str) -> bool:
    modifiers = _MODIFIERS.match(key)
    rest = key[modifiers.end() if modifiers else 0 :]
    return rest in _NAMED or (len(rest) == 1 and rest.isprintable() and not rest.isspace())


def _nearest(name: str) -> str:
    match = difflib.get_close_matches(name, BY_ID, n=1, cutoff=0.5)
    return f"; did you mean {match[0]!r}?" if match else ""


DEFAULT_KEYS = make_keymap()
"""The preset ``default``, unchanged."""


def markdown_table(keymap: Keymap = DEFAULT_KEYS) -> str:
    """Every action as Markdown tables, one for each place, as the README shows them."""
    places = [*((PANE_TITLES[pane], pane) for pane in PANES), ("Everywhere", APP), ("In a list", TABLE)]
    parts = []
    for title, where in places:
        lines = [f"**{title}**", "", "| Keys | Action |", "| --- | --- |"]
        for action in ACTIONS:
            if where in action.where:
                keys = " ".join(f"`{key_name(key)}`" for key in keymap.keys(action))
                lines.append(f"| {keys} | {action.title} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def key_listing(keymap: Keymap) -> str:
    """Every action as lines of text: keys, id, title."""
    places = [*((PANE_TITLES[pane], pane) for pane in PANES), ("Everywhere", APP), ("In a list", TABLE)]
    lines = []
    for title, where in places:
        lines.append(title)
        for action in ACTIONS:
            if where in action.where:
                lines.append(f"  {keymap.all_keys(action):16} {action.id:20} {action.title}")
    return "\n".join(lines) + "\n"
