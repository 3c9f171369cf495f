"""API v1's JSON as the model has it (api-v1 §3-5). Little is documented: several names are tried for each
field, and what isn't recognised is kept and shown verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from gencove_tui.api.errors import ApiProblem, bad_reply
from gencove_tui.api.text import file_name, integer, mapping, moment, rest, sequence, string
from gencove_tui.model import Account, Credentials, Deliverable, Project, Sample, StatusCounts

T = TypeVar("T")

RAW_DATA_COLUMNS = (
    "external_id", "sample_id", "bam_url_s3", "bai_url_s3", "vcf_url_s3", "tbi_url_s3", "csi_url_s3",
    "snp_url_s3", "fastq_nongrch37_url_s3", "ancestry_url_s3", "microbiome_url_s3", "traits_url_s3",
    "ancestry_url_suffix",
)  # fmt: skip
"""The columns of a raw-data table, in the order in which the original client writes them (api-v1 §4)."""
_URL = re.compile(r"(\w+)_url_s3")
_PROJECT = frozenset({"id", "project_id", "name", "description", "created", "modified", "sample_count"})
_SAMPLE = frozenset(
    {
        "sample_id",
        "id",
        "external_id",
        "client_id",
        "project_id",
        "status",
        "created",
        "modified",
        "last_status",
    }
)


def _first(data: dict[str, Any], *names: str) -> Any:
    return next((data[name] for name in names if data.get(name) not in (None, "")), None)


def unwrapped(data: Any, key: str) -> dict[str, Any]:
    """The object in a one-key envelope, or the object itself (api-v1 §3)."""
    outer = mapping(data)
    inner = outer.get(key)
    return inner if isinstance(inner, dict) else outer


def rows(data: Any, key: str, decode: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    """The list in a one-key envelope, or the bare list.

    Raises ``ApiProblem`` when there is neither, or when a row can't be used; it names the row.
    """
    what = key.replace("_", " ")
    found = data if isinstance(data, list) else mapping(data).get(key)
    if not isinstance(found, list):
        raise bad_reply(what, f"$.{key}")
    decoded = []
    for position, row in enumerate(found):
        if not isinstance(row, dict):
            raise bad_reply(what, f"$.{key}[{position}]")
        try:
            decoded.append(decode(row))
        except ApiProblem as problem:
            problem.why = problem.why.replace("$", f"$.{key}[{position}]", 1)
            raise
    return tuple(decoded)


def account(data: Any) -> Account:
    """``/welcome-api-key``: any 2xx is success, whatever it says (api-v1 §2)."""
    known = mapping(data)
    return Account(
        name=string(known.get("name")), email=string(known.get("email")), extra=rest(known, frozenset())
    )


def project(data: dict[str, Any]) -> Project:
    """A row of ``/projects`` or ``/projects/N``."""
    identity = string(_first(data, "id", "project_id"))
    if not identity:
        raise bad_reply("a project", "$.id")
    return Project(
        id=identity,
        name=string(data.get("name")),
        description=string(data.get("description")),
        created=moment(data.get("created")),
        modified=moment(data.get("modified")),
        sample_count=integer(data.get("sample_count")),
        extra=rest(data, _PROJECT),
    )


def stats(data: Any) -> StatusCounts:
    """``/projects/N/stats``: nothing about its keys is documented, so all are kept verbatim."""
    inner = unwrapped(data, "stats")

    def count(word: str) -> int | None:
        return integer(_first(inner, word, f"{word}_samples", f"samples_{word}", f"{word}_count"))

    return StatusCounts(
        total=count("total") if count("total") is not None else integer(inner.get("samples")),
        running=count("running"),
        scheduled=count("scheduled"),
        succeeded=count("succeeded"),
        failed=count("failed"),
        extra=rest(inner, frozenset()),
    )


def sample(
    data: dict[str, Any], project_id: str, deliverables: tuple[Deliverable, ...] | None = None
) -> Sample:
    """A row of ``/projects/N/samples`` or the sample's detail."""
    identity = string(_first(data, "sample_id", "id"))
    if not identity:
        raise bad_reply("a sample", "$.sample_id")
    last = mapping(data.get("last_status"))
    return Sample(
        id=identity,
        client_id=string(_first(data, "external_id", "client_id")),
        project_id=project_id,
        status=string(data.get("status")) or string(last.get("status")),
        status_note=string(last.get("note")),
        created=moment(data.get("created")),
        modified=moment(data.get("modified")),
        deliverables=deliverables,
        extra=rest(data, _SAMPLE),
    )


def raw_data_deliverables(row: dict[str, Any]) -> tuple[Deliverable, ...]:
    """A row of raw data as deliverables: ``vcf_url_s3`` becomes ``vcf`` and so on (api-v1 §4)."""
    found = []
    for key, value in row.items():
        match = _URL.fullmatch(key)
        if match and isinstance(value, str) and value:
            found.append(Deliverable(file_type=match.group(1), name=file_name(value), url=value))
    return tuple(found)


def upload_place(data: Any) -> tuple[str, str]:
    """Bucket and key prefix of ``/paths/upload`` (api-v1 §5.1)."""
    path = mapping(mapping(mapping(data).get("paths")).get("aws")).get("path_s3")
    if not isinstance(path, str) or not path.startswith("s3://"):
        raise bad_reply("the upload area", "$.paths.aws.path_s3")
    bucket, _, prefix = path.removeprefix("s3://").rstrip("/").partition("/")
    return bucket, prefix


def credentials(data: Any) -> Credentials:
    """``/credentials/upload``: keys as an AWS credential process prints them (api-v1 §5.2)."""
    aws = mapping(mapping(mapping(data).get("credentials")).get("aws"))
    for key in ("AccessKeyId", "SecretAccessKey"):
        if not isinstance(aws.get(key), str) or not aws[key]:
            raise bad_reply("upload credentials", f"$.credentials.aws.{key}")
    token = aws.get("SessionToken")
    return Credentials(
        access_key=aws["AccessKeyId"],
        secret_key=aws["SecretAccessKey"],
        token=token if isinstance(token, str) else "",
        expires=moment(aws.get("Expiration")),
    )


def pauses(data: Any) -> list[float]:
    """``backoff_s`` of a 202: how long to wait before each further try, in seconds."""
    listed = sequence(mapping(data).get("backoff_s"))
    return [
        min(float(pause), 300.0)
        for pause in listed
        if isinstance(pause, int | float) and not isinstance(pause, bool) and pause >= 0
    ]
