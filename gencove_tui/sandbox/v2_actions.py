"""v2: what can be done to samples and projects (api-v2 §7, §12)."""

from __future__ import annotations

from typing import Any

from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.query import RESTORING
from gencove_tui.sandbox.records import Project, RestoreGroup, Sample
from gencove_tui.sandbox.v2_samples import row_object

routes = Routes("/api/v2")
_NOT_YOURS = "Project does not exist or you do not have privileges to access it."
_NOT_IN_PROJECT = "All sample ids must be part of the current project."
_MOST_CANCELLED = 20
_RESTORE_STEPS = (("restore_accepted", 2.0), ("restore_started", 4.0), ("restored", 12.0))
_DAY = 86400.0


def _samples(call: Call, project: Project) -> list[Sample]:
    """The samples that the body lists; 400 when one isn't in the project."""
    ids = call.ids("sample_ids")
    call.state.samples(project)
    found = [project.samples.get(sample_id) for sample_id in ids]
    samples = [sample for sample in found if sample is not None]
    if len(samples) != len(ids):
        raise invalid(sample_ids=_NOT_IN_PROJECT)
    return samples


@routes("POST", "/project-cancel-samples/{project_id}")
def cancel(call: Call) -> Reply:
    """Cancel analyses that aren't finished."""
    project = call.project()
    ids = call.ids("sample_ids")
    if len(ids) > _MOST_CANCELLED:
        raise invalid(sample_ids=f"Ensure this field has no more than {_MOST_CANCELLED} elements.")
    call.state.samples(project)
    bad = [i for i in ids if i not in project.samples or project.samples[i].is_finished]
    if bad:
        raise invalid(sample_ids=f"Invalid sample IDs: {', '.join(bad)}")
    for sample_id in ids:
        call.state.set_status(project.samples[sample_id], "failed", "Analysis canceled")
    return Reply(200, {"message": f"{len(ids)} sample(s) analysis canceled successfully"})


@routes("DELETE", "/project-delete-samples/{project_id}")
def delete_samples(call: Call) -> Reply:
    """Delete samples for good."""
    project = call.project()
    samples = _samples(call, project)
    if not call.state.delete_samples_enabled:
        raise Refused(403, {"detail": "You do not have permission to perform this action."})
    call.state.remove_samples(samples)
    return Reply(204)


def _hide(call: Call, hidden: bool) -> Reply:
    for sample in _samples(call, call.project()):
        sample.hidden = hidden
        call.state.touch(sample, modified=False)
    return Reply(204)


@routes("POST", "/project-hide-samples/{project_id}")
def hide_samples(call: Call) -> Reply:
    """Take samples out of the usual lists."""
    return _hide(call, True)


@routes("POST", "/project-unhide-samples/{project_id}")
def unhide_samples(call: Call) -> Reply:
    """Bring hidden samples back."""
    return _hide(call, False)


@routes("POST", "/project-restore-samples/{project_id}")
def restore(call: Call) -> Reply:
    """Bring samples back from the archive; an empty list means all that are archived."""
    project = call.project()
    ids = call.ids("sample_ids", may_be_empty=True)
    call.state.samples(project)
    chosen = [s for s in project.samples.values() if s.archive_status == "archived"]
    if ids:
        chosen = [s for s in chosen if s.id in ids]
        if len(chosen) != len(set(ids)):
            raise invalid(
                sample_ids="All sample ids must be part of the current project and in archived status."
            )
    for sample in chosen:
        call.state.set_archive_status(sample, "restore_requested")
        for word, seconds in _RESTORE_STEPS:
            call.state.clock.after(seconds, _archive_step(call, sample, word))
    group = RestoreGroup(call.state.new_id(), project.id, call.state.clock.now(), tuple(s.id for s in chosen))
    call.account.restore_groups[group.id] = group
    return Reply(202, {"restore_group_id": group.id, "created": iso(group.created)})


def _archive_step(call: Call, sample: Sample, word: str) -> Any:
    def step() -> None:
        if sample.archive_status in RESTORING and call.state.sample(sample.id) is sample:
            call.state.set_archive_status(sample, word)

    return step


@routes("GET", "/sample-restore-group/{restore_group_id}")
def restore_group(call: Call) -> Reply:
    """The samples of one request to restore."""
    group = call.account.restore_groups.get(call.params["restore_group_id"])
    project = call.state.projects.get(group.project_id) if group is not None else None
    if group is None or project is None:
        raise not_found()
    wanted = set(group.sample_ids)
    rows = [s for s in call.account.sample_lists.select(call, project) if s.id in wanted]
    return call.page(rows, row_object)


def _existing(call: Call) -> tuple[Project, list[tuple[Sample, str]]]:
    """The target project and the samples to take over, each with its new client id."""
    project = call.state.projects.get(call.text("project_id"))
    if project is None:
        raise Refused(400, [_NOT_YOURS])
    given = call.fields().get("samples")
    if not isinstance(given, list) or not given:
        raise invalid(samples="This list may not be empty." if given == [] else "This field is required.")
    chosen = []
    for row in given:
        sample_id = row.get("sample_id") if isinstance(row, dict) else None
        sample = call.state.sample(sample_id) if isinstance(sample_id, str) else None
        if sample is None:
            raise invalid(samples="Some samples do not exist or you do not have privileges to access them.")
        client_id = row.get("client_id")
        chosen.append((sample, client_id if isinstance(client_id, str) and client_id else sample.client_id))
    return project, chosen


def _take_over(call: Call, project: Project, chosen: list[tuple[Sample, str]]) -> list[Sample]:
    now = call.state.clock.now()
    made = []
    for sample, client_id in chosen:
        taken = Sample(
            call.state.new_id(), call.state.next_number(), project.id, client_id, now, now, sample.status,
            sample.note, archive_created=now, failed_qc=sample.failed_qc, metadata=sample.metadata,
        )  # fmt: skip
        made.append(call.state.add_sample(project, taken))
    return made


@routes("POST", "/project-samples-import/")
def import_samples(call: Call) -> Reply:
    """Let another project use the data of existing samples."""
    project, chosen = _existing(call)
    for sample in _take_over(call, project, chosen):
        if call.fields().get("metadata") is not None:
            sample.metadata = call.fields()["metadata"]
    samples = [{"sample_id": sample.id} for sample, _ in chosen]
    body = {"project_id": project.id, "samples": samples, "metadata": call.fields().get("metadata")}
    return Reply(202, body)


@routes("POST", "/project-samples-copy/")
def copy_samples(call: Call) -> Reply:
    """Make independent copies of existing samples in another project."""
    project, chosen = _existing(call)
    oldest = call.state.clock.now() - _DAY
    for sample, _ in chosen:
        settled = sample.modified <= oldest and sample.is_available
        if not settled or sample.status not in ("succeeded", "failed qc"):
            raise invalid(
                samples="All samples must be available for at least 24 hours "
                "and in succeeded or failed_qc status."
            )
    _take_over(call, project, chosen)
    samples = [{"sample_id": sample.id} for sample, _ in chosen]
    return Reply(202, {"project_id": project.id, "samples": samples})


def _projects(call: Call) -> list[Project]:
    ids = call.ids("project_ids")
    found = [call.state.projects.get(project_id) for project_id in ids]
    projects = [project for project in found if project is not None]
    if len(projects) != len(ids):
        raise invalid(project_ids=_NOT_YOURS)
    return projects


@routes("DELETE", "/projects-delete/")
def delete_projects(call: Call) -> Reply:
    """Delete projects with all that is in them."""
    for project in _projects(call):
        call.state.remove_project(project)
    return Reply(204)


@routes("POST", "/projects-hide/")
def hide_projects(call: Call) -> Reply:
    """Take projects out of the usual list."""
    for project in _projects(call):
        project.hidden = True
    return Reply(204)


@routes("POST", "/projects-unhide/")
def unhide_projects(call: Call) -> Reply:
    """Bring hidden projects back."""
    for project in _projects(call):
        project.hidden = False
    return Reply(204)
