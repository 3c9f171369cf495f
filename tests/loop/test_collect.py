"""From ended transfers to samples: mates, takes, conflicts, lone mates; in the transfer's own transaction."""

from datetime import UTC, datetime, timedelta

import pytest

from gencove_tui.engine.loop.collect import collect, releasable, release, report_slow, report_unsent
from gencove_tui.engine.loop.record import record_end
from gencove_tui.errors import InputProblem
from gencove_tui.model import LoneMate, LoopState, RuleStatus, TransferState, WatchedFile
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


def looked_now(ledger, rule):
    """The folder was looked through a moment ago."""
    ledger.rules.set_status(rule, RuleStatus(looked=datetime.now(UTC)))


def watched(ledger, rule, path, state, reason="", transfer_id=None):
    """What the watcher leaves of a file; the keys of samples are its own."""
    ledger.rules.put_file(
        WatchedFile(
            rule_id=rule, path=path, size=1, mtime_ns=1, inode=1, state=state, reason=reason,
            transfer_id=transfer_id,
        )
    )  # fmt: skip


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
    assert releasable(ledger, rule) == ()
    put_rule(ledger, tmp_path / "run", project="p")
    assert [s.id for s in releasable(ledger, rule)] == [sample.id]
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
    looked_now(ledger, rule)
    collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=0))
    assert ledger.loop.counts(rule) == {state: 1}


@pytest.mark.parametrize(
    ("state", "reason", "obstacle"),
    [
        ("settling", "", ""),
        ("waiting", "waiting for CopyComplete.txt", ""),
        ("held", "A_1 and A_2 would become A", "would become A"),
        ("ignored", "it is empty", "it is empty"),
        (TransferState.FAILED, "it is damaged", "it is damaged"),
        (TransferState.CANCELLED, "", "cancelled"),
        (TransferState.PAUSED, "", ""),
    ],
)
@pytest.mark.parametrize("name", ["A_1_S1_L001_{}_001.fastq.gz", "A_1_{}.fastq.gz"])
def test_a_read_is_no_single_end_while_its_mate_is_on_the_disk(
    ledger, rule, ends, wants, told, state, reason, obstacle, name
):
    ends(name.format("R1"))
    path = f"/run/{name.format('R2')}"
    if isinstance(state, TransferState):
        # Under another id in the upload area, as after the rule took up hyphens.
        number = ledger.transfers.add_upload(path, PLACE + "A-1_R2.fastq.gz", 1000, rule_id=rule)
        ledger.transfers.set_state(number, state, problem=reason)
        watched(ledger, rule, path, "queued", transfer_id=number)
    else:
        watched(ledger, rule, path, state, reason)
    looked_now(ledger, rule)
    for _ in range(2):
        collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=0))
    (sample,) = ledger.loop.samples(rule)
    assert sample.state is LoopState.COLLECTING
    assert obstacle in sample.reason
    assert told().count("sample.lone") == bool(obstacle)
    assert ledger.loop.stuck(rule) == bool(obstacle)
    watched(ledger, rule, path, "gone")  # taken away: then it is one read indeed
    collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=0))
    assert ledger.loop.counts(rule) == {LoopState.READY: 1}


def test_files_of_other_samples_and_unwanted_ones_are_no_mate(ledger, rule, ends, wants):
    ends("A_R1.fastq.gz")
    for path in (
        "/run/A2_R2.fastq.gz",
        "/run/A_x_R2.fastq.gz",
        "/run/sub/A_R2.fastq.gz",
        "/run/A_R1.fastq.gz",
    ):
        watched(ledger, rule, path, "settling")
    watched(ledger, rule, "/run/A_R2.fastq.gz", "ignored", "left out by !*_R2*")
    ledger.transfers.add_upload("/run/A2_R2.fastq.gz", PLACE + "A2_R2.fastq.gz", 10, rule_id=rule)
    looked_now(ledger, rule)
    collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=0))
    assert ledger.loop.counts(rule) == {LoopState.READY: 1}


def test_a_mate_by_a_map_file_may_have_any_name(ledger, rule, ends, wants):
    key = "/run/\n\nA"
    number = ends("A_R1.fastq.gz")
    ledger.rules.put_file(
        WatchedFile(
            rule_id=rule, path="/run/first.fastq.gz", size=1, mtime_ns=1, inode=1, state="queued",
            sample=key, read="R1", transfer_id=number,
        )
    )  # fmt: skip
    looked_now(ledger, rule)
    watched(ledger, rule, "/run/second.fastq.gz", "settling")
    collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=0))
    assert ledger.loop.counts(rule) == {LoopState.COLLECTING: 1}
    second = ledger.transfers.add_upload("/run/second.fastq.gz", PLACE + "A_R2.fastq.gz", 1, rule_id=rule)
    ledger.transfers.set_state(second, TransferState.FAILED, problem="it is damaged")
    ledger.rules.put_file(
        WatchedFile(
            rule_id=rule, path="/run/second.fastq.gz", size=1, mtime_ns=1, inode=1, state="queued",
            sample=key, read="R2", transfer_id=second,
        )
    )  # fmt: skip
    collect(ledger, rule, wants(project_id="p", single_end=True, mate_seconds=0))
    assert ledger.loop.counts(rule) == {LoopState.COLLECTING: 1}
    assert "second.fastq.gz" in ledger.loop.samples(rule)[0].reason


def test_only_a_look_since_then_tells_that_no_mate_came(ledger, rule, ends, wants):
    ends("A_R1.fastq.gz")
    settings = wants(project_id="p", single_end=True, mate_seconds=0)
    ledger.rules.set_status(rule, RuleStatus(looked=datetime.now(UTC) - timedelta(hours=1)))
    collect(ledger, rule, settings)  # an engine that was off meanwhile and has not looked yet
    assert ledger.loop.counts(rule) == {LoopState.COLLECTING: 1}
    looked_now(ledger, rule)
    collect(ledger, rule, settings)
    assert ledger.loop.counts(rule) == {LoopState.READY: 1}


def test_a_mate_that_failed_is_named_for_pairs_too_and_its_sample_goes_on_once_it_is_mended(
    ledger, rule, ends, wants, told
):
    ends("A_R1.fastq.gz")
    mate = ledger.transfers.add_upload("/run/A_R2.fastq.gz", PLACE + "A_R2.fastq.gz", 1000, rule_id=rule)
    ledger.transfers.set_state(mate, TransferState.FAILED, problem="its end is missing")
    watched(ledger, rule, "/run/A_R2.fastq.gz", "queued", transfer_id=mate)
    for _ in range(3):
        collect(ledger, rule, wants(project_id="p", mate_seconds=0))
    assert "its end is missing" in ledger.loop.samples(rule)[0].reason
    assert told().count("sample.lone") == 1
    with ledger.write():
        ledger.transfers.set_state(mate, TransferState.DONE)
        record_end(ledger, ledger.transfers.get(mate), TransferState.DONE)
    assert states(ledger, rule) == [("A", 1, LoopState.READY)]


def test_a_clock_that_was_years_ahead_keeps_nobody_waiting_for_years(ledger, rule, ends, wants, told):
    ends("A_R1.fastq.gz")
    (sample,) = ledger.loop.samples(rule)
    years = 3 * 365 * 86400.0
    with ledger.write() as connection:
        connection.execute("UPDATE loop_samples SET created = created + ? WHERE id=?", (years, sample.id))
    far = LoneMate(sample="B", missing="R2", since=datetime.now(UTC) + timedelta(seconds=years))
    ledger.rules.set_status(rule, RuleStatus(lone=(far,)))
    collect(ledger, rule, wants(project_id="p", mate_seconds=0))
    collect(ledger, rule, wants(project_id="p", mate_seconds=0))
    report_unsent(ledger, rule, wants(project_id="p", mate_seconds=60))
    assert told().count("sample.lone") == 2


def test_a_rule_that_lost_its_project_keeps_what_is_not_assigned_for_a_person(ledger, rule, ends, wants):
    ends("A_R1.fastq.gz")
    ends("A_R2.fastq.gz")
    collect(ledger, rule, wants(project_id="p"))
    collect(ledger, rule, wants())
    (sample,) = ledger.loop.samples(rule)
    assert (sample.state, sample.reason) == (LoopState.UPLOADED, "the rule names no project any more")
    assert release(ledger, sample.id)
    assert ledger.loop.get(sample.id).state is LoopState.READY


@pytest.mark.parametrize("single_end", [True, False])
def test_a_clock_that_is_set_back_makes_nobody_wait_for_less(ledger, rule, ends, wants, told, single_end):
    ends("A_R1.fastq.gz")
    (sample,) = ledger.loop.samples(rule)
    with ledger.write() as connection:
        connection.execute("UPDATE loop_samples SET created = created + 5 WHERE id=?", (sample.id,))
    soon = LoneMate(sample="B", missing="R2", since=datetime.now(UTC) + timedelta(seconds=5))
    ledger.rules.set_status(rule, RuleStatus(lone=(soon,)))
    settings = wants(project_id="p", single_end=single_end, mate_seconds=60)
    collect(ledger, rule, settings)
    report_unsent(ledger, rule, settings)
    assert ledger.loop.counts(rule) == {LoopState.COLLECTING: 1}
    assert "sample.lone" not in told()


def test_lone_mates_of_one_name_in_two_runs_are_told_each(ledger, rule, wants):
    since = datetime.now(UTC) - timedelta(hours=30)
    mates = [LoneMate(sample="A", missing="R2", since=since, folder=f"run{n}") for n in (1, 2)]
    ledger.rules.set_status(rule, RuleStatus(lone=tuple(mates)))
    for _ in range(2):
        report_unsent(ledger, rule, wants())
    told = [event.message for event in ledger.events.newest(50) if event.kind == "sample.lone"]
    assert sorted(told) == ["run1/A: R2 has not come", "run2/A: R2 has not come"]


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


def test_reads_of_two_samples_under_one_id_are_no_pair_and_cant_be_released(ledger, rule, ends, wants, told):
    ends("P1_A01_S1_L001_R1_001.fastq.gz")  # gone from the disk before the other came, say
    ends("P1_A02_S2_L001_R2_001.fastq.gz")
    collect(ledger, rule, wants(project_id="p"))
    (sample,) = ledger.loop.samples(rule)
    assert sample.state is LoopState.HELD
    assert "different samples" in sample.reason
    assert told().count("sample.held") == 1
    with pytest.raises(InputProblem, match="different samples"):
        release(ledger, sample.id)
    assert ledger.loop.get(sample.id).state is LoopState.HELD


def test_a_map_may_give_two_files_of_any_name_to_one_sample(ledger, rule, ends, wants):
    for read, name in (("R1", "x_R1.fastq.gz"), ("R2", "y_R2.fastq.gz")):
        ledger.rules.put_file(
            WatchedFile(
                rule_id=rule, path=f"/run/{name}", size=1, mtime_ns=1, inode=1, state="queued",
                sample="by the map", read=read,
            )
        )  # fmt: skip
        number = ledger.transfers.add_upload(f"/run/{name}", f"{PLACE}A_{read}.fastq.gz", 1, rule_id=rule)
        with ledger.write():
            ledger.transfers.set_state(number, TransferState.DONE)
            record_end(ledger, ledger.transfers.get(number), TransferState.DONE)
    assert states(ledger, rule) == [("A", 1, LoopState.READY)]


def test_a_sample_with_the_same_read_twice_cant_be_released(ledger, rule, ends):
    for name in ("A_S1_L002_R1_001.fastq.gz", "A_S1_L003_R1_001.fastq.gz", "A_S1_L003_R2_001.fastq.gz"):
        ends(name)
    (sample,) = ledger.loop.samples(rule)
    with pytest.raises(InputProblem, match="both claim to be R1"):
        release(ledger, sample.id)


@pytest.mark.parametrize("state", [LoopState.ANALYSING, LoopState.RESTORING])
def test_a_sample_that_never_comes_back_from_gencove_is_told_once_and_shown(ledger, rule, told, state):
    number = ledger.loop.create(rule, PLACE, "A", 1, LoopState.READY)
    ledger.loop.assigned(number, "s1", "p")
    ledger.loop.move([number], state, retry_at=1.0)
    report_slow(ledger, rule)
    assert "sample.slow" not in told()
    with ledger.write() as connection:
        connection.execute("UPDATE loop_samples SET changed = changed - 8 * 86400 WHERE id=?", (number,))
    for _ in range(2):
        report_slow(ledger, rule)
    assert told().count("sample.slow") == 1
    assert ledger.loop.stuck(rule) == 1
    sample = ledger.loop.get(number)
    assert sample.state is state
    assert sample.retry_at is not None


@pytest.mark.parametrize("by_hand", [True, False])
def test_uploads_that_a_rule_found_queued_already_belong_to_it_too(ledger, rule, wants, tmp_path, by_hand):
    other = put_rule(ledger, tmp_path / "run", "gncv://lab/other/")
    for read in ("R1", "R2"):
        path = f"/run/A_{read}.fastq.gz"
        owner = None if by_hand else other
        number = ledger.transfers.add_upload(path, f"{PLACE}A_{read}.fastq.gz", 1000, rule_id=owner)
        watched(ledger, rule, path, "queued", transfer_id=number)
        with ledger.write():
            ledger.transfers.set_state(number, TransferState.DONE)
            record_end(ledger, ledger.transfers.get(number), TransferState.DONE)
    assert states(ledger, rule) == [("A", 1, LoopState.READY)]
    assert len(ledger.loop.samples(other)) == (not by_hand)


def test_a_held_sample_takes_over_what_was_uploaded_anew(ledger, rule, ends):
    for name in ("A_L001_R1.fastq.gz", "A_L002_R1.fastq.gz"):
        ends(name)
    (sample,) = ledger.loop.samples(rule)
    assert sample.state is LoopState.HELD
    again = ends("A_L001_R1.fastq.gz")
    (sample,) = ledger.loop.samples(rule)
    assert again in {file.transfer_id for file in sample.reads()}
