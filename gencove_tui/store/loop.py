"""The samples of watch rules on their way from upload to results: the journal of the loop.

Whatever costs money or can't be repeated is written here as an intent before it is done, and its outcome
after (transfer-anchors §3.2), so that a start after a crash at any point knows what to ask first.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from gencove_tui.model import (
    Direction,
    GncvPath,
    LoopFile,
    LoopSample,
    LoopState,
    TransferState,
)
from gencove_tui.store.database import printable
from gencove_tui.store.loop_neighbours import CHUNK, UNDER_WAY, LoopNeighbours, marks
from gencove_tui.store.loop_rules import LoopRules
from gencove_tui.store.transfers import moment

FAR_AHEAD = 900.0
"""Seconds. The loop waits for nothing so long; a later time means that the clock was set back."""


def _sample_from(row: sqlite3.Row, files: Sequence[LoopFile]) -> LoopSample:
    return LoopSample(
        id=row["id"],
        rule_id=row["rule_id"],
        folder=GncvPath(row["folder"]),
        client_id=row["client_id"],
        take=row["take"],
        state=LoopState(row["state"]),
        reason=row["reason"],
        remedy=row["remedy"],
        project_id=row["project_id"],
        sample_id=row["sample_id"],
        status=row["status"],
        tries=row["tries"],
        retry_at=moment(row["retry_at"]),
        created=moment(row["created"]),
        changed=moment(row["changed"]),
        assigned=moment(row["assigned"]),
        files=tuple(files),
    )


def _file_from(row: sqlite3.Row) -> LoopFile:
    return LoopFile(
        direction=Direction(row["direction"]),
        name=row["name"],
        read=row["read"],
        upload_id=row["upload_id"],
        transfer_id=row["transfer_id"],
        local_path=os.fsdecode(row["local_path"]),
        size=row["size"],
        checksum=row["checksum"],
        verified=bool(row["verified"]),
        state=TransferState(row["state"]),
        problem=row["problem"],
    )


class Loop(LoopNeighbours, LoopRules):
    """Reads and writes the samples of rules. Every method is one transaction unless inside another's."""

    # --- samples ---------------------------------------------------------------------------------------

    def get(self, number: int) -> LoopSample | None:
        """One sample with its files."""
        row = self._db.row("SELECT * FROM loop_samples WHERE id=?", (number,))
        return self._with_files([row])[0] if row else None

    def samples(
        self, rule_id: int, states: Iterable[LoopState] | None = None, limit: int = -1
    ) -> list[LoopSample]:
        """The samples of a rule, oldest first, perhaps only those in some states."""
        chosen = None if states is None else [str(state) for state in states]
        condition = "" if chosen is None else f" AND state IN ({marks(chosen)})"
        rows = self._db.rows(
            f"SELECT * FROM loop_samples WHERE rule_id=?{condition} ORDER BY id LIMIT ?",  # noqa: S608
            (rule_id, *(chosen or ()), limit),
        )
        return self._with_files(rows)

    def due(self, rule_id: int, states: Iterable[LoopState]) -> list[LoopSample]:
        """Samples in these states whose wait is over, if they have one, oldest first."""
        now = time.time()
        return [
            sample
            for sample in self.samples(rule_id, states)
            if sample.retry_at is None or not now < sample.retry_at.timestamp() <= now + FAR_AHEAD
        ]

    def untold(
        self,
        rule_id: int,
        states: Sequence[LoopState],
        what: str,
        unchanged_since: float | None = None,
    ) -> list[LoopSample]:
        """Samples in these states of which nothing that begins like this was told last, oldest first.

        Perhaps only those that have been in their state since a moment, in seconds since 1970.
        """
        rows = self._db.rows(
            f"SELECT * FROM loop_samples WHERE rule_id=? AND state IN ({marks(states)})"  # noqa: S608 - only marks
            " AND substr(told, 1, ?) != ? AND (? IS NULL OR changed <= ?) ORDER BY id",
            (rule_id, *states, len(what), what, unchanged_since, unchanged_since),
        )
        return self._with_files(rows)

    def newest(self, limit: int, rule_id: int | None = None) -> list[LoopSample]:
        """What a screen shows: the samples that changed last, first."""
        condition, values = ("", ()) if rule_id is None else (" WHERE rule_id=?", (rule_id,))
        rows = self._db.rows(
            f"SELECT * FROM loop_samples{condition} ORDER BY changed DESC, id DESC LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return self._with_files(rows)

    def latest(self, rule_id: int, folder: str, client_id: str) -> LoopSample | None:
        """The newest take of a sample in a folder of the upload area."""
        row = self._db.row(
            "SELECT * FROM loop_samples WHERE rule_id=? AND folder=? AND client_id=? ORDER BY take DESC",
            (rule_id, folder, client_id),
        )
        return self._with_files([row])[0] if row else None

    def of_transfer(self, transfer_id: int) -> LoopSample | None:
        """The sample that one of whose files this transfer moves."""
        row = self._db.row(
            "SELECT s.* FROM loop_samples s JOIN loop_files f ON f.loop_sample = s.id WHERE f.transfer_id=?",
            (transfer_id,),
        )
        return self._with_files([row])[0] if row else None

    def counts(self, rule_id: int) -> dict[LoopState, int]:
        """How many samples of a rule are in each state."""
        rows = self._db.rows(
            "SELECT state, count(*) AS n FROM loop_samples WHERE rule_id=? GROUP BY state", (rule_id,)
        )
        return {LoopState(row["state"]): row["n"] for row in rows}

    def stuck(self, rule_id: int) -> int:
        """How many samples of a rule are under way with something that a person had better look at."""
        moving = ", ".join(f"'{state}'" for state in (LoopState.COLLECTING, *UNDER_WAY))
        row = self._db.row(
            "SELECT count(*) AS n FROM loop_samples"  # noqa: S608 - only our own constants
            f" WHERE rule_id=? AND state IN ({moving}) AND remedy != ''",
            (rule_id,),
        )
        return int(row["n"]) if row else 0

    def unfinished(self, rule_id: int) -> int:
        """How many samples of a rule still move by themselves."""
        counts = self.counts(rule_id)
        return sum(counts.get(state, 0) for state in UNDER_WAY)

    def _with_files(self, rows: Sequence[sqlite3.Row]) -> list[LoopSample]:
        files: defaultdict[int, list[LoopFile]] = defaultdict(list)
        ids = [row["id"] for row in rows]
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            for row in self._db.rows(
                f"SELECT * FROM loop_files WHERE loop_sample IN ({marks(chunk)})"  # noqa: S608 - only marks
                " ORDER BY loop_sample, direction DESC, read, name",
                chunk,
            ):
                files[row["loop_sample"]].append(_file_from(row))
        return [_sample_from(row, files[row["id"]]) for row in rows]

    def create(self, rule_id: int, folder: str, client_id: str, take: int, state: LoopState) -> int:
        """A new sample, without files yet; returns its number."""
        now = time.time()
        with self._db.write() as connection:
            cursor = connection.execute(
                "INSERT INTO loop_samples (rule_id, folder, client_id, take, state, created, changed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (rule_id, folder, client_id, take, state, now, now),
            )
        assert cursor.lastrowid is not None  # noqa: S101 - an INSERT always has one; tells the type checker
        return cursor.lastrowid

    def begin_anew(self, number: int) -> None:
        """Let a sample's time begin now, where the clock that it was made by was wrong."""
        with self._db.write() as connection:
            connection.execute("UPDATE loop_samples SET created=? WHERE id=?", (time.time(), number))

    def move(
        self,
        numbers: Iterable[int],
        state: LoopState,
        *,
        reason: str = "",
        remedy: str = "",
        retry_at: float | None = None,
        count_try: bool = False,
    ) -> None:
        """Put samples into a state. A new state begins with no tries; ``count_try`` adds one to them."""
        with self._db.write() as connection:
            connection.executemany(
                "UPDATE loop_samples SET changed=CASE WHEN state=? THEN changed ELSE ? END,"
                " tries=CASE WHEN state=? THEN tries ELSE 0 END + ?,"
                " state=?, reason=?, remedy=?, retry_at=? WHERE id=?",
                [
                    (
                        state,
                        time.time(),
                        state,
                        int(count_try),
                        state,
                        printable(reason),
                        printable(remedy),
                        retry_at,
                        number,
                    )
                    for number in numbers
                ],
            )

    def assigned(self, number: int, sample_id: str, project_id: str) -> None:
        """Note which sample Gencove made of it."""
        with self._db.write() as connection:
            connection.execute(
                "UPDATE loop_samples SET sample_id=?, project_id=?, assigned=? WHERE id=?",
                (sample_id, project_id, time.time(), number),
            )
        self.move([number], LoopState.ANALYSING)

    def note_status(self, number: int, status: str) -> None:
        """Gencove's word for where the analysis stands."""
        with self._db.write() as connection:
            connection.execute("UPDATE loop_samples SET status=? WHERE id=?", (printable(status), number))

    def told(self, number: int) -> str:
        """The last thing about it that is told only once."""
        row = self._db.row("SELECT told FROM loop_samples WHERE id=?", (number,))
        return str(row["told"]) if row else ""

    def note_told(self, numbers: Iterable[int], what: str) -> None:
        """Remember that something was told, so that it is told once."""
        with self._db.write() as connection:
            connection.executemany(
                "UPDATE loop_samples SET told=? WHERE id=?", [(what, number) for number in numbers]
            )

    def before(self, number: int) -> frozenset[str] | None:
        """v1: samples of the same client id that the project had before; None when nobody looked yet."""
        row = self._db.row("SELECT before FROM loop_samples WHERE id=?", (number,))
        if row is None or row["before"] is None:
            return None
        return frozenset(msgspec.json.decode(row["before"], type=list[str]))

    def never_looked(self, rule_id: int) -> bool:
        """v1: whether any sample that isn't assigned has never been looked for in its project."""
        row = self._db.row(
            "SELECT 1 FROM loop_samples WHERE rule_id=? AND before IS NULL"
            " AND state IN ('collecting', 'ready', 'to assign')",
            (rule_id,),
        )
        return row is not None

    def note_before(self, number: int, sample_ids: Iterable[str]) -> None:
        """v1: remember which samples of that client id are older than the files."""
        with self._db.write() as connection:
            connection.execute(
                "UPDATE loop_samples SET before=? WHERE id=?",
                (msgspec.json.encode(sorted(sample_ids)).decode(), number),
            )

    def claimed(self, sample_ids: Sequence[str]) -> set[str]:
        """Those of Gencove's ids that belong to some sample of a rule already."""
        found: set[str] = set()
        for start in range(0, len(sample_ids), CHUNK):
            chunk = sample_ids[start : start + CHUNK]
            sql = f"SELECT sample_id FROM loop_samples WHERE sample_id IN ({marks(chunk)})"  # noqa: S608
            found.update(row["sample_id"] for row in self._db.rows(sql, chunk))
        return found

    def namesakes(self, client_ids: Sequence[str], project_id: str) -> list[LoopSample]:
        """Samples of all rules with one of these ids that are in a project, or may be about to come there."""
        found: list[sqlite3.Row] = []
        for start in range(0, len(client_ids), CHUNK):
            chunk = client_ids[start : start + CHUNK]
            found += self._db.rows(
                f"SELECT * FROM loop_samples WHERE client_id IN ({marks(chunk)}) AND (project_id=?"  # noqa: S608 - only marks
                " OR (project_id='' AND state IN ('ready', 'assigning', 'to assign'))) ORDER BY id",
                (*chunk, project_id),
            )
        return self._with_files(found)

    # --- files -----------------------------------------------------------------------------------------

    def put_file(self, number: int, file: LoopFile) -> None:
        """Write one file of a sample; replaces what was known under its name."""
        with self._db.write() as connection:
            connection.execute(
                "INSERT INTO loop_files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (loop_sample, direction, name) DO UPDATE SET read=excluded.read,"
                " upload_id=excluded.upload_id, transfer_id=excluded.transfer_id,"
                " local_path=excluded.local_path, size=excluded.size, checksum=excluded.checksum,"
                " verified=excluded.verified, state=excluded.state, problem=excluded.problem",
                (
                    number,
                    file.direction,
                    file.name,
                    file.read,
                    file.upload_id,
                    file.transfer_id,
                    os.fsencode(file.local_path),
                    file.size,
                    file.checksum,
                    int(file.verified),
                    file.state,
                    printable(file.problem),
                ),
            )

    def lost_downloads(self, rule_id: int) -> list[tuple[int, str, int | None, str]]:
        """Results that no transfer will bring any more: (sample, file name, transfer, why).

        Their transfer was cancelled, or was forgotten by the user before it ended.
        """
        rows = self._db.rows(
            "SELECT f.loop_sample, f.name, f.transfer_id, t.state AS s FROM loop_samples l"
            " JOIN loop_files f ON f.loop_sample = l.id AND f.direction='download' AND f.state='queued'"
            " LEFT JOIN transfers t ON t.id = f.transfer_id"
            " WHERE l.rule_id=? AND l.state='delivering' AND (t.id IS NULL OR t.state='cancelled')",
            (rule_id,),
        )
        return [
            (row["loop_sample"], row["name"], row["transfer_id"], "cancelled" if row["s"] else "removed")
            for row in rows
        ]
