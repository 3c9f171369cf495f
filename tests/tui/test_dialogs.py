"""Choosing what to download and upload, and seeing what would come of it first."""

from __future__ import annotations

from pathlib import Path

import pytest

from gencove_tui.engine.views import PlannedUpload
from gencove_tui.errors import Problem
from gencove_tui.model import GncvPath
from gencove_tui.tui.screens.download import DownloadDialog
from gencove_tui.tui.screens.paths import completion, typed_path
from gencove_tui.tui.screens.upload import UploadDialog
from tests.tui.driving import BOTH, drive
from tests.tui.fakes import FakeDesk, make_snapshot

each_size = pytest.mark.parametrize("size", BOTH, ids=["wide", "narrow"])


def planned(name: str, size: int = 10_000_000, obstacle: str = "") -> PlannedUpload:
    return PlannedUpload(
        local=Path("/data") / name, target=GncvPath(f"gncv://maize/{name}"), size=size, obstacle=obstacle
    )


@each_size
async def test_downloading_a_sample_starts_with_all_that_is_available(size: tuple[int, int]) -> None:
    desk = FakeDesk()
    async with drive(desk, size) as it:
        await it.press("2", "d")
        await it.sees(
            "Download results of B73-rep1", "impute-vcf", "6 files, 2.78 GiB", "1 of them already there"
        )
        await it.press("enter")
        await it.until(lambda: desk.called("queue_downloads"), "queued downloads")
        (plan,) = desk.called("queue_downloads")[0]
        assert [item.deliverable.file_type for item in plan] == [
            "impute-vcf", "impute-tbi", "impute-csi", "alignment-bam", "alignment-bai", "qc",
        ]  # fmt: skip
        assert plan[0].target.is_relative_to("/home/lab/gencove")
        await it.sees("Queued 6 downloads, 2.78 GiB.")


async def test_the_key_that_closes_a_dialog_opens_nothing_below_it() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "enter", "d")
        await it.sees("Download results of B73-rep1")
        await it.press("enter")
        await it.until(lambda: desk.called("queue_downloads"), "queued downloads")
        await it.press("4")
        assert it.app.screen is it.app.main
        assert it.app.main.at == "transfers"


async def test_lines_can_be_chosen_and_the_folder_typed() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "d")
        await it.sees("6 files")
        await it.press("asterisk")
        await it.sees("Nothing chosen.")
        await it.press("enter")
        assert isinstance(it.app.screen, DownloadDialog)
        await it.press("space", "tab", "end")
        await it.type("/new")
        await it.sees("1 file, 46.0 MiB", "/home/lab/gencove/new/")
        await it.press("enter")
        await it.until(lambda: desk.called("queue_downloads"), "queued downloads")
        (plan,) = desk.called("queue_downloads")[0]
        assert [str(item.target.parent.parent.parent) for item in plan] == ["/home/lab/gencove/new"]


async def test_marked_samples_are_downloaded_by_type() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "space", "j", "j", "space", "d")
        await it.sees("Download results of 2 samples", "of 2 samples", "12 files")
        await it.press("asterisk", "space", "enter")
        await it.until(lambda: desk.called("queue_downloads"), "queued downloads")
        (plan,) = desk.called("queue_downloads")[0]
        assert [(item.sample.client_id, item.deliverable.file_type) for item in plan] == [
            ("B73-rep1", "impute-vcf"),
            ("Mo17-rep2", "impute-vcf"),
        ]


async def test_one_deliverable_is_offered_alone() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "enter")
        await it.sees("alignment-bam")
        await it.press("j", "j", "j", "d")
        await it.sees("1 file, 2.73 GiB")
        await it.press("enter")
        await it.until(lambda: desk.called("queue_downloads"), "a queued download")
        (plan,) = desk.called("queue_downloads")[0]
        assert [item.deliverable.file_type for item in plan] == ["alignment-bam"]


async def test_an_archived_sample_has_nothing_to_choose() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "j", "d")
        await it.sees("not available now", "Nothing chosen.")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")
        assert desk.called("queue_downloads") == []


async def test_a_sample_without_results_says_so() -> None:
    async with drive() as it:
        await it.press("2", "j", "j", "d")
        await it.sees("No deliverables yet.")


async def test_a_folder_that_cannot_be_written_is_told() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "d")
        await it.sees("6 files")
        desk.trouble = Problem(
            "Can't write to /home/lab/gencove", "permission denied", "Choose another folder."
        )
        await it.press("enter")
        await it.sees("Can't write to /home/lab/gencove", "Choose another folder.")


@each_size
async def test_uploading_previews_before_it_queues(size: tuple[int, int]) -> None:
    desk = FakeDesk(
        ledger=make_snapshot(),
        planned_uploads=(
            planned("S1_R1.fastq.gz"),
            planned("S1_R2.fastq.gz"),
            planned("x.txt", 4, "not a FASTQ"),
        ),
    )
    async with drive(desk, size) as it:
        await it.press("u")
        await it.sees("gncv://maize/2025-03-14/", "Type a path.")
        await it.type("/data")
        await it.press("enter", "enter")
        await it.sees("2 files would go, 19.1 MiB. 1 would not.", "not a FASTQ", "Upload 2 files")
        assert desk.called("plan_uploads") == [((Path("/data"),), GncvPath("gncv://maize/2025-03-14/"))]
        assert desk.called("queue_uploads") == []
        await it.press("enter")
        await it.until(lambda: desk.called("queue_uploads") == [(desk.planned_uploads,)], "queued uploads")
        await it.sees("Queued 2 uploads, 19.1 MiB.")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("maize/", "must start with gncv://"),
        ("gncv:///x", "slash follows"),
        ("gncv://a//b", "empty, '.' or '..'"),
    ],
)
async def test_a_wrong_destination_is_told_as_it_is_typed(typed: str, message: str) -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("u")
        await it.type("/data")
        await it.press("enter", "home", "ctrl+k")
        await it.type(typed)
        await it.sees(message)
        await it.press("enter")
        assert desk.called("plan_uploads") == []
        assert isinstance(it.app.screen, UploadDialog)


async def test_a_changed_field_takes_the_preview_back() -> None:
    desk = FakeDesk(planned_uploads=(planned("S1_R1.fastq.gz"),))
    async with drive(desk) as it:
        await it.press("u")
        await it.type("/data")
        await it.press("enter", "enter")
        await it.sees("Upload 1 file")
        await it.press("shift+tab", "shift+tab", "shift+tab", "end", "x")
        await it.until(lambda: "1 file would go" not in it.text, "no preview")
        assert it.app.screen.query_one("#go").disabled


async def test_a_path_that_does_not_exist_is_told() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("u")
        await it.type("/nowhere")
        desk.trouble = Problem("/nowhere does not exist", remedy="Check the path.")
        await it.press("enter", "enter")
        await it.sees("/nowhere does not exist. Check the path.")
        await it.focus_is("upload-path")


async def test_nothing_to_upload_says_what_could_be() -> None:
    async with drive() as it:
        await it.press("u")
        await it.type("/data")
        await it.press("enter", "enter")
        await it.sees("No FASTQ there", ".fq.bgz")


async def test_tab_completes_the_path(tmp_path: Path) -> None:
    (tmp_path / "run_0314").mkdir()
    async with drive() as it:
        await it.press("u")
        await it.type(f"{tmp_path}/ru")
        await it.until(lambda: it.app.screen.query_one("#upload-path")._suggestion, "a completion")  # type: ignore[attr-defined]  # Input
        await it.press("tab")
        await it.until(
            lambda: it.app.screen.query_one("#upload-path").value == f"{tmp_path}/run_0314/",  # type: ignore[attr-defined]  # Input
            "the completed path",
        )


def test_completion_goes_as_far_as_it_is_sure(tmp_path: Path) -> None:
    for name in ("S1_R1.fastq.gz", "S1_R2.fastq.gz", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    assert completion(f"{tmp_path}/S1") == f"{tmp_path}/S1_R"
    assert completion(f"{tmp_path}/s") == f"{tmp_path}/sub/"
    assert completion(f"{tmp_path}/S", folders=True) is None
    assert completion(f"{tmp_path}/.h") == f"{tmp_path}/.hidden"
    assert completion(f"{tmp_path}/nothing") is None
    assert completion(f"{tmp_path}/missing/x") is None
    assert completion("\0") is None


def test_typed_paths_mean_what_a_shell_would_mean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", "/home/lab")
    monkeypatch.chdir(tmp_path)
    assert typed_path("~/x") == Path("/home/lab/x")
    assert typed_path("x/y") == tmp_path / "x/y"
    assert typed_path("/x") == Path("/x")
    assert typed_path("~nobody-of-this-name/x") == tmp_path / "~nobody-of-this-name/x"
