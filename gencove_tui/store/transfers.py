"""The queue of transfers: what screens see of it, what they may wish, and what runs next."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from gencove_tui.model import FINAL_STATES, Direction, DownloadSource, Transfer, TransferState, Wish
from gencove_tui.store.journal import Multipart, TransferJournal
from gencove_tui.store.schema import UNWANTED
from gencove_tui.store.transfer_rows import Identity, Journal, moment, transfer_from

__all__ = ["Identity", "Journal", "Multipart", "Place", "Transfers", "moment"]

_OPEN = ", ".join(f"'{state}'" for state in TransferState if state not in FINAL_STATES)
_ENDED = "'done', 'failed', 'cancelled', 'skipped'"
_FAR_AHEAD = 900.0
"""Seconds. No wait is so long; a later one means that the clock was set back."""
_WAITING = "FROM transfers INDEXED BY transfers_waiting WHERE state='waiting' AND wish='run' AND retry_at"
_DUE = " UNION ALL ".join(f"SELECT id {_WAITING} {due}" for due in ("<= ?1", "IS NULL", "> ?2"))
"""Three looks into the index: one condition with OR would go through all that wait at every step."""
_TOUCHED = "(multipart_id != '' OR completing OR EXISTS (SELECT 1 FROM parts WHERE transfer_id=transfers.id))"
"""Whether anything was sent or fetched, so that somebody has to clean up."""


class Place(StrEnum):
    """Where to move transfers in the queue, among those of the same priority."""

    TOP = "top"
    UP = "up"
    DOWN = "down"
    BOTTOM = "bottom"


class Transfers(TransferJournal):
    """Reads and writes transfers. Every method is one transaction unless it runs inside another's."""

    # --- reading -----------------------------------------------------------------------------------

    def get(self, transfer_id: int) -> Transfer | None:
        """One transfer, or None when it was cleared."""
        row = self._db.row("SELECT * FROM transfers WHERE id=?", (transfer_id,))
        return transfer_from(row) if row else None

    def listing(self, limit: int) -> list[Transfer]:
        """What a screen shows: moving ones first, then waiting, then in queue order, ended newest first."""
        found: list[Transfer] = []
        for states in (("running", "verifying"), ("waiting",), ("queued", "paused")):
            # One state at a time, since the index gives each in order without sorting a long queue.
            group = [
                transfer_from(row)
                for state in states
                for row in self._db.rows(
                    "SELECT * FROM transfers WHERE state=? ORDER BY priority DESC, position LIMIT ?",
                    (state, limit - len(found)),
                )
            ]
            found += sorted(group, key=lambda t: (-t.priority, t.position))
        if len(found) < limit:
            ended = self._db.rows(
                f"SELECT * FROM transfers WHERE state IN ({_ENDED})"  # noqa: S608 - only our own constants
                " ORDER BY finished DESC, id DESC LIMIT ?",
                (limit - len(found),),
            )
            found += map(transfer_from, ended)
        return found[:limit]

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
        self, direction: Direction, limit: int, excluding: Iterable[int] = (), *, small: bool
    ) -> list[Transfer]:
        """The next queued transfers to start, in order; small files and large ones stand in lines apart."""
        rows = self._db.rows(
            "SELECT * FROM transfers INDEXED BY transfers_next WHERE wish='run'"
            " AND state IN ('queued', 'running', 'verifying') AND direction=? AND small=?"
            " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, position LIMIT ?",
            (direction, int(small), _array(excluding), limit),
        )
        return [transfer_from(row) for row in rows]

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

    def unfinished_for_rule(self, rule_id: int) -> int:
        """How many transfers of a rule are still to be moved."""
        row = self._db.row(
            f"SELECT count(*) AS n FROM transfers WHERE rule_id=? AND state IN ({_OPEN})",  # noqa: S608
            (rule_id,),
        )
        return int(row["n"]) if row else 0

    def failed_for_rule(self, rule_id: int) -> dict[int, str]:
        """The reasons of a rule's failed transfers, by id."""
        rows = self._db.rows(
            "SELECT id, problem FROM transfers INDEXED BY transfers_by_state"
            " WHERE state='failed' AND rule_id=?",
            (rule_id,),
        )
        return {row["id"]: row["problem"] for row in rows}

    def found_there(self, rule_id: int) -> str:
        """One of a rule's uploads that somebody else had sent before; empty when there is none.

        That is: it stood there already with the same content, and nothing in this ledger ever sent it.
        """
        row = self._db.row(
            "SELECT remote FROM transfers t INDEXED BY transfers_by_state"
            " WHERE state='skipped' AND rule_id=? AND direction='upload' AND NOT EXISTS"
            " (SELECT 1 FROM transfers d WHERE d.remote=t.remote AND d.direction='upload' AND d.state='done')"
            " ORDER BY id LIMIT 1",
            (rule_id,),
        )
        return str(row["remote"]) if row else ""

    def states_of(self, transfer_ids: Sequence[int]) -> dict[TransferState, int]:
        """How many of these stand where; those that were cleared are not counted."""
        rows = self._db.rows(
            "SELECT state, count(*) AS n FROM transfers WHERE id IN (SELECT value FROM json_each(?))"
            " GROUP BY state",
            (_array(transfer_ids),),
        )
        return {TransferState(row["state"]): row["n"] for row in rows}

    def moved(self, transfer_ids: Sequence[int]) -> tuple[int, int | None, int]:
        """Of these: bytes through, bytes in all (None while some size is unknown), how many have ended."""
        ended = f"state IN ({_ENDED})"
        row = self._db.row(
            "SELECT total(bytes_done) AS done, total(size) AS size, count(size) AS known, count(*) AS n,"  # noqa: S608 - only our own constants
            f" total({ended}) AS ended FROM transfers WHERE id IN (SELECT value FROM json_each(?))",
            (_array(transfer_ids),),
        )
        if row is None:
            return 0, None, 0
        return int(row["done"]), int(row["size"]) if row["known"] == row["n"] else None, int(row["ended"])

    def last_crc32(self, remote: str) -> str:
        """CRC32 of what was last uploaded to a place from here, as S3 writes it; empty if unknown."""
        row = self._db.row(
            "SELECT crc32 FROM transfers WHERE remote=? AND direction='upload' AND state='done'"
            " ORDER BY finished DESC LIMIT 1",
            (remote,),
        )
        return str(row["crc32"]) if row else ""

    def open_for_path(self, direction: Direction, local_path: str) -> Transfer | None:
        """An unfinished transfer of that local file, if there is one."""
        row = self._db.row(
            f"SELECT * FROM transfers WHERE local_path=? AND direction=? AND state IN ({_OPEN})"  # noqa: S608
            " ORDER BY id LIMIT 1",
            (os.fsencode(local_path), direction),
        )
        return transfer_from(row) if row else None

    def open_uploads(self) -> set[tuple[str, str]]:
        """Local and remote paths of all unfinished uploads."""
        rows = self._db.rows(
            f"SELECT local_path, remote FROM transfers WHERE state IN ({_OPEN}) AND direction='upload'"  # noqa: S608
        )
        return {(os.fsdecode(row["local_path"]), row["remote"]) for row in rows}

    def open_paths(self) -> set[str]:
        """Local paths of all unfinished transfers."""
        rows = self._db.rows(f"SELECT local_path FROM transfers WHERE state IN ({_OPEN})")  # noqa: S608
        return {os.fsdecode(row["local_path"]) for row in rows}

    # --- queueing ------------------------------------------------------------------------------------

    def add_upload(
        self,
        local_path: str,
        remote: str,
        size: int,
        *,
        rule_id: int | None = None,
        priority: int = 0,
        check: str = "full",
        sources: Sequence[str] = (),
    ) -> int:
        """Queue an upload; returns its id. ``check`` is how closely the file is looked at on its way.

        ``sources``: several local files, the first of them ``local_path``, that go up as one in this order.
        """
        return self._add(
            Direction.UPLOAD,
            local_path,
            remote,
            size,
            rule_id=rule_id,
            priority=priority,
            check_level=check,
            sources=b"\0".join(map(os.fsencode, sources)) or None,
        )

    def add_download(
        self,
        local_path: str,
        remote: str,
        source: DownloadSource,
        size: int | None,
        *,
        rule_id: int | None = None,
        priority: int = 0,
        side_file: bool = False,
    ) -> int:
        """Queue a download; returns its id. ``side_file`` asks for a ``NAME.sha256`` beside the file."""
        return self._add(
            Direction.DOWNLOAD,
            local_path,
            remote,
            size,
            source=msgspec.json.encode(source).decode(),
            rule_id=rule_id,
            priority=priority,
            side_file=int(side_file),
        )

    def _add(
        self,
        direction: Direction,
        local_path: str,
        remote: str,
        size: int | None,
        **values: str | bytes | int | None,
    ) -> int:
        row = {
            "direction": direction,
            "local_path": os.fsencode(local_path),
            "remote": remote,
            "state": TransferState.QUEUED,
            "size": size,
            "created": time.time(),
            **values,
        }
        with self._db.write() as connection:
            cursor = connection.execute(
                f"INSERT INTO transfers ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
                list(row.values()),
            )
            connection.execute("UPDATE transfers SET position=id WHERE id=?", (cursor.lastrowid,))
        assert cursor.lastrowid is not None  # noqa: S101 - an INSERT always has one; tells the type checker
        return cursor.lastrowid

    def relocate(self, transfer_id: int, paths: Sequence[str]) -> None:
        """The local files of an upload that is not at work have other names now."""
        sources = b"\0".join(map(os.fsencode, paths)) if len(paths) > 1 else None
        with self._db.write() as connection:
            connection.execute(
                "UPDATE transfers SET local_path=?, sources=? WHERE id=?",
                (os.fsencode(paths[0]), sources, transfer_id),
            )

    # --- wishes, written by screens and commands -------------------------------------------------------

    def wish(self, transfer_ids: Iterable[int], wish: Wish) -> None:
        """Note what the user wants. RUN also puts failed, cancelled and waiting ones back in the queue."""
        ids = [(transfer_id,) for transfer_id in transfer_ids]
        with self._db.write() as connection:
            connection.executemany(f"UPDATE transfers SET wish='{wish}' WHERE id=?", ids)  # noqa: S608 - a word of ours
            if wish is Wish.CANCEL:
                # Back in the queue, where the engine finds it and cleans up after it.
                connection.executemany(
                    "UPDATE transfers SET state='queued' WHERE id=? AND state='failed'", ids
                )
            if wish is Wish.RUN:
                connection.executemany(
                    "UPDATE transfers SET state='queued', problem='', remedy='', retry_at=NULL,"
                    " finished=NULL, attempts=0 WHERE id=?"
                    " AND state IN ('paused', 'failed', 'cancelled', 'waiting')",
                    ids,
                )

    def wish_all(self, wish: Wish, direction: Direction | None = None) -> int:
        """Wish the same of all unfinished transfers, or those of one direction; returns of how many."""
        rows = self._db.rows(
            f"SELECT id FROM transfers WHERE state IN ({_OPEN}) AND direction=coalesce(?, direction)",  # noqa: S608
            (direction,),
        )
        self.wish([row["id"] for row in rows], wish)
        return len(rows)

    def set_priority(self, transfer_ids: Iterable[int], priority: int) -> None:
        """Higher numbers go first; 0 is the usual."""
        with self._db.write() as connection:
            connection.executemany(
                "UPDATE transfers SET priority=? WHERE id=?", [(priority, i) for i in transfer_ids]
            )

    def move(self, transfer_ids: Sequence[int], place: Place) -> None:
        """Move unfinished transfers within the queue; several keep their order among themselves."""
        chosen = [t for i in transfer_ids if (t := self.get(i)) is not None and not t.state.is_final]
        downward = place in (Place.DOWN, Place.TOP)
        chosen.sort(key=lambda t: t.position, reverse=downward)
        with self._db.write():
            if place in (Place.TOP, Place.BOTTOM):
                self._move_to_end(chosen, place)
                return
            for transfer in chosen:
                self._move_one(transfer, place, {t.id for t in chosen})

    def _move_to_end(self, chosen: Sequence[Transfer], place: Place) -> None:
        end, step = ("min", -1) if place is Place.TOP else ("max", 1)
        with self._db.write() as connection:
            for priority in {transfer.priority for transfer in chosen}:
                (position,) = connection.execute(
                    f"SELECT {end}(position) FROM transfers WHERE state IN ({_OPEN}) AND priority=?",  # noqa: S608 - words of ours
                    (priority,),
                ).fetchone()
                moved = [transfer.id for transfer in chosen if transfer.priority == priority]
                connection.executemany(
                    "UPDATE transfers SET position=? WHERE id=?",
                    [(position + step * number, i) for number, i in enumerate(moved, start=1)],
                )

    def _move_one(self, transfer: Transfer, place: Place, chosen: set[int]) -> None:
        peers = f"FROM transfers WHERE state IN ({_OPEN}) AND priority=? AND id != ?"
        order = "DESC" if place is Place.UP else "ASC"
        beyond = "<" if place is Place.UP else ">"
        with self._db.write() as connection:
            neighbour = connection.execute(
                f"SELECT id, position {peers} AND position {beyond} ? ORDER BY position {order} LIMIT 1",
                (transfer.priority, transfer.id, transfer.position),
            ).fetchone()
            if neighbour is None or neighbour["id"] in chosen:
                return
            connection.executemany(
                "UPDATE transfers SET position=? WHERE id=?",
                [(neighbour["position"], transfer.id), (transfer.position, neighbour["id"])],
            )

    def clear_finished(self, until: datetime | None = None) -> int:
        """Forget transfers that are done, skipped or cancelled; returns how many. Failures stay in sight.

        With ``until``, only those that had ended by then.
        """
        end = float("inf") if until is None else until.timestamp()
        with self._db.write() as connection:
            connection.execute(
                "UPDATE watched_files SET state='ignored', reason='its upload was cancelled'"
                " WHERE transfer_id IN"
                " (SELECT id FROM transfers WHERE state='cancelled' AND coalesce(finished, 0)<=?)",
                (end,),
            )
            return connection.execute(
                "DELETE FROM transfers"
                " WHERE state IN ('done', 'skipped', 'cancelled') AND coalesce(finished, 0)<=?",
                (end,),
            ).rowcount

    # --- following the wishes, by the engine -------------------------------------------------------------

    def unwanted(self) -> list[Transfer]:
        """Transfers whose state doesn't yet follow the wish to pause or cancel."""
        rows = self._db.rows(
            f"SELECT * FROM transfers INDEXED BY transfers_unwanted WHERE {UNWANTED} ORDER BY id"  # noqa: S608
        )
        return [transfer_from(row) for row in rows]

    def half_cancelled(self) -> list[Transfer]:
        """Cancelled ones whose clean-up was cut short."""
        rows = self._db.rows(f"SELECT * FROM transfers WHERE state='cancelled' AND {_TOUCHED}")  # noqa: S608
        return [transfer_from(row) for row in rows]

    def follow_at_rest(self, moving: Iterable[int]) -> tuple[list[Transfer], list[Transfer]]:
        """Pause and cancel, in one step, what neither moves nor left anything behind: (paused, cancelled)."""
        if self._db.row(f"SELECT 1 FROM transfers INDEXED BY transfers_unwanted WHERE {UNWANTED}") is None:  # noqa: S608
            return [], []
        busy = _array(moving)
        at_rest = f"({UNWANTED}) AND id NOT IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
        ended: list[list[Transfer]] = []
        with self._db.write() as connection:
            for condition, change in (
                ("wish='pause'", "state='paused', retry_at=NULL"),
                (f"wish='cancel' AND NOT {_TOUCHED}", "state='cancelled', finished=?"),
            ):
                where = f"WHERE {at_rest} AND {condition}"
                rows = connection.execute(f"SELECT * FROM transfers {where}", (busy,)).fetchall()  # noqa: S608 - ours
                if rows:
                    now = [time.time()] if "?" in change else []
                    sql = f"UPDATE transfers SET {change}, rate=0 {where}"  # noqa: S608 - our own text
                    connection.execute(sql, (*now, busy))
                ended.append([transfer_from(row) for row in rows])
        return ended[0], ended[1]


def _array(numbers: Iterable[int]) -> str:
    """Numbers as SQLite's ``json_each`` takes them: one parameter, however many they are."""
    return msgspec.json.encode(list(numbers)).decode()
