"""One watch rule at work: new FASTQ files below a folder are queued for upload, each version once.

The periodic look is the truth; notices from the operating system only shorten the wait for it. So a missed
notice costs time and never a file. What a look concludes is written in few transactions, however many files
it found.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import time
from datetime import UTC, datetime

from msgspec import structs

from gencove_tui.engine.watch.folder_lock import TAKEN, FolderLock
from gencove_tui.engine.watch.listen import listen
from gencove_tui.engine.watch.look import Found, Look, look_through
from gencove_tui.engine.watch.mounts import is_network
from gencove_tui.engine.watch.sorting import Sorter, Verdict
from gencove_tui.engine.work import Work
from gencove_tui.model import (
    Direction,
    LoneMate,
    RuleStatus,
    Transfer,
    TransferState,
    WatchedFile,
    WatchRule,
    Wish,
)
from gencove_tui.store.database import LedgerProblem

log = logging.getLogger(__name__)

LOCAL_SECONDS = 10.0
NETWORK_SECONDS = 60.0
"""Between two looks when nothing calls for an earlier one."""
_SHARE = 20
"""A look's own time, so many times over, passes at least between two of them where nothing settles."""
_BATCH = 500
"""Files written in one transaction."""
_STATUS_SECONDS = 60.0
_LONE_SHOWN = 50
_WAITING = (TransferState.QUEUED, TransferState.WAITING, TransferState.PAUSED)
_ENDED_BADLY = (TransferState.FAILED, TransferState.CANCELLED)


class Watcher:
    """One rule at work. ``lock`` keeps other engines off the folder."""

    def __init__(self, work: Work, rule: WatchRule, lock: FolderLock) -> None:
        self._work = work
        self.rule = rule
        self._rules = work.ledger.rules
        self._lock = lock
        self._nudge = asyncio.Event()
        self._known: dict[str, WatchedFile] | None = None
        self._sorter = Sorter(rule)
        self._absent: set[str] = set()
        self._root: tuple[int, int] | None = None
        self._network = False
        self._no_notices = ""
        self._status = RuleStatus()
        self._status_written = 0.0
        self._told: set[str] = set(self._rules.status(rule.id).notices)

    async def run(self) -> None:
        """Work until cancelled."""
        self._network = await self._work.in_thread(
            lambda: is_network(self.rule.folder, self.rule.file_system)
        )
        notices = None if self._network else asyncio.create_task(self._listen())
        try:
            while True:
                began = time.monotonic()
                try:
                    settling = await self._look()
                except LedgerProblem as problem:
                    log.warning("%s: %s", self.rule.folder, problem)
                    settling = True
                await self._rest(settling, time.monotonic() - began)
        finally:
            if notices is not None:
                notices.cancel()
                await asyncio.gather(notices, return_exceptions=True)

    @property
    def settle(self) -> float:
        """Seconds for which a file must stand still here."""
        return self.rule.network_settle if self._network else self.rule.settle

    async def _rest(self, settling: bool, took: float) -> None:
        base = NETWORK_SECONDS if self._network else LOCAL_SECONDS
        pause = min(base, max(0.05, self.settle / 2)) if settling else base
        if settling and self._sorter.soonest > 0:
            pause = min(pause, self._sorter.soonest + 0.05)
        pause = max(pause, took * (2 if settling else _SHARE))
        if not settling:
            pause *= random.uniform(0.9, 1.0)  # noqa: S311 - spreads load, guards no secret
        shortest = min(pause, max(0.1, took * 5))
        await asyncio.sleep(shortest)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._nudge.wait(), pause - shortest)
        self._nudge.clear()

    async def _listen(self) -> None:
        def failed(why: str) -> None:
            self._no_notices = why

        await listen(self.rule.folder, self.rule.marker, self._nudge.set, failed)

    # --- one look ------------------------------------------------------------------------------------

    async def _look(self) -> bool:
        """One look through the folder; returns whether some file has to stand still for longer."""
        if self._known is None:
            self._known = self._rules.files(self.rule.id)
            self._absent = {path for path, file in self._known.items() if file.state == "gone"}
        known = self._known
        began = time.monotonic()
        try:
            if not self._lock.take():
                self._stop_at(TAKEN)
                return False
            look = await self._work.in_thread(lambda: look_through(self.rule.folder, self.rule.marker))
        except OSError as error:
            self._stop_at(error.strerror or str(error))
            return False
        if not look.entries and len(known) > len(self._absent):
            # Most likely a disk that is no longer there: nothing is concluded about the files.
            self._stop_at("it is empty all at once; if its disk is not mounted, mount it again")
            self._root = look.root
            return False
        if self._root is not None and self._root != look.root:
            self._sorter.begin_anew()
        self._root = look.root
        self._go_on()
        verdicts, settling = await self._work.in_thread(
            lambda: self._sorter.sort(look, known, self.settle, time.monotonic(), datetime.now(UTC))
        )
        await self._follow(verdicts)
        self._conclude_absent(look, known)
        self._rules.count_scan(self.rule.id)
        self._tell_status(look, time.monotonic() - began, settling)
        return settling

    def _stop_at(self, reason: str) -> None:
        if self.rule.problem != reason:
            with self._work.ledger.write():
                self._rules.set_problem(self.rule.id, reason)
                self._tell("watch.problem", f"{self.rule.folder} can't be watched now: {reason}")
            self.rule = structs.replace(self.rule, problem=reason)

    def _go_on(self) -> None:
        if self.rule.problem:
            with self._work.ledger.write():
                self._rules.set_problem(self.rule.id, "")
                self._tell("watch.recovered", f"{self.rule.folder} can be watched again")
            self.rule = structs.replace(self.rule, problem="")

    # --- what it means -------------------------------------------------------------------------------

    async def _follow(self, verdicts: list[Verdict]) -> None:
        told: set[str] = set()
        for start in range(0, len(verdicts), _BATCH):
            batch = verdicts[start : start + _BATCH]
            written: list[WatchedFile] = []
            with self._work.ledger.write(durable=any(verdict.remote for verdict in batch)):
                for verdict in batch:
                    written += self._write(verdict, told)
                self._rules.put_files(written)
            self._remember(written)
            await asyncio.sleep(0)  # thousands of new files must not keep the engine from its other work

    def _remember(self, written: list[WatchedFile]) -> None:
        assert self._known is not None  # noqa: S101 - loaded before the first look
        now = datetime.now(UTC)
        for file in written:
            before = self._known.get(file.path)
            first_seen = before.first_seen if before is not None else now
            self._known[file.path] = structs.replace(file, first_seen=first_seen)
            self._absent.discard(file.path)

    def _write(self, verdict: Verdict, told: set[str]) -> list[WatchedFile]:
        """What becomes of the files of a verdict: of one, or of all that are joined into one upload."""
        assert self._known is not None  # noqa: S101 - loaded before the first look
        if verdict.remote is not None:
            return self._queue(verdict)
        file = verdict.files[0]
        known = self._known.get(file.path)
        if verdict.state == "settling" and (known is None or known.state in ("gone", "queued")):
            self._tell("watch.seen", f"found {self._short(file)}", path=file.path, bytes=file.size)
        if verdict.state == "held" and verdict.reason not in told and not _was_held(known, verdict):
            told.add(verdict.reason)
            self._tell(
                "watch.held", f"{self._short(file)} needs you: {verdict.reason}", remedy=verdict.remedy
            )
        return [self._watched(file, verdict.state, verdict.reason, verdict.remedy)]

    def _queue(self, verdict: Verdict) -> list[WatchedFile]:
        remote = verdict.remote
        assert remote is not None and self._known is not None  # noqa: S101,PT018 - checked by the caller
        paths = tuple(file.path for file in verdict.files)
        size = sum(file.size for file in verdict.files)
        transfers = self._work.ledger.transfers
        same = self._earlier(paths, str(remote))
        if same is None:
            transfer_id = transfers.add_upload(
                paths[0],
                remote,
                size,
                rule_id=self.rule.id,
                check=self.rule.check,
                sources=paths if len(paths) > 1 else (),
            )
        else:
            transfer_id = same.id
            if same.state in _ENDED_BADLY:
                transfers.wish([same.id], Wish.RUN)
        names = ", ".join(self._short(file) for file in verdict.files)
        self._tell("watch.queued", f"queued {names}", path=paths[0], remote=str(remote), bytes=size)
        return [
            structs.replace(
                self._watched(file, "queued"),
                transfer_id=transfer_id,
                sample=verdict.sample,
                read=verdict.read,
            )
            for file in verdict.files
        ]

    def _earlier(self, paths: tuple[str, ...], remote: str) -> Transfer | None:
        """A transfer of an older version of the file that can still be about the newer one."""
        assert self._known is not None  # noqa: S101 - loaded before the first look
        transfers = self._work.ledger.transfers
        before = self._known.get(paths[0])
        same = transfers.get(before.transfer_id) if before is not None and before.transfer_id else None
        if same is None:
            same = transfers.open_for_path(Direction.UPLOAD, paths[0])
        if same is None or same.remote != remote or (same.sources or (same.local_path,)) != paths:
            return None
        if same.state is TransferState.FAILED:
            return same
        if same.state in _WAITING and not transfers.journal(same.id).completing:
            return same
        return None

    def _conclude_absent(self, look: Look, known: dict[str, WatchedFile]) -> None:
        """Files that were there and are not: nothing is deleted, they are only no longer waited for."""
        present = {file.path for file in look.files}
        hidden = tuple(self._full(path) for path in look.unreadable)
        gone: list[WatchedFile] = []
        dropped: list[str] = []
        for path, file in known.items():
            if path in present or path in self._absent or (hidden and path.startswith(hidden)):
                continue
            if file.state == "ignored":
                dropped.append(path)
            elif file.state != "queued" or self._is_unfinished(file):
                gone.append(structs.replace(file, state="gone", reason="it disappeared", remedy=""))
            else:
                self._absent.add(path)
        if gone or dropped:
            with self._work.ledger.write(durable=False):
                self._rules.put_files(gone)
                self._rules.drop_files(self.rule.id, dropped)
            for file in gone:
                known[file.path] = file
                self._absent.add(file.path)
            for path in dropped:
                del known[path]
        if self._absent:
            self._absent -= present

    def _is_unfinished(self, file: WatchedFile) -> bool:
        transfer = self._work.ledger.transfers.get(file.transfer_id) if file.transfer_id else None
        return transfer is not None and transfer.state not in (TransferState.DONE, TransferState.SKIPPED)

    # --- telling -------------------------------------------------------------------------------------

    def _tell_status(self, look: Look, took: float, settling: bool) -> None:
        now = datetime.now(UTC)
        notices = self._sorter.notices(complete=not settling)
        for path, reason in sorted(look.unreadable.items()):
            notices.append(f"can't look into {path or self.rule.folder}: {reason}")
        polling = self._network or bool(self._no_notices)
        if self._no_notices:
            notices.append(self._no_notices)
        status = RuleStatus(
            looked=now,
            seconds=round(took, 3),
            files=len(look.files),
            network=self._network,
            polling=polling,
            lone=self._lone(now),
            notices=tuple(_plain(notice) for notice in notices),
        )
        fresh = [notice for notice in status.notices if notice not in self._told]
        self._told = set(status.notices)
        changed = structs.replace(status, looked=None, seconds=0.0) != structs.replace(
            self._status, looked=None, seconds=0.0
        )
        if not changed and time.monotonic() - self._status_written < _STATUS_SECONDS:
            return
        self._status, self._status_written = status, time.monotonic()
        with self._work.ledger.write(durable=False):
            self._rules.set_status(self.rule.id, status)
            for notice in fresh:
                self._tell("watch.notice", notice)

    def _lone(self, now: datetime) -> tuple[LoneMate, ...]:
        assert self._known is not None  # noqa: S101 - loaded before the first look
        found = []
        for mates in self._sorter.plan.lone:
            paths = [self._full(path) for path in mates.files]
            seen = [self._known[path].first_seen or now for path in paths if path in self._known]
            if seen:
                found.append(LoneMate(sample=mates.sample, missing=mates.missing, since=min(seen)))
        return tuple(sorted(found, key=lambda mate: mate.since)[:_LONE_SHOWN])

    def _watched(self, file: Found, state: str, reason: str = "", remedy: str = "") -> WatchedFile:
        return WatchedFile(
            rule_id=self.rule.id,
            path=file.path,
            size=file.size,
            mtime_ns=file.mtime_ns,
            inode=file.inode,
            ctime_ns=file.ctime_ns,
            state=state,
            reason=reason,
            remedy=remedy,
        )

    def _short(self, file: Found) -> str:
        return os.path.relpath(file.path, self.rule.folder)

    def _full(self, relative: str) -> str:
        return f"{self.rule.folder.rstrip('/')}/{relative}"

    def _tell(self, kind: str, message: str, **data: str | int) -> None:
        self._work.ledger.events.add(kind, message, data, rule_id=self.rule.id)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _was_held(known: WatchedFile | None, verdict: Verdict) -> bool:
    return known is not None and (known.state, known.reason) == ("held", verdict.reason)
