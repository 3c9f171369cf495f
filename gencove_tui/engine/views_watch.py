"""What a desk offers about watch rules in depth, and about the two logs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from gencove_tui.engine.views_remote import Progress
from gencove_tui.model import AuditEntry, Event, LoopSample, RuleTerms, WatchedFile, WatchRule

if TYPE_CHECKING:  # else every start of a screen would pay for it
    from gencove_tui.engine.watch.dry_run import DryRun


class RuleDetail(Struct, frozen=True, kw_only=True):
    """One rule with what it waits for."""

    rule: WatchRule
    pending: tuple[WatchedFile, ...] = ()
    """Files that are not queued, each with its reason; at most a hundred."""
    ignored: tuple[WatchedFile, ...] = ()
    """Files that it leaves out, each with its reason; at most a hundred."""
    samples: tuple[LoopSample, ...] = ()
    """Its samples, last changed first; at most a hundred."""


class WatchDesk(Protocol):
    """The part of a desk about watching. Async methods raise ``errors.Problem`` only."""

    def rule_detail(self, rule_id: int) -> RuleDetail | None:
        """One rule with what it waits for; None once it was removed."""
        ...

    async def releasable(self, rule_id: int) -> tuple[LoopSample, ...]:
        """Samples that wait for a person's word, oldest first."""
        ...

    async def release(self, numbers: Sequence[int]) -> int:
        """Let these samples go on, which may start their analysis; returns how many did.

        Raises ``InputProblem`` at the first whose files can't be one pair; those before it go on.
        """
        ...

    async def put_rule(self, name: str, terms: RuleTerms, before: WatchRule | None = None) -> WatchRule:
        """Make a rule, or give ``before`` other terms. Raises ``InputProblem`` naming the key."""
        ...

    async def remove_rule(self, name: str) -> None:
        """Take a rule away; no file is touched."""
        ...

    async def try_rule(self, terms: RuleTerms, name: str = "", *, progress: Progress | None = None) -> DryRun:
        """What a rule would take and why not the rest; nothing is written or queued.

        ``name``: whose memory of the files counts, be it in the list or not. ``progress`` is told how many
        files and folders were seen, of 0: nobody knows how many there are.
        """
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
