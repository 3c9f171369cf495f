"""What the loop of a rule has to know of its surroundings: the watcher's files, its uploads, other rules."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from gencove_tui.model import FINAL_STATES, GncvPath, LoopFile, LoopState, Transfer, TransferState
from gencove_tui.store.database import Database

OPEN = ", ".join(f"'{state}'" for state in TransferState if state not in FINAL_STATES)
"""States of transfers that have not ended, for an ``IN (…)``."""
UNDER_WAY = (
    LoopState.READY,
    LoopState.ASSIGNING,
    LoopState.TO_ASSIGN,
    LoopState.ANALYSING,
    LoopState.RESULTS,
    LoopState.RESTORING,
    LoopState.DELIVERING,
)
"""States of samples that end by themselves."""
CHUNK = 500
"""Values in one ``IN (…)``."""


class Beside(Struct, frozen=True, kw_only=True):
    """A file of the rule's folder, as the watcher left it."""

    path: str
    state: str
    reason: str
    sample: str
    """The key of its sample; empty before it is queued."""
    read: str
    moved: str
    """The state of its upload; empty when there is none, or when it was cleared from the list."""
    problem: str


class Twin(Struct, frozen=True, kw_only=True):
    """A sample that another rule makes, or has made, of the same files."""

    sample_id: str
    """Gencove's; empty as long as it is not known."""
    project_id: str
    rule_id: int
    same_upload: bool
    """Otherwise the same file went up twice."""


class LoopNeighbours:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def twins(self, rule_id: int, files: Sequence[LoopFile]) -> dict[str, list[Twin]]:
        """By the name of a file: the samples that other rules of this profile make or have made of it.

        Either of the same upload, or of another one of the very file here.
        """
        by_upload = {file.upload_id: file.name for file in files if file.upload_id}
        by_transfer = {file.transfer_id: file.name for file in files if file.transfer_id is not None}
        found: defaultdict[str, list[Twin]] = defaultdict(list)
        for known, source, column in (
            (by_upload, "loop_files f", "f.upload_id"),
            (
                by_transfer,
                # In this order: left alone, SQLite begins with all files of the other rules.
                "watched_files w CROSS JOIN rules r ON r.id != w.rule_id"
                " CROSS JOIN watched_files o ON o.rule_id=r.id AND o.path=w.path"
                " AND o.size=w.size AND o.mtime_ns=w.mtime_ns"
                " CROSS JOIN loop_files f ON f.transfer_id=o.transfer_id",
                "w.transfer_id",
            ),
        ):
            values = list(known)
            for start in range(0, len(values), CHUNK):
                chunk = values[start : start + CHUNK]
                sql = (
                    f"SELECT {column} AS ours, s.sample_id, s.project_id, s.rule_id FROM {source}"  # noqa: S608 - only marks
                    f" CROSS JOIN loop_samples s ON s.id = f.loop_sample WHERE {column} IN ({marks(chunk)})"
                    " AND f.direction='upload' AND s.rule_id != ?"
                    " AND (s.sample_id != '' OR s.state='assigning' OR (s.state='to assign'"
                    " AND EXISTS (SELECT 1 FROM rules a WHERE a.id=s.rule_id AND a.listed AND a.active)))"
                )
                for row in self._db.rows(sql, (*chunk, rule_id)):
                    twin = Twin(
                        sample_id=row["sample_id"],
                        project_id=row["project_id"],
                        rule_id=row["rule_id"],
                        same_upload=known is by_upload,
                    )
                    found[known[row["ours"]]].append(twin)
        return found

    def rules_of(self, transfer: Transfer) -> list[int]:
        """The rules that a transfer belongs to: the one that queued it, and those that found it queued."""
        rows = self._db.rows("SELECT DISTINCT rule_id FROM watched_files WHERE transfer_id=?", (transfer.id,))
        own = () if transfer.rule_id is None else (transfer.rule_id,)
        return list(dict.fromkeys((*own, *(row["rule_id"] for row in rows))))

    def on_their_way(self, rule_id: int) -> list[GncvPath]:
        """Where the rule's uploads go that have not ended."""
        rows = self._db.rows(
            f"SELECT remote FROM transfers INDEXED BY transfers_by_state WHERE state IN ({OPEN})"  # noqa: S608 - only our own constants
            " AND rule_id=? AND direction='upload'",
            (rule_id,),
        )
        return [GncvPath(row["remote"]) for row in rows]

    def places_of(self, rule_id: int, transfer_id: int | None) -> dict[str, str]:
        """Where the files of an upload are now, also after their folder was renamed: path → sample's key."""
        rows = self._db.rows(
            "SELECT path, sample FROM watched_files WHERE transfer_id=? AND rule_id=? AND state='queued'",
            (transfer_id, rule_id),
        )
        return {os.fsdecode(row["path"]): row["sample"] for row in rows}

    def beside(self, rule_id: int, start: str) -> list[Beside]:
        """Files that the rule knows whose path begins like that."""
        first = os.fsencode(start)
        rows = self._db.rows(
            "SELECT w.path, w.state, w.reason, w.sample, w.read, coalesce(t.state, '') AS moved,"
            " coalesce(t.problem, '') AS problem FROM watched_files w"
            " LEFT JOIN transfers t ON t.id = w.transfer_id AND w.state='queued'"
            " WHERE w.rule_id=? AND w.path >= ? AND w.path < ?",
            (rule_id, first, first + b"\xff"),
        )
        return [
            Beside(
                path=os.fsdecode(row["path"]),
                state=row["state"],
                reason=row["reason"],
                sample=row["sample"],
                read=row["read"],
                moved=row["moved"],
                problem=row["problem"],
            )
            for row in rows
        ]


def marks(values: Sequence[object]) -> str:
    """Question marks for an ``IN (…)``."""
    return ", ".join("?" * len(values))
