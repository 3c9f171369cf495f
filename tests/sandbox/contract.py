"""Checks replies against the official OpenAPI document, where it is at hand.

The document and recorded traffic disagree in places; recorded traffic wins, and each such place is listed.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

SHARED = Path(__file__).parents[2].parent / "shared"
DOCUMENT = SHARED / "reference" / "gencove-api-v2-openapi.json"
RECORDED = SHARED / "recorded"

NUMBER = {"type": "integer"}
LATER_NULL = "recorded traffic and the official client have null here"
FIELDS: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("User", "uploads_enabled"): ({"type": "boolean"}, "recorded: a boolean"),
    ("User", "explorer_enabled"): ({"type": "boolean"}, "recorded: a boolean"),
    ("Project", "sample_count"): (NUMBER, "recorded: a number"),
    ("Project", "hidden_sample_count"): (NUMBER, "recorded: a number"),
    ("Project", "roles"): ({"type": "object"}, "recorded: an object"),
    ("Project", "pipeline_capabilities"): ({"type": ["string", "null"]}, "a project of v1 may have none"),
    ("ProjectDetail", "sample_count"): (NUMBER, "recorded: a number"),
    ("ProjectDetail", "hidden_sample_count"): (NUMBER, "recorded: a number"),
    ("ProjectDetail", "roles"): ({"type": "object"}, "recorded: an object"),
    ("PipelineCapabilities", "modifications_enabled"): ({"type": "boolean"}, "recorded: a boolean"),
    ("PipelineCapabilities", "species"): ({"type": ["string", "null"]}, LATER_NULL),
    ("PipelineCapabilities", "description_markdown"): ({"type": ["string", "null"]}, LATER_NULL),
    ("PipelineCapabilities", "datasets"): ({"type": ["object", "null"]}, LATER_NULL),
    ("PipelineCapabilities", "steps"): ({"type": ["object", "null"]}, LATER_NULL),
    ("SampleList", "failed_qc"): ({"type": ["array", "null"]}, "recorded: a list or null"),
    ("QualityControlType", "display_only_if_failed"): ({"type": "boolean"}, "recorded: a boolean"),
    ("SampleFileNested", "download_url"): ({"type": ["string", "null"]}, "null while archived"),
    ("FileNested", "download_url"): ({"type": ["string", "null"]}, "an upload can't be downloaded"),
    ("SampleSheet", "fastq"): ({"type": "object"}, "recorded: r1 and r2, not one upload"),
    ("FastqsNestedCreate", "r2"): ({"type": ["object", "null"]}, "recorded: null when there is one read"),
    ("SampleManifest", "file"): ({"type": "object"}, "recorded: a file object"),
    ("APIKey", "has_expired"): ({"type": "boolean"}, "a boolean by its name, as all others are"),
}
"""Component and field → the schema that recorded traffic shows, and why."""

OPTIONAL = {
    ("TokenVerify", "token"): "only sent, never answered",
    ("TokenRefresh", "refresh"): "only sent: refresh tokens are not rotated",
    ("SetUpMFA", "device_type"): "only sent",
    ("ValidateSetUpMFA", "token"): "only sent",
    ("SampleRestore", "sample_ids"): "only sent",
    ("ProjectShare", "shared_with_user_emails"): "only sent",
    ("SampleManifestUpload", "sample_manifest"): "recorded: the reply is {}",
}
"""Fields that the document requires in replies though they only go the other way."""

STATUS = {
    ("POST", "/api/v2/upload-credentials/"): (200, "recorded"),
    ("POST", "/api/v2/project-cancel-samples/{project_id}"): (200, "recorded"),
}
ANY_BODY = {
    ("POST", "/api/v2/project-cancel-samples/{project_id}"): "recorded: a message, not the ids",
    ("POST", "/api/v2/project-batches/{project_id}"): "recorded: a list of batches, not one",
    ("GET", "/api/v2/project-sample-manifests/{project_id}"): "recorded: a bare list of manifests",
}

NOT_SERVED = (
    "array-data", "billing", "explorer", "firstmile", "invitations", "organization-roles",
    "organization-users/{", "project-organization-users", "project-roles", "sample-consumer-report",
    "sample-kit", "social-", "user-activate", "user-change-email", "user-password", "user-register",
)  # fmt: skip
"""Beginnings of paths that are beyond this application: Explorer, billing, sign-up, kits."""
ONLY_READ = {("POST", "/api/v2/project-users/{}"), ("POST", "/api/v2/organization-users/")}
"""Other ways to manage people, for which there is no use either."""


@cache
def document() -> dict[str, Any] | None:
    """The official document, corrected; None where it isn't at hand."""
    if not DOCUMENT.exists():
        return None
    loaded: dict[str, Any] = json.loads(DOCUMENT.read_text())
    schemas = loaded["components"]["schemas"]
    for (component, field), (schema, _) in FIELDS.items():
        assert schemas[component]["properties"][field] != schema, f"{component}.{field} isn't wrong any more"
        schemas[component]["properties"][field] = schema
    for component, field in OPTIONAL:
        schemas[component]["required"].remove(field)
    return _modern(loaded)


def _modern(value: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` as JSON Schema says it."""
    if isinstance(value, list):
        return [_modern(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _modern(inner) for name, inner in value.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if value.get("nullable") is True else plain


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    paths = (document() or {"paths": {}})["paths"]
    return [
        (re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path))), path)
        for path in sorted(paths, key=lambda path: path.count("{"))
    ]


@cache
def _validator(method: str, path: str, status: str) -> Draft202012Validator | None:
    found = document()
    assert found is not None
    responses = found["paths"][path][method.lower()]["responses"]
    schema = responses[status].get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return None
    return Draft202012Validator({**schema, "components": found["components"]}, format_checker=FormatChecker())


def check(answer: httpx.Response) -> None:
    """Fail when a successful v2 reply isn't as the document says. Usable as an httpx event hook."""
    answer.read()
    request = answer.request
    if document() is None or not answer.is_success or not request.url.path.startswith("/api/v2/"):
        return
    path = next((path for pattern, path in _templates() if pattern.fullmatch(request.url.path)), None)
    assert path is not None, f"the document has no {request.url.path}"
    key = (request.method, path)
    documented = next(iter(document()["paths"][path][request.method.lower()]["responses"]))
    expected = STATUS.get(key, (int(documented), ""))[0]
    assert answer.status_code == expected, f"{key}: {answer.status_code} instead of {expected}"
    validator = _validator(*key, documented)
    if validator is None or key in ANY_BODY or not answer.content:
        return
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer.json())]
    assert not problems, f"{key}: {problems[:5]}"


def served(ids: dict[str, list[str]]) -> dict[str, Any]:
    """The corrected document, reduced to what the sandbox serves, for tools that generate requests from it.

    ``ids`` are good values for the parameters of paths, by their names.
    """
    found = document()
    assert found is not None
    copy: dict[str, Any] = json.loads(json.dumps(found))
    copy["openapi"] = "3.1.0"
    for path in list(copy["paths"]):
        if path.removeprefix("/api/v2/").startswith(NOT_SERVED):
            del copy["paths"][path]
            continue
        for method in list(copy["paths"][path]):
            key = (method.upper(), path)
            if (key[0], re.sub(r"\{[^}]+\}", "{}", path)) in ONLY_READ:
                del copy["paths"][path][method]
                continue
            for parameter in copy["paths"][path][method].get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in ids:
                    parameter["schema"] = {"enum": ids[parameter["name"]]}
            responses = copy["paths"][path][method]["responses"]
            status, response = next(iter(responses.items()))
            if key in ANY_BODY:
                response = {"description": ANY_BODY[key]}
            copy["paths"][path][method]["responses"] = {str(STATUS.get(key, (status, ""))[0]): response}
    return copy
