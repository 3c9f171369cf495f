"""Imports from a customer's own S3 buckets and from Illumina BaseSpace (api-v2 §15).

Whatever starts an import is never repeated by itself: it costs money. ``metadata`` is any JSON or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind, bad_reply
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import moment, string
from gencove_tui.api.transport import component
from gencove_tui.api.v2.http import Topic, nothing_to_do
from gencove_tui.model import Page

INPUT_FORMATS = ("autodetect", "fastq", "cram")
"""What may lie at an S3 URI."""


class AutoImport(Struct, frozen=True, kw_only=True):
    """A standing order to import whatever appears at a place."""

    id: str
    project_id: str = ""
    source: str = ""
    """An ``s3://`` URI, or the identifier that BaseSpace projects are matched with."""
    metadata: Any = None
    """Any JSON, as it was given."""
    topic_arn: str = ""
    """SNS topic that the bucket has to notify; only in the answer to making one."""


class BaseSpaceProject(Struct, frozen=True, kw_only=True):
    """A project in the linked BaseSpace account."""

    id: str
    name: str = ""
    description: str = ""
    created: datetime | None = None
    modified: datetime | None = None


class BioSample(Struct, frozen=True, kw_only=True):
    """A specimen in a BaseSpace project."""

    id: str
    name: str = ""
    status: str = ""
    lab_status: str = ""
    created: datetime | None = None
    modified: datetime | None = None


class Imports(Topic):
    """Samples that come from elsewhere."""

    # --- S3 ----------------------------------------------------------------------------------------

    async def from_s3(
        self, project_id: str, s3_uri: str, *, metadata: Any = None, input_format: str = "autodetect"
    ) -> None:
        """``POST /s3-uri-import/``: import once what lies below ``s3_uri``."""
        body = {
            "s3_uri": s3_uri,
            "project_id": project_id,
            "metadata": metadata,
            "input_format": input_format,
        }
        await self._http.post("/s3-uri-import/", body)

    async def s3_autoimports(self) -> tuple[AutoImport, ...]:
        """``GET /s3-uri-autoimport/``: all standing orders."""
        return await self._http.every("/s3-uri-autoimport/", auto_import)

    async def autoimport_from_s3(self, project_id: str, s3_uri: str, *, metadata: Any = None) -> AutoImport:
        """``POST /s3-uri-autoimport/``: a standing order; the same one again changes its metadata."""
        body = {"project_id": project_id, "s3_uri": s3_uri, "metadata": metadata}
        reply = await self._http.post("/s3-uri-autoimport/", body)
        return auto_import(body | reply.object("the import"))

    async def end_s3_autoimport(self, autoimport_id: str) -> None:
        """``DELETE /s3-uri-autoimport/U``."""
        await self._http.delete(f"/s3-uri-autoimport/{component(autoimport_id)}")

    async def s3_role(self) -> str:
        """``GET /s3-role/``: ARN of the role that Gencove assumes; empty when none is set."""
        return await self._text("/s3-role/", "role_arn")

    async def set_s3_role(self, role_arn: str) -> str:
        """``POST /s3-role/``."""
        reply = await self._http.post("/s3-role/", {"role_arn": role_arn})
        return string(reply.object("the role").get("role_arn"))

    async def forget_s3_role(self) -> None:
        """``DELETE /s3-role/``."""
        await self._http.delete("/s3-role/")

    async def s3_external_id(self) -> str:
        """``GET /s3-external-id/``: for the bucket's trust policy; empty when none was made."""
        return await self._text("/s3-external-id/", "external_id")

    async def new_s3_external_id(self) -> str:
        """``POST /s3-external-id/``: make a new one; the old one is useless then."""
        reply = await self._http.post("/s3-external-id/", {})
        return string(reply.object("the external id").get("external_id"))

    async def _text(self, path: str, key: str) -> str:
        try:
            return string((await self._http.object(path)).get(key))
        except ApiProblem as problem:
            if problem.kind is Kind.NOT_FOUND:
                return ""
            raise

    # --- BaseSpace -----------------------------------------------------------------------------------

    async def basespace_projects(
        self,
        *,
        sort_by: str = "basespace_date_modified",
        descending: bool = True,
        offset: int = 0,
        limit: int = PAGE,
    ) -> Page[BaseSpaceProject]:
        """``GET /basespace-projects/``: a window. Sorts by ``basespace_name`` and the two dates."""
        query = {"sort_by": sort_by, "sort_order": "desc" if descending else "asc"}
        return await self._http.page(
            "/basespace-projects/", basespace_project, query, offset=offset, limit=limit
        )

    async def biosamples(
        self, basespace_project_id: str, *, offset: int = 0, limit: int = PAGE
    ) -> Page[BioSample]:
        """``GET /basespace-project-biosamples/N``: a window on the specimens of a BaseSpace project."""
        path = f"/basespace-project-biosamples/{component(basespace_project_id)}"
        return await self._http.page(path, biosample, offset=offset, limit=limit)

    async def from_basespace(
        self, project_id: str, basespace_project_ids: Sequence[str], *, metadata: Any = None
    ) -> None:
        """``POST /basespace-projects-import/``: all specimens of these BaseSpace projects."""
        if not basespace_project_ids:
            raise nothing_to_do("No BaseSpace projects to import")
        body = {
            "basespace_project_ids": list(basespace_project_ids),
            "project_id": project_id,
            "metadata": metadata,
        }
        await self._http.post("/basespace-projects-import/", body)

    async def biosamples_from_basespace(
        self, project_id: str, client_ids: dict[str, str], *, metadata: Any = None
    ) -> None:
        """``POST /basespace-biosamples-import/``: some specimens; ``client_ids`` by their BaseSpace id."""
        if not client_ids:
            raise nothing_to_do("No BaseSpace specimens to import")
        rows = [{"basespace_id": key, "client_id": name} for key, name in client_ids.items()]
        body = {"project_id": project_id, "basespace_bio_samples": rows, "metadata": metadata}
        await self._http.post("/basespace-biosamples-import/", body)

    async def basespace_autoimports(self) -> tuple[AutoImport, ...]:
        """``GET /basespace-projects-autoimport/``: all standing orders."""
        return await self._http.every("/basespace-projects-autoimport/", auto_import)

    async def autoimport_from_basespace(
        self, project_id: str, identifier: str, *, metadata: Any = None
    ) -> AutoImport:
        """``POST /basespace-projects-autoimport/``: a standing order for BaseSpace projects whose names hold
        ``identifier``; the same one again changes its metadata.
        """
        body = {"project_id": project_id, "identifier": identifier, "metadata": metadata}
        reply = await self._http.post("/basespace-projects-autoimport/", body)
        return auto_import(body | reply.object("the import"))

    async def end_basespace_autoimport(self, autoimport_id: str) -> None:
        """``DELETE /basespace-projects-autoimport/U``."""
        await self._http.delete(f"/basespace-projects-autoimport/{component(autoimport_id)}")


def auto_import(data: dict[str, Any]) -> AutoImport:
    """A standing order of either kind."""
    identity = string(data.get("id"))
    if not identity:
        raise bad_reply("an import", "$.id")
    return AutoImport(
        id=identity,
        project_id=string(data.get("project_id")),
        source=string(data.get("s3_uri")) or string(data.get("identifier")),
        metadata=data.get("metadata"),
        topic_arn=string(data.get("topic_arn")),
    )


def basespace_project(data: dict[str, Any]) -> BaseSpaceProject:
    """A row of ``/basespace-projects/``."""
    return BaseSpaceProject(
        id=string(data.get("basespace_id")),
        name=string(data.get("basespace_name")),
        description=string(data.get("basespace_description")),
        created=moment(data.get("basespace_date_created")),
        modified=moment(data.get("basespace_date_modified")),
    )


def biosample(data: dict[str, Any]) -> BioSample:
    """A row of ``/basespace-project-biosamples/N``."""
    return BioSample(
        id=string(data.get("basespace_id")),
        name=string(data.get("basespace_bio_sample_name")),
        status=string(data.get("basespace_status")),
        lab_status=string(data.get("basespace_lab_status")),
        created=moment(data.get("basespace_date_created")),
        modified=moment(data.get("basespace_date_modified")),
    )
