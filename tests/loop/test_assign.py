"""Assigning: once each, own uploads only, and never blindly again."""

import asyncio
import time

import pytest
from msgspec import structs

from gencove_tui.api.errors import ApiProblem
from gencove_tui.engine.loop import assign
from gencove_tui.engine.loop.assign import Assigner
from gencove_tui.engine.loop.collect import release
from gencove_tui.engine.loop.words import status_document
from gencove_tui.model import GncvPath, LoopState, TransferState, WatchedFile
from gencove_tui.store.rules import terms_of
from tests.loop.conftest import PLACE, arrived, put_rule, samples_of, sandbox_project, uploaded


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


async def test_uploads_that_were_deleted_in_gencove_are_told_once_and_need_attention(
    assigner, sandbox, ledger, rule
):
    ours = uploaded(sandbox, ledger, rule, "A")
    with sandbox.state.lock:
        upload = sandbox.account.uploads.at(PLACE + "A_R2.fastq.gz")
        upload.last_status = sandbox.state.status("started")
    for _ in range(6):
        await assigner.step()
        with ledger.write() as connection:  # its time has come
            connection.execute("UPDATE loop_samples SET retry_at=0 WHERE id=?", (ours,))
    told = [event for event in ledger.events.newest(100) if event.kind == "sample.unlisted"]
    assert len(told) == 1
    assert told[0].severity == "warning"
    assert "deleted" in told[0].message
    assert status_document(ledger, ledger.rules.get(rule))["state"] == "attention"


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


async def test_two_rules_that_take_the_same_files_assign_them_once(
    assigner, work, wants, sandbox, ledger, rule, project, tmp_path
):
    other = put_rule(ledger, tmp_path / "run", "gncv://lab/other/")
    ours = uploaded(sandbox, ledger, rule, "A")
    theirs = ledger.loop.create(other, PLACE, "A", 1, LoopState.READY)
    for read in ledger.loop.get(ours).reads():
        ledger.loop.put_file(theirs, read)
    second = Assigner(work, other, wants(project_id=project))
    sandbox.faults.set("latency=0.2")
    await asyncio.gather(assigner.step(), second.step())
    sandbox.faults.clear()
    (made,) = samples_of(sandbox, "A")
    # Either may be quicker; the other leaves it alone and takes the outcome over later.
    later = theirs if ledger.loop.get(ours).sample_id else ours
    assert {ledger.loop.get(n).sample_id for n in (ours, theirs)} == {made.id, ""}
    assert ledger.loop.get(later).state is LoopState.READY
    assert "another rule" in ledger.loop.get(later).reason
    ledger.loop.move([later], LoopState.READY)
    await (second if later == theirs else assigner).step()
    assert ledger.loop.get(later).sample_id == made.id
    assert posts(sandbox) == 1


def on_disk(ledger, rule, number, path, read, key="", *, mtime_ns=1):
    """The watcher's memory of a file of a sample, and the upload that belongs to it."""
    (file,) = [file for file in ledger.loop.get(number).reads() if file.read == read]
    transfer = ledger.transfers.add_upload(path, file.name, 1000, rule_id=rule)
    ledger.transfers.set_state(transfer, TransferState.DONE)
    ledger.loop.put_file(number, structs.replace(file, transfer_id=transfer, local_path=path))
    ledger.rules.put_file(
        WatchedFile(
            rule_id=rule, path=path, size=1000, mtime_ns=mtime_ns, inode=1, state="queued",
            transfer_id=transfer, sample=key, read=read,
        )
    )  # fmt: skip


async def test_nested_rules_assign_the_files_of_both_once(
    assigner, work, wants, sandbox, ledger, rule, project, tmp_path
):
    inner = GncvPath("gncv://lab/inner/")
    other = put_rule(ledger, tmp_path / "run" / "sub", inner, project=project)
    ours = uploaded(sandbox, ledger, rule, "A")
    theirs = uploaded(sandbox, ledger, other, "A", folder=inner)
    for read in ("R1", "R2"):
        for owner, number in ((rule, ours), (other, theirs)):
            on_disk(ledger, owner, number, f"{tmp_path}/run/sub/A_{read}.fastq.gz", read)
    await assigner.step()
    second = Assigner(work, other, wants(project_id=project))
    await second.step()
    (made,) = samples_of(sandbox, "A")
    assert {ledger.loop.get(n).sample_id for n in (ours, theirs)} == {made.id}
    assert posts(sandbox) == 1


@pytest.mark.parametrize("what", ["another version", "another project"])
async def test_other_rules_hinder_only_what_is_the_same(
    assigner, work, wants, sandbox, ledger, rule, project, tmp_path, what
):
    inner = GncvPath("gncv://lab/inner/")
    elsewhere = sandbox_project(sandbox, "Cardio cohort 2026").id if what == "another project" else project
    other = put_rule(ledger, tmp_path / "run" / "sub", inner, project=elsewhere)
    ours = uploaded(sandbox, ledger, rule, "A")
    theirs = uploaded(sandbox, ledger, other, "A", folder=inner)
    for read in ("R1", "R2"):
        path = f"{tmp_path}/run/sub/A_{read}.fastq.gz"
        on_disk(ledger, rule, ours, path, read)
        on_disk(ledger, other, theirs, path, read, mtime_ns=2 if what == "another version" else 1)
    await assigner.step()
    await Assigner(work, other, wants(project_id=elsewhere)).step()
    assert len(samples_of(sandbox, "A")) == 2


async def test_an_id_that_another_sample_of_the_project_has_is_held_with_a_proposal(
    assigner, sandbox, ledger, rule, project
):
    first = uploaded(sandbox, ledger, rule, "P1")
    second = uploaded(sandbox, ledger, rule, "P1", folder=GncvPath("gncv://lab/run2/"))
    again = uploaded(sandbox, ledger, rule, "P1", folder=GncvPath("gncv://lab/run3/"))
    for number, name in ((first, "P1_A01"), (second, "P1_A02"), (again, "P1_A01")):
        for read in ("R1", "R2"):
            on_disk(ledger, rule, number, f"/run{number}/{name}_{read}.fastq.gz", read)
    await assigner.step()
    sample = ledger.loop.get(second)
    assert sample.state is LoopState.HELD
    assert "P1_A02 would be called P1 in the project, as P1_A01 is already" in sample.reason
    assert "hyphens = true" in sample.remedy
    assert "P1-A02" in sample.remedy
    # The same sample once more is no other one.
    assert {ledger.loop.get(n).state for n in (first, again)} == {LoopState.ANALYSING}
    ledger.rules.put_terms(structs.replace(terms_of(ledger.rules.get(rule)), project=project))
    assert release(ledger, second)
    await assigner.step()
    assert ledger.loop.get(second).state is LoopState.ANALYSING
    assert len(samples_of(sandbox, "P1")) == 3


async def test_an_id_with_hyphens_and_the_same_one_of_a_map_are_one_sample(assigner, sandbox, ledger, rule):
    first = uploaded(sandbox, ledger, rule, "P1-A01")
    second = uploaded(sandbox, ledger, rule, "P1-A01", folder=GncvPath("gncv://lab/run2/"))
    for read in ("R1", "R2"):
        on_disk(ledger, rule, first, f"/run/P1_A01_{read}.fastq.gz", read, "/run/\nP1_A01")
        on_disk(ledger, rule, second, f"/run/x{read}.fastq.gz", read, "/run/\n\nP1-A01")
    await assigner.step()
    assert {ledger.loop.get(n).state for n in (first, second)} == {LoopState.ANALYSING}


async def test_a_wait_that_a_wrong_clock_wrote_is_over(assigner, sandbox, ledger, rule):
    ours = uploaded(sandbox, ledger, rule, "A")
    ledger.loop.move([ours], LoopState.READY, retry_at=time.time() + 60)
    assert assigner.due() == []
    ledger.loop.move([ours], LoopState.READY, retry_at=time.time() + 3 * 365 * 86400)
    assert [sample.id for sample in assigner.due()] == [ours]


@pytest.mark.parametrize("sent", [True, False])
async def test_an_intent_of_a_rule_that_lost_its_project_is_asked_about_and_not_sent(
    work, wants, sandbox, ledger, rule, sent
):
    ours = uploaded(sandbox, ledger, rule, "A", state=LoopState.ASSIGNING)
    if sent:
        sandbox.assign("Trio validation", PLACE)
    await Assigner(work, rule, wants()).step()
    sample = ledger.loop.get(ours)
    assert sample.state is (LoopState.ANALYSING if sent else LoopState.UPLOADED)
    assert len(samples_of(sandbox, "A")) == sent
    assert not sent or sample.project_id == sandbox_project(sandbox).id
