"""A connection that speaks API v2 (api-v2)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property

import msgspec

from gencove_tui.api.credentials import ApiKey, Credential
from gencove_tui.api.errors import ApiProblem, Kind, bad_reply
from gencove_tui.api.protocol import PAGE, ROOT
from gencove_tui.api.text import mapping, sequence, sha256
from gencove_tui.api.transport import Transport, component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.batches import Batches
from gencove_tui.api.v2.http import BASE, Http, words
from gencove_tui.api.v2.imports import Imports
from gencove_tui.api.v2.manifests import Manifests
from gencove_tui.api.v2.people import People
from gencove_tui.api.v2.pipelines import Pipelines
from gencove_tui.api.v2.projects import ProjectActions
from gencove_tui.api.v2.quality import Quality
from gencove_tui.api.v2.reports import Reports
from gencove_tui.api.v2.sample_actions import SampleActions
from gencove_tui.api.v2.sample_facts import SampleFacts
from gencove_tui.api.v2.sheet import SampleSheet, SheetRow
from gencove_tui.api.v2.subscriptions import Subscriptions
from gencove_tui.api.v2.uploads import UploadRecords
from gencove_tui.model import (
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

_SHEET_PAGES = 3
"""Pages of the sample sheet that are looked through for the client ids of one page of uploads."""


class GencoveV2:
    """Implements ``protocol.Gencove``; everything that v2 can do is there. Belongs to one event loop."""

    dialect = Dialect.V2
    capabilities = frozenset(Capability)

    def __init__(self, host: str, credential: Credential | str) -> None:
        """``credential``: an API key as text, or a login."""
        if isinstance(credential, str):
            credential = ApiKey("Api-Key", credential)
        self._transport = Transport(host, credential)
        self._http = Http(self._transport)

    @property
    def host(self) -> str:
        """Base URL without a closing slash."""
        return self._transport.host

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    # --- account ---------------------------------------------------------------------------------

    async def check_key(self) -> Account:
        """``GET /user/`` (api-v2 §6)."""
        return wire.account(await self._http.object("/user/"))

    async def organization(self) -> Organization:
        """``GET /organization/`` (api-v2 §6)."""
        return wire.organization(await self._http.object("/organization/"))

    # --- projects and samples --------------------------------------------------------------------

    async def projects(
        self, query: ProjectQuery = ProjectQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Project]:
        """``GET /projects/`` (api-v2 §4, §7)."""
        return await self._http.page("/projects/", wire.project, words(query), offset=offset, limit=limit)

    async def project(self, project_id: str) -> Project:
        """``GET /projects/U`` (api-v2 §7)."""
        return wire.project(await self._http.object(f"/projects/{component(project_id)}"))

    async def project_stats(self, project_id: str) -> StatusCounts:
        """``GET /project-stats/U`` (api-v2 §7)."""
        return wire.stats(await self._http.object(f"/project-stats/{component(project_id)}"))

    async def samples(
        self, project_id: str, query: SampleQuery = SampleQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Sample]:
        """``GET /project-samples/U`` (api-v2 §4, §8)."""
        return await self._http.page(
            f"/project-samples/{component(project_id)}",
            lambda row: wire.sample(row, project_id),
            words(query),
            offset=offset,
            limit=limit,
        )

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """``GET /samples/U``: with deliverables and fresh presigned URLs (api-v2 §8, §9)."""
        data = await self._http.object(f"/samples/{component(sample_id)}")
        return wire.sample({"files": []} | data, project_id)

    async def file_types(
        self, project_id: str | None = None, *, genome: bool = False
    ) -> tuple[FileType, ...]:
        """``GET /file-types/`` (api-v2 §8)."""
        query = {"object": "reference_genome"} if genome else {}
        if project_id:
            query["project_id"] = project_id
        data = (await self._http.get("/file-types/", query)).json()
        rows = data if isinstance(data, list) else sequence(mapping(data).get("results"))
        return tuple(found for row in rows if (found := wire.file_type(mapping(row))).key)

    async def checksum(self, deliverable: Deliverable) -> str:
        """The known sha256, else ``GET /files/U.sha256``; "" when Gencove has none (api-v2 §9)."""
        if deliverable.checksum_sha256 or not deliverable.id:
            return deliverable.checksum_sha256
        try:
            reply = await self._http.get(f"/files/{component(deliverable.id)}.sha256")
        except ApiProblem as problem:
            if problem.kind in (Kind.INVALID, Kind.NOT_FOUND):
                return ""
            raise
        told = reply.body[:200].decode("ascii", "replace").split(maxsplit=1)
        if not (found := sha256(told[0] if told else "")):
            raise bad_reply("a checksum", "the sha256")  # perhaps a login page: not the same as none
        return found

    # --- upload area -----------------------------------------------------------------------------

    async def uploads(self, prefix: GncvPath = ROOT, *, offset: int = 0, limit: int = PAGE) -> Page[Upload]:
        """``GET /uploads/``, with client id, read and sample from ``GET /sample-sheet/`` (api-v2 §10, §11).

        The server filters uploads by path only in the sample sheet. So below a prefix all rows of that are
        fetched and each file listed; their sizes are unknown, and files that it doesn't pair are left out.
        """
        if prefix != ROOT:
            rows = await self.sheet.every(prefix)
            found = [upload for row in rows for upload in _files(row) if upload.path.startswith(prefix)]
            items = tuple(found[offset : offset + limit])
            more = offset + len(items) < len(found)
            return Page(items=items, offset=offset, total=len(found), more=more)
        page, first = await asyncio.gather(
            self._http.page("/uploads/", wire.upload, offset=offset, limit=limit),
            # A row of the sheet holds one or two uploads, so they lie between half the offset and it.
            self.sheet.rows(offset=offset // 2),
        )
        missing = {upload.id for upload in page.items}
        paired: dict[str, Upload] = {}
        for _ in range(_SHEET_PAGES):
            for row in first.items:
                paired |= {upload.id: upload for upload in _files(row)}
            missing -= paired.keys()
            if not missing or not first.more:
                break
            first = await self.sheet.rows(offset=first.offset + len(first.items))
        joined = []
        for upload in page.items:
            if (pair := paired.get(upload.id)) is not None:
                upload = msgspec.structs.replace(
                    upload, client_id=pair.client_id, read=pair.read, sample_id=pair.sample_id
                )
            joined.append(upload)
        return msgspec.structs.replace(page, items=tuple(joined))

    async def begin_upload(self, path: GncvPath) -> UploadTarget:
        """``POST /uploads-post-data/``: get or create by path, so a repeat is harmless (api-v2 §10)."""
        reply = await self._transport.post(
            f"{BASE}/uploads-post-data/", {"destination_path": path}, repeatable=True
        )
        return wire.upload_target(reply.object("an upload"), path)

    async def upload(self, target: UploadTarget) -> Upload | None:
        """``GET /uploads/U`` (api-v2 §10)."""
        try:
            data = await self._http.object(f"/uploads/{component(target.upload_id)}")
        except ApiProblem as problem:
            if problem.kind is Kind.NOT_FOUND:
                return None
            raise
        return wire.upload({"destination_path": target.path} | data)

    async def upload_credentials(self) -> Credentials:
        """``POST /upload-credentials/`` (api-v2 §10)."""
        reply = await self._transport.post(f"{BASE}/upload-credentials/", {}, repeatable=True)
        return wire.credentials(reply.object("upload credentials"))

    async def delete_uploads(self, uploads: Sequence[Upload]) -> tuple[Upload, ...]:
        """``POST /uploads-delete-unassigned/`` (api-v2 §10)."""
        gone = await self.upload_records.delete_unassigned([upload.id for upload in uploads])
        return tuple(upload for upload in uploads if upload.id in gone)

    # --- topics ----------------------------------------------------------------------------------

    @cached_property
    def sheet(self) -> SampleSheet:
        """Pairs of uploads, and assigning them (api-v2 §11)."""
        return SampleSheet(self._http)

    @cached_property
    def upload_records(self) -> UploadRecords:
        """Uploads as records (api-v2 §10)."""
        return UploadRecords(self._http)

    @cached_property
    def project_actions(self) -> ProjectActions:
        """Create, edit, hide and delete projects (api-v2 §7)."""
        return ProjectActions(self._http)

    @cached_property
    def pipelines(self) -> Pipelines:
        """What projects can be analysed with (api-v2 §7)."""
        return Pipelines(self._http)

    @cached_property
    def sample_actions(self) -> SampleActions:
        """Cancel, hide, delete, restore, import and copy samples (api-v2 §12)."""
        return SampleActions(self._http)

    @cached_property
    def sample_facts(self) -> SampleFacts:
        """Metadata, status history, size and results (api-v2 §8)."""
        return SampleFacts(self._http)

    @cached_property
    def quality(self) -> Quality:
        """Quality control of samples and projects (api-v2 §8)."""
        return Quality(self._http)

    @cached_property
    def batches(self) -> Batches:
        """Batches and the merged VCF (api-v2 §13)."""
        return Batches(self._http)

    @cached_property
    def manifests(self) -> Manifests:
        """Sample manifests (api-v2 §13)."""
        return Manifests(self._http)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Webhooks and e-mails about projects (api-v2 §14)."""
        return Subscriptions(self._http)

    @cached_property
    def imports(self) -> Imports:
        """Imports from S3 and BaseSpace (api-v2 §15)."""
        return Imports(self._http)

    @cached_property
    def reports(self) -> Reports:
        """Usage and quality-control tables (api-v2 §8)."""
        return Reports(self._http)

    @cached_property
    def people(self) -> People:
        """Users, roles, sharing and API keys (api-v2 §2, §6, §7)."""
        return People(self._http)


def _files(row: SheetRow) -> list[Upload]:
    return [
        Upload(
            path=GncvPath(read.path),
            id=read.upload_id,
            status=read.status,
            client_id=row.client_id,
            read=name,
            sample_id=row.sample_id,
        )
        for name, read in (("R1", row.r1), ("R2", row.r2))
        if read is not None
    ]
