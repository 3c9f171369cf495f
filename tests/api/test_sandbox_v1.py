"""v1 end to end: all that the original docs describe, and what its original client could do."""

import inspect
import urllib.request

import pytest

from gencove_tui.api.errors import ApiProblem, Kind, Unsupported
from gencove_tui.api.protocol import Gencove
from gencove_tui.api.v1 import GencoveV1
from gencove_tui.api.v1_wire import RAW_DATA_COLUMNS
from gencove_tui.model import Account, Capability, Deliverable, GncvPath, ProjectQuery, SampleQuery

from .conftest import project_id
from .scripted import answer

TOPICS = [name for name, member in vars(Gencove).items() if isinstance(member, property)]
TOPICS = [name for name in TOPICS if name not in ("host", "dialect", "capabilities")]


@pytest.fixture
async def scripted(server):
    api = GencoveV1(server.url, "key")
    yield api
    await api.aclose()


async def sample_named(v1, project, client_id):
    (found,) = (await v1.samples(project, SampleQuery(search=client_id))).items
    return found


async def test_the_key_is_checked_whatever_the_welcome_says(v1, scripted, server):
    assert (await v1.check_key()).extra["message"] == "Welcome."
    for body in (b"", b"<html>hi</html>", b'"hello"', b"[]"):
        server.script = [answer(200, body)]
        assert await scripted.check_key() == Account()


async def test_a_revoked_key_is_refused(v1, sandbox):
    sandbox.revoke_key()
    with pytest.raises(ApiProblem) as caught:
        await v1.check_key()
    assert caught.value.kind is Kind.UNAUTHORIZED


async def test_projects_are_searched_sorted_and_windowed_here(v1):
    names = [p.name for p in (await v1.projects(ProjectQuery(sort_by="name"))).items]
    assert names == sorted(names, key=str.casefold)
    assert (await v1.projects(ProjectQuery(sort_by="name", descending=True))).items[0].name == names[-1]
    assert [p.name for p in (await v1.projects(ProjectQuery(search="TRIO"))).items] == ["Trio validation"]
    window = await v1.projects(offset=2, limit=3)
    assert (len(window.items), window.offset, window.total, window.more) == (3, 2, len(names), True)


async def test_paging_through_a_list_fetches_it_once(v1, sandbox):
    cohort = await project_id(v1, "Cardio")
    sandbox.requests.clear()
    found = [
        s for offset in range(0, 23, 5) for s in (await v1.samples(cohort, offset=offset, limit=5)).items
    ]
    assert len(found) == 23
    assert sandbox.requests.count("GET", f"/projects/{cohort}/samples") == 1
    await v1.samples(cohort)
    assert sandbox.requests.count("GET", f"/projects/{cohort}/samples") == 2


async def test_a_project_and_its_numbers(v1):
    cohort = await v1.project(await project_id(v1, "Cardio"))
    assert cohort.name == "Cardio cohort 2026"
    assert cohort.extra["enabled"] is True
    stats = await v1.project_stats(cohort.id)
    assert (stats.total, stats.succeeded, stats.failed, stats.running) == (23, 20, 3, 0)
    with pytest.raises(ApiProblem) as caught:
        await v1.project("999999")
    assert caught.value.kind is Kind.NOT_FOUND
    assert "no such project" in caught.value.why


async def test_undocumented_numbers_are_kept_as_they_come(scripted, server):
    server.script = [answer(200, {"stats": {"total": "7", "odd": {"deep": [1]}, "\x1b[2J": "x\x07"}})]
    stats = await scripted.project_stats("1")
    assert stats.total == 7
    assert stats.extra["odd"] == {"deep": [1]}
    assert stats.extra["\ufffd[2J"] == "x\ufffd"


@pytest.mark.parametrize(
    "row",
    [
        {"id": 7, "external_id": "a", "status": "succeeded", "colour": "red"},
        {"sample_id": 7, "client_id": "a", "last_status": {"status": "succeeded"}, "colour": "red"},
        {"sample_id": "7", "external_id": "a", "status": "succeeded", "colour": "red", "created": 1700000000},
    ],
)
async def test_several_names_are_tried_for_each_field(scripted, server, row):
    server.script = [answer(200, {"samples": [row]}), answer(200, [row])]
    for _ in range(2):  # in an envelope and bare
        (sample,) = (await scripted.samples("1")).items
        assert (sample.id, sample.client_id, sample.status) == ("7", "a", "succeeded")
        assert sample.extra["colour"] == "red"


async def test_a_row_that_can_not_be_used_is_named(scripted, server):
    server.script = [answer(200, {"samples": [{"sample_id": 1}, {"external_id": "x"}]})]
    with pytest.raises(ApiProblem) as caught:
        await scripted.samples("1")
    assert caught.value.kind is Kind.BAD_REPLY
    assert "$.samples[1].sample_id" in caught.value.why


async def test_samples_are_filtered_here(v1):
    cohort = await project_id(v1, "Cardio")

    async def ids(**query):
        page = await v1.samples(cohort, SampleQuery(sort_by="client_id", **query))
        return [s.client_id for s in page.items]

    assert await ids(status="failed") == ["CC-0007", "CC-0015", "CC-0019"]
    assert len(await ids(status="completed")) == 23
    assert await ids(status="running") == []
    everything = (await v1.samples(cohort, SampleQuery(sort_by="modified"))).items
    middle = everything[11].modified
    assert len(await ids(modified_after=middle)) == 11
    assert len(await ids(modified_before=middle)) == 11
    assert len(await ids(created_after=everything[0].created)) == 22


async def test_a_sample_with_its_deliverables(v1):
    trio = await project_id(v1, "Trio")
    row = await sample_named(v1, trio, "NA12878")
    assert row.deliverables is None
    sample = await v1.sample(trio, row.id)
    kinds = {d.file_type for d in sample.deliverables}
    assert {"vcf", "tbi", "bam", "bai"} <= kinds
    vcf = next(d for d in sample.deliverables if d.file_type == "vcf")
    assert vcf.name
    assert "?" not in vcf.name
    with urllib.request.urlopen(vcf.url) as got:
        assert got.status == 200
    assert await v1.checksum(vcf) == ""
    assert await v1.checksum(Deliverable(file_type="vcf", checksum_sha256="a" * 64)) == "a" * 64
    running = await sample_named(v1, trio, "HG004")
    assert (await v1.sample(trio, running.id)).deliverables == ()


class TestRawData:
    async def test_by_gencoves_ids(self, v1):
        trio = await project_id(v1, "Trio")
        sample = await sample_named(v1, trio, "NA12878")
        (row,) = await v1.raw_data(trio, sample_ids=[sample.id, "999999"])
        assert str(row["sample_id"]) == sample.id
        assert set(RAW_DATA_COLUMNS) <= row.keys()

    async def test_by_the_customers_ids(self, v1):
        trio = await project_id(v1, "Trio")
        rows = await v1.raw_data(trio, external_ids=["NA12891", "NA12878", "unknown"])
        assert {row["external_id"] for row in rows} == {"NA12891", "NA12878"}

    async def test_of_the_whole_project(self, v1):
        assert len(await v1.raw_data(await project_id(v1, "Trio"))) >= 3

    async def test_an_empty_list_is_not_the_whole_project(self, v1, sandbox):
        trio = await project_id(v1, "Trio")
        sandbox.requests.clear()
        assert await v1.raw_data(trio, sample_ids=[]) == []
        assert await v1.raw_data(trio, external_ids=[]) == []
        assert list(sandbox.requests) == []

    async def test_one_kind_of_id_at_a_time(self, v1):
        with pytest.raises(ApiProblem) as caught:
            await v1.raw_data("1", sample_ids=["1"], external_ids=["a"])
        assert caught.value.kind is Kind.INVALID

    async def test_ids_that_are_no_numbers_go_as_they_are(self, scripted, server):
        server.script = [answer(200, {"raw_data": []})]
        await scripted.raw_data("1", sample_ids=["12", "x"])
        assert server.asked[0].body == b'{"sample_ids":[12,"x"]}'


class TestUploadArea:
    async def test_it_lists_the_store(self, v1):
        area = await v1.uploads()
        paths = {u.path: u for u in area.items}
        r1 = paths[GncvPath("gncv://run-2026-11/CC-0025_S1_L001_R1_001.fastq.gz")]
        assert (r1.client_id, r1.read) == ("CC-0025", "R1")
        assert r1.size
        assert r1.created.tzinfo is not None
        times = [u.created for u in area.items]
        assert times == sorted(times, reverse=True)
        below = await v1.uploads(GncvPath("gncv://manual/"))
        assert [u.path for u in below.items] == ["gncv://manual/test.fastq.gz"]

    async def test_windows_of_one_listing(self, v1, sandbox):
        whole = (await v1.uploads()).items
        sandbox.requests.clear()
        parts = [
            u for offset in range(0, len(whole), 4) for u in (await v1.uploads(offset=offset, limit=4)).items
        ]
        assert parts == list(whole)
        assert len([r for r in sandbox.requests if r.port == "s3"]) == 1

    async def test_a_target_and_what_is_there(self, v1):
        target = await v1.begin_upload(GncvPath("gncv://new/a.fastq.gz"))
        assert target.key.endswith("/new/a.fastq.gz")
        assert await v1.upload(target) is None
        there = await v1.begin_upload(GncvPath("gncv://manual/test.fastq.gz"))
        assert (await v1.upload(there)).size

    async def test_deleting(self, v1):
        (upload,) = (await v1.uploads(GncvPath("gncv://manual/"))).items
        assert await v1.delete_uploads([upload]) == (upload,)
        assert (await v1.uploads(GncvPath("gncv://manual/"), offset=0)).items == ()

    async def test_a_prefix_without_a_folder(self, scripted, server):
        server.script = [answer(200, {"paths": {"aws": {"path_s3": "s3://bucket"}}})]
        target = await scripted.begin_upload(GncvPath("gncv://a/b.fastq.gz"))
        assert (target.bucket, target.key) == ("bucket", "a/b.fastq.gz")

    async def test_credentials_are_waited_for_as_documented(self, v1, sandbox):
        sandbox.faults.set("backoff=3")
        sandbox.requests.clear()
        assert (await v1.upload_credentials()).token
        statuses = [r.status for r in sandbox.requests if r.path == "/credentials/upload"]
        assert statuses == [202, 202, 202, 200]

    async def test_waiting_has_the_end_that_the_first_answer_set(self, scripted, server):
        server.script = [
            answer(202, {"backoff_s": [0, 0.01]}),
            answer(202, {"backoff_s": [9000] * 9}),
        ]
        with pytest.raises(ApiProblem) as caught:
            await scripted.upload_credentials()
        assert caught.value.kind is Kind.TIMEOUT
        assert len(server.asked) == 3

    @pytest.mark.parametrize("body", [{}, {"credentials": {"aws": {"AccessKeyId": "x"}}}, []])
    async def test_unusable_credentials_name_what_is_missing(self, scripted, server, body):
        server.script = [answer(200, body)]
        with pytest.raises(ApiProblem) as caught:
            await scripted.upload_credentials()
        assert caught.value.kind is Kind.BAD_REPLY
        assert "$.credentials.aws." in caught.value.why


async def test_creating_and_editing_a_project(v1):
    made = await v1.create_project("From here", description="x")
    assert made.name == "From here"
    changed = await v1.edit_project(made.id, {"name": "Renamed", "enabled": False})
    assert changed.name == "Renamed"
    assert changed.extra["enabled"] is False
    assert made.id in {p.id for p in (await v1.projects(offset=0)).items}
    with pytest.raises(ApiProblem):
        await v1.edit_project(made.id, {})


class TestWhatItLacks:
    @pytest.mark.parametrize("topic", TOPICS)
    def test_a_topic_of_v2_is_refused_in_words(self, v1, topic):
        with pytest.raises(Unsupported) as caught:
            getattr(v1, topic)
        assert caught.value.kind is Kind.UNSUPPORTED
        assert caught.value.remedy
        assert inspect.cleandoc(getattr(Gencove, topic).__doc__)

    async def test_so_are_the_methods(self, v1):
        for act in (v1.organization, v1.file_types):
            with pytest.raises(Unsupported):
                await act()

    async def test_and_it_says_so_beforehand(self, v1):
        assert v1.capabilities == {Capability.DELETE_UPLOADS}
