"""Where the other read of a sample is, of which one read went up: a read is taken for a single one only when
nothing of its mate is here, however that mate fares.
"""

from __future__ import annotations

from msgspec import Struct

from gencove_tui.engine.watch.gates import EMPTY
from gencove_tui.fastq.names import parse_name
from gencove_tui.model import LoopSample, TransferState
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.loop_neighbours import Beside

_MAPPED = "\n\n"
"""In the key of a sample that a map file names (engine/watch/plan.py)."""


class Mate(Struct, frozen=True, kw_only=True):
    """The other read, as it lies on the disk."""

    path: str
    obstacle: str = ""
    """Why it doesn't go up; empty when it needs time only."""


def mate_here(ledger: Ledger, sample: LoopSample) -> Mate | None:
    """The other read of a sample of which one went up; None when it is not in the folder.

    One with an obstacle comes before one that needs time only.
    """
    found: list[Mate] = []
    for file in sample.reads():
        places = ledger.loop.places_of(sample.rule_id, file.transfer_id) or {file.local_path: ""}
        path, key = next(iter(places.items()))
        folder, own = path.rpartition("/")[0], parse_name(path)
        mapped = _MAPPED in key or own is None
        start = f"{folder}/" if mapped or own is None else f"{folder}/{own.sample}"
        for beside in ledger.loop.beside(sample.rule_id, start):
            if beside.path in places or not (mapped or beside.path.rpartition("/")[0] == folder):
                continue
            if _belongs(beside, key, own.sample if own else "", file.read) and (mate := _fares(beside)):
                found.append(mate)
    return max(found, key=lambda mate: bool(mate.obstacle), default=None)


def local_id(ledger: Ledger, sample: LoopSample) -> str:
    """The id that a sample has here, before Gencove cut it; empty when no name tells it."""
    for file in sample.reads():
        parts = ledger.rules.sample_key(sample.rule_id, file.local_path).split("\n")
        if len(parts) > 1:
            return parts[2] if not parts[1] and len(parts) > 2 else parts[1]
        if parsed := parse_name(file.local_path):
            return parsed.sample
    return ""


def _belongs(beside: Beside, key: str, sample: str, read: str) -> bool:
    """Whether a file holds the other read of a sample, by its key where it has one, else by its name."""
    if beside.sample and key:
        return _bare(beside.sample) == _bare(key) and beside.read != read
    other = parse_name(beside.path)
    if other is not None and other.sample == sample:
        return other.read in ("R1", "R2") and other.read != read
    # A map may give any name to a mate, and tells which it is only once it is queued.
    return _MAPPED in key and beside.state == "settling"


def _bare(key: str) -> str:
    """The key without lane and segment."""
    return key if _MAPPED in key else "\n".join(key.split("\n")[:2])


def _fares(beside: Beside) -> Mate | None:
    if beside.state in ("settling", "waiting"):
        return Mate(path=beside.path)
    if beside.state == "held" or (beside.state == "ignored" and beside.reason == EMPTY):
        return Mate(path=beside.path, obstacle=beside.reason)
    if beside.state != "queued" or beside.moved in ("", TransferState.DONE, TransferState.SKIPPED):
        return None  # gone, not wanted, or in the upload area already
    if beside.moved == TransferState.FAILED:
        return Mate(path=beside.path, obstacle=beside.problem or "its upload failed")
    if beside.moved == TransferState.CANCELLED:
        return Mate(path=beside.path, obstacle="its upload was cancelled")
    return Mate(path=beside.path)
