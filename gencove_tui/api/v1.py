"""The API of the original docs, v1 (api-v1): rest.gencove.com, no path prefix, no closing slashes.

Lists come whole, so searching, filtering and sorting happen here; a list is kept for a few seconds so that
paging through it does not fetch it again for every window.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from gencove_tui.api import v1_wire as wire
from gencove_tui.api.credentials import ApiKey, Credential
from gencove_tui.api.errors import ApiProblem, Kind, PartlyDone, Unsupported
from gencove_tui.api.protocol import PAGE, ROOT, Gencove
from gencove_tui.api.s3 import S3Area
from gencove_tui.api.text import string
from gencove_tui.api.transport import Transport, component
from gencove_tui.api.v1_lists import chosen_projects, chosen_samples, upload_of, window
from gencove_tui.config.urls import store_complaint
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

T = TypeVar("T")

_KEEP_SECONDS = 5.0
_ACCEPTED = 202


class _Kept(Generic[T]):
    """The last whole list, for a few seconds."""

    def __init__(self) -> None:
        self._name = ""
        self._fetched = float("-inf")
        self._rows: tuple[T, ...] = ()

    async def get(
        self, name: str, offset: int, fetch: Callable[[], Awaitable[tuple[T, ...]]]
    ) -> tuple[T, ...]:
        """The list of that name; the first window always fetches it anew."""
        if offset == 0 or name != self._name or time.monotonic() - self._fetched > _KEEP_SECONDS:
            self._rows = await fetch()
            self._name, self._fetched = name, time.monotonic()
        return self._rows

    def forget(self) -> None:
        """Something changed it."""
        self._fetched = float("-inf")


class GencoveV1(Gencove):
    """Implements ``protocol.Gencove``; what v1 lacks raises ``Unsupported``. Belongs to one event loop."""

    def __init__(self, host: str, credential: Credential | str, *, s3_endpoint: str | None = None) -> None:
        """``credential``: an API key as text, or a login."""
        if isinstance(credential, str):
            credential = ApiKey("GENCOVE-API-KEY", credential)
        self._http = Transport(host, credential)
        self._lost = store_complaint(self._http.host, s3_endpoint or "")
        self._s3 = S3Area(self._store_credentials, endpoint_url=s3_endpoint)
        self._place: tuple[str, str] | None = None
        self._projects: _Kept[Project] = _Kept()
        self._samples: _Kept[Sample] = _Kept()
        self._uploads: _Kept[Upload] = _Kept()

    @property
    def host(self) -> str:
        """Base URL without a closing slash."""
        return self._http.host

    @property
    def dialect(self) -> Dialect:
        """Always v1."""
        return Dialect.V1

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the server can do; searching and sorting happen here."""
        return frozenset({Capability.DELETE_UPLOADS})

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

        async def fetch() -> tuple[Project, ...]:
            data = (await self._http.get("/projects")).json()
            return wire.rows(data, "projects", wire.project)

        found = await self._projects.get("", offset, fetch)
        return window(chosen_projects(found, query), offset, limit)

    async def project(self, project_id: str) -> Project:
        """``GET /projects/N``."""
        data = (await self._http.get(f"/projects/{component(project_id)}")).json()
        return wire.project({"id": project_id} | wire.unwrapped(data, "project"))

    async def create_project(
        self,
        name: str,
        *,
        href: str = "",
        description: str = "",
        enabled: bool = True,
        discoverable: bool = False,
    ) -> Project:
        """``POST /projects`` (api-v1 §3). Never repeated by itself."""
        body = {
            "name": name,
            "href": href,
            "description": description,
            "enabled": enabled,
            "discoverable": discoverable,
        }
        data = (await self._http.post("/projects", body)).json()
        self._projects.forget()
        return wire.project(wire.unwrapped(data, "project"))

    async def edit_project(self, project_id: str, changes: dict[str, str | bool]) -> Project:
        """``PUT /projects/N``: change ``name``, ``href``, ``description``, ``enabled``, ``discoverable``,
        ``subsidy_enabled`` or ``webhook_url``; leave the rest (api-v1 §3, §7).

        A new ``webhook_url`` is tried by Gencove with an event ``test``.
        """
        if not changes:
            raise ApiProblem(
                Kind.INVALID, "No change to the project", "nothing is given", "Change something."
            )
        data = (
            await self._http.request(
                "PUT", f"/projects/{component(project_id)}", body=changes, repeatable=True
            )
        ).json()
        self._projects.forget()
        return wire.project({"id": project_id} | wire.unwrapped(data, "project"))

    async def project_stats(self, project_id: str) -> StatusCounts:
        """``GET /projects/N/stats``; its keys are undocumented, so what is not recognised is in ``extra``."""
        return wire.stats((await self._http.get(f"/projects/{component(project_id)}/stats")).json())

    async def samples(
        self, project_id: str, query: SampleQuery = SampleQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Sample]:
        """``GET /projects/N/samples``, searched, filtered and sorted here."""

        async def fetch() -> tuple[Sample, ...]:
            data = (await self._http.get(f"/projects/{component(project_id)}/samples")).json()
            return wire.rows(data, "samples", lambda row: wire.sample(row, project_id))

        found = await self._samples.get(project_id, offset, fetch)
        return window(chosen_samples(found, query), offset, limit)

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """``GET /projects/N/samples/M`` together with its raw data: deliverables with fresh URLs."""
        detail, raw = await asyncio.gather(
            self._http.get(f"/projects/{component(project_id)}/samples/{component(sample_id)}"),
            self.raw_data(project_id, sample_ids=[sample_id]),
        )
        row = {"sample_id": sample_id} | wire.unwrapped(detail.json(), "sample")
        own: dict[str, Any] = next((r for r in raw if string(r.get("sample_id")) == sample_id), {})
        return wire.sample(row, project_id, wire.raw_data_deliverables(own))

    async def raw_data(
        self,
        project_id: str,
        *,
        sample_ids: Sequence[str] | None = None,
        external_ids: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """``POST /projects/N/raw-data``: rows as they came, with fresh presigned URLs, in any order (api-v1
        §4). Unknown ids are left out; one external id may give several rows.

        With neither kind of ids, all samples of the project; with an empty list, none.
        """
        if sample_ids is not None and external_ids is not None:
            raise ApiProblem(
                Kind.INVALID, "Raw data is asked for by one kind of id", "both are given", "Give one kind."
            )
        body: dict[str, object] = {}
        if sample_ids is not None:
            body["sample_ids"] = [int(i) if i.isascii() and i.isdigit() else i for i in sample_ids]
        elif external_ids is not None:
            body["external_ids"] = list(external_ids)
        if [] in body.values():
            return []  # the server might take it as "all"
        reply = await self._http.post(f"/projects/{component(project_id)}/raw-data", body, repeatable=True)
        return list(wire.rows(reply.json(), "raw_data", dict))

    async def file_types(
        self,
        project_id: str | None = None,  # noqa: ARG002 - protocol
        *,
        genome: bool = False,  # noqa: ARG002 - protocol
    ) -> tuple[FileType, ...]:
        """Not in v1."""
        raise Unsupported("The list of file types")

    async def checksum(self, deliverable: Deliverable) -> str:
        """v1 knows no checksums."""
        return deliverable.checksum_sha256

    # --- upload area -----------------------------------------------------------------------------

    async def uploads(self, prefix: GncvPath = ROOT, *, offset: int = 0, limit: int = PAGE) -> Page[Upload]:
        """The objects below the account's S3 prefix, newest first."""

        async def fetch() -> tuple[Upload, ...]:
            bucket, root = await self._upload_place()
            found = await self._s3.list_objects(bucket, _key(root, prefix))
            uploads = [upload_of(item, root) for item in found if not item.key.endswith("/")]
            uploads.sort(key=lambda u: (u.created.timestamp() if u.created else 0.0, u.path), reverse=True)
            return tuple(uploads)

        return window(await self._uploads.get(prefix, offset, fetch), offset, limit)

    async def begin_upload(self, path: GncvPath) -> UploadTarget:
        """The place below ``/paths/upload``; v1 keeps no record of an upload (api-v1 §5)."""
        bucket, root = await self._upload_place()
        return UploadTarget(path=path, bucket=bucket, key=_key(root, path))

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

    async def _store_credentials(self) -> Credentials:
        if self._lost is not None:
            raise ApiProblem(Kind.INVALID, self._lost.what, self._lost.why, self._lost.remedy)
        return await self.upload_credentials()

    async def delete_uploads(self, uploads: Sequence[Upload]) -> tuple[Upload, ...]:
        """Delete the objects from the account's S3 prefix; returns those that are gone.

        v1 tells of no upload whether it is assigned: the caller must ask first. Raises ``PartlyDone`` with
        the paths of those that are gone when a later one failed.
        """
        bucket, root = await self._upload_place()
        gone = []
        try:
            for upload in uploads:
                await self._s3.delete(bucket, _key(root, upload.path))
                gone.append(upload)
        except ApiProblem as problem:
            if not gone:
                raise
            raise PartlyDone(problem, [upload.path for upload in gone]) from problem
        finally:
            self._uploads.forget()
        return tuple(gone)

    async def _upload_place(self) -> tuple[str, str]:
        if self._place is None:
            self._place = wire.upload_place((await self._http.get("/paths/upload")).json())
        return self._place


def _key(root: str, path: GncvPath) -> str:
    return f"{root}/{path.key}" if root else path.key
