"""Typing local paths: what a text means, and how it could go on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from rich.cells import cell_len
from textual.suggester import Suggester

from gencove_tui.tui.fitting import fit

LOOKED_AT = 2000
"""Entries of a folder that completion looks at: it must never hang on a huge one."""


def typed_path(text: str) -> Path:
    """The path that a person typed, with ``~`` and relative parts resolved against the home and here."""
    path = Path(text)
    try:
        path = path.expanduser()
    except RuntimeError:
        return Path.cwd() / path  # "~someone" where there is no such user is a name like any other.
    return path if path.is_absolute() else Path.cwd() / path


def shortened(path: str, width: int, ellipsis: str = "…") -> str:
    """A clean path in at most ``width`` cells: its first folders give way, then the middle of its name."""
    shown = path
    while cell_len(shown) > width and "/" in shown.removeprefix(f"{ellipsis}/"):
        rest = shown.removeprefix(f"{ellipsis}/").removeprefix("/")
        shown = f"{ellipsis}/{rest.partition('/')[2]}" if "/" in rest else rest
    return shown if cell_len(shown) <= width else fit(shown, width, cut="middle", ellipsis=ellipsis)


def completion(text: str, *, folders: bool = False) -> str | None:
    """The text with the name that it begins written out; None if there is none."""
    head, slash, start = text.rpartition("/")
    folder = typed_path(head + slash) if slash else Path.cwd()
    names = []
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= LOOKED_AT:
                    break
                if not entry.name.startswith(start) or (entry.name.startswith(".") and not start):
                    continue
                is_folder = entry.is_dir()
                if is_folder or not folders:
                    names.append(entry.name + ("/" if is_folder else ""))
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    if not names:
        return None
    shared = min(names)
    while not all(name.startswith(shared) for name in names):
        shared = shared[:-1]
    return head + slash + (shared if len(shared) > len(start) else min(names))


class PathSuggester(Suggester):
    """Completes local paths as they are typed."""

    def __init__(self, *, folders: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.folders = folders

    async def get_suggestion(self, value: str) -> str | None:
        """How the path could go on."""
        if not value:
            return None
        return await asyncio.to_thread(completion, value, folders=self.folders)
