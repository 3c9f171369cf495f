"""Movements of files between here and Gencove."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Direction(StrEnum):
    """Which way the bytes of a transfer go."""

    UPLOAD = "upload"
    DOWNLOAD = "download"


class TransferState(StrEnum):
    """Where a transfer stands."""

    QUEUED = "queued"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    PAUSED = "paused"
    WAITING = "waiting"
    """Will be tried again at ``retry_at``, for the reason in ``problem``."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """Nothing to do: the same content is already there."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens unless someone asks for it."""
        return self in FINAL_STATES


FINAL_STATES = frozenset(
    {TransferState.DONE, TransferState.FAILED, TransferState.CANCELLED, TransferState.SKIPPED}
)


class Wish(StrEnum):
    """What the user wants of a transfer; the engine brings the state in line with it."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


class DownloadSource(Struct, frozen=True, kw_only=True):
    """Names the deliverable that a download fetches, so that its presigned URL can be renewed."""

    project_id: str
    sample_id: str
    file_type: str
    file_id: str = ""
    client_id: str = ""
    checksum_sha256: str = ""


class Transfer(Struct, frozen=True, kw_only=True):
    """One movement of one file between here and Gencove, as the ledger holds it."""

    id: int
    direction: Direction
    local_path: str
    """Absolute; undecodable bytes are kept as surrogate escapes."""
    remote: str
    """Uploads: the ``gncv://`` path. Downloads: ``<sample>/<file name>``, for people to read."""
    state: TransferState
    wish: Wish = Wish.RUN
    size: int | None = None
    bytes_done: int = 0
    rate: float = 0.0
    """Smoothed, bytes per second; 0 unless running."""
    priority: int = 0
    attempts: int = 0
    problem: str = ""
    """Why it is waiting or failed, for people to read."""
    remedy: str = ""
    """What the reader can do about ``problem``."""
    retry_at: datetime | None = None
    verified: bool = False
    """Downloads: the sha256 was known and agreed."""
    checksum: str = ""
    """sha256 of the local file, hexadecimal, once known."""
    source: DownloadSource | None = None
    rule_id: int | None = None
    """The watch rule that queued it, if one did."""
    check: str = "full"
    """Uploads: how closely the file is looked at on its way, ``full``, ``gzip`` or ``none``."""
    side_file: bool = False
    """Downloads: a ``NAME.sha256`` is written beside the file."""
    crc32: str = ""
    """Uploads: CRC32 of the whole file as S3 writes it, once known."""
    position: int = 0
    """Place in the queue among transfers of the same priority."""
    sources: tuple[str, ...] = ()
    """Uploads: several local files that go up as one, in this order; empty for the usual one."""
    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def eta(self) -> float | None:
        """Seconds to the end at the present rate; None when that can't be said."""
        if self.size is None or self.rate <= 0 or self.state is not TransferState.RUNNING:
            return None
        return max(0.0, (self.size - self.bytes_done) / self.rate)


class Part(Struct, frozen=True, kw_only=True):
    """A contiguous piece of a transfer: an S3 part (numbered from 1) or a byte range of a download."""

    number: int
    offset: int
    length: int
    bytes_done: int = 0
    """Bytes that the other side (upload) or the operating system (download) is known to have."""
    synced: int = 0
    """Downloads: bytes that would survive a power cut."""
    etag: str = ""
    crc32: str = ""
    """Base64, as S3 writes it."""
