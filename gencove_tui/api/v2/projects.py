"""Making and changing projects, and their files (api-v2 §7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gencove_tui.api.transport import component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import Topic, nothing_to_do
from gencove_tui.model import Deliverable, Project

MERGED_VCF = "impute-vcf-merged"
"""File type of a project's merged VCF."""
JOINT_CALLED = ("jointcalled-vcf", "jointcalled-vcf_indexed")
"""File types of a joint-called VCF and its index."""
_GENOME = "genome-"


def merged_vcf(project: Project) -> Deliverable | None:
    """The merged VCF in a project's detail; None when there is none."""
    return next((d for d in project.deliverables if d.file_type == MERGED_VCF), None)


def joint_called_vcf(project: Project) -> tuple[Deliverable, ...]:
    """The joint-called VCF and its index in a project's detail, as far as they are there."""
    return tuple(d for d in project.deliverables if d.file_type in JOINT_CALLED)


def reference_genome(project: Project) -> tuple[Deliverable, ...]:
    """The files of the reference genome in a project's detail."""
    return tuple(d for d in project.deliverables if d.file_type.startswith(_GENOME))


class ProjectActions(Topic):
    """What changes projects. None of it is repeated by itself except what is harmless."""

    async def create(
        self,
        name: str,
        capability_id: str,
        *,
        description: str = "",
        modifications: Sequence[dict[str, Any]] | None = None,
    ) -> Project:
        """``POST /projects/``. ``capability_id`` chooses the analysis; see ``Pipelines``.

        ``modifications`` are key and value pairs of what the capability supports, such as
        ``{"key": "soft_qc", "value": True}``.
        """
        body: dict[str, Any] = {"name": name, "pipeline_capabilities": capability_id}
        if description:
            body["description"] = description
        if modifications is not None:
            body["project_modifications"] = list(modifications)
        return wire.project((await self._http.post("/projects/", body)).object("the new project"))

    async def edit(
        self,
        project_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        capability_id: str | None = None,
        modifications: Sequence[dict[str, Any]] | None = None,
    ) -> Project:
        """``PATCH /projects/U``: change what is given, leave the rest."""
        given = {
            "name": name,
            "description": description,
            "pipeline_capabilities": capability_id,
            "project_modifications": None if modifications is None else list(modifications),
        }
        body = {key: value for key, value in given.items() if value is not None}
        if not body:
            raise nothing_to_do("No change to the project")
        reply = await self._http.patch(f"/projects/{component(project_id)}", body)
        return wire.project(reply.object("the project"))

    async def hide(self, project_ids: Sequence[str]) -> None:
        """``POST /projects-hide/``: out of the usual list; nothing is lost."""
        await self._http.post("/projects-hide/", _ids(project_ids), repeatable=True)

    async def unhide(self, project_ids: Sequence[str]) -> None:
        """``POST /projects-unhide/``: back into the usual list."""
        await self._http.post("/projects-unhide/", _ids(project_ids), repeatable=True)

    async def delete(self, project_ids: Sequence[str]) -> None:
        """``DELETE /projects-delete/``: for good, with all that is in them."""
        await self._http.delete("/projects-delete/", _ids(project_ids))


def _ids(project_ids: Sequence[str]) -> dict[str, list[str]]:
    if not project_ids:
        raise nothing_to_do("No project to change")
    return {"project_ids": list(project_ids)}
