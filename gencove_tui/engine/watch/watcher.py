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
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from msgspec import structs

from gencove_tui.engine.watch.folder_lock import TAKEN, FolderLock
from gencove_tui.engine.watch.listen import listen
from gencove_tui.engine.watch.look import Found, Look, look_through
from gencove_tui.engine.watch.mounts import is_network
from gencove_tui.engine.watch.queueing import Queue, watched_file
from gencove_tui.engine.watch.root import why_away
from gencove_tui.engine.watch.sorting import Sorter, Verdict
from gencove_tui.engine.watch.telling import Status
from gencove_tui.engine.words import why_not_looked
from gencove_tui.engine.work import Work
from gencove_tui.model import TransferState, WatchedFile, WatchRule
from gencove_tui.store.database import LedgerProblem

log = logging.getLogger(__name__)
T = TypeVar("T")

LOCAL_SECONDS = 10.0
NETWORK_SECONDS = 60.0
"""Between two looks when nothing calls for an earlier one."""
_LISTEN_AGAIN_SECONDS = 60.0
"""At least between two times that the system is asked for notices anew."""
_QUIETEST = 6
"""How many times longer the pause becomes where nothing comes and the system's notices work."""
_SHARE = 20
"""A look's own time, so many times over, passes at least between two of them where nothing settles."""
_EXPECTED = ("settling", "waiting", "held")
"""States of files of which people expect that they go up."""
_BATCH = 500
"""Files written in one transaction."""


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
        self._queue = Queue(work, rule)
        self._disk_known = False
        self._network = False
        self._listener: asyncio.Task[None] | None = None
        self._listened_to = 0
        """Folders that there were when the system was asked for notices."""
        self._listening_since = 0.0
        self._no_notices = ""
        self._took = 0.0
        """Seconds that the disk took for the last look."""
        self._quiet = 0
        """Looks in a row that found nothing new."""
        self._status = Status(work.ledger, rule, self._sorter)
        self._root = self._status.root

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                try:
                    settling = await self._look()
                except LedgerProblem as problem:
                    log.warning("%s: %s", self.rule.folder, problem)
                    settling = True
                await self._rest(settling)
        finally:
            await self._stop_listening()

    @property
    def settle(self) -> float:
        """Seconds for which a file must stand still here."""
        return self.rule.network_settle if self._network else self.rule.settle

    async def _rest(self, settling: bool) -> None:
        took = self._took
        base = NETWORK_SECONDS if self._network else LOCAL_SECONDS
        pause = min(base, max(0.05, self.settle / 2)) if settling else base
        if settling and self._sorter.soonest > 0:
            pause = min(pause, self._sorter.soonest + 0.05)
        if not settling and self._listener is not None and not self._no_notices and not self.rule.problem:
            # The system tells when something comes: a look that finds nothing new may be a rare one.
            pause *= min(2**self._quiet, _QUIETEST)
            self._quiet = min(self._quiet + 1, 10)
        pause = max(pause, took * (2 if settling else _SHARE))
        if not settling:
            pause *= random.uniform(0.9, 1.0)  # noqa: S311 - spreads load, guards no secret
        shortest = min(pause, max(0.1, took * 5))
        await asyncio.sleep(shortest)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._nudge.wait(), pause - shortest)
        self._nudge.clear()

    async def _follow_disk(self) -> None:
        """Learn what kind of disk holds the folder: at first, and whenever another one was mounted there."""
        self._network = await self._on_disk(lambda: is_network(self.rule.folder, self.rule.file_system))
        await self._stop_listening()
        if not self._network:
            self._listener = asyncio.create_task(self._listen())

    def _may_listen_again(self) -> bool:
        since = time.monotonic() - self._listening_since
        return self._listener is not None and since > _LISTEN_AGAIN_SECONDS

    async def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    async def _listen(self) -> None:
        def failed(why: str) -> None:
            self._no_notices = why

        self._listening_since = time.monotonic()
        await listen(
            self.rule.folder,
            self.rule.marker,
            self._nudge.set,
            failed,
            lambda act: self._on_disk(act, time.monotonic),  # long, where there are very many folders
        )

    # --- one look ------------------------------------------------------------------------------------

    async def _look(self) -> bool:
        """One look through the folder; returns whether some file has to stand still for longer."""
        if self._known is None:
            self._known = self._rules.files(self.rule.id)
            self._absent = {path for path, file in self._known.items() if file.state == "gone"}
        known = self._known
        began = time.monotonic()
        try:
            if not await self._on_disk(self._lock.take):
                self._stop_at(TAKEN)
                return False
            look = Look()
            await self._on_disk(partial(self._look_through, look, known), lambda: look.seen)
        except OSError as error:
            self._stop_at(why_not_looked(error))
            return False
        if reason := why_away(look, known, self._absent, self._root, self.rule.folder):
            self._stop_at(reason)
            self._sorter.begin_anew()
            return False
        if self._root != look.root or not self._disk_known:
            self._sorter.begin_anew()
            await self._follow_disk()
            self._disk_known = True
            self._listened_to = look.folders
        elif look.folders > self._listened_to and self._may_listen_again():
            # Whether the new folders are still within the system's limits shows only then.
            await self._stop_listening()
            self._listener = asyncio.create_task(self._listen())
            self._listened_to = look.folders
        self._root = look.root
        short = self._work.ledger.short.of_rule(self.rule.id)
        failed = self._work.ledger.transfers.failed_for_rule(self.rule.id) | short
        verdicts, settling = await self._on_disk(
            lambda: self._sorter.sort(look, known, self.settle, time.monotonic(), datetime.now(UTC), failed),
            time.monotonic,  # it reads sheets, but mostly it thinks
        )
        self._queue.find_renamed(known, look, verdicts)
        if verdicts:
            self._quiet = 0
        await self._follow(verdicts)
        self._give_up(short, known)
        self._conclude_absent(look, known)
        self._go_on()
        self._rules.count_scan(self.rule.id)
        self._status.write(
            look,
            known,
            took=time.monotonic() - began,
            settling=settling,
            network=self._network,
            no_notices=self._no_notices,
        )
        return settling

    async def _on_disk(self, act: Callable[[], T], moved: Callable[[], object] = lambda: None) -> T:
        """Do something in a thread of the folder's own disk, so that one that hangs holds up no other rule.

        It is waited for however long it takes; that it hangs is said, and ends with the look.
        """
        disk = self._work.disks.of(self.rule.folder)

        def hangs(since: datetime | None) -> None:
            if since is not None:
                self._stop_at(f"the disk at {disk.where} has not answered since {since:%H:%M}")

        return await disk.finished(act, moved, hangs)

    def _look_through(self, look: Look, known: Mapping[str, WatchedFile]) -> None:
        began = time.monotonic()
        try:
            look_through(self.rule.folder, self.rule.marker, look, known)
        finally:
            self._took = time.monotonic() - began

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
        while verdicts:
            batch = verdicts[:_BATCH]
            del verdicts[:_BATCH]  # there may be very many
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
            first_seen = now if before is None or _begins_anew(before, file) else before.first_seen
            self._known[file.path] = structs.replace(file, first_seen=first_seen)
            if file.state == "gone":
                self._absent.add(file.path)
            else:
                self._absent.discard(file.path)

    def _write(self, verdict: Verdict, told: set[str]) -> list[WatchedFile]:
        """What becomes of the files of a verdict: of one, or of all that are joined into one upload."""
        assert self._known is not None  # noqa: S101 - loaded before the first look
        if verdict.remote is not None:
            return self._queue.put(verdict, self._known)
        file = verdict.files[0]
        known = self._known.get(file.path)
        if verdict.state == "settling" and (known is None or known.state in ("gone", "queued")):
            self._tell("watch.seen", f"found {self._short(file)}", path=file.path, bytes=file.size)
        if verdict.state == "ignored" and known is not None and known.state in _EXPECTED:
            reason = verdict.reason
            self._tell("watch.left_out", f"{self._short(file)} is left out: {reason}", path=file.path)
        if verdict.state == "held" and verdict.reason not in told and not _was_held(known, verdict):
            told.add(verdict.reason)
            self._tell(
                "watch.held", f"{self._short(file)} needs you: {verdict.reason}", remedy=verdict.remedy
            )
        watched = watched_file(self.rule.id, file, verdict.state, verdict.reason, verdict.remedy)
        # The transfer of an older version is kept in mind: it may be taken up again.
        return [structs.replace(watched, transfer_id=known.transfer_id) if known is not None else watched]

    def _give_up(self, short: Mapping[int, str], known: Mapping[str, WatchedFile]) -> None:
        """Of files that end too early, nothing more comes once a marker tells that they are complete."""
        if not short:
            return
        ended = [
            file.transfer_id
            for path, file in known.items()
            if file.transfer_id is not None
            and file.transfer_id in short
            and file.state == "queued"
            and self._sorter.is_marked(path)
        ]
        if ended:
            with self._work.ledger.write():
                self._work.ledger.short.nothing_comes(ended)
                self._work.ledger.transfers.wake(ended)

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

    def _short(self, file: Found) -> str:
        return os.path.relpath(file.path, self.rule.folder)

    def _full(self, relative: str) -> str:
        return f"{self.rule.folder.rstrip('/')}/{relative}"

    def _tell(self, kind: str, message: str, **data: str | int) -> None:
        self._work.ledger.events.add(kind, message, data, rule_id=self.rule.id)


def _begins_anew(before: WatchedFile, file: WatchedFile) -> bool:
    """Whether it is another file under a name that was used before; as ``put_files`` has it."""
    if before.state == "queued":
        return (before.size, before.mtime_ns) != (file.size, file.mtime_ns)
    return before.state == "gone"


def _was_held(known: WatchedFile | None, verdict: Verdict) -> bool:
    return known is not None and (known.state, known.reason) == ("held", verdict.reason)
