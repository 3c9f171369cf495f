"""Noticing that reading and checking a file is slower than the line that it goes to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gencove_tui.engine.work import Work
from gencove_tui.model import Transfer

_WORTH_SAYING_SECONDS = 20.0
_MIB = 1 << 20


class Pace:
    """Of one upload: how long the line had nothing to do because the next part was still being read."""

    def __init__(self, work: Work, transfer: Transfer, clock: Callable[[], float] = time.monotonic) -> None:
        self._work = work
        self._transfer = transfer
        self._clock = clock
        self._began = clock()
        self._starved = 0.0
        self._bytes = 0

    @contextmanager
    def reading(self, length: int, *, idle: bool) -> Iterator[None]:
        """While the next part is read; ``idle`` says whether the line could have taken it at once."""
        began = self._clock()
        yield
        self._bytes += length
        if idle:
            self._starved += self._clock() - began

    def judge(self) -> None:
        """All parts were read: say so where the reading was what took the time."""
        seconds = self._clock() - self._began
        if seconds < _WORTH_SAYING_SECONDS or self._starved < 0.8 * seconds:
            return
        speed = self._bytes / seconds / _MIB
        remedy = (
            "" if self._transfer.check == "none" else "; a lower check level (gzip or none) would be quicker"
        )
        self._work.ledger.events.add(
            "upload.pace",
            f"reading and checking {self._transfer.local_path} at {speed:,.0f} MiB/s is slower than the line"
            + remedy,
            transfer_id=self._transfer.id,
            rule_id=self._transfer.rule_id,
        )
