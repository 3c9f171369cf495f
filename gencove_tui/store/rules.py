"""Watch rules as the engine runs them, and where each stands. What they want is in ``config.toml``.

A rule keeps its row, and with it the memory of its files, when it is taken out of the list: put back under
the same name it goes on where it was.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec
from msgspec import structs

from gencove_tui.config.watch_rules import rule_table
from gencove_tui.model import GncvPath, RuleStatus, RuleTerms, WatchRule
from gencove_tui.store.database import Database, printable
from gencove_tui.store.watched import WatchedFiles

_TERM_NAMES = tuple(info.name for info in structs.fields(RuleTerms))


def _decode(shape: type, value: Any) -> Any:
    if shape is GncvPath:
        return GncvPath(value)
    raise NotImplementedError(f"{value!r} as {shape}")


def _rule_from(row: sqlite3.Row) -> WatchRule:
    table = msgspec.json.decode(row["terms"]) | {"folder": os.fsdecode(row["folder"])}
    terms = msgspec.convert(table, RuleTerms, dec_hook=_decode)
    return WatchRule(
        **{name: getattr(terms, name) for name in _TERM_NAMES},
        id=row["id"],
        name=row["name"],
        from_file=bool(row["from_file"]),
        active=bool(row["active"]),
        problem=row["problem"],
    )


def _columns(terms: RuleTerms) -> tuple[bytes, str]:
    table = rule_table(terms)
    del table["folder"]
    return os.fsencode(terms.folder), msgspec.json.encode(table).decode()


def terms_of(rule: WatchRule) -> RuleTerms:
    """What a rule wants, without its name and state."""
    return RuleTerms(**{name: getattr(rule, name) for name in _TERM_NAMES})


class Rules(WatchedFiles):
    """Reads and writes watch rules and, by inheritance, the files they have seen."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)

    def all(self) -> list[WatchRule]:
        """Every rule that stands in the list, oldest first."""
        return [_rule_from(row) for row in self._db.rows("SELECT * FROM rules WHERE listed ORDER BY id")]

    def get(self, rule_id: int) -> WatchRule | None:
        """One rule, in the list or not; None when there never was one."""
        row = self._db.row("SELECT * FROM rules WHERE id=?", (rule_id,))
        return _rule_from(row) if row else None

    def named(self, name: str) -> WatchRule | None:
        """A rule of the list by its name."""
        row = self._db.row("SELECT * FROM rules WHERE name=? AND listed", (name,))
        return _rule_from(row) if row else None

    def remembered(self, terms: RuleTerms, name: str = "") -> WatchRule | None:
        """The rule, in the list or not, whose memory these terms would go on with when they are put.

        By its name; without one, as ``put_terms`` finds it.
        """
        name = name or self._own_name(*_columns(terms)) or ""
        row = self._db.row("SELECT * FROM rules WHERE name=?", (name,))
        return _rule_from(row) if row else None

    # --- what rules there are ------------------------------------------------------------------------

    def sync(self, wanted: Mapping[str, RuleTerms]) -> bool:
        """Bring the list in line with the rules of ``config.toml``; returns whether anything changed.

        Rules that commands made stay, unless the file has one of their name.
        """
        rows = {row["name"]: row for row in self._db.rows("SELECT * FROM rules")}
        gone = [n for n, row in rows.items() if row["from_file"] and row["listed"] and n not in wanted]
        changed = {
            name: columns
            for name, columns in ((name, _columns(terms)) for name, terms in wanted.items())
            if name not in rows
            or not (rows[name]["from_file"] and rows[name]["listed"])
            or (bytes(rows[name]["folder"]), rows[name]["terms"]) != columns
        }
        if not gone and not changed:
            return False
        with self._db.write() as connection:
            connection.executemany("UPDATE rules SET listed=0 WHERE name=?", [(name,) for name in gone])
            for name, (folder, terms) in changed.items():
                self._put(name, folder, terms, from_file=True)
        return True

    def put_terms(self, terms: RuleTerms, name: str = "") -> int:
        """Put a command's own rule into the list and wake it; returns its id.

        Without a name it is the one of the same folder and destination, or a new one named like the folder.
        """
        folder, text = _columns(terms)
        with self._db.write():
            return self._put(name or self._name_for(folder, text), folder, text, from_file=False)

    def put(
        self,
        folder: str,
        destination: GncvPath,
        *,
        settle: float,
        files: tuple[str, ...] = (),
        name: str = "",
    ) -> int:
        """A command's rule in its simplest form: ``settle`` holds on every kind of disk."""
        terms = RuleTerms(
            folder=folder, destination=destination, settle=settle, network_settle=settle, files=files
        )
        return self.put_terms(terms, name)

    def retire(self, rule_id: int) -> None:
        """Take a rule out of the list, as when the command that made it has ended."""
        with self._db.write() as connection:
            connection.execute("UPDATE rules SET listed=0 WHERE id=?", (rule_id,))

    def _put(self, name: str, folder: bytes, terms: str, *, from_file: bool) -> int:
        with self._db.write() as connection:
            # Renewed by a command it wakes; a change of the file leaves a pause alone.
            connection.execute(
                "INSERT INTO rules (name, folder, terms, from_file) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET folder=excluded.folder, terms=excluded.terms,"
                " from_file=excluded.from_file, active=CASE WHEN excluded.from_file THEN active ELSE 1 END,"
                " listed=1, problem='', scans=0",
                (name, folder, terms, int(from_file)),
            )
            row = connection.execute("SELECT id FROM rules WHERE name=?", (name,)).fetchone()
        return int(row["id"])

    def _own_name(self, folder: bytes, terms: str) -> str | None:
        """The name of a command's rule with this folder and the destination in these terms."""
        destination = msgspec.json.decode(terms)["destination"]
        for row in self._db.rows("SELECT * FROM rules WHERE NOT from_file AND folder=?", (folder,)):
            if msgspec.json.decode(row["terms"])["destination"] == destination:
                return str(row["name"])
        return None

    def _name_for(self, folder: bytes, terms: str) -> str:
        if own := self._own_name(folder, terms):
            return own
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", PurePath(os.fsdecode(folder)).name).strip("-_") or "rule"
        taken = {row["name"] for row in self._db.rows("SELECT name FROM rules")}
        names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)

    # --- how they stand --------------------------------------------------------------------------------

    def set_active(self, rule_id: int, active: bool) -> None:
        """Pause or resume a rule."""
        with self._db.write() as connection:
            connection.execute("UPDATE rules SET active=? WHERE id=?", (int(active), rule_id))

    def switch(self, rule_id: int) -> bool:
        """Pause a rule that is active, resume one that rests; returns whether it is active then."""
        with self._db.write() as connection:
            connection.execute("UPDATE rules SET active = 1 - active WHERE id=?", (rule_id,))
            rule = self.get(rule_id)
        return rule is not None and rule.active

    def set_problem(self, rule_id: int, problem: str) -> None:
        """Note why a rule can't work at the moment; empty when it can."""
        problem = printable(problem)
        with self._db.write() as connection:
            connection.execute(
                "UPDATE rules SET problem=? WHERE id=? AND problem != ?", (problem, rule_id, problem)
            )

    def count_scan(self, rule_id: int) -> None:
        """Note that the folder was looked through once more since the rule was put."""
        if (row := self._db.row("SELECT scans FROM rules WHERE id=?", (rule_id,))) and row["scans"] < 2:
            with self._db.write(durable=False) as connection:
                connection.execute("UPDATE rules SET scans=scans+1 WHERE id=?", (rule_id,))

    def scanned(self, rule_id: int) -> bool:
        """Whether the folder was looked through since the rule was put."""
        row = self._db.row("SELECT scans FROM rules WHERE id=?", (rule_id,))
        return bool(row and row["scans"])

    def status(self, rule_id: int) -> RuleStatus:
        """Where a rule stands, as its last look left it."""
        row = self._db.row("SELECT status FROM rules WHERE id=?", (rule_id,))
        return msgspec.json.decode(row["status"], type=RuleStatus) if row else RuleStatus()

    def set_status(self, rule_id: int, status: RuleStatus) -> None:
        """Write where a rule stands."""
        with self._db.write(durable=False) as connection:
            connection.execute(
                "UPDATE rules SET status=? WHERE id=?", (msgspec.json.encode(status).decode(), rule_id)
            )
