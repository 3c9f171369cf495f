"""``.fastq-map.csv``: which files make up which sample and read (api-v2 §10).

The format is the official client's, without its traps: columns are found by name, in any order; other
columns and a byte order mark do no harm; and every error names its line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from posixpath import normpath
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from gencove_tui.errors import InputProblem
from gencove_tui.fastq.names import is_fastq

MAP_SUFFIX = ".fastq-map.csv"
"""How the name of a map file ends."""
COLUMNS = ("client_id", "r_notation", "path")


class MapEntry(Struct, frozen=True, kw_only=True):
    """One object to upload: one read of one sample."""

    client_id: str
    read: str
    """``R1`` or ``R2``."""
    sources: tuple[str, ...]
    """Local paths, as written, to be joined in this order; or exactly one URL."""
    line: int
    """Line of its first row, from 1."""

    @property
    def is_url(self) -> bool:
        """Whether Gencove fetches it by itself. A URL may be presigned, so it is a secret."""
        return _is_url(self.sources[0])

    @property
    def name(self) -> str:
        """Name in the upload area."""
        return f"{self.client_id}_{self.read}.fastq.gz"

    def __repr__(self) -> str:
        return f"MapEntry({self.client_id!r}, {self.read!r}, {len(self.sources)} sources, line={self.line!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("client_id", self.client_id), ("read", self.read), ("line", self.line)]


def parse_map(content: bytes, name: str = "The map file") -> tuple[MapEntry, ...]:
    """Read a map file; ``name`` is what errors call it. Paths are not looked at on disk.

    Raises ``InputProblem`` for: no such header; a row that lacks a value; an id with ``_``, ``/`` or control
    characters; a read that is not R1 or R2; a path that is not named like a FASTQ; a path twice; paths and
    URLs mixed; several URLs for one read, which Gencove can't join; R1 and R2 with different numbers of
    files, or R2 alone.
    """
    what = f"{name} can't be used"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputProblem(what, "it is not UTF-8 text", "Save it as CSV in UTF-8.") from None
    sources: dict[tuple[str, str], list[str]] = {}
    lines: dict[tuple[str, str], int] = {}
    seen: dict[str, int] = {}
    for line, client_id, notation, path in _rows(text, what):
        where = f"line {line}"
        _check_id(client_id, what, where)
        read = notation.upper()
        if read not in ("R1", "R2"):
            raise InputProblem(what, f"{where}: r_notation is {notation!r}", "Write R1 or R2.")
        _check_path(path, what, where)
        path = path if _is_url(path) else normpath(path)  # however it is spelt, a file counts once
        if path in seen:
            raise InputProblem(
                what, f"{where} names the same path as line {seen[path]}", "Remove one of them."
            )
        if seen and _is_url(path) != _is_url(next(iter(seen))):
            raise InputProblem(
                what, f"{where}: paths and URLs are mixed", "Make one map file for paths and one for URLs."
            )
        seen[path] = line
        key = (client_id, read)
        if key in sources and _is_url(path):
            raise InputProblem(
                what,
                f"{where}: a second URL for {read} of {client_id}",
                "Gencove can't join URLs; join the files first.",
            )
        sources.setdefault(key, []).append(path)
        lines.setdefault(key, line)
    if not sources:
        raise InputProblem(what, "it has no rows", "Add one row for every file.")
    for client_id, read in sources:
        ones, twos = len(sources.get((client_id, "R1"), ())), len(sources.get((client_id, "R2"), ()))
        if ones != twos and (read == "R2" or twos):
            raise InputProblem(
                what,
                f"line {lines[client_id, read]}: {client_id} has {ones} files for R1 and {twos} for R2",
                "Give both reads the same files in the same order.",
            )
    return tuple(
        MapEntry(client_id=client_id, read=read, sources=tuple(paths), line=lines[client_id, read])
        for (client_id, read), paths in sources.items()
    )


def _rows(text: str, what: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, client id, read and path of every row that is not blank, all stripped."""
    reader = csv.reader(io.StringIO(text, newline=""))
    places: list[int] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not places:
                header = [cell.strip().lower() for cell in cells]
                lacking = [column for column in COLUMNS if column not in header]
                if lacking:
                    raise InputProblem(
                        what,
                        f"line {reader.line_num} should name the columns and lacks {', '.join(lacking)}",
                        f"Begin with the line {','.join(COLUMNS)}.",
                    )
                places = [header.index(column) for column in COLUMNS]
                continue
            values = [cells[place].strip() if place < len(cells) else "" for place in places]
            for column, value in zip(COLUMNS, values, strict=True):
                if not value:
                    raise InputProblem(what, f"line {reader.line_num} has no {column}", "Fill it in.")
            yield reader.line_num, values[0], values[1], values[2]
    except csv.Error as error:
        raise InputProblem(what, f"line {reader.line_num}: {error}", "Save it as CSV.") from None


def _check_id(client_id: str, what: str, where: str) -> None:
    if "_" in client_id:
        raise InputProblem(
            what,
            f"{where}: the client id {client_id!r} holds an underscore, at which Gencove would cut it",
            f"Write it like {client_id.replace('_', '-')}.",
        )
    if "/" in client_id or client_id in (".", "..") or not client_id.isprintable():
        raise InputProblem(
            what,
            f"{where}: the client id {client_id!r} can't be part of a name",
            "Use letters, digits and hyphens.",
        )


def _check_path(path: str, what: str, where: str) -> None:
    if not _is_url(path):
        if not is_fastq(path):
            raise InputProblem(
                what, f"{where}: {path!r} is not named like a FASTQ", "Gencove takes .fastq.gz and the like."
            )
        return
    # Gencove compares the ending of a URL with regard to case, and errors must not hold its query.
    last = urlsplit(path).path.rsplit("/", 1)[-1]
    if not is_fastq(last) or last.rsplit(".", 2)[1:] != last.lower().rsplit(".", 2)[1:]:
        raise InputProblem(
            what,
            f"{where}: the URL's path does not end in a FASTQ's name",
            "It must end in .fastq.gz or the like.",
        )


def _is_url(path: str) -> bool:
    try:
        parts = urlsplit(path)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
