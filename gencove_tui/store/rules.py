"""Watch rules and the files that they have seen."""

from __future__ import annotations

import os
import sqlite3
import time

import msgspec

from gencove_tui.model import GncvPath, WatchedFile, WatchRule
from gencove_tui.store.database import Database, printable
from gencove_tui.store.transfers import moment


def _rule_from(row: sqlite3.Row) -> WatchRule:
    return WatchRule(
        id=row["id"],
        folder=os.fsdecode(row["folder"]),
        destination=GncvPath(row["destination"]),
        include=msgspec.json.decode(row["include"], type=tuple[str, ...]),
        exclude=msgspec.json.decode(row["exclude"], type=tuple[str, ...]),
        settle=row["settle"],
        active=bool(row["active"]),
        problem=row["problem"],
    )


def _file_from(row: sqlite3.Row) -> WatchedFile:
    return WatchedFile(
        rule_id=row["rule_id"],
        path=os.fsdecode(row["path"]),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        inode=row["inode"],
        state=row["state"],
        reason=row["reason"],
        transfer_id=row["transfer_id"],
        first_seen=moment(row["first_seen"]),
    )


class Rules:
    """Reads and writes watch rules and watched files."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[WatchRule]:
        """Every rule, oldest first."""
        return [_rule_from(row) for row in self._db.rows("SELECT * FROM rules ORDER BY id")]

    def get(self, rule_id: int) -> WatchRule | None:
        """One rule, or None when it was removed."""
        row = self._db.row("SELECT * FROM rules WHERE id=?", (rule_id,))
        return _rule_from(row) if row else None

    def put(
        self,
        folder: str,
        destination: GncvPath,
        *,
        settle: float,
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
    ) -> int:
        """Create the rule for a folder and destination, or renew and wake it; returns its id."""
        with self._db.write() as connection:
            connection.execute(
                "INSERT INTO rules (folder, destination, settle, include, exclude) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (folder, destination) DO UPDATE SET settle=excluded.settle, active=1,"
                " include=excluded.include, exclude=excluded.exclude, problem='', scans=0",
                (
                    os.fsencode(folder),
                    destination,
                    settle,
                    msgspec.json.encode(include).decode(),
                    msgspec.json.encode(exclude).decode(),
                ),
            )
            row = connection.execute(
                "SELECT id FROM rules WHERE folder=? AND destination=?", (os.fsencode(folder), destination)
            ).fetchone()
        return int(row["id"])

    def set_active(self, rule_id: int, active: bool) -> None:
        """Pause or resume a rule."""
        with self._db.write() as connection:
            connection.execute("UPDATE rules SET active=? WHERE id=?", (int(active), rule_id))

    def set_problem(self, rule_id: int, problem: str) -> None:
        """Note why a rule can't work at the moment; empty when it can."""
        problem = printable(problem)
        with self._db.write() as connection:
            connection.execute(
                "UPDATE rules SET problem=? WHERE id=? AND problem != ?", (problem, rule_id, problem)
            )

    def count_scan(self, rule_id: int) -> None:
        """Note that the folder was looked through once more since the rule was put."""
        with self._db.write(durable=False) as connection:
            connection.execute("UPDATE rules SET scans=scans+1 WHERE id=? AND scans < 2", (rule_id,))

    def scanned(self, rule_id: int) -> bool:
        """Whether the folder was looked through since the rule was put."""
        row = self._db.row("SELECT scans FROM rules WHERE id=?", (rule_id,))
        return bool(row and row["scans"])

    def files(self, rule_id: int) -> dict[str, WatchedFile]:
        """The files that a rule knows, by path."""
        rows = self._db.rows("SELECT * FROM watched_files WHERE rule_id=?", (rule_id,))
        return {found.path: found for found in map(_file_from, rows)}

    def put_file(self, found: WatchedFile) -> None:
        """Write what became of one file; replaces what was known of its path."""
        with self._db.write() as connection:
            connection.execute(
                "INSERT INTO watched_files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (rule_id, path) DO UPDATE SET size=excluded.size, mtime_ns=excluded.mtime_ns,"
                " inode=excluded.inode,"
                " state=excluded.state, reason=excluded.reason, transfer_id=excluded.transfer_id",
                (
                    found.rule_id,
                    os.fsencode(found.path),
                    found.size,
                    found.mtime_ns,
                    found.inode,
                    found.state,
                    found.reason,
                    found.transfer_id,
                    time.time(),
                ),
            )

    def counts(self, rule_id: int) -> dict[str, int]:
        """How many watched files are in each state; queued ones by the state of their transfer.

        Keys: ``settling``, ``ignored``, ``gone``, ``queued``, ``uploaded``, ``failed``.
        """
        rows = self._db.rows(
            """SELECT CASE WHEN w.state != 'queued' THEN w.state
                WHEN t.state IS NULL OR t.state IN ('done', 'skipped') THEN 'uploaded'
                WHEN t.state IN ('failed', 'cancelled') THEN 'failed'
                ELSE 'queued' END AS s, count(*) AS n
            FROM watched_files w LEFT JOIN transfers t ON t.id = w.transfer_id
            WHERE w.rule_id=? GROUP BY s""",
            (rule_id,),
        )
        return {row["s"]: row["n"] for row in rows}

    def last_name(self, rule_id: int) -> str:
        """The path of the file that moved last, or nothing."""
        row = self._db.row(
            "SELECT path FROM watched_files WHERE rule_id=? ORDER BY transfer_id DESC NULLS LAST LIMIT 1",
            (rule_id,),
        )
        return os.fsdecode(row["path"]) if row else ""
