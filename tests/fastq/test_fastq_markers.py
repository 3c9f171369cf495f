"""Run-folder markers."""

from __future__ import annotations

import pytest

from gencove_tui.fastq.markers import MarkerLevel, run_state

RUN = "220102_A00001_0001_AHGV7DRXX"


@pytest.mark.parametrize(
    ("fastq", "paths", "root", "level", "marker"),
    [
        ("out/A_R1.fastq.gz", [], None, "none", ""),
        (f"{RUN}/A_R1.fastq.gz", [], RUN, "none", ""),
        (f"{RUN}/Data/x/A.fastq.gz", [f"{RUN}/RTAComplete.txt"], RUN, "run", f"{RUN}/RTAComplete.txt"),
        ("r/A.fastq.gz", ["r/RTAComplete.xml", "r/CopyComplete.txt"], "r", "run", "r/CopyComplete.txt"),
        (
            f"{RUN}/out/proj/A.fastq.gz",
            [f"{RUN}/CopyComplete.txt", f"{RUN}/out/Logs/FastqComplete.txt"],
            RUN,
            "fastq",
            f"{RUN}/out/Logs/FastqComplete.txt",
        ),
        (
            "m/Data/Intensities/BaseCalls/A.fastq.gz",
            ["m/RunInfo.xml", "m/RTAComplete.txt", "m/CompletedJobInfo.xml"],
            "m",
            "fastq",
            "m/CompletedJobInfo.xml",
        ),
        (
            "m/Alignment_1/20220102_1/Fastq/A.fastq.gz",
            ["m/RunInfo.xml", "m/Alignment_1/CompletedJobInfo.xml"],
            "m",
            "fastq",
            "m/Alignment_1/CompletedJobInfo.xml",
        ),
        (
            f"{RUN}/Analysis/2/Data/fastq/A.fastq.gz",
            [f"{RUN}/Analysis/2/CopyComplete.txt", f"{RUN}/Analysis/2/Data/Secondary_Analysis_Complete.txt"],
            RUN,
            "fastq",
            f"{RUN}/Analysis/2/CopyComplete.txt",
        ),
        (
            # Copied, but the analysis has not said that it is done.
            f"{RUN}/Analysis/1/Data/fastq/A.fastq.gz",
            [f"{RUN}/Analysis/1/CopyComplete.txt", f"{RUN}/CopyComplete.txt"],
            RUN,
            "none",
            "",
        ),
        ("A.fastq.gz", ["RunInfo.xml", "RTAComplete.txt"], "", "run", "RTAComplete.txt"),
        ("g4/A.fastq.gz", ["g4/run_complete.txt"], "g4", "run", "g4/run_complete.txt"),
        (
            "g4/A.fastq.gz",
            ["g4/run_complete.txt", "g4/transfer_complete.txt"],
            "g4",
            "fastq",
            "g4/transfer_complete.txt",
        ),
        # A marker above the run folder belongs to something else.
        (f"x/{RUN}/A.fastq.gz", ["x/CompletedJobInfo.xml"], f"x/{RUN}", "none", ""),
        (f"x/{RUN}/A.fastq.gz", [f"y/{RUN}/CopyComplete.txt"], f"x/{RUN}", "none", ""),
    ],
)
def test_levels(fastq: str, paths: list[str], root: str | None, level: str, marker: str) -> None:
    state = run_state(fastq, set(paths).__contains__)
    assert (state.root, state.level, state.marker) == (root, MarkerLevel(level), marker)


def test_the_watched_folder_may_be_the_run_folder() -> None:
    assert run_state("A.fastq.gz", set[str]().__contains__, name=RUN).root == ""


def test_a_named_marker_replaces_the_usual_ones() -> None:
    paths = {f"{RUN}/out/Logs/FastqComplete.txt", f"{RUN}/CopyComplete.txt"}
    fastq = f"{RUN}/out/A.fastq.gz"
    assert run_state(fastq, paths.__contains__, marker="ready.flag").level is MarkerLevel.RUN
    paths.add(f"{RUN}/ready.flag")
    state = run_state(fastq, paths.__contains__, marker="ready.flag")
    assert (state.level, state.marker) == (MarkerLevel.FASTQ, f"{RUN}/ready.flag")


def test_a_later_analysis_is_noticed() -> None:
    paths = {f"{RUN}/Analysis/2/CopyComplete.txt"}
    assert run_state(f"{RUN}/Analysis/1/Data/fastq/A.fastq.gz", paths.__contains__).superseded
    assert not run_state(f"{RUN}/Analysis/2/Data/fastq/A.fastq.gz", paths.__contains__).superseded
