"""v2: batches, the merged VCF and sample manifests (api-v2 §13)."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

from werkzeug.formparser import parse_form_data

from gencove_tui.sandbox import templates
from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.content import Content
from gencove_tui.sandbox.records import Job, Manifest, Project, Status

routes = Routes("/api/v2")
_BATCH_TYPES = {"cattle": ("illuminasnp50", "illuminahd"), "human": ("ancestry-report",)}
_SAMPLES_PER_BATCH = 10
_BATCH_SECONDS = (1.0, 5.0)
_MERGE_SECONDS = 5.0
_NOT_YOURS = "Project does not exist or you do not have privileges to access it."


def _batch_types(call: Call, project: Project) -> tuple[str, ...]:
    capability = call.state.capabilities.get(project.capability_id or "")
    return _BATCH_TYPES.get(capability.species or "", ()) if capability else ()


@routes("GET", "/project-batch-types/{project_id}")
def batch_types(call: Call) -> Reply:
    """The kinds of batches that a project can have."""
    return call.page(_batch_types(call, call.project()), lambda key: {"key": key, "description": ""})


def _status(step: Status) -> dict[str, Any]:
    return {"id": step.id, "status": step.status, "created": iso(step.created)}


def _batch_object(call: Call, batch: Job) -> dict[str, Any]:
    files = []
    if batch.statuses[-1].status == "succeeded":
        table = {"samples.csv": "id\n" + "".join(f"{i}\n" for i in batch.sample_ids)}
        file = call.state.file(batch.id, "report-zip", batch.created, lambda: templates.archive(table))
        files.append(call.account.file_object(file))
    return {
        "id": batch.id,
        "name": batch.name,
        "batch_type": batch.batch_type,
        "last_status": _status(batch.statuses[-1]),
        "files": files,
    }


@routes("GET", "/project-batches/{project_id}")
def batches(call: Call) -> Reply:
    """The batches of a project, newest first."""
    project = call.project()
    rows = [b for b in call.account.batches.values() if b.project_id == project.id]
    return call.page(rows[::-1], lambda b: _batch_object(call, b))


@routes("GET", "/batches/{batch_id}")
def batch(call: Call) -> Reply:
    """One batch with the ids of its samples."""
    found = call.account.batches.get(call.params["batch_id"])
    if found is None:
        raise not_found()
    return Reply(200, {**_batch_object(call, found), "sample_ids": list(found.sample_ids)})


@routes("POST", "/project-batches/{project_id}")
def create_batches(call: Call) -> Reply:
    """Make reports over samples, an empty list meaning all; large sets become several batches."""
    project = call.project()
    name, kind = call.text("name"), call.text("batch_type")
    ids = call.ids("sample_ids", may_be_empty=True)
    if kind not in _batch_types(call, project):
        raise invalid(batch_type=f'"{kind}" is not a valid choice.')
    good = {s.id: s for s in call.state.samples(project) if s.status == "succeeded" and s.is_available}
    chosen = ids or list(good)
    if not chosen or not set(chosen) <= good.keys():
        raise invalid(sample_ids="All samples must be part of the current project and succeeded.")
    names = Counter(good[i].client_id for i in chosen)
    if any(count > 1 for count in names.values()):
        raise invalid(sample_ids="All client ids must be unique.")
    made = []
    for start in range(0, len(chosen), _SAMPLES_PER_BATCH):
        part = tuple(chosen[start : start + _SAMPLES_PER_BATCH])
        made.append(_start_batch(call, project, name, kind, part))
    results = [_batch_object(call, job) for job in made]
    return Reply(201, {"meta": {"count": len(made)}, "results": results})


def _start_batch(call: Call, project: Project, name: str, kind: str, ids: tuple[str, ...]) -> Job:
    state, hooks = call.state, call.account.hooks
    queued = state.status("queued")
    job = Job(state.new_id(), project.id, queued.created, [queued], name, kind, ids)
    call.account.batches[job.id] = job

    def finish() -> None:
        job.statuses.append(state.status("succeeded"))
        samples = [s for s in (state.sample(i) for i in ids) if s is not None]
        for word in ("batch_final_report_complete_v2", "batch_final_report"):
            hooks.tell(word, project, samples, job.id)

    running, done = _BATCH_SECONDS
    state.clock.after(running, lambda: job.statuses.append(state.status("running")))
    state.clock.after(done, finish)
    return job


def _mergeable(call: Call, project: Project) -> tuple[str, ...]:
    return tuple(
        s.id
        for s in call.state.samples(project)
        if s.status == "succeeded" and s.is_available and not s.hidden
    )


def _merge_object(call: Call, project: Project, job: Job) -> dict[str, Any]:
    last = job.statuses[-1]
    fresh = last.status == "success" and job.sample_ids == _mergeable(call, project)
    return {
        "id": job.id,
        "created": iso(job.created),
        "user": call.state.user_id,
        "last_status": {**_status(last), "note": last.note},
        "up_to_date": fresh,
    }


@routes("GET", "/project-merge-vcfs/{project_id}")
def merge_status(call: Call) -> Reply:
    """The latest merge of a project's VCFs."""
    project = call.project()
    if project.merge is None:
        raise not_found()
    return Reply(200, _merge_object(call, project, project.merge))


@routes("POST", "/project-merge-vcfs/{project_id}")
def merge(call: Call) -> Reply:
    """Merge the VCFs of all of a project's samples into one."""
    project = call.project()
    capability = call.state.capabilities.get(project.capability_id or "")
    ids = _mergeable(call, project)
    if capability is None or not capability.merges:
        raise Refused(400, ["Project does not support merging VCF files."])
    if not ids:
        raise Refused(400, ["There are no samples in the project."])
    if len(ids) < 2:
        raise Refused(400, ["At least 2 samples are needed to merge VCF files."])
    if project.merge is not None:
        if project.merge.statuses[-1].status == "running":
            raise Refused(400, ["There is already a running job."])
        if project.merge.sample_ids == ids:
            raise Refused(400, ["The merged VCF is up-to-date."])
    state = call.state
    running = state.status("running")
    job = project.merge = Job(state.new_id(), project.id, running.created, [running], sample_ids=ids)
    state.clock.after(_MERGE_SECONDS, lambda: job.statuses.append(state.status("success")))
    return Reply(201, _merge_object(call, project, job))


def _manifest_object(call: Call, manifest: Manifest) -> dict[str, Any]:
    file = {k: v for k, v in call.account.file_object(manifest.file).items() if k != "shadow_mode"}
    return {
        "id": manifest.id,
        "file_name": manifest.file_name,
        "file": {**file, "checksum_sha256": ""},
        "project": manifest.project_id,
        "created": iso(manifest.created),
    }


@routes("GET", "/project-sample-manifests/{project_id}")
def manifests(call: Call) -> Reply:
    """The manifests of a project: a bare list, unlike all others."""
    project = call.project()
    rows = [m for m in call.account.manifests.values() if m.project_id == project.id]
    return Reply(200, [_manifest_object(call, m) for m in rows])


@routes("POST", "/project-sample-manifests/{project_id}")
def add_manifest(call: Call) -> Reply:
    """Take a manifest as a form with the file ``sample_manifest``."""
    project = call.state.projects.get(call.params["project_id"])
    if project is None:
        raise Refused(400, [_NOT_YOURS])
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": call.content_type,
        "CONTENT_LENGTH": str(len(call.raw)),
        "wsgi.input": io.BytesIO(call.raw),
    }
    upload = parse_form_data(environ)[2].get("sample_manifest")
    if upload is None:
        raise invalid(sample_manifest="No file was submitted.")
    name = upload.filename or ""
    if not name.endswith((".csv", ".xlsx")):
        raise invalid(sample_manifest="File extension is not allowed. Allowed extensions are: csv, xlsx.")
    data = upload.read()
    if name.endswith(".csv") and data.decode("utf-8-sig", "replace").splitlines()[:1] != [
        templates.MANIFEST_HEADER
    ]:
        raise invalid(sample_manifest="The header does not match the template.")
    manifest_id = call.state.new_id()
    now = call.state.clock.now()
    file = call.state.file(manifest_id, "sample_manifest-csv", now, lambda: Content(data))
    file.name = name
    call.account.manifests[manifest_id] = Manifest(manifest_id, project.id, name, now, file)
    return Reply(201, {})


@routes("GET", "/sample-manifests/{manifest_id}")
def manifest(call: Call) -> Reply:
    """One manifest."""
    found = call.account.manifests.get(call.params["manifest_id"])
    if found is None:
        raise not_found()
    return Reply(200, _manifest_object(call, found))


@routes("GET", "/sample-manifests-csv-template/", open=True)
def csv_template(call: Call) -> Reply:
    """An empty manifest."""
    kind = call.choice("template_type", ("96_well", "384_well", "tube"), "96_well")
    headers = {"Content-Disposition": f'attachment; filename="sample_manifest_{kind}.csv"'}
    text = "\r\n".join(templates.manifest_lines(kind)) + "\r\n"
    return Reply(200, text.encode(), headers, "text/csv")


@routes("GET", "/sample-manifests-xlsx-template/", open=True)
def xlsx_template(_call: Call) -> Reply:
    """An empty manifest as a workbook."""
    headers = {"Content-Disposition": 'attachment; filename="sample_manifest.xlsx"'}
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    rows = [line.split(",") for line in templates.manifest_lines("96_well")]
    return Reply(200, templates.workbook(rows), headers, kind)
