"""After the assignment: followed until it ends, reported when it is bad, delivered when it is wanted."""

import time

import pytest

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.loop.deliver import Deliverer
from gencove_tui.engine.loop.follow import Follower
from gencove_tui.engine.loop.record import record_end
from gencove_tui.errors import InputProblem
from gencove_tui.model import Direction, LoopState, TransferState, Wish
from tests.loop.conftest import sandbox_project, uploaded
from tests.waiting import until


@pytest.fixture
def dialect():
    return "v2"


@pytest.fixture
def analysing(sandbox, ledger, rule, project):
    """A sample of the rule that Gencove analyses or has analysed: (number, Gencove's record)."""

    def make(client_id, status="in progress", **fields):
        number = uploaded(sandbox, ledger, rule, client_id)
        with sandbox.state.lock:
            theirs = sandbox.state.start_sample(sandbox_project(sandbox), client_id)
            sandbox.state.set_status(theirs, status)
            for name, value in fields.items():
                setattr(theirs, name, value)
        ledger.loop.assigned(number, theirs.id, project)
        return number, theirs

    return make


@pytest.fixture
def parts(work, rule, wants, project):
    """Follower and deliverer of a rule that wants something."""

    def make(**fields):
        wanted = wants(**{"project_id": project, "deliverables": ("impute-vcf", "*tbi"), **fields})
        return Follower(work, rule, wanted), Deliverer(work, rule, wanted)

    return make


def finish_downloads(ledger, state=TransferState.DONE, problem=""):
    """What the scheduler does when downloads end."""
    for transfer in ledger.transfers.listing(100):
        if transfer.direction is Direction.DOWNLOAD and not transfer.state.is_final:
            with ledger.write():
                ledger.transfers.note(transfer.id, verified=True, checksum="ab" * 32)
                ledger.transfers.set_state(transfer.id, state)
                record_end(ledger, ledger.transfers.get(transfer.id), state, problem)


def kinds(ledger):
    return [event.kind for event in reversed(ledger.events.newest(100))]


async def test_what_is_wanted_of_a_finished_sample_is_queued_once_and_then_delivered(
    parts, analysing, ledger, rule, tmp_path
):
    number, theirs = analysing("A", "succeeded")
    follower, deliverer = parts(template="{client_id}/{file_type}.{file_extension}")
    assert await follower.step()
    assert await deliverer.step()
    assert not await deliverer.step()
    queued = ledger.transfers.listing(100)
    assert sorted(t.local_path for t in queued) == [
        str(tmp_path / "results" / "A" / name) for name in ("impute-tbi.vcf.gz.tbi", "impute-vcf.vcf.gz")
    ]
    assert {t.rule_id for t in queued} == {rule}
    assert ledger.loop.get(number).state is LoopState.DELIVERING
    finish_downloads(ledger)
    assert ledger.loop.get(number).state is LoopState.DELIVERED
    assert kinds(ledger)[-1] == "sample.delivered"
    told = ledger.events.newest(1)[0].message
    assert told == "A: delivered: 2 results in place, all checksums verified"
    lines = [e for e in ledger.audit.entries() if e.act == "download"]
    assert {(e.sample_id, e.verified, e.checksum) for e in lines} == {
        (theirs.id, True, "sha256:" + "ab" * 32)
    }


async def test_a_running_sample_waits_and_its_status_is_known(parts, analysing, ledger):
    number, _ = analysing("A", "in progress")
    follower, deliverer = parts()
    assert not await follower.step()
    assert ledger.loop.get(number).status == "in progress"
    assert not await deliverer.step()


async def test_changes_cost_the_same_however_many_samples_are_followed(parts, analysing, sandbox, ledger):
    made = [analysing(f"A{i}", "in progress") for i in range(5)]
    follower, _ = parts()
    await follower.step()
    with sandbox.state.lock:
        sandbox.state.set_status(made[0][1], "succeeded")
    sandbox.requests.clear()
    assert await follower.step() == 1
    assert len(list(sandbox.requests)) <= 2


async def test_a_follower_that_starts_later_misses_nothing(parts, analysing, sandbox, ledger):
    number, theirs = analysing("A", "in progress")
    first, _ = parts()
    await first.begin()
    await first.step()
    with sandbox.state.lock:
        sandbox.state.set_status(theirs, "succeeded")
    second, _ = parts()  # after a crash
    assert await second.step() == 1
    assert ledger.loop.get(number).state is LoopState.RESULTS


@pytest.mark.parametrize("dialect", ["v1"])
async def test_v1_misses_nothing_either(parts, analysing, sandbox, ledger):
    number, theirs = analysing("A", "in progress")
    with sandbox.state.lock:
        ledger.loop.assigned(number, str(theirs.number), ledger.loop.get(number).project_id)
    first, _ = parts(deliverables=("vcf",))
    await first.step()
    assert ledger.loop.get(number).status == "in progress"
    with sandbox.state.lock:
        sandbox.state.set_status(theirs, "succeeded")
    second, deliverer = parts(deliverables=("vcf",))  # after a crash
    assert await second.step() == 1
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.DELIVERING


async def test_without_wanted_results_the_end_of_the_analysis_is_the_end(parts, analysing, ledger):
    number, _ = analysing("A", "succeeded")
    follower, _ = parts(deliverables=())
    await follower.step()
    assert ledger.loop.get(number).state is LoopState.FINISHED
    assert kinds(ledger) == ["sample.finished"]


@pytest.mark.parametrize("wanted", [(), ("fastq*",), ("impute-vcf",)])
async def test_a_failed_quality_control_is_reported_once_with_its_reasons(parts, analysing, ledger, wanted):
    number, _ = analysing("A", "failed qc", failed_qc=("effective_coverage_min",), note="Low coverage")
    follower, deliverer = parts(deliverables=wanted)
    await follower.step()
    await deliverer.step()
    finish_downloads(ledger)
    sample = ledger.loop.get(number)
    assert sample.state is LoopState.FAILED
    assert "Low coverage" in sample.reason
    assert "coverage" in sample.reason.lower()
    assert kinds(ledger).count("sample.failed") == 1
    assert len(sample.results()) == (2 if wanted == ("fastq*",) else 0)


async def test_a_failed_sample_is_reported_with_gencoves_note(parts, analysing, ledger):
    number, _ = analysing("A", "failed", note="Input file is truncated")
    follower, deliverer = parts()
    await follower.step()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.FAILED
    assert "Input file is truncated" in ledger.loop.get(number).reason


async def test_a_sample_that_somebody_deleted_ends(parts, analysing, sandbox, ledger):
    number, theirs = analysing("A", "in progress")
    follower, _ = parts()
    with sandbox.state.lock:
        sandbox.state.remove_samples([theirs])
    await follower.step()
    assert ledger.loop.get(number).state is LoopState.FAILED
    assert "gone" in ledger.loop.get(number).reason


async def test_archived_results_are_left_alone_unless_the_rule_asks_them_back(
    parts, analysing, sandbox, ledger
):
    number, theirs = analysing("A", "succeeded", archive_status="archived")
    follower, deliverer = parts()
    await follower.step()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.ARCHIVED
    assert sandbox.requests.count("POST", "/project-restore-samples/") == 0
    with sandbox.state.lock:  # somebody restores it by hand, and a webhook tells
        sandbox.state.set_archive_status(theirs, "restored")
    follower.nudge([theirs.id])
    assert follower.open()
    await follower.step()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.DELIVERING


async def test_a_sample_that_somebody_restores_is_noticed_without_a_webhook(
    parts, analysing, sandbox, ledger, monkeypatch
):
    number, theirs = analysing("A", "succeeded", archive_status="archived")
    follower, deliverer = parts()
    await follower.step()
    await deliverer.step()
    assert follower.open(), "a project with an archived sample is looked at still"
    with sandbox.state.lock:
        sandbox.state.set_archive_status(theirs, "restored")
    monkeypatch.setattr("gencove_tui.engine.loop.follow._ASK_AGAIN_SECONDS", 0.0)
    await follower.step()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.DELIVERING


@pytest.mark.parametrize("status", ["disabled", "canceled", "cancelled"])
async def test_an_analysis_that_was_called_off_ends_the_sample(parts, analysing, ledger, status):
    number, _ = analysing("A", status)
    follower, deliverer = parts(deliverables=())
    await follower.step()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.FAILED
    assert kinds(ledger).count("sample.failed") == 1


async def test_archived_results_are_asked_back_once_and_delivered_when_they_are_there(
    parts, analysing, sandbox, ledger
):
    number, theirs = analysing("A", "succeeded", archive_status="archived")
    follower, deliverer = parts(restore=True)
    await follower.step()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.RESTORING
    await until(lambda: theirs.archive_status == "restored", "the restore")
    ledger.loop.move([number], LoopState.RESTORING)  # its time to be looked at has come
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.DELIVERING
    assert sandbox.requests.count("POST", "/project-restore-samples/") == 1
    assert [e.act for e in ledger.audit.entries()] == ["restore"]


async def test_a_request_to_restore_that_was_cut_short_is_not_made_again_at_once(
    parts, analysing, sandbox, ledger
):
    number, _ = analysing("A", "succeeded", archive_status="archived")
    _, deliverer = parts(restore=True)
    ledger.loop.move([number], LoopState.RESTORING)  # the intent of an engine that was killed
    await deliverer.step()
    assert sandbox.requests.count("POST", "/project-restore-samples/") == 0
    assert ledger.loop.get(number).retry_at is not None


async def test_wanted_files_that_are_not_there_yet_are_waited_for_and_then_missed(parts, analysing, ledger):
    number, _ = analysing("A", "succeeded")
    follower, deliverer = parts(deliverables=("impute-vcf", "no-such-type"))
    await follower.step()
    looks = 0
    while ledger.loop.get(number).state is LoopState.RESULTS:
        await deliverer.step()
        looks += 1
        ledger.loop.move([number], ledger.loop.get(number).state)  # the wait is over
    assert looks > 1
    assert kinds(ledger).count("sample.missing") == 1
    assert len(ledger.transfers.listing(10)) == 1


async def test_a_folder_that_can_not_be_written_is_the_rules_trouble(parts, analysing, ledger, tmp_path):
    number, _ = analysing("A", "succeeded")
    (tmp_path / "results").write_text("a file")
    follower, deliverer = parts()
    await follower.step()
    with pytest.raises(InputProblem, match="Can't download"):
        await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.RESULTS
    (tmp_path / "results").unlink()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.DELIVERING


async def test_two_results_on_one_path_are_said(parts, analysing, ledger):
    number, _ = analysing("A", "succeeded")
    follower, deliverer = parts(template="{client_id}/same")
    await follower.step()
    await deliverer.step()
    finish_downloads(ledger)
    sample = ledger.loop.get(number)
    assert sample.state is LoopState.HELD
    assert "same" in sample.reason


async def test_a_cancelled_download_is_given_up_and_a_retried_one_counts(parts, analysing, ledger):
    number, _ = analysing("A", "succeeded")
    follower, deliverer = parts(deliverables=("impute-vcf",))
    await follower.step()
    await deliverer.step()
    (transfer,) = ledger.transfers.listing(10)
    ledger.transfers.set_state(transfer.id, TransferState.CANCELLED)
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.HELD
    ledger.transfers.wish([transfer.id], Wish.RUN)
    finish_downloads(ledger)
    assert ledger.loop.get(number).state is LoopState.DELIVERED


async def test_a_download_that_somebody_queued_already_is_not_queued_again(
    parts, analysing, ledger, tmp_path
):
    number, _ = analysing("A", "succeeded")
    follower, deliverer = parts(deliverables=("impute-vcf",))
    await follower.step()
    await deliverer.step()
    ledger.loop.move([number], LoopState.RESULTS)  # as if the delivery began once more
    await deliverer.step()
    assert len(ledger.transfers.listing(10)) == 1


async def test_documents_come_when_they_are_called_by_name(parts, analysing, ledger, tmp_path):
    analysing("A", "succeeded")
    follower, deliverer = parts(deliverables=("sex-json", "qc", "metadata"))
    await follower.step()
    await deliverer.step()
    names = sorted(t.source.file_type for t in ledger.transfers.listing(10))
    assert names == ["metadata", "qc", "sex-json"]


@pytest.mark.parametrize("name", ["", "Cardio cohort 2026"])
async def test_samples_of_a_project_that_the_rule_had_before_are_brought_to_their_end(
    parts, analysing, sandbox, ledger, monkeypatch, name
):
    number, theirs = analysing("A", "in progress")
    follower, deliverer = parts(project_id=sandbox_project(sandbox, name).id if name else "")
    assert follower.open()
    await follower.step()
    with sandbox.state.lock:
        sandbox.state.set_status(theirs, "succeeded")
    monkeypatch.setattr("gencove_tui.engine.loop.follow._ASK_SOONER_SECONDS", 0.0)
    await follower.step()
    await deliverer.step()
    assert ledger.loop.get(number).state is LoopState.DELIVERING


async def test_a_request_to_restore_whose_answer_was_lost_is_noted_when_it_is_seen(
    parts, analysing, sandbox, ledger
):
    number, _ = analysing("A", "succeeded", archive_status="archived")
    follower, deliverer = parts(restore=True)
    await follower.step()
    sandbox.faults.set("lost@1:/project-restore-samples/")
    await deliverer.step()
    sandbox.faults.clear()
    assert ledger.loop.get(number).state is LoopState.RESTORING
    assert [entry.act for entry in ledger.audit.entries()] == []
    ledger.loop.move([number], LoopState.RESTORING, reason=ledger.loop.get(number).reason)
    await deliverer.step()
    assert [entry.act for entry in ledger.audit.entries()] == ["restore"]
    assert sandbox.requests.count("POST", "/project-restore-samples/") == 1


async def test_results_that_can_not_be_looked_up_for_long_are_told_once(
    parts, analysing, work, ledger, monkeypatch
):
    number, _ = analysing("A", "succeeded")
    follower, deliverer = parts()
    await follower.step()

    async def broken(*_):
        raise ApiProblem(Kind.BAD_REPLY, "Gencove's answer can't be read", retry_after=5 * 86400.0)

    monkeypatch.setattr(work.api, "sample", broken)
    for _ in range(12):
        await deliverer.step()
        ours = ledger.loop.get(number)
        assert ours.state is LoopState.RESULTS
        assert ours.retry_at.timestamp() <= time.time() + 900.0
        ledger.loop.move([number], ours.state, reason=ours.reason)  # its time has come
    assert kinds(ledger).count("sample.delayed") == 1
