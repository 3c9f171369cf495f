"""The API of the original docs, v1 (api-v1): rest.gencove.com, no path prefix, no closing slashes.

Lists come whole, so searching, filtering and sorting happen here; a list is kept for a few seconds so that
paging through it does not fetch it again for every window.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from gencove_tui.api import v1_wire as wire
from gencove_tui.api.errors import ApiProblem, Kind, Unsupported
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.s3 import S3Area, StoredObject
from gencove_tui.api.text import clean, string
from gencove_tui.api.transport import Transport
from gencove_tui.model import (
    GNCV,
    Account,
    Capability,
    Credentials,
    Deliverable,
    Dialect,
    FileType,
    GncvPath,
    Organization,
    Page,
    Project,
    ProjectQuery,
    Sample,
    SampleQuery,
    StatusCounts,
    Upload,
    UploadTarget,
)

T = TypeVar("T")

_KEEP_SECONDS = 5.0
_READ = re.compile(r"_(R[12])(?=[_.])")
_ACCEPTED = 202
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class GencoveV1:
    """Implements ``protocol.Gencove`` with an API key."""

    dialect = Dialect.V1
    capabilities = frozenset({Capability.DELETE_UPLOADS})

    def __init__(self, host: str, api_key: str, *, s3_endpoint: str | None = None) -> None:
        self._http = Transport(host, f"GENCOVE-API-KEY {api_key}")
        self._s3 = S3Area(self.upload_credentials, endpoint_url=s3_endpoint)
        self._place: tuple[str, str] | None = None
        self._kept_projects: tuple[float, tuple[Project, ...]] = (0.0, ())
        self._kept_samples: tuple[float, str, tuple[Sample, ...]] = (0.0, "", ())

    @property
    def host(self) -> str:
        """Base URL without a closing slash."""
        return self._http.host

    async def aclose(self) -> None:
        """Close all connections."""
        await self._s3.__aexit__(None, None, None)
        await self._http.aclose()

    # --- account ---------------------------------------------------------------------------------

    async def check_key(self) -> Account:
        """``GET /welcome-api-key``: any 2xx means that the key works (api-v1 §2)."""
        reply = await self._http.get("/welcome-api-key")
        try:
            return wire.account(reply.json())
        except ApiProblem:  # its body is undocumented and need not be JSON
            return Account()

    async def organization(self) -> Organization:
        """Not in v1."""
        raise Unsupported("Organization details")

    # --- projects and samples --------------------------------------------------------------------

    async def projects(
        self, query: ProjectQuery = ProjectQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Project]:
        """``GET /projects``, searched and sorted here."""
        kept, found = self._kept_projects
        if offset == 0 or time.monotonic() - kept > _KEEP_SECONDS:
            rows = wire.rows((await self._http.get("/projects")).json(), "projects", "projects")
            found = tuple(map(wire.project, rows))
            self._kept_projects = (time.monotonic(), found)
        chosen = [p for p in found if _matches(query.search, (p.id, p.name, p.description))]
        if query.sort_by in ("name", "created", "modified", "sample_count"):
            chosen.sort(key=lambda p: _sortable(getattr(p, query.sort_by)), reverse=query.descending)
        return _window(chosen, offset, limit)

    async def project(self, project_id: str) -> Project:
        """``GET /projects/N``."""
        data = (await self._http.get(f"/projects/{_id(project_id)}")).json()
        return wire.project({"id": project_id} | wire.unwrapped(data, "project"))

    async def project_stats(self, project_id: str) -> StatusCounts:
        """``GET /projects/N/stats``; its keys are undocumented, so what is not recognised is in ``extra``."""
        return wire.stats((await self._http.get(f"/projects/{_id(project_id)}/stats")).json())

    async def samples(
        self, project_id: str, query: SampleQuery = SampleQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Sample]:
        """``GET /projects/N/samples``, searched, filtered and sorted here."""
        kept, kept_project, found = self._kept_samples
        if offset == 0 or kept_project != project_id or time.monotonic() - kept > _KEEP_SECONDS:
            data = (await self._http.get(f"/projects/{_id(project_id)}/samples")).json()
            rows = wire.rows(data, "samples", "samples")
            found = tuple(wire.sample(row, project_id) for row in rows)
            self._kept_samples = (time.monotonic(), project_id, found)
        return _window(_chosen(found, query), offset, limit)

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """``GET /projects/N/samples/M`` together with its raw data: deliverables with fresh URLs."""
        detail, raw = await asyncio.gather(
            self._http.get(f"/projects/{_id(project_id)}/samples/{_id(sample_id)}"),
            self.raw_data(project_id, sample_ids=[sample_id]),
        )
        row = {"sample_id": sample_id} | wire.unwrapped(detail.json(), "sample")
        own = next((r for r in raw if string(r.get("sample_id")) == sample_id), {})
        return wire.sample(row, project_id, wire.raw_data_deliverables(own))

    async def raw_data(
        self,
        project_id: str,
        *,
        sample_ids: Sequence[str] | None = None,
        external_ids: Sequence[str] | None = None,
    ) -> list[dict[str, object]]:
        """``POST /projects/N/raw-data``: rows with fresh presigned URLs, in any order; unknown ids are left
        out. With neither kind of ids, all samples of the project (api-v1 §4).
        """
        body: dict[str, object] = {}
        if sample_ids is not None:
            body["sample_ids"] = [int(i) if i.isascii() and i.isdigit() else i for i in sample_ids]
        elif external_ids is not None:
            body["external_ids"] = list(external_ids)
        reply = await self._http.post(f"/projects/{_id(project_id)}/raw-data", body, repeatable=True)
        return wire.rows(reply.json(), "raw_data", "raw data")

    async def file_types(self, project_id: str | None = None) -> tuple[FileType, ...]:  # noqa: ARG002 - protocol
        """Not in v1."""
        raise Unsupported("The list of file types")

    async def checksum(self, deliverable: Deliverable) -> str:
        """v1 knows no checksums."""
        return deliverable.checksum_sha256

    # --- upload area -----------------------------------------------------------------------------

    async def uploads(
        self, prefix: GncvPath = GncvPath(GNCV), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Upload]:
        """The objects below the account's S3 prefix, newest first."""
        bucket, root = await self._upload_place()
        found = await self._s3.list_objects(bucket, f"{root}/{prefix.key}")
        uploads = [_upload(item, root) for item in found if not item.key.endswith("/")]
        uploads.sort(key=lambda upload: (upload.created or _EARLIEST, upload.path), reverse=True)
        return _window(uploads, offset, limit)

    async def begin_upload(self, path: GncvPath) -> UploadTarget:
        """The place below ``/paths/upload``; v1 keeps no record of an upload (api-v1 §5)."""
        bucket, root = await self._upload_place()
        return UploadTarget(path=path, bucket=bucket, key=f"{root}/{path.key}")

    async def upload(self, target: UploadTarget) -> Upload | None:
        """The object at a target, if it is there."""
        found = await self._s3.head(target.bucket, target.key)
        if found is None:
            return None
        return Upload(path=target.path, size=found.size, created=found.modified)

    async def upload_credentials(self) -> Credentials:
        """``GET /credentials/upload``; a 202 says how long to wait (api-v1 §5.2).

        The pauses of the first 202 hold; each further 202 takes the next of them, and none left is an error.
        """
        pauses: list[float] | None = None
        while True:
            reply = await self._http.get("/credentials/upload")
            if reply.status != _ACCEPTED:
                return wire.credentials(reply.json())
            if pauses is None:
                pauses = wire.pauses(reply.json())
            if not pauses:
                raise ApiProblem(
                    Kind.TIMEOUT,
                    "Gencove takes too long to make upload credentials",
                    "all the waits that it asked for have passed",
                    "It is tried again by itself.",
                )
            await asyncio.sleep(pauses.pop(0))

    async def _upload_place(self) -> tuple[str, str]:
        if self._place is None:
            self._place = wire.upload_place((await self._http.get("/paths/upload")).json())
        return self._place


def _id(value: str) -> str:
    return quote(value, safe="")


def _window(items: Sequence[T], offset: int, limit: int) -> Page[T]:
    end = offset + limit
    return Page(items=tuple(items[offset:end]), offset=offset, total=len(items), more=end < len(items))


def _matches(search: str, texts: Iterable[str]) -> bool:
    wanted = search.casefold()
    return not wanted or any(wanted in text.casefold() for text in texts)


def _sortable(value: object) -> tuple[bool, object]:
    """Sorts what is unknown before everything else."""
    return (value is not None, value.casefold() if isinstance(value, str) else value)


def _chosen(samples: Iterable[Sample], query: SampleQuery) -> list[Sample]:
    chosen = [
        sample
        for sample in samples
        if _matches(query.search, (sample.id, sample.client_id))
        and (query.status in ("", "all") or sample.status.startswith(query.status))
        and (query.modified_after is None or (sample.modified or _EARLIEST) > query.modified_after)
    ]
    if query.sort_by in ("created", "modified", "status", "client_id", "id"):
        chosen.sort(key=lambda s: _sortable(getattr(s, query.sort_by)), reverse=query.descending)
    return chosen


def _upload(item: StoredObject, root: str) -> Upload:
    key = clean(item.key.removeprefix(root).lstrip("/"))
    name = key.rsplit("/", 1)[-1]
    match = _READ.search(name)
    return Upload(
        path=GncvPath(GNCV + key),
        size=item.size,
        created=item.modified,
        client_id=name.split("_", 1)[0] if match else "",
        read=match.group(1) if match else "",
    )
