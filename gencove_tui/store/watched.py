"""The files that watch rules have seen, and what became of each."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterable

from msgspec import Struct, structs

from gencove_tui.model import GNCV, TransferState, WatchedFile
from gencove_tui.store.database import Database, printable
from gencove_tui.store.transfer_rows import moment

_SHORT = "t.state='waiting' AND EXISTS (SELECT 1 FROM short_files s WHERE s.transfer_id = t.id AND s.stands)"
"""Whether an upload waits for the rest of its file, which is perhaps being written."""
_PIECE = 2000
"""Rows read at once where there may be very many."""


class Reads(Struct, frozen=True, kw_only=True):
    """What the check of an uploaded FASTQ has found, to compare with its mate's."""

    path: str
    records: int
    first_name: str
    last_name: str
    sampled_names: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What has become of the upload of a watched file."""

    state: TransferState
    remote: str
    problem: str = ""
    remedy: str = ""


def _file_from(row: sqlite3.Row) -> WatchedFile:
    return WatchedFile(
        rule_id=row["rule_id"],
        path=os.fsdecode(row["path"]),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        inode=row["inode"],
        state=sys.intern(row["state"]),
        reason=sys.intern(row["reason"]),
        remedy=sys.intern(row["remedy"]),
        transfer_id=row["transfer_id"],
        first_seen=moment(row["first_seen"]),
        ctime_ns=row["ctime_ns"],
        sample=row["sample"],
        read=sys.intern(row["read"]),
    )


class WatchedFiles:
    """Reads and writes watched files. Every method is one transaction unless it runs inside another's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def files(self, rule_id: int) -> dict[str, WatchedFile]:
        """The files that a rule knows, by path."""
        found: dict[str, WatchedFile] = {}
        after = b""
        while True:
            # In pieces: all rows at once would take more memory than what is made of them.
            rows = self._db.rows(
                "SELECT * FROM watched_files WHERE rule_id=? AND path > ? ORDER BY path LIMIT ?",
                (rule_id, after, _PIECE),
            )
            found.update((file.path, file) for file in map(_file_from, rows))
            if len(rows) < _PIECE:
                return found
            after = rows[-1]["path"]

    def put_file(self, found: WatchedFile) -> None:
        """Write what became of one file; of what was known, only when it was first seen stays.

        That begins anew with a file that was gone, and with another version of one that was queued.
        """
        self.put_files((found,))

    def put_files(self, files: Iterable[WatchedFile]) -> None:
        """The same for many at once. What was read of an older version is forgotten."""
        now = time.time()
        with self._db.write() as connection:
            connection.executemany(
                "INSERT INTO watched_files (rule_id, path, size, mtime_ns, inode, state, reason, remedy,"
                " transfer_id, first_seen, ctime_ns, sample, read)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (rule_id, path) DO UPDATE SET"
                " records=CASE WHEN size=excluded.size AND mtime_ns=excluded.mtime_ns THEN records END,"
                " size=excluded.size, mtime_ns=excluded.mtime_ns, inode=excluded.inode,"
                " first_seen=CASE WHEN state='gone' OR (state='queued' AND (size != excluded.size"
                " OR mtime_ns != excluded.mtime_ns)) THEN excluded.first_seen ELSE first_seen END,"
                " state=excluded.state, reason=excluded.reason, remedy=excluded.remedy,"
                " transfer_id=excluded.transfer_id, ctime_ns=excluded.ctime_ns, sample=excluded.sample,"
                " read=excluded.read",
                [
                    (
                        file.rule_id,
                        os.fsencode(file.path),
                        file.size,
                        file.mtime_ns,
                        file.inode,
                        file.state,
                        printable(file.reason),
                        printable(file.remedy),
                        file.transfer_id,
                        file.first_seen.timestamp() if file.first_seen else now,
                        file.ctime_ns,
                        printable(file.sample),
                        file.read,
                    )
                    for file in files
                ],
            )

    def drop_files(self, rule_id: int, paths: Iterable[str]) -> None:
        """Forget files."""
        with self._db.write() as connection:
            connection.executemany(
                "DELETE FROM watched_files WHERE rule_id=? AND path=?",
                [(rule_id, os.fsencode(path)) for path in paths],
            )

    def counts(self, rule_id: int) -> dict[str, int]:
        """How many watched files are in each state; queued ones by the state of their transfer.

        Keys: ``settling``, ``waiting``, ``held``, ``ignored``, ``gone``, ``queued``, ``uploaded`` and
        ``failed``.
        """
        rows = self._db.rows(
            f"""SELECT CASE WHEN w.state != 'queued' THEN w.state
                WHEN t.state IS NULL OR t.state IN ('done', 'skipped') THEN 'uploaded'
                WHEN t.state IN ('failed', 'cancelled') THEN 'failed'
                WHEN {_SHORT} THEN 'waiting'
                ELSE 'queued' END AS s, count(*) AS n
            FROM watched_files w LEFT JOIN transfers t ON t.id = w.transfer_id
            WHERE w.rule_id=? GROUP BY s""",  # noqa: S608 - only our own constants
            (rule_id,),
        )
        return {row["s"]: row["n"] for row in rows}

    def pending(self, rule_id: int, limit: int = 100) -> list[WatchedFile]:
        """Files that don't go up yet, those that need a person first: each with what it waits for."""
        rows = self._db.rows(
            "SELECT * FROM watched_files WHERE rule_id=? AND state IN ('held', 'waiting', 'settling')"
            " ORDER BY state, first_seen, path LIMIT ?",
            (rule_id, limit),
        )
        short = self._db.rows(
            "SELECT w.*, t.problem, t.remedy AS what_to_do FROM transfers t INDEXED BY transfers_by_state"  # noqa: S608 - only our own constants
            " JOIN watched_files w ON w.transfer_id = t.id AND w.rule_id = t.rule_id"
            f" WHERE {_SHORT} AND t.rule_id=? AND w.state='queued' ORDER BY w.path LIMIT ?",
            (rule_id, limit - len(rows)),
        )
        return [_file_from(row) for row in rows] + [
            structs.replace(_file_from(row), state="waiting", reason=row["problem"], remedy=row["what_to_do"])
            for row in short
        ]

    def ignored(self, rule_id: int, limit: int = 100) -> list[WatchedFile]:
        """Files that a rule leaves out, each with the reason, the last one first."""
        rows = self._db.rows(
            "SELECT * FROM watched_files WHERE rule_id=? AND state='ignored'"
            " ORDER BY first_seen DESC, path LIMIT ?",
            (rule_id, limit),
        )
        return [_file_from(row) for row in rows]

    def files_of(self, transfer_id: int) -> list[WatchedFile]:
        """The files that an upload is about, as the rules know them."""
        rows = self._db.rows("SELECT * FROM watched_files WHERE transfer_id=?", (transfer_id,))
        return [_file_from(row) for row in rows]

    def failed(self, rule_id: int, limit: int = 100) -> list[tuple[str, str, str]]:
        """Files whose upload failed: path, reason, and what to do; the last one first."""
        rows = self._db.rows(
            "SELECT w.path, t.problem, t.remedy FROM transfers t INDEXED BY transfers_by_state"
            " JOIN watched_files w ON w.transfer_id = t.id AND w.rule_id = t.rule_id"
            " WHERE t.state='failed' AND t.rule_id=? AND w.state='queued' ORDER BY t.id DESC LIMIT ?",
            (rule_id, limit),
        )
        return [(os.fsdecode(row["path"]), row["problem"], row["remedy"]) for row in rows]

    def outcomes(self, rule_id: int) -> dict[int, Outcome]:
        """The uploads of a rule's files by their number, without those that were cleared from the list."""
        rows = self._db.rows(
            "SELECT t.id, t.state, t.remote, t.problem, t.remedy FROM watched_files w"
            " JOIN transfers t ON t.id = w.transfer_id WHERE w.rule_id=?",
            (rule_id,),
        )
        return {
            row["id"]: Outcome(
                state=TransferState(row["state"]),
                remote=row["remote"],
                problem=row["problem"],
                remedy=row["remedy"],
            )
            for row in rows
        }

    def last_name(self, rule_id: int) -> str:
        """The path of the file that moved last, or nothing."""
        row = self._db.row(
            "SELECT w.path FROM transfers t JOIN watched_files w"
            " ON w.transfer_id = t.id AND w.rule_id = t.rule_id WHERE t.rule_id=? ORDER BY t.id DESC LIMIT 1",
            (rule_id,),
        )
        return os.fsdecode(row["path"]) if row else ""

    def note_reads(
        self, transfer_id: int, *, records: int, first_name: str, last_name: str, sampled_names: int
    ) -> None:
        """Write what the check of an upload has found in its reads."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                "UPDATE watched_files SET records=?, first_read=?, last_read=?, sampled_reads=?"
                " WHERE transfer_id=?",
                (records, printable(first_name), printable(last_name), sampled_names, transfer_id),
            )

    def sample_key(self, rule_id: int, path: str) -> str:
        """What tells the sample of a file, the same for both mates; empty when it was never queued."""
        row = self._db.row(
            "SELECT sample FROM watched_files WHERE rule_id=? AND path=?", (rule_id, os.fsencode(path))
        )
        # Up to version 0.1 it began with the place in the upload area, which is no mark of a sample.
        return str(row["sample"]) if row and not row["sample"].startswith(GNCV) else ""

    def mates_place(self, rule_id: int, sample: str, read: str) -> str:
        """Where the other read of a sample went, or goes to; empty when it did not."""
        row = self._db.row(
            "SELECT t.remote FROM watched_files m INDEXED BY watched_by_sample"
            " JOIN transfers t ON t.id = m.transfer_id"
            " WHERE m.rule_id=? AND m.sample=? AND m.sample != '' AND m.read != ? AND m.state='queued'",
            (rule_id, printable(sample), read),
        )
        return str(row["remote"]) if row else ""

    def mates_of(self, transfer_id: int) -> list[Reads]:
        """What is known of the files that an upload's reads must agree with."""
        rows = self._db.rows(
            # By that index: left alone, SQLite goes through all files of the rule for each upload.
            "SELECT m.* FROM watched_files w JOIN watched_files m INDEXED BY watched_by_sample"
            " ON m.rule_id = w.rule_id AND m.sample = w.sample AND m.sample != '' AND m.read != w.read"
            " WHERE w.transfer_id=? AND w.sample != '' AND m.records IS NOT NULL"
            " AND m.state='queued' AND m.transfer_id IS NOT w.transfer_id",
            (transfer_id,),
        )
        return [
            Reads(
                path=os.fsdecode(row["path"]),
                records=row["records"],
                first_name=row["first_read"],
                last_name=row["last_read"],
                sampled_names=row["sampled_reads"],
            )
            for row in rows
        ]
