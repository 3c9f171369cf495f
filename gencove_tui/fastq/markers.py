"""Markers by which sequencers and converters say that a run folder is complete (transfer-anchors §5.4).

Markers never replace the check of a file's content: a copier may bring them first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum

from msgspec import Struct

Exists = Callable[[str], bool]
"""Whether a path below the watched folder, written with slashes, exists. ``set.__contains__`` will do."""


class MarkerLevel(StrEnum):
    """How much the best marker promises."""

    FASTQ = "fastq"
    """The FASTQ files themselves are complete."""
    RUN = "run"
    """The run is over or copied; FASTQ files may still be made from it."""
    NONE = "none"


class RunState(Struct, frozen=True, kw_only=True):
    """What the surroundings of one FASTQ say."""

    root: str | None
    """The run folder, relative to the watched one; empty when that is it, None outside of any run folder."""
    level: MarkerLevel
    marker: str = ""
    """Path of the marker that decides; empty when there is none."""
    superseded: bool = False
    """A later analysis of the same run stands beside the one that the FASTQ is part of."""


_RUN_NAME = re.compile(r"(?:[0-9]{6}|[0-9]{8})_[A-Za-z0-9-]+_[0-9]+_[A-Za-z0-9-]+")
_ANALYSIS = re.compile(r"(?P<parent>(?:.*/)?Analysis)/(?P<number>[0-9]+)")
_ROOT_SIGNS = ("RunInfo.xml", "RunParameters.xml", "runParameters.xml")
_FASTQ_MARKERS = ("Logs/FastqComplete.txt", "CompletedJobInfo.xml", "transfer_complete.txt")
_RUN_MARKERS = (
    "CopyComplete.txt",
    "SequenceComplete.txt",
    "RTAComplete.txt",
    "RTAComplete.xml",
    "run_complete.txt",
)
"""The most telling first."""
MARKER_NAMES = frozenset(
    path.rsplit("/", 1)[-1]
    for path in (*_ROOT_SIGNS, *_FASTQ_MARKERS, *_RUN_MARKERS, "Secondary_Analysis_Complete.txt")
)
"""Names of files that ``run_state`` asks for."""


def run_state(fastq: str, exists: Exists, *, name: str = "", marker: str = "") -> RunState:
    """What the markers say about one FASTQ.

    ``fastq`` is its path relative to the watched folder, with slashes; ``name`` is the watched folder's own
    name, which tells a run folder that is watched itself. ``marker`` names another file that the user
    wants waited for: in the FASTQ's folder or in any above it, it counts as a FASTQ-level marker, and the
    usual ones don't.
    """
    folders = tuple(_folders_above(fastq))
    root = next((folder for folder in folders if _is_root(folder, exists, name)), None)
    # Markers above the run folder belong to something else.
    inside = folders if root is None else folders[: folders.index(root) + 1]
    analysis = next((match for folder in inside if (match := _ANALYSIS.fullmatch(folder))), None)
    superseded = analysis is not None and _has_successor(analysis, exists)
    wanted = (marker,) if marker else _FASTQ_MARKERS
    for folder in inside:
        for path in (_join(folder, file) for file in wanted):
            if exists(path):
                return RunState(root=root, level=MarkerLevel.FASTQ, marker=path, superseded=superseded)
    if analysis is not None and not marker:
        copied = _join(analysis.group(), "CopyComplete.txt")
        if exists(copied) and exists(_join(analysis.group(), "Data/Secondary_Analysis_Complete.txt")):
            return RunState(root=root, level=MarkerLevel.FASTQ, marker=copied, superseded=superseded)
        # What the run's own markers say holds for the data that the analysis is made from.
        return RunState(root=root, level=MarkerLevel.NONE, superseded=superseded)
    if root is not None:
        for path in (_join(root, file) for file in _RUN_MARKERS):
            if exists(path):
                return RunState(root=root, level=MarkerLevel.RUN, marker=path, superseded=superseded)
    return RunState(root=root, level=MarkerLevel.NONE, superseded=superseded)


def _folders_above(path: str) -> Iterator[str]:
    """The folders that hold ``path``, the nearest first and the watched one, ``""``, last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _is_root(folder: str, exists: Exists, name: str) -> bool:
    if _ANALYSIS.fullmatch(folder):
        # CopyComplete.txt stands in a NovaSeq X's analysis folders, too.
        return False
    base = folder.rpartition("/")[2] or name
    return bool(_RUN_NAME.fullmatch(base)) or any(
        exists(_join(folder, file)) for file in (*_ROOT_SIGNS, *_RUN_MARKERS)
    )


def _has_successor(analysis: re.Match[str], exists: Exists) -> bool:
    following = f"{analysis['parent']}/{int(analysis['number']) + 1}"
    return any(exists(_join(following, file)) for file in ("", "CopyComplete.txt", "Data"))


def _join(folder: str, name: str) -> str:
    return "/".join(part for part in (folder, name) if part)
