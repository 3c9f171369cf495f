"""v2: the upload area, pairs of reads, assigning, and what becomes of a sample."""

import httpx
import pytest

from tests.waiting import until_blocking


@pytest.fixture
def put(sandbox, s3, begin):
    """Upload something to each path and wait until it is noticed."""

    def put(*paths: str) -> None:
        for path in paths:
            s3.put_object(**begin(path), Body=path.encode())
        for path in paths:
            until_blocking(lambda p=path: sandbox.upload_status(p) == "succeeded", f"{path} to be noticed")

    return put


@pytest.fixture
def sheet(v2):
    def sheet(search: str, status: str = "all") -> list[dict]:
        words = {"search": search, "status": status, "limit": 200, "sort_by": "created", "sort_order": "asc"}
        return v2.get("/sample-sheet/", params=words).json()["results"]

    return sheet


def test_beginning_is_idempotent_by_path(v2):
    body = {"destination_path": "gncv://again/x_R2.fastq.gz"}
    first, second = (v2.post("/uploads-post-data/", json=body).json() for _ in range(2))
    assert first == second
    assert first["last_status"]["status"] == "started"
    key = first["s3"]["object_name"].split("/")
    assert key[0::2] == ["organization", "user", "uploads"]
    assert key[-1] == f"{first['id']}.fastq-r2"


@pytest.mark.parametrize(
    "path", ["", "x.fastq.gz", "gncv://", "gncv:///x.fastq.gz", "gncv://folder/", None, 7]
)
def test_bad_paths_are_refused(v2, path):
    answer = v2.post("/uploads-post-data/", json={"destination_path": path})
    assert answer.status_code == 400
    assert list(answer.json()) == ["destination_path"]


def test_a_missing_status_comes_later(sandbox, unchecked):
    sandbox.faults.set("no-status@2")
    body = {"destination_path": "gncv://late/x.fastq.gz"}
    seen = [unchecked.post("/uploads-post-data/", json=body).json()["last_status"] for _ in range(3)]
    assert [s is None for s in seen] == [True, True, False]


def test_reads_pair_by_their_names(put, sheet):
    lanes = [f"gncv://pairs/A_S1_L00{lane}_R{read}_001.fastq.gz" for lane in (1, 2) for read in (1, 2)]
    put(*lanes, "gncv://pairs/B_R1.fq.gz", "gncv://pairs/C_x_R2_001.fastq.bgz", "gncv://pairs/d-e.fastq.gz")
    rows = [(r["client_id"], sorted(r["fastq"])) for r in sheet("gncv://pairs/")]
    assert rows == [
        ("A", ["r1", "r2"]),
        ("A", ["r1", "r2"]),
        ("B", ["r1"]),
        ("C", ["r2"]),
        ("d-e", ["r1"]),
    ]
    one = sheet(lanes[0])
    assert one[0]["fastq"]["r2"]["destination_path"] == lanes[1]
    assert "sample" not in one[0]


def test_unfinished_uploads_are_not_in_the_sheet(v2, sheet):
    v2.post("/uploads-post-data/", json={"destination_path": "gncv://unfinished/x_R1.fastq.gz"})
    assert sheet("gncv://unfinished/") == []


def test_assigning_starts_an_analysis_that_ends_in_deliverables(sandbox, v2, put, sheet, project):
    paths = [
        f"gncv://go/{name}_R{read}.fastq.gz" for name in ("ok-1", "failqc-1", "fail-1") for read in (1, 2)
    ]
    put(*paths)
    study = project("New study")["id"]
    body = {"uploads": sheet("gncv://go/", "unassigned"), "metadata": {"run": 7}}
    answer = v2.post(f"/project-samples/{study}", json=body)
    assert answer.status_code == 201
    made = {row["client_id"]: row["sample"] for row in answer.json()["uploads"]}
    assert sheet("gncv://go/", "unassigned") == []
    assert {r["sample"] for r in sheet("gncv://go/", "assigned")} == set(made.values())

    def status(name):
        return v2.get(f"/samples/{made[name]}").json()["last_status"]["status"]

    assert status("ok-1") in ("scheduled", "running")
    until_blocking(lambda: status("ok-1") == "succeeded", "the analysis")
    until_blocking(lambda: (status("failqc-1"), status("fail-1")) == ("failed qc", "failed"), "the failures")
    history = v2.get(f"/sample-statuses/{made['ok-1']}").json()["results"]
    assert [step["status"] for step in history] == ["succeeded", "running", "scheduled"]
    assert v2.get(f"/sample-metadata/{made['ok-1']}").json() == {"metadata": {"run": 7}}
    files = {name: v2.get(f"/samples/{made[name]}").json()["files"] for name in made}
    assert {f["file_type"] for f in files["ok-1"]} >= {"impute-vcf", "alignment-bam", "fastq-r1"}
    assert [f["file_type"] for f in files["failqc-1"]] == ["fastq-r1", "fastq-r2"]
    assert files["fail-1"] == []


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [],
        [{}],
        [{"client_id": "a", "fastq": {}}],
        [{"client_id": "a", "fastq": {"r1": {"upload": "x"}}}],
    ],
)
def test_bad_rows_are_refused(v2, project, rows):
    place = f"/project-samples/{project('New study')['id']}"
    assert v2.post(place, json={"uploads": rows}).status_code == 400


def test_one_read_alone_can_be_assigned(v2, put, sheet, project):
    put("gncv://single/only_R1.fastq.gz")
    body = {"uploads": sheet("gncv://single/"), "metadata": None}
    answer = v2.post(f"/project-samples/{project('New study')['id']}", json=body).json()
    assert answer["uploads"][0]["fastq"]["r2"] is None


def test_deleting_frees_the_store_but_not_the_path(sandbox, v2, put, sheet):
    put("gncv://gone/x_R1.fastq.gz")
    upload = sheet("gncv://gone/")[0]["fastq"]["r1"]["upload"]
    assigned = sheet("gncv://trio/", "assigned")[0]["fastq"]["r1"]["upload"]
    answer = v2.post("/uploads-delete-unassigned/", json={"upload_ids": [upload, assigned]})
    assert answer.json() == {"upload_ids": [upload]}
    assert sandbox.upload_bytes("gncv://gone/x_R1.fastq.gz") is None
    assert v2.get(f"/uploads/{upload}").status_code == 404
    again = v2.post("/uploads-post-data/", json={"destination_path": "gncv://gone/x_R1.fastq.gz"})
    assert again.status_code == 400
    assert "was deleted" in again.json()["destination_path"][0]


def test_uploads_are_listed_and_filtered(v2, put):
    put("gncv://list/x_R1.fastq.gz")
    rows = v2.get("/uploads/", params={"limit": 200}).json()["results"]
    assert rows[0]["destination_path"] == "gncv://list/x_R1.fastq.gz"
    assert rows == sorted(rows, key=lambda r: r["created"], reverse=True)
    assert [r["id"] for r in v2.get("/uploads/", params={"search": rows[0]["id"]}).json()["results"]] == [
        rows[0]["id"]
    ]
    failed = v2.get("/uploads/", params={"status": "failed"}).json()["results"]
    assert [r["last_status"]["status"] for r in failed] == ["failed"]


def test_from_a_url(v2, sheet):
    body = {"destination_path": "gncv://url/x_R1.fastq.gz", "source_url": "https://example.org/x_R1.fastq.gz"}
    answer = v2.post("/uploads-url/", json=body).json()
    assert (answer["last_status"]["status"], answer["source"]) == ("succeeded", "cli url")
    assert sheet("gncv://url/")[0]["fastq"]["r1"]["source_url"] == body["source_url"]
    assert v2.post("/uploads-url/", json=body | {"source_url": "ftp://x"}).status_code == 400


def test_as_a_form(sandbox, v2):
    path = "gncv://form/x_R1.fastq.gz"
    form = v2.post("/uploads-presigned-post-data/", json={"destination_path": path}).json()
    refused = httpx.post(form["url"], data=form["fields"] | {"key": "other"}, files={"file": b"content"})
    assert refused.status_code == 403
    accepted = httpx.post(form["url"], data=form["fields"], files={"file": b"content"})
    assert accepted.status_code == 204
    assert sandbox.upload_bytes(path) == b"content"
    until_blocking(lambda: sandbox.upload_status(path) == "succeeded", "the form to be noticed")
