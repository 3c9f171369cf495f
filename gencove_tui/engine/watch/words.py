"""Where a rule stands, in one line."""

from __future__ import annotations

from datetime import datetime

from gencove_tui.engine.words import plural
from gencove_tui.model import RuleStatus, WatchRule
from gencove_tui.store.ledger import Ledger


def state_in_words(ledger: Ledger, rule: WatchRule, now: datetime) -> str:
    """``waiting for R2 of S12, 4 min``, ``3 files need you: …``, ``14 uploaded`` and the like."""
    if not rule.active:
        return "paused"
    if rule.problem:
        return rule.problem
    return words_of(ledger.rules.status(rule.id), ledger.rules.counts(rule.id), now)


def words_of(status: RuleStatus, counts: dict[str, int], now: datetime) -> str:
    """The same from a rule's status and the counts of its files."""
    parts = []
    for state, one, many in (
        ("held", "needs you", "need you"),
        ("failed", "failed", "failed"),
        ("settling", "must stand still", "must stand still"),
        ("waiting", "waits", "wait"),
        ("queued", "goes up", "go up"),
    ):
        if count := counts.get(state, 0):
            parts.append(plural(count, one, many))
    if status.lone:
        first = status.lone[0]
        more = f" and {len(status.lone) - 1} more" if len(status.lone) > 1 else ""
        parts.append(f"waiting for {first.missing} of {first.sample}{more}, {span(now, first.since)}")
    parts.append(f"{counts.get('uploaded', 0)} uploaded")
    if status.notices:
        parts.append(plural(len(status.notices), "notice"))
    return ", ".join(parts)


def span(now: datetime, since: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = max(0, int((now - since).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
