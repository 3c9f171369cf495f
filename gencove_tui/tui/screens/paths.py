"""Typing local paths: what a text means, how it could go on, and the field that it is typed in."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rich.cells import cell_len
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input
from textual.worker import Worker

from gencove_tui.engine.looking import DiskSilent, is_silent, look
from gencove_tui.tui.fitting import fit
from gencove_tui.tui.screens.dialogs import Dialog

R = TypeVar("R")

LOOKED_AT = 2000
"""Entries of a folder that completion looks at: it must never hang on a huge one."""
SILENT = "The disk does not answer."


def typed_path(text: str) -> Path:
    """The path that a person typed, with ``~`` and relative parts resolved against the home and here."""
    path = Path(text)
    with suppress(RuntimeError):  # "~someone" where there is no such user is a name like any other
        path = path.expanduser()
    return path if path.is_absolute() else _here() / path


def _here() -> Path:
    """The working directory, or the home where that has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()


def shortened(path: str, width: int, ellipsis: str = "…") -> str:
    """A clean path in at most ``width`` cells: its first folders give way, then the middle of its name."""
    if cell_len(path) <= width:
        return path
    *folders, shown = path.removeprefix("/").split("/")
    if folders:
        shown = f"{ellipsis}/{shown}"
    while len(folders) > 1:
        longer = f"{ellipsis}/{folders.pop()}{shown.removeprefix(ellipsis)}"
        if cell_len(longer) > width:
            break
        shown = longer
    return shown if cell_len(shown) <= width else fit(shown, width, cut="middle", ellipsis=ellipsis)


def _begun_in(text: str) -> Path:
    """The folder in which a text begins a name."""
    return typed_path(text[: text.rfind("/") + 1])


def completion(text: str, *, folders: bool = False) -> str | None:
    """The text with the name that it begins written out; None if there is none. It looks at the disk."""
    head, slash, start = text.rpartition("/")
    names = []
    try:
        with os.scandir(_begun_in(text)) as entries:
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


class PathField(Input):
    """A text field for a local path, completed as it is typed. Its id names it among those that look."""

    class DiskChanged(Message):
        """The disk of what is typed has fallen silent, or has answered after all."""

    def __init__(self, value: str, *, id: str, placeholder: str = "", folders: bool = False) -> None:
        suggester = _Suggester(self, folders)
        super().__init__(value, placeholder=placeholder, suggester=suggester, id=id, compact=True)
        self.field = id
        self.folders = folders

    @property
    def is_silent(self) -> bool:
        """Whether the disk of what is typed does not answer."""
        return is_silent(self.field, _begun_in(self.value))

    async def completed(self) -> str | None:
        """The text written out as far as is sure; None if there is nothing to add or the disk is silent."""
        text = self.value
        try:
            longer = await look(self.field, _begun_in(text), partial(completion, text, folders=self.folders))
        except DiskSilent:
            return None
        return None if longer == text else longer


class _Suggester(Suggester):
    """Looks how a path could go on, once for all that is typed while the look before it lasts."""

    def __init__(self, field: PathField, folders: bool) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._field = field
        self._folders = folders

    async def get_suggestion(self, value: str) -> str | None:
        """How the path could go on."""
        field, waited = self._field, []

        def waits() -> None:
            waited.append(True)
            field.post_message(field.DiskChanged())

        def complete() -> str | None:
            return completion(value, folders=self._folders) if value == field.value else None

        found = await look(field.field, _begun_in(value), complete, waits)
        if waited:
            field.post_message(field.DiskChanged())
        return found


class PathDialog(Dialog[R]):
    """A dialog in which paths are typed."""

    _under_way: Worker[None] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether something is under way that the next key is about."""
        return self._under_way is not None and not self._under_way.is_finished

    def keys_wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that is over in a moment, and that the next key is about."""
        self._under_way = self.run_worker(work, group="keys", exclusive=True, exit_on_error=False)

    async def complete(self, field: PathField) -> None:
        """Write out the name that was begun; where there is nothing to write, to the next field."""
        text = field.value
        longer = await field.completed() if text else None
        if not field.has_focus or field.value != text:
            return  # The user has gone on.
        if longer is None:
            self.focus_next()
        else:
            field.value = longer
            field.cursor_position = len(longer)
