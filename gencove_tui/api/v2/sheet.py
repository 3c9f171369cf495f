"""The sample sheet: uploads as pairs of reads, and assigning them to a project (api-v2 §11)."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind, bad_reply
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import mapping, sequence, string
from gencove_tui.api.transport import component
from gencove_tui.api.v2.http import Topic, nothing_to_do, partly, portions
from gencove_tui.model import GNCV, GncvPath, Page

ASSIGNED_AT_ONCE = 200
"""Rows in one request, as the official client does it (api-v2 §17)."""
_ASK_AFTER = (0.5, 2.0, 5.0, 10.0, 15.0)
_TRIES = 3
_LONGEST_PAUSE = 60.0
"""Seconds that a repeat waits here when the server asks for it."""
_DEFINITE = frozenset(
    {
        Kind.UNAUTHORIZED,
        Kind.FORBIDDEN,
        Kind.NOT_FOUND,
        Kind.INVALID,
        Kind.CONFLICT,
        Kind.MAINTENANCE,
        Kind.INSECURE,
    }
)
"""Answers after which nothing was assigned."""


class SheetRead(Struct, frozen=True, kw_only=True):
    """One file of a row."""

    upload_id: str
    path: str = ""
    """Its ``gncv://`` path."""
    status: str = ""
    source_url: str = ""
    """Where Gencove fetched it from; empty when it was sent."""


class SheetRow(Struct, frozen=True, kw_only=True):
    """One specimen as the server paired its files by name."""

    client_id: str
    r1: SheetRead | None = None
    r2: SheetRead | None = None
    sample_id: str = ""
    """The sample that was made of it; empty while unassigned."""

    @property
    def reads(self) -> tuple[SheetRead, ...]:
        """R1 and R2, as far as they are there."""
        return tuple(read for read in (self.r1, self.r2) if read is not None)

    @property
    def upload_ids(self) -> frozenset[str]:
        """The ids of its uploads."""
        return frozenset(read.upload_id for read in self.reads)


class Assigned(Struct, frozen=True, kw_only=True):
    """A sample that was made of uploads."""

    sample_id: str
    client_id: str
    upload_ids: frozenset[str]


class AssignmentUnclear(ApiProblem):
    """Nobody can tell yet whether an assignment took effect, so it isn't repeated: analysis costs money.

    ``done`` are the samples that were made for certain.
    """

    def __init__(self, cause: str, done: Sequence[Assigned], rows: int) -> None:
        super().__init__(
            Kind.CONFLICT,
            "It is not clear whether Gencove assigned the files",
            f"{cause}; {rows} samples are neither listed as assigned nor as unassigned",
            "Look at the project's samples before you assign them again.",
            perhaps_done=True,
        )
        self.done = tuple(done)


class SampleSheet(Topic):
    """Pairs of uploads, and what starts their analysis."""

    ask_after: tuple[float, ...] = _ASK_AFTER
    """Seconds between looks at what became of a request without an answer."""

    async def rows(
        self,
        prefix: GncvPath = GncvPath(GNCV),
        *,
        status: str = "all",
        sort_by: str = "created",
        descending: bool = True,
        offset: int = 0,
        limit: int = PAGE,
    ) -> Page[SheetRow]:
        """``GET /sample-sheet/``: a window on the rows whose files lie below ``prefix``.

        ``status``: ``all``, ``assigned`` or ``unassigned``; ``sort_by``: ``created`` or ``modified``.
        """
        query = {
            "search": prefix,
            "status": status,
            "sort_by": sort_by,
            "sort_order": "desc" if descending else "asc",
        }
        return await self._http.page("/sample-sheet/", sheet_row, query, offset=offset, limit=limit)

    async def every(self, prefix: GncvPath = GncvPath(GNCV), *, status: str = "all") -> tuple[SheetRow, ...]:
        """All rows below ``prefix``, newest first."""
        query = {"search": prefix, "status": status, "sort_by": "created", "sort_order": "desc"}
        return await self._http.every("/sample-sheet/", sheet_row, query)

    async def assigned(self, rows: Sequence[SheetRow]) -> tuple[tuple[Assigned, ...], tuple[SheetRow, ...]]:
        """Which of these rows are assigned already, and which are certainly not.

        A row in neither answer is one that the server knows nothing about at the moment.
        """
        prefix = _common_folder(rows)
        owners: dict[str, str] = {}
        for row in await self.every(prefix, status="assigned"):
            owners |= dict.fromkeys(row.upload_ids, row.sample_id)
        # Asked second: a row that moves between the two answers is in neither, and never passes for free.
        free: set[str] = set()
        for row in await self.every(prefix, status="unassigned"):
            free |= row.upload_ids
        done, open_rows = [], []
        for row in rows:
            if taken := sorted(row.upload_ids & owners.keys()):
                done.append(
                    Assigned(sample_id=owners[taken[0]], client_id=row.client_id, upload_ids=row.upload_ids)
                )
            elif row.upload_ids <= free:
                open_rows.append(row)
        return tuple(done), tuple(open_rows)

    async def assign(
        self,
        project_id: str,
        rows: Sequence[SheetRow],
        *,
        metadata: Any = None,
        ask_first: bool = False,
    ) -> tuple[Assigned, ...]:
        """``POST /project-samples/U``: make samples of the rows and start their analysis, which costs money.

        Sends 200 rows at a time, with the same ``metadata`` (any JSON) for all. A request whose outcome is
        unknown is repeated only after the sample sheet said that it had no effect. ``ask_first``: an earlier
        run may have sent the same rows, so ask before the first request as well; what is assigned already is
        returned like what is assigned now.

        Raises ``AssignmentUnclear``, or ``PartlyDone`` with the ids of the samples that were made before
        another ``ApiProblem``.
        """
        if not rows or any(not row.reads for row in rows):
            raise nothing_to_do("No uploads to assign")
        done: list[Assigned] = []
        for portion in portions(rows, ASSIGNED_AT_ONCE):
            try:
                await self._assign(project_id, portion, metadata, ask_first, done)
            except AssignmentUnclear:
                raise
            except ApiProblem as problem:
                raise partly(problem, [one.sample_id for one in done]) from problem
        return tuple(done)

    async def _assign(
        self,
        project_id: str,
        rows: Sequence[SheetRow],
        metadata: Any,
        ask_first: bool,
        done: list[Assigned],
    ) -> None:
        left: Sequence[SheetRow] = rows
        if ask_first:
            already, left = await self.assigned(rows)
            done += already
            if len(already) + len(left) < len(rows):
                raise AssignmentUnclear("an earlier request", done, len(rows) - len(already) - len(left))
        for attempt in range(1, _TRIES + 1):
            if not left:
                return
            try:
                done += await self._post(project_id, left, metadata)
            except ApiProblem as problem:
                if problem.kind in _DEFINITE or attempt == _TRIES:
                    raise
                if problem.perhaps_done or problem.kind is Kind.BAD_REPLY:
                    left = await self._outcome(problem, left, done)
                elif (problem.retry_after or 0.0) > _LONGEST_PAUSE:
                    raise  # the caller's to schedule
                else:
                    await asyncio.sleep(problem.retry_after or attempt)
            else:
                return

    async def _outcome(
        self, problem: ApiProblem, rows: Sequence[SheetRow], done: list[Assigned]
    ) -> Sequence[SheetRow]:
        """What became of a request without an answer: what it assigned goes to ``done``, what it certainly
        did not is returned. Patient, since the server may still be at work on it.
        """
        already: tuple[Assigned, ...] = ()
        left: Sequence[SheetRow] = ()
        for pause in self.ask_after:
            await asyncio.sleep(pause)
            already, left = await self.assigned(rows)
            if len(already) == len(rows):
                break
        done += already
        unclear = len(rows) - len(already) - len(left)
        if unclear:
            raise AssignmentUnclear(problem.what, done, unclear) from problem
        return left

    async def _post(self, project_id: str, rows: Sequence[SheetRow], metadata: Any) -> list[Assigned]:
        body = {
            "uploads": [
                {
                    "client_id": row.client_id,
                    "fastq": {
                        name: {"upload": read.upload_id}
                        for name, read in (("r1", row.r1), ("r2", row.r2))
                        if read is not None
                    },
                }
                for row in rows
            ],
            "metadata": metadata,
        }
        reply = await self._http.post(f"/project-samples/{component(project_id)}", body)
        made = [sheet_row(mapping(row)) for row in sequence(mapping(reply.json()).get("uploads"))]
        told = {upload_id for row in made if row.sample_id for upload_id in row.upload_ids}
        if any(not row.upload_ids <= told for row in rows):
            raise bad_reply("the assignment", "$.uploads")  # so the sheet is asked what became of the rest
        return [
            Assigned(sample_id=row.sample_id, client_id=row.client_id, upload_ids=row.upload_ids)
            for row in made
        ]


def sheet_row(data: dict[str, Any]) -> SheetRow:
    """A row of ``/sample-sheet/``, and of the answer to assigning."""
    fastq = mapping(data.get("fastq"))
    return SheetRow(
        client_id=string(data.get("client_id")),
        r1=_read(fastq.get("r1")),
        r2=_read(fastq.get("r2")),
        sample_id=string(data.get("sample")),
    )


def _read(data: Any) -> SheetRead | None:
    read = mapping(data)
    upload_id = string(read.get("upload"))
    if not upload_id:
        return None
    return SheetRead(
        upload_id=upload_id,
        path=string(read.get("destination_path")),
        status=string(mapping(read.get("last_status")).get("status")),
        source_url=string(read.get("source_url")).partition("?")[0],
    )


def _common_folder(rows: Sequence[SheetRow]) -> GncvPath:
    """The deepest folder that holds all files of the rows; the root when a path is unknown."""
    # All begin with a slash, since a path that is oddly absolute can't be compared with one that isn't.
    folders = [posixpath.dirname("/" + read.path.removeprefix(GNCV)) for row in rows for read in row.reads]
    if not all(read.path.startswith(GNCV) for row in rows for read in row.reads) or not folders:
        return GncvPath(GNCV)
    common = posixpath.commonpath(folders).strip("/")
    return GncvPath(f"{GNCV}{common}/" if common else GNCV)
