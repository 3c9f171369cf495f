"""The queue of transfers: what joins it, what people wish of it, and how the engine follows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from gencove_tui.model import Direction, DownloadSource, Transfer, TransferState, Wish
from gencove_tui.store.journal import Multipart, TransferJournal
from gencove_tui.store.schema import UNWANTED
from gencove_tui.store.transfer_lists import OPEN, TransferLists, array
from gencove_tui.store.transfer_rows import Identity, Journal, moment, transfer_from

__all__ = ["Identity", "Journal", "Multipart", "Place", "Transfers", "moment"]

_TOUCHED = "(multipart_id != '' OR completing OR EXISTS (SELECT 1 FROM parts WHERE transfer_id=transfers.id))"
"""Whether anything was sent or fetched, so that somebody has to clean up."""


class Place(StrEnum):
    """Where to move transfers in the queue, among those of the same priority."""

    TOP = "top"
    UP = "up"
    DOWN = "down"
    BOTTOM = "bottom"


class Transfers(TransferLists, TransferJournal):
    """Reads and writes transfers. Every method is one transaction unless it runs inside another's."""

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
            f"SELECT id FROM transfers WHERE state IN ({OPEN}) AND direction=coalesce(?, direction)",  # noqa: S608
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

    def change_priority(self, transfer_ids: Sequence[int], by: int) -> frozenset[int]:
        """Raise or lower each from where it is; returns the priorities that they have then."""
        with self._db.write() as connection:
            connection.executemany(
                "UPDATE transfers SET priority=priority+? WHERE id=?", [(by, i) for i in transfer_ids]
            )
            found = [self.get(i) for i in transfer_ids]
        return frozenset(transfer.priority for transfer in found if transfer is not None)

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
                    f"SELECT {end}(position) FROM transfers WHERE state IN ({OPEN}) AND priority=?",  # noqa: S608 - words of ours
                    (priority,),
                ).fetchone()
                moved = [transfer.id for transfer in chosen if transfer.priority == priority]
                connection.executemany(
                    "UPDATE transfers SET position=? WHERE id=?",
                    [(position + step * number, i) for number, i in enumerate(moved, start=1)],
                )

    def _move_one(self, transfer: Transfer, place: Place, chosen: set[int]) -> None:
        peers = f"FROM transfers WHERE state IN ({OPEN}) AND priority=? AND id != ?"
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
        busy = array(moving)
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
