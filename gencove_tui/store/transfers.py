"""The transfers and their parts: the journal that tells the next start exactly what to do."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from gencove_tui.model import (
    FINAL_STATES,
    Direction,
    DownloadSource,
    Part,
    Transfer,
    TransferState,
    Wish,
)
from gencove_tui.store.database import Database, printable


class Identity(Struct, frozen=True):
    """Which version of a local file a transfer is about."""

    size: int
    mtime_ns: int
    inode: int


class Journal(Struct, frozen=True, kw_only=True):
    """What the engine noted about a transfer beyond what a screen shows."""

    identity: Identity | None
    """The local file as it was when the upload began; None before."""
    bucket: str
    object_key: str
    upload_id: str
    multipart_id: str
    part_size: int
    completing: bool
    """The request that makes the object visible was about to be sent, or was sent."""
    etag: str
    """The remote object as it was when the download began."""


def moment(seconds: float | None) -> datetime | None:
    """A stored time as the model has it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def transfer_from(row: sqlite3.Row) -> Transfer:
    """A row of ``transfers`` as the model has it."""
    return Transfer(
        id=row["id"],
        direction=Direction(row["direction"]),
        local_path=os.fsdecode(row["local_path"]),
        remote=row["remote"],
        state=TransferState(row["state"]),
        wish=Wish(row["wish"]),
        size=row["size"],
        bytes_done=row["bytes_done"],
        rate=row["rate"],
        priority=row["priority"],
        attempts=row["attempts"],
        problem=row["problem"],
        remedy=row["remedy"],
        retry_at=moment(row["retry_at"]),
        verified=bool(row["verified"]),
        checksum=row["checksum"],
        source=msgspec.json.decode(row["source"], type=DownloadSource) if row["source"] else None,
        rule_id=row["rule_id"],
        created=moment(row["created"]),
        started=moment(row["started"]),
        finished=moment(row["finished"]),
    )


_OPEN = ", ".join(f"'{state}'" for state in TransferState if state not in FINAL_STATES)


class Transfers:
    """Reads and writes transfers. Every method is one transaction unless it runs inside another's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # --- reading -----------------------------------------------------------------------------------

    def get(self, transfer_id: int) -> Transfer | None:
        """One transfer, or None when it was cleared."""
        row = self._db.row("SELECT * FROM transfers WHERE id=?", (transfer_id,))
        return transfer_from(row) if row else None

    def journal(self, transfer_id: int) -> Journal:
        """The engine's notes on one transfer; raises ``KeyError`` when there is none of that id."""
        row = self._db.row("SELECT * FROM transfers WHERE id=?", (transfer_id,))
        if row is None:
            raise KeyError(transfer_id)
        known = row["mtime_ns"] is not None and row["size"] is not None
        return Journal(
            identity=Identity(row["size"], row["mtime_ns"], row["inode"]) if known else None,
            bucket=row["bucket"],
            object_key=row["object_key"],
            upload_id=row["upload_id"],
            multipart_id=row["multipart_id"],
            part_size=row["part_size"],
            completing=bool(row["completing"]),
            etag=row["etag"],
        )

    def listing(self, limit: int) -> list[Transfer]:
        """What a screen shows: moving ones first, then waiting, queued in order, finished newest first."""
        rows = self._db.rows(
            f"""SELECT * FROM (SELECT * FROM transfers WHERE state IN ({_OPEN})
                ORDER BY state NOT IN ('running', 'verifying'), state != 'waiting', priority DESC, id LIMIT ?)
            UNION ALL SELECT * FROM (SELECT * FROM transfers WHERE state NOT IN ({_OPEN})
                ORDER BY finished DESC, id DESC LIMIT ?) LIMIT ?""",  # noqa: S608 - only our own constants
            (limit, limit, limit),
        )
        return [transfer_from(row) for row in rows]

    def count(self) -> int:
        """How many transfers the ledger holds."""
        row = self._db.row("SELECT count(*) AS n FROM transfers")
        return int(row["n"]) if row else 0

    def sums(self) -> dict[TransferState, tuple[int, int]]:
        """Per state: number of transfers and bytes still to move."""
        rows = self._db.rows(
            "SELECT state, count(*) AS n, total(max(0, coalesce(size, 0) - bytes_done)) AS rest"
            " FROM transfers GROUP BY state"
        )
        return {TransferState(row["state"]): (row["n"], int(row["rest"])) for row in rows}

    def runnable(
        self, direction: Direction, limit: int, now: float, excluding: Iterable[int] = ()
    ) -> list[Transfer]:
        """The next transfers to start, in order: queued ones, and waiting ones whose time has come."""
        busy = list(excluding)
        marks = ",".join("?" * len(busy))
        rows = self._db.rows(
            f"""SELECT * FROM transfers WHERE wish='run' AND direction=? AND id NOT IN ({marks})
                AND (state IN ('queued', 'running', 'verifying')
                     OR (state='waiting' AND coalesce(retry_at, 0) <= ?))
                ORDER BY priority DESC, id LIMIT ?""",  # noqa: S608 - only question marks
            (direction, *busy, now, limit),
        )
        return [transfer_from(row) for row in rows]

    def unwanted(self) -> list[Transfer]:
        """Transfers whose state doesn't yet follow the wish to pause or cancel."""
        rows = self._db.rows(
            f"""SELECT * FROM transfers WHERE (wish='pause' AND state IN ({_OPEN}) AND state != 'paused')
                OR (wish='cancel' AND state IN ({_OPEN}))"""  # noqa: S608 - only our own constants
        )
        return [transfer_from(row) for row in rows]

    def next_retry(self) -> float | None:
        """When the next waiting transfer is due, in seconds since 1970."""
        row = self._db.row("SELECT min(retry_at) AS t FROM transfers WHERE state='waiting' AND wish='run'")
        return row["t"] if row else None

    def unfinished_for_rule(self, rule_id: int) -> int:
        """How many transfers of a rule are still to be moved."""
        row = self._db.row(
            f"SELECT count(*) AS n FROM transfers WHERE rule_id=? AND state IN ({_OPEN})",  # noqa: S608
            (rule_id,),
        )
        return int(row["n"]) if row else 0

    def open_for_path(self, direction: Direction, local_path: str) -> Transfer | None:
        """An unfinished transfer of that local file, if there is one."""
        row = self._db.row(
            f"SELECT * FROM transfers WHERE local_path=? AND direction=? AND state IN ({_OPEN})"  # noqa: S608
            " ORDER BY id LIMIT 1",
            (os.fsencode(local_path), direction),
        )
        return transfer_from(row) if row else None

    def open_paths(self) -> set[str]:
        """Local paths of all unfinished transfers."""
        rows = self._db.rows(f"SELECT local_path FROM transfers WHERE state IN ({_OPEN})")  # noqa: S608
        return {os.fsdecode(row["local_path"]) for row in rows}

    def parts(self, transfer_id: int) -> list[Part]:
        """The parts of a transfer, by number."""
        rows = self._db.rows("SELECT * FROM parts WHERE transfer_id=? ORDER BY number", (transfer_id,))
        return [
            Part(
                number=row["number"],
                offset=row["offset"],
                length=row["length"],
                bytes_done=row["bytes_done"],
                etag=row["etag"],
                crc32=row["crc32"],
            )
            for row in rows
        ]

    # --- queueing ------------------------------------------------------------------------------------

    def add_upload(
        self, local_path: str, remote: str, size: int, *, rule_id: int | None = None, priority: int = 0
    ) -> int:
        """Queue an upload; returns its id."""
        return self._add(Direction.UPLOAD, local_path, remote, size, None, rule_id, priority)

    def add_download(
        self, local_path: str, remote: str, source: DownloadSource, size: int | None, *, priority: int = 0
    ) -> int:
        """Queue a download; returns its id."""
        return self._add(Direction.DOWNLOAD, local_path, remote, size, source, None, priority)

    def _add(
        self,
        direction: Direction,
        local_path: str,
        remote: str,
        size: int | None,
        source: DownloadSource | None,
        rule_id: int | None,
        priority: int,
    ) -> int:
        with self._db.write() as connection:
            cursor = connection.execute(
                "INSERT INTO transfers (direction, local_path, remote, state, size, source, rule_id,"
                " priority, created) VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?)",
                (
                    direction,
                    os.fsencode(local_path),
                    remote,
                    size,
                    msgspec.json.encode(source).decode() if source else None,
                    rule_id,
                    priority,
                    time.time(),
                ),
            )
        assert cursor.lastrowid is not None  # noqa: S101 - an INSERT always has one; tells the type checker
        return cursor.lastrowid

    # --- wishes, written by screens and commands -------------------------------------------------------

    def wish(self, transfer_ids: Iterable[int], wish: Wish) -> None:
        """Note what the user wants. RUN also puts failed, cancelled and waiting ones back in the queue."""
        with self._db.write() as connection:
            for transfer_id in transfer_ids:
                connection.execute("UPDATE transfers SET wish=? WHERE id=?", (wish, transfer_id))
                if wish is Wish.CANCEL:
                    connection.execute(
                        # Back in the queue, where the engine finds it and cleans up after it.
                        "UPDATE transfers SET state='queued' WHERE id=? AND state='failed'",
                        (transfer_id,),
                    )
                if wish is Wish.RUN:
                    connection.execute(
                        "UPDATE transfers SET state='queued', problem='', remedy='', retry_at=NULL,"
                        " finished=NULL, attempts=0 WHERE id=?"
                        " AND state IN ('paused', 'failed', 'cancelled', 'waiting')",
                        (transfer_id,),
                    )

    def clear_finished(self) -> int:
        """Forget transfers that are done, skipped or cancelled; returns how many. Failures stay in sight."""
        with self._db.write() as connection:
            connection.execute(
                "UPDATE watched_files SET state='ignored', reason='its upload was cancelled'"
                " WHERE transfer_id IN (SELECT id FROM transfers WHERE state='cancelled')"
            )
            return connection.execute(
                "DELETE FROM transfers WHERE state IN ('done', 'skipped', 'cancelled')"
            ).rowcount

    # --- the journal, written by the engine --------------------------------------------------------------

    def set_state(
        self,
        transfer_id: int,
        state: TransferState,
        *,
        problem: str = "",
        remedy: str = "",
        retry_at: float | None = None,
        count_attempt: bool = False,
    ) -> None:
        """Move a transfer to a state, with the reason where there is one."""
        now = time.time()
        with self._db.write() as connection:
            connection.execute(
                "UPDATE transfers SET state=?, problem=?, remedy=?, retry_at=?, rate=0,"
                " attempts=attempts+?, "
                " started=CASE WHEN ?='running' THEN coalesce(started, ?) ELSE started END,"
                " finished=CASE WHEN ? THEN ? ELSE NULL END WHERE id=?",
                (
                    state,
                    printable(problem),
                    printable(remedy),
                    retry_at,
                    int(count_attempt),
                    state,
                    now,
                    int(state.is_final),
                    now,
                    transfer_id,
                ),
            )

    def note(self, transfer_id: int, **values: str | int | bool | None) -> None:
        """Write journal columns (``bucket``, ``multipart_id``, ``completing`` …) durably."""
        unknown = values.keys() - _NOTABLE
        if unknown:
            raise ValueError(f"not a journal column: {sorted(unknown)}")
        columns = ", ".join(f"{name}=?" for name in values)
        with self._db.write() as connection:
            sql = f"UPDATE transfers SET {columns} WHERE id=?"  # noqa: S608 - names checked above
            connection.execute(sql, (*values.values(), transfer_id))

    def note_identity(self, transfer_id: int, identity: Identity) -> None:
        """Write which version of the local file the upload is about."""
        self.note(transfer_id, size=identity.size, mtime_ns=identity.mtime_ns, inode=identity.inode)

    def restart(self, transfer_id: int) -> None:
        """Forget all progress of a transfer, so that it begins from nothing."""
        with self._db.write() as connection:
            connection.execute("DELETE FROM parts WHERE transfer_id=?", (transfer_id,))
            connection.execute(
                "UPDATE transfers SET bytes_done=0, multipart_id='', part_size=0, completing=0, etag='',"
                " mtime_ns=NULL, inode=NULL WHERE id=?",
                (transfer_id,),
            )

    def set_parts(self, transfer_id: int, parts: Sequence[Part]) -> None:
        """Replace the parts of a transfer."""
        with self._db.write() as connection:
            connection.execute("DELETE FROM parts WHERE transfer_id=?", (transfer_id,))
            connection.executemany(
                "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(transfer_id, p.number, p.offset, p.length, p.bytes_done, p.etag, p.crc32) for p in parts],
            )

    def finish_part(self, transfer_id: int, number: int, *, etag: str, crc32: str = "") -> None:
        """Note that the other side has a part in full."""
        with self._db.write() as connection:
            connection.execute(
                "UPDATE parts SET bytes_done=length, etag=?, crc32=? WHERE transfer_id=? AND number=?",
                (etag, crc32, transfer_id, number),
            )

    def progress(
        self,
        transfers: Iterable[tuple[int, int, int | None, float]],
        ranges: Iterable[tuple[int, int, int]] = (),
    ) -> None:
        """Write progress: (id, bytes done, size, rate), and (id, part number, bytes done) of ranges.

        Not durable against a power cut: what is lost is only ever moved again.
        """
        with self._db.write(durable=False) as connection:
            connection.executemany(
                "UPDATE transfers SET bytes_done=?, size=?, rate=? WHERE id=?",
                [(done, size, rate, transfer_id) for transfer_id, done, size, rate in transfers],
            )
            connection.executemany(
                "UPDATE parts SET bytes_done=? WHERE transfer_id=? AND number=?",
                [(done, transfer_id, number) for transfer_id, number, done in ranges],
            )

    def recover(self) -> int:
        """After a crash: what was moving goes back to the queue. Returns how many that were."""
        with self._db.write() as connection:
            return connection.execute(
                "UPDATE transfers SET state='queued', rate=0 WHERE state IN ('running', 'verifying')"
            ).rowcount


_NOTABLE = frozenset(
    {
        "size",
        "mtime_ns",
        "inode",
        "bucket",
        "object_key",
        "upload_id",
        "multipart_id",
        "part_size",
        "completing",
        "etag",
        "checksum",
        "verified",
        "bytes_done",
    }
)
