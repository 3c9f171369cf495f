"""Assigning: once each, own uploads only, and never blindly again."""

import pytest

from gencove_tui.api.errors import ApiProblem
from gencove_tui.engine.loop import assign
from gencove_tui.engine.loop.assign import Assigner
from gencove_tui.model import GncvPath, LoopState
from tests.loop.conftest import PLACE, arrived, samples_of, sandbox_project, uploaded


@pytest.fixture
def dialect():
    return "v2"


@pytest.fixture
def assigner(work, rule, wants, project):
    return Assigner(work, rule, wants(project_id=project, metadata={"site": "Oslo"}))


def posts(sandbox):
    return sandbox.requests.count("POST", "/project-samples/")


async def test_both_mates_become_one_sample_with_metadata_whatever_else_lies_there(
    assigner, sandbox, ledger, rule, project
):
    ours = uploaded(sandbox, ledger, rule, "OURS")
    for name in ("SOMEBODY_R1.fastq.gz", "SOMEBODY_R2.fastq.gz", "LONE_R1.fastq.gz", "sub/OURS_R1.fastq.gz"):
        arrived(sandbox, PLACE + name, "R1")
    await assigner.step()
    (made,) = samples_of(sandbox, "OURS")
    sample = ledger.loop.get(ours)
    assert (sample.state, sample.sample_id, sample.project_id) == (LoopState.ANALYSING, made.id, project)
    assert made.metadata == {"site": "Oslo"}
    assert set(made.uploads.values()) == {read.upload_id for read in sample.reads()}
    assert not samples_of(sandbox, "SOMEBODY")
    assert not samples_of(sandbox, "LONE")
    lines = [entry for entry in ledger.audit.entries() if entry.act == "assign"]
    assert [(e.remote, e.sample_id, e.bytes) for e in lines] == [
        (read.name, made.id, 1000) for read in sample.reads()
    ]


async def test_a_second_look_sends_nothing(assigner, sandbox, ledger, rule):
    uploaded(sandbox, ledger, rule, "A")
    await assigner.step()
    await assigner.step()
    assert posts(sandbox) == 1


async def test_nothing_to_assign_sends_nothing_at_all(assigner, sandbox):
    sandbox.requests.clear()
    await assigner.step()
    assert list(sandbox.requests) == []


async def test_many_samples_go_in_batches_of_two_hundred_by_folder(assigner, sandbox, ledger, rule):
    with ledger.write():
        for number in range(230):
            uploaded(sandbox, ledger, rule, f"A{number}")
        for number in range(3):
            uploaded(sandbox, ledger, rule, f"B{number}", folder=GncvPath("gncv://lab/other/"))
    await assigner.step()
    assert posts(sandbox) == 3
    assert ledger.loop.counts(rule) == {LoopState.ANALYSING: 233}


async def test_what_is_assigned_already_is_taken_over_and_not_assigned_again(assigner, sandbox, ledger, rule):
    ours = uploaded(sandbox, ledger, rule, "A")
    (made,) = sandbox.assign("Trio validation", PLACE)
    await assigner.step()
    assert posts(sandbox) == 0
    assert ledger.loop.get(ours).sample_id == made.id


async def test_an_answer_that_was_lost_makes_no_second_sample(assigner, sandbox, ledger, rule):
    ours = uploaded(sandbox, ledger, rule, "A")
    sandbox.faults.set("lost@1:/project-samples/")
    await assigner.step()
    assert len(samples_of(sandbox, "A")) == 1
    assert ledger.loop.get(ours).state is LoopState.ANALYSING


async def test_an_intent_without_an_outcome_is_asked_about_first(assigner, sandbox, ledger, rule):
    sent = uploaded(sandbox, ledger, rule, "SENT", state=LoopState.ASSIGNING)
    sandbox.assign("Trio validation", PLACE)
    unsent = uploaded(sandbox, ledger, rule, "UNSENT", state=LoopState.ASSIGNING)
    await assigner.step()
    assert len(samples_of(sandbox, "SENT")) == 1
    assert len(samples_of(sandbox, "UNSENT")) == 1
    assert {ledger.loop.get(n).state for n in (sent, unsent)} == {LoopState.ANALYSING}
    assert posts(sandbox) == 1


async def test_after_a_crash_the_server_gets_time_to_finish(assigner, sandbox, ledger, rule, monkeypatch):
    uploaded(sandbox, ledger, rule, "A", state=LoopState.ASSIGNING)
    assigner.settle_intents()
    assert assigner.due() == []
    monkeypatch.setattr(assign, "INTENT_SECONDS", 0.0)
    assigner.settle_intents()
    assert len(assigner.due()) == 1


async def test_uploads_that_the_sheet_does_not_list_wait(assigner, sandbox, ledger, rule):
    ours = uploaded(sandbox, ledger, rule, "A")
    with sandbox.state.lock:
        upload = sandbox.account.uploads.at(PLACE + "A_R2.fastq.gz")
        upload.last_status = sandbox.state.status("started")
    await assigner.step()
    assert posts(sandbox) == 0
    sample = ledger.loop.get(ours)
    assert sample.state is LoopState.READY
    assert "sample sheet" in sample.reason
    assert sample.retry_at is not None


async def test_a_project_that_refuses_is_the_rules_trouble_and_costs_nothing(assigner, sandbox, ledger, rule):
    numbers = [uploaded(sandbox, ledger, rule, f"A{i}") for i in range(3)]
    trio = sandbox_project(sandbox)
    capability, trio.capability_id = trio.capability_id, None
    with pytest.raises(ApiProblem, match="refused"):
        await assigner.step()
    assert {ledger.loop.get(n).state for n in numbers} == {LoopState.READY}
    trio.capability_id = capability
    await assigner.step()
    assert {ledger.loop.get(n).state for n in numbers} == {LoopState.ANALYSING}
    assert all(len(samples_of(sandbox, f"A{i}")) == 1 for i in range(3))


async def test_a_project_that_is_gone_is_the_rules_trouble(work, sandbox, ledger, rule, wants):
    uploaded(sandbox, ledger, rule, "A")
    with pytest.raises(ApiProblem):
        await Assigner(work, rule, wants(project_id="6a1cf4d7-0000-4000-8000-000000000000")).step()
    assert ledger.loop.counts(rule) == {LoopState.READY: 1}


@pytest.mark.parametrize("bad", [0, 1, 3])
async def test_one_sample_that_is_refused_does_not_stop_the_others(
    assigner, sandbox, ledger, rule, monkeypatch, bad
):
    numbers = [uploaded(sandbox, ledger, rule, f"A{i}") for i in range(5)]
    sheet = assigner._work.api.sheet

    async def everything_is_free(rows):
        return (), tuple(rows)

    monkeypatch.setattr(sheet, "assigned", everything_is_free)
    with sandbox.state.lock:
        sandbox.account.uploads.at(f"{PLACE}A{bad}_R1.fastq.gz").deleted = True
    await assigner.step()
    states = [ledger.loop.get(n).state for n in numbers]
    assert states.pop(bad) is LoopState.HELD
    assert set(states) == {LoopState.ANALYSING}
    assert "does not exist" in ledger.loop.get(numbers[bad]).reason
    assert [event.kind for event in ledger.events.newest(20)].count("sample.held") == 1
    assert [len(samples_of(sandbox, f"A{i}")) for i in range(5)] == [i != bad for i in range(5)]


async def test_a_single_end_sample_is_assigned_with_its_one_file(assigner, sandbox, ledger, rule):
    ours = uploaded(sandbox, ledger, rule, "A", reads=("R1",))
    await assigner.step()
    (made,) = samples_of(sandbox, "A")
    assert list(made.uploads) == ["r1"]
    assert ledger.loop.get(ours).sample_id == made.id
