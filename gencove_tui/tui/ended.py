"""Which transfers have come to their end from one snapshot to the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gencove_tui.model import Transfer, TransferState


class Ended:
    """Tells each end once, and none that was before the first snapshot.

    A snapshot lists a part of a long ledger, so what it lists now and did not before may be news, or history
    for which there is room now: that ended no later than what was listed then.
    """

    def __init__(self) -> None:
        self._before: dict[int, tuple[TransferState, datetime | None]] | None = None
        self._latest: datetime | None = None

    def since(self, transfers: Sequence[Transfer]) -> tuple[Transfer, ...]:
        """Those that have ended since this was asked last; none the first time."""
        before, latest = self._before, self._latest
        self._before = {item.id: (item.state, item.finished) for item in transfers}
        ends = [item.finished for item in transfers if item.state.is_final and item.finished is not None]
        self._latest = max(ends if latest is None else [*ends, latest], default=None)
        if before is None:
            return ()

        def is_new(item: Transfer) -> bool:
            if item.id in before:
                return before[item.id] != (item.state, item.finished)
            return item.finished is not None and (latest is None or item.finished > latest)

        return tuple(item for item in transfers if item.state.is_final and is_new(item))
