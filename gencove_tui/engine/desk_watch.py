"""What a desk does about watch rules and the two logs."""

from __future__ import annotations

import asyncio
import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gencove_tui.config import Settings
from gencove_tui.engine import looking
from gencove_tui.engine.loop.export import as_csv
from gencove_tui.engine.loop.words import loop_view
from gencove_tui.engine.views import RuleView
from gencove_tui.engine.views_remote import Progress
from gencove_tui.engine.views_watch import RuleDetail
from gencove_tui.errors import Problem
from gencove_tui.model import AuditEntry, Event, LoopSample, RuleTerms, WatchRule
from gencove_tui.store.ledger import Ledger

if TYPE_CHECKING:  # watching is needed when it is asked for, not at each start
    from gencove_tui.engine.watch.dry_run import DryRun

T = TypeVar("T")

_SHOWN = 100
_TOLD_SECONDS = 0.25
"""How often a dry run tells how far it is."""


class WatchUseCases(ABC):
    """Implements ``views_watch.WatchDesk`` on one ledger."""

    _settings: Settings
    _ledger: Ledger

    @abstractmethod
    async def _write(self, act: Callable[[Ledger], T]) -> T:
        """Write through a connection of its own in a thread."""

    def _rule_views(self) -> list[RuleView]:
        views = []
        rules = self._ledger.rules
        for rule in rules.all():
            counts, loop = rules.counts(rule.id), loop_view(self._ledger, rule.id)
            views.append(
                RuleView(
                    rule=rule,
                    settling=counts.get("settling", 0),
                    waiting=counts.get("waiting", 0),
                    held=counts.get("held", 0),
                    queued=counts.get("queued", 0),
                    uploaded=counts.get("uploaded", 0),
                    failed=counts.get("failed", 0),
                    ignored=counts.get("ignored", 0),
                    last_name=Path(rules.last_name(rule.id)).name,
                    status=rules.status(rule.id),
                    sample_counts=loop.counts,
                    samples=loop.text if loop.samples or loop.problem else "",
                    samples_problem=loop.problem,
                    samples_remedy=loop.remedy,
                )
            )
        return views

    def rule_detail(self, rule_id: int) -> RuleDetail | None:
        """One rule with what it waits for."""
        rule = self._ledger.rules.get(rule_id)
        if rule is None:
            return None
        return RuleDetail(
            rule=rule,
            pending=tuple(self._ledger.rules.pending(rule_id, _SHOWN)),
            ignored=tuple(self._ledger.rules.ignored(rule_id, _SHOWN)),
            samples=tuple(self._ledger.loop.newest(_SHOWN, rule_id)),
        )

    async def switch_rule(self, rule_id: int) -> bool:
        """Pause a watch rule, or resume it."""
        return await self._write(lambda ledger: ledger.rules.switch(rule_id))

    async def releasable(self, rule_id: int) -> tuple[LoopSample, ...]:
        """Samples that wait for a person's word."""
        from gencove_tui.engine.loop.collect import releasable

        return await self._write(lambda ledger: releasable(ledger, rule_id))

    async def release(self, numbers: Sequence[int]) -> int:
        """Let these samples go on."""
        from gencove_tui.engine.loop.collect import release

        return await self._write(lambda ledger: sum(release(ledger, number) for number in numbers))

    async def put_rule(self, name: str, terms: RuleTerms, before: WatchRule | None = None) -> WatchRule:
        """Make or change a rule."""
        from gencove_tui.engine.watch.rulebook import add_rule, change_rule

        if before is None:
            return await self._write(lambda ledger: add_rule(self._settings, ledger, name, terms))
        return await self._write(lambda ledger: change_rule(self._settings, ledger, before, terms))

    async def remove_rule(self, name: str) -> None:
        """Take a rule away."""
        from gencove_tui.engine.watch.rulebook import drop_rule

        await self._write(lambda ledger: drop_rule(self._settings, ledger, name))

    async def try_rule(self, terms: RuleTerms, name: str = "", *, progress: Progress | None = None) -> DryRun:
        """What a rule would take, by what the rule of that name knows."""
        from gencove_tui.engine.watch.dry_run import dry_run, recall
        from gencove_tui.engine.watch.look import Look

        memory = await self._write(lambda ledger: recall(ledger, terms, name))
        look = Look()
        act = partial(dry_run, terms, name or "rule", memory, look)
        waiting = looking.look("dry run", Path(terms.folder), act, waits=lambda: None)
        trial = asyncio.create_task(waiting)
        try:
            while not (await asyncio.wait({trial}, timeout=_TOLD_SECONDS))[0]:
                if progress is not None:
                    progress(look.seen, 0)
            return trial.result()
        finally:
            look.given_up = True  # its thread would go on through a whole disk

    async def audit(self, search: str = "", *, limit: int = 500) -> tuple[AuditEntry, ...]:
        """The newest entries of the audit log."""
        return await self._write(lambda ledger: tuple(ledger.audit.newest(limit, search=search)))

    async def export_events(self, path: Path, events: Sequence[Event]) -> None:
        """Write events as CSV."""

        def save() -> None:
            with _writing(path), path.open("w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(("time", "kind", "message", "transfer", "rule"))
                for event in events:
                    rows.writerow(
                        (event.time.isoformat(), event.kind, event.message, event.transfer_id, event.rule_id)
                    )

        await asyncio.to_thread(save)

    async def export_audit(self, path: Path, search: str = "") -> int:
        """Write the audit log as CSV."""

        def save(ledger: Ledger) -> int:
            entries = list(ledger.audit.entries(search=search))
            with _writing(path):
                path.write_text("".join(_lines(as_csv(entries))), encoding="utf-8")
            return len(entries)

        return await self._write(save)


def _lines(lines: Iterable[str]) -> Iterable[str]:
    return (line if line.endswith("\n") else line + "\n" for line in lines)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turns trouble with a file into a ``Problem``; makes its folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise Problem(f"{path} can't be written", why, "Choose another folder.") from error
