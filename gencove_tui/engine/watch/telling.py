"""Where a rule stands, written for screens and commands; what is new about it is told once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath

from msgspec import structs

from gencove_tui.engine.watch.look import Look
from gencove_tui.engine.watch.patterns import why_left_out
from gencove_tui.engine.watch.sorting import Sorter
from gencove_tui.fastq.names import temporary_name, why_not
from gencove_tui.model import LoneMate, RuleStatus, WatchedFile, WatchRule
from gencove_tui.store.ledger import Ledger

_STATUS_SECONDS = 60.0
"""The status is written at least so often, changed or not."""
_LONE_SHOWN = 500


class Status:
    """What is told of one rule after each look."""

    def __init__(self, ledger: Ledger, rule: WatchRule, sorter: Sorter) -> None:
        self._ledger = ledger
        self._rule = rule
        self._sorter = sorter
        self._last = RuleStatus()
        self._written = 0.0
        before = ledger.rules.status(rule.id)
        self.root = before.root
        """Where the folder was at the last look that could be believed."""
        self._told = set(before.notices)

    def write(
        self,
        look: Look,
        known: Mapping[str, WatchedFile],
        *,
        took: float,
        settling: bool,
        network: bool,
        no_notices: str,
    ) -> None:
        """After a look that took so many seconds; ``no_notices`` is why the system gives none."""
        now = datetime.now(UTC)
        status = RuleStatus(
            looked=now,
            seconds=round(took, 3),
            root=look.root,
            files=len(look.files),
            network=network,
            polling=network or bool(no_notices),
            lone=self._lone(known, now),
            notices=tuple(map(plain, self._notices(look, settling, no_notices))),
        )
        fresh = [notice for notice in status.notices if notice not in self._told]
        # While files settle, not all that is wrong can be known; it isn't told again afterwards.
        self._told = set(status.notices) | (self._told if settling else set())
        changed = _essence(status) != _essence(self._last)
        if not changed and time.monotonic() - self._written < _STATUS_SECONDS:
            return
        self._last, self._written = status, time.monotonic()
        with self._ledger.write(durable=False):
            self._ledger.rules.set_status(self._rule.id, status)
            for notice in fresh:
                self._ledger.events.add("watch.notice", notice, {}, rule_id=self._rule.id)

    def _notices(self, look: Look, settling: bool, no_notices: str) -> list[str]:
        found = self._sorter.notices(complete=not settling)
        for path, reason in sorted(look.unreadable.items()):
            found.append(f"can't look into {path or self._rule.folder}: {reason}")
        for path in sorted(look.links):
            found.append(f"{path} is a link to a folder, which is not followed; watch what it points to")
        found += self._almost(look)
        if remote := self._ledger.transfers.found_there(self._rule.id):
            found.append(
                f"{remote} was in the upload area before this engine sent it; another engine,"
                " perhaps on another host, may watch this folder: let only one do it"
            )
        for rule in self._ledger.rules.all():
            if rule.id != self._rule.id and rule.active and _overlap(rule, self._rule):
                found.append(
                    f"the rule {rule.name} takes files of {rule.folder} as well, so they go up twice"
                )
        if no_notices:
            found.append(no_notices)
        return found

    def _almost(self, look: Look) -> list[str]:
        """Files that people may expect to go up, one word for each kind of them."""
        prefix = len(self._rule.folder.rstrip("/")) + 1
        kinds: dict[str, str] = {}
        for path in sorted(look.others):
            relative = path[prefix:]
            if not temporary_name(relative) and not why_left_out(self._rule.files, relative):
                kinds.setdefault(why_not(relative), relative)
        return [f"{example} is left out: {reason}" for reason, example in kinds.items()]

    def _lone(self, known: Mapping[str, WatchedFile], now: datetime) -> tuple[LoneMate, ...]:
        folder = self._rule.folder.rstrip("/")
        found = []
        for mates in self._sorter.plan.lone:
            paths = [f"{folder}/{path}" for path in mates.files]
            seen = [known[path].first_seen or now for path in paths if path in known]
            if seen:
                below = str(PurePath(mates.files[0]).parent)
                found.append(
                    LoneMate(
                        sample=mates.sample,
                        missing=mates.missing,
                        since=min(seen),
                        folder="" if below == "." else below,
                    )
                )
        return tuple(sorted(found, key=lambda mate: mate.since)[:_LONE_SHOWN])


def _overlap(one: WatchRule, other: WatchRule) -> bool:
    """Whether two rules take the same files; those that choose by patterns know what they do."""
    if one.files or other.files or (one.folder, one.destination) == (other.folder, other.destination):
        return False
    here, there = (rule.folder.rstrip("/") + "/" for rule in (one, other))
    return here.startswith(there) or there.startswith(here)


def _essence(status: RuleStatus) -> RuleStatus:
    return structs.replace(status, looked=None, seconds=0.0)


def plain(text: str) -> str:
    """Text that can be written as UTF-8, whatever bytes a file name holds."""
    return text.encode("utf-8", "replace").decode("utf-8")
