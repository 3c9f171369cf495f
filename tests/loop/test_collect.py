"""From ended transfers to samples: mates, takes, conflicts, lone mates; in the transfer's own transaction."""

from datetime import UTC, datetime, timedelta

import pytest

from gencove_tui.engine.loop.collect import collect, release, report_unsent
from gencove_tui.engine.loop.record import record_end
from gencove_tui.model import LoneMate, LoopState, RuleStatus, TransferState
from tests.loop.conftest import PLACE, put_rule


@pytest.fixture
def dialect():
    return "v2"


@pytest.fixture
def rule(ledger, tmp_path):
    """A rule that names a project."""
    (tmp_path / "run").mkdir()
    return put_rule(ledger, tmp_path / "run", project="p")


@pytest.fixture
def ends(ledger, rule):
    """Lets an upload of the rule end: ``ends("A_R1.fastq.gz")``."""

    def end(name, state=TransferState.DONE, problem=""):
        number = ledger.transfers.add_upload(f"/run/{name}", PLACE + name, 1000, rule_id=rule)
        with ledger.write():
            ledger.transfers.note(number, upload_id=f"id of {name}")
            ledger.transfers.set_state(number, state)
            record_end(ledger, ledger.transfers.get(number), state, problem)
        return number

    return end


def states(ledger, rule):
    return [(s.client_id, s.take, s.state) for s in ledger.loop.samples(rule)]


@pytest.fixture
def told(ledger):
    return lambda: [event.kind for event in ledger.events.newest(100)]


def test_mates_make_a_complete_sample_and_others_wait(ledger, rule, ends, wants):
    ends("A_S1_L001_R1_001.fastq.gz")
    ends("A_S1_L001_R2_001.fastq.gz")
    ends("B_R2.fastq.gz")
    collect(ledger, rule, wants(project_id="p"))
    assert states(ledger, rule) == [("A", 1, LoopState.READY), ("B", 1, LoopState.COLLECTING)]
    reads = ledger.loop.samples(rule)[0].reads()
    assert [(r.read, r.upload_id) for r in reads] == [
        ("R1", "id of A_S1_L001_R1_001.fastq.gz"),
        ("R2", "id of A_S1_L001_R2_001.fastq.gz"),
    ]


@pytest.mark.parametrize(
    "names",
    [
        ("A_1.fq.gz", "A_2.fq.gz"),
        ("A.R1.fastq.gz", "A.R2.fastq.gz"),
        ("A_R1_L001.fastq.gz", "A_R2_L001.fastq.gz"),
        ("A_B_S1_R1_001.fastq.gz", "A_B_S1_R2_001.fastq.gz"),
    ],
)
def test_mates_are_known_by_any_makers_names(ledger, rule, ends, wants, names):
    for name in names:
        ends(name)
    collect(ledger, rule, wants(project_id="p"))
    assert states(ledger, rule) == [("A", 1, LoopState.READY)]


def test_without_a_project_nothing_is_assigned_until_somebody_says_so(ledger, rule, ends, wants, tmp_path):
    put_rule(ledger, tmp_path / "run")
    ends("A_R1.fastq.gz")
    ends("A_R2.fastq.gz")
    (sample,) = ledger.loop.samples(rule)
    assert sample.state is LoopState.UPLOADED
    collect(ledger, rule, wants(project_id="p"))
    assert ledger.loop.get(sample.id).state is LoopState.UPLOADED
    assert not release(ledger, sample.id), "there is nowhere to go"
    put_rule(ledger, tmp_path / "run", project="p")
    assert release(ledger, sample.id)
    assert ledger.loop.get(sample.id).state is LoopState.READY


def test_a_lone_mate_is_told_once_and_goes_on_when_its_mate_comes(ledger, rule, ends, wants, told):
    ends("A_R1.fastq.gz")
    for _ in range(3):
        collect(ledger, rule, wants(project_id="p", mate_seconds=0))
    (sample,) = ledger.loop.samples(rule)
    assert sample.state is LoopState.COLLECTING
    assert "R2 has not come" in sample.reason
    assert told().count("sample.lone") == 1
    ends("A_R2.fastq.gz")
    collect(ledger, rule, wants(project_id="p", mate_seconds=0))
    assert ledger.loop.get(sample.id).state is LoopState.READY
    assert ledger.loop.get(sample.id).reason == ""


@pytest.mark.parametrize(("read", "state"), [("R1", LoopState.READY), ("R2", LoopState.COLLECTING)])
def test_a_single_end_is_a_whole_sample_where_the_rule_says_so(ledger, rule, ends, wants, read, state):
    ends(f"A_{read}.fastq.gz")
    collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=60))
    assert ledger.loop.counts(rule) == {LoopState.COLLECTING: 1}
    collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=0))
    assert ledger.loop.counts(rule) == {state: 1}


def test_a_mate_that_is_still_going_up_is_not_missed(ledger, rule, ends, wants, told):
    ends("A_R1.fastq.gz")
    slow = ledger.transfers.add_upload("/run/A_R2.fastq.gz", PLACE + "A_R2.fastq.gz", 1000, rule_id=rule)
    for single_end in (False, True):
        collect(ledger, rule, wants(project_id="p", mate_seconds=0, single_end=single_end))
    assert ledger.loop.counts(rule) == {LoopState.COLLECTING: 1}
    assert "sample.lone" not in told()
    ledger.transfers.set_state(slow, TransferState.FAILED)
    collect(ledger, rule, wants(project_id="p", mate_seconds=0))
    assert told().count("sample.lone") == 1


def test_files_that_wait_here_for_their_mate_are_told_once_too(ledger, rule, ends, wants, told):
    ends("SENT_R1.fastq.gz")
    since = datetime.now(UTC) - timedelta(hours=30)
    mates = [LoneMate(sample=name, missing="R2 lane 3", since=since) for name in ("A_1", "SENT")]
    young = LoneMate(sample="YOUNG", missing="R2", since=datetime.now(UTC))
    ledger.rules.set_status(rule, RuleStatus(lone=(*mates, young)))
    for _ in range(3):
        report_unsent(ledger, rule, wants())
    (event,) = [event for event in ledger.events.newest(50) if event.kind == "sample.lone"]
    assert event.message == "A_1: R2 lane 3 has not come"
    ledger.rules.set_status(rule, RuleStatus())
    report_unsent(ledger, rule, wants())
    ledger.rules.set_status(rule, RuleStatus(lone=(mates[0],)))
    report_unsent(ledger, rule, wants())
    assert told().count("sample.lone") == 2


def test_two_files_that_claim_one_read_need_a_person(ledger, rule, ends, wants, told):
    for name in ("A_L001_R1.fastq.gz", "A_L001_R2.fastq.gz", "A_L002_R1.fastq.gz", "A_L002_R2.fastq.gz"):
        ends(name)
        collect(ledger, rule, wants())
    (sample,) = [s for s in ledger.loop.samples(rule) if s.state is LoopState.HELD] or [None]
    assert "both claim to be R1 of A" in sample.reason
    assert told().count("sample.held") == 1


def test_new_content_after_the_assignment_is_not_analysed_by_itself(
    ledger, rule, ends, wants, told, tmp_path
):
    ends("A_R1.fastq.gz")
    ends("A_R2.fastq.gz")
    collect(ledger, rule, wants(project_id="p"))
    ledger.loop.assigned(ledger.loop.samples(rule)[0].id, "sample", "p")
    ends("A_R1.fastq.gz", TransferState.SKIPPED)  # the same once more, as after a rule was made anew
    assert len(ledger.loop.samples(rule)) == 1
    ends("A_again_R1.fastq.gz")
    ends("A_again_R2.fastq.gz")
    collect(ledger, rule, wants(project_id="p"))
    assert states(ledger, rule) == [("A", 1, LoopState.ANALYSING), ("A", 2, LoopState.HELD)]
    assert told().count("sample.held") == 1
    assert release(ledger, ledger.loop.samples(rule)[1].id)
    assert ledger.loop.samples(rule)[1].state is LoopState.READY


@pytest.mark.parametrize("name", ["A_S1_L001_I1_001.fastq.gz", "Undetermined_S0_L001_R1_001.fastq.gz"])
def test_index_reads_and_reads_without_a_sample_are_never_part_of_one(ledger, rule, ends, name):
    ends(name)
    assert ledger.loop.samples(rule) == []
    assert [entry.act for entry in ledger.audit.entries()] == ["upload"]


def test_failures_and_skips_are_in_the_audit_log_too(ledger, rule, ends):
    ends("A_R1.fastq.gz", TransferState.SKIPPED)
    ends("A_R2.fastq.gz", TransferState.FAILED, "it ends in the middle")
    lines = [(e.outcome, e.remote, e.detail) for e in ledger.audit.entries()]
    assert lines == [
        ("skipped", PLACE + "A_R1.fastq.gz", ""),
        ("failed", PLACE + "A_R2.fastq.gz", "it ends in the middle"),
    ]
    assert [r.name for r in ledger.loop.samples(rule)[0].reads()] == [PLACE + "A_R1.fastq.gz"]


def test_clearing_the_list_of_transfers_takes_nothing_from_the_loop(ledger, rule, ends, wants):
    ends("A_R1.fastq.gz")
    ledger.transfers.clear_finished()
    ends("A_R2.fastq.gz")
    ledger.transfers.clear_finished()
    collect(ledger, rule, wants(project_id="p"))
    assert ledger.loop.counts(rule) == {LoopState.READY: 1}
