"""What a desk offers about watch rules in depth, and about the two logs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from gencove_tui.model import AuditEntry, Event, LoopSample, RuleTerms, WatchedFile, WatchRule

if TYPE_CHECKING:  # else every start of a screen would pay for it
    from gencove_tui.engine.watch.dry_run import DryRun


class RuleDetail(Struct, frozen=True, kw_only=True):
    """One rule with what it waits for."""

    rule: WatchRule
    pending: tuple[WatchedFile, ...] = ()
    """Files that are not queued, each with its reason; at most a hundred."""
    samples: tuple[LoopSample, ...] = ()
    """Its samples, last changed first; at most a hundred."""


class WatchDesk(Protocol):
    """The part of a desk about watching. Async methods raise ``errors.Problem`` only."""

    def rule_detail(self, rule_id: int) -> RuleDetail | None:
        """One rule with what it waits for; None once it was removed."""
        ...

    async def put_rule(self, name: str, terms: RuleTerms, before: WatchRule | None = None) -> WatchRule:
        """Make a rule, or give ``before`` other terms. Raises ``InputProblem`` naming the key."""
        ...

    async def remove_rule(self, name: str) -> None:
        """Take a rule away; no file is touched."""
        ...

    async def try_rule(self, terms: RuleTerms) -> DryRun:
        """What a rule would take and why not the rest; nothing is written or queued."""
        ...

    async def audit(self, search: str = "", *, limit: int = 500) -> tuple[AuditEntry, ...]:
        """The newest entries of the audit log whose path or sample holds ``search``."""
        ...

    async def export_events(self, path: Path, events: Sequence[Event]) -> None:
        """Write events as CSV. Raises ``Problem`` when the file can't be written."""
        ...

    async def export_audit(self, path: Path, search: str = "") -> int:
        """Write the audit log as CSV, oldest first; returns the number of entries."""
        ...
