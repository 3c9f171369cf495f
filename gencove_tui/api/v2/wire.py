"""API v2's JSON as the model has it (api-v2 §6-10). Tolerant: any field may be null, missing or odd.

What only one topic needs is decoded in that topic's module.
"""

from __future__ import annotations

from typing import Any

from gencove_tui.api.errors import bad_reply
from gencove_tui.api.text import (
    boolean,
    file_name,
    integer,
    mapping,
    moment,
    rest,
    sequence,
    sha256,
    string,
    strings,
)
from gencove_tui.model import (
    Account,
    Credentials,
    Deliverable,
    FileType,
    GncvPath,
    Organization,
    Project,
    Sample,
    SampleStatus,
    StatusCounts,
    Upload,
    UploadTarget,
)

_PROJECT = frozenset(
    {
        "id", "name", "description", "created", "modified", "sample_count", "hidden", "locked", "is_shared",
        "organization_name", "roles", "pipeline_capabilities", "files",
    }
)  # fmt: skip
_SAMPLE = frozenset(
    {
        "id", "client_id", "project", "last_status", "archive_last_status", "created", "modified", "hidden",
        "failed_qc", "files",
    }
)  # fmt: skip
_UPLOAD = frozenset({"id", "destination_path", "last_status", "file", "created"})
_ORGANIZATION = frozenset(
    {
        "id", "name", "expire_uploads_period_days", "archive_period_days", "account_on_hold",
        "delete_samples_enabled", "roles",
    }
)  # fmt: skip


def needed(data: dict[str, Any], key: str, what: str) -> str:
    """A text that must be there. Raises ``ApiProblem``."""
    value = string(data.get(key))
    if not value:
        raise bad_reply(what, f"$.{key}")
    return value


def secret(data: dict[str, Any], key: str, what: str) -> str:
    """A text that must be there and is taken byte for byte."""
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise bad_reply(what, f"$.{key}")
    return value


def role(data: dict[str, Any]) -> str:
    """The name in ``roles``, that in the project before that in the organization."""
    roles = mapping(data.get("roles"))
    for owner in ("project", "organization"):
        if name := string(mapping(roles.get(owner)).get("name")):
            return name
    return ""


def account(data: dict[str, Any]) -> Account:
    """``/user/``."""
    return Account(
        name=string(data.get("name")),
        email=string(data.get("email")),
        uploads_enabled=boolean(data.get("uploads_enabled")),
        extra=rest(data, frozenset({"name", "email", "uploads_enabled"})),
    )


def organization(data: dict[str, Any]) -> Organization:
    """``/organization/``."""
    return Organization(
        id=string(data.get("id")),
        name=string(data.get("name")),
        expire_uploads_period_days=integer(data.get("expire_uploads_period_days")),
        archive_period_days=integer(data.get("archive_period_days")),
        account_on_hold=boolean(data.get("account_on_hold")),
        delete_samples_enabled=boolean(data.get("delete_samples_enabled")),
        role=role(data),
        extra=rest(data, _ORGANIZATION),
    )


def project(data: dict[str, Any]) -> Project:
    """A row of ``/projects/`` or ``/projects/U``."""
    return Project(
        id=needed(data, "id", "a project"),
        name=string(data.get("name")),
        description=string(data.get("description")),
        created=moment(data.get("created")),
        modified=moment(data.get("modified")),
        sample_count=integer(data.get("sample_count")),
        hidden=bool(boolean(data.get("hidden"))),
        locked=bool(boolean(data.get("locked"))),
        shared=bool(boolean(data.get("is_shared"))),
        organization_name=string(data.get("organization_name")),
        role=role(data),
        pipeline_capability=string(data.get("pipeline_capabilities")),
        deliverables=deliverables(data.get("files")),
        extra=rest(data, _PROJECT),
    )


def stats(data: dict[str, Any]) -> StatusCounts:
    """``/project-stats/U``."""
    counts = mapping(data.get("counts"))
    return StatusCounts(
        total=integer(counts.get("total_samples")),
        running=integer(counts.get("running_samples")),
        scheduled=integer(counts.get("scheduled_samples")),
        succeeded=integer(counts.get("succeeded_samples")),
        failed=integer(counts.get("failed_samples")),
        total_size=integer(data.get("total_size")),
        extra=rest(data, frozenset({"counts", "total_size"})),
    )


def deliverables(data: Any) -> tuple[Deliverable, ...]:
    """``files[]`` of a sample, project or batch; rows without a file type are left out."""
    found = []
    for row in map(mapping, sequence(data)):
        file_type = string(row.get("file_type"))
        if not file_type:
            continue
        url = row.get("download_url")
        url = url if isinstance(url, str) and url else None
        found.append(
            Deliverable(
                file_type=file_type,
                id=string(row.get("id")),
                name=file_name(url) if url else "",
                size=integer(row.get("size")),
                url=url,
                checksum_sha256=sha256(row.get("checksum_sha256")),
            )
        )
    return tuple(found)


def sample(data: dict[str, Any], project_id: str = "") -> Sample:
    """A row of ``/project-samples/U`` or, with files, ``/samples/U``."""
    status = mapping(data.get("last_status"))
    archive = mapping(data.get("archive_last_status"))
    return Sample(
        id=needed(data, "id", "a sample"),
        client_id=string(data.get("client_id")),
        project_id=string(data.get("project")) or project_id,
        status=string(status.get("status")),
        status_note=string(status.get("note")),
        status_created=moment(status.get("created")),
        archive_status=string(archive.get("status")),
        archive_created=moment(archive.get("created")),
        archive_cutoff=moment(archive.get("transition_cutoff")),
        created=moment(data.get("created")),
        modified=moment(data.get("modified")),
        hidden=bool(boolean(data.get("hidden"))),
        failed_qc=strings(data.get("failed_qc")),
        deliverables=deliverables(data["files"]) if "files" in data else None,
        extra=rest(data, _SAMPLE),
    )


def status_step(data: dict[str, Any]) -> SampleStatus:
    """A row of ``/sample-statuses/U``, and the ``last_status`` of most things."""
    return SampleStatus(
        status=string(data.get("status")),
        note=string(data.get("note")),
        created=moment(data.get("created")),
    )


def file_type(data: dict[str, Any]) -> FileType:
    """A row of ``/file-types/``."""
    return FileType(key=string(data.get("key")), description=string(data.get("description")))


def upload(data: dict[str, Any]) -> Upload:
    """A row of ``/uploads/`` or ``/uploads/U``."""
    file = mapping(data.get("file"))
    kind = string(file.get("file_type"))
    return Upload(
        path=GncvPath(needed(data, "destination_path", "an upload")),
        id=string(data.get("id")),
        size=integer(file.get("size")),
        status=string(mapping(data.get("last_status")).get("status")),
        created=moment(data.get("created")),
        read={"fastq-r1": "R1", "fastq-r2": "R2"}.get(kind, ""),
        checksum_sha256=sha256(file.get("checksum_sha256")),
        extra=rest(data, _UPLOAD),
    )


def upload_target(data: dict[str, Any], path: GncvPath) -> UploadTarget:
    """The answer to ``/uploads-post-data/``. Bucket and key are taken byte for byte."""
    s3 = mapping(data.get("s3"))
    return UploadTarget(
        path=path,
        bucket=secret(s3, "bucket", "an upload"),
        key=secret(s3, "object_name", "an upload"),
        upload_id=needed(data, "id", "an upload"),
        status=string(mapping(data.get("last_status")).get("status")),
    )


def credentials(data: dict[str, Any]) -> Credentials:
    """The answer to ``/upload-credentials/``."""
    return Credentials(
        access_key=secret(data, "access_key", "upload credentials"),
        secret_key=secret(data, "secret_key", "upload credentials"),
        token=data["token"] if isinstance(data.get("token"), str) else "",
        expires=moment(data.get("expiry_time")),
    )
