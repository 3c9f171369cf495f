"""What the sandbox remembers. Times are seconds since the epoch, sizes bytes, ids UUIDs as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gencove_tui.sandbox.content import Content


@dataclass(slots=True)
class Status:
    """One step in the life of a sample, upload or job."""

    id: str
    status: str
    created: float
    note: str = ""


@dataclass(slots=True)
class Capability:
    """A pipeline capability: how the samples of a project are analysed (api-v2 §7)."""

    id: str
    name: str
    key: str
    species: str | None
    category: str | None
    merges: bool
    deliverables: tuple[str, ...]
    description: str | None = None


@dataclass(slots=True)
class Sample:
    """A sample, visible in v1 by ``number`` and in v2 by ``id``."""

    id: str
    number: int
    project_id: str
    client_id: str
    created: float
    modified: float
    status: str
    note: str = ""
    archive_status: str = "available"
    archive_created: float = 0.0
    transition_cutoff: float | None = None
    hidden: bool = False
    failed_qc: tuple[str, ...] = ()
    metadata: Any = None
    history: list[Status] | None = None
    """None: derived from ``status`` when asked for."""
    uploads: dict[str, str] = field(default_factory=dict)
    """``r1``/``r2`` → upload id."""
    physical_id: str = ""
    legacy_id: str = ""

    @property
    def is_finished(self) -> bool:
        """Whether the analysis came to an end, good or bad."""
        return self.status in ("succeeded", "failed", "failed qc", "disabled")

    @property
    def is_available(self) -> bool:
        """Whether its files can be downloaded now."""
        return self.archive_status in ("available", "restored")


@dataclass(slots=True)
class StoredFile:
    """A deliverable or another file that the API hands out."""

    id: str
    owner_id: str
    kind: str
    name: str
    s3_path: str
    created: float
    make: Callable[[], Content]
    size_stated: bool = True
    checksum_stated: bool = True
    _content: Content | None = None
    _sha256: str = ""
    _md5: str = ""

    @property
    def content(self) -> Content:
        """The bytes, made on first use."""
        if self._content is None:
            self._content = self.make()
        return self._content

    @property
    def sha256(self) -> str:
        """Hexadecimal sha256 of the bytes."""
        self._sha256 = self._sha256 or self.content.sha256()
        return self._sha256

    @property
    def etag(self) -> str:
        """As S3 has it, with quotes: the MD5, or something with a dash for a file that came in parts."""
        self._md5 = self._md5 or self.content.md5()
        parts = -(-self.content.size // (8 << 20))
        return f'"{self._md5}"' if parts <= 1 else f'"{self._md5}-{parts}"'


@dataclass(slots=True)
class Job:
    """A batch or a merge of VCFs (api-v2 §13)."""

    id: str
    project_id: str
    created: float
    statuses: list[Status]
    name: str = ""
    batch_type: str = ""
    sample_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Project:
    """A project, visible in v1 by ``number`` and in v2 by ``id``."""

    id: str
    number: int
    name: str
    created: float
    description: str = ""
    capability_id: str | None = None
    modifications: list[dict[str, Any]] = field(default_factory=list)
    hidden: bool = False
    locked: bool = False
    is_shared: bool = False
    has_genome: bool = False
    joint_called: bool = False
    webhook_url: str = ""
    v1: dict[str, Any] = field(default_factory=dict)
    """The fields that only v1 knows: href, enabled, discoverable, subsidy_enabled."""
    samples: dict[str, Sample] = field(default_factory=dict)
    load: Callable[[Project], None] | None = None
    """Makes the samples of a large project when they are first asked for; None once done."""
    planned: int = 0
    """How many samples ``load`` will make."""
    version: int = 0
    """Grows with every change to a sample, so that sorted lists can be kept."""
    merge: Job | None = None
    merged_from: tuple[str, ...] = ()


@dataclass(slots=True)
class Upload:
    """A file in the upload area (api-v2 §10)."""

    id: str
    path: str
    """``gncv://…``"""
    key: str
    created: float
    last_status: Status
    size: int | None = None
    source: str = "cli"
    source_url: str = ""
    sample_id: str = ""
    deleted: bool = False
    sha256: str = ""


@dataclass(slots=True)
class Keys:
    """Temporary S3 keys that the sandbox handed out."""

    access_key: str
    secret_key: str
    token: str
    expires: float


@dataclass(slots=True)
class ApiKey:
    """An API key of the account; ``key`` is what a client sends."""

    id: str
    key: str
    name: str
    created: float
    revoked: bool = False
    expiry_date: str | None = None
    ip_range: str | None = None


@dataclass(slots=True)
class Manifest:
    """A sample manifest that was sent for a project (api-v2 §13)."""

    id: str
    project_id: str
    file_name: str
    created: float
    file: StoredFile


@dataclass(slots=True)
class RestoreGroup:
    """Samples whose restore was asked for together (api-v2 §12)."""

    id: str
    project_id: str
    created: float
    sample_ids: tuple[str, ...]


@dataclass(slots=True)
class Subscription:
    """Who is told about what happens in a project (api-v2 §14)."""

    id: str
    project_id: str
    target: str
    event_types: tuple[str, ...]
    name: str = ""
    secret: str = ""

    @property
    def protocol(self) -> str:
        """``webhook`` or ``email``, as the target looks."""
        return "webhook" if self.target.startswith(("http://", "https://")) else "email"


@dataclass(slots=True)
class Notification:
    """One event that a subscription was told about."""

    id: str
    subscription_id: str
    event_type: str
    created: float
    payload: StoredFile
    response_status: int | None = None
    response_message: str | None = None


@dataclass(slots=True)
class AutoImport:
    """A standing order to import whatever appears at a source (api-v2 §15)."""

    id: str
    project_id: str
    source: str
    """An S3 URI, or the BaseSpace identifier that project names are matched with."""
    metadata: Any = None


@dataclass(slots=True)
class Share:
    """A project shared with someone outside the organization (api-v2 §7)."""

    id: str
    project_id: str
    email: str
    level: str
    last_status: Status
