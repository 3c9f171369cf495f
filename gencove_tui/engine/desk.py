"""The desk of one profile: the remote lists through the API, the transfers through the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.protocol import PAGE, Gencove
from gencove_tui.config import Settings
from gencove_tui.engine.desk_ledger import LedgerUseCases
from gencove_tui.engine.desk_remote import RemoteUseCases
from gencove_tui.engine.locks import viewer_lock
from gencove_tui.engine.spawn import restart_engine, start_engine, stop_engine
from gencove_tui.engine.views import (
    Connection,
    EngineState,
    Listing,
    Online,
)
from gencove_tui.errors import Problem
from gencove_tui.model import (
    GNCV,
    Capability,
    GncvPath,
    Page,
    Project,
    ProjectQuery,
    Sample,
    SampleQuery,
    StatusCounts,
    Upload,
)
from gencove_tui.store.cache import Cache

T = TypeVar("T")

ROOT = GncvPath(GNCV)
_EVENTS = 100
_MOST_LISTS = 20
"""Copies of lists that one search reads."""
_REAP_SECONDS = 10.0
_STATES = {
    Kind.UNAUTHORIZED: Online.REJECTED,
    Kind.MAINTENANCE: Online.MAINTENANCE,
    Kind.UNREACHABLE: Online.OFFLINE,
    Kind.TIMEOUT: Online.OFFLINE,
}


class LocalDesk(LedgerUseCases, RemoteUseCases):
    """Implements ``views.Desk`` on this machine's ledger and cache. Belongs to one thread.

    ``connect`` makes the API connection; it is called again after a failure.
    """

    def __init__(self, settings: Settings, connect: Callable[[], Awaitable[Gencove]]) -> None:
        self._settings = settings
        self._connect = connect
        self._api: Gencove | None = None
        self._connecting = asyncio.Lock()
        self._connection = Connection(profile=settings.profile, host=settings.host)
        self._open_ledger(settings)
        self._cache = Cache(settings.cache_folder)
        self._project_names: dict[str, str] = {}
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

    async def look(self) -> None:
        """Ask Gencove something small, to learn whether it answers."""
        await self._asked((await self._opened()).check_key())

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
        self._project_names |= {project.id: project.name for project in page.items}
        if offset == 0 and query == ProjectQuery():
            # Without deliverables: presigned URLs don't belong on disk.
            items = tuple(msgspec.structs.replace(p, deliverables=()) for p in page.items)
            self._cache.put("projects", "", items)
        return Listing(page=page, fetched=datetime.now(UTC))

    async def project(self, project_id: str) -> Project:
        """One project in detail."""
        project = await self._asked((await self._opened()).project(project_id))
        self._project_names[project.id] = project.name
        return project

    def project_name(self, project_id: str) -> str:
        """What a project was called when it was last seen."""
        if not self._project_names and (kept := self.cached_projects()) is not None:
            self._project_names = {project.id: project.name for project in kept.page.items}
        return self._project_names.get(project_id, "")

    async def project_stats(self, project_id: str) -> StatusCounts:
        """How many samples stand where."""
        return await self._asked((await self._opened()).project_stats(project_id))

    def cached_samples(self, project_id: str) -> Listing[Sample] | None:
        """The first page of a project's samples as it was last seen."""
        return self._cached("samples", project_id, Sample)

    def samples_seen(self, words: Sequence[str], most: int) -> tuple[tuple[Project, Sample], ...]:
        """Samples of any project that were in a list lately and hold all the words, in small letters."""
        kept = self.cached_projects()
        projects = {} if kept is None else {project.id: project for project in kept.page.items}
        longest = max(words, key=len, default="")
        found = (
            (projects[name], sample)
            for name, items in self._cache.holding("samples", longest, Sample, _MOST_LISTS)
            for sample in items
            if name in projects
            and all(word in f"{sample.client_id} {sample.id}".casefold() for word in words)
        )
        return tuple(islice(found, most))

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
        more = len(items) >= PAGE  # one page is kept: how long the list is, isn't known then
        page = Page(items=items, total=None if more else len(items), more=more)
        return Listing(page=page, fetched=fetched, stale=True)

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
            # Its lock is free, so nothing waits for it any more but the list of processes.
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._engine.wait, _REAP_SECONDS)

    async def restart_engine(self) -> EngineState:
        """Stop the engine and start one of this version; all progress is kept."""
        self._engine = await restart_engine(self._settings)
        return self.snapshot().engine
