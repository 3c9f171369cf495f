"""What a user does with the upload area, and with files on their way there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec import structs

from gencove_tui.engine.views import PlannedUpload
from gencove_tui.engine.views_remote import Fate
from gencove_tui.model import GNCV, GncvPath, Organization, Upload
from gencove_tui.tui.format import UNICODE
from gencove_tui.tui.screens.picker import Picker, entries
from gencove_tui.tui.screens.upload_warnings import warnings
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.upload_cells import UploadCells
from gencove_tui.tui.widgets.upload_columns import UploadColumns
from gencove_tui.tui.widgets.upload_rows import Tree, pairs_of_names
from gencove_tui.tui.widgets.uploads import UploadsPane
from tests.tui.driving import BOTH, WIDE, drive
from tests.tui.fakes import NOW, ONLINE_V1, ONLINE_V2, PROJECTS, FakeDesk, make_uploads

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
        await it.sees("▸ maize/", "5 free")
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
    tree = Tree(uploads("z.fastq.gz", "b/2.fastq.gz", "a/x/1.fastq.gz", "a/0.fastq.gz"))
    paths = [node.path for node in tree.rows()]
    assert paths == ["a/", "a/x/", "a/x/1.fastq.gz", "a/0.fastq.gz", "b/", "b/2.fastq.gz", "z.fastq.gz"]
    assert [node.depth for node in tree.rows()] == [0, 1, 2, 1, 0, 1, 0]
    folded = tree.rows(folded={"a/", "b/"})
    assert [node.path for node in folded] == ["a/", "b/", "z.fastq.gz"]
    assert [len(node.uploads) for node in folded] == [2, 1, 1]
    assert [node.path for node in tree.rows(folded={"a/x/"})][:3] == ["a/", "a/x/", "a/0.fastq.gz"]


def test_a_tree_shows_what_is_kept_and_the_folders_that_lead_there() -> None:
    tree = Tree(uploads("a/x/1.fastq.gz", "a/y/2.fastq.gz", "a/y/3.fastq.gz", "b/4.fastq.gz"))
    rows = tree.rows(keep=lambda upload: upload.path.name.startswith(("2", "4")))
    assert [node.path for node in rows] == ["a/", "a/y/", "a/y/2.fastq.gz", "b/", "b/4.fastq.gz"]
    assert [len(node.uploads) for node in rows] == [1, 1, 1, 1, 1]


def test_folders_that_begin_alike_are_not_one_in_the_other() -> None:
    rows = Tree(uploads("a/1.fastq.gz", "a-b/2.fastq.gz", "ab/3.fastq.gz", "a/b/4.fastq.gz")).rows()
    folders = {node.path: len(node.uploads) for node in rows if node.is_folder}
    assert folders == {"a-b/": 1, "a/": 2, "a/b/": 1, "ab/": 1}


def test_a_tree_may_be_very_deep() -> None:
    assert len(Tree(uploads("d/" * 3000 + "f.fastq.gz")).rows()) == 3001


def test_a_file_may_be_named_like_a_folder() -> None:
    rows = Tree(uploads("a/", "a/b.fastq.gz")).rows()
    assert [(node.path, node.is_folder) for node in rows] == [
        ("a/", True), ("a/", False), ("a/b.fastq.gz", False),
    ]  # fmt: skip
    assert len({node.key for node in rows}) == 3
    assert all(node.name for node in rows)


def test_a_folder_counts_as_free_only_what_can_be_assigned() -> None:
    there, failed, arriving = (
        Upload(path=GncvPath(f"gncv://m/{status}.fastq.gz"), status=status)
        for status in ("succeeded", "failed", "started")
    )
    used = structs.replace(there, path=GncvPath("gncv://m/used.fastq.gz"), sample_id="s")
    cells = UploadCells(Look(glyphs=UNICODE, clock=lambda: NOW), UploadColumns())

    def status(*area: Upload) -> str:
        (folder, *_) = Tree(area).rows()
        return cells.node(folder)[3].text.strip()

    assert status(there, failed, arriving, used) == "1 free"
    assert status(failed, arriving, used) == "✗ 1 failed"
    assert status(arriving, used) == "▸ arriving"
    assert status(used).endswith("assigned")


async def test_the_tree_comes_though_the_area_changes_all_the_while() -> None:
    class Desk(FakeDesk):
        begun = 0

        async def every_upload(self, *, most: int) -> tuple[Upload, ...]:
            found = self.all_uploads
            self.begun += 1
            await whole.wait()
            return found

    whole, desk = asyncio.Event(), Desk()
    async with drive(desk) as it:
        await it.press("3", "t")
        await it.until(lambda: desk.begun, "the question for all of it")
        for name in ("new1", "new2"):
            desk.all_uploads = (*uploads(f"maize/{name}_R1.fastq.gz"), *desk.all_uploads)
            await it.press("r")
            await it.sees(f"Upload area {len(desk.all_uploads)}")
        assert desk.begun == 1
        whole.set()
        await it.sees("▾ maize/")
        assert "new1" not in it.text
        await it.press("r")  # as the next poll would
        await it.sees("new1_R1", "new2_R1")


async def test_a_tree_that_shows_the_same_is_not_made_anew() -> None:
    async with drive() as it:
        await it.press("3", "t")
        await it.sees("▾ maize/")
        pane = it.app.main.query_one(UploadsPane)
        face, fetched = pane.face, len(it.desk.called("uploads"))
        await it.press("r")
        await it.until(lambda: len(it.desk.called("uploads")) > fetched, "a poll")
        await it.until(lambda: not pane.view.busy, "its answer")
        assert pane.face is face
        await it.press("enter")
        assert pane.face is not face
        await it.sees("▸ maize/")
        await it.press("t", "t", "t")  # pairs, list, and the tree again
        await it.sees("▸ maize/")


async def test_what_is_marked_is_counted_in_files() -> None:
    async with drive() as it:
        await it.press("3", "t")
        await it.sees("▾ maize/")
        await it.press("asterisk")
        await it.sees("6 marked")


@pytest.mark.parametrize("view", ["list", "tree", "pairs"])
async def test_what_was_assigned_since_it_was_marked_is_neither_deleted_nor_assigned_again(view: str) -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("3", *{"list": "", "tree": "t", "pairs": "tt"}[view])
        await it.sees("B73-rep1")
        if view == "tree":
            await it.press("j", "j")
        await it.press("space")
        await it.sees("1 marked" if view != "pairs" else "2 marked")
        desk.all_uploads = tuple(structs.replace(u, sample_id="s1") for u in desk.all_uploads)
        await it.press("r")
        await it.sees("assigned")
        await it.press("x")
        await it.until(lambda: any("Delete the samples first" in text for text in it.toasts), "words")
        await it.press("a")
        await it.until(lambda: any("uses all of these already" in text for text in it.toasts), "words")
        assert desk.called("delete_uploads") == desk.called("assign") == []


async def test_a_pair_is_deleted_by_the_sizes_that_the_list_knows() -> None:
    async with drive() as it:
        await it.press("3", "t", "t")
        await it.sees("paired")
        await it.press("x")
        await it.sees("Delete 2 uploads, 360 MiB")


async def test_a_pair_stays_the_same_row_when_its_mate_comes() -> None:
    second, first = make_uploads()[1], make_uploads()[0]
    desk = FakeDesk(all_uploads=(second, *make_uploads()[2:]))
    async with drive(desk) as it:
        await it.press("3", "t", "t")
        await it.sees("R2 only")
        pane = it.app.main.query_one(UploadsPane)
        await it.press("space")
        marked = list(pane.table.marks)
        desk.all_uploads = (first, *desk.all_uploads)
        await it.press("r")
        await it.until(lambda: "R2 only" not in it.text, "the mate")
        keys = [pair.key for pair in pane.pairs or ()]
        assert list(pane.table.marks) == marked == keys[:1]
        assert len(set(keys)) == len(keys) == 3


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
        await it.paste(str(tmp_path))
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
