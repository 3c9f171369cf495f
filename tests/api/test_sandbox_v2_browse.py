"""v2 end to end: looking at projects, samples, files, quality and reports."""

import hashlib
import urllib.request
from datetime import timedelta

import pytest

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.paging import every, pages
from gencove_tui.api.v2.projects import joint_called_vcf, merged_vcf, reference_genome
from gencove_tui.model import Capability, Deliverable, GncvPath, ProjectQuery, SampleQuery

from .conftest import project_id


async def test_the_account(v2):
    account = await v2.check_key()
    assert account.email == "lab@example.org"
    assert account.uploads_enabled is True
    organization = await v2.organization()
    assert organization.id
    assert organization.role == "owner"
    assert organization.delete_samples_enabled is not None


async def test_a_revoked_key_is_refused_with_what_to_do(v2, sandbox):
    sandbox.revoke_key()
    with pytest.raises(ApiProblem) as caught:
        await v2.check_key()
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert "gencove-tui login" in caught.value.remedy
    assert sandbox.api_key not in str(caught.value)


async def test_projects_are_searched_filtered_and_sorted_by_the_server(v2):
    names = [p.name for p in (await v2.projects(ProjectQuery(sort_by="name"))).items]
    assert names == sorted(names, key=str.lower)
    assert "Withdrawn" not in names
    hidden = await v2.projects(ProjectQuery(hidden_status="hidden"))
    assert [p.name for p in hidden.items] == ["Withdrawn"]
    assert hidden.items[0].hidden
    assert [p.name for p in (await v2.projects(ProjectQuery(search="trio"))).items] == ["Trio validation"]
    assert [p.name for p in (await v2.projects(ProjectQuery(locked=True))).items] == ["Biobank pilot 2024"]
    assert [p.name for p in (await v2.projects(ProjectQuery(shared=True))).items] == ["Herd 17, Angus"]
    assert len((await v2.projects(ProjectQuery(shared=False))).items) == len(names) - 1


async def test_windows_on_a_list(v2):
    first = await v2.projects(limit=2)
    assert (len(first.items), first.offset, first.more) == (2, 0, True)
    found = [
        p.id async for p in every(lambda offset, limit: v2.projects(offset=offset, limit=limit), limit=2)
    ]
    assert len(found) == len(set(found)) == first.total
    sizes = [
        len(page.items)
        async for page in pages(lambda offset, limit: v2.projects(offset=offset, limit=limit), limit=4)
    ]
    assert sizes == [4, first.total - 4]


async def test_a_project_and_its_files(v2):
    cohort = await v2.project(await project_id(v2, "Cardio"))
    assert cohort.sample_count == 23
    assert reference_genome(cohort)
    assert merged_vcf(cohort) is None
    herd = await v2.project(await project_id(v2, "Herd"))
    assert [d.file_type for d in joint_called_vcf(herd)] == ["jointcalled-vcf", "jointcalled-vcf_indexed"]
    stats = await v2.project_stats(cohort.id)
    assert (stats.total, stats.succeeded, stats.failed, stats.running) == (23, 20, 3, 0)
    with pytest.raises(ApiProblem) as caught:
        await v2.project("11111111-1111-1111-1111-111111111111")
    assert caught.value.kind is Kind.NOT_FOUND


async def test_samples_are_searched_filtered_and_sorted_by_the_server(v2):
    cohort = await project_id(v2, "Cardio")
    everything = await v2.samples(cohort)
    assert everything.total == 23
    assert everything.items[0].deliverables is None
    failed = await v2.samples(cohort, SampleQuery(status="failed", sort_by="client_id"))
    assert [s.client_id for s in failed.items] == ["CC-0007", "CC-0015", "CC-0019"]
    assert failed.items[0].failed_qc == ("format",)
    assert failed.items[2].status_note == "Input file is truncated"
    one = await v2.samples(cohort, SampleQuery(search="CC-0003"))
    assert [s.client_id for s in one.items] == ["CC-0003"]
    hidden = await v2.samples(cohort, SampleQuery(hidden_status="hidden"))
    assert [s.client_id for s in hidden.items] == ["CC-0024"]
    archive = await project_id(v2, "Biobank")
    archived = await v2.samples(archive, SampleQuery(archive_status="archived"))
    assert {s.archive_status for s in archived.items} == {"archived"}
    middle = everything.items[10].modified
    newer = await v2.samples(cohort, SampleQuery(modified_after=middle + timedelta(milliseconds=1)))
    assert 0 < len(newer.items) < 23
    assert all(s.modified > middle for s in newer.items)
    descending = await v2.samples(cohort, SampleQuery(sort_by="client_id", descending=True))
    assert descending.items[0].client_id == "CC-0023"


async def test_a_sample_with_its_deliverables(v2):
    trio = await project_id(v2, "Trio")
    row = (await v2.samples(trio, SampleQuery(search="NA12878"))).items[0]
    sample = await v2.sample(trio, row.id)
    assert sample.project_id == trio
    vcf = next(d for d in sample.deliverables if d.file_type == "impute-vcf")
    with urllib.request.urlopen(vcf.url) as answer:
        content = answer.read()
    assert len(content) == vcf.size
    assert hashlib.sha256(content).hexdigest() == vcf.checksum_sha256
    assert vcf.name
    assert vcf.url not in repr(sample)
    unknown = Deliverable(file_type="impute-vcf", id=vcf.id)
    assert await v2.checksum(unknown) == vcf.checksum_sha256
    assert await v2.checksum(Deliverable(file_type="x", id="11111111-1111-1111-1111-111111111111")) == ""


async def test_archived_deliverables_have_no_url(v2):
    archive = await project_id(v2, "Biobank")
    row = (await v2.samples(archive, SampleQuery(archive_status="archived"))).items[0]
    sample = await v2.sample(archive, row.id)
    assert sample.deliverables
    assert all(d.url is None for d in sample.deliverables)


async def test_file_types(v2):
    keys = {kind.key for kind in await v2.file_types()}
    assert {"impute-vcf", "qc", "metadata"} <= keys
    assert {kind.key for kind in await v2.file_types(await project_id(v2, "Herd"))} < keys
    genome = await v2.file_types(genome=True)
    assert genome
    assert all(kind.key.startswith("genome-") for kind in genome)
    with pytest.raises(ApiProblem) as caught:
        await v2.file_types("11111111-1111-1111-1111-111111111111")
    assert caught.value.kind is Kind.NOT_FOUND


async def test_facts_of_a_sample(v2):
    trio = await project_id(v2, "Trio")
    sample = (await v2.samples(trio, SampleQuery(search="NA12878"))).items[0]
    facts = v2.sample_facts
    for value in ({"a": [1, None, "\x1b[31m"]}, [1, 2], None, "text"):
        assert await facts.set_metadata(sample.id, value) == value
        assert await facts.metadata(sample.id) == value
    history = await facts.history(sample.id)
    assert history[0].status == "succeeded"
    assert all(step.created is not None for step in history)
    detail = await v2.sample(trio, sample.id)
    known = sum(d.size or 0 for d in detail.deliverables)  # the size of some files is not told
    assert await facts.size(sample.id) >= known > 0
    assert "EUR" in (await facts.ancestry(sample.id))["ancestry"]["value"]
    assert await facts.parentage(sample.id) == {"parentage_tested": "", "parentage": ""}
    scores = await facts.trait_scores(sample.id)
    assert {score.trait for score in scores} == {"height", "bmi", "ldl"}
    variants = await facts.variants(sample.id, chromosome="chr3", limit=5)
    assert {variant.chromosome for variant in variants.items} == {"chr3"}
    assert variants.items[0].alt
    one = await facts.variants(sample.id, position=variants.items[0].position)
    assert one.items[0] == variants.items[0]
    assert (await facts.variants(sample.id, start=0, end=1)).items == ()


async def test_quality(v2):
    cohort = await project_id(v2, "Cardio")
    odd = (await v2.samples(cohort, SampleQuery(search="CC-0007"))).items[0]
    format_qc = (await v2.quality.of_sample(odd.id))[0]
    assert (format_qc.type.key, format_qc.status, format_qc.measured) == ("format", "failed", None)
    low = (await v2.samples(cohort, SampleQuery(search="CC-0015"))).items[0]
    outcome = {qc.type.key: qc for qc in await v2.quality.of_sample(low.id)}
    coverage = outcome["effective_coverage_min"]
    assert (coverage.status, coverage.expected, coverage.type.type) == ("failed", 0.1, "min")
    assert coverage.measured < coverage.expected
    assert outcome["bases_min"].status == "succeeded"
    assert outcome["sex_string"].text
    document = await v2.quality.document(low.id)
    assert [row["quality_control_type"]["key"] for row in document] == list(outcome)
    types = await v2.quality.types(cohort)
    assert {kind.key for kind in types} == set(outcome)
    histogram = await v2.quality.histogram(cohort, "snps_min", SampleQuery(status="succeeded", sort_by="id"))
    assert len(histogram.edges) == len(histogram.counts) + 1
    assert sum(histogram.counts) == 20
    nothing = await v2.quality.histogram(await project_id(v2, "New study"), "snps_min")
    assert (nothing.edges, nothing.counts) == ((), ())
    with pytest.raises(ApiProblem) as caught:
        await v2.quality.histogram(cohort, "no_such_metric")
    assert caught.value.kind is Kind.INVALID


async def test_reports(v2):
    cohort = await project_id(v2, "Cardio")
    report = await v2.reports.project_qc(cohort)
    assert report.file_name == "project-qc-report.csv"
    assert report.columns[:3] == ("id", "client_id", "project_id")
    assert len(report.rows) == 23
    assert report.content.startswith(b"id,client_id")
    narrow = await v2.reports.project_qc(cohort, ["client_id", "status"])
    assert narrow.columns == ("client_id", "status")
    with pytest.raises(ApiProblem, match="Valid columns are"):
        await v2.reports.project_qc(cohort, ["nonsense"])
    usage = await v2.reports.monthly_usage()
    assert len(usage.rows) == 12
    assert usage.file_name == "report.csv"
    assert len((await v2.reports.monthly_usage("2026-01", "2026-03")).rows) == 3


@pytest.mark.parametrize("months", [("2026-01", ""), ("", "2026-01"), ("2026-13", "2026-14"), ("x", "y")])
async def test_odd_months_are_refused_before_anything_is_sent(v2, sandbox, months):
    before = len(list(sandbox.requests))
    with pytest.raises(ApiProblem) as caught:
        await v2.reports.monthly_usage(*months)
    assert caught.value.kind is Kind.INVALID
    assert len(list(sandbox.requests)) == before


async def test_pipelines(v2):
    latest = await v2.pipelines.latest()
    assert latest.capabilities
    versions = await v2.pipelines.versions()
    assert latest.id in {version.id for version in versions.items}
    assert versions.items[0].capabilities is None
    assert await v2.pipelines.version(latest.id) == latest
    everything = await v2.pipelines.capabilities()
    human = next(c for c in everything.values() if c.species == "human")
    assert human.merges_vcfs
    assert human.modifications == (("soft_qc", False),)
    cohort = await v2.project(await project_id(v2, "Cardio"))
    found = await v2.pipelines.capabilities([cohort.pipeline_capability, "", "unknown"])
    assert found == {human.id: human}
    assert await v2.pipelines.capability(human.id) == human
    assert await v2.pipelines.capabilities([]) == {}


async def test_the_upload_area(v2):
    area = await v2.uploads()
    assert area.total == len(area.items) == 12
    paired = {upload.path: upload for upload in area.items}
    r1 = paired[GncvPath("gncv://run-2026-11/CC-0025_S1_L001_R1_001.fastq.gz")]
    assert (r1.client_id, r1.read, r1.status, r1.sample_id) == ("CC-0025", "R1", "succeeded", "")
    assert r1.size
    assert paired[GncvPath("gncv://trio/NA12878_S1_L001_R2_001.fastq.gz")].sample_id
    assert paired[GncvPath("gncv://manual/bad.fastq.gz")].status == "failed"
    below = await v2.uploads(GncvPath("gncv://run-2026-11/"))
    assert below.total == 7
    assert {upload.path.folder for upload in below.items} == {"gncv://run-2026-11/"}
    window = await v2.uploads(GncvPath("gncv://run-2026-11/"), offset=5, limit=5)
    assert (len(window.items), window.more) == (2, False)
    assert (await v2.uploads(GncvPath("gncv://nothing/"))).items == ()
    small = [await v2.uploads(offset=offset, limit=3) for offset in range(0, 12, 3)]
    assert [u for page in small for u in page.items] == list(area.items)


async def test_everything_can_be_done_in_v2(v2):
    assert v2.capabilities == frozenset(Capability)


async def test_odd_nulls_break_nothing(v2, sandbox):
    cohort = await project_id(v2, "Cardio")
    sandbox.faults.set("nulls")
    for sample in (await v2.samples(cohort)).items[:3]:
        await v2.sample(cohort, sample.id)
        await v2.quality.of_sample(sample.id)
        await v2.sample_facts.history(sample.id)
    await v2.projects()
    await v2.project(cohort)
    await v2.project_stats(cohort)
    await v2.uploads()
    await v2.organization()
    await v2.check_key()
    await v2.pipelines.latest()
    await v2.people.users()


@pytest.mark.parametrize("fault", ["empty@1", "broken-json@1"])
async def test_a_broken_reply_is_one_clear_problem(v2, sandbox, fault):
    sandbox.faults.set(fault)
    with pytest.raises(ApiProblem) as caught:
        await v2.projects()
    assert caught.value.kind is Kind.BAD_REPLY


@pytest.mark.parametrize("fault", ["429@1", "500@1", "502@1", "503@1", "drop@1", "lost@1"])
async def test_what_passes_is_waited_out(v2, sandbox, fault):
    sandbox.faults.set("retry-after=0", fault)
    assert (await v2.projects()).items
