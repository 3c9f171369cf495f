"""Batches (reports over samples) and the merged VCF of a project (api-v2 §13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind, bad_reply
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import boolean, mapping, moment, string, strings
from gencove_tui.api.transport import component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import Topic, page_of
from gencove_tui.model import Deliverable, FileType, Page, SampleStatus


class Batch(Struct, frozen=True, kw_only=True):
    """A report over some samples of a project."""

    id: str
    name: str = ""
    batch_type: str = ""
    status: SampleStatus
    """``queued``, ``running``, ``succeeded`` and perhaps others (api-v2 §5)."""
    deliverables: tuple[Deliverable, ...] = ()
    sample_ids: tuple[str, ...] | None = None
    """None in list rows."""


class MergeJob(Struct, frozen=True, kw_only=True):
    """The making of a project's merged VCF."""

    id: str
    created: datetime | None = None
    status: SampleStatus
    """``running``, ``success`` or ``succeeded``, ``failed`` with a note (api-v2 §5)."""
    up_to_date: bool | None = None
    """Whether the result holds all samples of today; None when the server doesn't say."""


class Batches(Topic):
    """Work over several samples at once. What starts work is never repeated by itself."""

    async def types(self, project_id: str) -> tuple[FileType, ...]:
        """``GET /project-batch-types/U``: the kinds of batches that a project can have."""
        return await self._http.every(f"/project-batch-types/{component(project_id)}", wire.file_type)

    async def listing(self, project_id: str, *, offset: int = 0, limit: int = PAGE) -> Page[Batch]:
        """``GET /project-batches/U``: a window on a project's batches."""
        path = f"/project-batches/{component(project_id)}"
        return await self._http.page(path, batch, offset=offset, limit=limit)

    async def one(self, batch_id: str) -> Batch:
        """``GET /batches/U``: a batch with its sample ids and freshly signed URLs."""
        return batch(await self._http.object(f"/batches/{component(batch_id)}"))

    async def create(
        self, project_id: str, name: str, batch_type: str, sample_ids: Sequence[str] = ()
    ) -> tuple[Batch, ...]:
        """``POST /project-batches/U``: one request may make several batches. No ids means all samples."""
        body = {"name": name, "batch_type": batch_type, "sample_ids": list(sample_ids)}
        data = (await self._http.post(f"/project-batches/{component(project_id)}", body)).json()
        if "results" in mapping(data):
            return page_of(data, batch, "batches").items
        return (batch(mapping(data)),)  # as the OpenAPI draws it

    async def merge(self, project_id: str) -> MergeJob | None:
        """``GET /project-merge-vcfs/U``: the latest merge; None when there was none.

        Its file is ``impute-vcf-merged`` among the project's deliverables.
        """
        try:
            return merge_job(await self._http.object(f"/project-merge-vcfs/{component(project_id)}"))
        except ApiProblem as problem:
            if problem.kind is Kind.NOT_FOUND:
                return None
            raise

    async def start_merge(self, project_id: str) -> MergeJob:
        """``POST /project-merge-vcfs/U``: merge the VCFs of all of a project's samples."""
        reply = await self._http.post(f"/project-merge-vcfs/{component(project_id)}", {})
        return merge_job(reply.object("the merge"))


def batch(data: dict[str, Any]) -> Batch:
    """A row of ``/project-batches/U`` or a detail."""
    identity = string(data.get("id"))
    if not identity:
        raise bad_reply("a batch", "$.id")
    return Batch(
        id=identity,
        name=string(data.get("name")),
        batch_type=string(data.get("batch_type")),
        status=wire.status_step(mapping(data.get("last_status"))),
        deliverables=wire.deliverables(data.get("files")),
        sample_ids=strings(data["sample_ids"]) if "sample_ids" in data else None,
    )


def merge_job(data: dict[str, Any]) -> MergeJob:
    """The answer of ``/project-merge-vcfs/U``."""
    return MergeJob(
        id=string(data.get("id")),
        created=moment(data.get("created")),
        status=wire.status_step(mapping(data.get("last_status"))),
        up_to_date=boolean(data.get("up_to_date")),
    )
