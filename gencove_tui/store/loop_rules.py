"""What the loop remembers of each rule itself, apart from its samples."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from gencove_tui.model import LoopState
from gencove_tui.store.database import Database, printable
from gencove_tui.store.loop_neighbours import OPEN, UNDER_WAY
from gencove_tui.store.transfer_rows import moment


class LoopRule(Struct, frozen=True, kw_only=True):
    """What the loop remembers of a rule itself."""

    rule_id: int
    problem: str = ""
    """Why assigning or delivering does not go on at the moment; empty when it does."""
    remedy: str = ""
    problem_since: datetime | None = None
    project_id: str = ""
    since: datetime | None = None
    """The newest change of the project that was seen."""
    hook_event: int | None = None
    """Id of the last event that was given to the hook; None before the first."""
    hook_problem: str = ""
    lone_told: frozenset[str] = frozenset()
    """Samples of which a file waits here for its mate, as far as that was told."""


class LoopRules:
    """Reads and writes the memory of rules. Every method is one transaction unless inside another's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def rule(self, rule_id: int) -> LoopRule:
        """What is remembered of a rule."""
        row = self._db.row("SELECT * FROM loop_rules WHERE rule_id=?", (rule_id,))
        if row is None:
            return LoopRule(rule_id=rule_id)
        return LoopRule(
            rule_id=rule_id,
            problem=row["problem"],
            remedy=row["remedy"],
            problem_since=moment(row["problem_since"]),
            project_id=row["project_id"],
            since=datetime.fromisoformat(row["since"]) if row["since"] else None,
            hook_event=row["hook_event"],
            hook_problem=row["hook_problem"],
            lone_told=frozenset(msgspec.json.decode(row["lone_told"], type=list[str])),
        )

    def set_problem(self, rule_id: int, problem: str, remedy: str = "") -> bool:
        """Note why the rule's loop does not go on; empty when it does. Returns whether that is news."""
        problem, remedy = printable(problem), printable(remedy)
        if self.rule(rule_id).problem == problem:
            return False
        self._note_rule(
            rule_id, problem=problem, remedy=remedy, problem_since=time.time() if problem else None
        )
        return True

    def set_since(self, rule_id: int, project_id: str, since: datetime | None) -> None:
        """Remember up to which change a project was seen."""
        self._note_rule(rule_id, project_id=project_id, since=since.isoformat() if since else "")

    def set_hook_event(self, rule_id: int, event_id: int) -> None:
        """Remember the last event that was given to the rule's hook."""
        self._note_rule(rule_id, hook_event=event_id)

    def set_hook_problem(self, rule_id: int, problem: str) -> None:
        """Remember why the hook failed last; empty when it works."""
        self._note_rule(rule_id, hook_problem=printable(problem))

    def set_lone_told(self, rule_id: int, samples: Iterable[str]) -> None:
        """Remember of which samples it was told that a file waits here for its mate."""
        self._note_rule(rule_id, lone_told=msgspec.json.encode(sorted(samples)).decode())

    def rules_left(self) -> list[int]:
        """Rules that were taken out of the list and whose uploads or samples are still under way."""
        moving = ", ".join(f"'{state}'" for state in UNDER_WAY if state is not LoopState.TO_ASSIGN)
        rows = self._db.rows(
            "SELECT id FROM rules WHERE NOT listed AND active AND ("  # noqa: S608 - only our own constants
            f" EXISTS (SELECT 1 FROM loop_samples WHERE rule_id=rules.id AND state IN ({moving}))"
            f" OR EXISTS (SELECT 1 FROM transfers WHERE rule_id=rules.id AND state IN ({OPEN})))"
        )
        return [row["id"] for row in rows]

    def _note_rule(self, rule_id: int, **values: str | int | float | None) -> None:
        names = ", ".join(values)
        updates = ", ".join(f"{name}=excluded.{name}" for name in values)
        with self._db.write() as connection:
            connection.execute(
                f"INSERT INTO loop_rules (rule_id, {names}) VALUES (?{', ?' * len(values)})"  # noqa: S608
                f" ON CONFLICT (rule_id) DO UPDATE SET {updates}",
                (rule_id, *values.values()),
            )
