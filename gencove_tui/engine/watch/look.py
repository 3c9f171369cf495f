"""One look through a folder: which FASTQ files are there, and which signs of a sequencing run.

Nothing is concluded here. Links to folders are not followed, so a loop of them can't catch a look; cycle
folders of a run hold base calls only and are passed over.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from gencove_tui.errors import InputProblem
from gencove_tui.fastq.map_csv import MAP_SUFFIX
from gencove_tui.fastq.markers import MARKER_NAMES
from gencove_tui.fastq.names import is_fastq
from gencove_tui.model import WatchedFile
from gencove_tui.store.transfer_rows import LARGEST_NUMBER

_CYCLE = re.compile(r"C[0-9]+\.[0-9]+")
_SHEET = re.compile(r"samplesheet.*\.csv", re.IGNORECASE)
_NONE: Mapping[str, WatchedFile] = {}


class Found(Struct, frozen=True, gc=False):
    """A file as one look saw it."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int = 0


class Look(Struct, kw_only=True):
    """What one look saw. Paths in ``signs`` and below are relative to the folder, with slashes."""

    files: list[Found] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Absolute paths of files that are named almost like a FASTQ."""
    signs: set[str] = field(default_factory=set)
    """Markers and folders that tell about a run."""
    maps: list[Found] = field(default_factory=list)
    sheets: list[Found] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    """Folder (empty for the folder itself) or file → why nothing is known of it."""
    links: list[str] = field(default_factory=list)
    """Links to folders, which are not followed."""
    folders: int = 0
    entries: int = 0
    """Files and folders of any kind at the top."""
    seen: int = 0
    """Files and folders of any kind so far: moves while the disk answers."""
    given_up: bool = False
    """Set from outside: it ends as soon as the disk answers, with what it has seen until then."""
    root: tuple[int, int] = (0, 0)
    """Device and inode of the folder itself."""

    def goes_on(self) -> bool:
        """Whether somebody still wants it; may change at any time."""
        return not self.given_up


def look_through(
    folder: str, marker: str = "", look: Look | None = None, known: Mapping[str, WatchedFile] = _NONE
) -> Look:
    """Look at everything below ``folder``; ``marker`` is one more name or path to take notice of.

    ``look``: an empty one to fill, for those who want to see how far it is. ``known``: what was seen before,
    whose paths and numbers are used again where they are the same: there may be very many.
    Raises ``OSError`` when the folder itself can't be read, or when this process is out of descriptors.
    """
    status = Path(folder).stat()
    look = Look() if look is None else look
    look.root = (status.st_dev & LARGEST_NUMBER, status.st_ino & LARGEST_NUMBER)
    marker_name = marker.rsplit("/", 1)[-1]
    waiting = [(folder, "")]
    while waiting and look.goes_on():
        current, relative = waiting.pop()
        try:
            entries = os.scandir(current)
        except OSError as error:
            # One folder is open at a time; out of descriptors is our trouble, not the folder's.
            if current == folder or error.errno in (errno.EMFILE, errno.ENFILE):
                raise
            if error.errno != errno.ENOENT:  # it may just have been moved
                look.unreadable[relative] = error.strerror or str(error)
            continue
        look.folders += 1
        with entries:
            for entry in entries:
                if not look.goes_on():
                    break
                look.seen += 1
                look.entries += not relative
                below = f"{relative}/{entry.name}" if relative else entry.name
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name.startswith(".") or _CYCLE.fullmatch(entry.name):
                            continue
                        waiting.append((entry.path, below))
                        if "Analysis" in below:
                            look.signs.add(below)
                    elif entry.is_symlink() and entry.is_dir():
                        look.links.append(below)
                    else:
                        _notice(look, entry, below, marker_name, known)
                except OSError as error:
                    if error.errno != errno.ENOENT:
                        look.unreadable[below] = error.strerror or str(error)
    return look


def _notice(
    look: Look, entry: os.DirEntry[str], below: str, marker_name: str, known: Mapping[str, WatchedFile]
) -> None:
    name = entry.name
    if is_fastq(name):
        if entry.is_file():
            look.files.append(_shared(_found(entry), known))
    elif name in MARKER_NAMES or name == marker_name:
        look.signs.add(below)
    elif name.endswith(MAP_SUFFIX):
        look.maps.append(_found(entry))
    elif _SHEET.fullmatch(name):
        look.sheets.append(_found(entry))
    elif ".fastq" in name.lower() or ".fq" in name.lower():
        look.others.append(entry.path)


def _found(entry: os.DirEntry[str]) -> Found:
    status = entry.stat()
    inode = status.st_ino & LARGEST_NUMBER  # some network file systems use all 64 bits
    changed = status.st_mtime_ns
    touched = changed if status.st_ctime_ns == changed else status.st_ctime_ns  # mostly one number, kept once
    return Found(entry.path, status.st_size, changed, inode, touched)


def _shared(found: Found, known: Mapping[str, WatchedFile]) -> Found:
    before = known.get(found.path)
    if before is None:
        return found
    if (found.size, found.mtime_ns, found.inode, found.ctime_ns) == (
        before.size,
        before.mtime_ns,
        before.inode,
        before.ctime_ns,
    ):
        return Found(before.path, before.size, before.mtime_ns, before.inode, before.ctime_ns)
    return Found(before.path, found.size, found.mtime_ns, found.inode, found.ctime_ns)


def scan_folder(folder: str) -> Iterator[Found]:
    """Every FASTQ below a folder. Raises ``OSError`` as ``look_through`` does."""
    yield from look_through(folder).files


def check_folder(folder: Path) -> Path:
    """The folder as an absolute path. Raises ``InputProblem`` when it can't be watched."""
    path = folder.expanduser().absolute()
    if not path.exists():
        raise InputProblem(f"Can't watch {path}", "it does not exist", "Create it, or name another folder.")
    if not path.is_dir():
        raise InputProblem(
            f"Can't watch {path}", "it is not a folder", "Name the folder that holds the files."
        )
    if not os.access(path, os.R_OK | os.X_OK):
        raise InputProblem(f"Can't watch {path}", "permission denied", "Ask for read permission on it.")
    return path
