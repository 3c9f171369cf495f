"""Grouping into samples, merge order and the collision guard."""

from __future__ import annotations

import random

import pytest

from gencove_tui.errors import InputProblem
from gencove_tui.fastq.collisions import Collision, collisions, lookalikes, misread, renamed, unchanged
from gencove_tui.fastq.pairs import SampleFiles, group, merge_order


def only(*names: str) -> SampleFiles:
    """The one sample that these names make."""
    found = group(names)
    assert len(found.samples) == 1, found
    return found.samples[0]


def lanes(sample: str, reads: str, lanes: range, segments: range = range(1, 2)) -> list[str]:
    return [
        f"{sample}_S1_L{lane:03}_{read}_{segment:03}.fastq.gz"
        for read in reads.split()
        for lane in lanes
        for segment in segments
    ]


def test_a_pair() -> None:
    sample = only("run/A_1_S2_R2_001.fastq.gz", "run/A_1_S2_R1_001.fastq.gz")
    assert sample.is_paired
    assert sample.sample == "A_1"
    assert sample.folder == "run"
    assert sample.paths == ("run/A_1_S2_R1_001.fastq.gz", "run/A_1_S2_R2_001.fastq.gz")
    assert merge_order(sample) == (("run/A_1_S2_R1_001.fastq.gz",), ("run/A_1_S2_R2_001.fastq.gz",))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("X_1.fq.gz", "X_2.fq.gz"),
        ("X_R1.fastq.gz", "X_R2.fq.gz"),
        ("X.R1.fastq.gz", "X.R2.fastq.gz"),
        ("X_F.fastq.gz", "X_R.fastq.gz"),
        ("X_f.fastq.gz", "X_r.fastq.gz"),
        ("X_R1_L001.fastq.gz", "X_R2_L001.fastq.gz"),
    ],
)
def test_other_makers_pairs(one: str, two: str) -> None:
    assert only(two, one).is_paired


def test_lone_mates() -> None:
    assert only("A_R1.fastq.gz").missing == ("R2",)
    assert only("A_R2.fastq.gz").missing == ("R1",)
    sample = only(*lanes("A", "R1", range(1, 4)), *lanes("A", "R2", range(2, 5)))
    assert sample.missing == ("R1 lane 4", "R2 lane 1")
    with pytest.raises(InputProblem, match=r"different lanes.*R1 lane 4, R2 lane 1"):
        merge_order(sample)


def test_lanes_and_segments_merge_in_number_order() -> None:
    names = lanes("A", "R1 R2", range(1, 13), range(1, 4))
    shuffled = names.copy()
    random.Random(1).shuffle(shuffled)
    one, two = merge_order(only(*shuffled))
    assert list(one) == names[: len(one)]
    assert list(two) == names[len(one) :]


def test_a_lone_read_may_be_merged_by_itself() -> None:
    names = lanes("A", "R1", range(1, 3))
    assert merge_order(only(*names)) == (tuple(names), ())


def test_same_sample_in_two_folders_is_two_samples() -> None:
    found = group(["p1/A_R1.fastq.gz", "p2/A_R2.fastq.gz"])
    assert [(s.folder, s.missing) for s in found.samples] == [("p1", ("R2",)), ("p2", ("R1",))]


def test_a_longer_sample_name_is_another_sample() -> None:
    found = group(["A_R1.fastq.gz", "A_R2.fastq.gz", "A_B_R1.fastq.gz", "A_B_R2.fastq.gz"])
    assert [s.sample for s in found.samples] == ["A", "A_B"]
    assert all(s.is_paired for s in found.samples)


def test_what_is_skipped_and_why() -> None:
    names = [
        "Undetermined_S0_L001_R1_001.fastq.gz",
        "A_S1_L001_I1_001.fastq.gz",
        "plain.fastq.gz",
        "A_S1_L001_R1_001.fastq.gz.part",
        "notes.txt",
    ]
    found = group([*names, "A_S1_L001_R1_001.fastq.gz"])
    assert [s.path for s in found.skipped] == names
    assert all(s.reason for s in found.skipped)
    assert [s.sample for s in found.samples] == ["A"]
    asked = group(names, index_reads=True, undetermined=True)
    assert [(s.sample, s.r1[0].name.read) for s in asked.samples] == [("A", "I1"), ("Undetermined", "R1")]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["A_R1.fastq.gz", "A_R1.fq.gz", "A_R2.fastq.gz"], "2 files claim to be R1"),
        (["A_S1_R1_001.fastq.gz", "A_S1_L001_R1_001.fastq.gz"], "count twice"),
        (["A_S1_L000_R1.fastq.gz", "A_S1_L001_R1.fastq.gz"], "count twice"),
        (["A_S1_L001_R1.fastq.gz", "A_S1_L002_R1_001.fastq.gz"], "segment number"),
        (["A_S1_R1_001.fastq.gz", "A_S1_R2_001.fastq.gz", "A_S1_R3_001.fastq.gz"], "UMI"),
        (["A_1.fq.gz", "A_2.fq.gz", "A_3.fq.gz"], "_3"),
    ],
)
def test_files_that_do_not_fit_together(names: list[str], problem: str) -> None:
    sample = group(names).samples[0]
    assert problem in sample.problem
    assert not sample.is_paired
    with pytest.raises(InputProblem, match=problem):
        merge_order(sample)


def guard(*names: str) -> tuple[Collision, ...]:
    return collisions(unchanged(group(names).samples))


def test_guard_lets_ordinary_names_pass() -> None:
    names = ["A_S1_R1_001.fastq.gz", "A_S1_R2_001.fastq.gz", "B-1_R1.fastq.gz", "B-1_R2.fastq.gz"]
    assert guard(*names) == ()
    assert misread(unchanged(group(names).samples)) == ()


def test_guard_stops_samples_that_gencove_would_merge() -> None:
    names = [
        f"run/P1_{well}_S{n}_{read}_001.fastq.gz"
        for n, well in ((12, "A01"), (13, "A02"))
        for read in ("R1", "R2")
    ]
    (collision,) = guard(*names)
    assert collision.folder == "run"
    assert collision.client_id == "P1"
    assert collision.samples == ("P1_A01", "P1_A02")
    assert sorted(collision.sources) == sorted(names)
    assert dict(collision.proposal) == {"P1_A01": "P1-A01", "P1_A02": "P1-A02"}
    assert "would become P1" in collision.why
    assert collisions(renamed(group(names).samples)) == ()


def test_guard_looks_at_folders_one_by_one() -> None:
    names = ["a/P1_x_R1.fastq.gz", "b/P1_y_R1.fastq.gz"]
    assert guard(*names) == ()
    (collision,) = collisions(unchanged(group(names).samples, flat=True))
    assert collision.samples == ("P1_x", "P1_y")


def test_mapping_that_collides_is_a_hard_stop() -> None:
    names = ["P1_A_R1.fastq.gz", "P1_B_R1.fastq.gz", "P1-A_R1.fastq.gz"]
    (collision,) = guard(*names)
    assert collision.samples == ("P1_A", "P1_B")
    assert collision.proposal == ()
    (after,) = collisions(renamed(group(names).samples))
    assert after.samples == ("P1-A", "P1_A")
    assert after.proposal == ()
    assert "Rename" in after.remedy


def test_guard_stops_lanes_that_were_not_joined() -> None:
    names = lanes("A", "R1 R2", range(1, 3))
    (collision,) = guard(*names)
    assert "same read" in collision.why
    assert collision.proposal == ()
    targets = renamed(group(names).samples)
    assert collisions(targets) == ()
    assert [t.remote for t in targets] == ["A_R1.fastq.gz", "A_R2.fastq.gz"]
    assert targets[0].sources == tuple(names[:2])


def test_same_id_in_two_places_of_a_flat_upload() -> None:
    (collision,) = collisions(renamed(group(["p1/A_R1.fastq.gz", "p2/A_R1.fastq.gz"]).samples, flat=True))
    assert "2 different samples" in collision.why


def test_names_that_gencove_could_not_read() -> None:
    samples = group(["X_1.fq.gz", "X_2.fq.gz", "A_R1_S1_R2_001.fastq.gz", "B_R1.fastq.gz"]).samples
    assert {t.remote for t in misread(unchanged(samples))} == {
        "X_1.fq.gz",
        "X_2.fq.gz",
        "A_R1_S1_R2_001.fastq.gz",
    }
    assert misread(renamed(samples)) == ()


def test_lookalikes() -> None:
    samples = group(["Ab-1_R1.fastq.gz", "aB1_R1.fastq.gz", "ab+1_R1.fastq.gz", "ac1_R1.fastq.gz"]).samples
    (found,) = lookalikes(unchanged(samples))
    assert found.client_ids == ("Ab-1", "aB1", "ab+1")
