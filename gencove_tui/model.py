"""The words of the domain, as frozen structures that every room shares.

Sizes are bytes, rates bytes per second, times timezone-aware ``datetime`` in UTC, durations seconds.
Status words are open sets: whatever the API says is kept and shown as it came (api-v2 §5).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from gencove_tui.errors import InputProblem

FASTQ_SUFFIXES = (".fastq.gz", ".fastq.bgz", ".fq.gz", ".fq.bgz")
"""File endings that Gencove takes, compared without regard to case (api-v2 §10)."""

GNCV = "gncv://"


class GncvPath(str):
    """A place in the upload area, ``gncv://folder/name`` (api-v1 §5.3, api-v2 §10).

    A path that ends in ``/`` or is just ``gncv://`` names a folder, any other a file.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> GncvPath:
        """Check what a person typed.

        Raises ``InputProblem`` when it doesn't start with ``gncv://``, starts with ``gncv:///``, or holds
        empty, ``.`` or ``..`` components, control characters or surrounding blanks.
        """
        what = f"{text!r} is not a place in the upload area"
        if not text.startswith(GNCV):
            raise InputProblem(what, "it must start with gncv://", "Write it like gncv://project/batch/.")
        rest = text.removeprefix(GNCV)
        if rest.startswith("/"):
            raise InputProblem(
                what, "a slash follows gncv:// at once", "Write it like gncv://project/batch/."
            )
        if not rest.isprintable() or rest != rest.strip():
            raise InputProblem(
                what, "it holds control characters or outer blanks", "Use plain names and slashes."
            )
        components = rest.removesuffix("/").split("/") if rest else []
        if any(part in ("", ".", "..") for part in components):
            raise InputProblem(what, "it holds an empty, '.' or '..' folder", "Name every folder once.")
        return cls(text)

    @property
    def key(self) -> str:
        """The path below the upload area's root, without ``gncv://``."""
        return self.removeprefix(GNCV)

    @property
    def is_folder(self) -> bool:
        """Whether it names a folder rather than a file."""
        return self.key == "" or self.endswith("/")

    @property
    def name(self) -> str:
        """The last component, without slashes."""
        return self.key.rstrip("/").rsplit("/", 1)[-1]

    @property
    def folder(self) -> GncvPath:
        """The folder that holds this file; a folder is its own."""
        if self.is_folder:
            return self
        head, slash, _ = self.key.rpartition("/")
        return GncvPath(GNCV + head + slash)

    def as_folder(self) -> GncvPath:
        """The same path with exactly one closing slash (the root stays ``gncv://``)."""
        return self if self.is_folder else GncvPath(self + "/")

    def child(self, relative: str) -> GncvPath:
        """A file or folder below this folder; raises ``InputProblem`` like ``parse``."""
        return GncvPath.parse(self.as_folder() + relative)


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


NETWORK_SETTLE = 300.0
"""Seconds for which a file on a network file system must stand still."""


class RuleTerms(Struct, frozen=True, kw_only=True):
    """What a watch rule is to do: the keys of ``[profiles.PROFILE.watch.NAME]`` in ``config.toml``."""

    folder: str
    """Absolute."""
    destination: GncvPath
    """Where the files go. ``{run}``: name of the run folder, or of the folder at the top that holds the file;
    ``{date}``: of the run's name, or the day on which the sample was first seen, as 2026-03-14; ``{project}``
    and ``{rule}``: as written there; ``{sample}``: the client id; ``{relpath}``: the file's folder below
    ``folder``, which is put to the end where neither it nor ``{run}`` is named."""
    files: tuple[str, ...] = ()
    """Patterns in order, the last that matches wins; one that begins with ``!`` leaves out. None, or only
    such: every FASTQ. One without a slash is about the name in any folder, another about the path below
    ``folder``, where ``**`` stands for any number of folders."""
    project: str = ""
    """Id of the project to assign to (v2); empty assigns nothing."""
    metadata: Any = None
    """Any JSON, given to each sample on assignment."""
    single_end: bool = False
    """A read 1 without a mate is a whole sample."""
    check: str = "full"
    """How closely a file is looked at on its way, ``full``, ``gzip`` or ``none``."""
    settle: float = field(default=60.0, name="settle_seconds")
    """Seconds for which a file must stand still, over three looks at least."""
    network_settle: float = field(default=NETWORK_SETTLE, name="network_settle_seconds")
    """The same on network file systems, whose news come late."""
    file_system: str = "auto"
    """``local``, ``network`` (polled only), or ``auto``: what the system says."""
    marker: str = "auto"
    """Name of a file, in the FASTQ's folder or above, to wait for; ``auto``: the sequencers' own, in run
    folders; ``none``: wait for nothing."""
    marker_hours: float = 48.0
    """How long ``auto`` waits for a marker before a file is taken without."""
    hyphens: bool = False
    """``_`` in sample ids becomes ``-`` on upload, since Gencove cuts an id at its first underscore."""
    merge_lanes: bool = False
    """Lanes and segments of a sample go up as one file per read."""
    undetermined: bool = False
    """Take reads that belong to no sample, too."""
    index_reads: bool = False
    """Take I1 and I2, too."""
    lone_mate_hours: float = 24.0
    """How long a lone mate may wait before it is reported."""
    deliver: tuple[str, ...] = ()
    """Patterns on file types of results to download when they are ready."""
    deliver_to: str = ""
    """Folder for results; empty means the profile's."""
    deliver_template: str = ""
    """Path below it; empty means the official client's."""
    restore_archived: bool = False
    """Ask archived samples back."""
    hook: tuple[str, ...] = ()
    """Command that hears of events, with its arguments."""
    hook_events: tuple[str, ...] = ()
    """Patterns on kinds of events for the hook; none means the usual."""
    hook_seconds: float = 30.0
    """How long the hook may take."""
    status_file: str = ""
    """A second place for the rule's status file."""

    @property
    def include(self) -> tuple[str, ...]:
        """Patterns that take files in."""
        return tuple(pattern for pattern in self.files if not pattern.startswith("!"))

    @property
    def exclude(self) -> tuple[str, ...]:
        """Patterns that leave files out."""
        return tuple(pattern[1:] for pattern in self.files if pattern.startswith("!"))


class WatchRule(RuleTerms, frozen=True, kw_only=True):
    """A rule as the ledger knows it: folder → destination → project → results."""

    id: int
    name: str = ""
    """Unique in the profile."""
    from_file: bool = False
    """Whether it stands in ``config.toml``; else a command made it."""
    active: bool = True
    """What the user wants: False while paused."""
    problem: str = ""
    """Why the rule can't work at the moment, e.g. the folder is missing."""


class WatchedFile(Struct, frozen=True, kw_only=True):
    """One version (path, size, mtime, inode) of a file that a rule has seen."""

    rule_id: int
    path: str
    size: int
    mtime_ns: int
    inode: int
    state: str
    """``settling``, ``waiting`` (for something but time), ``held`` (for a person), ``queued`` (a transfer
    exists), ``ignored``, ``gone``."""
    reason: str = ""
    """What it waits for, or why it is not taken, for people to read."""
    remedy: str = ""
    transfer_id: int | None = None
    first_seen: datetime | None = None
    ctime_ns: int = 0
    """Moves whenever the content was touched, even where the modification time was set back."""
    sample: str = ""
    """Which sample, lane and segment it belongs to, the same for both mates; empty before it was queued."""
    read: str = ""
    """``R1`` or ``R2``."""


class RuleStatus(Struct, frozen=True, kw_only=True):
    """Where a rule stands, as its last look left it."""

    looked: datetime | None = None
    """Last look through the folder, written once a minute where nothing changes; None before the first."""
    seconds: float = 0.0
    """How long it took."""
    files: int = 0
    """FASTQ files seen then."""
    network: bool = False
    polling: bool = False
    """Whether the folder is looked through now and then only, without notices from the system."""
    lone: tuple[LoneMate, ...] = ()
    """Samples here whose mate isn't, the longest waiting first."""
    notices: tuple[str, ...] = ()
    """What is not as it should be and stops nothing: unreadable folders, sheets that disagree …"""


class LoneMate(Struct, frozen=True, kw_only=True):
    """A sample of which one read is here and the other is not."""

    sample: str
    missing: str
    """``R2``, ``R1 lane 3`` …"""
    since: datetime


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened, for the event log."""

    id: int
    time: datetime
    kind: str
    """``watch.seen``, ``upload.done``, ``download.failed`` …"""
    message: str
    transfer_id: int | None = None
    rule_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """``error``, ``warning``, ``success`` or ``info``: what a screen may ring a bell for."""
        return _SEVERITIES.get(self.kind.rsplit(".", 1)[-1], "info")


_SEVERITIES = {
    "failed": "error",
    "problem": "warning",
    "held": "warning",
    "lone": "warning",
    "waiting": "warning",
    "missing": "warning",
    "to_assign": "warning",
    "delivered": "success",
    "recovered": "success",
}
"""By the last word of an event's kind."""


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


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One line of the audit log: who did what, when, to which bytes."""

    id: int
    time: datetime
    act: str
    """``upload``, ``assign``, ``download``, ``delete``, ``restore`` …; an open set."""
    outcome: str
    """``done``, ``skipped`` (was there already), ``failed``."""
    who: str
    """``user@host`` of the process that did it."""
    profile: str
    rule_id: int | None = None
    transfer_id: int | None = None
    local_path: str = ""
    remote: str = ""
    """The ``gncv://`` path of an upload, ``<sample>/<file>`` of a download."""
    bytes: int | None = None
    checksum: str = ""
    """``sha256:…`` or another kind; empty when none is known."""
    verified: bool = False
    """Downloads: the checksum agreed with Gencove's."""
    sample_id: str = ""
    client_id: str = ""
    project_id: str = ""
    detail: str = ""
