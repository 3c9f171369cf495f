"""What a user does with the upload area, and with files on their way there."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from gencove_tui.engine.views import PlannedUpload
from gencove_tui.engine.views_remote import Fate
from gencove_tui.model import GNCV, GncvPath, Organization, Upload
from gencove_tui.tui.screens.picker import Picker, entries
from gencove_tui.tui.screens.upload_warnings import warnings
from gencove_tui.tui.widgets.upload_rows import pairs_of_names, tree
from tests.tui.driving import BOTH, WIDE, drive
from tests.tui.fakes import ONLINE_V1, ONLINE_V2, PROJECTS, FakeDesk, make_uploads

each_size = pytest.mark.parametrize("size", BOTH, ids=["wide", "narrow"])


def uploads(*keys: str) -> tuple[Upload, ...]:
    return tuple(Upload(path=GncvPath(GNCV + key), id=key, size=1) for key in keys)


def planned(name: str, size: int = 10) -> PlannedUpload:
    return PlannedUpload(local=Path("/data") / name, target=GncvPath(f"gncv://run/{name}"), size=size)


# --- the three views -------------------------------------------------------------------


@each_size
async def test_the_tree_folds(size: tuple[int, int]) -> None:
    desk = FakeDesk()
    async with drive(desk, size) as it:
        await it.press("3", "t")
        await it.sees("▾ maize/", "▾ 2025-03-14/", "B73-rep")
        await it.press("enter")
        await it.sees("▸ maize/", "6 free")
        await it.until(lambda: "2025-03-14/" not in it.text, "a folded folder")
        await it.press("enter")
        await it.sees("▾ 2025-03-14/")


@each_size
async def test_pairs_show_both_reads_and_what_is_missing(size: tuple[int, int]) -> None:
    desk = FakeDesk(all_uploads=make_uploads()[:-1])
    async with drive(desk, size) as it:
        await it.press("3", "t", "t")
        await it.sees("B73-rep1", "paired", "R1 only")


async def test_v1_pairs_by_name() -> None:
    desk = FakeDesk(line=ONLINE_V1, all_uploads=make_uploads(v1=True))
    async with drive(desk) as it:
        await it.press("3", "t", "t")
        await it.sees("B73-rep2", "paired")
        assert desk.called("sheet_rows") == []


async def test_time_left_is_shown_where_gencove_says_how_long_it_keeps_files() -> None:
    line = structs.replace(ONLINE_V2, organization=Organization(id="o", expire_uploads_period_days=1))
    async with drive(FakeDesk(line=line)) as it:
        await it.press("3")
        await it.sees("Left", "23h", "kept 1 day")


async def test_unknown_sizes_are_unknown_and_not_nothing() -> None:
    rows = tuple(structs.replace(upload, size=None) for upload in make_uploads(v1=True))
    async with drive(FakeDesk(line=ONLINE_V1, all_uploads=rows)) as it:
        await it.press("3")
        await it.sees("?")
        assert "0 B" not in it.text


async def test_only_unassigned_uploads_are_shown_on_demand() -> None:
    rows = make_uploads()
    rows = (structs.replace(rows[0], sample_id="s1"), *rows[1:])
    async with drive(FakeDesk(all_uploads=rows)) as it:
        await it.press("3")
        await it.sees("assigned")
        await it.press("f")
        await it.sees("unassigned only")
        assert "B73-rep1_S1_L001_R1" not in it.text
        await it.press("f")
        await it.until(lambda: "unassigned only" not in it.text, "all uploads")


def test_a_tree_has_folders_before_files_and_leaves_out_what_is_folded() -> None:
    area = uploads("z.fastq.gz", "b/2.fastq.gz", "a/x/1.fastq.gz", "a/0.fastq.gz")
    paths = [node.path for node in tree(area, set())]
    assert paths == ["a/", "a/x/", "a/x/1.fastq.gz", "a/0.fastq.gz", "b/", "b/2.fastq.gz", "z.fastq.gz"]
    assert [node.path for node in tree(area, {"a/", "b/"})] == ["a/", "b/", "z.fastq.gz"]
    assert [len(node.uploads) for node in tree(area, {"a/", "b/"})] == [2, 1, 1]


def test_a_tree_may_be_very_deep() -> None:
    assert len(tree(uploads("d/" * 3000 + "f.fastq.gz"), set())) == 3001


def test_pairs_of_names_keep_lanes_and_folders_apart() -> None:
    found = pairs_of_names(
        uploads("a/S_S1_L001_R1_001.fastq.gz", "a/S_S1_L001_R2_001.fastq.gz", "a/S_S1_L002_R1_001.fastq.gz",
                "b/S_S1_L001_R1_001.fastq.gz", "b/other.fastq.gz")
    )  # fmt: skip
    assert [(p.folder, p.r1 is not None, p.r2 is not None) for p in found] == [
        ("a/", True, True), ("a/", True, False), ("b/", True, False), ("b/", True, False),
    ]  # fmt: skip


# --- assigning and deleting ------------------------------------------------------------


@each_size
async def test_a_folder_is_assigned_after_asking(size: tuple[int, int]) -> None:
    desk = FakeDesk()
    async with drive(desk, size) as it:
        await it.press("3", "t")
        await it.sees("▾ maize/")
        await it.press("a")
        await it.sees("Assign 3 samples to which project?", "Maize diversity")
        await it.type("Cattle")
        await it.until(lambda: desk.called("projects")[-1][0].search == "Cattle", "a search")
        await it.press("enter")
        await it.sees("which costs money", "B73-rep2", "Assign 3 samples")
        await it.focus_is("leave")
        await it.press("right", "enter")
        await it.until(lambda: desk.called("assign"), "an assignment")
        assert desk.called("assign")[0] == (PROJECTS[1].id, ("B73-rep1", "B73-rep2", "標本-0042"))


async def test_v1_says_where_to_assign() -> None:
    desk = FakeDesk(line=ONLINE_V1, all_uploads=make_uploads(v1=True))
    async with drive(desk) as it:
        await it.press("3", "a")
        await it.until(lambda: any("dashboard" in text for text in it.toasts), "an explanation")


async def test_assigned_uploads_are_never_deleted() -> None:
    rows = make_uploads()
    rows = (structs.replace(rows[0], sample_id="s1"), *rows[1:])
    desk = FakeDesk(all_uploads=rows)
    async with drive(desk) as it:
        await it.press("3", "x")
        await it.until(lambda: any("Delete the samples first" in text for text in it.toasts), "words")
        await it.press("space", "space", "x")
        await it.sees("Delete 1 upload", "1 file left out: a sample uses them.")
        await it.press("right", "enter")
        await it.until(lambda: desk.called("delete_uploads"), "a deletion")
        assert desk.called("delete_uploads")[0] == ((rows[1].path,),)


# --- sending by hand -------------------------------------------------------------------


async def test_the_preview_says_what_the_upload_area_holds_already() -> None:
    desk = FakeDesk(
        planned_uploads=(planned("A_R1.fastq.gz"), planned("A_R2.fastq.gz")),
    )
    desk.fates = (Fate.SAME, Fate.CHANGED)
    async with drive(desk) as it:
        await it.press("u")
        await it.type("/data")
        await it.press("enter", "enter")
        await it.sees("same size there", "another file is there", "Upload 1 file")
        await it.press("enter")
        await it.until(lambda: desk.called("queue_uploads"), "a queued upload")
        (plan,) = desk.called("queue_uploads")[0]
        assert [bool(item.obstacle) for item in plan] == [False, True]


def test_names_that_gencove_would_misread_are_warned_of() -> None:
    text = "\n".join(
        warnings(
            [
                planned("Undetermined_S0_L001_R1_001.fastq.gz"),
                planned("A_S1_L001_I1_001.fastq.gz"),
                planned("P1_A01_S1_L001_R1_001.fastq.gz"),
                planned("P1_A02_S2_L001_R1_001.fastq.gz"),
            ]
        )
    )
    assert "undetermined" in text
    assert "index reads" in text
    assert "P1_A01, P1_A02" in text
    assert "without a mate" in text


def test_nothing_is_warned_of_without_reason() -> None:
    assert warnings([planned("A_S1_L001_R1_001.fastq.gz"), planned("A_S1_L001_R2_001.fastq.gz")]) == []


async def test_files_are_picked_by_looking_around(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for name in ("a_R1.fastq.gz", "a_R2.fastq.gz", "notes.txt", ".hidden.fastq.gz"):
        (tmp_path / "run" / name).write_bytes(b"x")
    desk = FakeDesk()
    async with drive(desk, WIDE) as it:
        await it.press("u")
        await it.type(str(tmp_path))
        await it.press("f3")
        await it.until(lambda: isinstance(it.app.screen, Picker), "the picker")
        await it.sees("run/")
        await it.press("enter")
        await it.sees("a_R1.fastq.gz", "a_R2.fastq.gz")
        assert "notes.txt" not in it.text
        await it.press("space", "space", "enter")
        await it.sees("2 chosen in")
        await it.press("enter")
        await it.until(lambda: desk.called("plan_uploads"), "a plan")
        assert [path.name for path in desk.called("plan_uploads")[0][0]] == ["a_R1.fastq.gz", "a_R2.fastq.gz"]


def test_a_picker_lists_folders_before_files(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "a.fastq.gz").write_bytes(b"")
    assert [(e.name, e.is_folder) for e in entries(tmp_path)] == [("z", True), ("a.fastq.gz", False)]
