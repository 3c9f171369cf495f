"""Assigning complete samples to the rule's project: once each, and only the rule's own uploads (api-v2 §11).

Assigning starts an analysis, which costs money, and there is no idempotency key. So: an intent in the ledger,
the request, its outcome in the ledger; and before any request the sample sheet is asked which of these very
uploads are assigned already (transfer-anchors §3.2). Whatever else lies under the prefix plays no part.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.loop.claims import hold_namesakes, twins_of
from gencove_tui.engine.loop.record import NO_PROJECT, hold, tell
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.engine.work import Work
from gencove_tui.model import LoopSample, LoopState

if TYPE_CHECKING:
    from gencove_tui.api.v2.sheet import Assigned, SheetRow
    from gencove_tui.store.loop_neighbours import Twin

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Samples in one request (api-v2 §17)."""
INTENT_SECONDS = 40.0
"""After a crash between intent and outcome, how long the server gets to finish before it is asked."""
_UNLISTED_SECONDS = (5.0, 10.0, 20.0, 60.0, 120.0, 300.0)
"""Waits for the sample sheet to list what was uploaded."""
_OTHERS_SECONDS = 5.0
"""Between two looks at whether another rule has assigned the same files."""
_OTHERS_OFTEN = 24
"""Looks after which that is shown as a trouble."""
_HELD_OFTEN = 3
"""Looks after which an upload that the sheet doesn't list is shown as a trouble."""
_LOOK_THERE = "Look whether its uploads were deleted in Gencove; if so, upload them again."
_REFUSED = frozenset({Kind.INVALID, Kind.CONFLICT})
_NOTHING_DONE = frozenset(
    {Kind.UNAUTHORIZED, Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.INVALID, Kind.MAINTENANCE, Kind.INSECURE}
)


class Assigner:
    """The assigning of one rule. ``step`` raises the ``ApiProblem`` that keeps the rule from going on."""

    def __init__(self, work: Work, rule_id: int, wants: Wants) -> None:
        self._work = work
        self._rule_id = rule_id
        self._wants = wants
        self._loop = work.ledger.loop

    def due(self) -> list[LoopSample]:
        """Samples that may be assigned now."""
        return self._loop.due(self._rule_id, (LoopState.READY, LoopState.ASSIGNING))

    def settle_intents(self) -> None:
        """At the start: what was being sent when the last engine ended is asked about a little later."""
        later = time.time() + INTENT_SECONDS
        for sample in self._loop.samples(self._rule_id, (LoopState.ASSIGNING,)):
            changed = sample.changed.timestamp() if sample.changed else later
            self._loop.move(
                [sample.id],
                LoopState.ASSIGNING,
                reason="asks what became of an assignment that was cut short",
                # By the intent's own time where the clock can be believed, never longer than that from now.
                retry_at=min(changed + INTENT_SECONDS, later),
            )

    async def step(self) -> None:
        """Assign all that is due."""
        for portion in _portions(self.due()):
            await self._assign(portion)

    async def _assign(self, samples: Sequence[LoopSample]) -> None:
        """One folder's samples, at most ``AT_ONCE``, never none."""
        samples = self._leave_to_others(samples)
        samples = hold_namesakes(self._work.ledger, self._wants.project_id, samples)
        if not samples:
            return
        rows = {sample.id: row_of(sample) for sample in samples}
        already, free = await self._work.api.sheet.assigned(list(rows.values()))
        await self._take_over(samples, already)
        taken = {upload_id for one in already for upload_id in one.upload_ids}
        open_ids = {upload_id for row in free for upload_id in row.upload_ids}
        left = [s for s in samples if not rows[s.id].upload_ids & taken]
        self._wait_for_sheet([s for s in left if not rows[s.id].upload_ids <= open_ids])
        free_ones = [s for s in left if rows[s.id].upload_ids <= open_ids]
        if self._wants.project_id:
            await self._send(free_ones)
        else:  # taken out of the rule after an intent was noted
            self._loop.move([s.id for s in free_ones], LoopState.UPLOADED, reason=NO_PROJECT)

    async def _take_over(self, samples: Sequence[LoopSample], already: Sequence[Assigned]) -> None:
        """Samples that exist already, by an earlier request of ours or by somebody's hand."""
        for one in already:
            project_id = self._wants.project_id
            try:
                sample = await self._work.api.sample(project_id, one.sample_id)
                project_id = sample.project_id or project_id
            except ApiProblem as problem:
                if problem.kind is not Kind.NOT_FOUND:
                    raise
            self._note_assigned(samples, [one], "found assigned already", project_id)

    async def _send(self, samples: Sequence[LoopSample]) -> None:
        """Intent, request, outcome; a refusal that one sample caused doesn't stop the others."""
        if not samples:
            return
        try:
            await self._post(samples)
        except ApiProblem as problem:
            if problem.kind not in _REFUSED or problem.perhaps_done or len(samples) == 1:
                raise
            await self._one_by_one(samples, problem)

    async def _one_by_one(self, samples: Sequence[LoopSample], refusal: ApiProblem) -> None:
        """The whole batch was refused: find out whether the project or single samples are to blame."""
        refused: list[tuple[LoopSample, ApiProblem]] = []
        for sample in samples[:2]:
            try:
                await self._post([sample])
            except ApiProblem as problem:
                if problem.kind not in _REFUSED:
                    raise
                refused.append((sample, problem))
        if len(refused) == 2 and refused[0][1].why == refused[1][1].why:
            raise refusal  # the same words for different samples: it is about the project
        for sample, reason in refused:
            self._refuse(sample, reason)
        rest = samples[2:]
        for half in (rest[: len(rest) // 2], rest[len(rest) // 2 :]):
            try:
                await self._send(half)
            except ApiProblem as problem:
                if problem.kind not in _REFUSED or len(half) != 1:
                    raise
                self._refuse(half[0], problem)

    def _refuse(self, sample: LoopSample, problem: ApiProblem) -> None:
        hold(
            self._work.ledger,
            [sample.id],
            f"Gencove refused to assign it: {problem.why or problem.what}",
            problem.remedy,
        )

    async def _post(self, samples: Sequence[LoopSample]) -> None:
        with self._work.ledger.write():
            # Looked at and noted in one: another rule may have got so far while Gencove was asked.
            samples = self._leave_to_others(samples)
            self._loop.move([sample.id for sample in samples], LoopState.ASSIGNING, count_try=True)
        if not samples:
            return
        try:
            made = await self._work.api.sheet.assign(
                self._wants.project_id, [row_of(sample) for sample in samples], metadata=self._wants.metadata
            )
        except ApiProblem as problem:
            done: Iterable[Assigned] = getattr(problem, "done", ())
            self._note_assigned(samples, [one for one in done if not isinstance(one, str)], "assigned")
            undecided = [s.id for s in samples if self._state(s.id) is LoopState.ASSIGNING]
            if problem.kind in _NOTHING_DONE and not problem.perhaps_done:
                self._loop.move(undecided, LoopState.READY, reason=problem.why or problem.what)
            else:
                self._loop.move(
                    undecided,
                    LoopState.ASSIGNING,
                    reason=f"not clear yet whether it was assigned: {problem.why or problem.what}",
                    remedy="It is asked again by itself, and assigned only if it was not.",
                    retry_at=time.time() + INTENT_SECONDS,
                )
            raise
        self._note_assigned(samples, made, "assigned")

    def _leave_to_others(self, samples: Sequence[LoopSample]) -> list[LoopSample]:
        """The samples that no other rule of this profile assigns; two rules may well take the same files."""
        twins = twins_of(self._work.ledger, self._rule_id, self._wants.project_id, samples)
        left = []
        for sample in samples:
            twin = twins.get(sample.id)
            if twin is None or sample.state is LoopState.ASSIGNING:  # our own intent came first
                left.append(sample)
            elif twin.sample_id:
                with self._work.ledger.write():
                    note_twin(self._work, sample, twin)
            else:
                self._loop.move(
                    [sample.id],
                    sample.state,
                    reason="another rule is about to assign these files",
                    remedy="" if sample.tries < _OTHERS_OFTEN else "If it stays so, let that rule go on.",
                    retry_at=time.time() + _OTHERS_SECONDS,
                    count_try=True,
                )
        return left

    def _state(self, number: int) -> LoopState | None:
        sample = self._loop.get(number)
        return sample.state if sample else None

    def _note_assigned(
        self, samples: Sequence[LoopSample], made: Iterable[Assigned], word: str, project_id: str = ""
    ) -> None:
        by_upload = {upload_id: one for one in made for upload_id in one.upload_ids}
        found = []
        for sample in samples:
            for read in sample.reads():
                if (one := by_upload.get(read.upload_id)) is not None:
                    found.append((sample, one.sample_id))
                    break
        if not found:
            return
        with self._work.ledger.write():
            for sample, sample_id in found:
                note_assigned(self._work, sample, sample_id, project_id or self._wants.project_id, word)

    def _wait_for_sheet(self, samples: Sequence[LoopSample]) -> None:
        """Uploads that Gencove lists neither as assigned nor as free: nothing is done blindly."""
        for sample in samples:
            pause = _UNLISTED_SECONDS[min(sample.tries, len(_UNLISTED_SECONDS) - 1)]
            self._loop.move(
                [sample.id],
                sample.state,
                reason="waits until Gencove's sample sheet lists its files",
                remedy="" if sample.tries < _HELD_OFTEN else _LOOK_THERE,
                retry_at=time.time() + pause,
                count_try=True,
            )
            if sample.tries == _HELD_OFTEN:
                tell(
                    self._work.ledger,
                    sample.id,
                    "sample.unlisted",
                    f"can't be assigned: Gencove does not list its files. {_LOOK_THERE}",
                )


def row_of(sample: LoopSample) -> SheetRow:
    """The row to assign: this sample's own uploads by their ids, whatever the server would pair."""
    from gencove_tui.api.v2.sheet import SheetRead, SheetRow

    reads = {
        file.read: SheetRead(upload_id=file.upload_id, path=file.name, status="succeeded")
        for file in sample.reads()
    }
    return SheetRow(client_id=sample.client_id, r1=reads.get("R1"), r2=reads.get("R2"))


def note_assigned(work: Work, sample: LoopSample, sample_id: str, project_id: str, word: str) -> None:
    """The outcome: state, audit and event in one; call it inside ``ledger.write()``."""
    ledger = work.ledger
    ledger.loop.assigned(sample.id, sample_id, project_id)
    for file in sample.reads():
        ledger.audit.add(
            "assign",
            "done",
            rule_id=sample.rule_id,
            transfer_id=file.transfer_id,
            local_path=file.local_path,
            remote=file.name,
            bytes=file.size,
            checksum=file.checksum,
            sample_id=sample_id,
            client_id=sample.client_id,
            project_id=project_id,
            detail=f"{word}, {file.read}" + (f", upload {file.upload_id}" if file.upload_id else ""),
        )
    tell(ledger, sample.id, "sample.assigned", f"{word} to project {project_id}")


def note_twin(work: Work, sample: LoopSample, twin: Twin) -> None:
    """What another rule has made of the same files is this rule's sample too; in ``ledger.write()``."""
    note_assigned(work, sample, twin.sample_id, twin.project_id, "found assigned by another rule")


def _portions(samples: Sequence[LoopSample]) -> list[list[LoopSample]]:
    """By folder, so that the sheet is asked for that folder only, and by number."""
    by_folder: defaultdict[str, list[LoopSample]] = defaultdict(list)
    for sample in samples:
        by_folder[sample.folder].append(sample)
    return [
        group[start : start + AT_ONCE]
        for group in by_folder.values()
        for start in range(0, len(group), AT_ONCE)
    ]
