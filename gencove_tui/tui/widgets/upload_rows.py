"""The upload area as a tree of folders and as pairs of reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gencove_tui.model import GncvPath, Upload

if TYPE_CHECKING:
    from gencove_tui.api.v2.sheet import SheetRow

_READ = re.compile(r"_(R[12])(?=[_.])")


class Node(NamedTuple):
    """A row of the tree: a folder with all that is below it, or a file."""

    path: str
    """Below the root; folders end in a slash."""
    name: str
    depth: int
    uploads: tuple[Upload, ...]
    is_folder: bool
    """Whether it can be folded. The path doesn't tell: a file may be named like a folder."""

    @property
    def key(self) -> str:
        """What no other row has."""
        return self.path if self.is_folder else self.uploads[0].path

    @property
    def newest(self) -> datetime | None:
        """When the last of it arrived."""
        return max((u.created for u in self.uploads if u.created is not None), default=None)

    @property
    def oldest(self) -> datetime | None:
        """When the first of it arrived, which is also the first to go."""
        return min((u.created for u in self.uploads if u.created is not None), default=None)


class Tree:
    """The upload area by folder: sorted once, asked for rows as often as a folder or a filter changes."""

    def __init__(self, uploads: Sequence[Upload]) -> None:
        self.uploads = uploads
        files: dict[str, list[Node]] = {}
        for upload in uploads:
            folder, slash, name = upload.path.key.rpartition("/")
            node = Node(upload.path.key, name or "/", folder.count("/") + len(slash), (upload,), False)
            files.setdefault(folder + slash, []).append(node)
        self._files = [
            (folder, sorted(files[folder], key=lambda node: node.path))
            for folder in sorted(files, key=_folders_first)
        ]

    def rows(
        self, folded: Collection[str] = (), keep: Callable[[Upload], bool] = lambda _: True
    ) -> list[Node]:
        """Folders before files, each by name, without what is below a folded folder.

        Of the files those that are to be kept, of the folders those that lead to one.
        """
        rows: list[Node] = []
        kept: list[Upload] = []
        opened: list[tuple[str, int, int]] = []
        """Folders around the present place: path, row (or -1 for none), and how many files came before."""
        hidden = 0
        """How many of these are folded, or below one that is."""

        def leave(place: str) -> None:
            """Close the folders that don't hold this place."""
            nonlocal hidden
            while opened and not place.startswith(opened[-1][0]):
                _, row, before = opened.pop()
                hidden -= bool(hidden)
                if row >= 0:
                    rows[row] = rows[row]._replace(uploads=tuple(kept[before:]))

        for folder, files in self._files:
            here = [node for node in files if keep(node.uploads[0])]
            if not here:
                continue
            leave(folder)
            start = len(opened[-1][0]) if opened else 0
            for name in folder[start:].split("/")[:-1]:
                path = f"{opened[-1][0] if opened else ''}{name}/"
                opened.append((path, -1 if hidden else len(rows), len(kept)))
                if not hidden:
                    rows.append(Node(path, name, len(opened) - 1, (), True))
                hidden += bool(hidden or path in folded)
            kept += [node.uploads[0] for node in here]
            if not hidden:
                rows += here
        leave("")
        return rows


def _folders_first(folder: str) -> tuple[tuple[int, str], ...]:
    """Sorts a folder's own files behind the folders in it."""
    return (*((0, f"{name}/") for name in folder.split("/")[:-1]), (1, ""))


class Pair(NamedTuple):
    """A sample as it would be made of uploads."""

    key: str
    """The same before and after its mate came."""
    client_id: str
    folder: str
    r1: Upload | None
    r2: Upload | None
    sample_id: str = ""

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """R1 and R2, as far as they are there."""
        return tuple(upload for upload in (self.r1, self.r2) if upload is not None)


def pairs_of_sheet(rows: Sequence[SheetRow]) -> list[Pair]:
    """The pairs as Gencove made them."""
    found: list[Pair] = []
    taken: set[str] = set()
    for row in rows:
        uploads = [
            None
            if read is None
            else Upload(
                path=GncvPath(read.path),
                id=read.upload_id,
                status=read.status,
                client_id=row.client_id,
                sample_id=row.sample_id,
            )
            for read in (row.r1, row.r2)
        ]
        first = next((upload for upload in uploads if upload is not None), None)
        if first is not None:
            folder, stem = _common_name(first)
            key = folder + stem if folder + stem not in taken else first.path
            taken.add(key)
            found.append(Pair(key, row.client_id, folder, uploads[0], uploads[1], row.sample_id))
    return found


def _common_name(upload: Upload) -> tuple[str, str]:
    """Folder, and what its name has in common with that of its mate."""
    return upload.path.folder.key, _READ.sub("_", upload.path.name, count=1)


def pairs_of_names(uploads: Iterable[Upload]) -> list[Pair]:
    """The pairs as the names suggest them, where Gencove keeps no sheet (api-v1 §5.4)."""
    found: dict[tuple[str, str], dict[str, Upload]] = {}
    for upload in uploads:
        match = _READ.search(upload.path.name)
        found.setdefault(_common_name(upload), {})[match[1] if match else ""] = upload
    pairs = []
    for (folder, stem), reads in found.items():
        first = next(iter(reads.values()))
        r1 = reads.get("R1", reads.get(""))
        client_id = first.client_id or stem.partition("_")[0]
        pairs.append(Pair(folder + stem, client_id, folder, r1, reads.get("R2"), first.sample_id))
    return pairs
