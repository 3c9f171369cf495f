"""v2: projects, their statistics and pipelines (api-v2 §7)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gencove_tui.sandbox import filetypes, v2_account
from gencove_tui.sandbox.calls import Call, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.query import select_projects
from gencove_tui.sandbox.records import Capability, Project, StoredFile

routes = Routes("/api/v2")


def project_object(call: Call, project: Project) -> dict[str, Any]:
    """A project as lists show it."""
    state = call.state
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "created": iso(project.created),
        "modified": iso(state.modified(project)),
        "hidden": project.hidden,
        "organization": state.organization_id,
        "organization_name": state.organization_name,
        "sample_count": state.sample_count(project),
        "hidden_sample_count": state.sample_count(project, hidden=True),
        "pipeline_capabilities": project.capability_id,
        "project_modifications": project.modifications,
        "roles": v2_account.roles(call),
        "webhook_url": project.webhook_url,
        "is_shared": project.is_shared,
        "locked": project.locked,
    }


def project_files(call: Call, project: Project) -> list[StoredFile]:
    """Project-wide deliverables: merged VCF, joint-called VCF, reference genome."""
    kinds: list[str] = list(filetypes.GENOME if project.has_genome else ())
    if project.merge is not None and project.merge.statuses[-1].status == "success":
        kinds.append("impute-vcf-merged")
    if project.joint_called:
        kinds += ["jointcalled-vcf", "jointcalled-vcf_indexed"]
    return [call.state.file(project.id, kind, call.state.modified(project)) for kind in kinds]


def detail_object(call: Call, project: Project) -> dict[str, Any]:
    """A project with its files."""
    files = [call.account.file_object(file) for file in project_files(call, project)]
    return {**project_object(call, project), "files": files}


@routes("GET", "/projects/")
def projects(call: Call) -> Reply:
    """A page of projects."""
    return call.page(select_projects(call), lambda p: project_object(call, p))


@routes("POST", "/projects/")
def create_project(call: Call) -> Reply:
    """Create a project."""
    name = call.text("name")
    capability = _capability(call, call.text("pipeline_capabilities"))
    project = call.state.new_project(name, capability.id)
    project.modifications = _default_modifications()
    _edit(call, project)
    return Reply(201, project_object(call, project))


@routes("GET", "/projects/{project_id}")
def project(call: Call) -> Reply:
    """One project."""
    return Reply(200, detail_object(call, call.project()))


@routes("PATCH", "/projects/{project_id}")
def edit_project(call: Call) -> Reply:
    """Change some fields of a project."""
    project = call.project()
    if "name" in call.fields():
        project.name = call.text("name")
    if "pipeline_capabilities" in call.fields():
        project.capability_id = _capability(call, call.text("pipeline_capabilities")).id
    _edit(call, project)
    return Reply(200, project_object(call, project))


def _edit(call: Call, project: Project) -> None:
    fields = call.fields()
    project.description = call.text("description", 10_000, project.description)
    modifications = fields.get("project_modifications")
    if modifications is not None:
        if not isinstance(modifications, list):
            raise invalid(project_modifications="Expected a list of items.")
        project.modifications = modifications


def _default_modifications() -> list[dict[str, Any]]:
    return [{"key": "soft_qc", "value": False}]


def _capability(call: Call, capability_id: str) -> Capability:
    capability = call.state.capabilities.get(capability_id)
    if capability is None:
        raise invalid(pipeline_capabilities=f'Invalid pk "{capability_id}" - object does not exist.')
    return capability


@routes("GET", "/project-stats/{project_id}")
def stats(call: Call) -> Reply:
    """How many samples stand where."""
    project = call.project()
    samples = call.account.sample_lists.select(call, project)
    words = Counter(s.status for s in samples)
    counts = {
        "total_samples": len(samples),
        "running_samples": words["running"],
        "scheduled_samples": words["scheduled"],
        "succeeded_samples": words["succeeded"],
        "failed_samples": words["failed"] + words["failed qc"],
        "kit_processing_samples": words["consumer_awaiting_kit_order"],
    }
    qc = Counter(key for s in samples for key in s.failed_qc)
    body = {
        "counts": counts,
        # A constant for each succeeded sample: adding up real sizes would make every file.
        "total_size": words["succeeded"] * 13_500_000,
        "failed_counts": {"failed": words["failed"]} if words["failed"] else {},
        "failed_qc_counts": dict(qc),
    }
    return Reply(200, body)


def capability_object(capability: Capability) -> dict[str, Any]:
    """A pipeline capability."""
    return {
        "id": capability.id,
        "name": capability.name,
        "key": capability.key,
        "private": False,
        "merge_vcfs_enabled": capability.merges,
        "supported_project_modifications": _default_modifications(),
        "modifications_enabled": True,
        "species": capability.species,
        "pipeline_category": capability.category,
        "description_markdown": capability.description,
        "datasets": None,
        "steps": None,
    }


def _pipeline(call: Call, pipeline_id: str) -> dict[str, Any]:
    version = call.state.pipelines[pipeline_id]
    capabilities = [capability_object(c) for c in call.state.capabilities.values()]
    return {"id": pipeline_id, "version": version, "capabilities": capabilities}


@routes("GET", "/pipeline/")
def pipelines(call: Call) -> Reply:
    """All versions of the pipeline, newest first unless asked otherwise."""
    call.choice("sort_by", ("created",), "created")
    rows = list(call.state.pipelines.items())
    if call.choice("sort_order", ("asc", "desc"), "desc") == "desc":
        rows.reverse()
    return call.page(rows, lambda row: {"id": row[0], "version": row[1]})


@routes("GET", "/pipeline/{pipeline_id}")
def pipeline(call: Call) -> Reply:
    """One version of the pipeline with what it can do."""
    if call.params["pipeline_id"] not in call.state.pipelines:
        raise not_found()
    return Reply(200, _pipeline(call, call.params["pipeline_id"]))


@routes("GET", "/pipeline-latest/")
def latest_pipeline(call: Call) -> Reply:
    """The newest version of the pipeline."""
    return Reply(200, _pipeline(call, list(call.state.pipelines)[-1]))


@routes("GET", "/pipeline-capabilities/")
def capabilities(call: Call) -> Reply:
    """Pipeline capabilities; ``search`` is ids with commas between."""
    wanted = {part.strip() for part in call.query.get("search", "").split(",") if part.strip()}
    rows = [c for c in call.state.capabilities.values() if not wanted or c.id in wanted]
    return call.page(rows, capability_object)


@routes("GET", "/pipeline-capabilities/{capability_id}")
def capability(call: Call) -> Reply:
    """One pipeline capability."""
    found = call.state.capabilities.get(call.params["capability_id"])
    if found is None:
        raise not_found()
    return Reply(200, capability_object(found))
