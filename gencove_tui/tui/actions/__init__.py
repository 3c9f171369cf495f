"""The one table of actions, from which bindings, key bar, help, palette and the README's keys are made."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from gencove_tui.tui.actions.frame import FRAME, MOTION, SHARED
from gencove_tui.tui.actions.kinds import APP, PANE_TITLES, PANES, TABLE, TABS, Action, key_name
from gencove_tui.tui.actions.local import LOCAL
from gencove_tui.tui.actions.remote import REMOTE

__all__ = [
    "ACTIONS",
    "APP",
    "BY_ID",
    "PANES",
    "PANE_TITLES",
    "TABLE",
    "TABS",
    "Action",
    "actions_for",
    "bindings",
    "key_bar",
    "key_name",
]

ACTIONS: tuple[Action, ...] = (*SHARED, *REMOTE, *LOCAL, *FRAME, *MOTION)
GONE_INTO = ("detail",)
"""Panes that have no number: the way out of them is in the key bar."""
BACK = 9
"""Its place there."""
BY_ID = {action.id: action for action in ACTIONS}


def actions_for(where: str) -> tuple[Action, ...]:
    """The actions that belong to a pane, to ``app`` or to ``table``, those of the key bar first."""
    found = (action for action in ACTIONS if where in action.where)
    return tuple(sorted(found, key=lambda action: action.rank or 50))


def bindings(where: str) -> list[BindingType]:
    """The bindings of a pane, of ``app`` or of ``table``, for a ``BINDINGS`` list.

    Their keys are those of the preset ``default``; the app lays the user's keymap over them.
    """
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
    ]


def key_bar(pane: str) -> tuple[Action, ...]:
    """What the key bar offers while ``pane`` has the focus, the most useful first."""
    shown = [action for action in (*actions_for(pane), *actions_for(APP)) if action.rank]
    if pane in GONE_INTO:
        shown.append(BY_ID["back"])
    return tuple(sorted(shown, key=lambda action: action.rank or BACK))
