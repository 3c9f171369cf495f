"""A desk without anything behind it: believable data, every call recorded, trouble on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from msgspec import structs

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.planning import without_collisions
from gencove_tui.engine.targets import check_template
from gencove_tui.engine.views import (
    SNAPSHOT_ROWS,
    Connection,
    EngineState,
    Listing,
    Online,
    PlannedDownload,
    PlannedUpload,
    RuleView,
    Snapshot,
    Totals,
)
from gencove_tui.engine.views_queue import TransferDetail
from gencove_tui.engine.views_remote import Progress
from gencove_tui.engine.views_watch import RuleDetail
from gencove_tui.engine.watch.dry_run import DryRun
from gencove_tui.errors import Problem
from gencove_tui.model import (
    GNCV,
    Account,
    AuditEntry,
    Capability,
    Deliverable,
    Dialect,
    Direction,
    DownloadSource,
    Event,
    GncvPath,
    LoopSample,
    Page,
    Part,
    Project,
    ProjectQuery,
    RuleTerms,
    Sample,
    SampleQuery,
    StatusCounts,
    Transfer,
    TransferState,
    Upload,
    WatchedFile,
    WatchRule,
    Wish,
)
from gencove_tui.store.transfers import Place
from gencove_tui.tui.queue_order import cleared
from tests.tui.fakes_remote import RemoteFake

T = TypeVar("T")
NOW = datetime(2025, 3, 14, 10, 30, tzinfo=UTC)
MIB = 1024 * 1024


def ago(**span: float) -> datetime:
    """A moment before the frozen present."""
    return NOW - timedelta(**span)


def uuid(number: int) -> str:
    """An id that looks like v2's and is the same in every run."""
    return f"{number * 2654435761 % 2**32:08x}-7c1e-4b52-9f0a-{number:012d}"


PROJECTS = (
    Project(
        id=uuid(1),
        name="Maize diversity panel 2025",
        sample_count=13,
        modified=ago(minutes=20),
        description="Low-pass WGS, 1x",
        organization_name="Field Lab",
        role="owner",
    ),
    Project(id=uuid(2), name="Cattle imputation (Angus × Simmental)", sample_count=384, modified=ago(days=2)),
    Project(id=uuid(3), name="家系研究 第3期", sample_count=24, modified=ago(days=40)),
    Project(id=uuid(4), name="[bold]pilot[/bold] run", sample_count=0, created=ago(days=400)),
    Project(id=uuid(5), name="", sample_count=2, hidden=True, modified=ago(days=9)),
)

STATUSES = (
    ("succeeded", ""),
    ("succeeded", ""),
    ("running", ""),
    ("failed qc", "Effective coverage 0.12x is below 0.40x"),
    ("failed", "Reads could not be aligned"),
    ("scheduled", ""),
    ("consumer_awaiting_kit_order", ""),
)
NAMES = (
    "B73-rep1",
    "B73-rep2",
    "Mo17-rep1",
    "Mo17-rep2",
    "W22",
    "",
    "PI 550473 / Tx303 (seed lot 2024-11, greenhouse 3)",
    "標本-0042",
    "Ångström-é",
    "ctrl\x1b[31m\x07neg",
    "[red]Oh43[/red]",
    "CML247",
    "NC358",
)


def deliverables(sample_id: str) -> tuple[Deliverable, ...]:
    """The files of a finished sample."""
    kinds = (
        ("impute-vcf", "_impute-vcf.vcf.gz", 48_231_204, "a" * 64),
        ("impute-tbi", "_impute-tbi.vcf.gz.tbi", 1_204_331, "b" * 64),
        ("impute-csi", "_impute-csi.vcf.gz.csi", 204_331, ""),
        ("alignment-bam", "_alignment-bam.bam", 2_931_204_117, "c" * 64),
        ("alignment-bai", "_alignment-bai.bam.bai", 6_204_331, ""),
        ("qc", "_qc.json", 4_096, ""),
    )
    return tuple(
        Deliverable(
            file_type=kind,
            id=f"{kind}-{sample_id[:8]}",
            name=sample_id[:8] + tail,
            size=size,
            url="https://files.example/x?X-Amz-Signature=secret",
            checksum_sha256=checksum,
        )
        for kind, tail, size, checksum in kinds
    )


def make_samples(count: int = len(NAMES), project: str = "") -> tuple[Sample, ...]:
    """Samples of every kind of name and status."""
    found = []
    for n in range(count):
        status, note = STATUSES[n % len(STATUSES)]
        name = NAMES[n] if n < len(NAMES) else f"S{n:06d}"
        found.append(
            Sample(
                id=uuid(100 + n),
                client_id=name,
                project_id=project or uuid(1),
                status=status,
                status_note=note,
                status_created=ago(hours=n),
                created=ago(days=3),
                modified=ago(hours=n),
                archive_status="archived" if n == 1 else "available",
                failed_qc=("effective_coverage",) if status == "failed qc" else (),
            )
        )
    return tuple(found)


def make_uploads(v1: bool = False) -> tuple[Upload, ...]:
    """Files in the upload area; v1 has neither ids nor statuses."""
    rows = []
    for n, name in enumerate(("B73-rep1_S1", "B73-rep2_S2", "標本-0042_S3")):
        for read in ("R1", "R2"):
            status = "started" if (n, read) == (2, "R2") else "succeeded"
            rows.append(
                Upload(
                    path=GncvPath(f"{GNCV}maize/2025-03-14/{name}_L001_{read}_001.fastq.gz"),
                    id="" if v1 else uuid(500 + len(rows)),
                    size=180 * MIB + n * 7_340_032,
                    status="" if v1 else status,
                    created=None if v1 else ago(minutes=5 + n),
                    client_id="" if v1 else name.partition("_")[0],
                    read="" if v1 else read,
                )
            )
    return tuple(rows)


def make_transfers() -> tuple[Transfer, ...]:
    """One transfer in every state."""

    def upload(number: int, name: str, state: TransferState, **more: Any) -> Transfer:
        return Transfer(
            id=number,
            direction=Direction.UPLOAD,
            local_path=f"/data/run_0314/{name}",
            state=state,
            remote=f"{GNCV}maize/2025-03-14/{name}",
            created=ago(minutes=9),
            **more,
        )

    def download(number: int, name: str, state: TransferState, **more: Any) -> Transfer:
        return Transfer(
            id=number,
            direction=Direction.DOWNLOAD,
            local_path=f"/home/lab/gencove/B73-rep1/cdab8924_{name}",
            state=state,
            remote=f"B73-rep1/cdab8924_{name}",
            source=DownloadSource(
                project_id=uuid(1),
                sample_id=uuid(100),
                file_type=name.partition(".")[0],
                client_id="B73-rep1",
            ),
            created=ago(minutes=8),
            **more,
        )

    return (
        upload(
            1,
            "W22_S5_L001_R1_001.fastq.gz",
            TransferState.RUNNING,
            size=812 * MIB,
            bytes_done=341 * MIB,
            rate=23.4 * MIB,
            started=ago(minutes=1),
        ),
        download(
            2,
            "alignment-bam.bam",
            TransferState.RUNNING,
            size=2795 * MIB,
            bytes_done=2600 * MIB,
            rate=61.9 * MIB,
            started=ago(minutes=2),
        ),
        upload(
            3, "W22_S5_L001_R2_001.fastq.gz", TransferState.VERIFYING, size=790 * MIB, bytes_done=790 * MIB
        ),
        upload(
            4,
            "CML247_S6_L001_R1_001.fastq.gz",
            TransferState.WAITING,
            size=640 * MIB,
            bytes_done=64 * MIB,
            attempts=2,
            problem="The connection was cut",
            retry_at=NOW + timedelta(seconds=20),
        ),
        upload(5, "CML247_S6_L001_R2_001.fastq.gz", TransferState.QUEUED, size=655 * MIB),
        upload(
            6,
            "標本-0042_S3_L001_R1_001.fastq.gz",
            TransferState.PAUSED,
            wish=Wish.PAUSE,
            size=700 * MIB,
            bytes_done=210 * MIB,
        ),
        upload(
            7,
            "broken_S9_L001_R1_001.fastq.gz",
            TransferState.FAILED,
            size=12 * MIB,
            attempts=1,
            problem="The gzip stream ends in the middle of a block",
            remedy="Copy the file again and retry.",
        ),
        download(
            8,
            "impute-vcf.vcf.gz",
            TransferState.DONE,
            size=46 * MIB,
            bytes_done=46 * MIB,
            verified=True,
            finished=ago(minutes=3),
        ),
        upload(9, "B73-rep1_S1_L001_R1_001.fastq.gz", TransferState.SKIPPED, size=180 * MIB),
        upload(10, "Oh43_S8_L001_R1_001.fastq.gz", TransferState.CANCELLED, wish=Wish.CANCEL, size=90 * MIB),
    )


def as_listed(transfers: Sequence[Transfer], limit: int = SNAPSHOT_ROWS) -> tuple[Transfer, ...]:
    """What a snapshot lists of them, as the ledger cuts it; they are in the ledger's order."""
    if len(transfers) <= limit:
        return tuple(transfers)
    ended = [t for t in transfers if t.state.is_final]
    ended.sort(key=lambda t: (t.finished or ago(days=999), t.id), reverse=True)
    failed = sorted((t for t in ended if t.state is TransferState.FAILED), key=lambda t: -t.position)
    share = limit // 5
    kept = {t.id for t in (*failed[:share], *ended[:share])}
    shown = [t for t in transfers if not t.state.is_final][: limit - len(kept)]
    for t in ended:
        if len(kept) < limit - len(shown):
            kept.add(t.id)
    return (*shown, *(t for t in ended if t.id in kept))


def make_snapshot() -> Snapshot:
    """A busy ledger."""
    transfers = make_transfers()
    rule = WatchRule(
        id=1, folder="/data/run_0314", destination=GncvPath("gncv://maize/2025-03-14/"), settle=10.0
    )
    broken = WatchRule(
        id=2,
        folder="/mnt/novaseq/out",
        destination=GncvPath("gncv://cattle/"),
        problem="the folder is missing",
    )
    return Snapshot(
        transfers=transfers,
        transfers_total=len(transfers),
        totals=Totals(
            running=3,
            queued=1,
            paused=1,
            waiting=1,
            failed=1,
            done=1,
            bytes_left=2400 * MIB,
            bytes_ahead=1320 * MIB,
            up_rate=23.4 * MIB,
            down_rate=61.9 * MIB,
            lasting_rate=85.3 * MIB,
        ),
        rules=(
            RuleView(rule=rule, settling=2, queued=3, uploaded=14, last_name="W22_S5_L001_R1_001.fastq.gz"),
            RuleView(rule=broken),
        ),
        events=(
            Event(
                id=3, time=ago(minutes=1), kind="watch.seen", message="W22_S5_L001_R1_001.fastq.gz appeared"
            ),
            Event(id=2, time=ago(minutes=3), kind="download.done", message="B73-rep1/impute-vcf verified"),
            Event(id=1, time=ago(minutes=7), kind="upload.failed", message="broken_S9_L001_R1_001.fastq.gz"),
        ),
        engine=EngineState(alive=True, pid=4242, version="0.1.0"),
    )


ONLINE_V2 = Connection(
    profile="lab",
    host="https://api.gencove.com",
    state=Online.ONLINE,
    dialect=Dialect.V2,
    capabilities=frozenset(Capability),
    account=Account(name="Field Lab", email="lab@example.org"),
    last_answer=NOW,
)
ONLINE_V1 = structs.replace(
    ONLINE_V2,
    host="https://rest.gencove.com",
    dialect=Dialect.V1,
    capabilities=frozenset({Capability.DELETE_UPLOADS}),
)


@dataclass
class FakeDesk(RemoteFake):
    """Serves lists from memory. ``calls`` holds the name and arguments of everything asked."""

    line: Connection = ONLINE_V2
    """What ``connect`` finds out."""
    all_projects: tuple[Project, ...] = PROJECTS
    all_samples: tuple[Sample, ...] = field(default_factory=make_samples)
    all_uploads: tuple[Upload, ...] = field(default_factory=make_uploads)
    ledger: Snapshot = field(default_factory=lambda: Snapshot(engine=EngineState(alive=True, pid=4242)))
    """All transfers that there are; ``snapshot`` lists as many as the real one does."""
    folder: Path = Path("/home/lab/gencove")
    remembered: bool = False
    """Whether lists are in the cache, an hour old."""
    trouble: Problem | None = None
    """Raised by every remote call while set."""
    seen: tuple[tuple[Project, Sample], ...] = ()
    """Samples that other projects' lists had."""
    gate: asyncio.Event | None = None
    """Remote calls wait for it."""
    limit: int | None = None
    pending: tuple[WatchedFile, ...] = ()
    ignored: tuple[WatchedFile, ...] = ()
    rule_samples: tuple[LoopSample, ...] = ()
    held: tuple[LoopSample, ...] = ()
    dry: DryRun = field(default_factory=lambda: DryRun(files=()))
    audited: tuple[AuditEntry, ...] = ()
    parts: dict[int, tuple[Part, ...]] = field(default_factory=dict)
    planned_uploads: tuple[PlannedUpload, ...] = ()
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    under_way: dict[str, int] = field(default_factory=dict)
    most_under_way: dict[str, int] = field(default_factory=dict)
    dirty: bool = True
    closed: bool = False
    found: Connection | None = None

    def called(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of this method."""
        return [call[1:] for call in self.calls if call[0] == name]

    def put(self, **changes: Any) -> None:
        """Change the ledger, as an engine would."""
        self.ledger = structs.replace(self.ledger, **changes)
        self.dirty = True

    async def _remote(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))
        self.under_way[name] = self.under_way.get(name, 0) + 1
        self.most_under_way[name] = max(self.most_under_way.get(name, 0), self.under_way[name])
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.trouble is not None:
                raise self.trouble
        finally:
            self.under_way[name] -= 1

    @staticmethod
    def _window(items: Sequence[T], offset: int, limit: int) -> Listing[T]:
        run = tuple(items[offset : offset + limit])
        more = offset + limit < len(items)
        return Listing(page=Page(items=run, offset=offset, total=len(items), more=more), fetched=NOW)

    def _cached(self, items: Sequence[T]) -> Listing[T] | None:
        if not self.remembered:
            return None
        return structs.replace(self._window(items, 0, 200), fetched=ago(hours=1), stale=True)

    @property
    def connection(self) -> Connection:
        unknown = structs.replace(
            self.line, state=Online.CONNECTING, dialect=None, capabilities=frozenset(), problem="", remedy=""
        )
        return self.found or unknown

    @property
    def download_folder(self) -> Path:
        return self.folder

    async def connect(self) -> Connection:
        self.calls.append(("connect",))
        self.found = self.line
        return self.line

    async def look(self) -> None:
        await self._remote("look")

    def cached_projects(self) -> Listing[Project] | None:
        return self._cached(self.all_projects)

    async def projects(
        self, query: ProjectQuery = ProjectQuery(), *, offset: int = 0, limit: int = 200
    ) -> Listing[Project]:
        await self._remote("projects", query, offset)
        word = query.search.casefold()
        return self._window([p for p in self.all_projects if word in p.name.casefold()], offset, limit)

    async def project(self, project_id: str) -> Project:
        await self._remote("project", project_id)
        if (found := next((p for p in self.all_projects if p.id == project_id), None)) is None:
            raise ApiProblem(Kind.NOT_FOUND, "Can't look at the project", "Not found")
        return found

    def project_name(self, project_id: str) -> str:
        return next((p.name for p in self.all_projects if p.id == project_id), "")

    async def project_stats(self, project_id: str) -> StatusCounts:
        await self._remote("project_stats", project_id)
        return StatusCounts(total=13, succeeded=4, running=2, scheduled=1, failed=3)

    def samples_seen(self, words: Sequence[str], most: int) -> tuple[tuple[Project, Sample], ...]:
        return tuple(pair for pair in self.seen if words[0] in pair[1].client_id.casefold())[:most]

    def cached_samples(self, project_id: str) -> Listing[Sample] | None:
        return self._cached(self.all_samples)

    async def samples(
        self, project_id: str, query: SampleQuery = SampleQuery(), *, offset: int = 0, limit: int = 200
    ) -> Listing[Sample]:
        await self._remote("samples", project_id, query, offset)
        word = query.search.casefold()
        found = [s for s in self.all_samples if word in s.client_id.casefold() or word in s.id]
        return self._window(found if project_id == self.all_projects[0].id else found[:2], offset, limit)

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        await self._remote("sample", project_id, sample_id)
        found = next(s for s in self.all_samples if s.id == sample_id)
        files = deliverables(sample_id) if found.status in ("succeeded", "failed qc") else ()
        if found.archive_status == "archived":
            files = tuple(structs.replace(file, url=None, name="") for file in files)
        return structs.replace(found, deliverables=files)

    async def uploads(
        self, prefix: GncvPath = GncvPath(GNCV), *, offset: int = 0, limit: int = 200
    ) -> Listing[Upload]:
        await self._remote("uploads", prefix, offset)
        return self._window(self.all_uploads, offset, limit)

    def changed(self) -> bool:
        return self.dirty

    def snapshot(self) -> Snapshot:
        self.dirty = False
        shown = as_listed(self.ledger.transfers)
        total = max(self.ledger.transfers_total, len(self.ledger.transfers))
        return structs.replace(self.ledger, transfers=shown, transfers_total=total)

    def plan_downloads(
        self,
        files: Sequence[tuple[Sample, Sequence[Deliverable]]],
        folder: Path | None = None,
        template: str = "",
    ) -> tuple[PlannedDownload, ...]:
        if template:
            check_template(template)
        return without_collisions(
            [
                PlannedDownload(
                    sample=sample,
                    deliverable=file,
                    target=(folder or self.folder)
                    / (sample.client_id or "none")
                    / sample.id
                    / (file.name or file.file_type),
                    obstacle="" if file.url else "the sample is archived",
                    present=file.file_type == "qc",
                )
                for sample, deliverables in files
                for file in deliverables
            ]
        )

    async def queue_downloads(self, plan: Sequence[PlannedDownload]) -> tuple[int, ...]:
        await self._remote("queue_downloads", tuple(plan))
        return tuple(range(len([item for item in plan if not item.obstacle])))

    async def plan_uploads(self, paths: Sequence[Path], destination: GncvPath) -> tuple[PlannedUpload, ...]:
        await self._remote("plan_uploads", tuple(paths), destination)
        return self.planned_uploads

    async def queue_uploads(self, plan: Sequence[PlannedUpload]) -> tuple[int, ...]:
        await self._remote("queue_uploads", tuple(plan))
        return tuple(range(len([item for item in plan if not item.obstacle])))

    async def wish(self, transfer_ids: Sequence[int], wish: Wish) -> None:
        await self._remote("wish", tuple(transfer_ids), wish)

    async def clear_finished(self, until: datetime | None = None) -> int:
        await self._remote("clear_finished", until)
        kept = tuple(t for t in self.ledger.transfers if not cleared(t, until or NOW))
        gone = len(self.ledger.transfers) - len(kept)
        self.put(transfers=kept, transfers_total=len(kept))
        return gone

    def transfer_detail(self, transfer_id: int) -> TransferDetail | None:
        found = next((t for t in self.ledger.transfers if t.id == transfer_id), None)
        if found is None:
            return None
        events = tuple(e for e in self.ledger.events if e.transfer_id == transfer_id)
        return TransferDetail(transfer=found, parts=self.parts.get(transfer_id, ()), events=events)

    async def change_priority(self, transfer_ids: Sequence[int], by: int) -> frozenset[int]:
        await self._remote("change_priority", tuple(transfer_ids), by)
        now = {t.id: t.priority + by for t in self.ledger.transfers if t.id in transfer_ids}
        self.put(
            transfers=tuple(
                structs.replace(t, priority=now.get(t.id, t.priority)) for t in self.ledger.transfers
            )
        )
        return frozenset(now.values())

    async def move_in_queue(self, transfer_ids: Sequence[int], place: Place) -> None:
        await self._remote("move_in_queue", tuple(transfer_ids), place)

    async def wish_all(self, wish: Wish) -> int:
        await self._remote("wish_all", wish)
        return sum(not t.state.is_final for t in self.ledger.transfers)

    @property
    def bandwidth(self) -> int | None:
        return self.limit

    async def set_bandwidth(self, bytes_per_second: int | None) -> None:
        await self._remote("set_bandwidth", bytes_per_second)
        self.limit = bytes_per_second
        self.dirty = True

    async def restart_engine(self) -> EngineState:
        self.calls.append(("restart_engine",))
        return self.ledger.engine

    async def switch_rule(self, rule_id: int) -> bool:
        await self._remote("switch_rule", rule_id)
        rules = [view.rule for view in self.ledger.rules]
        now = {rule.id: not rule.active if rule.id == rule_id else rule.active for rule in rules}
        self.put(
            rules=tuple(
                structs.replace(view, rule=structs.replace(view.rule, active=now[view.rule.id]))
                for view in self.ledger.rules
            )
        )
        return now[rule_id]

    def rule_detail(self, rule_id: int) -> RuleDetail | None:
        view = next((v for v in self.ledger.rules if v.rule.id == rule_id), None)
        if view is None:
            return None
        return RuleDetail(
            rule=view.rule, pending=self.pending, ignored=self.ignored, samples=self.rule_samples
        )

    async def releasable(self, rule_id: int) -> tuple[LoopSample, ...]:
        await self._remote("releasable", rule_id)
        return self.held

    async def release(self, numbers: Sequence[int]) -> int:
        await self._remote("release", tuple(numbers))
        return len(numbers)

    async def put_rule(self, name: str, terms: RuleTerms, before: WatchRule | None = None) -> WatchRule:
        await self._remote("put_rule", name, terms, before)
        return WatchRule(
            **structs.asdict(RuleTerms(folder=terms.folder, destination=terms.destination)), id=9
        )

    async def remove_rule(self, name: str) -> None:
        await self._remote("remove_rule", name)

    async def try_rule(self, terms: RuleTerms, name: str = "", *, progress: Progress | None = None) -> DryRun:
        await self._remote("try_rule", terms.folder, name)
        return self.dry

    async def audit(self, search: str = "", *, limit: int = 500) -> tuple[AuditEntry, ...]:
        await self._remote("audit", search)
        return tuple(entry for entry in self.audited if search in entry.remote)

    async def export_events(self, path: Path, events: Sequence[Event]) -> None:
        await self._remote("export_events", path, tuple(events))

    async def export_audit(self, path: Path, search: str = "") -> int:
        await self._remote("export_audit", path, search)
        return len(self.audited)

    async def ensure_engine(self) -> EngineState:
        self.calls.append(("ensure_engine",))
        return self.ledger.engine

    async def stop_engine(self) -> None:
        self.calls.append(("stop_engine",))

    async def aclose(self) -> None:
        self.closed = True
