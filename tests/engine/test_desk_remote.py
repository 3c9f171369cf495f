"""What a desk asks of Gencove beyond lists, on the sandbox in both dialects."""

import csv
import io
from pathlib import Path

import pytest

from gencove_tui.api.errors import ApiProblem, Kind, Unsupported
from gencove_tui.api.v1_wire import RAW_DATA_COLUMNS
from gencove_tui.cli.link import linker
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.desk_remote import common_folder, fate
from gencove_tui.engine.raw_data import Format, as_text
from gencove_tui.engine.views import PlannedUpload
from gencove_tui.engine.views_remote import Fate, ProjectAct, SampleAct
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect, GncvPath, ProjectQuery, SampleQuery, Upload


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
        assert '"vcf_url_s3": "http' in text


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
            await desk.act_on_samples(SampleAct.HIDE, project.id, [sample.id])
        return
    await desk.act_on_samples(SampleAct.HIDE, project.id, [sample.id])
    shown = await desk.samples(project.id, SampleQuery(hidden_status="visible"))
    assert sample.id not in [row.id for row in shown.page.items]
    await desk.act_on_samples(SampleAct.UNHIDE, project.id, [sample.id])
    shown = await desk.samples(project.id, SampleQuery(hidden_status="visible"))
    assert sample.id in [row.id for row in shown.page.items]


async def test_projects_are_made_renamed_hidden_and_deleted(desk, dialect):
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
