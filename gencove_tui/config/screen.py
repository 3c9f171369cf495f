"""How the screen looks and which keys do what: the tables ``[screen]`` and ``[keys]`` of ``config.toml``.

Which actions exist, the screen itself knows; it checks their names and clashes when it opens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct, field

from gencove_tui.config.lines import bad_config, convert_table, line_of


class ScreenSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[screen]``."""

    theme: str = ""
    """Name of a theme; empty takes the one that was chosen on the screen last."""
    bell: bool = False
    """Whether the terminal's bell rings when a transfer fails and when the queue has come to its end."""
    mouse: bool = True
    """Whether the screen takes the mouse; without it, the terminal's own selection works as usual."""
    ascii: bool | None = None
    """Plain signs only; None lets the locale decide."""


class KeySettings(Struct, frozen=True, kw_only=True):
    """The table ``[keys]``."""

    preset: str = "default"
    changes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys by the id of the action, in place of the preset's."""


def read_screen(path: Path, text: str, data: dict[str, Any]) -> ScreenSettings:
    """The table ``[screen]``. Raises ``InputProblem`` with file, line and key."""
    table = data.get("screen", {})
    if not isinstance(table, dict):
        raise bad_config(path, f"{line_of(text, (), 'screen')}'screen' must be a table")
    return convert_table(path, text, ("screen",), table, ScreenSettings)


def read_keys(path: Path, text: str, data: dict[str, Any]) -> KeySettings:
    """The table ``[keys]``: a preset, and a key or a list of keys for each action that differs from it."""
    table = data.get("keys", {})
    if not isinstance(table, dict):
        raise bad_config(path, f"{line_of(text, (), 'keys')}'keys' must be a table")
    changes = {}
    for name, value in table.items():
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not all(isinstance(key, str) and key for key in keys):
            place = line_of(text, ("keys",), name)
            raise bad_config(path, f'{place}keys.{name} must be a key like "d" or a list of keys')
        changes[name] = tuple(keys)
    preset = changes.pop("preset", ("default",))
    return KeySettings(preset=preset[0], changes=changes)
