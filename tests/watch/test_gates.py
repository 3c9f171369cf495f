"""Which files pass: patterns, names, markers, standing still."""

from datetime import UTC, datetime, timedelta

import pytest

from gencove_tui.engine.watch.gates import Surroundings, marker_gate, wanted
from gencove_tui.engine.watch.look import Found
from gencove_tui.engine.watch.mounts import file_system, is_network
from gencove_tui.engine.watch.patterns import why_left_out
from gencove_tui.engine.watch.stillness import Stillness
from tests.watch.conftest import RUN, terms

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILE = f"{RUN}/Fastq/A_S1_L001_R1_001.fastq.gz"


@pytest.mark.parametrize(
    ("patterns", "path", "taken"),
    [
        ((), "a/A_R1.fastq.gz", True),
        (("!Undetermined*",), "a/A_R1.fastq.gz", True),
        (("!Undetermined*",), "a/Undetermined_R1.fastq.gz", False),
        (("*_R1*",), "deep/er/A_R1.fastq.gz", True),
        (("*_R1*",), "A_R2.fastq.gz", False),
        (("good/*",), "good/A_R1.fastq.gz", True),
        (("good/*",), "good/deep/A_R1.fastq.gz", False),
        (("good/**",), "good/deep/A_R1.fastq.gz", True),
        (("**/fastq/*.gz",), "fastq/A.gz", True),
        (("**/fastq/*.gz",), "x/y/fastq/A.gz", True),
        (("old/",), "old/x/A.gz", True),
        (("*", "!test*", "test_keep*"), "test_a.fastq.gz", False),
        (("*", "!test*", "test_keep*"), "test_keep.fastq.gz", True),
        (("!test*", "*"), "test_a.fastq.gz", True),
        (("[AB]_R1*",), "A_R1.fastq.gz", True),
        (("[!AB]_R1*",), "A_R1.fastq.gz", False),
        (("?_R1*",), "AB_R1.fastq.gz", False),
        (("a[b",), "a[b", True),
    ],
)
def test_the_last_pattern_that_matches_wins(patterns, path, taken):
    assert (why_left_out(patterns, path) == "") is taken


def test_what_is_asked_for_is_taken():
    index, undetermined = "A_S1_L001_I1_001.fastq.gz", "Undetermined_S0_L001_R1_001.fastq.gz"
    assert wanted(terms(), index)
    assert wanted(terms(), undetermined)
    assert wanted(terms(index_reads=True), index) == ""
    assert wanted(terms(undetermined=True), undetermined) == ""


def gate(signs, *, first_seen=NOW, **changes):
    rule = terms(**changes)
    return marker_gate(rule, Surroundings(rule, "data", set(signs)).of(FILE), first_seen, NOW)


@pytest.mark.parametrize(
    "marker",
    [
        f"{RUN}/Fastq/Logs/FastqComplete.txt",
        f"{RUN}/CompletedJobInfo.xml",
    ],
)
def test_a_fastq_marker_lets_files_pass_and_shortens_the_wait(marker):
    found = gate({marker})
    assert found.state == ""
    assert found.marked


@pytest.mark.parametrize(
    "name", ["CopyComplete.txt", "RTAComplete.txt", "RTAComplete.xml", "SequenceComplete.txt"]
)
def test_a_run_marker_lets_files_pass_after_the_full_wait(name):
    found = gate({f"{RUN}/{name}"})
    assert found.state == ""
    assert not found.marked


def test_a_run_folder_without_marker_waits_but_not_for_ever():
    found = gate(())
    assert found.state == "waiting"
    assert "marker" in found.reason
    late = gate((), first_seen=NOW - timedelta(hours=49))
    assert (late.state, late.overdue) == ("", True)
    assert gate((), marker="none").state == ""


def test_a_marker_of_ones_own_is_waited_for_anywhere():
    assert "DONE.txt" in gate((), marker="DONE.txt").reason
    assert gate({f"{RUN}/DONE.txt"}, marker="DONE.txt").state == ""


def test_outside_of_run_folders_nothing_is_waited_for():
    rule = terms()
    run = Surroundings(rule, "data", set()).of("batch/A_R1.fastq.gz")
    assert marker_gate(rule, run, NOW, NOW).state == ""


def test_an_earlier_analysis_is_left_out():
    rule = terms()
    path = f"{RUN}/Analysis/1/Data/fastq/A_S1_R1_001.fastq.gz"
    signs = {f"{RUN}/Analysis/1", f"{RUN}/Analysis/2", f"{RUN}/Analysis/2/Data"}
    run = Surroundings(rule, "data", signs).of(path)
    assert marker_gate(rule, run, NOW, NOW).state == "ignored"


def test_still_is_three_equal_looks_over_the_whole_time():
    still = Stillness()
    for now in (0.0, 1.0):
        still.note(Found("a", 5, 1, 1), now)
    assert not still.holds("a", 100.0, 60.0)  # two looks
    still.note(Found("a", 5, 1, 1), 30.0)
    assert not still.holds("a", 59.0, 60.0)
    assert still.holds("a", 60.0, 60.0)


@pytest.mark.parametrize("other", [Found("a", 6, 1, 1), Found("a", 5, 2, 1), Found("a", 5, 1, 2)])
def test_any_change_begins_the_wait_anew(other):
    still = Stillness()
    for now in (0.0, 1.0, 2.0):
        still.note(Found("a", 5, 1, 1), now)
    assert still.holds("a", 2.0, 2.0)
    still.note(other, 3.0)
    assert not still.holds("a", 100.0, 2.0)


def test_network_disks_are_known_by_their_mount(tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        "1 0 250:1 / / rw - ext4 /dev/a rw\n"
        f"2 1 250:2 / {tmp_path} rw - xfs /dev/b rw\n"
        f"3 2 250:3 / {share} rw,relatime shared:9 - nfs4 server:/x rw\n"
    )
    assert file_system(str(share), mountinfo) == "nfs4"
    assert is_network(str(share), mountinfo=mountinfo)
    assert not is_network(str(tmp_path), mountinfo=mountinfo)
    assert not is_network(str(share), "local", mountinfo)
    assert is_network(str(tmp_path), "network", mountinfo)
    assert file_system(str(tmp_path), tmp_path / "missing") == ""
