"""Today's API, v2 (api-v2): ``/api/v2/`` on api.gencove.com."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from gencove_tui.api import v2_wire as wire
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import integer, mapping, sequence, string
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

BASE = "/api/v2"
_CAPABILITIES = frozenset(
    {
        Capability.SEARCH_PROJECTS,
        Capability.SORT_PROJECTS,
        Capability.SEARCH_SAMPLES,
        Capability.FILTER_SAMPLES,
        Capability.SORT_SAMPLES,
        Capability.MODIFIED_AFTER,
        Capability.FILE_TYPES,
        Capability.CHECKSUMS,
        Capability.UPLOAD_RECORDS,
        Capability.SAMPLE_SHEET,
        Capability.ORGANIZATION,
    }
)


class GencoveV2:
    """Implements ``protocol.Gencove`` with an API key."""

    dialect = Dialect.V2
    capabilities = _CAPABILITIES

    def __init__(self, host: str, api_key: str) -> None:
        self._http = Transport(host, f"Api-Key {api_key}")

    @property
    def host(self) -> str:
        """Base URL without a closing slash."""
        return self._http.host

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    # --- account ---------------------------------------------------------------------------------

    async def check_key(self) -> Account:
        """``GET /user/`` (api-v2 §6)."""
        return wire.account(await self._object("/user/"))

    async def organization(self) -> Organization:
        """``GET /organization/`` (api-v2 §6)."""
        return wire.organization(await self._object("/organization/"))

    # --- projects and samples --------------------------------------------------------------------

    async def projects(
        self, query: ProjectQuery = ProjectQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Project]:
        """``GET /projects/`` (api-v2 §4, §7)."""
        return await self._page("/projects/", _words(query), offset, limit, wire.project)

    async def project(self, project_id: str) -> Project:
        """``GET /projects/U`` (api-v2 §7)."""
        return wire.project(await self._object(f"/projects/{_id(project_id)}"))

    async def project_stats(self, project_id: str) -> StatusCounts:
        """``GET /project-stats/U`` (api-v2 §7)."""
        return wire.stats(await self._object(f"/project-stats/{_id(project_id)}"))

    async def samples(
        self, project_id: str, query: SampleQuery = SampleQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Sample]:
        """``GET /project-samples/U`` (api-v2 §4, §8)."""
        return await self._page(
            f"/project-samples/{_id(project_id)}",
            _words(query),
            offset,
            limit,
            lambda row: wire.sample(row, project_id),
        )

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """``GET /samples/U``: with deliverables and fresh presigned URLs (api-v2 §8, §9)."""
        data = await self._object(f"/samples/{_id(sample_id)}")
        return wire.sample({"files": []} | data, project_id)

    async def file_types(self, project_id: str | None = None) -> tuple[FileType, ...]:
        """``GET /file-types/`` (api-v2 §8)."""
        query = {"project_id": project_id} if project_id else None
        data = (await self._http.get(f"{BASE}/file-types/", query)).json()
        rows = data if isinstance(data, list) else sequence(mapping(data).get("results"))
        return tuple(found for row in rows if (found := wire.file_type(mapping(row))).key)

    async def checksum(self, deliverable: Deliverable) -> str:
        """The known sha256, else ``GET /files/U.sha256``; "" when Gencove has none (api-v2 §9)."""
        if deliverable.checksum_sha256 or not deliverable.id:
            return deliverable.checksum_sha256
        try:
            reply = await self._http.get(f"{BASE}/files/{_id(deliverable.id)}.sha256")
        except ApiProblem as problem:
            if problem.kind in (Kind.INVALID, Kind.NOT_FOUND):
                return ""
            raise
        word = reply.body[:64].decode("ascii", "replace").lower()
        return word if len(word) == 64 and all(c in "0123456789abcdef" for c in word) else ""

    # --- upload area -----------------------------------------------------------------------------

    async def uploads(
        self, prefix: GncvPath = GncvPath(GNCV), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Upload]:
        """``GET /uploads/``, with client id, read and sample from ``GET /sample-sheet/`` (api-v2 §10, §11).

        The server can't filter uploads by path, so a prefix leaves out rows of the window it asked for.
        """
        page = await self._page("/uploads/", {}, offset, limit, wire.upload)
        wanted = [upload for upload in page.items if upload.path.startswith(prefix)]
        sheet = await self._sheet(prefix)
        joined = []
        for upload in wanted:
            client_id, read, sample_id = sheet.get(upload.id, ("", upload.read, ""))
            joined.append(
                msgspec.structs.replace(upload, client_id=client_id, read=read, sample_id=sample_id)
            )
        return msgspec.structs.replace(page, items=tuple(joined))

    async def _sheet(self, prefix: GncvPath) -> dict[str, tuple[str, str, str]]:
        query: dict[str, str | int] = {
            "search": prefix,
            "status": "all",
            "sort_by": "created",
            "sort_order": "desc",
            "offset": 0,
            "limit": PAGE,
        }
        data = mapping((await self._http.get(f"{BASE}/sample-sheet/", query)).json())
        rows = wire.sheet_rows(data.get("results"))
        return {upload_id: (client_id, read, sample) for upload_id, client_id, read, sample in rows}

    async def begin_upload(self, path: GncvPath) -> UploadTarget:
        """``POST /uploads-post-data/``: get or create by path, so a repeat is harmless (api-v2 §10)."""
        reply = await self._http.post(
            f"{BASE}/uploads-post-data/", {"destination_path": path}, repeatable=True
        )
        return wire.upload_target(mapping(reply.json()), path)

    async def upload(self, target: UploadTarget) -> Upload | None:
        """``GET /uploads/U`` (api-v2 §10)."""
        try:
            data = await self._object(f"/uploads/{_id(target.upload_id)}")
        except ApiProblem as problem:
            if problem.kind is Kind.NOT_FOUND:
                return None
            raise
        return wire.upload({"destination_path": target.path} | data)

    async def upload_credentials(self) -> Credentials:
        """``POST /upload-credentials/`` (api-v2 §10)."""
        reply = await self._http.post(f"{BASE}/upload-credentials/", {}, repeatable=True)
        return wire.credentials(mapping(reply.json()))

    # --- shared ----------------------------------------------------------------------------------

    async def _object(self, path: str) -> dict[str, Any]:
        data = (await self._http.get(BASE + path)).json()
        if not isinstance(data, dict):
            raise wire.bad_reply(path.strip("/").split("/")[0], "the object")
        return data

    async def _page(
        self,
        path: str,
        words: dict[str, str | int],
        offset: int,
        limit: int,
        decode: Callable[[dict[str, Any]], T],
    ) -> Page[T]:
        query = words | {"limit": limit, "offset": offset}
        data = (await self._http.get(BASE + path, query)).json()
        rows = data if isinstance(data, list) else sequence(mapping(data).get("results"))
        meta = mapping(mapping(data).get("meta"))
        items = tuple(decode(mapping(row)) for row in rows)
        total = integer(meta.get("count"))
        following = bool(string(meta.get("next")))
        return Page(items=items, offset=offset, total=total, more=following and bool(items))


def _id(value: str) -> str:
    """An id as one path component, whatever it holds."""
    return quote(value, safe="")


def _words(query: ProjectQuery | SampleQuery) -> dict[str, str | int]:
    """Query parameters of what was asked for (api-v2 §4)."""
    words: dict[str, str | int] = {}
    for name in query.__struct_fields__:
        value = getattr(query, name)
        if name == "descending" or not value:
            continue
        words[name] = value if isinstance(value, str) else value.isoformat()
    if query.sort_by:
        words["sort_order"] = "desc" if query.descending else "asc"
    return words
