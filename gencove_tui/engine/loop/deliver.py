"""Results of finished samples: reported when they are bad, queued once as downloads when they are wanted.

Queueing is one transaction of the ledger: after a crash the downloads and the sample's state are both there
or both not, so nothing is queued twice and nothing forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.loop.follow import GONE, gone
from gencove_tui.engine.loop.record import analysis_failed, settle_delivery, tell
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.engine.outcome import backoff
from gencove_tui.engine.planning import check_download_folder
from gencove_tui.engine.targets import DOCUMENTS, documents_of, target_path
from gencove_tui.engine.words import plural
from gencove_tui.engine.work import Work
from gencove_tui.model import (
    Capability,
    Deliverable,
    Direction,
    DownloadSource,
    LoopFile,
    LoopSample,
    LoopState,
    Sample,
    TransferState,
)
from gencove_tui.store.loop import FAR_AHEAD

AT_ONCE = 20
"""Samples whose results are looked up in one step."""
_MISSING_SECONDS = (10.0, 30.0, 60.0, 300.0)
"""Waits for wanted files that a finished sample doesn't have yet."""
_OFTEN = 8
"""Looks in vain after which that is told."""
_RESTORE_SECONDS = (60.0, 300.0, 900.0)
"""Waits between looks at a sample that comes back from the archive, which takes hours."""
_ASKING = "is being asked back from the archive"
_ASKED_BACK_SECONDS = 120.0
"""How long the server gets to show that it took a request to restore, before it is made again."""


class Deliverer:
    """The deliveries of one rule. ``step`` raises the ``Problem`` that keeps the rule from going on."""

    def __init__(self, work: Work, rule_id: int, wants: Wants) -> None:
        self._work = work
        self._rule_id = rule_id
        self._wants = wants
        self._loop = work.ledger.loop

    def due(self) -> list[LoopSample]:
        """Samples whose results can be looked up now."""
        return self._loop.due(self._rule_id, (LoopState.RESULTS, LoopState.RESTORING))

    async def step(self) -> int:
        """Look up and queue what is due; returns how many samples moved."""
        moved = self._give_up_lost()
        failed_before = False
        for ours in self.due()[:AT_ONCE]:
            try:
                moved += await self._take(ours)
            except ApiProblem as problem:
                if failed_before:
                    raise  # not about one sample
                failed_before = True
                self._later(ours, problem)
            else:
                failed_before = False
        return moved

    def _later(self, ours: LoopSample, problem: ApiProblem) -> None:
        """A sample that can't be looked at now doesn't stand in the way of the others."""
        why = f"{problem.what}: {problem.why}" if problem.why else problem.what
        self._loop.move(
            [ours.id],
            ours.state,
            reason=why,
            remedy=problem.remedy,
            retry_at=time.time() + min(problem.retry_after or backoff(ours.tries + 1), FAR_AHEAD),
            count_try=True,
        )
        if ours.tries == _OFTEN:
            tell(self._work.ledger, ours.id, "sample.delayed", f"its results can't be looked up: {why}")

    def _give_up_lost(self) -> int:
        """Downloads that the user cancelled, or cleared away, will not come."""
        lost = self._loop.lost_downloads(self._rule_id)
        with self._work.ledger.write():
            for number, name, transfer_id, why in lost:
                self._put(number, name, TransferState.FAILED, transfer_id, problem=f"its download was {why}")
                settle_delivery(self._work.ledger, number)
        return len(lost)

    async def _take(self, ours: LoopSample) -> bool:
        try:
            sample = await self._work.api.sample(ours.project_id, ours.sample_id)
        except ApiProblem as problem:
            if problem.kind is not Kind.NOT_FOUND:
                raise
            with self._work.ledger.write():
                gone(self._work, ours)
            return True
        self._loop.note_status(ours.id, sample.status)
        asked = ours.state is LoopState.RESTORING and ours.reason == _ASKING
        if asked and sample.archive_status != "archived":
            self._note_asked_back(ours)  # nobody heard the answer, yet the request arrived
        reason = await self._why(sample) if analysis_failed(sample.status) else ""
        if reason and self._loop.told(ours.id) != "failed":
            with self._work.ledger.write():
                tell(self._work.ledger, ours.id, "sample.failed", f"{sample.status}: {reason}", reason=reason)
                self._loop.note_told([ours.id], "failed")
        if not self._wants.deliverables:
            self._loop.move([ours.id], LoopState.FAILED, reason=reason)
            return True
        if sample.archive_status in GONE:
            return await self._from_archive(ours, sample)
        return self._deliver(ours, sample, reason)

    async def _why(self, sample: Sample) -> str:
        """Why an analysis failed, as far as Gencove tells: the note, and which quality controls failed."""
        parts = [sample.status_note] if sample.status_note else []
        parts += sample.failed_qc
        if not sample.failed_qc and Capability.QUALITY_CONTROLS in self._work.api.capabilities:
            controls = await self._work.api.quality.of_sample(sample.id)
            parts += [
                control.type.name or control.type.key
                if control.measured is None or control.expected is None
                else f"{control.type.name or control.type.key}"
                f" {control.measured:g}, expected {control.expected:g}"
                for control in controls
                if control.status == "failed"
            ]
        return "; ".join(parts) or "Gencove gives no reason"

    # --- archive -----------------------------------------------------------------------------------------

    async def _from_archive(self, ours: LoopSample, sample: Sample) -> bool:
        if not self._wants.restore or Capability.SAMPLE_ACTIONS not in self._work.api.capabilities:
            with self._work.ledger.write():
                self._loop.move(
                    [ours.id],
                    LoopState.ARCHIVED,
                    reason=f"its results are in the archive ({sample.archive_status})",
                    remedy="Restore the sample; the rule notices. Or let the rule ask archived samples back.",
                )
                tell(self._work.ledger, ours.id, "sample.archived", "its results are in the archive")
            return True
        waited = ours.state is LoopState.RESTORING
        if sample.archive_status != "archived" or (waited and not self._may_ask_again(ours)):
            self._loop.move(
                [ours.id],
                LoopState.RESTORING,
                reason=f"comes back from the archive ({sample.archive_status})",
                retry_at=time.time() + _pause(_RESTORE_SECONDS, ours.tries if waited else 0),
                count_try=True,
            )
            return not waited
        # The intent first: after a crash the archive status says whether the request arrived.
        self._loop.move(
            [ours.id],
            LoopState.RESTORING,
            reason=_ASKING,
            retry_at=time.time() + _pause(_RESTORE_SECONDS, ours.tries if waited else 0),
            count_try=True,
        )
        try:
            await self._work.api.sample_actions.restore(ours.project_id, [ours.sample_id])
        except ApiProblem as problem:
            if not problem.perhaps_done:
                raise
        else:
            self._note_asked_back(ours)
        return True

    def _note_asked_back(self, ours: LoopSample) -> None:
        ledger = self._work.ledger
        with ledger.write():
            now = ledger.loop.get(ours.id)
            retry_at = now.retry_at.timestamp() if now and now.retry_at else None
            ledger.loop.move(
                [ours.id], LoopState.RESTORING, reason="asked back from the archive", retry_at=retry_at
            )
            ledger.audit.add(
                "restore",
                rule_id=ours.rule_id,
                sample_id=ours.sample_id,
                client_id=ours.client_id,
                project_id=ours.project_id,
            )
            tell(ledger, ours.id, "sample.restoring", "asked back from the archive")

    @staticmethod
    def _may_ask_again(ours: LoopSample) -> bool:
        asked = ours.changed.timestamp() if ours.changed else 0.0
        return not asked <= time.time() < asked + _ASKED_BACK_SECONDS

    # --- queueing ------------------------------------------------------------------------------------------

    def _deliver(self, ours: LoopSample, sample: Sample, reason: str) -> bool:
        offered = list(sample.deliverables or ())
        if Capability.QUALITY_CONTROLS in self._work.api.capabilities:
            # Documents come only when they are called by name: "*" means files.
            offered += [d for d in documents_of(sample) if d.file_type in self._wants.deliverables]
        wanted = [file for file in offered if self._wants.takes(file.file_type)]
        missing = self._wants.missing([file.file_type for file in offered])
        failed = analysis_failed(sample.status)
        # What an analysis that failed leaves is fetched as far as it goes, and missed by nobody.
        tries = ours.tries if ours.state is LoopState.RESULTS else 0
        if missing and not failed and tries < len(_MISSING_SECONDS):
            self._loop.move(
                [ours.id],
                LoopState.RESULTS,
                reason=f"waits for {', '.join(missing)}",
                retry_at=time.time() + _MISSING_SECONDS[tries],
                count_try=True,
            )
            return False
        if missing and not failed:
            tell(self._work.ledger, ours.id, "sample.missing", f"has no {', '.join(missing)}")
        if not wanted:
            with self._work.ledger.write():
                self._conclude_empty(ours, reason, missing)
            return True
        self._queue(ours, sample, wanted, reason)
        return True

    def _conclude_empty(self, ours: LoopSample, reason: str, missing: Sequence[str]) -> None:
        words = reason or f"Gencove has none of the wanted files ({', '.join(missing)})"
        state = LoopState.FAILED if reason else LoopState.DELIVERED
        self._loop.move([ours.id], state, reason=words)
        if not reason:
            tell(self._work.ledger, ours.id, "sample.delivered", words)

    def _queue(self, ours: LoopSample, sample: Sample, wanted: Sequence[Deliverable], reason: str) -> None:
        plan = [
            (file, target_path(self._wants.deliver_to, sample, file, self._wants.template)) for file in wanted
        ]
        for parent in {target.parent for _, target in plan}:
            check_download_folder(parent)
        ledger = self._work.ledger
        taken: set[Path] = set()
        with ledger.write():
            for file, target in plan:
                if file.url is None and file.file_type not in DOCUMENTS:
                    self._refuse(ours, file, "Gencove gives no URL for it")
                elif target in taken:
                    self._refuse(ours, file, f"another result of the sample would be saved as {target} too")
                else:
                    self._queue_one(ours, sample, file, target)
                taken.add(target)
            ledger.loop.move([ours.id], LoopState.DELIVERING, reason=reason)
            words = f"results are ready, {plural(len(plan), 'download')} queued"
            tell(ledger, ours.id, "sample.results", words)
            settle_delivery(ledger, ours.id)

    def _queue_one(self, ours: LoopSample, sample: Sample, file: Deliverable, target: Path) -> None:
        transfers = self._work.ledger.transfers
        same = transfers.open_for_path(Direction.DOWNLOAD, str(target))
        if same is not None and (same.source is None or same.source.sample_id != sample.id):
            self._refuse(ours, file, f"another download writes to {target}")
            return
        # Queued by hand meanwhile: the same file, so the same transfer will do.
        transfer_id = same.id if same is not None else transfers.add_download(
            str(target),
            f"{sample.client_id or sample.id}/{target.name}",
            source_of(ours, sample, file),
            file.size,
            rule_id=ours.rule_id,
            side_file=self._wants.side_files,
        )  # fmt: skip
        self._put(ours.id, _name(file), TransferState.QUEUED, transfer_id)

    def _refuse(self, ours: LoopSample, file: Deliverable, why: str) -> None:
        self._put(ours.id, _name(file), TransferState.FAILED, problem=why)

    def _put(
        self,
        number: int,
        name: str,
        state: TransferState,
        transfer_id: int | None = None,
        *,
        problem: str = "",
    ) -> None:
        self._loop.put_file(
            number,
            LoopFile(
                direction=Direction.DOWNLOAD, name=name, transfer_id=transfer_id, state=state, problem=problem
            ),
        )


def source_of(ours: LoopSample, sample: Sample, deliverable: Deliverable) -> DownloadSource:
    """What a download needs to renew its URL and to check what came."""
    return DownloadSource(
        project_id=sample.project_id or ours.project_id,
        sample_id=sample.id,
        client_id=sample.client_id,
        file_type=deliverable.file_type,
        file_id=deliverable.id,
        checksum_sha256=deliverable.checksum_sha256,
    )


def _name(deliverable: Deliverable) -> str:
    """Unique among a sample's files: a type may occur more than once."""
    return f"{deliverable.file_type} {deliverable.id}".strip()


def _pause(steps: Sequence[float], tries: int) -> float:
    return steps[min(tries, len(steps) - 1)]
