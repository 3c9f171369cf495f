"""The audit log: who did what, when, to which bytes. Written with the act it records, and never pruned."""

from __future__ import annotations

import functools
import getpass
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime

from gencove_tui.model import AuditEntry
from gencove_tui.store.database import Database, printable
from gencove_tui.store.transfers import moment

_PAGE = 1000
_TEXT = "lower(" + " || ' ' || ".join(
    ("act", "outcome", "who", "remote", "CAST(local_path AS TEXT)", "client_id", "sample_id", "project_id",
     "checksum", "detail")
) + ")"  # fmt: skip
"""All of a line that a person may look for."""


@functools.cache
def whoever() -> str:
    """``user@host`` of this process; a user without a name is shown by number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _entry_from(row: sqlite3.Row) -> AuditEntry:
    when = moment(row["time"])
    assert when is not None  # noqa: S101 - the column is NOT NULL; tells the type checker
    return AuditEntry(
        id=row["id"],
        time=when,
        act=row["act"],
        outcome=row["outcome"],
        who=row["who"],
        profile=row["profile"],
        rule_id=row["rule_id"],
        transfer_id=row["transfer_id"],
        local_path=os.fsdecode(row["local_path"]),
        remote=row["remote"],
        bytes=row["bytes"],
        checksum=row["checksum"],
        verified=bool(row["verified"]),
        sample_id=row["sample_id"],
        client_id=row["client_id"],
        project_id=row["project_id"],
        detail=row["detail"],
    )


class Audit:
    """Appends to and reads from the audit log of one profile."""

    def __init__(self, database: Database, profile: str) -> None:
        self._db = database
        self._profile = profile

    def add(
        self,
        act: str,
        outcome: str = "done",
        *,
        rule_id: int | None = None,
        transfer_id: int | None = None,
        local_path: str = "",
        remote: str = "",
        bytes: int | None = None,
        checksum: str = "",
        verified: bool = False,
        sample_id: str = "",
        client_id: str = "",
        project_id: str = "",
        detail: str = "",
    ) -> None:
        """Append one line; inside ``Ledger.write`` it stands or falls with the change that it records."""
        with self._db.write() as connection:
            connection.execute(
                "INSERT INTO audit (time, act, outcome, who, profile, rule_id, transfer_id, local_path,"
                " remote, bytes, checksum, verified, sample_id, client_id, project_id, detail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    time.time(),
                    act,
                    outcome,
                    whoever(),
                    self._profile,
                    rule_id,
                    transfer_id,
                    os.fsencode(local_path),
                    printable(remote),
                    bytes,
                    checksum,
                    int(verified),
                    sample_id,
                    printable(client_id),
                    project_id,
                    printable(detail),
                ),
            )

    def entries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        rule_id: int | None = None,
        act: str = "",
        search: str = "",
    ) -> Iterator[AuditEntry]:
        """Lines that match, oldest first, read page by page.

        ``search``: words that all stand somewhere in a line, without regard to case; with ``!`` before them
        the lines in which they don't.
        """
        where, values = _conditions(since, until, rule_id, act, search)
        last = 0
        while True:
            rows = self._db.rows(
                f"SELECT * FROM audit WHERE id > ? {where} ORDER BY id LIMIT {_PAGE}",  # noqa: S608 - ours
                (last, *values),
            )
            yield from map(_entry_from, rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1]["id"]

    def newest(
        self, limit: int, *, rule_id: int | None = None, act: str = "", search: str = ""
    ) -> list[AuditEntry]:
        """The newest lines that match, newest first."""
        where, values = _conditions(None, None, rule_id, act, search)
        rows = self._db.rows(
            f"SELECT * FROM audit WHERE id > 0 {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - ours
            (*values, limit),
        )
        return [_entry_from(row) for row in rows]

    def count(self) -> int:
        """How many lines there are."""
        row = self._db.row("SELECT count(*) AS n FROM audit")
        return int(row["n"]) if row else 0


def _conditions(
    since: datetime | None, until: datetime | None, rule_id: int | None, act: str, search: str
) -> tuple[str, tuple[object, ...]]:
    parts: list[str] = []
    values: list[object] = []
    for condition, value in (
        ("time >= ?", since.timestamp() if since else None),
        ("time < ?", until.timestamp() if until else None),
        ("rule_id = ?", rule_id),
        ("act = ?", act or None),
    ):
        if value is not None:
            parts.append(condition)
            values.append(value)
    if words := search.removeprefix("!").split():
        every = " AND ".join([f"instr({_TEXT}, lower(?)) > 0"] * len(words))
        parts.append(f"NOT ({every})" if search.startswith("!") else every)
        values += words
    return "".join(f" AND {part}" for part in parts), tuple(values)
