"""v2: what can be done to samples and projects, with its refusals."""

import pytest

from tests.waiting import until_blocking

STRANGER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def cohort(project):
    return project("Cardio cohort 2026")["id"]


def test_projects_are_made_changed_hidden_and_deleted(v2, project):
    capability = v2.get("/pipeline-capabilities/").json()["results"][1]["id"]
    made = v2.post("/projects/", json={"name": "Mine", "pipeline_capabilities": capability}).json()
    place = f"/projects/{made['id']}"
    changes = {
        "name": "Ours",
        "description": "text",
        "project_modifications": [{"key": "loo", "value": True}],
    }
    assert v2.patch(place, json=changes).json().items() >= changes.items()
    ids = {"project_ids": [made["id"]]}
    assert v2.post("/projects-hide/", json=ids).status_code == 204
    assert v2.get(place).json()["hidden"] is True
    assert v2.post("/projects-unhide/", json=ids).status_code == 204
    assert v2.get(place).json()["hidden"] is False
    assert v2.request("DELETE", "/projects-delete/", json=ids).status_code == 204
    assert v2.get(place).status_code == 404
    assert v2.post("/projects-hide/", json=ids).status_code == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "pipeline_capabilities": STRANGER}, "pipeline_capabilities"),
        ({"name": "x"}, "pipeline_capabilities"),
        ({"name": "", "pipeline_capabilities": STRANGER}, "name"),
        ({"name": "x" * 255}, "name"),
        ([], "non_field_errors"),
    ],
)
def test_bad_projects_are_refused(v2, body, field):
    answer = v2.post("/projects/", json=body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_hiding_takes_samples_out_of_the_lists(v2, cohort, samples):
    ids = {"sample_ids": [r["id"] for r in samples("Cardio cohort 2026")[:2]]}
    assert v2.post(f"/project-hide-samples/{cohort}", json=ids).status_code == 204
    assert len(samples("Cardio cohort 2026")) == 21
    assert len(samples("Cardio cohort 2026", hidden_status="hidden")) == 3
    shown = v2.get(f"/projects/{cohort}").json()
    assert (shown["sample_count"], shown["hidden_sample_count"]) == (21, 3)
    assert v2.post(f"/project-unhide-samples/{cohort}", json=ids).status_code == 204
    assert len(samples("Cardio cohort 2026")) == 23


def test_deleting_needs_ids_of_the_project_and_the_right(sandbox, v2, cohort, samples):
    place = f"/project-delete-samples/{cohort}"
    own, foreign = samples("Cardio cohort 2026")[0]["id"], samples("Dog kits")[0]["id"]
    refused = v2.request("DELETE", place, json={"sample_ids": [own, foreign]})
    assert refused.json() == {"sample_ids": ["All sample ids must be part of the current project."]}
    empty = v2.request("DELETE", place, json={"sample_ids": []})
    assert (empty.status_code, empty.json()) == (400, {"sample_ids": ["This list may not be empty."]})
    sandbox.state.delete_samples_enabled = False
    assert v2.request("DELETE", place, json={"sample_ids": [own]}).status_code == 403
    sandbox.state.delete_samples_enabled = True
    assert v2.request("DELETE", place, json={"sample_ids": [own]}).status_code == 204
    assert v2.get(f"/samples/{own}").status_code == 404


def test_cancelling_ends_what_runs_and_nothing_else(v2, project, samples):
    trio = project("Trio validation")["id"]
    place = f"/project-cancel-samples/{trio}"
    running = next(r["id"] for r in samples("Trio validation", status="running") if r["client_id"] == "HG004")
    done = samples("Trio validation", status="succeeded")[0]["id"]
    assert v2.post(place, json={"sample_ids": []}).status_code == 400
    assert v2.post(place, json={"sample_ids": [STRANGER] * 21}).status_code == 400
    refused = v2.post(place, json={"sample_ids": [running, done]})
    assert refused.json() == {"sample_ids": [f"Invalid sample IDs: {done}"]}
    accepted = v2.post(place, json={"sample_ids": [running]})
    assert accepted.json() == {"message": "1 sample(s) analysis canceled successfully"}
    assert v2.get(f"/samples/{running}").json()["last_status"]["status"] == "failed"


def test_restoring_walks_through_its_steps(v2, project, samples):
    biobank = project("Biobank pilot 2024")["id"]
    place = f"/project-restore-samples/{biobank}"
    archived = [r["id"] for r in samples("Biobank pilot 2024", archive_status="archived")]
    available = samples("Biobank pilot 2024", archive_status="available")[0]["id"]
    assert v2.post(place, json={"sample_ids": [available]}).status_code == 400
    group = v2.post(place, json={"sample_ids": archived[:1]}).json()["restore_group_id"]
    assert [r["id"] for r in v2.get(f"/sample-restore-group/{group}").json()["results"]] == archived[:1]

    def restored():
        rows = samples("Biobank pilot 2024")
        return {r["id"] for r in rows if r["archive_last_status"]["status"] == "restored"}

    until_blocking(lambda: archived[0] in restored(), "the restore")
    urls = [f["download_url"] for f in v2.get(f"/samples/{archived[0]}").json()["files"]]
    assert urls
    assert all(urls)
    v2.post(place, json={"sample_ids": []})
    until_blocking(lambda: set(archived) <= restored(), "the restore of all that is archived")


def test_importing_and_copying(v2, project, samples):
    target = project("New study")["id"]
    good = samples("Herd 17, Angus", status="succeeded")[0]
    running = samples("Trio validation", status="succeeded", sort_by="modified")[0]
    rows = [{"sample_id": good["id"], "client_id": "renamed"}, {"sample_id": running["id"]}]
    body = {"project_id": target, "samples": rows, "metadata": {"from": "herd"}}
    answer = v2.post("/project-samples-import/", json=body)
    assert answer.status_code == 202
    assert answer.json()["samples"] == [{"sample_id": good["id"]}, {"sample_id": running["id"]}]
    made = {r["client_id"]: r["id"] for r in samples("New study")}
    assert made.keys() == {"renamed", running["client_id"]}
    assert v2.get(f"/sample-metadata/{made['renamed']}").json() == {"metadata": {"from": "herd"}}
    copied = v2.post("/project-samples-copy/", json={"project_id": target, "samples": rows[:1]})
    assert copied.json() == {"project_id": target, "samples": [{"sample_id": good["id"]}]}
    fresh = {"project_id": target, "samples": [{"sample_id": made["renamed"]}]}
    refused = v2.post("/project-samples-copy/", json=fresh)
    assert refused.json()["samples"][0].startswith("All samples must be available for at least 24 hours")
    for path in ("import", "copy"):
        stranger = v2.post(f"/project-samples-{path}/", json=body | {"project_id": STRANGER})
        assert stranger.status_code == 400
        assert isinstance(stranger.json(), list)


@pytest.mark.parametrize("value", [None, {"a": [1, 2]}, [1, 2], "text", 7, False])
def test_metadata_is_any_json(v2, samples, value):
    place = f"/sample-metadata/{samples('Dog kits')[0]['id']}"
    assert v2.post(place, json={"metadata": value}).json() == {"metadata": value}
    assert v2.get(place).json() == {"metadata": value}


def test_pipelines_and_capabilities(v2):
    rows = v2.get("/pipeline/", params={"sort_by": "created", "sort_order": "desc"}).json()["results"]
    assert v2.get("/pipeline-latest/").json()["id"] == rows[0]["id"]
    found = v2.get(f"/pipeline/{rows[1]['id']}").json()["capabilities"]
    wanted = [c["id"] for c in found[:2]]
    some = v2.get("/pipeline-capabilities/", params={"search": ",".join(wanted), "limit": 200}).json()[
        "results"
    ]
    assert [c["id"] for c in some] == wanted
    assert v2.get(f"/pipeline-capabilities/{wanted[0]}").json() == found[0]
    for path in ("pipeline", "pipeline-capabilities", "projects", "samples", "batches", "uploads"):
        unknown = v2.get(f"/{path}/{STRANGER}")
        assert (unknown.status_code, unknown.json()) == (404, {"detail": "Not found."})


def test_results_that_are_shown(v2, samples):
    sample = samples("Trio validation", search="NA12878")[0]["id"]
    shares = v2.get(f"/sample-ancestry/{sample}").json()["ancestry"]["value"]
    assert sum(shares.values()) == pytest.approx(1)
    assert v2.get(f"/sample-parentage/{sample}").status_code == 200
    assert v2.get(f"/sample-trait-scores/{sample}").json()["meta"]["count"] == 3
    place = f"/sample-genomic-variants/{sample}"
    first = v2.get(place, params={"chromosome": "chr3"}).json()["results"]
    assert {r["chromosome"] for r in first} == {"chr3"}
    assert v2.get(place, params={"position": first[0]["position"]}).json()["results"] == first[:1]
    assert v2.get(f"/sample-stats/{sample}").json()["total_size"] > 10_000_000
