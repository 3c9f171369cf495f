"""What Gencove holds, and how to ask for it. Status words are kept and shown as they came (api-v2 §5)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from gencove_tui.model.places import GncvPath


class Dialect(StrEnum):
    """Which of the two wire contracts a host speaks."""

    V1 = "v1"
    V2 = "v2"


class Capability(StrEnum):
    """Something one dialect can do and another perhaps can't."""

    SEARCH_PROJECTS = "search projects on the server"
    SORT_PROJECTS = "sort projects on the server"
    EDIT_PROJECTS = "create, edit, hide and delete projects"
    SEARCH_SAMPLES = "search samples on the server"
    FILTER_SAMPLES = "filter samples on the server"
    SORT_SAMPLES = "sort samples on the server"
    MODIFIED_AFTER = "list only what changed since a time"
    SAMPLE_ACTIONS = "cancel, hide, delete, restore, import and copy samples"
    QUALITY_CONTROLS = "quality-control metrics"
    METADATA = "sample metadata"
    STATUS_HISTORY = "status history of a sample"
    FILE_TYPES = "list of file types"
    CHECKSUMS = "sha256 of deliverables"
    ASSIGN = "assign uploads to a project"
    SAMPLE_SHEET = "pairs of uploads as the server sees them"
    UPLOAD_RECORDS = "a status record for every upload"
    DELETE_UPLOADS = "delete from the upload area"
    BATCHES = "batches"
    MERGED_VCF = "merged VCF"
    MANIFESTS = "sample manifests"
    SUBSCRIPTIONS = "webhook subscriptions"
    IMPORTS = "imports from S3 and BaseSpace"
    REPORTS = "usage and quality-control reports"
    ORGANIZATION = "organization and user details"
    PIPELINES = "pipelines and their capabilities"
    PEOPLE = "users, roles, sharing and API keys"


class Account(Struct, frozen=True, kw_only=True):
    """Who the API key belongs to, as far as the dialect tells."""

    name: str = ""
    email: str = ""
    uploads_enabled: bool | None = None
    """Whether the account may use the upload area; None when the API doesn't say."""
    extra: dict[str, Any] = field(default_factory=dict)


class Organization(Struct, frozen=True, kw_only=True):
    """The customer that owns projects and uploads (api-v2 §6)."""

    id: str
    name: str = ""
    expire_uploads_period_days: int | None = None
    """Retention of the upload area. 0 and None both mean that nothing is stated (api-v2 §6)."""
    archive_period_days: int | None = None
    account_on_hold: bool | None = None
    delete_samples_enabled: bool | None = None
    role: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


class StatusCounts(Struct, frozen=True, kw_only=True):
    """How many samples of a project stand where; None when the API doesn't say (api-v2 §7)."""

    total: int | None = None
    running: int | None = None
    scheduled: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    total_size: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Project(Struct, frozen=True, kw_only=True):
    """A named set of samples analysed the same way."""

    id: str
    name: str = ""
    description: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    sample_count: int | None = None
    hidden: bool = False
    locked: bool = False
    shared: bool = False
    organization_name: str = ""
    role: str = ""
    pipeline_capability: str = ""
    """Id of the pipeline capability, not its name (api-v2 §7)."""
    deliverables: tuple[Deliverable, ...] = ()
    """Project-wide files: merged VCF, joint-called VCF, reference genome. Only in a detail."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields that this version doesn't know, verbatim."""


class Deliverable(Struct, frozen=True, kw_only=True):
    """A result file that can be downloaded through a presigned URL (api-v1 §4, api-v2 §9)."""

    file_type: str
    """``impute-vcf``, ``alignment-bam`` … in v2; ``vcf``, ``bam``, ``bai`` … in v1."""
    id: str = ""
    """Stable id in v2; v1 has none and leaves it empty."""
    name: str = ""
    """Default file name from the presigned URL, unsanitised; empty when there is no URL."""
    size: int | None = None
    url: str | None = None
    """Presigned, so a secret: never shown, never logged. None while archived."""
    checksum_sha256: str = ""

    def __rich_repr__(self) -> Any:
        yield from ((n, getattr(self, n)) for n in self.__struct_fields__ if n != "url")

    def __repr__(self) -> str:
        return f"Deliverable({self.file_type!r}, id={self.id!r}, name={self.name!r}, size={self.size!r})"


class SampleStatus(Struct, frozen=True, kw_only=True):
    """One entry of a sample's status history."""

    status: str
    note: str = ""
    created: datetime | None = None


class Sample(Struct, frozen=True, kw_only=True):
    """One specimen in one project."""

    id: str
    """Gencove's unique id: a UUID in v2, a number in v1."""
    client_id: str = ""
    """The customer's own id (v1: external id). Not unique, may be empty."""
    project_id: str = ""
    status: str = ""
    status_note: str = ""
    status_created: datetime | None = None
    archive_status: str = ""
    archive_created: datetime | None = None
    archive_cutoff: datetime | None = None
    """Until when a restored sample stays available."""
    created: datetime | None = None
    modified: datetime | None = None
    hidden: bool = False
    failed_qc: tuple[str, ...] = ()
    deliverables: tuple[Deliverable, ...] | None = None
    """None in list rows, which don't carry files; a tuple, perhaps empty, in a sample's detail."""
    extra: dict[str, Any] = field(default_factory=dict)


class FileType(Struct, frozen=True, kw_only=True):
    """A kind of deliverable and its description, which is often empty (api-v2 §8)."""

    key: str
    description: str = ""


class Upload(Struct, frozen=True, kw_only=True):
    """One remote file in the upload area."""

    path: GncvPath
    id: str = ""
    """v2's upload id; empty in v1, where the path is the identity."""
    size: int | None = None
    status: str = ""
    """``started``, ``succeeded``, ``failed`` in v2 (api-v2 §5); empty in v1, where being listed is enough."""
    created: datetime | None = None
    client_id: str = ""
    read: str = ""
    """``R1``, ``R2`` or empty."""
    sample_id: str = ""
    """The sample it was assigned to; empty while unassigned or unknown."""
    checksum_sha256: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


class UploadTarget(Struct, frozen=True, kw_only=True):
    """Where the bytes of one upload have to go."""

    path: GncvPath
    bucket: str
    key: str
    upload_id: str = ""
    """v2's id of the upload record; empty in v1."""
    status: str = ""
    """``succeeded`` means that the path already holds a finished upload (api-v2 §10)."""


class Credentials(Struct, frozen=True, kw_only=True):
    """Temporary S3 keys for the upload area. A secret: its repr shows the expiry only."""

    access_key: str
    secret_key: str
    token: str
    expires: datetime | None = None

    def __repr__(self) -> str:
        return f"Credentials(expires={self.expires!r})"

    def __rich_repr__(self) -> Any:
        yield "expires", self.expires


T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A window on a remote list."""

    items: tuple[T, ...]
    offset: int = 0
    """Position of the first item in the whole list."""
    total: int | None = None
    """Length of the whole list; None when the API doesn't say."""
    more: bool = False
    """Whether anything follows after the last item."""


class ProjectQuery(Struct, frozen=True, kw_only=True):
    """Which projects, in which order. Empty strings mean the server's default."""

    search: str = ""
    hidden_status: str = ""
    """``visible``, ``hidden`` or ``all``."""
    status: str = ""
    """``all``, ``completed`` or ``running``."""
    locked: bool | None = None
    shared: bool | None = None
    additional_permission: str = ""
    """Only those where the user may also do this: ``project_samples_add`` or
    ``basespace_biosamples_import``."""
    sort_by: str = ""
    """``created``, ``modified``, ``name``, ``pipeline_capabilities`` or ``sample_count``."""
    descending: bool = False


class SampleQuery(Struct, frozen=True, kw_only=True):
    """Which samples of a project, in which order (api-v2 §4). Empty strings mean the server's default."""

    search: str = ""
    status: str = ""
    """``all``, ``completed``, ``succeeded``, ``failed`` or ``running``: filter words, not status words."""
    archive_status: str = ""
    """``all``, ``available``, ``archived`` or ``restore_requested``."""
    hidden_status: str = ""
    created_after: datetime | None = None
    created_before: datetime | None = None
    modified_after: datetime | None = None
    modified_before: datetime | None = None
    sort_by: str = ""
    """``created``, ``modified``, ``status``, ``client_id`` or ``id``."""
    descending: bool = False
