"""What a rule would take, and why not the rest: one look, nothing is written or queued."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath

from msgspec import Struct

from gencove_tui.engine.watch.gates import MARKED_SETTLE, Surroundings, marker_gate, wanted
from gencove_tui.engine.watch.look import Found, Look, look_through
from gencove_tui.engine.watch.mounts import is_network
from gencove_tui.engine.watch.queueing import Mark, known_before, renamed
from gencove_tui.engine.watch.root import Place, why_away
from gencove_tui.engine.watch.sorting import Sorter, Verdict
from gencove_tui.engine.watch.stillness import LOOKS
from gencove_tui.engine.words import why_not_looked
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.names import why_not
from gencove_tui.model import GncvPath, RuleTerms, TransferState, WatchedFile, WatchRule
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.watched import Outcome

DONE, GOING, FAILED, TAKE, LEAVE = "done", "going", "failed", "take", "leave"
_ENDS = {
    TransferState.DONE: DONE,
    TransferState.SKIPPED: DONE,
    TransferState.FAILED: FAILED,
    TransferState.CANCELLED: FAILED,
}


class DryFile(Struct, frozen=True, kw_only=True):
    """What a rule would do with one file."""

    path: str
    """Relative to the rule's folder."""
    size: int
    remote: GncvPath | None = None
    """Where it would go; None when it would not."""
    joined: int = 1
    """How many files make up the upload."""
    state: str = ""
    """What became of this version of it before: ``done``, ``going`` or ``failed``; else empty."""
    reason: str = ""
    """Why it would not go, or not yet, or not again."""
    remedy: str = ""

    @property
    def deed(self) -> str:
        """``take``, ``done``, ``going``, ``failed`` or ``leave``: what would be, or was, done with it."""
        return self.state or (TAKE if self.remote is not None else LEAVE)


class DryRun(Struct, frozen=True, kw_only=True):
    """What a rule would do, by path."""

    files: tuple[DryFile, ...]
    notices: tuple[str, ...] = ()
    condition: str = ""
    """What each of those that would go must pass before, in words; empty where none would."""

    @property
    def taken(self) -> tuple[DryFile, ...]:
        """Those that would go up."""
        return tuple(file for file in self.files if file.remote is not None)

    @property
    def left(self) -> int:
        """How many would not go up, or not yet, and never did."""
        return self._count(LEAVE)

    def _count(self, deed: str) -> int:
        return sum(file.deed == deed for file in self.files)

    @property
    def before(self) -> str:
        """How many were seen to before, in words such as ``2 done, 1 on the way``; empty for none."""
        words = {DONE: "done", GOING: "on the way", FAILED: "failed"}
        counts = {word: self._count(state) for state, word in words.items()}
        return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)


class Memory(Struct, frozen=True, kw_only=True):
    """What a rule knows of its files."""

    rule: WatchRule | None = None
    """As it stands; None where it would be new."""
    root: Place | None = None
    """Where its folder was when they were seen last."""
    files: Mapping[str, WatchedFile] = {}
    uploads: Mapping[int, Outcome] = {}


def recall(ledger: Ledger, terms: RuleTerms, name: str = "") -> Memory:
    """What the rule knows that these terms are, or would be put in place of, by its name."""
    rule = ledger.rules.remembered(terms, name)
    if rule is None:
        return Memory()
    return Memory(
        rule=rule,
        root=ledger.rules.status(rule.id).root,
        files=ledger.rules.files(rule.id),
        uploads=ledger.rules.outcomes(rule.id),
    )


def dry_run(
    terms: RuleTerms, name: str = "rule", memory: Memory | None = None, look: Look | None = None
) -> DryRun:
    """Look once; reads the disk, so run it in a thread.

    ``look``: an empty one to fill, for those who want to see how far it is or to end it early.
    Raises ``InputProblem`` when the folder can't be read.
    """
    try:
        look = look_through(terms.folder, terms.marker, look)
    except OSError as error:
        raise InputProblem(
            f"Can't look into {terms.folder}", why_not_looked(error), "Check the folder."
        ) from error
    return _Trial(terms, name, memory or Memory(), look).result()


class _Trial:
    """Has a sorter of its own judge one look as often as it takes for all to stand still."""

    def __init__(self, terms: RuleTerms, name: str, memory: Memory, look: Look) -> None:
        values = {key: getattr(terms, key) for key in RuleTerms.__struct_fields__}
        self._rule = WatchRule(**values, id=0, name=name)
        self._memory = memory
        self._look = look
        self._missed: dict[Mark, WatchedFile] = renamed(memory.files, look)

    def result(self) -> DryRun:
        sorter = Sorter(self._rule)
        failed = {i: upload.problem for i, upload in self._memory.uploads.items() if _state(upload) == FAILED}
        verdicts: list[Verdict] = []
        for _ in range(LOOKS):
            verdicts, _ = sorter.sort(
                self._look, self._memory.files, 0.0, time.monotonic(), datetime.now(UTC), failed
            )
        by_path = {file.path: verdict for verdict in verdicts for file in verdict.files}
        files = [self._file(found, by_path.get(found.path)) for found in self._look.files]
        files += [DryFile(path=self._short(path), size=0, reason=why_not(path)) for path in self._look.others]
        return DryRun(
            files=tuple(sorted(files, key=lambda file: file.path)),
            notices=tuple(self._notices(sorter)),
            condition=self._condition(files),
        )

    def _file(self, found: Found, verdict: Verdict | None) -> DryFile:
        if verdict is not None and verdict.remote is not None:
            if old := known_before(verdict.files, self._missed):
                return self._seen_to(found, old[verdict.files.index(found)])
            return self._plainly(found, remote=GncvPath(verdict.remote), joined=len(verdict.files))
        known = self._memory.files.get(found.path)
        if known is not None and (known.size, known.mtime_ns) != (found.size, found.mtime_ns):
            known = None
        if known is not None and known.state == "queued":
            return self._seen_to(found, known)
        if verdict is not None:
            return self._plainly(found, reason=verdict.reason, remedy=verdict.remedy)
        if known is not None:
            return self._plainly(found, reason=known.reason, remedy=known.remedy)
        return self._plainly(found, reason=wanted(self._rule, self._short(found.path)))

    def _seen_to(self, found: Found, known: WatchedFile) -> DryFile:
        """A version that was queued before, perhaps under another name."""
        upload = self._memory.uploads.get(known.transfer_id or 0)
        before = "" if known.path == found.path else f", when it was called {self._short(known.path)}"
        if upload is None:
            return self._plainly(found, state=DONE, reason=f"it went up before{before}")
        state = _state(upload)
        if state == DONE:
            reason = f"it went up to {upload.remote}{before}"
        elif state == GOING:
            reason = f"on its way to {upload.remote}{before}{f': {upload.problem}' * bool(upload.problem)}"
        else:
            reason = (upload.problem or "its upload was cancelled") + before
        return self._plainly(found, state=state, reason=reason, remedy=upload.remedy)

    def _plainly(
        self,
        found: Found,
        *,
        remote: GncvPath | None = None,
        joined: int = 1,
        state: str = "",
        reason: str = "",
        remedy: str = "",
    ) -> DryFile:
        return DryFile(
            path=self._short(found.path),
            size=found.size,
            remote=remote,
            joined=joined,
            state=state,
            reason=reason,
            remedy=remedy,
        )

    def _condition(self, files: list[DryFile]) -> str:
        """For how long they must stand still; that nothing was read yet."""
        rule, now = self._rule, datetime.now(UTC)
        settle = rule.network_settle if is_network(rule.folder, rule.file_system) else rule.settle
        around = Surroundings(rule, PurePath(rule.folder).name, self._look.signs)
        marked = [
            marker_gate(rule, around.of(file.path), now, now).marked
            for file in files
            if file.remote is not None
        ]
        if not marked:
            return ""
        sooner = min(settle, MARKED_SETTLE)
        words = f"{sooner if all(marked) else settle:g} s"
        if any(marked) and not all(marked) and sooner != settle:
            words += f", or {sooner:g} s where a marker tells that it is complete"
        return f"each once it has stood still for {words}; what is in it is read only then"

    def _notices(self, sorter: Sorter) -> list[str]:
        memory, folder = self._memory, self._rule.folder
        found = sorter.notices(complete=True)
        found += [f"can't look into {path or folder}: {why}" for path, why in self._look.unreadable.items()]
        gone = {path for path, file in memory.files.items() if file.state == "gone"}
        if away := why_away(self._look, memory.files, gone, memory.root, folder):
            found.append(f"{folder}: {away}")
        if memory.rule is not None and not memory.rule.active:
            found.append("the rule is paused; it takes nothing until it goes on")
        return found

    def _short(self, path: str) -> str:
        return os.path.relpath(path, self._rule.folder)


def _state(upload: Outcome) -> str:
    return _ENDS.get(upload.state, GOING)
