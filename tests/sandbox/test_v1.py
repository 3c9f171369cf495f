"""v1: every endpoint, and that it shows the same account as v2."""

import httpx
import pytest

from gencove_tui.sandbox import Sandbox
from tests.waiting import until_blocking

from .conftest import s3_client, v1_client

URLS = """
vcf_url_s3 snp_url_s3 bam_url_s3 bai_url_s3 tbi_url_s3 csi_url_s3 fastq_nongrch37_url_s3 ancestry_url_s3
local_ancestry_url_s3 microbiome_url_s3 traits_url_s3
"""
ROW = {"sample_id", "external_id", "project_id", "ancestry_url_suffix", *URLS.split()}


@pytest.fixture
def trio(v1):
    return next(p for p in v1.get("/projects").json()["projects"] if p["name"] == "Trio validation")


def raw(v1, project, body) -> list[dict]:
    answer = v1.post(f"/projects/{project['id']}/raw-data", json=body)
    assert answer.status_code == 200
    return answer.json()["raw_data"]


def test_keys(sandbox, v1):
    assert v1.get("/welcome-api-key").status_code == 200
    for header in ("", "GENCOVE-API-KEY wrong", f"Api-Key {sandbox.api_key}", "JWT a.b.c"):
        answer = httpx.get(f"{sandbox.host}/projects", headers={"Authorization": header})
        assert answer.status_code == 401
        assert "message" in answer.json()


def test_the_same_account_as_in_v2(v1, v2, trio, samples):
    names = {p["name"] for p in v1.get("/projects").json()["projects"]}
    assert names == {p["name"] for p in v2.get("/projects/").json()["results"]}
    ids = {s["external_id"] for s in v1.get(f"/projects/{trio['id']}/samples").json()["samples"]}
    assert ids == {s["client_id"] for s in samples("Trio validation")}
    assert isinstance(trio["id"], int)


def test_projects_are_made_and_changed(v1):
    made = v1.post("/projects", json={"name": "v1 project", "enabled": True}).json()["project"]
    place = f"/projects/{made['id']}"
    changed = v1.put(place, json={"description": "text", "discoverable": True}).json()["project"]
    assert (changed["description"], changed["discoverable"]) == ("text", True)
    assert v1.get(place).json()["project"] == changed
    for body in ({}, {"enabled": "yes"}, []):
        assert v1.put(place, json=body).status_code == 400
    assert v1.post("/projects", json={}).status_code == 400
    assert v1.get("/projects/999").status_code == v1.get("/projects/x").status_code == 404


def test_samples_and_stats(v1, trio):
    rows = v1.get(f"/projects/{trio['id']}/samples").json()["samples"]
    one = v1.get(f"/projects/{trio['id']}/samples/{rows[0]['sample_id']}").json()["sample"]
    assert one == rows[0]
    assert v1.get(f"/projects/1/samples/{rows[0]['sample_id']}").status_code == 404
    stats = v1.get(f"/projects/{trio['id']}/stats").json()["stats"]
    assert stats["samples"] == len(rows) == 6


def test_raw_data(v1, trio):
    everything = raw(v1, trio, {})
    assert all(row.keys() == ROW for row in everything)
    by_name = raw(v1, trio, {"external_ids": ["NA12878", "nobody"]})
    assert [r["external_id"] for r in by_name] == ["NA12878"]
    number = by_name[0]["sample_id"]
    for ids in ([number], [str(number)], [number, 7]):
        assert [r["sample_id"] for r in raw(v1, trio, {"sample_ids": ids})] == [number]
    row = by_name[0]
    assert row["snp_url_s3"] is None
    assert httpx.get(row["vcf_url_s3"]).content[:2] == b"\x1f\x8b"
    place = f"/projects/{trio['id']}/raw-data"
    assert v1.post(place, json={"sample_ids": [1], "external_ids": ["a"]}).status_code == 400
    assert v1.post(place, json={"sample_ids": 1}).status_code == 400


def test_older_names_show_the_same(v1, trio):
    for plural, members, member_id in (
        ("studies", "participants", "participant_id"),
        ("apps", "members", "member_id"),
    ):
        place = f"/{plural}/{trio['id']}"
        assert len(v1.get(f"/{plural}").json()[plural]) == 6
        singular = {"studies": "study", "apps": "app"}[plural]
        assert v1.get(place).json()[singular]["name"] == trio["name"]
        rows = v1.get(f"{place}/{members}").json()[members]
        found = v1.post(f"{place}/raw-data", json={f"{member_id}s": [rows[0][member_id]]}).json()["raw_data"]
        assert [r[member_id] for r in found] == [rows[0][member_id]]
        assert v1.post(f"{place}/raw-data", json={f"{member_id}s": None}).json()["raw_data"]


def test_uploading_and_what_the_dashboard_does(sandbox, v1, trio):
    place = v1.get("/paths/upload").json()["paths"]["aws"]["path_s3"]
    assert not place.endswith("/")
    aws = v1.get("/credentials/upload").json()["credentials"]["aws"]
    assert aws.keys() == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    keys = {
        "access_key": aws["AccessKeyId"],
        "secret_key": aws["SecretAccessKey"],
        "token": aws["SessionToken"],
    }
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    s3 = s3_client(sandbox, keys)
    for read in (1, 2):
        s3.put_object(Bucket=bucket, Key=f"{prefix}/dash/new_R{read}.fastq.gz", Body=b"reads")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/")
    assert listed["KeyCount"] >= 12
    until_blocking(lambda: sandbox.upload_status("gncv://dash/new_R2.fastq.gz") == "succeeded", "the event")
    answer = httpx.post(
        f"{sandbox.host}/sandbox/assign", json={"project": str(trio["id"]), "prefix": "gncv://dash/"}
    ).json()
    assert len(answer["numbers"]) == 1
    until_blocking(lambda: raw(v1, trio, {"sample_ids": answer["numbers"]}), "the result")
    assert sandbox.assign("Trio validation", "gncv://dash/") == []


def test_credentials_can_take_a_while():
    with Sandbox("empty", faults=["backoff=2@1"], speed=10) as sandbox, v1_client(sandbox) as v1:
        answers = [v1.get("/credentials/upload") for _ in range(4)]
        assert [a.status_code for a in answers] == [202, 202, 200, 200]
        assert len(answers[0].json()["backoff_s"]) == 2


def test_logging_in(sandbox, v1):
    account = {"email": "lab@example.org", "password": "sandbox-password", "device_uuid": "1"}
    assert v1.post("/login", json=account | {"password": "x"}).status_code == 401
    first = v1.post("/login", json=account).json()["refresh_token"]
    access = v1.post("/auth", json={"refresh_token": first, "empty": "e"}).json()["access_token"]
    assert access.count(".") == 2
    assert (
        httpx.get(f"{sandbox.host}/projects", headers={"Authorization": f"JWT {access}"}).status_code == 200
    )
    second = v1.post("/login", json=account).json()["refresh_token"]
    assert v1.post("/auth", json={"refresh_token": first, "empty": "e"}).status_code == 401
    change = {"password": "sandbox-password", "new_password": "other", "new_password_confirm": "other"}
    third = v1.put("/password", json=change | {"device_uuid": "2"}).json()["refresh_token"]
    assert v1.post("/auth", json={"refresh_token": second, "empty": "e"}).status_code == 401
    assert v1.post("/logout", json={"refresh_token": third}).status_code == 200
    assert v1.post("/auth", json={"refresh_token": third, "empty": "e"}).status_code == 401
    assert v1.post("/password/forgot", json={"email": account["email"]}).status_code == 200
    assert v1.post("/register", json=account).status_code == 400
    assert v1.put("/confirm/1").status_code == v1.get("/frontend_version_min").status_code == 200
