"""Choosing what to download and upload, and seeing what would come of it first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec import structs
from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Input

from gencove_tui.engine.views import PlannedUpload
from gencove_tui.errors import Problem
from gencove_tui.model import GncvPath
from gencove_tui.tui.screens.dialogs import Box
from gencove_tui.tui.screens.download import DownloadDialog
from gencove_tui.tui.screens.paths import completion, shortened, typed_path
from gencove_tui.tui.screens.pick_project import PickProject
from gencove_tui.tui.screens.picker import entries
from gencove_tui.tui.screens.upload import UploadDialog
from gencove_tui.tui.widgets.virtual_table import VirtualTable
from gencove_tui.tui.widgets.wrapping import wrapped
from tests.tui.driving import BOTH, drive
from tests.tui.fakes import PROJECTS, FakeDesk, make_samples, make_snapshot

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
        await it.sees("archived", "Nothing chosen.", "R in the list of samples asks for archived files back.")
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
        await it.sees("gncv://2025-03-14/", "Type a path.")
        await it.type("/data")
        await it.press("enter", "enter")
        await it.sees("2 files would go, 19.1 MiB. 1 would not.", "not a FASTQ", "Upload 2 files")
        assert desk.called("plan_uploads") == [((Path("/data"),), GncvPath("gncv://2025-03-14/"))]
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


def test_files_of_a_folder_are_listed_as_people_count(tmp_path: Path) -> None:
    for name in ("S10_R1.fastq.gz", "S2_R1.fastq.gz", "s1_R1.fastq.gz"):
        (tmp_path / name).touch()
    (tmp_path / "run").mkdir()
    names = [entry.name for entry in entries(tmp_path)]
    assert names == ["run", "s1_R1.fastq.gz", "S2_R1.fastq.gz", "S10_R1.fastq.gz"]


async def test_nothing_to_upload_says_what_could_be() -> None:
    async with drive() as it:
        await it.press("u")
        await it.type("/data")
        await it.press("enter", "enter")
        await it.sees("No FASTQ there", ".fq.bgz")
        await it.focus_is("upload-path")


async def test_tab_completes_the_path(tmp_path: Path) -> None:
    (tmp_path / "run_0314").mkdir()
    async with drive() as it:
        await it.press("u")
        await it.paste(f"{tmp_path}/ru")
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


# --- room: buttons stay in view, whatever the terminal ---------------------------------------------------


SMALLEST = (60, 18)


@pytest.mark.parametrize(
    ("keys", "buttons"),
    [
        ("2 d", ["Download", "Back"]),
        ("2 space j j space d", ["Download", "Back"]),
        ("u", ["Preview", "Upload", "Browse", "Back"]),
        ("u f3", ["Take", "Back"]),
        ("2 asterisk x", ["Leave it", "Delete 13 samples"]),
        ("1 x", ["Leave it", "Delete Maize diversity panel 2025"]),
        ("2 f", ["Filter", "Back"]),
        ("2 m", ["Save", "Back"]),
        ("4 L", ["Set the limit", "No limit", "Leave as it is"]),
        ("5 n", ["Watch", "Dry run", "Back"]),
    ],
)
async def test_buttons_are_in_view_on_the_smallest_screen(keys: str, buttons: list[str]) -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), SMALLEST) as it:
        await it.sees("Maize")
        await it.press(*keys.split())
        await it.sees(*buttons, "esc")


@pytest.mark.parametrize("size", [SMALLEST, (80, 24), (120, 36), (160, 48)])
async def test_a_long_list_scrolls_within_a_dialog_that_does_not(size: tuple[int, int]) -> None:
    async with drive(FakeDesk(all_samples=make_samples(100)), size) as it:
        await it.press("2", "asterisk", "x")
        await it.sees("Delete 100 samples", "see them all")
        assert it.app.screen.query_one(Box).max_scroll_y == 0
        assert it.app.screen.query_one(VirtualTable).max_scroll_y > 0


async def test_a_button_that_does_nothing_stands_back_without_colours_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with drive() as it:
        await it.press("2", "d")
        await it.sees("6 files")

        def dim() -> bool:
            found = [
                segment.style is not None and bool(segment.style.dim)
                for strip in it.app.screen._compositor.render_strips()
                for segment in strip
                if segment.text.strip() == "Download"
            ]
            return found[-1]

        assert not dim()
        await it.press("asterisk")
        await it.sees("Nothing chosen.")
        await it.until(dim, "a button that stands back")


async def test_the_palette_shows_its_cursor_without_colours_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with drive() as it:
        await it.press("colon")
        await it.type("delete")
        await it.sees("Delete samples for good", "Delete uploads")

        def underlined() -> list[str]:
            return [
                segment.text
                for strip in it.app.screen._compositor.render_strips()
                for segment in strip
                if segment.style is not None and segment.style.underline and "With all" in segment.text
            ]

        await it.until(lambda: len(underlined()) == 1, "one line that stands out")


async def test_a_dialog_fits_after_the_terminal_has_shrunk() -> None:
    async with drive(size=BOTH[0]) as it:
        await it.press("2", "d")
        await it.sees("6 files")
        await it.pilot.resize_terminal(*SMALLEST)
        await it.sees("Download", "Back", "esc back")
        await it.until(lambda: it.lines[0].startswith("╭─ Download results of B73-rep1"), "its title on top")


async def test_many_answers_are_within_reach() -> None:
    async with drive(profiles=("lab", *(f"core-{n:02}" for n in range(30)))) as it:
        await it.press("C")
        await it.sees("Change to core-00")
        await it.press("up")
        await it.sees("Set up another connection")


async def test_a_number_names_what_loses_something_and_enter_does_it() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("5", "x")
        await it.sees("1-2, then enter", "esc keep it")
        await it.press("2")
        await it.sees("enter: remove")
        assert desk.called("remove_rule") == []
        await it.press("enter")
        await it.until(lambda: desk.called("remove_rule"), "a removal")


async def test_a_dialog_tells_all_its_keys_also_where_its_border_has_no_room() -> None:
    async with drive(size=SMALLEST) as it:
        await it.press("2", "d")
        await it.sees("enter download")
        assert "every path" not in it.text
        await it.press("question_mark")
        await it.sees("Keys of this dialog", "every path", "find", "tick")
        await it.press("question_mark")
        await it.until(lambda: isinstance(it.app.screen, DownloadDialog), "the dialog")
        assert "Keys of this dialog" not in it.text


async def test_the_key_bar_names_no_keys_that_a_dialog_takes_away() -> None:
    async with drive() as it:
        await it.press("2")
        await it.sees("e export")
        await it.press("x")
        await it.sees("Delete 1 sample", "f1 keys")
        assert "e export" not in it.text
        await it.press("escape")
        await it.sees("e export")


# --- finding, completing, not losing what was typed -------------------------------------------------------


async def test_a_type_is_found_by_a_word_and_all_of_the_list_ticked() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "d", "asterisk")
        await it.sees("Nothing chosen.")
        await it.press("slash")
        await it.type("bam")
        await it.press("enter")
        await it.until(lambda: "impute-vcf" not in it.text, "the types that were found")
        await it.press("asterisk")
        await it.sees("1 file, 2.73 GiB", "esc all types")
        await it.press("escape")
        await it.sees("impute-vcf", "1 file, 2.73 GiB", "esc back")
        await it.press("enter")
        await it.until(lambda: desk.called("queue_downloads"), "queued downloads")
        (plan,) = desk.called("queue_downloads")[0]
        assert [item.deliverable.file_type for item in plan] == ["alignment-bam"]


async def test_letters_lead_to_a_type_so_that_two_of_them_cost_six_keys() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "d")
        await it.sees("6 files")
        await it.press("asterisk", "b", "space", "v", "space", "enter")
        await it.until(lambda: desk.called("queue_downloads"), "queued downloads")
        (plan,) = desk.called("queue_downloads")[0]
        assert [item.deliverable.file_type for item in plan] == ["impute-vcf", "alignment-bam"]
        await it.press("d")
        await it.sees("2 files")  # what was chosen last is chosen again


async def test_letters_of_a_word_lead_further_and_the_same_letter_to_the_next_word() -> None:
    async with drive() as it:
        await it.press("2", "d")
        await it.sees("6 files")
        dialog = it.app.screen
        assert isinstance(dialog, DownloadDialog)

        def at() -> str:
            return dialog.offers[dialog.table.cursor].title

        for key, title in (
            ("c", "impute-csi"), ("b", "alignment-bam"), ("a", "alignment-bam"), ("i", "alignment-bai"),
            ("j", "qc"), ("i", "impute-vcf"), ("i", "impute-tbi"), ("z", "impute-tbi"), ("k", "impute-vcf"),
        ):  # fmt: skip
            await it.press(key)
            assert at() == title
        await it.press("tab", "end", "b")
        assert dialog.folder.value == "/home/lab/gencoveb"
        assert at() == "impute-vcf"


async def test_tab_right_after_a_name_completes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run_0314").mkdir()
    monkeypatch.chdir(tmp_path)
    async with drive() as it:
        await it.press("u")
        await it.press("r", "u", "n", "tab")
        assert it.app.screen.query_one("#upload-path", Input).value == "run_0314/"
        await it.focus_is("upload-path")


async def test_a_folder_goes_to_a_place_of_its_name_unless_another_was_chosen(tmp_path: Path) -> None:
    (tmp_path / "run7").mkdir()
    async with drive() as it:
        await it.press("u")
        await it.paste(f"{tmp_path}/run7")
        await it.press("enter")
        destination = it.app.screen.query_one("#upload-destination", Input)
        assert destination.value == "gncv://run7/"
        destination.value = "gncv://mine/"
        await it.press("up", "enter")
        assert destination.value == "gncv://mine/"


async def test_metadata_is_readable_and_one_key_does_not_lose_it() -> None:
    desk = FakeDesk()
    desk.metadata_kept = {"site": "Tromsø", "odd": "\u202e\x9b"}
    async with drive(desk) as it:
        await it.press("2", "m")
        await it.sees('"site": "Tromsø"', "\\u202e\\u009b")
        await it.type("x")
        await it.press("escape")
        await it.sees("Not saved yet: f2 saves, esc again throws it away.")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")
        assert desk.called("set_sample_metadata") == []


async def test_what_is_wrong_with_json_is_read_to_its_end_on_the_smallest_screen() -> None:
    desk = FakeDesk()
    desk.metadata_kept = {"site": "Oslo"}
    async with drive(desk, SMALLEST) as it:
        await it.press("2", "m")
        await it.sees("Oslo")
        await it.press("end", "comma")
        await it.sees("Not JSON: line 1, column 2:", "in double quotes.", "Save", "Back")


async def test_a_filled_form_is_not_lost_by_one_key() -> None:
    async with drive() as it:
        await it.press("1", "n")
        await it.sees("Create a project")
        await it.type("Barley panel of the year 2025")
        await it.press("escape")
        await it.sees("Esc again throws away what was typed.")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")


async def test_the_field_at_fault_gets_the_keyboard() -> None:
    async with drive() as it:
        await it.press("2", "f")
        await it.press("down", "down", "down")
        await it.type("yesterday")
        await it.press("up", "f2")
        await it.sees("'yesterday' is no date")
        await it.focus_is("form-created_after")


# --- choosing a project -----------------------------------------------------------------------------------


async def test_the_projects_that_are_known_can_be_chosen_at_once() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize diversity panel 2025")
        await it.press("3", "asterisk")
        desk.gate = asyncio.Event()
        await it.press("a")
        desk.gate.set()
        await it.sees("which project?")
        desk.gate = asyncio.Event()
        await it.press("enter")
        await it.sees("Assign 3 samples to Maize diversity panel 2025")


async def test_enter_after_typing_waits_for_what_gencove_finds() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("3", "asterisk", "a")
        await it.sees("5 projects")
        desk.gate = asyncio.Event()
        await it.type("cattle")
        await it.press("enter")
        await it.sees("Asking Gencove…")
        assert isinstance(it.app.screen, PickProject)
        desk.gate.set()
        await it.sees("Assign 3 samples to Cattle imputation")


async def test_enter_does_not_guess_among_several_projects() -> None:
    async with drive() as it:
        await it.press("3", "asterisk", "a")
        await it.sees("5 projects")
        await it.type("i")
        await it.press("enter")
        await it.sees("3 projects match: choose one of them.")


async def test_a_search_that_failed_is_forgotten_when_the_next_one_works() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("3", "asterisk", "a")
        await it.sees("5 projects")
        desk.trouble = Problem("Can't list the projects", "nobody answers", "")
        await it.type("c")
        await it.sees("Can't list the projects")
        desk.trouble = None
        await it.type("at")
        await it.sees("1 project")
        assert "Can't list" not in it.text


async def test_more_projects_than_are_listed_are_counted() -> None:
    many = tuple(structs.replace(PROJECTS[0], id=f"p{n}", name=f"Project {n:04}") for n in range(250))
    async with drive(FakeDesk(all_projects=many)) as it:
        await it.press("3", "asterisk", "a")
        await it.sees("The first 200 of 250. Type to find others.")


# --- colours and the palette ------------------------------------------------------------------------------


async def test_themes_are_tried_and_put_back() -> None:
    async with drive() as it:
        await it.press("T")
        await it.sees("gencove-clear-light")
        await it.press("j")
        await it.until(lambda: it.app.theme == "gencove-light", "another theme")
        await it.press("escape")
        assert it.app.theme == "gencove-dark"
        await it.press("T", "j", "j", "enter")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")
        assert it.app.theme == "gencove-clear-dark"


async def test_the_palette_finds_actions_by_what_they_are_about() -> None:
    async with drive() as it:
        await it.press("colon")
        await it.sees("Find an action")
        await it.type("theme")
        await it.sees("Change the colours")


# --- paths ------------------------------------------------------------------------------------------------


def test_paths_break_between_folders() -> None:
    path = Content("/home/lab/gencove/B73-rep1/cdab8924-7c1e-4b52-9f0a-000000000100/x_impute-vcf.vcf.gz")
    assert [line.plain for line in wrapped(path, 40)] == [
        "/home/lab/gencove/B73-rep1/", "cdab8924-7c1e-4b52-9f0a-000000000100/", "x_impute-vcf.vcf.gz",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1, 2, 5, 9, 30])
@pytest.mark.parametrize(
    "text", ["", "a\n\nb", "標本-0042/標本標本標本 x", "e\u0301" * 12, "one two  three four"]
)
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, width: int) -> None:
    lines = [line.plain for line in wrapped(Content(text), width)]
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= max(width, 2) for line in lines)


@pytest.mark.parametrize(
    ("width", "shown"),
    [(40, "/data/run_0314/S1/x.fastq.gz"), (20, "…/S1/x.fastq.gz"), (13, "…/x.fastq.gz"), (8, "…/x.….gz")],
)
def test_paths_give_up_their_first_folders(width: int, shown: str) -> None:
    found = shortened("/data/run_0314/S1/x.fastq.gz", width)
    assert cell_len(found) <= width
    assert found == shown or width == 8
