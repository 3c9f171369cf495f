"""Remedies for somebody who has the screen before them: a key to press, not a command to leave it for."""

from __future__ import annotations

from gencove_tui.tui.actions.keymap import Keymap

_KEYS = (
    ("gencove-tui login", "profiles", "gives the profile a new key."),
    ("gencove-tui engine restart", "restart_engine", "starts the engine anew."),
)
"""A command, the action that does the same, and what its key does."""


def on_screen(remedy: str, keys: Keymap) -> str:
    """The remedy with each sentence that names such a command told as a key."""
    for command, action, does in _KEYS:
        if command in remedy:
            before, _, after = remedy.partition(command)
            kept = before[: before.rfind(". ") + 2] if ". " in before else ""
            rest = after.partition(". ")[2]
            remedy = f"{kept}{keys.key(action)} {does} {rest}".rstrip()
    return remedy
