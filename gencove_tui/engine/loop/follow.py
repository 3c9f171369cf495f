"""Following the rule's samples through their analysis until a final status, by poll or by webhook's nudge."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from gencove_tui.api.changes import SampleFollower
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.loop.record import analysis_failed, analysis_succeeded, tell
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.engine.work import Work
from gencove_tui.model import Capability, LoopSample, LoopState, Sample

log = logging.getLogger(__name__)

FOLLOWED = (LoopState.ANALYSING, LoopState.ARCHIVED)
"""States that a change on the other side ends."""
_LOOKED_AT = 20
"""Samples that are asked for one by one in one look."""
_ASK_AGAIN_SECONDS = 900.0
"""A sample of which no change was heard for so long is asked for by itself."""
_ASK_SOONER_SECONDS = 120.0
"""The same where no list tells a status, as v1's may not."""
GONE = ("archived", "restore_requested", "restore_accepted", "restore_started")
"""Archive statuses in which nothing can be downloaded; unknown words are taken as available (api-v2 §5)."""


class Follower:
    """One rule's look at its project."""

    def __init__(self, work: Work, rule_id: int, wants: Wants) -> None:
        self._work = work
        self._rule_id = rule_id
        self._wants = wants
        self._loop = work.ledger.loop
        remembered = self._loop.rule(rule_id)
        since = remembered.since if remembered.project_id == wants.project_id else None
        self._changes = SampleFollower(work.api, wants.project_id, since=since)
        self._asked: dict[int, float] = {}
        self._nudged: set[str] = set()

    def nudge(self, sample_ids: Iterable[str]) -> None:
        """A webhook named these samples: they are asked for at the next look."""
        self._nudged.update(sample_ids)

    async def begin(self) -> None:
        """Learn where the project's list stands, before the first sample of ours is in it."""
        if not self._wants.project_id:
            return
        if self._changes.since is None and Capability.MODIFIED_AFTER in self._work.api.capabilities:
            await self._changes.look()
            self._loop.set_since(self._rule_id, self._wants.project_id, self._changes.since)

    def open(self) -> bool:
        """Whether there is anything to follow."""
        counts = self._loop.counts(self._rule_id)
        return bool(self._nudged) or any(counts.get(state, 0) for state in FOLLOWED)

    async def step(self) -> int:
        """One look; returns how many samples moved. Raises ``ApiProblem``; nothing is lost by that."""
        known = {s.sample_id: s for s in self._loop.samples(self._rule_id, FOLLOWED) if s.sample_id}
        moved = 0
        if self._wants.project_id:
            changes = await self._changes.look()
            with self._work.ledger.write():
                for sample in changes.samples:
                    if (ours := known.pop(sample.id, None)) is not None:
                        moved += self._judge(ours, sample)
                self._loop.set_since(self._rule_id, self._wants.project_id, self._changes.since)
        for ours in self._overlooked(known):
            moved += await self._ask(ours)
        self._nudged.clear()
        return moved

    def _overlooked(self, known: dict[str, LoopSample]) -> list[LoopSample]:
        """Samples to ask for one by one: those a webhook named, and those nothing was heard of for long.

        The second kind covers what no list of changes tells, such as a move into the archive or out of it.
        """
        now = time.monotonic()
        named = [ours for sample_id, ours in known.items() if sample_id in self._nudged]
        silent = [ours for ours in known.values() if ours not in named and self._silent(ours, now)]
        return (named + silent)[:_LOOKED_AT]

    def _silent(self, ours: LoopSample, now: float) -> bool:
        # Those of a project that the rule had before are in no list that is looked at.
        listed = ours.project_id == self._wants.project_id
        wait = _ASK_AGAIN_SECONDS if ours.status and listed else _ASK_SOONER_SECONDS
        if ours.id not in self._asked:
            # After a start, what a list of changes can't tell may have been missed: asked for at once.
            told = ours.status and listed and Capability.MODIFIED_AFTER in self._work.api.capabilities
            self._asked[ours.id] = now if told else now - wait
        return now - self._asked[ours.id] >= wait

    async def _ask(self, ours: LoopSample) -> bool:
        self._asked[ours.id] = time.monotonic()
        try:
            sample = await self._work.api.sample(ours.project_id, ours.sample_id)
        except ApiProblem as problem:
            if problem.kind is not Kind.NOT_FOUND:
                raise
            with self._work.ledger.write():
                gone(self._work, ours)
            return True
        with self._work.ledger.write():
            return self._judge(ours, sample)

    def _judge(self, ours: LoopSample, sample: Sample) -> bool:
        """Take over what Gencove says of a sample; returns whether it moved."""
        if sample.status != ours.status:
            self._loop.note_status(ours.id, sample.status)
            self._asked[ours.id] = time.monotonic()
        if not is_over(sample):
            return False
        if ours.state is LoopState.ARCHIVED and sample.archive_status in GONE:
            return False
        if self._wants.deliverables or analysis_failed(sample.status):
            self._loop.move([ours.id], LoopState.RESULTS)
        else:
            self._loop.move([ours.id], LoopState.FINISHED, reason=f"analysis {sample.status or 'ended'}")
            tell(self._work.ledger, ours.id, "sample.finished", f"analysis {sample.status or 'ended'}")
        return True


def is_over(sample: Sample) -> bool:
    """Whether the analysis has ended. v1 may keep no status: then results that can be fetched tell it."""
    if analysis_failed(sample.status) or analysis_succeeded(sample.status):
        return True
    return not sample.status and any(file.url for file in sample.deliverables or ())


def gone(work: Work, ours: LoopSample) -> None:
    """The sample is no longer in its project; call it inside ``ledger.write()``."""
    work.ledger.loop.move(
        [ours.id],
        LoopState.FAILED,
        reason="the sample is gone from the project",
        remedy="Somebody deleted it.",
    )
    tell(work.ledger, ours.id, "sample.failed", "the sample is gone from the project")
