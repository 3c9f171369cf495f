"""The status file of a rule: small JSON for monitoring systems, replaced atomically, never half-written."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from functools import partial
from pathlib import Path

import msgspec

from gencove_tui.engine.disks import Disks
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.engine.loop.words import status_document
from gencove_tui.model import WatchRule
from gencove_tui.store.ledger import Ledger

log = logging.getLogger(__name__)

BEAT_SECONDS = 60.0
"""The file is written at least so often while the rule works, so that ``written`` tells that it lives."""


def status_path(state_folder: Path, rule_id: int) -> Path:
    """Where a rule's status file is."""
    return state_folder / "rules" / f"{rule_id}.json"


class StatusFile:
    """Writes one rule's status when it changed, and now and then when it did not."""

    def __init__(
        self, ledger: Ledger, disks: Disks, state_folder: Path, rule: WatchRule, wants: Wants
    ) -> None:
        self._ledger = ledger
        self._disks = disks
        self._rule = rule
        self._place = status_path(state_folder, rule.id)
        self._second = Path(wants.status_file).expanduser() if wants.status_file else None
        self._under_way = False
        """Whether the second is being written, perhaps to a network disk that is slow or hangs."""
        self._written: dict[str, object] | None = None
        self._at = 0.0
        self._complaints: set[Path] = set()

    def write(self, *, running: bool = True) -> None:
        """Bring the file up to date. Never raises: a rule works on without its status file."""
        rule = self._ledger.rules.get(self._rule.id) or self._rule
        document = status_document(self._ledger, rule)
        if not running and rule.active:
            document["state"] = "stopped"
        essence = {name: value for name, value in document.items() if name != "written"}
        if essence == self._written and time.monotonic() - self._at < BEAT_SECONDS:
            return
        body = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        self._put(self._place, body)
        self._written, self._at = essence, time.monotonic()
        if self._second is None:
            return
        if self._under_way:
            self._written = None  # written again soon, there as well
            return
        self._under_way = True
        self._disks.of(self._second).drop(partial(self._put_second, self._second, body))

    def _put_second(self, path: Path, body: bytes) -> None:
        try:
            self._put(path, body)
        finally:
            self._under_way = False

    def _put(self, path: Path, body: bytes) -> None:
        try:
            replace(path, body)
            self._complaints.discard(path)
        except OSError as error:
            if path not in self._complaints:
                self._complaints.add(path)
                log.warning("the status file %s can't be written: %s", path, error)


def replace(path: Path, body: bytes) -> None:
    """Put a file in place as a whole. Raises ``OSError``; then what was there before stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(body)
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
