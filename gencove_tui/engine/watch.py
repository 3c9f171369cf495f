"""Watch rules at work: new FASTQ files below a folder are queued for upload, each version once.

The periodic scan is the truth; notices from the operating system only shorten the wait for it. So a missed
notice costs time and never a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fnmatch
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import watchfiles
from msgspec import Struct

from gencove_tui.engine.work import Work
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.names import is_fastq, is_index_read, is_undetermined, parse_name, temporary_name
from gencove_tui.model import Direction, Transfer, TransferState, WatchedFile, WatchRule

log = logging.getLogger(__name__)

SCAN_SECONDS = 10.0
"""Between two looks through a folder when nothing calls for an earlier one."""
_EMPTY = "it is empty"
_FINAL_REASONS = frozenset({_EMPTY, "its upload was cancelled"})
"""Reasons that hold for a version of a file whatever the rule says."""
_SETTLING_SECONDS = 1.0
"""Between two looks while a file settles."""


class Found(Struct, frozen=True):
    """A file as one scan saw it."""

    path: str
    size: int
    mtime_ns: int
    inode: int


def wanted(rule: WatchRule, relative: str) -> str:
    """Why a rule doesn't take a file that is named like a FASTQ; empty when it does."""
    name = relative.rsplit("/", 1)[-1]
    if rule.include and not any(fnmatch.fnmatch(relative, pattern) for pattern in rule.include):
        return "no include pattern matches"
    if any(fnmatch.fnmatch(relative, pattern) for pattern in rule.exclude):
        return "an exclude pattern matches"
    if any(part.startswith(".") for part in relative.split("/")) or temporary_name(name):
        return "a temporary or hidden name"
    parsed = parse_name(name)
    if parsed is not None and is_index_read(parsed):
        return "an index read"
    if parsed is not None and is_undetermined(parsed):
        return "reads without a sample"
    try:
        rule.destination.child(relative.encode("utf-8").decode("utf-8"))
    except (InputProblem, UnicodeEncodeError):
        return "its name can't be a gncv:// path"
    return ""


def scan_folder(folder: str) -> Iterator[Found]:
    """Every FASTQ below a folder; links to folders are not followed, unreadable folders are passed over.

    Raises ``OSError`` when the folder itself can't be read.
    """
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            entries = os.scandir(current)
        except OSError as error:
            # One folder is open at a time; out of descriptors is our trouble, not the folder's.
            if current == folder or error.errno in (errno.EMFILE, errno.ENFILE):
                raise
            log.info("passed over %s: %s", current, error)
            continue
        with entries:
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if not entry.name.startswith("."):
                            waiting.append(entry.path)
                    elif is_fastq(entry.name) and entry.is_file():
                        status = entry.stat()
                        yield Found(entry.path, status.st_size, status.st_mtime_ns, status.st_ino)
                except OSError as error:
                    log.info("passed over %s: %s", entry.path, error)


class Watcher:
    """One rule at work."""

    def __init__(self, work: Work, rule: WatchRule) -> None:
        self._work = work
        self.rule = rule
        self._rules = work.ledger.rules
        self._still_since: dict[str, tuple[Found, float]] = {}
        self._nudge = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        notices = asyncio.create_task(self._listen())
        try:
            while True:
                settling = await self._look()
                pause = min(_SETTLING_SECONDS, max(0.1, self.rule.settle / 2)) if settling else SCAN_SECONDS
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._nudge.wait(), pause)
                self._nudge.clear()
        finally:
            notices.cancel()
            await asyncio.gather(notices, return_exceptions=True)

    async def _listen(self) -> None:
        """Let the operating system's notices call for an early look."""
        while True:
            try:
                async for changes in watchfiles.awatch(
                    self.rule.folder, step=200, rust_timeout=5000, watch_filter=None
                ):
                    if any(is_fastq(path) for _, path in changes):
                        self._nudge.set()
            except (OSError, RuntimeError) as error:
                # Missing folder, no inotify watches left, a name that is not UTF-8: the scan goes on without.
                log.info("no notices for rule %d: %s", self.rule.id, error)
                await asyncio.sleep(SCAN_SECONDS)

    async def _look(self) -> bool:
        """One look through the folder; returns whether some file has to stand still for longer."""
        try:
            found = await self._work.in_thread(lambda: list(scan_folder(self.rule.folder)))
        except OSError as error:
            reason = error.strerror or str(error)
            if self.rule.problem != reason:
                self._rules.set_problem(self.rule.id, reason)
                self._tell("watch.problem", f"can't look into {self.rule.folder}: {reason}")
                self.rule = self._rules.get(self.rule.id) or self.rule
            return False
        if self.rule.problem:
            self._rules.set_problem(self.rule.id, "")
            self._tell("watch.recovered", f"{self.rule.folder} can be read again")
            self.rule = self._rules.get(self.rule.id) or self.rule
        known = self._rules.files(self.rule.id)
        now = time.monotonic()
        settling = False
        for number, file in enumerate(found, start=1):
            settling |= self._consider(file, known.get(file.path), now)
            if number % 100 == 0:
                await asyncio.sleep(0)  # thousands of new files must not keep the engine from its other work
        present = {file.path for file in found}
        for path in self._still_since.keys() - present:
            del self._still_since[path]
        for path, file_known in known.items():
            if path not in present and file_known.state == "settling":
                gone_file = Found(path, file_known.size, file_known.mtime_ns, file_known.inode)
                self._put(gone_file, "gone", "it disappeared")
        self._rules.count_scan(self.rule.id)
        return settling

    def _consider(self, file: Found, known: WatchedFile | None, now: float) -> bool:
        """Move one file along; returns whether it still settles."""
        if (
            known is not None
            and (known.size, known.mtime_ns) == (file.size, file.mtime_ns)
            and (known.state == "queued" or known.reason in _FINAL_REASONS)
        ):
            return False
        relative = os.path.relpath(file.path, self.rule.folder)
        if reason := wanted(self.rule, relative):
            if known is None or (known.state, known.reason) != ("ignored", reason):
                self._put(file, "ignored", reason)
            return False
        seen = self._still_since.get(file.path)
        if seen is None or seen[0] != file:
            self._still_since[file.path] = (file, now)
            if known is None or known.state != "settling":
                self._put(file, "settling", "")
                self._tell("watch.seen", f"found {relative}", path=file.path, bytes=file.size)
            return True
        if now - seen[1] < self.rule.settle:
            return True
        del self._still_since[file.path]
        if file.size == 0:
            self._put(file, "ignored", _EMPTY)
            return False
        self._queue(file, relative)
        return False

    def _queue(self, file: Found, relative: str) -> None:
        remote = self.rule.destination.child(relative)
        transfers = self._work.ledger.transfers
        with self._work.ledger.write():
            same = transfers.open_for_path(Direction.UPLOAD, file.path)
            if same is not None and same.remote == remote and self._may_begin_anew(same):
                transfer_id = same.id
            else:
                transfer_id = transfers.add_upload(file.path, remote, file.size, rule_id=self.rule.id)
            self._put(file, "queued", "", transfer_id)
            self._tell(
                "watch.queued", f"queued {relative}", path=file.path, remote=str(remote), bytes=file.size
            )

    def _may_begin_anew(self, transfer: Transfer) -> bool:
        """Whether a transfer of an older version of the file can still be about the newer one."""
        waiting = (TransferState.QUEUED, TransferState.WAITING, TransferState.PAUSED)
        return transfer.state in waiting and not self._work.ledger.transfers.journal(transfer.id).completing

    def _put(self, file: Found, state: str, reason: str, transfer_id: int | None = None) -> None:
        self._rules.put_file(
            WatchedFile(
                rule_id=self.rule.id,
                path=file.path,
                size=file.size,
                mtime_ns=file.mtime_ns,
                inode=file.inode,
                state=state,
                reason=reason,
                transfer_id=transfer_id,
            )
        )

    def _tell(self, kind: str, message: str, **data: str | int) -> None:
        self._work.ledger.events.add(kind, message, data, rule_id=self.rule.id)


class Watchers:
    """All active rules at work; follows the ledger when rules come, change or go."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._tasks: dict[int, tuple[WatchRule, asyncio.Task[None]]] = {}

    @property
    def busy(self) -> bool:
        """Whether any rule is at work."""
        return bool(self._tasks)

    async def follow(self) -> None:
        """Start, restart and stop watchers so that they match the ledger's rules."""
        rules = {rule.id: rule for rule in self._work.ledger.rules.all() if rule.active}
        for rule_id, (rule, task) in list(self._tasks.items()):
            if rule_id not in rules or _essence(rules[rule_id]) != _essence(rule) or task.done():
                task.cancel()
                result = await asyncio.gather(task, return_exceptions=True)
                if isinstance(result[0], Exception):
                    log.error("the watcher of %s ended: %r", rule.folder, result[0])
                del self._tasks[rule_id]
        for rule_id, rule in rules.items():
            if rule_id not in self._tasks:
                self._tasks[rule_id] = (rule, asyncio.create_task(Watcher(self._work, rule).run()))

    async def stop(self) -> None:
        """Stop all watchers."""
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()


def _essence(rule: WatchRule) -> tuple[object, ...]:
    return rule.folder, rule.destination, rule.include, rule.exclude, rule.settle


def check_folder(folder: Path) -> Path:
    """The folder as an absolute path. Raises ``InputProblem`` when it can't be watched."""
    path = folder.expanduser().absolute()
    if not path.exists():
        raise InputProblem(f"Can't watch {path}", "it does not exist", "Create it, or name another folder.")
    if not path.is_dir():
        raise InputProblem(
            f"Can't watch {path}", "it is not a folder", "Name the folder that holds the files."
        )
    if not os.access(path, os.R_OK | os.X_OK):
        raise InputProblem(f"Can't watch {path}", "permission denied", "Ask for read permission on it.")
    return path
