"""All active rules at work; follows ``config.toml`` and the ledger when rules come, change or go."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from msgspec import structs

from gencove_tui.config import Settings
from gencove_tui.engine.outcome import backoff
from gencove_tui.engine.watch.folder_lock import FolderLock, Held
from gencove_tui.engine.watch.rulebook import rules_of, sync_rules
from gencove_tui.engine.watch.watcher import Watcher
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import WatchRule
from gencove_tui.store.database import LedgerProblem

log = logging.getLogger(__name__)

_CONFIG_SECONDS = 1.0
"""Between two looks at whether ``config.toml`` changed."""
_GONE_SECONDS = 5.0
"""For so long a file without any of its rules is not believed."""
MISTAKE = "gencove-tui itself hit an error; details are in the engine's log"
"""Shown at a rule whose watcher broke down."""
_NEVER = (-1, -1, -1)


class Watchers:
    """The watchers of one engine."""

    def __init__(self, work: Work, settings: Settings) -> None:
        self._work = work
        self._settings = settings
        self._tasks: dict[int, tuple[WatchRule, asyncio.Task[None]]] = {}
        self._locks: dict[str, FolderLock] = {}
        self._held: Held = {}
        self._mistakes: dict[int, tuple[int, float]] = {}
        """Rule → how often its watcher broke down in a row, and when it may begin again."""
        self._config_task: asyncio.Task[None] | None = None
        self._config_seen: tuple[int, int, int] | None = _NEVER
        self._gone_since: float | None = None

    @property
    def busy(self) -> bool:
        """Whether any rule is at work."""
        return bool(self._tasks)

    async def follow(self) -> None:
        """Start, restart and stop watchers so that they match the rules."""
        if self._config_task is None:
            self._read_config()
            self._config_task = asyncio.create_task(self._follow_config())
        rules = {rule.id: rule for rule in self._work.ledger.rules.all() if rule.active}
        for rule_id, (rule, task) in list(self._tasks.items()):
            if rule_id not in rules or _essence(rules[rule_id]) != _essence(rule) or task.done():
                task.cancel()
                (result,) = await asyncio.gather(task, return_exceptions=True)
                if isinstance(result, Exception):
                    self._broke_down(rule, result)
                else:
                    self._mistakes.pop(rule_id, None)
                del self._tasks[rule_id]
        for rule_id, rule in rules.items():
            if rule_id not in self._tasks and time.monotonic() >= self._not_before(rule_id):
                watcher = Watcher(self._work, rule, self._lock_for(rule.folder))
                self._tasks[rule_id] = (rule, asyncio.create_task(watcher.run()))
        self._let_go({rule.folder for rule in rules.values()})

    def _broke_down(self, rule: WatchRule, error: Exception) -> None:
        """A mistake of ours: shown at the rule, told once, and tried again less and less often."""
        log.error("the watcher of %s ended: %r", rule.folder, error, exc_info=error)
        count, _ = self._mistakes.get(rule.id, (0, 0.0))
        self._mistakes[rule.id] = (count + 1, time.monotonic() + backoff(count + 1))
        ledger = self._work.ledger
        current = ledger.rules.get(rule.id)
        if current is not None and current.problem != MISTAKE:
            with ledger.write():
                ledger.rules.set_problem(rule.id, MISTAKE)
                words = f"{rule.folder} can't be watched now: {MISTAKE}"
                ledger.events.add("watch.problem", words, {}, rule_id=rule.id)

    def _not_before(self, rule_id: int) -> float:
        return self._mistakes.get(rule_id, (0, 0.0))[1]

    def _lock_for(self, folder: str) -> FolderLock:
        """One lock per folder, which several rules of this engine may share."""
        if folder not in self._locks:
            places = self._settings.where.state / "watched"
            self._locks[folder] = FolderLock(folder, places, self._held)
        return self._locks[folder]

    def _let_go(self, wanted: set[str]) -> None:
        for folder in self._locks.keys() - wanted:
            self._locks.pop(folder).release()

    # --- config.toml -----------------------------------------------------------------------------------

    async def _follow_config(self) -> None:
        while True:
            await asyncio.sleep(_CONFIG_SECONDS)
            try:
                self._read_config()
            except LedgerProblem as problem:
                log.warning("the rules can't be read now: %s", problem)
                self._config_seen = _NEVER

    def _read_config(self) -> None:
        seen = _version(self._settings.where.config_file)
        if seen == self._config_seen:
            return
        self._config_seen = seen
        try:
            if self._all_gone():
                self._config_seen = _NEVER  # looked at again soon
                return
            sync_rules(self._settings, self._work.ledger)
        except LedgerProblem:
            raise
        except Problem as problem:
            # The rules that were there go on; a half-edited file stops nothing.
            log.warning("the rules stay as they were: %s", problem)
            self._work.notices.set("rules", f"the watch rules stay as they were: {problem.why}")
        else:
            self._work.notices.set("rules", "")

    def _all_gone(self) -> bool:
        """Whether the file has none of its rules for the moment: editors empty a file, then write it."""
        listed = any(rule.from_file for rule in self._work.ledger.rules.all())
        if not listed or rules_of(self._settings):
            self._gone_since = None
            return False
        if self._gone_since is None:
            self._gone_since = time.monotonic()
        return time.monotonic() - self._gone_since < _GONE_SECONDS

    async def stop(self) -> None:
        """Stop all watchers."""
        tasks = [task for _, task in self._tasks.values()]
        if self._config_task is not None:
            tasks.append(self._config_task)
            self._config_task = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._let_go(set())


def _essence(rule: WatchRule) -> WatchRule:
    return structs.replace(rule, problem="", from_file=False)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
