"""Assigning costs money: it is sent once, and repeated only when the sample sheet says that it had no
effect."""

import pytest

from gencove_tui.api.errors import ApiProblem, Kind, PartlyDone
from gencove_tui.api.v2 import sheet as module
from gencove_tui.api.v2.client import GencoveV2
from gencove_tui.api.v2.sheet import AssignmentUnclear, SheetRead, SheetRow
from gencove_tui.model import GncvPath

from .conftest import project_id
from .scripted import Answer, answer

RUN = GncvPath("gncv://run-2026-11/")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(module.SampleSheet, "ask_after", (0.0, 0.0))


def posts(sandbox):
    return [r for r in sandbox.requests if r.method == "POST" and "/project-samples/" in r.path]


async def test_the_sheet_pairs_what_was_uploaded(v2):
    rows = {row.client_id: row for row in await v2.sheet.every(RUN)}
    assert set(rows) == {"CC-0025", "CC-0026", "CC-0027", "lone"}
    assert rows["CC-0025"].r1.path.endswith("_R1_001.fastq.gz")
    assert rows["CC-0025"].r2.path.endswith("_R2_001.fastq.gz")
    assert rows["CC-0025"].r1.status == "succeeded"
    assert len(rows["CC-0025"].upload_ids) == 2
    assert rows["lone"].r2 is None
    assert {row.client_id for row in await v2.sheet.every(status="assigned")} == {"NA12878"}
    page = await v2.sheet.rows(RUN, sort_by="modified", descending=False, offset=1, limit=2)
    assert (len(page.items), page.total, page.more) == (2, 4, True)


async def test_it_makes_samples_once(v2, sandbox):
    study = await project_id(v2, "New study")
    rows = await v2.sheet.every(RUN, status="unassigned")
    made = await v2.sheet.assign(study, rows, metadata={"run": 7})
    assert {one.client_id for one in made} == {row.client_id for row in rows}
    assert {one.upload_ids for one in made} == {row.upload_ids for row in rows}
    assert {s.id for s in (await v2.samples(study)).items} == {one.sample_id for one in made}
    assert await v2.sample_facts.metadata(made[0].sample_id) == {"run": 7}
    assert len(posts(sandbox)) == 1
    assert await v2.sheet.every(RUN, status="unassigned") == ()


async def test_it_goes_in_portions_and_never_an_empty_one(v2, sandbox, monkeypatch):
    monkeypatch.setattr(module, "ASSIGNED_AT_ONCE", 2)
    rows = await v2.sheet.every(RUN, status="unassigned")
    assert len(await v2.sheet.assign(await project_id(v2, "New study"), rows)) == 4
    assert len(posts(sandbox)) == 2


@pytest.mark.parametrize("fault", ["lost@1:/project-samples/", "broken-json@1:/project-samples/"])
async def test_a_lost_reply_is_not_answered_with_a_repeat(v2, sandbox, fault):
    study = await project_id(v2, "New study")
    rows = await v2.sheet.every(RUN, status="unassigned")
    sandbox.faults.set(fault)
    made = await v2.sheet.assign(study, rows)
    assert {one.client_id for one in made} == {row.client_id for row in rows}
    assert {one.sample_id for one in made} == {s.id for s in (await v2.samples(study)).items}
    assert (await v2.samples(study)).total == 4
    assert len(posts(sandbox)) == 1


@pytest.mark.parametrize("fault", ["drop", "500", "502", "empty", "429"])
async def test_what_had_no_effect_is_repeated(v2, sandbox, fault):
    study = await project_id(v2, "New study")
    rows = await v2.sheet.every(RUN, status="unassigned")
    sandbox.faults.set("retry-after=0", f"{fault}@1:/project-samples/")
    assert len(await v2.sheet.assign(study, rows)) == 4
    assert (await v2.samples(study)).total == 4
    assert len(posts(sandbox)) == 2


async def test_a_second_run_takes_what_the_first_did(v2, sandbox):
    study = await project_id(v2, "New study")
    rows = await v2.sheet.every(RUN, status="unassigned")
    first = await v2.sheet.assign(study, rows[:2])
    both = await v2.sheet.assign(study, rows, ask_first=True)
    assert len(both) == 4
    assert {one.sample_id for one in first} <= {one.sample_id for one in both}
    assert (await v2.samples(study)).total == 4
    assert await v2.sheet.assign(study, rows, ask_first=True)
    assert len(posts(sandbox)) == 2


async def test_a_refusal_is_final_and_tells_what_was_done_before(v2, sandbox, monkeypatch):
    monkeypatch.setattr(module, "ASSIGNED_AT_ONCE", 2)
    study = await project_id(v2, "New study")
    rows = await v2.sheet.every(RUN, status="unassigned")
    strange = SheetRow(client_id="x", r1=SheetRead(upload_id="11111111-1111-1111-1111-111111111111"))
    with pytest.raises(PartlyDone) as caught:
        await v2.sheet.assign(study, [*rows[:2], strange])
    assert caught.value.kind is Kind.INVALID
    assert set(caught.value.done) == {s.id for s in (await v2.samples(study)).items}
    assert len(caught.value.done) == 2
    with pytest.raises(ApiProblem) as alone:
        await v2.sheet.assign(study, [strange])
    assert not isinstance(alone.value, PartlyDone)


async def test_a_file_that_is_nowhere_on_the_sheet_is_not_sent_again(server):
    """The server took the request, says nothing, and lists the files neither as assigned nor as free."""

    def decide(asked):
        if asked.method == "POST":
            return Answer(drop=True)
        return answer(200, {"meta": {"count": 0}, "results": []})

    server.decide = decide
    api = GencoveV2(server.url, "key")
    row = SheetRow(client_id="a", r1=SheetRead(upload_id="u1", path="gncv://run/a_R1.fastq.gz"))
    with pytest.raises(AssignmentUnclear) as caught:
        await api.sheet.assign("p", [row])
    assert caught.value.done == ()
    assert caught.value.perhaps_done
    assert "before you assign them again" in caught.value.remedy
    assert [asked.method for asked in server.asked].count("POST") == 1
    with pytest.raises(AssignmentUnclear):
        await api.sheet.assign("p", [row], ask_first=True)
    assert [asked.method for asked in server.asked].count("POST") == 1
    await api.aclose()


async def test_it_gives_up_after_a_few_tries(v2, sandbox):
    study = await project_id(v2, "New study")
    rows = await v2.sheet.every(RUN, status="unassigned")
    sandbox.faults.set("drop:/project-samples/")
    with pytest.raises(ApiProblem) as caught:
        await v2.sheet.assign(study, rows)
    assert caught.value.kind is Kind.UNREACHABLE
    sandbox.faults.clear()
    assert (await v2.samples(study)).total == 0


async def test_only_the_folder_of_the_files_is_asked_about(server):
    server.script = [answer(200, {"meta": {"count": 0}, "results": []})]
    api = GencoveV2(server.url, "key")
    rows = [
        SheetRow(client_id="a", r1=SheetRead(upload_id="1", path="gncv://run/x/a_R1.fastq.gz")),
        SheetRow(client_id="b", r1=SheetRead(upload_id="2", path="gncv://run/y/b_R1.fastq.gz")),
    ]
    assert await api.sheet.assigned(rows) == ((), ())
    assert all("search=gncv%3A%2F%2Frun%2F&" in asked.target for asked in server.asked)
    await api.sheet.assigned([*rows, SheetRow(client_id="c", r1=SheetRead(upload_id="3"))])
    assert "search=gncv%3A%2F%2F&" in server.asked[-1].target
    await api.aclose()
