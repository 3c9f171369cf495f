"""What a screen or a command can see and ask: frozen snapshots and the ``Desk`` that hands them out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from gencove_tui.engine.views_queue import QueueDesk
from gencove_tui.engine.views_remote import RemoteDesk
from gencove_tui.engine.views_watch import WatchDesk
from gencove_tui.model import (
    Account,
    Capability,
    Deliverable,
    Dialect,
    Event,
    GncvPath,
    LoopState,
    Organization,
    Page,
    Project,
    ProjectQuery,
    RuleStatus,
    Sample,
    SampleQuery,
    StatusCounts,
    Transfer,
    Upload,
    WatchRule,
    Wish,
)

T = TypeVar("T")


class Online(StrEnum):
    """What is known about the line to Gencove."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"
    """No answer; tried again by itself."""
    MAINTENANCE = "maintenance"
    REJECTED = "key rejected"
    """The host answers and refuses the key: nothing is tried again until the user acts."""


class Connection(Struct, frozen=True, kw_only=True):
    """The line to Gencove, for the status line."""

    profile: str
    host: str
    state: Online = Online.CONNECTING
    dialect: Dialect | None = None
    capabilities: frozenset[Capability] = frozenset()
    account: Account | None = None
    organization: Organization | None = None
    problem: str = ""
    remedy: str = ""
    last_answer: datetime | None = None
    """When the host last answered a request in full."""


class Listing(Struct, Generic[T], frozen=True, kw_only=True):
    """A window on a remote list together with its age."""

    page: Page[T]
    fetched: datetime
    stale: bool = False
    """True when it comes from the cache rather than from an answer to this very request."""


class PlannedDownload(Struct, frozen=True, kw_only=True):
    """One deliverable and the file it would become."""

    sample: Sample
    deliverable: Deliverable
    target: Path
    obstacle: str = ""
    """Why it can't be queued (no URL while archived, two files on one path …); empty when it can."""
    present: bool = False
    """A file of the right size is already there, or any file where nothing tells the size."""


class PlannedUpload(Struct, frozen=True, kw_only=True):
    """One local file and the place in the upload area it would go to."""

    local: Path
    target: GncvPath | None
    size: int
    obstacle: str = ""
    """Why it would not be uploaded (not a FASTQ, empty, unreadable, already queued …); else empty."""


class Totals(Struct, frozen=True, kw_only=True):
    """The transfers in sum."""

    running: int = 0
    queued: int = 0
    paused: int = 0
    waiting: int = 0
    failed: int = 0
    done: int = 0
    bytes_left: int = 0
    """Of unfinished transfers whose size is known."""
    bytes_ahead: int = 0
    """Of those among them that move or are queued: nobody knows when the others go on."""
    up_rate: float = 0.0
    down_rate: float = 0.0
    """Bytes per second, smoothed over some seconds."""
    lasting_rate: float = 0.0
    """Of both directions, over a longer time; 0 while nothing flows."""
    chart: tuple[float, ...] = ()
    """Bytes per second in both directions in past steps of time, the oldest first."""

    @property
    def unfinished(self) -> int:
        """Transfers that the engine still has to move."""
        return self.running + self.queued + self.waiting

    @property
    def seconds_left(self) -> float | None:
        """How long all that moves or is queued will take; None while nothing flows."""
        return self.bytes_ahead / self.lasting_rate if self.bytes_ahead and self.lasting_rate else None


class EngineState(Struct, frozen=True, kw_only=True):
    """The process that performs the transfers."""

    alive: bool
    pid: int | None = None
    version: str = ""
    service: bool = False
    """systemd started it and looks after it, whoever looks on."""
    notice: str = ""
    """Something the engine wants everybody to know: disk full, polling instead of inotify …"""


class RuleView(Struct, frozen=True, kw_only=True):
    """A watch rule and what became of the files it saw."""

    rule: WatchRule
    settling: int = 0
    waiting: int = 0
    """Files that wait for something but time: a mate, a marker …"""
    held: int = 0
    """Files that wait for a person."""
    queued: int = 0
    uploaded: int = 0
    failed: int = 0
    ignored: int = 0
    last_name: str = ""
    """The file that moved last, for people to read."""
    status: RuleStatus = RuleStatus()
    """Where the rule stands, as its last look left it."""
    sample_counts: dict[LoopState, int] = {}
    samples: str = ""
    """How its samples fare, in one line; empty while there are none."""
    samples_problem: str = ""
    """Why assigning or delivering does not go on."""
    samples_remedy: str = ""


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that the ledger holds and a screen shows, at one moment."""

    transfers: tuple[Transfer, ...] = ()
    """Active first, then queued in order, then ended with the newest first; at most ``SNAPSHOT_ROWS``, of
    which some are always kept for failures and for what ended last.
    """
    transfers_total: int = 0
    totals: Totals = Totals()
    rules: tuple[RuleView, ...] = ()
    events: tuple[Event, ...] = ()
    """The newest hundred, newest first."""
    engine: EngineState = EngineState(alive=False)


SNAPSHOT_ROWS = 1000


class Desk(RemoteDesk, QueueDesk, WatchDesk, Protocol):
    """The one object that a screen talks to.

    Async methods raise ``errors.Problem`` and nothing else; they may be cancelled at any await. The
    synchronous ones return at once from memory or the local ledger.
    """

    @property
    def connection(self) -> Connection:
        """The line to Gencove as last seen."""
        ...

    @property
    def download_folder(self) -> Path:
        """Where downloads go unless told otherwise."""
        ...

    # --- the remote side -------------------------------------------------------------------------

    async def connect(self) -> Connection:
        """Find the dialect if need be, check the key, and remember the outcome. Never raises."""
        ...

    async def look(self) -> None:
        """Ask Gencove something small, to learn whether it answers; ``connection`` tells what came of it."""
        ...

    def cached_projects(self) -> Listing[Project] | None:
        """The list as it was last seen, for the first paint."""
        ...

    async def projects(
        self, query: ProjectQuery = ..., *, offset: int = 0, limit: int = ...
    ) -> Listing[Project]:
        """A window on the projects."""
        ...

    async def project(self, project_id: str) -> Project:
        """One project in detail."""
        ...

    def project_name(self, project_id: str) -> str:
        """What a project was called when it was last seen; empty where it never was."""
        ...

    async def project_stats(self, project_id: str) -> StatusCounts:
        """How many samples stand where."""
        ...

    def cached_samples(self, project_id: str) -> Listing[Sample] | None:
        """The first page of a project's samples as it was last seen."""
        ...

    def samples_seen(self, words: Sequence[str], most: int) -> tuple[tuple[Project, Sample], ...]:
        """Samples of any project that were in a list lately and hold all the words, in small letters."""
        ...

    async def samples(
        self, project_id: str, query: SampleQuery = ..., *, offset: int = 0, limit: int = ...
    ) -> Listing[Sample]:
        """A window on a project's samples."""
        ...

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """One sample with deliverables."""
        ...

    async def uploads(self, prefix: GncvPath = ..., *, offset: int = 0, limit: int = ...) -> Listing[Upload]:
        """A window on the upload area."""
        ...

    # --- transfers -------------------------------------------------------------------------------

    def changed(self) -> bool:
        """Whether the ledger changed since the last ``snapshot``; costs microseconds."""
        ...

    def snapshot(self) -> Snapshot:
        """Transfers, rules, events and engine as they stand now."""
        ...

    def plan_downloads(
        self,
        files: Sequence[tuple[Sample, Sequence[Deliverable]]],
        folder: Path | None = None,
        template: str = "",
    ) -> tuple[PlannedDownload, ...]:
        """Where these deliverables of each sample would be saved; an empty template means the profile's.

        It looks at the disk, and any thread may call it. Raises ``InputProblem`` for a bad template.
        """
        ...

    async def queue_downloads(self, plan: Sequence[PlannedDownload]) -> tuple[int, ...]:
        """Queue what has no obstacle; returns ids of transfers. Raises when the folder can't be written."""
        ...

    async def plan_uploads(self, paths: Sequence[Path], destination: GncvPath) -> tuple[PlannedUpload, ...]:
        """What would go where; folders are walked. Raises when a path doesn't exist."""
        ...

    async def queue_uploads(self, plan: Sequence[PlannedUpload]) -> tuple[int, ...]:
        """Queue what has no obstacle; returns ids of transfers."""
        ...

    async def wish(self, transfer_ids: Sequence[int], wish: Wish) -> None:
        """Pause, run or cancel; RUN also resumes, and retries what failed or was cancelled."""
        ...

    async def clear_finished(self, until: datetime | None = None) -> int:
        """Forget transfers that have finished, or had by ``until``; returns how many. Files stay."""
        ...

    # --- watch rules -----------------------------------------------------------------------------

    async def switch_rule(self, rule_id: int) -> bool:
        """Pause a watch rule that is active, resume one that rests; returns whether it is active then."""
        ...

    # --- the engine ------------------------------------------------------------------------------

    async def ensure_engine(self) -> EngineState:
        """Start the engine process unless one runs; returns when it runs."""
        ...

    async def stop_engine(self) -> None:
        """Ask the engine to stop; returns when it has, with all progress kept."""
        ...

    async def restart_engine(self) -> EngineState:
        """Stop the engine and start one of this version; all progress is kept."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and the ledger. The engine goes on."""
        ...
