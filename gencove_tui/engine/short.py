"""A watched file whose content ends too early: most likely it is still being written on another machine.

Its upload waits and the file is looked at again and again. It is read anew only once it has changed and has
stood still for the rule's time, and for longer with each time that it was read in vain; one that stays as it
is fails in the end (transfer-anchors §3.1).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from gencove_tui.engine.outcome import LONGEST_WAIT, TransferFailed, TransferWaits
from gencove_tui.fastq.broken import BrokenFastq
from gencove_tui.model import Transfer, WatchedFile
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.short_files import PATIENCE, ShortFile
from gencove_tui.store.transfer_rows import LARGEST_NUMBER

_FIRST = 30.0
"""Seconds to the first look; doubled with each."""
_SOONEST = 1.0


class StillShort:
    """What an upload knows of its file from the times before."""

    def __init__(self, ledger: Ledger, transfer: Transfer) -> None:
        self._ledger = ledger
        self._transfer = transfer
        self.known: ShortFile | None = None
        """None where there is no reason not to read the file."""
        self._files: list[WatchedFile] = []
        if transfer.rule_id is None:
            return
        if transfer.attempts == 0:  # it is new, or somebody wants it to be tried now
            ledger.short.read_anew(transfer.id, now=True)
            return
        self.known = ledger.short.get(transfer.id)
        if self.known is not None and self.known.stands:
            self._files = ledger.rules.files_of(transfer.id)

    def is_same(self) -> bool:
        """Whether the files are what was read before; may wait for a disk."""
        return bool(self._files) and all(map(_is_unchanged, self._files))

    def check(self, *, same: bool) -> None:
        """Raises ``TransferWaits`` while reading it makes no sense, ``TransferFailed`` at the end."""
        known = self.known
        if known is None:
            return
        now = time.time()
        if known.stands and not same:
            if self._is_watched():  # whose watcher says when it stands still
                raise _waits(known, LONGEST_WAIT, "it has changed and must stand still")
            self._ledger.short.read_anew(self._transfer.id)
            return
        if not known.stands:
            if now < known.read_from:
                raise _waits(known, min(known.read_from - now, LONGEST_WAIT), "it has changed since")
            return
        if now >= known.until:
            self._ledger.short.forget(self._transfer.id)
            last = f"it has not changed for {PATIENCE / 3600:.0f} h"
            raise TransferFailed(
                known.what,
                f"{known.why}; {last if known.until else 'a marker says that it is complete'}",
                known.remedy,
            )
        self._ledger.short.looked(self._transfer.id)
        raise _waits(known, _delay(known.looks + 1, known.until))

    def wait_for(self, problem: BrokenFastq) -> TransferWaits | None:
        """How to wait for the rest of a file that was read; None where none can be expected."""
        number = self._transfer.id
        if self._transfer.rule_id is None:
            return None
        if not problem.truncated:
            self._ledger.short.forget(number)
            return None
        self._ledger.short.found(number, what=problem.what, why=problem.why, remedy=problem.remedy)
        known = self._ledger.short.get(number)
        return None if known is None else _waits(known, _delay(0, known.until))

    def _is_watched(self) -> bool:
        rule_id = self._transfer.rule_id
        return bool(self._files) and any(
            rule.id == rule_id and rule.active for rule in self._ledger.rules.all()
        )


def _delay(looks: int, until: float) -> float:
    return max(_SOONEST, min(_FIRST * 2.0 ** min(looks, 16), LONGEST_WAIT, until - time.time()))


def _waits(known: ShortFile, delay: float, why: str = "perhaps it is still being written") -> TransferWaits:
    again = datetime.fromtimestamp(time.time() + delay, UTC).astimezone()
    return TransferWaits(
        known.what, f"{known.why}; {why}; looked at again at {again:%H:%M}", known.remedy, delay=delay
    )


def _is_unchanged(file: WatchedFile) -> bool:
    try:
        now = Path(file.path).stat()
    except OSError:
        return False
    inode = now.st_ino & LARGEST_NUMBER
    return file.state == "queued" and (now.st_size, now.st_mtime_ns, inode, now.st_ctime_ns) == (
        file.size,
        file.mtime_ns,
        file.inode,
        file.ctime_ns,
    )
