"""Real traffic, recorded and sanitised, read by the client: every exchange with the API, each checked on
values. Skipped where the recordings are absent.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.login import log_in
from gencove_tui.api.v2.client import GencoveV2
from gencove_tui.api.v2.sample_actions import ExistingSample
from gencove_tui.api.v2.sheet import SheetRead, SheetRow
from gencove_tui.model import Deliverable, Dialect, GncvPath, SampleQuery, UploadTarget

from .scripted import Answer

FOLDER = Path(__file__).parents[2].parent / "shared" / "recorded"
U = "11111111-1111-1111-1111-111111111111"
KINDS = {400: Kind.INVALID, 401: Kind.UNAUTHORIZED, 404: Kind.NOT_FOUND}


def exchanges():
    found = []
    for file in sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []:
        for number, exchange in enumerate(json.loads(file.read_text())):
            if exchange["request"]["path"].startswith("/api/v2/"):
                found.append(pytest.param(exchange, id=f"{file.stem}-{number}"))
    return found or [pytest.param(None, marks=pytest.mark.skip(reason="no recordings here"))]


def same_time(ours: datetime | None, theirs: str | None) -> bool:
    if theirs is None:
        return ours is None
    return ours is not None and ours == datetime.fromisoformat(theirs)


def check_sample(sample, row):
    assert (sample.id, sample.client_id) == (row["id"], row["client_id"])
    assert sample.status == row["last_status"]["status"]
    assert sample.status_note == row["last_status"]["note"]
    assert sample.failed_qc == tuple(row.get("failed_qc") or ())
    assert same_time(sample.created, row["created"])
    assert same_time(sample.modified, row["modified"])
    assert same_time(sample.status_created, row["last_status"]["created"])
    assert sample.archive_status == row["archive_last_status"]["status"]
    assert same_time(sample.archive_created, row["archive_last_status"]["created"])


def check_file(file, row):
    assert (file.id, file.file_type, file.url) == (row["id"], row["file_type"], row["download_url"])
    # The recordings' sanitiser wrote some sizes as texts, which are sizes all the same.
    assert file.size == (None if row["size"] is None else int(row["size"]))
    if row["download_url"]:
        assert file.name
        assert file.name in unquote(row["download_url"])


def check_page(page, body, check):
    assert page.total == body["meta"]["count"]
    assert page.more is bool(body["meta"].get("next"))
    assert len(page.items) == len(body["results"])
    for item, row in zip(page.items, body["results"], strict=True):
        check(item, row)


async def login(api, request, body):
    found = await log_in(api.host, "email@example.com", "mock_password", dialect=Dialect.V2)
    assert (found.refresh, found.access) == (body["refresh"], body["access"])


async def file_types(api, request, body):
    genome = request["query"].get("object") == "reference_genome"
    found = await api.file_types(request["query"].get("project_id"), genome=genome)
    assert [kind.key for kind in found] == [row["key"] for row in body["results"]]


async def sample(api, request, body):
    found = await api.sample(U, U)
    check_sample(found, body)
    assert found.project_id == body["project"]
    for file, row in zip(found.deliverables, body["files"], strict=True):
        check_file(file, row)


async def checksum(api, request, body):
    assert await api.checksum(Deliverable(file_type="x", id=U)) == body[:64]


async def qc(api, request, body):
    found = await api.quality.of_sample(U)
    assert len(found) == body["meta"]["count"]
    for item, row in zip(found, body["results"], strict=True):
        outcome = row["quality_control"]
        assert (item.type.key, item.status) == (row["quality_control_type"]["key"], outcome["status"])
        assert (item.expected, item.measured) == (outcome["value_expected"], outcome["value_measured"])
    assert await api.quality.document(U) == body["results"]


async def metadata(api, request, body):
    assert await api.sample_facts.metadata(U) == body["metadata"]


async def samples(api, request, body):
    query = request["query"]
    asked = SampleQuery(
        status=query["status"],
        archive_status=query["archive_status"],
        sort_by=query["sort_by"],
        descending=query["sort_order"] == "desc",
    )
    page = await api.samples(U, asked, offset=int(query["offset"]), limit=int(query["limit"]))
    check_page(page, body, check_sample)


def existing(request):
    return [ExistingSample(sample_id=row["sample_id"]) for row in request["body"]["samples"]]


async def copy_samples(api, request, body):
    await api.sample_actions.copy_existing(U, existing(request))


async def import_samples(api, request, body):
    await api.sample_actions.import_existing(U, existing(request), metadata=request["body"].get("metadata"))


def check_project(project, row):
    assert (project.id, project.name) == (row["id"], row["name"])
    assert project.description == row["description"]
    assert project.sample_count == row["sample_count"]
    assert project.pipeline_capability == row["pipeline_capabilities"]
    assert project.hidden is row.get("hidden", False)
    assert project.organization_name == row.get("organization_name", "")
    assert project.role == row["roles"]["organization"]["name"]
    assert same_time(project.created, row["created"])
    assert same_time(project.modified, row.get("modified"))


async def create_project(api, request, body):
    project = await api.project_actions.create(
        request["body"]["name"], request["body"]["pipeline_capabilities"]
    )
    check_project(project, body)


async def create_batch(api, request, body):
    asked = request["body"]
    made = await api.batches.create(U, asked["name"], asked["batch_type"], asked["sample_ids"])
    assert [(b.id, b.batch_type, b.status.status) for b in made] == [
        (row["id"], row["batch_type"], row["last_status"]["status"]) for row in body["results"]
    ]


async def add_manifest(api, request, body):
    await api.manifests.add(U, "example.csv", b"a,b\n")


async def manifests(api, request, body):
    found = await api.manifests.listing(U)
    assert [(m.id, m.file_name) for m in found] == [(row["id"], row["file_name"]) for row in body]


async def manifest(api, request, body):
    found = await api.manifests.one(U)
    assert (found.id, found.file_name) == (body["id"], body["file_name"])
    assert same_time(found.created, body["created"])
    check_file(found.file, body["file"])


async def delete_samples(api, request, body):
    await api.sample_actions.delete(U, request["body"]["sample_ids"] or [U])


async def delete_projects(api, request, body):
    await api.project_actions.delete(request["body"]["project_ids"])


async def pipeline(api, request, body):
    found = await api.pipelines.version(U)
    assert (found.id, found.version) == (body["id"], body["version"])
    assert [(c.id, c.name) for c in found.capabilities] == [
        (r["id"], r["name"]) for r in body["capabilities"]
    ]


async def pipelines(api, request, body):
    page = await api.pipelines.versions(offset=int(request["query"]["offset"]))

    def check(item, row):
        assert (item.id, item.version) == (row["id"], row["version"])

    check_page(page, body, check)


async def batch_types(api, request, body):
    found = await api.batches.types(U)
    assert [kind.key for kind in found] == [row["key"] for row in body["results"]]


async def batches(api, request, body):
    check_page(await api.batches.listing(U), body, lambda item, row: None)


async def projects(api, request, body):
    check_page(await api.projects(), body, check_project)


async def capabilities(api, request, body):
    found = await api.pipelines.capabilities(request["query"]["search"].split(","))
    for row in body["results"]:
        assert row["id"] in found
    last = body["results"][-1]  # the sanitiser gave all the same id
    assert (found[U].name, found[U].key, found[U].merges_vcfs) == (
        last["name"],
        last["key"],
        last["merge_vcfs_enabled"],
    )
    assert found[U].species == (last["species"] or "")


async def usage(api, request, body):
    query = request["query"]
    report = await api.reports.monthly_usage(query.get("from", ""), query.get("to", query.get("from", "")))
    lines = body.split("\n")
    assert ",".join(report.columns) == lines[0]
    assert [",".join(row) for row in report.rows] == [line for line in lines[1:] if line]
    assert report.content == body.encode()


async def credentials(api, request, body):
    keys = await api.upload_credentials()
    assert (keys.access_key, keys.secret_key, keys.token) == (
        body["access_key"],
        body["secret_key"],
        body["token"],
    )
    assert same_time(keys.expires, body["expiry_time"])


async def begin_upload(api, request, body):
    target = await api.begin_upload(GncvPath(request["body"]["destination_path"]))
    assert (target.bucket, target.key) == (body["s3"]["bucket"], body["s3"]["object_name"])
    assert (target.upload_id, target.status) == (body["id"], body["last_status"]["status"])


async def upload(api, request, body):
    target = UploadTarget(path=GncvPath("gncv://a/b"), bucket="b", key="k", upload_id=U)
    assert (await api.upload(target)).status == body["last_status"]["status"]


def same_row(row, data):
    assert row.client_id == data["client_id"]
    for ours, theirs in ((row.r1, data["fastq"].get("r1")), (row.r2, data["fastq"].get("r2"))):
        assert (ours.upload_id if ours else None) == (theirs["upload"] if theirs else None)


async def sheet(api, request, body):
    query = request["query"]
    page = await api.sheet.rows(GncvPath(query["search"]), status=query["status"])

    def check(row, data):
        same_row(row, data)
        assert row.r1.path == data["fastq"]["r1"]["destination_path"]
        assert row.r1.status == data["fastq"]["r1"]["last_status"]["status"]

    check_page(page, body, check)


async def assign(api, request, body):
    rows = [
        SheetRow(client_id=row["client_id"], r1=SheetRead(upload_id=row["fastq"]["r1"]["upload"]))
        for row in request["body"]["uploads"]
    ]
    made = await api.sheet.assign(U, rows, metadata=request["body"].get("metadata"))
    assert [(one.sample_id, one.client_id) for one in made] == [
        (row["sample"], row["client_id"]) for row in body["uploads"]
    ]


CALLS = {
    ("POST", "jwt-create/"): login,
    ("GET", "file-types/"): file_types,
    ("GET", "samples/U"): sample,
    ("GET", "files/U.sha256"): checksum,
    ("GET", "sample-quality-controls/U"): qc,
    ("GET", "sample-metadata/U"): metadata,
    ("GET", "project-samples/U"): samples,
    ("POST", "project-samples/U"): assign,
    ("POST", "project-samples-copy/"): copy_samples,
    ("POST", "project-samples-import/"): import_samples,
    ("POST", "projects/"): create_project,
    ("GET", "projects/"): projects,
    ("DELETE", "projects-delete/"): delete_projects,
    ("POST", "project-batches/U"): create_batch,
    ("GET", "project-batches/U"): batches,
    ("GET", "project-batch-types/U"): batch_types,
    ("POST", "project-sample-manifests/U"): add_manifest,
    ("GET", "project-sample-manifests/U"): manifests,
    ("GET", "sample-manifests/U"): manifest,
    ("DELETE", "project-delete-samples/U"): delete_samples,
    ("GET", "pipeline/U"): pipeline,
    ("GET", "pipeline/"): pipelines,
    ("GET", "pipeline-capabilities/"): capabilities,
    ("GET", "organization-monthly-usage-report/"): usage,
    ("POST", "upload-credentials/"): credentials,
    ("POST", "uploads-post-data/"): begin_upload,
    ("GET", "uploads/U"): upload,
    ("GET", "sample-sheet/"): sheet,
}


@pytest.mark.parametrize("exchange", exchanges())
async def test_recorded_exchange(server, exchange):
    request, response = exchange["request"], exchange["response"]
    body = response["body"]
    content = b"" if body is None else body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    kind = response["headers"].get("Content-Type", "application/json")
    server.script = [Answer(response["status"], content, {"Content-Type": kind})]
    path = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "U", request["path"])
    call = CALLS[request["method"], path.removeprefix("/api/v2/")]
    api = GencoveV2(server.url, "key")
    try:
        if response["status"] < 400:
            await call(api, request, body)
        else:
            with pytest.raises(ApiProblem) as caught:
                await call(api, request, body)
            assert caught.value.kind is KINDS[response["status"]]
            words = body[0] if isinstance(body, list) else next(iter(body.values()))
            assert (words[0] if isinstance(words, list) else words) in caught.value.why
            assert caught.value.remedy
        asked = server.asked[0]
        assert (asked.method, asked.path) == (request["method"], request["path"])
    finally:
        await api.aclose()
