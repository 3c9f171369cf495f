"""v2 lists: paging, searching, filtering, sorting, and that every status word is there to be seen."""

import pytest

from gencove_tui.sandbox import Sandbox

from .conftest import v2_client


@pytest.fixture(scope="module")
def large():
    with Sandbox("large") as sandbox, v2_client(sandbox) as client:
        client.project = client.get("/projects/").json()["results"][0]
        yield client


def test_the_large_project_pages_to_its_end(large):
    assert large.project["sample_count"] == 100_000
    place = f"/project-samples/{large.project['id']}"
    first = large.get(place, params={"limit": 200}).json()
    assert first["meta"]["count"] == 100_000
    assert first["meta"]["previous"] is None
    assert len(first["results"]) == 200
    second = large.get(first["meta"]["next"]).json()
    assert not {r["id"] for r in first["results"]} & {r["id"] for r in second["results"]}
    assert "offset" not in second["meta"]["previous"]
    last = large.get(place, params={"limit": 200, "offset": 99_900}).json()
    assert len(last["results"]) == 100
    assert last["meta"]["next"] is None


def test_the_large_project_searches_filters_and_sorts(large):
    place = f"/project-samples/{large.project['id']}"

    def query(**words):
        return large.get(place, params={"limit": 200, **words}).json()

    assert [r["client_id"] for r in query(search="pop-012345")["results"]] == ["POP-012345"]
    some = query(sort_by="client_id", sort_order="asc", offset=40)["results"]
    assert [r["client_id"] for r in some] == [f"POP-{n:06d}" for n in range(40, 240)]
    counts = {word: query(status=word)["meta"]["count"] for word in ("succeeded", "failed", "running")}
    assert counts == {"succeeded": 85_000, "failed": 15_000, "running": 0}
    stats = large.get(f"/project-stats/{large.project['id']}").json()["counts"]
    assert (stats["total_samples"], stats["succeeded_samples"]) == (100_000, 85_000)


def test_a_page_has_at_most_200_rows(large):
    place = f"/project-samples/{large.project['id']}"
    assert len(large.get(place, params={"limit": 5000}).json()["results"]) == 200
    assert len(large.get(place, params={"limit": "x", "offset": "-3"}).json()["results"]) == 20


def test_only_what_changed_is_listed_after_a_time(sandbox, v2, project, samples):
    trio = project("Trio validation")
    newest = max(r["modified"] for r in samples("Trio validation"))
    v2.post(f"/project-cancel-samples/{trio['id']}", json={"sample_ids": [_running(samples)["id"]]})
    changed = samples("Trio validation", modified_after=newest)
    assert [r["last_status"]["note"] for r in changed if r["modified"] > newest][:1] == ["Analysis canceled"]


def _running(samples):
    return next(r for r in samples("Trio validation", status="running") if r["client_id"] == "HG004")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"status": "sideways"}, "status"),
        ({"archive_status": "unknown"}, "archive_status"),
        ({"sort_by": "colour"}, "sort_by"),
        ({"sort_order": "up"}, "sort_order"),
        ({"modified_after": "yesterday"}, "modified_after"),
    ],
)
def test_unknown_filter_words_are_refused(v2, project, words, field):
    answer = v2.get(f"/project-samples/{project('Dog kits')['id']}", params=words)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_search_finds_ids_names_and_metadata(samples):
    found = samples("Cardio cohort 2026", search="oslo")
    assert len(found) == 11
    assert samples("Cardio cohort 2026", search=found[0]["id"])[0]["id"] == found[0]["id"]
    assert [r["client_id"] for r in samples("Cardio cohort 2026", search="cc-0003")] == ["CC-0003"]


def test_every_status_word_is_there(sandbox, v2, samples, project):
    names = [r["name"] for r in v2.get("/projects/", params={"hidden_status": "all"}).json()["results"]]
    rows = [row for name in names for row in samples(name, hidden_status="all")]
    expected = {"succeeded", "failed qc", "failed", "disabled", "consumer_awaiting_kit_order"}
    steps = {
        step["status"] for row in rows for step in v2.get(f"/sample-statuses/{row['id']}").json()["results"]
    }
    assert expected | {"running", "scheduled"} <= steps
    archive = {row["archive_last_status"]["status"] for row in rows}
    restoring = {"restore_requested", "restore_accepted", "restore_started"}
    assert archive == {"available", "archived", "restored"} | restoring
    uploads = v2.get("/uploads/", params={"limit": 200}).json()["results"]
    assert {u["last_status"]["status"] for u in uploads} == {"started", "succeeded", "failed"}
    assert len(rows) >= 55


def test_the_two_timestamp_forms(samples):
    row = samples("Herd 17, Angus")[0]
    assert row["created"].endswith("Z")
    assert "T" in row["created"]
    assert row["archive_last_status"]["created"].endswith("+00:00")
    assert " " in row["archive_last_status"]["created"]


def test_failed_qc_has_its_keys_and_rows(v2, samples):
    for row in samples("Cardio cohort 2026"):
        failed = {
            r["quality_control_type"]["key"]
            for r in v2.get(f"/sample-quality-controls/{row['id']}?limit=200").json()["results"]
            if r["quality_control"]["status"] == "failed"
        }
        assert failed == set(row["failed_qc"] or ())
        assert bool(failed) is (row["last_status"]["status"] == "failed qc")


def test_projects_search_filter_and_sort(v2):
    def names(**words):
        return [r["name"] for r in v2.get("/projects/", params=words).json()["results"]]

    assert names(search="HERD") == ["Herd 17, Angus"]
    assert names(hidden_status="hidden") == ["Withdrawn"]
    assert names(status="running") == ["Trio validation", "Dog kits"]
    assert names(locked="true") == ["Biobank pilot 2024"]
    assert names(shared="true") == ["Herd 17, Angus"]
    by_name = names(sort_by="name", sort_order="asc")
    assert by_name == sorted(by_name, key=str.lower)
    assert names(sort_by="sample_count", sort_order="desc")[0] == "Cardio cohort 2026"


def test_slashes_are_as_strict_as_django(v2, project):
    assert v2.get("/projects").status_code == 301
    assert v2.get("/projects").headers["Location"].endswith("/api/v2/projects/")
    assert v2.get(f"/projects/{project('Dog kits')['id']}/").status_code == 404
    assert v2.post("/user/", json={}).status_code == 405


def test_file_types(v2, project):
    everything = [r["key"] for r in v2.get("/file-types/").json()["results"]]
    assert everything[-2:] == ["qc", "metadata"]
    assert everything[:-2] == sorted(everything[:-2])
    one = v2.get("/file-types/", params={"project_id": project("Herd 17, Angus")["id"]}).json()
    assert {"impute-vcf", "fastq-r1"} < {r["key"] for r in one["results"]} < set(everything)
    unknown = v2.get("/file-types/", params={"project_id": project("Dog kits")["organization"]})
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "Not found."})
    genome = v2.get("/file-types/", params={"object": "reference_genome"}).json()["results"]
    assert all(r["key"].startswith("genome-") for r in genome)
