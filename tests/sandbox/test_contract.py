"""The sandbox against what it was not written from: the official document, and recorded traffic."""

import json
import re

import pytest

from gencove_tui.sandbox.endpoints import endpoints

from . import contract

NEEDS_DOCUMENT = pytest.mark.skipif(not contract.DOCUMENT.exists(), reason="the OpenAPI document isn't here")
NEEDS_RECORDED = pytest.mark.skipif(not contract.RECORDED.is_dir(), reason="recorded traffic isn't here")


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


@NEEDS_DOCUMENT
def test_every_documented_endpoint_is_served():
    served = {(e.method, _shape(e.path)) for e in endpoints(("v2",))}
    documented = {
        (method.upper(), _shape(path))
        for path, methods in contract.document()["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
        and not path.removeprefix("/api/v2/").startswith(contract.NOT_SERVED)
    }
    assert documented - served == contract.ONLY_READ


@NEEDS_DOCUMENT
def test_nothing_is_invented():
    documented = {_shape(path) for path in contract.document()["paths"]}
    assert {_shape(e.path) for e in endpoints(("v2",)) if e.path.startswith("/api/")} <= documented


def shape(value, depth=0):
    """The kinds of values and the names of fields, without the values."""
    if isinstance(value, dict):
        return {name: shape(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0], depth + 1)] if value else []
    return type(value).__name__


def differences(ours, theirs, where="$"):
    """Fields of recorded traffic that ours lacks or has as another kind; null fits everything."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name, inner in theirs.items():
            if name not in ours:
                yield f"{where}.{name} is missing"
            else:
                yield from differences(ours[name], inner, f"{where}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if theirs and ours:
            yield from differences(ours[0], theirs[0], f"{where}[]")
    elif ours != theirs and "NoneType" not in (ours, theirs):
        yield f"{where} is {ours}, recorded as {theirs}"


def recorded():
    """Every recorded v2 call once: its request, its path with {} for ids, and its response."""
    seen = set()
    for file in sorted(contract.RECORDED.glob("*.json")):
        for exchange in json.loads(file.read_text()):
            request, response = exchange["request"], exchange["response"]
            path = re.sub(r"[0-9a-f-]{36}", "{}", request["path"])
            key = json.dumps([request["method"], path, response["status"], shape(response["body"])])
            if path.startswith("/api/v2/") and key not in seen:
                seen.add(key)
                yield pytest.param(request, path, response, id=f"{file.stem}-{path.rpartition('v2/')[2]}")


EXPECTED = (
    "project_configuration is missing",  # only in old recordings (api-v2 §7)
    "capabilities[].version is missing",  # the same
    "metadata.test_metadata is missing",  # the customer's own words
    "checksum_256 is missing",  # a slip of the recording: everywhere else it is checksum_sha256
)


@NEEDS_RECORDED
@pytest.mark.parametrize(
    ("request_", "path", "response"), list(recorded()) if contract.RECORDED.is_dir() else []
)
def test_replies_have_the_recorded_shape(sandbox, v2, unchecked, samples, project, request_, path, response):
    answer = _ask(sandbox, unchecked, samples, project, request_, path, response)
    assert answer.status_code == response["status"]
    if response["body"] is None:
        assert answer.content == b""
    elif isinstance(response["body"], str):
        assert answer.text.splitlines()[0].count(",") == response["body"].splitlines()[0].count(",")
    else:
        found = [
            problem
            for problem in differences(shape(answer.json()), shape(response["body"]))
            if not problem.endswith(EXPECTED)
        ]
        assert not found


def _ask(sandbox, client, samples, project, request, path, response):
    """The same call, on things that the demo has and that make the recorded outcome happen."""
    short = path.removeprefix("/api/v2")
    fails = response["status"] in (400, 404)
    stranger = "00000000-0000-4000-8000-000000000000"
    herd, herd_samples = project("Herd 17, Angus"), samples("Herd 17, Angus", status="succeeded")
    qc_failed = next(r for r in samples("Cardio cohort 2026") if r["failed_qc"] == ["format"])
    body = request["body"]
    ids = [herd_samples[0]["id"]]
    target = stranger if fails else herd["id"]
    if short.startswith(("/samples", "/sample-quality", "/sample-metadata")):
        target = stranger if fails else qc_failed["id"]
    if short.startswith("/project-delete-samples"):
        wanted = [stranger] if fails else ids
        target, body = herd["id"], {"sample_ids": wanted if body["sample_ids"] else []}
    if short.startswith("/pipeline/{}"):
        target = client.get("/pipeline-latest/").json()["id"]
    if short == "/projects-delete/":
        body = {"project_ids": [herd["id"]]}
    if short == "/projects/" and request["method"] == "POST":
        body = {"name": "x", "pipeline_capabilities": stranger if fails else herd["pipeline_capabilities"]}
        if fails:
            response["body"] = {"pipeline_capabilities": ["a list, mangled in the recording"]}
    if short.startswith("/project-samples-"):
        rejected_copy = fails and "copy" in short
        chosen = samples("Trio validation", status="running")[0]["id"] if rejected_copy else ids[0]
        body = {"project_id": herd["id"] if rejected_copy else target, "samples": [{"sample_id": chosen}]}
    if short.startswith("/project-batches") and request["method"] == "POST":
        body = {"name": "x", "batch_type": "illuminahd", "sample_ids": []}
    if short.startswith("/project-sample-manifests") or short.startswith("/sample-manifests"):
        header = (
            "Plate ID,Well,Unique sample identifier,Buffer,Concentration if known (ng/ul),Species,Coverage"
        )
        files = {"sample_manifest": ("m.csv", header.encode())}
        made = client.post(f"/project-sample-manifests/{target}", files=files)
        if request["method"] == "POST":
            return made
        if short.startswith("/sample-manifests"):
            target = stranger if fails else client.get(f"/project-sample-manifests/{target}").json()[0]["id"]
    if short.startswith("/files"):
        target = client.get(f"/samples/{qc_failed['id']}").json()["files"][1]["id"]
    query = dict(request["query"])
    for name in query.keys() & {"project_id"}:
        query[name] = target
    if short == "/pipeline-capabilities/":
        query.pop("search")
    if short == "/sample-sheet/":
        query["search"] = "gncv://manual/"
    if short.startswith("/project-samples/") and request["method"] == "POST":
        body = {
            "uploads": client.get("/sample-sheet/?search=gncv://manual/").json()["results"],
            "metadata": None,
        }
    if short == "/jwt-create/":
        body = {"email": "lab@example.org", "password": "sandbox-password"}
    if response["status"] == 401:
        client.headers["Authorization"] = "Bearer a.b.c"
    if response["status"] == 503:
        sandbox.faults.set("maintenance")
    sends_json = request["method"] in ("POST", "PUT", "PATCH", "DELETE")
    place = short.replace("{}", target)
    return client.request(request["method"], place, params=query, json=body if sends_json else None)
