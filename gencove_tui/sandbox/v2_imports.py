"""v2: imports from S3 and BaseSpace (api-v2 §15). What they fetch is made up; what they make is real."""

from __future__ import annotations

from typing import Any

from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.records import AutoImport, Project

routes = Routes("/api/v2")
_PROJECTS = {"480001": "NovaSeq run 12", "480002": "NextSeq pilot"}
_BIOSAMPLES = {
    "480001": {"9100": "BS-A1", "9101": "BS-A2", "9102": "BS-A3"},
    "480002": {"9200": "BS-P1"},
}
_WHEN = "2026-03-04T05:06:07Z"


def _target(call: Call) -> Project:
    project = call.state.projects.get(call.text("project_id"))
    if project is None:
        raise Refused(400, ["Project does not exist or you do not have privileges to access it."])
    return project


def _s3_uri(call: Call) -> str:
    uri = call.text("s3_uri", 734)
    if not uri.startswith("s3://") or len(uri.removeprefix("s3://").strip("/")) == 0:
        raise invalid(s3_uri="Enter a valid S3 URI.")
    return uri


def _start(call: Call, project: Project, client_ids: list[str]) -> None:
    for client_id in client_ids:
        sample = call.state.start_sample(project, client_id)
        sample.metadata = call.fields().get("metadata")


@routes("POST", "/s3-uri-import/")
def s3_import(call: Call) -> Reply:
    """Import what lies at an S3 URI: two samples, named after its last part."""
    project, uri = _target(call), _s3_uri(call)
    if call.text("input_format", 20, "autodetect") not in ("autodetect", "fastq", "cram"):
        raise invalid(input_format="Not a valid choice.")
    name = uri.rstrip("/").rpartition("/")[2].replace("_", "-")
    _start(call, project, [f"{name}-1", f"{name}-2"])
    return Reply(202, {})


def _remember(
    call: Call, kept: dict[str, AutoImport], project: Project, source: str
) -> tuple[AutoImport, bool]:
    metadata = call.fields().get("metadata")
    for order in kept.values():
        if (order.project_id, order.source) == (project.id, source):
            order.metadata = metadata
            return order, False
    order = AutoImport(call.state.new_id(), project.id, source, metadata)
    kept[order.id] = order
    return order, True


def _forget(call: Call, kept: dict[str, AutoImport], name: str) -> Reply:
    if kept.pop(call.params[name], None) is None:
        raise not_found()
    return Reply(204)


@routes("GET", "/s3-uri-autoimport/")
def s3_autoimports(call: Call) -> Reply:
    """The standing orders to import from S3."""
    rows = list(call.account.s3_autoimports.values())
    return call.page(rows, lambda o: _order_object(o, "s3_uri"))


def _order_object(order: AutoImport, source: str) -> dict[str, Any]:
    return {
        "id": order.id,
        "project_id": order.project_id,
        source: order.source,
        "metadata": order.metadata,
    }


@routes("POST", "/s3-uri-autoimport/")
def s3_autoimport(call: Call) -> Reply:
    """Order that whatever appears at an S3 URI is imported."""
    order, _ = _remember(call, call.account.s3_autoimports, _target(call), _s3_uri(call))
    arn = f"arn:aws:sns:us-east-1:000000000000:autoimport-{order.id}"
    return Reply(202, {"id": order.id, "topic_arn": arn})


@routes("DELETE", "/s3-uri-autoimport/{import_id}")
def end_s3_autoimport(call: Call) -> Reply:
    """End a standing order."""
    return _forget(call, call.account.s3_autoimports, "import_id")


@routes("GET", "/s3-role/")
def s3_role(call: Call) -> Reply:
    """The role that Gencove assumes to read the customer's bucket."""
    if not call.account.s3_role:
        raise not_found()
    return Reply(200, {"role_arn": call.account.s3_role})


@routes("POST", "/s3-role/")
def set_s3_role(call: Call) -> Reply:
    """Set that role."""
    role = call.text("role_arn", 2048)
    if not role.startswith("arn:") or len(role) < 20:
        raise invalid(role_arn="Enter a valid role ARN.")
    call.account.s3_role = role
    return Reply(201, {"role_arn": role})


@routes("DELETE", "/s3-role/")
def end_s3_role(call: Call) -> Reply:
    """Forget that role."""
    if not call.account.s3_role:
        raise not_found()
    call.account.s3_role = ""
    return Reply(204)


@routes("GET", "/s3-external-id/")
def s3_external_id(call: Call) -> Reply:
    """The external id that the customer's trust policy names."""
    if not call.account.s3_external_id:
        raise not_found()
    return Reply(200, {"external_id": call.account.s3_external_id})


@routes("POST", "/s3-external-id/")
def new_s3_external_id(call: Call) -> Reply:
    """Make a new external id."""
    call.account.s3_external_id = call.state.new_id()
    return Reply(201, {"external_id": call.account.s3_external_id})


def _sorted(call: Call, rows: list[dict[str, Any]], default: str) -> list[dict[str, Any]]:
    key = call.choice("sort_by", (default, "basespace_date_created", "basespace_date_modified"), default)
    down = call.choice("sort_order", ("asc", "desc"), "asc") == "desc"
    return sorted(rows, key=lambda row: str(row[key]), reverse=down)


@routes("GET", "/basespace-projects/")
def basespace_projects(call: Call) -> Reply:
    """The projects of the linked BaseSpace account."""
    rows = [
        {
            "basespace_id": key,
            "basespace_name": name,
            "basespace_description": "",
            "basespace_date_created": _WHEN,
            "basespace_date_modified": _WHEN,
        }
        for key, name in _PROJECTS.items()
    ]
    return call.page(_sorted(call, rows, "basespace_name"), dict)


@routes("GET", "/basespace-project-biosamples/{basespace_project_id}")
def biosamples(call: Call) -> Reply:
    """The biosamples of a BaseSpace project."""
    found = _BIOSAMPLES.get(call.params["basespace_project_id"])
    if found is None:
        raise not_found()
    rows = [
        {
            "basespace_id": key,
            "basespace_bio_sample_name": name,
            "basespace_date_created": _WHEN,
            "basespace_date_modified": _WHEN,
            "basespace_status": "New",
            "basespace_lab_status": "Sequencing",
            "basespace_user_owned_by_id": "1",
        }
        for key, name in found.items()
    ]
    return call.page(_sorted(call, rows, "basespace_bio_sample_name"), dict)


@routes("POST", "/basespace-projects-import/")
def import_basespace(call: Call) -> Reply:
    """Import all biosamples of BaseSpace projects."""
    project, ids = _target(call), call.ids("basespace_project_ids")
    if not set(ids) <= _BIOSAMPLES.keys():
        raise invalid(basespace_project_ids="BaseSpace project does not exist.")
    _start(call, project, [name for key in ids for name in _BIOSAMPLES[key].values()])
    body = {"project_id": project.id, "basespace_project_ids": ids, "metadata": call.fields().get("metadata")}
    return Reply(202, body)


@routes("POST", "/basespace-biosamples-import/")
def import_biosamples(call: Call) -> Reply:
    """Import some biosamples, each with the client id that it shall get."""
    project = _target(call)
    given = call.fields().get("basespace_bio_samples")
    if not isinstance(given, list) or not given:
        raise invalid(basespace_bio_samples="This list may not be empty.")
    known = {key for rows in _BIOSAMPLES.values() for key in rows}
    drawn = []
    for row in given:
        texts = (row.get(name) for name in ("basespace_id", "client_id")) if isinstance(row, dict) else ()
        if not isinstance(row, dict) or not all(isinstance(text, str) for text in texts):
            raise invalid(basespace_bio_samples="Each row needs basespace_id and client_id.")
        if row.get("basespace_id") not in known:
            raise invalid(basespace_bio_samples="BaseSpace biosample does not exist.")
        sample = call.state.start_sample(project, row["client_id"])
        sample.metadata = call.fields().get("metadata")
        drawn.append({k: row[k] for k in ("basespace_id", "client_id")} | {"sample": sample.id})
    body = {
        "project_id": project.id,
        "basespace_bio_samples": drawn,
        "metadata": call.fields().get("metadata"),
    }
    return Reply(202, body)


@routes("GET", "/basespace-projects-autoimport/")
def basespace_autoimports(call: Call) -> Reply:
    """The standing orders to import from BaseSpace."""
    rows = list(call.account.basespace_autoimports.values())
    return call.page(rows, lambda o: _order_object(o, "identifier"))


@routes("POST", "/basespace-projects-autoimport/")
def basespace_autoimport(call: Call) -> Reply:
    """Order that BaseSpace projects whose names match are imported."""
    kept = call.account.basespace_autoimports
    order, made = _remember(call, kept, _target(call), call.text("identifier"))
    action = "create" if made else "update"
    return Reply(202, {"id": order.id, "metadata": order.metadata, "action": action})


@routes("DELETE", "/basespace-projects-autoimport/{import_id}")
def end_basespace_autoimport(call: Call) -> Reply:
    """End a standing order."""
    return _forget(call, call.account.basespace_autoimports, "import_id")
