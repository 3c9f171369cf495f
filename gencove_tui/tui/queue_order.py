"""In which order transfers stand in their list, and what they are grouped by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from gencove_tui.model import GNCV, Direction, Transfer, TransferState
from gencove_tui.tui.format import clean

SORTS = ("queue", "name", "size", "progress", "speed", "newest")
GROUPS = ("none", "folder", "state")

LIVE = (TransferState.RUNNING, TransferState.VERIFYING)
"""The states of what the engine is at work on."""


class Group(NamedTuple):
    """A heading, and the sum of what stands below it."""

    name: str
    transfers: tuple[Transfer, ...]
    folded: bool

    @property
    def size(self) -> int:
        """Bytes of those whose size is known."""
        return sum(t.size or 0 for t in self.transfers)

    @property
    def done(self) -> int:
        """Bytes that have been moved."""
        return sum(_moved(t) for t in self.transfers)

    @property
    def rate(self) -> float:
        """Bytes per second of all together."""
        return sum(t.rate for t in self.transfers if t.state is TransferState.RUNNING)

    def count(self, *states: TransferState) -> int:
        """How many are in one of these states."""
        return sum(t.state in states for t in self.transfers)


Row = Transfer | Group


RETRIABLE = (TransferState.FAILED, TransferState.CANCELLED, TransferState.WAITING)
"""What can be begun anew, or at once."""
CLEARABLE = (TransferState.DONE, TransferState.SKIPPED, TransferState.CANCELLED)
"""What clearing takes off the list; failures stay in sight."""


def cleared(item: Transfer, until: datetime | None) -> bool:
    """Whether clearing at ``until`` takes it off the list."""
    if until is None or item.state not in CLEARABLE:
        return False
    return item.finished is None or item.finished <= until


def name_of(item: Transfer) -> str:
    """What is moved, as people would call it: a result by its sample and type, a file by its path."""
    if item.source is not None:
        sample = item.source.client_id or item.source.sample_id
        return clean(f"{sample} {item.source.file_type}")
    return clean(item.remote.removeprefix(GNCV))


def arrange(transfers: Sequence[Transfer], sort: str, group: str, folded: Iterable[str]) -> tuple[Row, ...]:
    """The rows of the list: sorted, below headings where they are grouped, without what is folded away."""
    key = _SORT_KEYS.get(sort)
    ordered = sorted(transfers, key=key) if key is not None else list(transfers)
    if group not in _GROUP_NAMES:
        return tuple(ordered)
    closed = frozenset(folded)
    heaps: dict[str, list[Transfer]] = {}
    for transfer in ordered:
        heaps.setdefault(_GROUP_NAMES[group](transfer), []).append(transfer)
    rows: list[Row] = []
    for name, members in heaps.items():
        rows.append(Group(name, tuple(members), name in closed))
        if name not in closed:
            rows += members
    return tuple(rows)


def _moved(item: Transfer) -> int:
    if item.state in (TransferState.DONE, TransferState.SKIPPED):
        return item.size or item.bytes_done
    return item.bytes_done


def _fraction(item: Transfer) -> float:
    return _moved(item) / item.size if item.size else 0.0


_SORT_KEYS: dict[str, Callable[[Transfer], Any]] = {
    "name": lambda t: name_of(t).casefold(),
    "size": lambda t: -(t.size or 0),
    "progress": lambda t: -_fraction(t),
    "speed": lambda t: -t.rate,
    "newest": lambda t: -(t.created.timestamp() if t.created else 0.0),
}


def _folder(item: Transfer) -> str:
    if item.direction is Direction.UPLOAD:
        return clean(item.remote.rpartition("/")[0])
    if item.source is not None:
        return clean(item.source.client_id or item.source.sample_id)
    return clean(item.remote.partition("/")[0])


def _state(item: Transfer) -> str:
    if item.state in LIVE:
        return "moving"
    return item.state.value


_GROUP_NAMES: dict[str, Callable[[Transfer], str]] = {"folder": _folder, "state": _state}
