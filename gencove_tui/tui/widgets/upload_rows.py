"""The upload area as a tree of folders and as pairs of reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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

    @property
    def is_folder(self) -> bool:
        """Whether it can be folded."""
        return self.path.endswith("/")

    @property
    def size(self) -> int | None:
        """Bytes in all; None where one is unknown."""
        sizes = [upload.size for upload in self.uploads]
        return None if None in sizes else sum(filter(None, sizes))

    @property
    def newest(self) -> datetime | None:
        """When the last of it arrived."""
        return max((u.created for u in self.uploads if u.created is not None), default=None)

    @property
    def oldest(self) -> datetime | None:
        """When the first of it arrived, which is also the first to go."""
        return min((u.created for u in self.uploads if u.created is not None), default=None)


def tree(uploads: Iterable[Upload], folded: frozenset[str] | set[str]) -> list[Node]:
    """Folders before files, each by name; what is below a folded folder is left out."""
    below: dict[str, list[Upload]] = {}
    children: dict[str, set[str]] = {}
    files: dict[str, list[Upload]] = {}
    for upload in uploads:
        parts = upload.path.key.split("/")
        parent = ""
        for part in parts[:-1]:
            child = f"{parent}{part}/"
            children.setdefault(parent, set()).add(child)
            below.setdefault(child, []).append(upload)
            parent = child
        files.setdefault(parent, []).append(upload)
    nodes: list[Node] = []

    # A stack and no recursion: folders may be nested deeper than Python calls.
    def entries(folder: str, depth: int) -> list[Node]:
        inner = [
            Node(child, child.rstrip("/").rpartition("/")[2], depth, tuple(below[child]))
            for child in sorted(children.get(folder, ()))
        ]
        inner += [
            Node(upload.path.key, upload.path.name, depth, (upload,))
            for upload in sorted(files.get(folder, ()), key=lambda u: u.path)
        ]
        return inner[::-1]

    stack = entries("", 0)
    while stack:
        node = stack.pop()
        nodes.append(node)
        if node.is_folder and node.path not in folded:
            stack += entries(node.path, node.depth + 1)
    return nodes


class Pair(NamedTuple):
    """A sample as it would be made of uploads."""

    key: str
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
    found = []
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
            found.append(
                Pair(first.id, row.client_id, first.path.folder.key, uploads[0], uploads[1], row.sample_id)
            )
    return found


def pairs_of_names(uploads: Iterable[Upload]) -> list[Pair]:
    """The pairs as the names suggest them, where Gencove keeps no sheet (api-v1 §5.4)."""
    found: dict[tuple[str, str], dict[str, Upload]] = {}
    for upload in uploads:
        match = _READ.search(upload.path.name)
        read = match[1] if match else ""
        stem = upload.path.name if match is None else _READ.sub("_", upload.path.name, count=1)
        found.setdefault((upload.path.folder.key, stem), {})[read] = upload
    pairs = []
    for (folder, stem), reads in found.items():
        first = next(iter(reads.values()))
        r1 = reads.get("R1", reads.get(""))
        client_id = first.client_id or stem.partition("_")[0]
        pairs.append(Pair(first.path, client_id, folder, r1, reads.get("R2"), first.sample_id))
    return pairs
