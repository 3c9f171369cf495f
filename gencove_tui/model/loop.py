"""Samples of a watch rule, between their files here and their results here."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from gencove_tui.model.places import GncvPath
from gencove_tui.model.transfers import Direction, TransferState


class LoopState(StrEnum):
    """Where a sample of a watch rule stands between its files here and its results here."""

    COLLECTING = "collecting"
    """Some of its files are uploaded, its mate is not."""
    UPLOADED = "uploaded"
    """All there, and the rule names no project: nothing more happens by itself."""
    READY = "ready"
    """All there; assigned at the next occasion."""
    ASSIGNING = "assigning"
    """The assignment was about to be sent, or was sent: never repeated before asking."""
    TO_ASSIGN = "to assign"
    """v1: somebody has to assign it in the dashboard."""
    ANALYSING = "analysing"
    RESULTS = "results"
    """The analysis ended; what is wanted of it is about to be queued."""
    RESTORING = "restoring"
    """Archived and asked back."""
    DELIVERING = "delivering"
    """Its results are in the queue of downloads."""
    DELIVERED = "delivered"
    """Every wanted result is here."""
    FINISHED = "finished"
    """The analysis succeeded, and the rule wants nothing of it."""
    FAILED = "failed"
    """The analysis or its quality control failed; ``reason`` says why."""
    ARCHIVED = "archived"
    """Its results are archived, and the rule does not ask them back."""
    HELD = "held"
    """Waits for a person; ``reason`` and ``remedy`` say for what."""


class LoopFile(Struct, frozen=True, kw_only=True):
    """One file of a sample of a rule: a read that went up, or a result that comes down."""

    direction: Direction
    name: str
    """Uploads: the ``gncv://`` path. Downloads: the file type."""
    read: str = ""
    """Uploads: ``R1`` or ``R2``."""
    upload_id: str = ""
    transfer_id: int | None = None
    local_path: str = ""
    size: int | None = None
    checksum: str = ""
    """``sha256:…`` or another kind, as the audit log has it; empty when none is known."""
    verified: bool = False
    state: TransferState = TransferState.QUEUED
    problem: str = ""


class LoopSample(Struct, frozen=True, kw_only=True):
    """One sample of a watch rule, from its first uploaded file to its last result."""

    id: int
    rule_id: int
    folder: GncvPath
    """Where its files are in the upload area."""
    client_id: str
    take: int = 1
    """Counts on when files of the same name come with new content after the first were assigned."""
    state: LoopState
    reason: str = ""
    """What it waits for or why it failed, for people to read."""
    remedy: str = ""
    project_id: str = ""
    sample_id: str = ""
    """Gencove's id once it is assigned."""
    status: str = ""
    """Gencove's word for where the analysis stands, as it came."""
    tries: int = 0
    retry_at: datetime | None = None
    created: datetime | None = None
    changed: datetime | None = None
    """When its state changed last."""
    assigned: datetime | None = None
    files: tuple[LoopFile, ...] = ()

    def reads(self) -> tuple[LoopFile, ...]:
        """Its uploaded files, R1 first."""
        return tuple(file for file in self.files if file.direction is Direction.UPLOAD)

    def results(self) -> tuple[LoopFile, ...]:
        """Its results, by file type."""
        return tuple(file for file in self.files if file.direction is Direction.DOWNLOAD)
