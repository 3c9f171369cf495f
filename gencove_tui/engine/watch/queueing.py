"""From a file that is ready to its upload: queued once, whatever it was called before or is called now."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from msgspec import structs

from gencove_tui.engine.watch.look import Found, Look
from gencove_tui.engine.watch.sorting import Verdict
from gencove_tui.engine.work import Work
from gencove_tui.fastq.names import gencove_client_id, split_suffix
from gencove_tui.model import Direction, GncvPath, Transfer, TransferState, WatchedFile, WatchRule, Wish
from gencove_tui.store.transfers import Identity

_WAITING = (TransferState.QUEUED, TransferState.WAITING, TransferState.PAUSED)
_AT_WORK = (TransferState.RUNNING, TransferState.VERIFYING)
_ENDED_BADLY = (TransferState.FAILED, TransferState.CANCELLED)

Mark = tuple[int, int, int]
"""Inode, size and time of a file."""


class Queue:
    """Puts the files of one rule into the ledger's queue; call it inside ``ledger.write()``."""

    def __init__(self, work: Work, rule: WatchRule) -> None:
        self._work = work
        self._rule = rule
        self._renamed: dict[Mark, WatchedFile] = {}

    def put(self, verdict: Verdict, known: Mapping[str, WatchedFile]) -> list[WatchedFile]:
        """Queue the upload of a verdict's files, once; returns what became of them and of their old names."""
        assert verdict.remote is not None  # noqa: S101 - checked by the caller
        remote = GncvPath(verdict.remote)
        paths = tuple(file.path for file in verdict.files)
        transfers = self._work.ledger.transfers
        if before := known_before(verdict.files, self._renamed):
            return self._take_over(verdict, before)
        if mate := self._work.ledger.rules.mates_place(self._rule.id, verdict.sample, verdict.read):
            remote = _beside(mate, remote, verdict.read)
        size = sum(file.size for file in verdict.files)
        same = self._earlier(verdict.files, str(remote), known)
        if same is None:
            transfer_id = transfers.add_upload(
                paths[0],
                remote,
                size,
                rule_id=self._rule.id,
                check=self._rule.check,
                sources=paths if len(paths) > 1 else (),
            )
        else:
            transfer_id = same.id
            if same.state in _ENDED_BADLY:
                transfers.wish([same.id], Wish.RUN)
            elif same.state is TransferState.WAITING:
                self._work.ledger.short.read_anew(same.id)
                transfers.wake([same.id])
        names = ", ".join(self._short(file) for file in verdict.files)
        self._tell("watch.queued", f"queued {names}", path=paths[0], remote=str(remote), bytes=size)
        return self._queued(verdict, transfer_id)

    def _queued(self, verdict: Verdict, transfer_id: int | None) -> list[WatchedFile]:
        return [
            structs.replace(
                watched_file(self._rule.id, file, "queued"),
                transfer_id=transfer_id,
                sample=verdict.sample,
                read=verdict.read,
            )
            for file in verdict.files
        ]

    def _take_over(self, verdict: Verdict, before: list[WatchedFile]) -> list[WatchedFile]:
        """Files that were queued under other names, as when somebody renames a run's folder: not again."""
        transfers = self._work.ledger.transfers
        transfer_id = before[0].transfer_id
        transfer = transfers.get(transfer_id) if transfer_id else None
        if transfer is not None and transfer.state in _AT_WORK:
            return []  # the next look sees how it ended
        if transfer is not None and transfer.state not in (TransferState.DONE, TransferState.SKIPPED):
            transfers.relocate(transfer.id, [file.path for file in verdict.files])
            if transfer.state is TransferState.FAILED:
                transfers.wish([transfer.id], Wish.RUN)
        for old, new in zip(before, verdict.files, strict=True):
            self._tell("watch.renamed", f"{self._short(new)} is known as {old.path}", path=new.path)
        gone = [
            structs.replace(
                old, state="gone", reason="it was renamed", transfer_id=None, sample=verdict.sample
            )
            for old in before
        ]
        return gone + self._queued(verdict, transfer_id)

    def find_renamed(self, known: Mapping[str, WatchedFile], look: Look, verdicts: Iterable[Verdict]) -> None:
        """Queued files that are not where they were, by what doesn't change when they get another name."""
        self._renamed = renamed(known, look) if any(verdict.remote for verdict in verdicts) else {}

    def _earlier(
        self, files: tuple[Found, ...], remote: str, known: Mapping[str, WatchedFile]
    ) -> Transfer | None:
        """A transfer of an older version of the file that can still be about the newer one."""
        paths = tuple(file.path for file in files)
        transfers = self._work.ledger.transfers
        before = known.get(paths[0])
        same = transfers.get(before.transfer_id) if before is not None and before.transfer_id else None
        if same is None or same.state is not TransferState.FAILED:
            same = transfers.open_for_path(Direction.UPLOAD, paths[0])
        if same is None or same.remote != remote or (same.sources or (same.local_path,)) != paths:
            return None
        if same.state is TransferState.FAILED:
            return same
        journal = transfers.journal(same.id)
        if same.state in _WAITING and not journal.completing:
            return same
        # At work on this very version: the file was away for a moment only.
        return same if same.state in _AT_WORK and _is_about(journal.identity, files) else None

    def _short(self, file: Found) -> str:
        return os.path.relpath(file.path, self._rule.folder)

    def _tell(self, kind: str, message: str, **data: str | int) -> None:
        self._work.ledger.events.add(kind, message, data, rule_id=self._rule.id)


def renamed(known: Mapping[str, WatchedFile], look: Look) -> dict[Mark, WatchedFile]:
    """Files that were queued and are missed, by what tells one under whatever name."""
    present = {file.path for file in look.files}
    return {
        (file.inode, file.size, file.mtime_ns): file
        for path, file in known.items()
        # One whose upload had not ended is called gone as soon as it is missed.
        if file.state in ("queued", "gone") and file.transfer_id and path not in present
    }


def known_before(files: tuple[Found, ...], missed: Mapping[Mark, WatchedFile]) -> list[WatchedFile]:
    """What the files of one upload were called when they were queued; empty unless all were, as one."""
    before = [old for file in files if (old := missed.get(_mark(file))) is not None]
    together = len(before) == len(files) and len({old.transfer_id for old in before}) == 1
    return before if together else []


def watched_file(rule_id: int, file: Found, state: str, reason: str = "", remedy: str = "") -> WatchedFile:
    """What the ledger is to know of a file as a look saw it."""
    return WatchedFile(
        rule_id=rule_id,
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        inode=file.inode,
        ctime_ns=file.ctime_ns,
        state=state,
        reason=reason,
        remedy=remedy,
    )


def _beside(mate: str, remote: GncvPath, read: str) -> GncvPath:
    """The place for a file whose mate went to ``mate``: both have to come under one id in one folder."""
    there = GncvPath(mate)
    if gencove_client_id(there.name) == gencove_client_id(remote.name):
        return there.folder.child(remote.name)
    return there.folder.child(f"{gencove_client_id(there.name)}_{read}{split_suffix(remote.name)[1]}")


def _mark(file: Found) -> Mark:
    return file.inode, file.size, file.mtime_ns


def _is_about(identity: Identity | None, files: tuple[Found, ...]) -> bool:
    size, changed = sum(file.size for file in files), max(file.mtime_ns for file in files)
    return identity is not None and (identity.size, identity.mtime_ns) == (size, changed)
