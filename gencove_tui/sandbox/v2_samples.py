"""v2: samples, their files, quality control and metadata (api-v2 §8, §9)."""

from __future__ import annotations

from typing import Any

from gencove_tui.sandbox import filetypes, qc
from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.clock import iso, iso_space
from gencove_tui.sandbox.records import Project, Sample
from gencove_tui.sandbox.state import derived_id
from gencove_tui.sandbox.v2_projects import project_files

routes = Routes("/api/v2")


def sample_object(sample: Sample) -> dict[str, Any]:
    """What a list row and a detail have in common."""
    return {
        "id": sample.id,
        "run": derived_id(sample.id, "run") if sample.is_finished else None,
        "created": iso(sample.created),
        "hidden": sample.hidden,
        "modified": iso(sample.modified),
        "client_id": sample.client_id,
        "physical_id": sample.physical_id,
        "legacy_id": sample.legacy_id,
        "last_status": {
            "id": derived_id(sample.id, "status", sample.status),
            "status": sample.status,
            "note": sample.note,
            "created": iso(sample.modified),
        },
        "archive_last_status": {
            "id": derived_id(sample.id, "archive", sample.archive_status),
            "status": sample.archive_status,
            "created": iso_space(sample.archive_created or sample.created),
            "transition_cutoff": None if sample.transition_cutoff is None else iso(sample.transition_cutoff),
        },
    }


def row_object(sample: Sample) -> dict[str, Any]:
    """A sample as lists show it."""
    return {**sample_object(sample), "failed_qc": list(sample.failed_qc) or None}


@routes("GET", "/project-samples/{project_id}")
def samples(call: Call) -> Reply:
    """A page of a project's samples."""
    return call.page(call.account.sample_lists.select(call, call.project()), row_object)


@routes("GET", "/samples/{sample_id}")
def sample(call: Call) -> Reply:
    """One sample with its files."""
    found = call.sample()
    available = found.is_available
    files = [call.account.file_object(f, available) for f in call.state.sample_files(found)]
    return Reply(200, {**sample_object(found), "project": found.project_id, "files": files})


@routes("GET", "/sample-statuses/{sample_id}")
def statuses(call: Call) -> Reply:
    """The steps of a sample's life, newest first."""
    steps = call.state.history(call.sample())
    return call.page(steps[::-1], lambda s: {"status": s.status, "note": s.note, "created": iso(s.created)})


@routes("GET", "/sample-quality-controls/{sample_id}")
def quality_controls(call: Call) -> Reply:
    """The quality-control results of a sample."""
    return call.page(qc.results(call.sample()), dict)


@routes("GET", "/sample-metadata/{sample_id}")
def metadata(call: Call) -> Reply:
    """A sample's metadata: any JSON value."""
    return Reply(200, {"metadata": call.sample().metadata})


@routes("POST", "/sample-metadata/{sample_id}")
def set_metadata(call: Call) -> Reply:
    """Replace a sample's metadata."""
    found = call.sample()
    if "metadata" not in call.fields():
        raise invalid(metadata="This field is required.")
    found.metadata = call.fields()["metadata"]
    call.state.touch(found, modified=False)
    return Reply(201, {"metadata": found.metadata})


@routes("GET", "/sample-stats/{sample_id}")
def sample_stats(call: Call) -> Reply:
    """The size of all of a sample's files."""
    files = call.state.sample_files(call.sample())
    return Reply(200, {"total_size": sum(f.content.size for f in files)})


@routes("GET", "/file-types/")
def file_types(call: Call) -> Reply:
    """Kinds of deliverables: all that there are, or those that occur in a project."""
    about_genome = call.choice("object", ("sample", "reference_genome"), "sample") == "reference_genome"
    project_id = call.query.get("project_id")
    if project_id is not None:
        project = call.state.projects.get(project_id)
        if project is None:
            raise not_found()
        keys = _occurring(call, project, about_genome)
    else:
        keys = [*(filetypes.GENOME if about_genome else filetypes.SAMPLE_KEYS)]
    if not about_genome:
        keys += filetypes.PSEUDO
    rows = [{"key": key, "description": ""} for key in keys]
    if "limit" in call.query:
        return call.page(rows, dict)
    return Reply(200, {"meta": {"count": len(rows), "next": None, "previous": None}, "results": rows})


def _occurring(call: Call, project: Project, about_genome: bool) -> list[str]:
    if about_genome:
        return [f.kind for f in project_files(call, project) if f.kind in filetypes.GENOME]
    kinds: set[str] = set()
    seen: set[str] = set()
    for found in call.state.samples(project):
        if found.status not in seen:
            seen.add(found.status)
            kinds.update(call.state.file_kinds(found))
    return sorted(kinds)


@routes("GET", "/files/{file_id}.sha256")
def checksum(call: Call) -> Reply:
    """A checksum in the form of ``sha256sum -b``."""
    file = call.state.files.get(call.params["file_id"])
    if file is None:
        raise not_found()
    digest = call.account.checksum(file)
    if not digest:
        raise Refused(400, {"detail": "File does not have checksum."})
    name = call.query.get("filename") or file.name
    return Reply(200, f"{digest} *{name}\n".encode(), media_type="text/html; charset=utf-8")
