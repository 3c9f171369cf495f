"""Watched files whose content ended too early when it was read: they may still be being written elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from gencove_tui.store.database import Database, printable

PATIENCE = 24 * 3600.0
"""Seconds after which a file that does not change any more is given up (transfer-anchors §3.1)."""
_FIRST, _LONGEST = 60.0, 3600.0
"""Seconds from a change to the second reading of a file, doubled with each, and no more than that."""


class ShortFile(Struct, frozen=True, kw_only=True):
    """What is known of one upload whose file ended too early."""

    what: str
    why: str
    remedy: str
    reads: int
    """How often it was read from the beginning."""
    looks: int
    """How often it was looked at since, and had not changed."""
    until: float
    """When it is given up, in seconds since 1970; 0 once nothing more can come."""
    stands: bool
    """Whether it is still what was read. If not, it is to be read anew,"""
    read_from: float
    """but not before that time, in seconds since 1970."""


class ShortFiles:
    """Reads and writes them, by the number of their upload. Every method is one transaction at most."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, transfer_id: int) -> ShortFile | None:
        """What is known; None when its content was never found short."""
        row = self._db.row("SELECT * FROM short_files WHERE transfer_id=?", (transfer_id,))
        if row is None:
            return None
        return ShortFile(
            what=row["what"],
            why=row["why"],
            remedy=row["remedy"],
            reads=row["reads"],
            looks=row["looks"],
            until=row["until"],
            stands=bool(row["stands"]),
            read_from=row["read_from"],
        )

    def of_rule(self, rule_id: int) -> dict[int, str]:
        """The uploads of a rule whose files ended too early and have not changed since: number → why."""
        rows = self._db.rows(
            "SELECT s.transfer_id, s.why FROM short_files s JOIN transfers t ON t.id = s.transfer_id"
            " WHERE t.rule_id=? AND s.stands AND t.state='waiting'",
            (rule_id,),
        )
        return {row["transfer_id"]: row["why"] for row in rows}

    def found(self, transfer_id: int, *, what: str, why: str, remedy: str) -> None:
        """It was read, and is short. How long it is waited for begins anew with each version of the file."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                "INSERT INTO short_files (transfer_id, what, why, remedy, until) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (transfer_id) DO UPDATE SET what=excluded.what, why=excluded.why,"
                " remedy=excluded.remedy, until=excluded.until, reads=reads+1, looks=0, stands=1",
                (transfer_id, printable(what), printable(why), printable(remedy), time.time() + PATIENCE),
            )

    def looked(self, transfer_id: int) -> None:
        """It was looked at, and had not changed."""
        with self._db.write(durable=False) as connection:
            connection.execute("UPDATE short_files SET looks=looks+1 WHERE transfer_id=?", (transfer_id,))

    def read_anew(self, transfer_id: int, *, now: bool = False) -> None:
        """It is another version; the more often it was read in vain, the longer reading it has to wait.

        Unless that is wanted ``now``. Nothing happens where its content was never found short.
        """
        known = self.get(transfer_id)
        if known is None:
            return
        delay = 0.0 if now or known.reads < 2 else min(_FIRST * 2.0 ** (known.reads - 2), _LONGEST)
        with self._db.write(durable=False) as connection:
            connection.execute(
                "UPDATE short_files SET stands=0, read_from=? WHERE transfer_id=?",
                (time.time() + delay if delay else 0.0, transfer_id),
            )

    def nothing_comes(self, transfer_ids: Sequence[int]) -> None:
        """A marker tells that these files are complete, so that there is nothing to wait for."""
        with self._db.write() as connection:
            connection.executemany(
                "UPDATE short_files SET until=0 WHERE transfer_id=?", [(number,) for number in transfer_ids]
            )

    def forget(self, transfer_id: int) -> None:
        """Nothing is waited for any more."""
        with self._db.write(durable=False) as connection:
            connection.execute("DELETE FROM short_files WHERE transfer_id=?", (transfer_id,))
