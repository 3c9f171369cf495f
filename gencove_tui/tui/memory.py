"""Where the user was and how the screen was arranged, kept for each profile from one run to the next."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct, field

from gencove_tui.model import ProjectQuery, SampleQuery

FILE_NAME = "screen.json"


class Choice(Struct, frozen=True):
    """What was chosen for the last download."""

    types: tuple[str, ...] = ()
    folder: str = ""
    template: str = ""


class Remembered(Struct, kw_only=True, omit_defaults=True):
    """What is kept. Everything is a wish: what doesn't exist any more is ignored.

    Fields are only ever added, and each may be missing: so the file needs no version.
    """

    at: str = ""
    """The pane that had the keyboard."""
    zoomed: bool = False
    left: int | None = None
    """Columns of the left side; None for the usual."""
    bottom: int | None = None
    """Rows of the lower panes; None for the usual."""
    theme: str = ""
    project: str = ""
    """Id of the project whose samples were shown."""
    cursors: dict[str, str] = field(default_factory=dict)
    """Key of the row under the cursor, by pane."""
    places: dict[str, int] = field(default_factory=dict)
    """The number of that row, where it lies beyond the first page."""
    filters: dict[str, str] = field(default_factory=dict)
    sorts: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    project_query: ProjectQuery | None = None
    """What Gencove was asked for beside a text to search for."""
    sample_query: SampleQuery | None = None
    """Likewise, in ``project``."""
    unassigned: bool = False
    """Whether only uploads were shown that no sample uses."""
    section: str = ""
    """Of the sample's detail."""
    download: Choice | None = None


class Memory:
    """The file of one profile. Never raises: a screen that forgets is better than one that doesn't open."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / FILE_NAME
        self._written = b""

    def load(self) -> Remembered:
        """What was kept, or nothing."""
        if self._path is None:
            return Remembered()
        try:
            self._written = self._path.read_bytes()
            return msgspec.json.decode(self._written, type=Remembered)
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError):  # what a power cut leaves behind
            return Remembered()

    def save(self, remembered: Remembered) -> None:
        """Keep this from now on; writes only what differs, atomically."""
        data = msgspec.json.encode(remembered)
        if self._path is None or data == self._written:
            return
        temporary = self._path.with_name(f".{FILE_NAME}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(self._path)
            self._written = data
