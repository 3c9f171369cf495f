"""What a desk asks of Gencove beyond lists, on the sandbox in both dialects."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from gencove_tui.api.errors import ApiProblem, Kind, PartlyDone, Unsupported
from gencove_tui.api.v1_wire import RAW_DATA_COLUMNS
from gencove_tui.api.v2.sample_actions import SampleActions
from gencove_tui.api.v2.sheet import Assigned, AssignmentUnclear, SampleSheet
from gencove_tui.cli.link import linker
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.desk_remote import common_folder, fate
from gencove_tui.engine.raw_data import Format, as_text, without_column
from gencove_tui.engine.views import PlannedUpload
from gencove_tui.engine.views_remote import Fate, ProjectAct, SampleAct
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect, GncvPath, ProjectQuery, Sample, SampleQuery, Upload
from tests.dialects import BOTH


@pytest.fixture(params=BOTH)
def dialect(request):
    """The two are asked in other ways, and what only one of them can do is said."""
    return request.param


@pytest.fixture
async def desk(settings):
    opened = LocalDesk(settings, linker(settings))
    yield opened
    await opened.aclose()


async def named(desk, start):
    listing = await desk.projects()
    return next(project for project in listing.page.items if project.name.startswith(start))


async def free_pairs(desk):
    sheet = await desk.sheet_rows(GncvPath("gncv://"), status="unassigned")
    return [row for row in sheet.page.items if row.r1 is not None and row.r2 is not None]


@pytest.mark.parametrize("form", list(Format))
async def test_raw_data_has_the_documented_columns_in_the_order_asked_for(desk, dialect, form):
    project = await named(desk, "Trio")
    samples = await desk.every_sample(project.id, SampleQuery(), most=100)
    assert len(samples) == 6
    wanted = samples[::-1]
    rows = await desk.raw_data(project.id, wanted)
    ids = [str(row["sample_id"]) for row in rows]
    assert ids == [sample.id for sample in wanted if sample.id in ids]
    text = as_text(rows, form)
    if form is Format.CSV:
        table = list(csv.reader(io.StringIO(text)))
        assert tuple(table[0]) == RAW_DATA_COLUMNS
        assert any(row[RAW_DATA_COLUMNS.index("vcf_url_s3")].startswith("http") for row in table[1:])
    else:
        assert text.startswith("[\n  {")
        assert {tuple(row) for row in json.loads(text)} == {RAW_DATA_COLUMNS}
        assert '"vcf_url_s3": "http' in text
    assert without_column(rows) == (() if dialect == Dialect.V1 else ("fastq-r1", "fastq-r2", "sex-json"))


async def test_a_sample_that_is_not_there_is_named(desk, dialect):
    if dialect == Dialect.V1:
        pytest.skip("v1 leaves unknown ids out without a word")
    project = await named(desk, "Trio")
    sample = (await desk.samples(project.id)).page.items[0]
    other = type(sample)(id="00000000-0000-4000-8000-000000000000")
    with pytest.raises(InputProblem, match="0000"):
        await desk.raw_data(project.id, [other])


async def test_not_more_samples_than_asked_for(desk):
    project = await named(desk, "Trio")
    told = []
    found = await desk.every_sample(
        project.id, SampleQuery(), most=2, progress=lambda done, total: told.append((done, total))
    )
    assert len(found) == 2
    assert told


async def test_what_is_known_of_a_sample(desk, dialect):
    project = await named(desk, "Trio")
    samples = await desk.every_sample(project.id, SampleQuery(), most=100)
    sample = next(one for one in samples if one.status == "succeeded")
    if dialect == Dialect.V1:
        with pytest.raises(Unsupported):
            await desk.sample_quality(sample.id)
        return
    assert {control.status for control in await desk.sample_quality(sample.id)} >= {"succeeded"}
    assert "succeeded" in [step.status for step in await desk.sample_history(sample.id)]
    assert await desk.set_sample_metadata(sample.id, {"plate": ["A", 1]}) == {"plate": ["A", 1]}
    assert await desk.sample_metadata(sample.id) == {"plate": ["A", 1]}
    types = await desk.qc_types(project.id)
    counts = [(await desk.qc_histogram(project.id, kind.key, 200)).counts for kind in types]
    assert any(sum(one) for one in counts)


async def test_samples_are_hidden_and_shown_again(desk, dialect):
    project = await named(desk, "Trio")
    sample = (await desk.samples(project.id)).page.items[0]
    if dialect == Dialect.V1:
        with pytest.raises(Unsupported):
            await desk.act_on_samples(SampleAct.HIDE, project.id, [sample])
        return
    await desk.act_on_samples(SampleAct.HIDE, project.id, [sample])
    shown = await desk.samples(project.id, SampleQuery(hidden_status="visible"))
    assert sample.id not in [row.id for row in shown.page.items]
    await desk.act_on_samples(SampleAct.UNHIDE, project.id, [sample])
    shown = await desk.samples(project.id, SampleQuery(hidden_status="visible"))
    assert sample.id in [row.id for row in shown.page.items]


async def test_projects_are_made_renamed_hidden_and_deleted(desk, ledger, dialect):
    capability = ""
    if dialect == Dialect.V2:
        capability = next(iter(await desk.pipeline_capabilities()))
    made = await desk.create_project("Barley", "pilot", capability)
    await desk.edit_project(made.id, "Barley 2", "second pilot")
    assert (await desk.project(made.id)).name == "Barley 2"
    if dialect == Dialect.V1:
        with pytest.raises(Unsupported):
            await desk.act_on_projects(ProjectAct.HIDE, [made.id])
        return
    await desk.act_on_projects(ProjectAct.HIDE, [made.id])
    hidden = await desk.projects(ProjectQuery(hidden_status="hidden"))
    assert made.id in [project.id for project in hidden.page.items]
    await desk.act_on_projects(ProjectAct.UNHIDE, [made.id])
    await desk.act_on_projects(ProjectAct.DELETE, [made.id])
    every = await desk.projects(ProjectQuery(hidden_status="all"))
    assert made.id not in [project.id for project in every.page.items]
    (audited,) = ledger.audit.newest(10)  # hiding leaves no trace
    assert (audited.act, audited.outcome, audited.project_id) == ("delete", "done", made.id)
    assert "Barley 2" in audited.detail


async def test_pairs_are_assigned_and_audited_once_however_often_it_is_asked(desk, ledger, dialect):
    project = await named(desk, "New study")
    if dialect == Dialect.V1:
        with pytest.raises(Unsupported):
            await desk.sheet_rows(GncvPath("gncv://"))
        return
    rows = (await free_pairs(desk))[:2]
    assert await desk.assign(project.id, rows) == 2
    assert await desk.assign(project.id, rows) == 2
    samples = await desk.every_sample(project.id, SampleQuery(), most=100)
    assert sorted(sample.client_id for sample in samples) == sorted(row.client_id for row in rows)
    audited = ledger.audit.newest(10, act="assign")
    assert sorted(entry.sample_id for entry in audited) == sorted(sample.id for sample in samples)
    assert {entry.remote.split(", ")[0] for entry in audited} == {row.r1.path for row in rows}


async def test_what_becomes_of_samples_by_hand_is_audited(desk, ledger, dialect):
    if dialect == Dialect.V1:
        pytest.skip("v1 changes no samples")
    project, other = await named(desk, "Trio"), await named(desk, "New study")
    samples = await desk.every_sample(project.id, SampleQuery(), most=100)
    finished = next(sample for sample in samples if sample.status == "succeeded")
    await desk.take_over(other.id, [finished], copy=False)
    running = next(sample for sample in samples if sample.status == "running")
    await desk.act_on_samples(SampleAct.CANCEL, project.id, [running])
    await desk.act_on_samples(SampleAct.HIDE, project.id, [finished])
    await desk.act_on_samples(SampleAct.DELETE, project.id, [finished])
    audited = [(entry.act, entry.project_id, entry.sample_id) for entry in ledger.audit.entries()]
    assert audited == [
        ("import", other.id, finished.id),
        ("cancel", project.id, running.id),
        ("delete", project.id, finished.id),
    ]


async def test_a_deletion_without_an_answer_is_audited_as_unclear(desk, ledger, dialect, sandbox):
    if dialect == Dialect.V1:
        pytest.skip("v1 changes no samples")
    project = await named(desk, "Trio")
    sample = (await desk.samples(project.id)).page.items[0]
    sandbox.faults.set("lost:delete-samples")
    with pytest.raises(ApiProblem):
        await desk.act_on_samples(SampleAct.DELETE, project.id, [sample])
    sandbox.faults.clear()
    (audited,) = ledger.audit.newest(10)
    assert (audited.act, audited.outcome, audited.sample_id) == ("delete", "unclear", sample.id)


async def test_a_deletion_that_nobody_waits_for_is_audited_as_unclear(desk, ledger, dialect, monkeypatch):
    if dialect == Dialect.V1:
        pytest.skip("v1 changes no samples")
    sent = asyncio.Event()

    async def delete(*_):
        sent.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(SampleActions, "delete", delete)
    deed = asyncio.create_task(desk.act_on_samples(SampleAct.DELETE, "p", [Sample(id="s", client_id="S 1")]))
    await sent.wait()
    deed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deed
    (audited,) = ledger.audit.newest(10)
    assert (audited.act, audited.outcome, audited.sample_id) == ("delete", "unclear", "s")
    assert audited.client_id == "S 1"


async def test_a_deletion_that_is_refused_is_not_audited(desk, ledger, dialect, sandbox):
    if dialect == Dialect.V1:
        pytest.skip("v1 changes no samples")
    project = await named(desk, "Trio")
    sample = (await desk.samples(project.id)).page.items[0]
    sandbox.faults.set("403:delete-samples")
    with pytest.raises(ApiProblem):
        await desk.act_on_samples(SampleAct.DELETE, project.id, [sample])
    assert ledger.audit.newest(10) == []


async def test_what_was_done_before_a_deed_failed_is_audited(desk, ledger, dialect, monkeypatch):
    if dialect == Dialect.V1:
        pytest.skip("v1 changes no samples")

    async def cancel(*_):
        raise PartlyDone(ApiProblem(Kind.SERVER, "It has a problem", perhaps_done=True), ["a", "b"])

    monkeypatch.setattr(SampleActions, "cancel", cancel)
    with pytest.raises(PartlyDone):
        await desk.act_on_samples(SampleAct.CANCEL, "p", [Sample(id=i) for i in "abc"])
    audited = [(entry.act, entry.outcome, entry.sample_id) for entry in ledger.audit.entries()]
    assert audited == [("cancel", "done", "a"), ("cancel", "done", "b"), ("cancel", "unclear", "c")]


async def test_an_assignment_without_an_answer_is_audited_as_unclear(desk, ledger, dialect, monkeypatch):
    if dialect == Dialect.V1:
        pytest.skip("v1 assigns nothing")
    rows = (await free_pairs(desk))[:2]
    made = Assigned(sample_id="s1", client_id=rows[0].client_id, upload_ids=rows[0].upload_ids)

    async def assign(*_, **__):
        raise AssignmentUnclear("nobody answers", [made], 1)

    monkeypatch.setattr(SampleSheet, "assign", assign)
    with pytest.raises(AssignmentUnclear):
        await desk.assign("p", rows)
    audited = [(entry.outcome, entry.client_id, entry.sample_id) for entry in ledger.audit.entries()]
    assert audited == [("done", rows[0].client_id, "s1"), ("unclear", rows[1].client_id, "")]


async def test_uploads_are_deleted_and_audited_unless_a_sample_uses_them(desk, ledger, dialect):
    area = await desk.every_upload(most=1000)
    free = next(upload for upload in area if not upload.sample_id)
    assert await desk.delete_uploads([free]) == 1
    assert free.path not in [upload.path for upload in await desk.every_upload(most=1000)]
    assert [entry.remote for entry in ledger.audit.newest(10, act="delete")] == [free.path]
    taken = Upload(path=GncvPath("gncv://a/b.fastq.gz"), id="x", sample_id="s")
    with pytest.raises(ApiProblem, match="never deleted") as caught:
        await desk.delete_uploads([taken])
    assert caught.value.kind is Kind.CONFLICT


async def test_uploads_that_were_deleted_before_the_store_refused_are_audited(desk, ledger, dialect, sandbox):
    if dialect == Dialect.V2:
        pytest.skip("v2 deletes all at once")
    area = (await desk.every_upload(most=1000))[:3]
    sandbox.faults.set("s3-denied@99+1")
    with pytest.raises(PartlyDone):
        await desk.delete_uploads(area)
    sandbox.faults.clear()
    left = {upload.path for upload in await desk.every_upload(most=1000)}
    assert [upload.path in left for upload in area] == [False, True, True]
    assert [entry.remote for entry in ledger.audit.entries()] == [area[0].path]


async def test_a_plan_is_compared_with_what_is_there(desk, dialect):
    there = next(upload for upload in await desk.every_upload(most=1000) if upload.size)
    plan = [
        PlannedUpload(local=Path("/a"), target=there.path, size=there.size),
        PlannedUpload(local=Path("/b"), target=GncvPath(f"{there.path.folder}new_R1.fastq.gz"), size=5),
        PlannedUpload(local=Path("/c"), target=there.path, size=there.size + 1),
        PlannedUpload(local=Path("/d"), target=None, size=1, obstacle="not a FASTQ"),
    ]
    compared = await desk.compare_uploads(plan)
    assert [one.fate for one in compared][:3] == [
        Fate.ASSIGNED if there.sample_id else Fate.SAME,
        Fate.NEW,
        Fate.CHANGED,
    ]
    assert [one.goes for one in compared] == [True, True, False, False]


def test_fates():
    planned = PlannedUpload(local=Path("/a"), target=GncvPath("gncv://a.fastq.gz"), size=5)

    def there(**fields):
        return Upload(path=GncvPath("gncv://a.fastq.gz"), **fields)

    assert fate(planned, None) is Fate.NEW
    assert fate(planned, there(status="failed")) is Fate.NEW
    assert fate(planned, there(status="started")) is Fate.UNFINISHED
    assert fate(planned, there(status="succeeded")) is Fate.UNKNOWN
    assert fate(planned, there(status="", size=5)) is Fate.SAME


def test_common_folders():
    paths = [GncvPath("gncv://a/b/1.fastq.gz"), GncvPath("gncv://a/c/2.fastq.gz")]
    assert common_folder(paths) == "gncv://a/"
    assert common_folder([*paths, GncvPath("gncv://x.fastq.gz")]) == "gncv://"
