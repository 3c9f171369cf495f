"""The event log: what happened, in order, for people and machines."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from gencove_tui.model import Event
from gencove_tui.store.database import Database, printable
from gencove_tui.store.transfers import moment

KEPT = 20_000
"""Events that the log holds at most; what must last longer is in the audit log."""
KEPT_DAYS = 90.0


def _event_from(row: sqlite3.Row) -> Event:
    when = moment(row["time"])
    assert when is not None  # noqa: S101 - the column is NOT NULL; tells the type checker
    return Event(
        id=row["id"],
        time=when,
        kind=row["kind"],
        message=row["message"],
        transfer_id=row["transfer_id"],
        rule_id=row["rule_id"],
        data=msgspec.json.decode(row["data"], type=dict[str, Any]),
    )


class Events:
    """Appends to and reads from the event log."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(
        self,
        kind: str,
        message: str,
        data: Mapping[str, Any] | None = None,
        *,
        transfer_id: int | None = None,
        rule_id: int | None = None,
    ) -> None:
        """Append one event; ``data`` must be JSON-able."""
        with self._db.write() as connection:
            connection.execute(
                "INSERT INTO events (time, kind, message, transfer_id, rule_id, data)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    time.time(),
                    kind,
                    printable(message),
                    transfer_id,
                    rule_id,
                    msgspec.json.encode(
                        {k: printable(v) if isinstance(v, str) else v for k, v in (data or {}).items()}
                    ).decode(),
                ),
            )

    def newest(self, limit: int) -> list[Event]:
        """The newest events, newest first."""
        rows = self._db.rows("SELECT * FROM events ORDER BY id DESC LIMIT ?", (limit,))
        return [_event_from(row) for row in rows]

    def after(self, event_id: int, limit: int = 1000) -> list[Event]:
        """Events younger than the given one, oldest first."""
        rows = self._db.rows("SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?", (event_id, limit))
        return [_event_from(row) for row in rows]

    def prune(self, *, keep: int = KEPT, days: float = KEPT_DAYS) -> int:
        """Forget events beyond the newest ``keep`` and those older than ``days``; returns how many.

        The audit log is another table and is not touched. The newest event always stays, so that ids go on.
        """
        with self._db.write(durable=False) as connection:
            return connection.execute(
                "DELETE FROM events WHERE id < (SELECT max(id) FROM events)"
                " AND (id <= (SELECT max(id) FROM events) - ? OR time < ?)",
                (keep, time.time() - days * 86400),
            ).rowcount

    def last_id(self) -> int:
        """Id of the newest event; 0 when there is none."""
        row = self._db.row("SELECT max(id) AS n FROM events")
        return int(row["n"] or 0) if row else 0
