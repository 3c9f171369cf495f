"""What watch rules tell, as a toast or with the bell, where a rule asks for it (``toast`` and ``bell``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gencove_tui.engine.views import Snapshot
from gencove_tui.tui.format import clean
from gencove_tui.tui.rule_words import UNKNOWN, Names

MOST = 3
"""Events that get a toast each; more than that are counted."""
_LOOKS = {"error": "error", "warning": "warning"}


class RuleNews:
    """Reads the new events of each snapshot. ``say`` shows a toast, ``ring`` rings the bell; ``names`` knows
    what projects are called.
    """

    def __init__(self, say: Callable[..., Any], ring: Callable[[], Any], names: Names = UNKNOWN) -> None:
        self._say, self._ring, self._names = say, ring, names
        self._seen: int | None = None

    def read(self, snapshot: Snapshot) -> None:
        """Tell what happened since the last snapshot; the first tells nothing."""
        seen, self._seen = self._seen, max((event.id for event in snapshot.events), default=self._seen or 0)
        if seen is None:
            return
        rules = {view.rule.id: view.rule for view in snapshot.rules}
        fresh = [
            (event, rules[event.rule_id])
            for event in reversed(snapshot.events)
            if event.id > seen and event.rule_id in rules
        ]
        if any(event.severity in rule.bell for event, rule in fresh):
            self._ring()
        # A transfer that failed gets its toast as every other does.
        shown = [
            (e, rule) for e, rule in fresh if e.severity in rule.toast and not e.kind.endswith("load.failed")
        ]
        for event, rule in shown[:MOST]:
            look = _LOOKS.get(event.severity, "information")
            self._say(self._names.event(event), title=clean(rule.name), severity=look)
        if len(shown) > MOST:
            self._say(f"{len(shown) - MOST:,} more are in the watch pane's events.")
