"""What is known of the queue of transfers: lists for screens, look-ups, and what runs next. Reads only."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from gencove_tui.model import FINAL_STATES, Direction, Transfer, TransferState
from gencove_tui.store.database import Database
from gencove_tui.store.transfer_rows import transfer_from

OPEN = ", ".join(f"'{state}'" for state in TransferState if state not in FINAL_STATES)
"""The states of what has not ended, as SQL."""
_ENDED = "'done', 'failed', 'cancelled', 'skipped'"
_KEPT_APART = 5
"""One row of so many in a list is kept for failures, and one for what ended last."""


class TransferLists:
    """Reads transfers."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, transfer_id: int) -> Transfer | None:
        """One transfer, or None when it was cleared."""
        row = self._db.row("SELECT * FROM transfers WHERE id=?", (transfer_id,))
        return transfer_from(row) if row else None

    def listing(self, limit: int) -> list[Transfer]:
        """What a screen shows: moving ones first, then waiting, then in queue order, ended newest first.

        However long the queue is, a part of the rows is kept for what ended last and as many for failures: a
        screen that doesn't list what has just failed hides it.
        """
        share = limit // _KEPT_APART
        # By place in the queue, not by time: the index gives the last ones without a look at all of them.
        failed = self._db.rows(
            "SELECT * FROM transfers WHERE state='failed' ORDER BY priority, position DESC LIMIT ?", (share,)
        )
        kept = {row["id"]: row for row in (*failed, *self._newest_ended(share))}
        shown = self._open(limit - len(kept))
        if (room := limit - len(shown)) > len(kept):  # the queue is short, and history has its room
            others = (row for row in self._newest_ended(room) if row["id"] not in kept)
            kept.update((row["id"], row) for row in islice(others, room - len(kept)))
        ended = sorted(kept.values(), key=lambda row: (row["finished"] or 0.0, row["id"]), reverse=True)
        return [transfer_from(row) for row in (*shown, *ended)]

    def _open(self, limit: int) -> list[sqlite3.Row]:
        """What has not ended: moving, then waiting, then the queue."""
        found: list[sqlite3.Row] = []
        for states in (("running", "verifying"), ("waiting",), ("queued", "paused")):
            # One state at a time, since the index gives each in order without sorting a long queue.
            group = [
                row
                for state in states
                for row in self._db.rows(
                    "SELECT * FROM transfers WHERE state=? ORDER BY priority DESC, position LIMIT ?",
                    (state, max(0, limit - len(found))),
                )
            ]
            found += sorted(group, key=lambda row: (-row["priority"], row["position"]))
        return found[:limit]

    def _newest_ended(self, limit: int) -> list[sqlite3.Row]:
        # Left to itself, SQLite sorts all that ever ended.
        return self._db.rows(
            f"SELECT * FROM transfers INDEXED BY transfers_ended WHERE state IN ({_ENDED})"  # noqa: S608 - only our own constants
            " ORDER BY finished DESC, id DESC LIMIT ?",
            (limit,),
        )

    def count(self) -> int:
        """How many transfers the ledger holds."""
        row = self._db.row("SELECT count(*) AS n FROM transfers")
        return int(row["n"]) if row else 0

    def sums(self) -> dict[TransferState, tuple[int, int]]:
        """Per state: number of transfers and bytes still to move, which is none of what has ended."""
        counts = self._db.rows("SELECT state, count(*) AS n FROM transfers GROUP BY state")
        # Apart, for numbers come from the index alone, and what has ended is soon more than the queue.
        rests = self._db.rows(
            "SELECT state, total(max(0, coalesce(size, 0) - bytes_done)) AS rest"  # noqa: S608 - only our own constants
            f" FROM transfers WHERE state IN ({OPEN}) GROUP BY state"
        )
        rest = {row["state"]: int(row["rest"]) for row in rests}
        return {TransferState(row["state"]): (row["n"], rest.get(row["state"], 0)) for row in counts}

    def runnable(
        self, direction: Direction, limit: int, excluding: Iterable[int] = (), *, small: bool
    ) -> list[Transfer]:
        """The next queued transfers to start, in order; small files and large ones stand in lines apart."""
        rows = self._db.rows(
            "SELECT * FROM transfers INDEXED BY transfers_next WHERE wish='run'"
            " AND state IN ('queued', 'running', 'verifying') AND direction=? AND small=?"
            " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, position LIMIT ?",
            (direction, int(small), array(excluding), limit),
        )
        return [transfer_from(row) for row in rows]

    def unfinished_for_rule(self, rule_id: int) -> int:
        """How many transfers of a rule are still to be moved."""
        row = self._db.row(
            f"SELECT count(*) AS n FROM transfers WHERE rule_id=? AND state IN ({OPEN})",  # noqa: S608
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
            (array(transfer_ids),),
        )
        return {TransferState(row["state"]): row["n"] for row in rows}

    def moved(self, transfer_ids: Sequence[int]) -> tuple[int, int | None, int]:
        """Of these: bytes through, bytes in all (None while some size is unknown), how many have ended."""
        ended = f"state IN ({_ENDED})"
        row = self._db.row(
            "SELECT total(bytes_done) AS done, total(size) AS size, count(size) AS known, count(*) AS n,"  # noqa: S608 - only our own constants
            f" total({ended}) AS ended FROM transfers WHERE id IN (SELECT value FROM json_each(?))",
            (array(transfer_ids),),
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
            f"SELECT * FROM transfers WHERE local_path=? AND direction=? AND state IN ({OPEN})"  # noqa: S608
            " ORDER BY id LIMIT 1",
            (os.fsencode(local_path), direction),
        )
        return transfer_from(row) if row else None

    def open_uploads(self) -> set[tuple[str, str]]:
        """Local and remote paths of all unfinished uploads."""
        rows = self._db.rows(
            f"SELECT local_path, remote FROM transfers WHERE state IN ({OPEN}) AND direction='upload'"  # noqa: S608
        )
        return {(os.fsdecode(row["local_path"]), row["remote"]) for row in rows}

    def open_paths(self) -> set[str]:
        """Local paths of all unfinished transfers."""
        rows = self._db.rows(f"SELECT local_path FROM transfers WHERE state IN ({OPEN})")  # noqa: S608
        return {os.fsdecode(row["local_path"]) for row in rows}


def array(numbers: Iterable[int]) -> str:
    """Numbers as SQLite's ``json_each`` takes them: one parameter, however many they are."""
    return msgspec.json.encode(list(numbers)).decode()
