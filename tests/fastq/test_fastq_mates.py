"""Generated pairs, and the comparison of mates."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from gencove_tui.fastq.generate import compress, write_large, write_pair
from gencove_tui.fastq.integrity import CheckLevel, FastqCheck, FastqSummary, check_file
from gencove_tui.fastq.mates import MatesDisagree, check_mates
from gencove_tui.fastq.pairs import group


def summary(names: list[str], level: CheckLevel = CheckLevel.FULL) -> FastqSummary:
    check = FastqCheck(level)
    check.feed(compress("".join(f"@{name}\nACGT\n+\nFFFF\n" for name in names).encode()))
    return check.finish()


def whole(path: Path) -> FastqSummary:
    found = check_file(path)
    assert found is not None
    return found


def test_names_agree_whatever_the_comment_says() -> None:
    check_mates(summary(["a:1 1:N:0:A", "a:2 1:N:0:A"]), summary(["a:1 2:N:0:A", "a:2 2:N:0:A"]))
    check_mates(summary(["a/1", "b/1 x"]), summary(["a/2", "b/2\tx"]))


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [
        (["a", "b"], ["a", "b", "b"], "2 reads against 3"),
        (["a", "b"], ["x", "b"], "first reads are 'a' and 'x'"),
        (["a", "b"], ["a", "x"], "last reads are 'b' and 'x'"),
        (
            [f"n{n}" for n in range(3000)],
            ["n0", *(f"n{n}" for n in range(2, 2999)), "n2998", "n2999"],
            "in between",
        ),
    ],
)
def test_mates_that_disagree(one: list[str], two: list[str], why: str) -> None:
    with pytest.raises(MatesDisagree, match=why) as caught:
        check_mates(summary(one), summary(two), "A_R1 and A_R2")
    assert caught.value.what == "A_R1 and A_R2 are no mates"
    assert caught.value.remedy


def test_nothing_is_said_about_files_that_were_not_read_in_full() -> None:
    check_mates(summary(["a"]), summary(["b", "c"], CheckLevel.GZIP))


def test_a_generated_pair_is_valid_and_repeatable(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, "NA12878", 3, 1500, seed=7, lane=2)
    one, two = pair
    assert one.name == "NA12878_S3_L002_R1_001.fastq.gz"
    assert group([one.name, two.name]).samples[0].is_paired
    check_mates(whole(one), whole(two))
    assert whole(one).records == 1500
    content = one.read_bytes(), two.read_bytes()
    write_pair(tmp_path, "NA12878", 3, 1500, seed=7, lane=2)
    assert (one.read_bytes(), two.read_bytes()) == content
    other, _ = write_pair(tmp_path, "NA12878", 3, 1500, seed=8, lane=None)
    assert other.name == "NA12878_S3_R1_001.fastq.gz"
    assert gzip.decompress(other.read_bytes()) != gzip.decompress(content[0])


def test_large_files_are_valid_mates(tmp_path: Path) -> None:
    one, two = tmp_path / "L_R1.fastq.gz", tmp_path / "L_R2.fastq.gz"
    write_large(one, 3 << 20, seed=5)
    write_large(two, 3 << 20, seed=5, read=2)
    assert 3 << 20 <= one.stat().st_size < 4 << 20
    check_mates(whole(one), whole(two))
    data = one.read_bytes()
    assert len({data[at : at + 65536] for at in range(0, len(data) - 65536, 65536)}) == len(data) // 65536
