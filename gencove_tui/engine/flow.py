"""How fast bytes move in all: counted from one look at the ledger to the next, and smoothed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gencove_tui.model import Direction, Transfer, TransferState

SMOOTHED = 10.0
"""Seconds whose mean is the speed: transfers move in bursts, most of all below a limit."""
LASTING = 30.0
"""Seconds whose mean tells how long the rest will take: a burst more or less must not change that much."""
STEP = 2.0
"""Seconds that one value of the chart stands for."""
STEPS = 30
"""Values of the chart."""

_MOVING = (TransferState.RUNNING, TransferState.VERIFYING)
_TO_DO = (*_MOVING, TransferState.QUEUED)


class _Look(NamedTuple):
    """What had been seen to move by then."""

    time: float
    up: int = 0
    down: int = 0


class Flow:
    """Knows speeds from what each look at the transfers holds more than the one before.

    The sum of the transfers' own rates would leave out small files, which are through before they have one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counted: dict[int, int] = {}
        """Of each transfer in the last look, the bytes that have been counted or were there before."""
        self._looks: deque[_Look] = deque()
        """Those of the last seconds in which there was something to do, and one before them."""
        self._steps: deque[tuple[int, int]] = deque(maxlen=STEPS + 1)
        """Steps of time, by their number, and the bytes that moved in them."""

    def note(self, transfers: Sequence[Transfer]) -> None:
        """Take account of a look at the transfers; where no engine moves them, of none."""
        now = self._clock()
        up, down = self._news(transfers)
        last = self._looks[-1] if self._looks else _Look(now)
        if not any(item.state in _TO_DO for item in transfers):
            self._looks.clear()  # time without anything to do makes nothing slower
        self._looks.append(_Look(now, last.up + up, last.down + down))
        while len(self._looks) > 2 and self._looks[1].time <= now - LASTING:
            self._looks.popleft()
        step = int(now // STEP)
        if self._steps and self._steps[-1][0] == step:
            step, counted = self._steps.pop()
            self._steps.append((step, counted + up + down))
        else:
            self._steps.append((step, up + down))

    def _news(self, transfers: Sequence[Transfer]) -> tuple[int, int]:
        """Bytes that were sent and fetched since the last look."""
        before, self._counted = self._counted, {}
        moved = {Direction.UPLOAD: 0, Direction.DOWNLOAD: 0}
        for item in transfers:
            counted = before.get(item.id, item.bytes_done)
            if item.state in _MOVING and not item.rate:
                # Bytes that nothing has moved yet were there already. What becomes of it tells.
                self._counted[item.id] = counted
                continue
            self._counted[item.id] = item.bytes_done
            if item.state is not TransferState.SKIPPED:
                moved[item.direction] += max(0, item.bytes_done - counted)
        return moved[Direction.UPLOAD], moved[Direction.DOWNLOAD]

    @property
    def up(self) -> float:
        """Bytes per second that are sent."""
        return self._mean(lambda look: look.up, SMOOTHED)

    @property
    def down(self) -> float:
        """Bytes per second that are fetched."""
        return self._mean(lambda look: look.down, SMOOTHED)

    @property
    def lasting(self) -> float:
        """Bytes per second, sent and fetched, that will go on by all that is known.

        0 while nothing flows, and at the beginning: connections are made then, and nothing is through yet.
        """
        if self.up + self.down < 1 or self._looks[-1].time - self._looks[0].time < SMOOTHED:
            return 0.0
        return self._mean(lambda look: look.up + look.down, LASTING)

    @property
    def chart(self) -> tuple[float, ...]:
        """Bytes per second, sent and fetched, in each whole step of the last minute, the oldest first."""
        if not self._steps:
            return ()
        this, bytes_of = self._steps[-1][0], dict(self._steps)
        return tuple(bytes_of.get(step, 0) / STEP for step in range(this - STEPS, this))

    def _mean(self, bytes_of: Callable[[_Look], int], seconds: float) -> float:
        """The speed of the last ``seconds``, or as many as there are."""
        if len(self._looks) < 2:
            return 0.0
        last = self._looks[-1]
        first = next(
            (look for look in reversed(self._looks) if look.time <= last.time - seconds), self._looks[0]
        )
        passed = last.time - first.time
        return (bytes_of(last) - bytes_of(first)) / passed if passed > 0 else 0.0
