"""Sample manifests: what is on the plates that a customer sends (api-v2 §13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind, bad_reply
from gencove_tui.api.text import mapping, moment, string
from gencove_tui.api.transport import Form, component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import Topic, page_of
from gencove_tui.model import Deliverable

TEMPLATES = ("96_well", "384_well", "tube")
"""Kinds of empty manifests."""


class Manifest(Struct, frozen=True, kw_only=True):
    """A manifest that was sent to Gencove."""

    id: str
    file_name: str = ""
    project_id: str = ""
    created: datetime | None = None
    file: Deliverable | None = None


class Manifests(Topic):
    """Sample manifests of projects."""

    async def listing(self, project_id: str) -> tuple[Manifest, ...]:
        """``GET /project-sample-manifests/U``: all of a project's; a bare array on the wire."""
        data = (await self._http.get(f"/project-sample-manifests/{component(project_id)}")).json()
        return page_of(data, manifest, "manifests").items

    async def one(self, manifest_id: str) -> Manifest:
        """``GET /sample-manifests/U``, with a freshly signed URL."""
        return manifest(await self._http.object(f"/sample-manifests/{component(manifest_id)}"))

    async def add(self, project_id: str, file_name: str, content: bytes) -> None:
        """``POST /project-sample-manifests/U``: send a ``.csv`` or ``.xlsx``. Never repeated by itself."""
        if not file_name.lower().endswith((".csv", ".xlsx")):
            raise ApiProblem(
                Kind.INVALID,
                f"{file_name} can't be a sample manifest",
                "it must end in .csv or .xlsx",
                "Start from a template: it has the columns that Gencove expects.",
            )
        path = f"/project-sample-manifests/{component(project_id)}"
        await self._http.send_file(path, Form("sample_manifest", file_name, content))

    async def csv_template(self, kind: str = "96_well") -> bytes:
        """``GET /sample-manifests-csv-template/``: an empty manifest; ``kind`` is one of ``TEMPLATES``."""
        return (await self._http.get("/sample-manifests-csv-template/", {"template_type": kind})).body

    async def workbook_template(self) -> bytes:
        """``GET /sample-manifests-xlsx-template/``: an empty manifest as an Excel workbook."""
        return (await self._http.get("/sample-manifests-xlsx-template/")).body


def manifest(data: dict[str, Any]) -> Manifest:
    """A row of ``/project-sample-manifests/U``."""
    identity = string(data.get("id"))
    if not identity:
        raise bad_reply("a manifest", "$.id")
    files = wire.deliverables([data["file"]]) if mapping(data.get("file")) else ()
    return Manifest(
        id=identity,
        file_name=string(data.get("file_name")),
        project_id=string(data.get("project")),
        created=moment(data.get("created")),
        file=files[0] if files else None,
    )
