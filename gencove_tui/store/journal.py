"""What the engine notes about its transfers, before and after every act, so that the next start knows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from msgspec import Struct

from gencove_tui.model import Part, TransferState
from gencove_tui.store.database import Database, printable
from gencove_tui.store.transfer_rows import Identity, Journal, journal_from, part_from

_FAR_AHEAD = 900.0
"""Seconds. No wait is so long; a later one means that the clock was set back."""
_WAITING = "FROM transfers INDEXED BY transfers_waiting WHERE state='waiting' AND wish='run' AND retry_at"
_DUE = " UNION ALL ".join(f"SELECT id {_WAITING} {due}" for due in ("<= ?1", "IS NULL", "> ?2"))
"""Three looks into the index: one condition with OR would go through all that wait at every step."""


class Multipart(Struct, frozen=True):
    """An unfinished object of parts in the store that an upload of ours began."""

    multipart_id: str
    bucket: str
    object_key: str


class TransferJournal:
    """The engine's side of the ledger. Every method is one transaction unless it runs inside another's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def journal(self, transfer_id: int) -> Journal:
        """The engine's notes on one transfer; raises ``KeyError`` when there is none of that id."""
        row = self._db.row("SELECT * FROM transfers WHERE id=?", (transfer_id,))
        if row is None:
            raise KeyError(transfer_id)
        return journal_from(row)

    def parts(self, transfer_id: int) -> list[Part]:
        """The parts of a transfer, by number."""
        rows = self._db.rows("SELECT * FROM parts WHERE transfer_id=? ORDER BY number", (transfer_id,))
        return [part_from(row) for row in rows]

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
        """Move a transfer to a state, with the reason where there is one.

        Only an end has to survive a power cut: what was moving goes back to the queue anyway.
        """
        now = time.time()
        with self._db.write(durable=state.is_final) as connection:
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

    def tell_trouble(self, transfer_id: int, problem: str, remedy: str) -> None:
        """Say what keeps a transfer that is at work; empty when nothing does."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                "UPDATE transfers SET problem=?, remedy=? WHERE id=? AND state IN ('running', 'verifying')",
                (printable(problem), printable(remedy), transfer_id),
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

    def note_inode(self, transfer_id: int, inode: int) -> None:
        """Write which file a download is written to. A power cut makes it doubtful anyway."""
        with self._db.write(durable=False) as connection:
            connection.execute("UPDATE transfers SET inode=? WHERE id=?", (inode, transfer_id))

    def restart(self, transfer_id: int) -> None:
        """Forget all progress of a transfer, so that it begins from nothing."""
        with self._db.write() as connection:
            connection.execute("DELETE FROM parts WHERE transfer_id=?", (transfer_id,))
            connection.execute(
                "UPDATE transfers SET bytes_done=0, multipart_id='', part_size=0, completing=0, etag='',"
                " boot='', crc32='', mtime_ns=NULL, inode=NULL WHERE id=?",
                (transfer_id,),
            )

    def set_parts(self, transfer_id: int, parts: Sequence[Part]) -> None:
        """Replace the parts of a transfer."""
        with self._db.write() as connection:
            connection.execute("DELETE FROM parts WHERE transfer_id=?", (transfer_id,))
            connection.executemany(
                "INSERT INTO parts (transfer_id, number, offset, length, bytes_done, synced, etag, crc32)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (transfer_id, p.number, p.offset, p.length, p.bytes_done, p.synced, p.etag, p.crc32)
                    for p in parts
                ],
            )

    def finish_part(self, transfer_id: int, number: int, *, etag: str, crc32: str = "") -> None:
        """Note that the other side has a part in full.

        Not durable against a power cut, since the store itself tells which parts it has.
        """
        with self._db.write(durable=False) as connection:
            connection.execute(
                "UPDATE parts SET bytes_done=length, etag=?, crc32=? WHERE transfer_id=? AND number=?",
                (etag, crc32, transfer_id, number),
            )
            connection.execute(
                "UPDATE multiparts SET touched=?"
                " WHERE multipart_id=(SELECT multipart_id FROM transfers WHERE id=?)",
                (time.time(), transfer_id),
            )

    def note_synced(self, transfer_id: int, ranges: Iterable[tuple[int, int]]) -> None:
        """Note (part number, bytes) of a download that have reached the disk itself."""
        with self._db.write(durable=False) as connection:
            connection.executemany(
                "UPDATE parts SET synced=? WHERE transfer_id=? AND number=?",
                [(synced, transfer_id, number) for number, synced in ranges],
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
        """After a start: what was moving, and what waited to be tried again, goes back to the queue.

        Returns how many transfers were in the middle of something.
        """
        with self._db.write() as connection:
            moving = connection.execute(
                "UPDATE transfers SET state='queued', rate=0 WHERE state IN ('running', 'verifying')"
            ).rowcount
            connection.execute(
                "UPDATE transfers SET state='queued', retry_at=NULL WHERE state='waiting' AND wish='run'"
            )
        return moving

    # --- waiting to be tried again ----------------------------------------------------------------------

    def wake_waiting(self, now: float) -> int:
        """Put those back in the queue whose time to be tried again has come; returns how many.

        So does a time so far ahead that only a clock which was set back explains it.
        """
        times = (now, now + _FAR_AHEAD)
        if self._db.row(f"{_DUE} LIMIT 1", times) is None:
            return 0
        with self._db.write(durable=False) as connection:
            return connection.execute(
                f"UPDATE transfers SET state='queued', retry_at=NULL WHERE id IN ({_DUE})",  # noqa: S608 - our own text
                times,
            ).rowcount

    def wake(self, transfer_ids: Iterable[int]) -> None:
        """Put these back in the queue if they wait."""
        with self._db.write(durable=False) as connection:
            connection.executemany(
                "UPDATE transfers SET state='queued', retry_at=NULL WHERE id=? AND state='waiting'",
                [(transfer_id,) for transfer_id in transfer_ids],
            )

    def next_retry(self) -> float | None:
        """When the next waiting transfer is due, in seconds since 1970."""
        row = self._db.row(f"SELECT min(retry_at) AS t {_WAITING} IS NOT NULL")
        return row["t"] if row else None

    def put_off(self, rows: Iterable[tuple[int, str, str]], until: float) -> None:
        """Let these wait until then, in seconds since 1970, with problem and remedy, unless they move."""
        with self._db.write(durable=False) as connection:
            connection.executemany(
                "UPDATE transfers SET state='waiting', retry_at=?, problem=?, remedy=?"
                " WHERE id=? AND wish='run' AND state IN ('waiting', 'queued')",
                [(until, printable(problem), printable(remedy), i) for i, problem, remedy in rows],
            )

    # --- objects of parts that are not finished ----------------------------------------------------------

    def begin_multipart(
        self, transfer_id: int, multipart_id: str, bucket: str, object_key: str, *, part_size: int
    ) -> None:
        """Note an object of parts that the store has just begun for an upload."""
        with self._db.write() as connection:
            connection.execute(
                "UPDATE transfers SET multipart_id=?, part_size=?, completing=0 WHERE id=?",
                (multipart_id, part_size, transfer_id),
            )
            connection.execute(
                "INSERT OR REPLACE INTO multiparts VALUES (?, ?, ?, ?)",
                (multipart_id, bucket, object_key, time.time()),
            )

    def leave_multipart(self, multipart: Multipart) -> None:
        """Note one that no upload will use, to be aborted with the next leftovers."""
        with self._db.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO multiparts VALUES (?, ?, ?, 0)",
                (multipart.multipart_id, multipart.bucket, multipart.object_key),
            )

    def touch_multipart(self, multipart_id: str) -> None:
        """Note that an upload still works on it."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                "UPDATE multiparts SET touched=? WHERE multipart_id=?", (time.time(), multipart_id)
            )

    def forget_multipart(self, multipart_id: str) -> None:
        """It was completed or aborted."""
        with self._db.write(durable=False) as connection:
            connection.execute("DELETE FROM multiparts WHERE multipart_id=?", (multipart_id,))

    def stale_multiparts(self, before: float, unused_before: float) -> list[Multipart]:
        """Those that nothing has worked on since ``before``, in seconds since 1970, nor works on now.

        ``unused_before`` counts for those that no transfer will use: their clean-up has failed.
        """
        used = "multipart_id IN (SELECT multipart_id FROM transfers WHERE state"
        rows = self._db.rows(
            f"SELECT * FROM multiparts WHERE touched < ? AND NOT {used} IN ('running', 'verifying'))"  # noqa: S608 - a text of ours
            f" OR touched < ? AND NOT {used} != 'cancelled')",
            (before, unused_before),
        )
        return [Multipart(row["multipart_id"], row["bucket"], row["object_key"]) for row in rows]


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
        "boot",
        "checksum",
        "crc32",
        "verified",
        "bytes_done",
    }
)
