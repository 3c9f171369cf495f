"""v2: batches, the merged VCF, manifests, reports and imports."""

import csv
import io
import zipfile

import httpx
import pytest

from tests.waiting import until_blocking


def test_batches_end_in_a_report(v2, project, samples):
    herd = project("Herd 17, Angus")["id"]
    kinds = [r["key"] for r in v2.get(f"/project-batch-types/{herd}").json()["results"]]
    assert kinds == ["illuminasnp50", "illuminahd"]
    one = [samples("Herd 17, Angus", status="succeeded")[0]["id"]]
    body = {"name": "June", "batch_type": kinds[0], "sample_ids": one}
    made = v2.post(f"/project-batches/{herd}", json=body).json()
    assert made["meta"] == {"count": 1}
    batch = made["results"][0]["id"]
    assert made["results"][0]["last_status"]["status"] == "queued"
    everything = v2.post(f"/project-batches/{herd}", json=body | {"sample_ids": []}).json()
    assert everything["meta"] == {"count": 2}
    assert v2.get(f"/project-batches/{herd}").json()["meta"]["count"] == 3

    def detail():
        return v2.get(f"/batches/{batch}").json()

    assert detail()["sample_ids"] == one
    until_blocking(lambda: detail()["last_status"]["status"] == "succeeded", "the batch")
    file = detail()["files"][0]
    assert file["file_type"] == "report-zip"
    with zipfile.ZipFile(io.BytesIO(httpx.get(file["download_url"]).content)) as report:
        assert report.read("samples.csv").decode().split() == ["id", *one]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"batch_type": "x"}, "batch_type"), ({"name": ""}, "name"), ({"sample_ids": ["x"]}, "sample_ids")],
)
def test_bad_batches_are_refused(v2, project, change, field):
    body = {"name": "x", "batch_type": "illuminahd", "sample_ids": []} | change
    answer = v2.post(f"/project-batches/{project('Herd 17, Angus')['id']}", json=body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_merging(v2, project):
    herd = project("Herd 17, Angus")["id"]
    place = f"/project-merge-vcfs/{herd}"
    assert v2.get(place).status_code == 404
    assert v2.post(place, json={}).json()["last_status"]["status"] == "running"
    assert v2.post(place, json={}).json() == ["There is already a running job."]
    until_blocking(lambda: v2.get(place).json()["last_status"]["status"] == "success", "the merge")
    assert v2.get(place).json()["up_to_date"] is True
    assert v2.post(place, json={}).json() == ["The merged VCF is up-to-date."]
    files = {f["file_type"]: f for f in v2.get(f"/projects/{herd}").json()["files"]}
    assert files.keys() == {"impute-vcf-merged", "jointcalled-vcf", "jointcalled-vcf_indexed"}
    assert httpx.get(files["impute-vcf-merged"]["download_url"]).status_code == 200


def test_merging_is_refused_where_it_makes_no_sense(v2, project):
    for name in ("Dog kits", "New study"):
        answer = v2.post(f"/project-merge-vcfs/{project(name)['id']}", json={})
        assert answer.status_code == 400
        assert isinstance(answer.json(), list)


def test_manifests(v2, project):
    study = project("New study")["id"]
    template = v2.get("/sample-manifests-csv-template/", params={"template_type": "96_well"})
    lines = template.text.splitlines()
    assert len(lines) == 97
    assert lines[1].startswith(",A1,")
    assert lines[9].startswith(",A2,")
    place = f"/project-sample-manifests/{study}"
    files = {"sample_manifest": ("m.csv", template.content)}
    assert v2.post(place, files=files).json() == {}
    rows = v2.get(place).json()
    assert [r["file_name"] for r in rows] == ["m.csv"]
    assert v2.get(f"/sample-manifests/{rows[0]['id']}").json()["file"]["id"] == rows[0]["file"]["id"]
    assert httpx.get(rows[0]["file"]["download_url"]).content == template.content
    for name, content in (("m.txt", template.content), ("m.csv", b"a,b\n")):
        assert v2.post(place, files={"sample_manifest": (name, content)}).status_code == 400
    unknown = v2.post(f"/project-sample-manifests/{rows[0]['id']}", files=files)
    assert unknown.json() == ["Project does not exist or you do not have privileges to access it."]
    workbook = v2.get("/sample-manifests-xlsx-template/").content
    assert "xl" not in zipfile.ZipFile(io.BytesIO(workbook)).namelist()[0]


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_qc_report(v2, project):
    place = f"/project-qc-report/{project('Cardio cohort 2026')['id']}"
    rows = table(v2.get(place))
    assert len(rows) == 23
    assert len(rows[0]) == 14
    some = table(v2.get(place, params={"columns": "client_id,snps_min"}))
    assert some[0].keys() == {"client_id", "snps_min"}
    again = table(v2.get(place, params={"columns": ["client_id", "snps_min"]}))
    assert some == again
    bad = v2.get(place, params={"columns": "colour"})
    assert bad.status_code == 400
    assert "snps_min" in bad.json()[0]


def test_qc_types_and_histogram(v2, project):
    cohort = project("Cardio cohort 2026")["id"]
    keys = [r["key"] for r in v2.get(f"/project-qc-types/{cohort}").json()["results"]]
    assert "snps_min" in keys
    place = f"/project-quality-control-histogram/{cohort}"
    found = v2.get(place, params={"qc_type": "snps_min"}).json()
    assert len(found["bin_edges"]) == len(found["hist"]) + 1
    assert sum(found["hist"]) == 23
    few = v2.get(place, params={"qc_type": "snps_min", "status": "failed"}).json()
    assert sum(few["hist"]) == 3
    assert v2.get(place).status_code == v2.get(place, params={"qc_type": "x"}).status_code == 400


def test_the_usage_report(v2):
    place = "/organization-monthly-usage-report/"
    assert len(table(v2.get(place))) == 12
    rows = table(v2.get(place, params={"from": "2024-12", "to": "2025-01"}))
    assert [(r["year"], r["month"]) for r in rows] == [("2024", "12"), ("2025", "1")]
    for words in ({"from": "2024-01"}, {"from": "x", "to": "y"}, {"from": "2024-02", "to": "2024-01"}):
        answer = v2.get(place, params=words)
        assert answer.status_code == 400
        assert list(answer.json()) == ["error"]


def test_imports_from_s3(v2, project, samples):
    study = project("New study")["id"]
    body = {"project_id": study, "s3_uri": "s3://lab/run_9/", "metadata": {"a": 1}}
    assert v2.post("/s3-uri-import/", json=body).status_code == 202
    assert {r["client_id"] for r in samples("New study")} == {"run-9-1", "run-9-2"}
    for change in ({"s3_uri": "http://x"}, {"s3_uri": "s3://"}, {"input_format": "vcf"}):
        assert v2.post("/s3-uri-import/", json=body | change).status_code == 400
    first = v2.post("/s3-uri-autoimport/", json=body).json()
    assert first["topic_arn"].startswith("arn:aws:sns:")
    assert v2.post("/s3-uri-autoimport/", json=body | {"metadata": 2}).json()["id"] == first["id"]
    rows = v2.get("/s3-uri-autoimport/").json()["results"]
    assert [(r["id"], r["metadata"]) for r in rows] == [(first["id"], 2)]
    assert v2.delete(f"/s3-uri-autoimport/{first['id']}").status_code == 204
    assert v2.delete(f"/s3-uri-autoimport/{first['id']}").status_code == 404
    assert v2.get("/s3-role/").status_code == 404
    role = {"role_arn": "arn:aws:iam::123456789012:role/gencove"}
    assert v2.post("/s3-role/", json=role).json() == v2.get("/s3-role/").json() == role
    assert v2.delete("/s3-role/").status_code == 204
    assert v2.post("/s3-external-id/", json={}).json() == v2.get("/s3-external-id/").json()


def test_imports_from_basespace(v2, project, samples):
    study = project("New study")["id"]
    theirs = v2.get("/basespace-projects/").json()["results"]
    found = v2.get(f"/basespace-project-biosamples/{theirs[1]['basespace_id']}").json()["results"]
    body = {"project_id": study, "metadata": None}
    ids = {"basespace_project_ids": [theirs[0]["basespace_id"]]}
    assert v2.post("/basespace-projects-import/", json=body | ids).status_code == 202
    one = {"basespace_bio_samples": [{"basespace_id": found[0]["basespace_id"], "client_id": "mine"}]}
    made = v2.post("/basespace-biosamples-import/", json=body | one).json()
    assert {r["client_id"]: r["id"] for r in samples("New study")}["mine"] == made["basespace_bio_samples"][
        0
    ]["sample"]
    order = body | {"identifier": "run"}
    first = v2.post("/basespace-projects-autoimport/", json=order).json()
    assert first["action"] == "create"
    assert v2.post("/basespace-projects-autoimport/", json=order).json()["action"] == "update"
    assert v2.get("/basespace-projects-autoimport/").json()["meta"]["count"] == 1
    assert v2.delete(f"/basespace-projects-autoimport/{first['id']}").status_code == 204
    assert v2.get("/basespace-project-biosamples/0").status_code == 404
