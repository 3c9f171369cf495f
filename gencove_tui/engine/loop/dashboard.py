"""v1: its API can't assign uploads, the dashboard can (api-v1 §5.4). So a person is told what to assign, once
for each batch, and the samples are recognised when they appear in the rule's project.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

from gencove_tui.api.paging import every
from gencove_tui.engine.loop.assign import note_assigned, note_twin
from gencove_tui.engine.loop.claims import hold_namesakes, twins_of
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.engine.words import plural
from gencove_tui.engine.work import Work
from gencove_tui.model import LoopSample, LoopState, Page, Sample
from gencove_tui.store.ledger import Ledger

_MOST = 1_000_000
_BATCH_SECONDS = 600.0
"""How long a notice waits for the rule's other uploads."""
_TOLD = "to assign"
_OTHERS = "another rule has told that these files are to be assigned"
_NAMED = 8
"""Client ids that a notice spells out."""


class Dashboard:
    """The part of a person, for one rule. ``step`` raises the ``ApiProblem`` that stands in its way."""

    def __init__(self, work: Work, rule_id: int, wants: Wants) -> None:
        self._work = work
        self._rule_id = rule_id
        self._wants = wants
        self._loop = work.ledger.loop

    def open(self) -> bool:
        """Whether anything waits for a look at the project."""
        counts = self._loop.counts(self._rule_id)
        if counts.get(LoopState.READY, 0) or counts.get(LoopState.TO_ASSIGN, 0):
            return True
        return self._loop.never_looked(self._rule_id)

    async def step(self) -> int:
        """Look at the project, recognise samples, tell what is to be assigned; returns how many moved."""
        listing = await self._samples()
        by_client: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in listing:
            by_client[sample.client_id].append(sample)
        claimed = self._loop.claimed([sample.id for sample in listing])
        moved = 0
        with self._work.ledger.write():
            moved += self._leave_to_others()
            for ours in self._loop.samples(self._rule_id, _BEFORE_ASSIGNED):
                before = self._loop.before(ours.id)
                if before is None:
                    # Client ids aren't unique: what the project has already is not made of these files.
                    self._loop.note_before(ours.id, [s.id for s in by_client[ours.client_id]])
                    continue
                if ours.state is LoopState.COLLECTING or ours.reason == _OTHERS:
                    continue
                new = [s for s in by_client[ours.client_id] if s.id not in before and s.id not in claimed]
                if new:
                    claimed.add(new[0].id)
                    note_assigned(self._work, ours, new[0].id, self._wants.project_id, "seen assigned")
                    moved += 1
            moved += self._tell_what_to_do()
        return moved

    def _leave_to_others(self) -> int:
        """What another rule asks a person to assign is not asked for twice; returns how many moved."""
        ready = self._loop.samples(self._rule_id, (LoopState.READY,))
        twins = twins_of(self._work.ledger, self._rule_id, self._wants.project_id, ready)
        moved = 0
        for ours in ready:
            twin = twins.get(ours.id)
            if twin is not None and twin.sample_id:
                note_twin(self._work, ours, twin)
                moved += 1
            elif (reason := "" if twin is None else _OTHERS) != ours.reason:
                self._loop.move([ours.id], LoopState.READY, reason=reason)
        return moved

    def _tell_what_to_do(self) -> int:
        ready = [
            ours
            for ours in self._loop.samples(self._rule_id, (LoopState.READY,))
            if self._loop.before(ours.id) is not None and ours.reason != _OTHERS
        ]
        if ready and more_to_come(self._work.ledger, self._rule_id, ready):
            return 0
        ready = hold_namesakes(self._work.ledger, self._wants.project_id, ready)
        by_folder: defaultdict[str, list[LoopSample]] = defaultdict(list)
        for ours in ready:
            by_folder[ours.folder].append(ours)
        for folder, samples in by_folder.items():
            words = what_to_do(samples, folder, self._wants.project_id)
            self._loop.move(
                [ours.id for ours in samples],
                LoopState.TO_ASSIGN,
                reason="waits to be assigned in the dashboard",
                remedy=f"Assign {folder} to project {self._wants.project_id} in Gencove's dashboard.",
            )
            self._work.ledger.events.add(
                "rule.to_assign",
                words,
                {
                    "folder": folder,
                    "project_id": self._wants.project_id,
                    "client_ids": [ours.client_id for ours in samples],
                },
                rule_id=self._rule_id,
            )
        return len(ready)

    async def _samples(self) -> list[Sample]:
        async def window(offset: int, limit: int) -> Page[Sample]:
            return await self._work.api.samples(self._wants.project_id, offset=offset, limit=limit)

        return [sample async for sample in every(window, limit=_MOST)]


_BEFORE_ASSIGNED = (LoopState.COLLECTING, LoopState.READY, LoopState.TO_ASSIGN)


def tell_uploaded(ledger: Ledger, rule_id: int) -> None:
    """A rule without a project: say once for each batch what went up; only a person can go on with it."""
    fresh = ledger.loop.untold(rule_id, (LoopState.UPLOADED,), _TOLD)
    if not fresh or more_to_come(ledger, rule_id, fresh):
        return
    by_folder: defaultdict[str, list[LoopSample]] = defaultdict(list)
    for ours in fresh:
        by_folder[ours.folder].append(ours)
    with ledger.write():
        for folder, samples in by_folder.items():
            numbers = [ours.id for ours in samples]
            reason = f"assign {folder} to a project in Gencove's dashboard"
            ledger.loop.move(numbers, LoopState.UPLOADED, reason=reason)
            ledger.loop.note_told(numbers, _TOLD)
            ledger.events.add(
                "rule.to_assign",
                what_to_do(samples, folder, ""),
                {"folder": folder, "project_id": "", "client_ids": [ours.client_id for ours in samples]},
                rule_id=rule_id,
            )


def more_to_come(ledger: Ledger, rule_id: int, ready: Sequence[LoopSample]) -> bool:
    """Whether the batch still grows: one notice for a run rather than one for each sample."""
    first = min(ours.changed.timestamp() for ours in ready if ours.changed)
    return ledger.transfers.unfinished_for_rule(rule_id) > 0 and first <= time.time() < first + _BATCH_SECONDS


def what_to_do(samples: Sequence[LoopSample], folder: str, project_id: str) -> str:
    """The notice for people: what is to be assigned where; to any project where the rule names none."""
    names = [ours.client_id for ours in samples]
    where = f"project {project_id}" if project_id else "a project"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"to do in Gencove's dashboard: assign {plural(len(names), 'sample')} in {folder} to {where}:"
        f" {', '.join(names[:_NAMED])}{more}"
    )
