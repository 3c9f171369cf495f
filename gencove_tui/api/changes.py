"""What changed in a project since the last look, at a cost in proportion to what changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from gencove_tui.api.paging import every
from gencove_tui.api.protocol import Gencove
from gencove_tui.model import Capability, Sample, SampleQuery

_OVERLAP = timedelta(seconds=5)
"""Each look reaches back this far before the newest change seen: what was changed first may show last."""
_WHOLE = 1_000_000


class Changes(Struct, frozen=True, kw_only=True):
    """The outcome of one look."""

    samples: tuple[Sample, ...] = ()
    """New and changed samples as they are now, newest change first where the server can sort."""
    total: int | None = None
    """How many samples the project has; None when this look did not ask."""


class SampleFollower:
    """Follows one project. ``since`` is the newest ``modified`` that the caller knows; without one the first
    look only learns where the list stands. Times are the server's own, so clocks need not agree.

    ``count_every``: each how many looks the length of the list is asked for as well, which is how deleted
    samples are noticed: fewer than known means that the list has to be read again.

    Where the server can't tell changes (v1), the whole list is fetched and compared.
    """

    def __init__(
        self, api: Gencove, project_id: str, *, since: datetime | None = None, count_every: int = 10
    ) -> None:
        self._api = api
        self._project_id = project_id
        self._since = since
        self._count_every = count_every
        self._looks = 0
        self._begun = since is not None
        self._seen: dict[str, datetime | None] = {}
        self._known: dict[str, Sample] | None = None

    @property
    def since(self) -> datetime | None:
        """The newest change seen so far; give it to a later follower to carry on."""
        return self._since

    async def look(self) -> Changes:
        """What changed since the last look. Raises ``ApiProblem``; nothing is lost by that."""
        if Capability.MODIFIED_AFTER not in self._api.capabilities:
            return await self._compare()
        if not self._begun:
            return await self._begin()
        total = await self._count() if self._looks % self._count_every == 0 else None
        # A project that was empty has no newest change yet: whatever is there now is new.
        horizon = None if self._since is None else self._since - _OVERLAP
        query = SampleQuery(modified_after=horizon, hidden_status="all", sort_by="modified", descending=True)
        found: dict[str, Sample] = {}
        # Newest first: a row that changes while this is read moves to the front, and so is never missed.
        async for sample in every(self._window(query)):
            found.setdefault(sample.id, sample)
        changed = tuple(s for s in found.values() if s.id not in self._seen or self._seen[s.id] != s.modified)
        times = [s.modified for s in found.values() if s.modified is not None]
        self._since = max((t for t in (self._since, *times) if t is not None), default=None)
        recent = None if self._since is None else self._since - _OVERLAP
        self._seen = {
            s.id: s.modified
            for s in found.values()
            if s.modified is None or recent is None or s.modified >= recent
        }
        self._looks += 1
        return Changes(samples=changed, total=total)

    async def _begin(self) -> Changes:
        query = SampleQuery(hidden_status="all", sort_by="modified", descending=True)
        page = await self._api.samples(self._project_id, query, limit=1)
        for sample in page.items:
            self._since = sample.modified
            self._seen[sample.id] = sample.modified
        self._begun = True
        return Changes(total=page.total)

    async def _count(self) -> int | None:
        query = SampleQuery(hidden_status="all")
        return (await self._api.samples(self._project_id, query, limit=1)).total

    async def _compare(self) -> Changes:
        before = self._known
        self._known = {s.id: s async for s in every(self._window(SampleQuery()), limit=_WHOLE)}
        if before is None:
            return Changes(total=len(self._known))
        changed = tuple(s for s in self._known.values() if before.get(s.id) != s)
        return Changes(samples=changed, total=len(self._known))

    def _window(self, query: SampleQuery) -> Any:
        return lambda offset, limit: self._api.samples(self._project_id, query, offset=offset, limit=limit)
