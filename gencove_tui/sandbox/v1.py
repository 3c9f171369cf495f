"""The older dialect, at the root of the host and without closing slashes (api-v1).

Where the documents name only an endpoint and not its fields, the fields here are the sandbox's own choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gencove_tui.sandbox import filetypes
from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes
from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.records import Project, Sample

routes = Routes()
_URL_FIELDS = (
    "vcf_url_s3", "snp_url_s3", "bam_url_s3", "bai_url_s3", "tbi_url_s3", "csi_url_s3",
    "fastq_nongrch37_url_s3", "ancestry_url_s3", "local_ancestry_url_s3", "microbiome_url_s3",
    "traits_url_s3",
)  # fmt: skip
_PROJECT_FIELDS = ("name", "href", "description", "enabled", "discoverable", "subsidy_enabled", "webhook_url")


def _problem(status: int, message: str, details: str = "") -> Refused:
    return Refused(status, {"message": message, "message_details": details or message})


def _project(call: Call) -> Project:
    text = call.params["project_id"]
    project = call.state.project_by_number(int(text)) if text.isascii() and text.isdigit() else None
    if project is None:
        raise _problem(404, "Not found", "There is no such project.")
    return project


def _project_object(project: Project) -> dict[str, Any]:
    return {
        "id": project.number,
        "name": project.name,
        "description": project.description,
        **project.v1,
        "webhook_url": project.webhook_url,
        "created": iso(project.created),
    }


def _sample_object(sample: Sample) -> dict[str, Any]:
    return {
        "sample_id": sample.number,
        "external_id": sample.client_id,
        "status": sample.status,
        "created": iso(sample.created),
        "modified": iso(sample.modified),
    }


@routes("GET", "/welcome-api-key")
def welcome(_call: Call) -> Reply:
    """Does the key work?"""
    return Reply(200, {"message": "Welcome."})


@routes("GET", "/projects")
def projects(call: Call) -> Reply:
    """All projects."""
    rows = sorted((p for p in call.state.projects.values() if not p.hidden), key=lambda p: p.number)
    return Reply(200, {"projects": [_project_object(p) for p in rows]})


@routes("POST", "/projects")
def create_project(call: Call) -> Reply:
    """Create a project."""
    fields = _project_fields(call)
    if not fields.get("name"):
        raise _problem(400, "Invalid project", "name is required.")
    capability = next(iter(call.state.capabilities), None)
    project = call.state.new_project(fields["name"], capability)
    _edit(call, project, fields)
    return Reply(201, {"project": _project_object(project)})


@routes("GET", "/projects/{project_id}")
def project(call: Call) -> Reply:
    """One project."""
    return Reply(200, {"project": _project_object(_project(call))})


@routes("PUT", "/projects/{project_id}")
def edit_project(call: Call) -> Reply:
    """Change some fields of a project."""
    project = _project(call)
    fields = _project_fields(call)
    if not fields:
        raise _problem(400, "Invalid project", "At least one field is required.")
    _edit(call, project, fields)
    return Reply(200, {"project": _project_object(project)})


def _project_fields(call: Call) -> dict[str, Any]:
    body = call.body
    if not isinstance(body, dict):
        raise _problem(400, "Invalid project", "An object is required.")
    for name, value in body.items():
        kind = bool if name in ("enabled", "discoverable", "subsidy_enabled") else str
        if name in _PROJECT_FIELDS and not isinstance(value, kind):
            raise _problem(400, "Invalid project", f"{name} has the wrong type.")
    return {name: body[name] for name in _PROJECT_FIELDS if name in body}


def _edit(call: Call, project: Project, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name in ("name", "description", "webhook_url"):
            setattr(project, name, value)
        else:
            project.v1[name] = value
    if fields.get("webhook_url"):
        call.account.hooks.send_v1(project, "test", {"project_id": project.number})


@routes("GET", "/projects/{project_id}/stats")
def stats(call: Call) -> Reply:
    """How many samples stand where."""
    samples = [s for s in call.state.samples(_project(call)) if not s.hidden]
    return Reply(
        200,
        {
            "stats": {
                "samples": len(samples),
                "succeeded": sum(s.status == "succeeded" for s in samples),
                "failed": sum(s.status in ("failed", "failed qc") for s in samples),
                "running": sum(not s.is_finished for s in samples),
            }
        },
    )


@routes("GET", "/projects/{project_id}/samples")
def samples(call: Call) -> Reply:
    """All samples of a project, in one reply."""
    rows = [s for s in call.state.samples(_project(call)) if not s.hidden]
    return Reply(200, {"samples": [_sample_object(s) for s in rows]})


@routes("GET", "/projects/{project_id}/samples/{sample_id}")
def sample(call: Call) -> Reply:
    """One sample."""
    project = _project(call)
    text = call.params["sample_id"]
    sample = call.state.sample_by_number(int(text)) if text.isascii() and text.isdigit() else None
    if sample is None or sample.project_id != project.id:
        raise _problem(404, "Not found", "There is no such sample in the project.")
    return Reply(200, {"sample": _sample_object(sample)})


@routes("POST", "/projects/{project_id}/raw-data")
def raw_data(call: Call) -> Reply:
    """Presigned URLs by sample ids, by external ids, or of the whole project (api-v1 §4)."""
    project = _project(call)
    body = call.body if isinstance(call.body, dict) else {}
    by_id, by_external = body.get("sample_ids"), body.get("external_ids")
    if by_id is not None and by_external is not None:
        raise _problem(400, "Invalid request", "Give sample_ids or external_ids, not both.")
    wanted = _wanted(by_id, by_external)
    rows = [
        _raw_row(call, project, s)
        for s in call.state.samples(project)
        if not s.hidden and s.is_available and wanted(s) and call.state.file_kinds(s)
    ]
    # The documents promise no order; the newest first shows up clients that count on one.
    return Reply(200, {"raw_data": rows[::-1]})


def _wanted(by_id: Any, by_external: Any) -> Callable[[Sample], bool]:
    for ids in (by_id, by_external):
        if ids is not None and not isinstance(ids, list):
            raise _problem(400, "Invalid request", "The ids must be a list.")
    if by_id is not None:
        numbers = {str(item) for item in by_id}
        return lambda s: str(s.number) in numbers
    if by_external is not None:
        names = {str(item) for item in by_external}
        return lambda s: s.client_id in names
    return lambda _: True


def _raw_row(call: Call, project: Project, sample: Sample) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sample_id": sample.number,
        "external_id": sample.client_id,
        "project_id": project.number,
        **dict.fromkeys(_URL_FIELDS),
        "ancestry_url_suffix": None,
    }
    for file in call.state.sample_files(sample):
        field = filetypes.KINDS[file.kind].v1_field
        if field:
            row[field] = call.account.url(file)
    if row["ancestry_url_s3"]:
        row["ancestry_url_suffix"] = f"s/{sample.number}"
    return row


@routes("GET", "/paths/upload")
def upload_path(call: Call) -> Reply:
    """Where the upload area is."""
    place = f"s3://{call.uploads.bucket}/{call.uploads.v1_prefix}"
    return Reply(200, {"paths": {"aws": {"path_s3": place}}})


@routes("GET", "/credentials/upload")
def upload_credentials(call: Call) -> Reply:
    """Temporary S3 keys; 202 with ``backoff_s`` first, when the ``backoff`` fault asks for it."""
    area, state = call.uploads, call.state
    if area.pending_backoff is None:
        area.pending_backoff = int(state.faults.value("backoff", call.path) or 0)
    if area.pending_backoff:
        waits = [round(0.2 * (n + 1) / state.clock.speed, 3) for n in range(area.pending_backoff)]
        area.pending_backoff -= 1
        return Reply(202, {"backoff_s": waits})
    area.pending_backoff = None
    keys = area.issue_keys()
    answer = {
        "Version": 1,
        "AccessKeyId": keys.access_key,
        "SecretAccessKey": keys.secret_key,
        "SessionToken": keys.token,
        "Expiration": iso(keys.expires),
    }
    return Reply(200, {"credentials": {"aws": answer}})
