"""v2: the upload area, the sample sheet and assigning (api-v2 §10, §11)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.records import Status, Upload
from gencove_tui.sandbox.uploads import PathTaken, Row, form_signature

routes = Routes("/api/v2")


def _status_object(step: Status) -> dict[str, Any]:
    return {"id": step.id, "status": step.status, "note": step.note, "created": iso(step.created)}


def _target_object(call: Call, upload: Upload) -> dict[str, Any]:
    status = None if call.state.faults.hit("no-status", upload.path) else _status_object(upload.last_status)
    return {
        "id": upload.id,
        "destination_path": upload.path,
        "s3": {"bucket": call.uploads.bucket, "object_name": upload.key},
        "last_status": status,
    }


def _upload_object(call: Call, upload: Upload) -> dict[str, Any]:
    read = "fastq-r2" if upload.key.endswith("r2") else "fastq-r1"
    return {
        "id": upload.id,
        "last_status": _status_object(upload.last_status),
        "file": {
            "id": upload.id,
            "s3_path": upload.key,
            "size": upload.size,
            "download_url": None,
            "file_type": read,
            "checksum_sha256": upload.sha256,
        },
        "created": iso(upload.created),
        "destination_path": upload.path,
        "source": upload.source,
        "user": call.state.user_id,
        "organization": call.state.organization_id,
    }


@routes("POST", "/upload-credentials/")
def credentials(call: Call) -> Reply:
    """Temporary S3 keys, with the names that botocore's refresh uses."""
    keys = call.uploads.issue_keys()
    return Reply(
        200,
        {
            "version": 1,
            "access_key": keys.access_key,
            "secret_key": keys.secret_key,
            "token": keys.token,
            "expiry_time": datetime.fromtimestamp(keys.expires, UTC).isoformat(),
        },
    )


def _destination(call: Call) -> str:
    path = call.text("destination_path", 1024)
    rest = path.removeprefix("gncv://")
    if rest == path or not rest or rest.startswith("/") or rest.endswith("/"):
        raise invalid(destination_path="Destination must be a file below gncv://.")
    return path


def _begin(call: Call, source: str = "cli", source_url: str = "") -> Upload:
    path = _destination(call)
    try:
        return call.uploads.begin(path, source, source_url)
    except PathTaken:
        raise invalid(
            destination_path=f"Destination {path} is taken by another upload that was deleted. "
            "Please choose a different destination."
        ) from None


@routes("POST", "/uploads-post-data/")
def begin(call: Call) -> Reply:
    """Get or create the upload at a path."""
    return Reply(201, _target_object(call, _begin(call)))


@routes("POST", "/uploads-presigned-post-data/")
def begin_in_browser(call: Call) -> Reply:
    """Get or create the upload at a path, to be sent as a form."""
    upload = _begin(call)
    keys = call.uploads.issue_keys()
    policy = base64.b64encode(json.dumps({"key": upload.key, "token": keys.token}).encode()).decode()
    fields = {
        "key": upload.key,
        "AWSAccessKeyId": keys.access_key,
        "policy": policy,
        "signature": form_signature(keys, policy),
    }
    return Reply(201, {"url": f"{call.account.s3_endpoint}/{call.uploads.bucket}", "fields": fields})


@routes("POST", "/uploads-url/")
def begin_from_url(call: Call) -> Reply:
    """Let Gencove fetch a file from a URL; the sandbox only pretends to have fetched it."""
    source_url = call.text("source_url", 2000)
    if not source_url.startswith(("http://", "https://")):
        raise invalid(source_url="Enter a valid URL.")
    upload = _begin(call, "cli url", source_url)
    if upload.size is None:
        call.uploads.succeed(upload, 0)
    return Reply(
        201, {**_target_object(call, upload), "source": upload.source, "source_url": upload.source_url}
    )


@routes("GET", "/uploads/")
def uploads(call: Call) -> Reply:
    """A page of uploads, newest first."""
    status = call.choice("status", ("started", "succeeded", "failed"), "")
    search = call.query.get("search", "")
    rows = [
        u
        for u in call.uploads.uploads.values()
        if not u.deleted and (not status or u.last_status.status == status) and (not search or search in u.id)
    ]
    rows.sort(key=lambda u: u.created, reverse=True)
    return call.page(rows, lambda u: _upload_object(call, u))


@routes("GET", "/uploads/{upload_id}")
def upload(call: Call) -> Reply:
    """One upload."""
    found = call.uploads.uploads.get(call.params["upload_id"])
    if found is None or found.deleted:
        raise not_found()
    return Reply(200, _upload_object(call, found))


@routes("POST", "/uploads-delete-unassigned/")
def delete_unassigned(call: Call) -> Reply:
    """Delete uploads that no sample uses; answers with the ids that it deleted."""
    deleted = []
    for upload_id in call.ids("upload_ids"):
        found = call.uploads.uploads.get(upload_id)
        if found is not None and not found.deleted and not found.sample_id:
            found.deleted = True
            call.account.delete_object(found.key)
            deleted.append(upload_id)
    return Reply(200, {"upload_ids": deleted})


def _row_object(row: Row) -> dict[str, Any]:
    reads = {}
    for read, upload in sorted(row.reads.items()):
        reads[read] = {
            "upload": upload.id,
            "destination_path": upload.path,
            "last_status": _status_object(upload.last_status),
        }
        if upload.source_url:
            reads[read]["source_url"] = upload.source_url
    result: dict[str, Any] = {"client_id": row.client_id, "fastq": reads}
    if row.sample_id:
        result["sample"] = row.sample_id
    return result


@routes("GET", "/sample-sheet/")
def sample_sheet(call: Call) -> Reply:
    """Uploads as pairs of reads."""
    # Unlike elsewhere an unknown word means all: the official client's run-prefix sends the name of its own
    # enumeration here, and works.
    rows = call.uploads.sheet(call.query.get("status", "all"), call.query.get("search", ""))
    sort_by = call.choice("sort_by", ("created", "modified"), "created")
    order = call.choice("sort_order", ("asc", "desc"), "desc")
    rows.sort(key=lambda row: getattr(row, sort_by), reverse=order == "desc")
    return call.page(rows, _row_object)


@routes("POST", "/project-samples/{project_id}")
def assign(call: Call) -> Reply:
    """Make samples of uploads and start their analysis."""
    project = call.project()
    if project.capability_id is None:
        raise Refused(400, ["Project configuration must be set before adding samples to a project."])
    body = call.fields()
    given = body.get("uploads")
    if not isinstance(given, list) or not given:
        raise invalid(uploads="This list may not be empty." if given == [] else "This field is required.")
    rows = [_checked_row(call, row) for row in given]
    samples = call.uploads.assign(project, rows, body.get("metadata"))
    drawn = [
        {
            "client_id": client_id,
            "fastq": {read: {"upload": reads[read]} if read in reads else None for read in ("r1", "r2")},
            "sample": sample.id,
        }
        for (client_id, reads), sample in zip(rows, samples, strict=True)
    ]
    return Reply(201, {"uploads": drawn, "metadata": body.get("metadata")})


def _checked_row(call: Call, row: Any) -> tuple[str, dict[str, str]]:
    fastq = row.get("fastq") if isinstance(row, dict) else None
    if not isinstance(fastq, dict) or not isinstance(row.get("client_id"), str):
        raise invalid(uploads="Each row needs client_id and fastq.")
    reads: dict[str, str] = {}
    for read in ("r1", "r2"):
        entry = fastq.get(read)
        if entry is None:
            continue
        upload_id = entry.get("upload") if isinstance(entry, dict) else None
        upload = call.uploads.uploads.get(upload_id) if isinstance(upload_id, str) else None
        if upload is None or upload.deleted:
            raise invalid(uploads=f'Invalid pk "{upload_id}" - object does not exist.')
        if upload.last_status.status != "succeeded":
            raise invalid(uploads=f"Upload {upload.id} is not finished.")
        reads[read] = upload.id
    if not reads:
        raise invalid(uploads="Each row needs at least one upload.")
    return row["client_id"], reads
