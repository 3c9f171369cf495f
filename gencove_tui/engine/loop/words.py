"""A rule's loop in words and numbers, for screens, status files and commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from gencove_tui.engine.words import plural
from gencove_tui.model import LoopState, WatchRule
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.loop_neighbours import UNDER_WAY

STATE_WORDS = {
    LoopState.COLLECTING: "waits for its mate",
    LoopState.UPLOADED: "uploaded",
    LoopState.READY: "about to be assigned",
    LoopState.ASSIGNING: "being assigned",
    LoopState.TO_ASSIGN: "to be assigned by you",
    LoopState.ANALYSING: "being analysed",
    LoopState.RESULTS: "results ready",
    LoopState.RESTORING: "comes back from the archive",
    LoopState.DELIVERING: "results on their way",
    LoopState.DELIVERED: "delivered",
    LoopState.FINISHED: "analysed",
    LoopState.FAILED: "failed",
    LoopState.ARCHIVED: "archived",
    LoopState.HELD: "needs you",
}
"""What people read for a state."""
_MANY = {
    LoopState.COLLECTING: "wait for their mates",
    LoopState.RESULTS: "with results ready",
    LoopState.RESTORING: "come back from the archive",
    LoopState.DELIVERING: "with results on their way",
    LoopState.HELD: "need you",
}
"""The same behind a number, where that reads otherwise."""
_MOVING = {
    LoopState.HELD: ("sample needs you", "samples need you"),
    LoopState.TO_ASSIGN: ("to be assigned by you", ""),
    LoopState.READY: ("being assigned", ""),
    LoopState.ANALYSING: ("being analysed", ""),
    LoopState.RESULTS: ("with results ready", ""),
    LoopState.RESTORING: ("coming from the archive", ""),
    LoopState.DELIVERING: ("being delivered", ""),
}
_ENDED = {
    LoopState.ARCHIVED: ("archived", ""),
    LoopState.FAILED: ("analysis failed", "analyses failed"),
    LoopState.FINISHED: ("analysed", ""),
    LoopState.DELIVERED: ("delivered", ""),
}
"""What a rule's one line says of its samples: behind the number one, and behind others where that differs."""
ASK_FOR_SOMEBODY = (LoopState.HELD, LoopState.TO_ASSIGN)
"""States in which a sample waits for a person."""


def moving_in_words(counts: Mapping[LoopState, int]) -> list[str]:
    """What samples wait for or what is done with them, those that need somebody first."""
    together = dict(counts)
    together[LoopState.READY] = sum(counts.get(s, 0) for s in (LoopState.READY, LoopState.ASSIGNING))
    return _in_words(together, _MOVING)


def ended_in_words(counts: Mapping[LoopState, int]) -> list[str]:
    """What became of the samples of which nothing more is awaited."""
    return _in_words(counts, _ENDED)


def _in_words(counts: Mapping[LoopState, int], words: Mapping[LoopState, tuple[str, str]]) -> list[str]:
    return [
        plural(number, one, many or one)
        for state, (one, many) in words.items()
        if (number := counts.get(state, 0))
    ]


class LoopView(Struct, frozen=True, kw_only=True):
    """One rule's loop at a glance."""

    rule_id: int
    counts: dict[LoopState, int]
    problem: str = ""
    """Why assigning or delivering does not go on; the rule's own problem is about its folder."""
    remedy: str = ""
    problem_since: datetime | None = None
    hook_problem: str = ""

    @property
    def samples(self) -> int:
        """All samples of the rule."""
        return sum(self.counts.values())

    @property
    def under_way(self) -> int:
        """Samples that still move by themselves."""
        return sum(self.counts.get(state, 0) for state in UNDER_WAY)

    @property
    def text(self) -> str:
        """One line: the trouble if there is one, else what it waits for, else what it did."""
        if self.problem:
            return self.problem
        parts = [
            plural(number, STATE_WORDS[state], _MANY.get(state, STATE_WORDS[state]))
            for state in _ORDER
            if (number := self.counts.get(state, 0))
        ]
        return ", ".join(parts) or "no samples yet"


_ORDER = (
    LoopState.HELD,
    LoopState.TO_ASSIGN,
    LoopState.COLLECTING,
    LoopState.READY,
    LoopState.ASSIGNING,
    LoopState.ANALYSING,
    LoopState.RESULTS,
    LoopState.RESTORING,
    LoopState.DELIVERING,
    LoopState.ARCHIVED,
    LoopState.FAILED,
    LoopState.UPLOADED,
    LoopState.FINISHED,
    LoopState.DELIVERED,
)


def loop_view(ledger: Ledger, rule_id: int) -> LoopView:
    """A rule's loop as the ledger has it now."""
    remembered = ledger.loop.rule(rule_id)
    return LoopView(
        rule_id=rule_id,
        counts=ledger.loop.counts(rule_id),
        problem=remembered.problem,
        remedy=remembered.remedy,
        problem_since=remembered.problem_since,
        hook_problem=remembered.hook_problem,
    )


def status_document(ledger: Ledger, rule: WatchRule) -> dict[str, object]:
    """What a monitoring system reads about a rule; JSON-able.

    ``state``: ``ok``, ``attention`` (something waits for a person), ``problem``, ``paused``. The file of a
    rule whose engine has ended says ``stopped``.
    """
    view = loop_view(ledger, rule.id)
    files = ledger.rules.counts(rule.id)
    problem = rule.problem or view.problem
    waiting = view.counts.get(LoopState.HELD, 0) or view.counts.get(LoopState.TO_ASSIGN, 0)
    attention = waiting or ledger.loop.stuck(rule.id)
    if not rule.active:
        state = "paused"
    elif problem:
        state = "problem"
    elif attention or files.get("failed", 0) or files.get("held", 0) or view.hook_problem:
        state = "attention"
    else:
        state = "ok"
    return {
        "state": state,
        "rule": {
            "id": rule.id,
            "name": rule.name,
            "folder": _readable(rule.folder),
            "destination": str(rule.destination),
            "project_id": rule.project,
        },
        "text": _readable(problem or view.text),
        "problem": _readable(problem),
        "remedy": view.remedy,
        "problem_since": view.problem_since,
        "hook_problem": view.hook_problem,
        "files": files,
        "samples": {str(state): view.counts.get(state, 0) for state in LoopState},
        "waits_for": _waits_for(ledger, rule.id),
        "files_pending": [
            {
                "file": _readable(found.path),
                "state": found.state,
                "reason": _readable(found.reason),
                "remedy": _readable(found.remedy),
            }
            for found in ledger.rules.pending(rule.id, _NAMED)
        ],
        "files_failed": [
            {"file": _readable(path), "reason": _readable(reason), "remedy": _readable(remedy)}
            for path, reason, remedy in ledger.rules.failed(rule.id, _NAMED)
        ],
        "notices": ledger.rules.status(rule.id).notices,
        "written": datetime.now(UTC),
    }


_NAMED = 20


def _waits_for(ledger: Ledger, rule_id: int) -> list[dict[str, str]]:
    """The samples that need a person or a mate first, then those under way; not the whole list."""
    waiting = (LoopState.HELD, LoopState.TO_ASSIGN, LoopState.COLLECTING)
    chosen = ledger.loop.samples(rule_id, waiting, _NAMED)
    if len(chosen) < _NAMED:
        rest = tuple(state for state in UNDER_WAY if state not in waiting)
        chosen += ledger.loop.samples(rule_id, rest, _NAMED - len(chosen))
    return [
        {
            "client_id": ours.client_id,
            "sample_id": ours.sample_id,
            "state": str(ours.state),
            "reason": ours.reason or STATE_WORDS[ours.state],
            "remedy": ours.remedy,
        }
        for ours in chosen
    ]


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
