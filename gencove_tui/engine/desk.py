"""The desk of one profile: the remote lists through the API, the transfers through the ledger."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.protocol import PAGE, Gencove
from gencove_tui.config import Settings
from gencove_tui.engine import planning
from gencove_tui.engine.locks import engine_lives, viewer_lock
from gencove_tui.engine.spawn import start_engine, stop_engine
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
from gencove_tui.errors import Problem
from gencove_tui.model import (
    GNCV,
    Capability,
    Deliverable,
    Direction,
    DownloadSource,
    GncvPath,
    Page,
    Project,
    ProjectQuery,
    Sample,
    SampleQuery,
    StatusCounts,
    Transfer,
    TransferState,
    Upload,
    Wish,
)
from gencove_tui.store.cache import Cache
from gencove_tui.store.ledger import Ledger

T = TypeVar("T")

ROOT = GncvPath(GNCV)
_EVENTS = 100
_REAP_SECONDS = 10.0
_STATES = {
    Kind.UNAUTHORIZED: Online.REJECTED,
    Kind.MAINTENANCE: Online.MAINTENANCE,
    Kind.UNREACHABLE: Online.OFFLINE,
    Kind.TIMEOUT: Online.OFFLINE,
}


class LocalDesk:
    """Implements ``views.Desk`` on this machine's ledger and cache. Belongs to one thread.

    ``connect`` makes the API connection; it is called again after a failure.
    """

    def __init__(self, settings: Settings, connect: Callable[[], Awaitable[Gencove]]) -> None:
        self._settings = settings
        self._connect = connect
        self._api: Gencove | None = None
        self._connecting = asyncio.Lock()
        self._connection = Connection(profile=settings.profile, host=settings.host)
        self._ledger = Ledger(settings.state_folder)
        self._cache = Cache(settings.cache_folder)
        self._seen: tuple[int, int] | None = None
        self._engine_alive = False
        self._engine: subprocess.Popen[bytes] | None = None
        self._viewing = viewer_lock(settings.state_folder)
        self._viewing.acquire()

    @property
    def connection(self) -> Connection:
        """The line to Gencove as last seen."""
        return self._connection

    @property
    def download_folder(self) -> Path:
        """Where downloads go unless told otherwise."""
        return self._settings.download_folder

    async def aclose(self) -> None:
        """Let go of connections, ledger and cache. The engine goes on."""
        if self._api is not None:
            await self._api.aclose()
        self._viewing.release()
        self._ledger.close()
        self._cache.close()

    # --- the remote side -------------------------------------------------------------------------

    async def connect(self) -> Connection:
        """Find the dialect if need be, check the key, and remember the outcome. Never raises."""
        try:
            api = await self._opened()
            account = await self._asked(api.check_key())
            organization = None
            if Capability.ORGANIZATION in api.capabilities:
                organization = await self._asked(api.organization())
            self._connection = msgspec.structs.replace(
                self._connection, account=account, organization=organization
            )
        except Problem as problem:
            self._noticed(problem)
        return self._connection

    async def _opened(self) -> Gencove:
        async with self._connecting:
            if self._api is None:
                try:
                    self._api = await self._connect()
                except Problem as problem:
                    self._noticed(problem)
                    raise
                self._connection = msgspec.structs.replace(
                    self._connection,
                    host=self._api.host,
                    dialect=self._api.dialect,
                    capabilities=self._api.capabilities,
                )
            return self._api

    async def _asked(self, request: Awaitable[T]) -> T:
        """Await an answer and note what it says about the line."""
        try:
            answer = await request
        except Problem as problem:
            self._noticed(problem)
            raise
        self._connection = msgspec.structs.replace(
            self._connection, state=Online.ONLINE, problem="", remedy="", last_answer=datetime.now(UTC)
        )
        return answer

    def _noticed(self, problem: Problem) -> None:
        state = _STATES.get(problem.kind) if isinstance(problem, ApiProblem) else None
        if state is None and self._connection.state is Online.ONLINE:
            return  # the host answers; only this request failed
        self._connection = msgspec.structs.replace(
            self._connection,
            state=state or Online.OFFLINE,
            problem=f"{problem.what}: {problem.why}" if problem.why else problem.what,
            remedy=problem.remedy,
        )

    def cached_projects(self) -> Listing[Project] | None:
        """The list as it was last seen."""
        return self._cached("projects", "", Project)

    async def projects(
        self, query: ProjectQuery = ProjectQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Listing[Project]:
        """A window on the projects."""
        api = await self._opened()
        page = await self._asked(api.projects(query, offset=offset, limit=limit))
        if offset == 0 and query == ProjectQuery():
            # Without deliverables: presigned URLs don't belong on disk.
            items = tuple(msgspec.structs.replace(p, deliverables=()) for p in page.items)
            self._cache.put("projects", "", items)
        return Listing(page=page, fetched=datetime.now(UTC))

    async def project(self, project_id: str) -> Project:
        """One project in detail."""
        return await self._asked((await self._opened()).project(project_id))

    async def project_stats(self, project_id: str) -> StatusCounts:
        """How many samples stand where."""
        return await self._asked((await self._opened()).project_stats(project_id))

    def cached_samples(self, project_id: str) -> Listing[Sample] | None:
        """The first page of a project's samples as it was last seen."""
        return self._cached("samples", project_id, Sample)

    async def samples(
        self,
        project_id: str,
        query: SampleQuery = SampleQuery(),
        *,
        offset: int = 0,
        limit: int = PAGE,
    ) -> Listing[Sample]:
        """A window on a project's samples."""
        api = await self._opened()
        page = await self._asked(api.samples(project_id, query, offset=offset, limit=limit))
        if offset == 0 and query == SampleQuery():
            self._cache.put("samples", project_id, page.items)
        return Listing(page=page, fetched=datetime.now(UTC))

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """One sample with deliverables."""
        return await self._asked((await self._opened()).sample(project_id, sample_id))

    async def uploads(
        self, prefix: GncvPath = ROOT, *, offset: int = 0, limit: int = PAGE
    ) -> Listing[Upload]:
        """A window on the upload area."""
        api = await self._opened()
        page = await self._asked(api.uploads(prefix, offset=offset, limit=limit))
        return Listing(page=page, fetched=datetime.now(UTC))

    def _cached(self, kind: str, name: str, item: type[T]) -> Listing[T] | None:
        found = self._cache.get(kind, name, item)
        if found is None:
            return None
        items, fetched = found
        return Listing(page=Page(items=items, total=len(items)), fetched=fetched, stale=True)

    # --- transfers -------------------------------------------------------------------------------

    def changed(self) -> bool:
        """Whether the ledger changed since the last ``snapshot``, or the engine came or went."""
        return (
            self._ledger.version() != self._seen
            or engine_lives(self._settings.state_folder) is not self._engine_alive
        )

    def snapshot(self) -> Snapshot:
        """Transfers, rules, events and engine as they stand now."""
        self._seen = self._ledger.version()
        self._engine_alive = engine_lives(self._settings.state_folder)
        transfers = tuple(self._ledger.transfers.listing(SNAPSHOT_ROWS))
        sums = self._ledger.transfers.sums()
        if not self._engine_alive:
            transfers, sums = _at_rest(transfers, sums)
        row = self._ledger.engine.read()
        return Snapshot(
            transfers=transfers,
            transfers_total=self._ledger.transfers.count(),
            totals=_totals(sums, transfers),
            rules=tuple(self._rule_views()),
            events=tuple(self._ledger.events.newest(_EVENTS)),
            engine=EngineState(
                alive=self._engine_alive,
                pid=row.pid if self._engine_alive else None,
                version=row.version,
                notice=row.notice,
            ),
        )

    def _rule_views(self) -> list[RuleView]:
        views = []
        for rule in self._ledger.rules.all():
            counts = self._ledger.rules.counts(rule.id)
            views.append(
                RuleView(
                    rule=rule,
                    settling=counts.get("settling", 0),
                    queued=counts.get("queued", 0),
                    uploaded=counts.get("uploaded", 0),
                    failed=counts.get("failed", 0),
                    ignored=counts.get("ignored", 0),
                    last_name=Path(self._ledger.rules.last_name(rule.id)).name,
                )
            )
        return views

    def plan_downloads(
        self, sample: Sample, deliverables: Sequence[Deliverable], folder: Path | None = None
    ) -> tuple[PlannedDownload, ...]:
        """Where each deliverable would be saved."""
        target = (folder or self.download_folder).expanduser().absolute()
        return planning.plan_downloads(sample, deliverables, target, self._ledger.transfers.open_paths())

    async def queue_downloads(self, plan: Sequence[PlannedDownload]) -> tuple[int, ...]:
        """Queue what has no obstacle. Raises ``InputProblem`` when a folder can't be written."""
        good = [planned for planned in plan if not planned.obstacle]
        for parent in {planned.target.parent for planned in good}:
            planning.check_download_folder(parent)

        def add(ledger: Ledger) -> tuple[int, ...]:
            with ledger.write():
                busy = ledger.transfers.open_paths()
                return tuple(
                    ledger.transfers.add_download(
                        str(planned.target),
                        f"{planned.sample.client_id or planned.sample.id}/{planned.target.name}",
                        DownloadSource(
                            project_id=planned.sample.project_id,
                            sample_id=planned.sample.id,
                            client_id=planned.sample.client_id,
                            file_type=planned.deliverable.file_type,
                            file_id=planned.deliverable.id,
                            checksum_sha256=planned.deliverable.checksum_sha256,
                        ),
                        planned.deliverable.size,
                    )
                    for planned in {planned.target: planned for planned in good}.values()
                    if str(planned.target) not in busy
                )

        return await self._write(add)

    async def plan_uploads(self, paths: Sequence[Path], destination: GncvPath) -> tuple[PlannedUpload, ...]:
        """What would go where; folders are walked."""
        busy = self._ledger.transfers.open_paths()
        return await asyncio.to_thread(planning.plan_uploads, paths, destination, busy)

    async def queue_uploads(self, plan: Sequence[PlannedUpload]) -> tuple[int, ...]:
        """Queue what has no obstacle."""

        def add(ledger: Ledger) -> tuple[int, ...]:
            with ledger.write():
                return tuple(
                    ledger.transfers.add_upload(str(planned.local), planned.target, planned.size)
                    for planned in plan
                    if planned.target is not None and not planned.obstacle
                )

        return await self._write(add)

    async def wish(self, transfer_ids: Sequence[int], wish: Wish) -> None:
        """Pause, run or cancel."""
        await self._write(lambda ledger: ledger.transfers.wish(transfer_ids, wish))

    async def clear_finished(self) -> int:
        """Forget what is done, skipped or cancelled."""
        return await self._write(lambda ledger: ledger.transfers.clear_finished())

    async def set_rule_active(self, rule_id: int, active: bool) -> None:
        """Pause or resume a watch rule."""
        await self._write(lambda ledger: ledger.rules.set_active(rule_id, active))

    async def _write(self, act: Callable[[Ledger], T]) -> T:
        """Write through a connection of its own in a thread: a lock must not stop the screen."""

        def run() -> T:
            with Ledger(self._settings.state_folder) as ledger:
                return act(ledger)

        return await asyncio.to_thread(run)

    # --- the engine ------------------------------------------------------------------------------

    async def ensure_engine(self) -> EngineState:
        """Start the engine process unless one runs."""
        started = await start_engine(self._settings)
        if started is not None:
            self._engine = started
        return self.snapshot().engine

    async def stop_engine(self) -> None:
        """Ask the engine to stop; all progress is kept."""
        await stop_engine(self._settings.state_folder)
        if self._engine is not None:
            await asyncio.to_thread(self._engine.wait, _REAP_SECONDS)


_MOVING = (TransferState.RUNNING, TransferState.VERIFYING)


def _at_rest(
    transfers: Sequence[Transfer], sums: dict[TransferState, tuple[int, int]]
) -> tuple[tuple[Transfer, ...], dict[TransferState, tuple[int, int]]]:
    """What the ledger says without an engine: nothing moves, whatever was moving when it died."""
    resting = tuple(
        msgspec.structs.replace(t, state=TransferState.QUEUED, rate=0.0) if t.state in _MOVING else t
        for t in transfers
    )
    kept = {state: sums[state] for state in sums if state not in _MOVING}
    queued = [sums[state] for state in (*_MOVING, TransferState.QUEUED) if state in sums]
    if queued:
        kept[TransferState.QUEUED] = (sum(n for n, _ in queued), sum(rest for _, rest in queued))
    return resting, kept


def _totals(sums: dict[TransferState, tuple[int, int]], transfers: Sequence[Transfer]) -> Totals:
    def count(*states: TransferState) -> int:
        return sum(sums[state][0] for state in states if state in sums)

    def rate(direction: Direction) -> float:
        return sum(t.rate for t in transfers if t.direction is direction and t.state is TransferState.RUNNING)

    return Totals(
        running=count(*_MOVING),
        queued=count(TransferState.QUEUED),
        paused=count(TransferState.PAUSED),
        waiting=count(TransferState.WAITING),
        failed=count(TransferState.FAILED),
        done=count(TransferState.DONE, TransferState.SKIPPED),
        bytes_left=sum(rest for state, (_, rest) in sums.items() if not state.is_final),
        up_rate=rate(Direction.UPLOAD),
        down_rate=rate(Direction.DOWNLOAD),
    )
