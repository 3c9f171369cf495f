"""The main screen, driven by keys."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from gencove_tui.engine.views import EngineState, Online, Snapshot, Totals
from gencove_tui.errors import Problem
from gencove_tui.model import Transfer, TransferState, Wish
from gencove_tui.tui.actions import PANES, TABS
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.widgets.virtual_table import VirtualTable
from tests.tui.driving import BOTH, NARROW, WIDE, drive
from tests.tui.fakes import (
    NOW,
    ONLINE_V1,
    ONLINE_V2,
    PROJECTS,
    FakeDesk,
    make_samples,
    make_snapshot,
    make_uploads,
)

each_size = pytest.mark.parametrize("size", BOTH, ids=["wide", "narrow"])


@each_size
async def test_projects_appear_first(size: tuple[int, int]) -> None:
    async with drive(size=size) as it:
        await it.sees("Maize diversity", "Cattle", "[bold]pilot[/bold]", "online")
        assert it.app.focused is not None
        assert it.app.focused.id == "projects-table"


async def test_wide_shows_every_pane_at_once() -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), WIDE) as it:
        await it.sees(
            "1 Projects 5",
            "2 Samples 13",
            "3 Upload area 6",
            "Sample B73-rep1",
            "4 Transfers 10",
            "5 Watch 2",
        )
        await it.sees("B73-rep1_S1", "fetching", "uploading 3", "6 deliverables")


@each_size
async def test_number_keys_go_to_panes(size: tuple[int, int]) -> None:
    first, *others = enumerate(TABS, 1)
    async with drive(FakeDesk(ledger=make_snapshot()), size) as it:
        for key, pane in (*others, first):
            await it.press(str(key))
            await it.focus_is(f"{pane}-table")
            assert it.app.main.panes[pane].display
            shown = [name for name in PANES if it.app.main.panes[name].display]
            assert (shown != [pane]) == (size == WIDE)


@each_size
async def test_tab_and_hl_walk_through_the_panes(size: tuple[int, int]) -> None:
    async with drive(size=size) as it:
        ids = ["projects-table"]
        for key in ("tab", "l", "right", "tab", "tab", "tab", "tab"):
            await it.press(key)
            assert it.app.focused is not None
            ids.append(str(it.app.focused.id))
        whole = [
            "projects-table",
            "samples-table",
            "detail-table",
            "uploads-table",
            "transfers-table",
            "watch-table",
        ]
        stops = (
            [*whole, "watch-events"]
            if size == WIDE
            else [i for i in whole if i != "detail-table"] + ["watch-events"]
        )
        assert ids == [stops[n % len(stops)] for n in range(8)]
        await it.press("h")
        await it.press("shift+tab")
        assert it.app.focused is not None
        assert it.app.focused.id == stops[(7 - 2) % len(stops)]


async def test_narrow_from_project_to_results_and_back() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("enter")
        await it.sees("B73-rep1", "failed qc", "awaiting kit order")
        assert desk.called("sample") == []
        await it.press("enter")
        await it.sees("impute-vcf", "2.73 GiB", "sha256", "Gencove id")
        assert [call[1] for call in desk.called("sample")] == [make_samples()[0].id]
        await it.press("escape")
        await it.focus_is("samples-table")
        await it.press("escape")
        await it.focus_is("projects-table")


async def test_a_sample_shows_why_it_failed() -> None:
    async with drive() as it:
        await it.press("2", "j", "j", "j", "enter")
        await it.sees("Effective coverage 0.12x is below 0.40x", "effective_coverage", "failed qc")


async def test_an_archived_sample_says_that_its_files_are_not_available() -> None:
    async with drive() as it:
        await it.press("2", "j", "enter")
        await it.sees("archived", "not available now")


async def test_wide_follows_the_cursor_without_a_request_for_every_row() -> None:
    desk = FakeDesk()
    async with drive(desk, WIDE) as it:
        await it.sees("6 deliverables")
        await it.press("2")
        desk.calls.clear()
        table = it.app.focused
        assert isinstance(table, VirtualTable)
        for _ in range(7):  # at once, so that the cursor rests nowhere on its way
            table.action_cursor_down()
        await it.sees("標本-0042", "Sample 標本-0042")
        await it.until(lambda: desk.called("sample"), "a request for the sample the cursor rests on")
        assert [call[1] for call in desk.called("sample")] == [make_samples()[7].id]


async def test_wide_opens_the_project_that_the_cursor_rests_on() -> None:
    desk = FakeDesk()
    async with drive(desk, WIDE) as it:
        await it.sees("2 Samples 13")
        await it.press("j", "j")
        await it.until(
            lambda: desk.called("samples")[-1][0] == PROJECTS[2].id, "samples of the third project"
        )
        assert PROJECTS[1].id not in [call[0] for call in desk.called("samples")]
        await it.sees("2 Samples 2", "家系研究")


@each_size
async def test_resizing_across_the_forms_keeps_everything(size: tuple[int, int]) -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), size) as it:
        await it.press("2", "j", "j", "space")
        for other in (WIDE, (50, 12), NARROW, (60, 18), (160, 48), (60, 16), size):
            await it.pilot.resize_terminal(*other)
            await it.pilot.pause()
        await it.sees("Mo17-rep1", "1 marked")
        await it.focus_is("samples-table")
        assert it.app.main.samples.table.cursor == 3


async def test_too_small_says_so_and_only_quits() -> None:
    desk = FakeDesk()
    async with drive(desk, (50, 12)) as it:
        await it.sees("Too small", "q quits")
        await it.press("2", "u", "r", "?")
        assert it.app.screen is it.app.main
        assert it.app.main.at == "projects"
        await it.press("q")
        await it.until(lambda: not it.app.is_running or it.app._exit, "the end")


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (60, 16), (119, 29)])
async def test_nothing_is_cut_off_in_small_windows(size: tuple[int, int]) -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), size) as it:
        for key in "12345":
            await it.press(key)
            assert "? help" in it.lines[-1]
            assert "q quit" in it.lines[-1]
            assert "online" in it.lines[-2]
            assert "Watch" in it.lines[0]


async def test_the_pane_can_fill_the_screen_and_go_back() -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), WIDE) as it:
        await it.press("4", "z")
        assert not it.app.main.panes["projects"].display
        await it.press("2")
        assert it.app.main.panes["samples"].display
        assert not it.app.main.panes["transfers"].display
        await it.press("escape")
        assert it.app.main.panes["projects"].display
        await it.focus_is("samples-table")


async def test_the_hint_stays_until_dismissed() -> None:
    async with drive(hint="Try this first: press [2]") as it:
        await it.sees("Try this first: press [2]")
        await it.press("2")
        await it.sees("Try this first")
        await it.press("1", "escape")
        await it.until(lambda: "Try this first" not in it.text, "no hint")


# --- filtering and searching ------------------------------------------------------------------------


async def test_a_filter_goes_to_the_server_where_it_can_search() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2", "slash")
        await it.type("mo17")
        await it.until(lambda: desk.called("samples")[-1][1].search == "mo17", "a search on the server")
        await it.sees("Mo17-rep2", "filter 'mo17'")
        await it.until(lambda: "W22" not in it.text, "only what matches")
        assert {call[1].search for call in desk.called("samples")} <= {"", "mo17"}
        await it.press("enter")
        await it.focus_is("samples-table")
        await it.press("escape")
        await it.sees("W22", "B73-rep1")


async def test_a_filter_works_here_where_the_server_cannot_search() -> None:
    desk = FakeDesk(line=ONLINE_V1, all_uploads=make_uploads(v1=True))
    async with drive(desk) as it:
        await it.press("2", "slash")
        asked = len(desk.called("samples"))
        await it.type("rep1")
        await it.sees("B73-rep1", "Mo17-rep1")
        assert "B73-rep2" not in it.text
        assert len(desk.called("samples")) == asked
        await it.press("escape")
        await it.sees("B73-rep2")
        await it.press("slash")
        await it.type("!rep")
        await it.until(lambda: "B73-rep1" not in it.text, "rows that don't match")
        await it.sees("W22", "filter '!rep'")


async def test_a_filter_drops_marks_on_transfers_it_may_hide() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4", "space", "space")
        await it.sees("2 marked")
        await it.press("slash", "x")
        await it.until(lambda: not it.app.main.list_pane("transfers").table.marks, "no hidden marks")


async def test_keys_typed_into_a_filter_do_nothing_else() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "slash")
        await it.type("q1xpr?")
        assert it.app.screen is it.app.main
        assert it.app.main.at == "transfers"
        assert desk.called("wish") == []


# --- transfers --------------------------------------------------------------------------------------


def wide_ids(*states: TransferState) -> list[int]:
    return [t.id for t in make_snapshot().transfers if t.state in states]


@each_size
async def test_transfers_show_state_in_words_progress_and_rates(size: tuple[int, int]) -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), size) as it:
        await it.press("4")
        await it.sees("sending", "41%", "23.4 MiB/s", "21s", "93%", "checking", "waiting", "paused", "failed")
        await it.sees("3 running, 1 queued", "2.34 GiB left")


async def test_a_failed_transfer_says_why_and_what_to_do() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4", *"jjjjjj")
        await it.sees("The gzip stream ends in the middle of a block.", "Copy the file again and retry.")


async def test_pause_and_resume_ask_for_what_they_say() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "p")
        await it.until(lambda: desk.called("wish") == [((1,), Wish.PAUSE)], "a wish to pause")
        await it.press(*"jjjjj", "p")
        await it.until(lambda: desk.called("wish")[-1] == ((6,), Wish.RUN), "a wish to run")
        await it.press("j", "p")
        await it.sees("Nothing to pause")
        assert len(desk.called("wish")) == 2


async def test_retry_takes_marked_rows() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "j", "j", "j", "space", "j", "j", "space", "R")
        await it.until(lambda: desk.called("wish") == [((4, 7), Wish.RUN)], "a wish to run both")


async def test_cancelling_asks_and_the_safe_answer_has_the_focus() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "x")
        await it.sees("Cancel 1 transfer", "W22_S5_L001_R1_001.fastq.gz")
        await it.press("enter")
        await it.until(lambda: it.app.screen is it.app.main, "the dialog's end")
        assert desk.called("wish") == []
        await it.press("x")
        await it.sees("Keep going")
        await it.press("right", "enter")
        await it.until(lambda: desk.called("wish") == [((1,), Wish.CANCEL)], "a wish to cancel")


async def test_clearing_takes_finished_transfers_off_the_list() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "c")
        await it.until(lambda: "skipped" not in it.text, "no finished transfers")
        await it.sees("sending", "Cleared 3 finished transfers")


async def test_only_the_end_of_the_queue_and_failures_make_toasts() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4")

        def moved(state: TransferState, **more: Any) -> tuple[Transfer, ...]:
            return tuple(
                structs.replace(t, state=state, **more) if t.id == 1 else t for t in desk.ledger.transfers
            )

        desk.put(transfers=moved(TransferState.FAILED, problem="Disk full", remedy="Free some space."))
        await it.sees("W22_S5_L001_R1_001.fastq.gz failed", "Disk full", "Free some space.")
        desk.put(
            transfers=moved(TransferState.DONE),
            totals=structs.replace(desk.ledger.totals, running=0, queued=0, waiting=0, paused=0),
        )
        await it.sees("1 transfer done, and none is left but 1 that failed.")


async def test_a_finished_upload_renews_the_upload_area() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("3")
        await it.until(lambda: desk.called("uploads"), "a first look")
        asked = len(desk.called("uploads"))
        done = tuple(
            structs.replace(t, state=TransferState.DONE) if t.id == 3 else t for t in desk.ledger.transfers
        )
        desk.put(transfers=done)
        await it.until(lambda: len(desk.called("uploads")) > asked, "another look")


# --- watch, copying, details, help, palette -----------------------------------------------------------


async def test_a_rule_can_rest_and_its_trouble_is_told() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("5")
        await it.sees("uploading 3, 2 settling", "the folder is missing", "appeared", "watch: 1 problem")
        await it.press("p")
        await it.until(lambda: desk.called("switch_rule") == [(1,)], "a rule at rest")
        await it.press("enter")
        await it.sees("every FASTQ", "hasn't changed for 10 s", "Uploading")


async def test_copying_goes_through_the_terminal_and_says_so() -> None:
    async with drive() as it:
        await it.press("2", "y")
        assert it.app.clipboard == make_samples()[0].id
        await it.sees("Sent the sample's Gencove id")
        await it.press("space", "space", "y")
        assert it.app.clipboard == "\n".join(s.id for s in make_samples()[:2])


async def test_copying_too_much_says_so_instead() -> None:
    async with drive() as it:
        copy(it.app, "x" * 80_000, "the ids")
        await it.until(lambda: any("Too long" in toast for toast in it.toasts), "an honest toast")
        assert it.app.clipboard == ""


async def test_help_lists_the_pane_first_then_everything() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4", "question_mark")
        await it.sees("Keys", "Transfers", "Pause or resume", "Retry failed transfers")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")


async def test_the_palette_runs_an_action_in_its_pane() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("colon")
        await it.type("clear fin")
        await it.sees("Clear finished transfers")
        await it.press("enter")
        await it.until(lambda: "skipped" not in it.text, "finished transfers cleared")
        assert it.app.main.at == "transfers"


async def test_key_bar_and_tabs_can_be_clicked() -> None:
    async with drive() as it:
        await it.pilot.click("#tabs", offset=(it.lines[0].index("Transfers"), 0))
        await it.focus_is("transfers-table")
        await it.pilot.click("#keys", offset=(it.lines[-1].index("? help"), 0))
        await it.sees("Pause or resume", "esc close")


async def test_all_that_is_known_about_a_row() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4", "enter")
        await it.sees("/data/run_0314/W22_S5_L001_R1_001.fastq.gz", "bytes)")
        await it.press("y")
        assert it.app.clipboard == "/data/run_0314/W22_S5_L001_R1_001.fastq.gz"
        await it.press("q", "3", "enter")
        await it.sees("gncv://maize/2025-03-14/B73-rep1_S1_L001_R1_001.fastq.gz", "Upload id")


# --- the line to Gencove ------------------------------------------------------------------------------


async def test_remembered_lists_show_at_once_with_their_age() -> None:
    offline = structs.replace(
        ONLINE_V2,
        state=Online.OFFLINE,
        dialect=None,
        problem="No answer from api.gencove.com.",
        remedy="Check the network.",
    )
    desk = FakeDesk(line=offline, remembered=True)
    async with drive(desk) as it:
        await it.sees(
            "Maize diversity",
            "data 1 h ago",
            "Offline",
            "No answer from api.gencove.com. Check the network.",
        )
        assert desk.called("projects") == []


async def test_a_rejected_key_is_explained_and_not_tried_again() -> None:
    line = structs.replace(
        ONLINE_V2,
        state=Online.REJECTED,
        problem="The key was refused.",
        remedy="Log in again: gencove-tui login.",
    )
    desk = FakeDesk(line=line)
    async with drive(desk, refresh_seconds=0.01) as it:
        await it.sees("Key rejected", "C gives the profile a new key.", "Not connected. r tries again.")
        await it.pilot.pause(1.2)
        assert len(desk.called("connect")) == 1
        desk.line = ONLINE_V2
        await it.press("r")
        await it.sees("online", "Maize diversity")


async def test_offline_is_left_by_itself() -> None:
    line = structs.replace(ONLINE_V2, state=Online.OFFLINE, dialect=None, problem="No route.")
    desk = FakeDesk(line=line)
    async with drive(desk, refresh_seconds=0.05) as it:
        await it.sees("Offline", "No route.")
        desk.line = ONLINE_V2
        await it.sees("online", "Maize diversity")
        await it.until(lambda: "No route." not in it.text, "no alert")


async def test_a_list_that_fails_says_so_in_its_pane_and_keeps_its_rows() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize diversity")
        desk.trouble = Problem("Could not list projects", "the server is busy", "It is tried again.")
        await it.press("r")
        await it.sees("Could not list projects: the server is busy. It is tried again.", "Maize diversity")
        desk.trouble = None
        await it.press("r")
        await it.until(lambda: "server is busy" not in it.text, "no trouble")


async def test_a_deed_that_fails_becomes_a_toast() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4")
        desk.trouble = Problem("Could not pause", "the ledger is [locked]", "Try again.")
        await it.press("p")
        await it.sees("Could not pause", "The ledger is [locked]. Try again.")


async def test_v1_has_no_ids_or_statuses_for_uploads() -> None:
    async with drive(FakeDesk(line=ONLINE_V1, all_uploads=make_uploads(v1=True))) as it:
        await it.press("3")
        await it.sees("2025-03-14/B73-rep1_S1_L001_R1_001", "there", "180 MiB")


@each_size
async def test_empty_lists_say_what_to_do(size: tuple[int, int]) -> None:
    desk = FakeDesk(all_projects=(), all_samples=(), all_uploads=())
    async with drive(desk, size) as it:
        await it.sees("No projects.")
        await it.press("3")
        await it.sees("The upload area is empty.", "u uploads a file or folder.")
        await it.press("4")
        await it.sees("Nothing to transfer.")
        await it.press("5")
        await it.sees("No folder is watched.", "No events yet.")


async def test_an_engine_that_dies_with_work_left_is_started_again() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.until(lambda: desk.called("ensure_engine") == [()], "an engine")
        await it.sees("engine")
        desk.put(engine=EngineState(alive=False), totals=Totals(queued=1))
        await it.until(lambda: desk.called("ensure_engine") == [(), ()], "a new engine")
        assert any("goes on" in toast for toast in it.toasts)


async def test_an_idle_engine_that_ends_is_left_alone() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.until(lambda: desk.called("ensure_engine") == [()], "an engine")
        desk.put(engine=EngineState(alive=False), totals=Totals(done=3))
        await it.sees("engine stopped")
        assert desk.called("ensure_engine") == [()]


async def test_keys_typed_in_one_go_reach_the_pane_that_the_first_one_names() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.pilot.press("3", "1", "j", "enter")
        await it.until(lambda: it.app.main.at == "samples", "the second project's samples")


async def test_the_engine_is_started_and_its_notice_shown() -> None:
    desk = FakeDesk(ledger=Snapshot(engine=EngineState(alive=True, notice="Disk full: uploads wait")))
    async with drive(desk) as it:
        await it.until(lambda: desk.called("ensure_engine") == [()], "an engine")
        await it.sees("Disk full: uploads wait")
        desk.put(engine=EngineState(alive=False))
        await it.sees("engine stopped")


@each_size
async def test_ascii_terminals_get_ascii_signs(size: tuple[int, int]) -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), size, ascii_only=True) as it:
        await it.press("4")
        await it.sees("^ sending", "v fetching", "x failed", "+ done", "####")
        assert not set("✓✗▸‖█…●─│╭") & set(it.text)


# --- the end --------------------------------------------------------------------------------------------


async def test_quitting_with_nothing_to_do_is_immediate() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("q")
        await it.until(lambda: it.app._exit, "the end")
        assert it.app.return_code == 0
    assert desk.closed
    assert desk.called("stop_engine") == []


@pytest.mark.parametrize(
    ("keys", "ends", "stops"),
    [
        (["enter"], False, False),
        (["escape"], False, False),
        (["down", "enter"], True, False),
        (["j", "j", "enter"], True, True),
    ],
    ids=["stay", "escape", "background", "stop"],
)
async def test_quitting_with_work_in_flight_asks(keys: list[str], ends: bool, stops: bool) -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("q")
        await it.sees("5 transfers unfinished", "Watching 2 folders", "Stay", "Keep going in the background")
        await it.focus_is("answer-stay")
        await it.press(*keys)
        if ends:
            await it.until(lambda: it.app._exit, "the end")
        else:
            await it.until(lambda: it.app.screen is it.app.main, "the main screen")
            assert not it.app._exit
    assert bool(desk.called("stop_engine")) == stops


async def test_where_a_service_does_the_work_quitting_asks_nothing() -> None:
    ledger = make_snapshot()
    desk = FakeDesk(ledger=structs.replace(ledger, engine=structs.replace(ledger.engine, service=True)))
    async with drive(desk) as it:
        await it.press("q")
        await it.until(lambda: it.app._exit, "the end")
    assert desk.called("stop_engine") == []


async def test_ctrl_q_asks_too() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("question_mark", "ctrl+q")
        await it.sees("Stop and resume later")


async def test_time_is_told_in_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [NOW]
    async with drive(clock=lambda: moment[0], size=WIDE) as it:
        await it.sees("data just now")
        moment[0] = NOW.replace(minute=33)
        it.app.main._tell_ages()
        await it.sees("data 3 min ago")


async def test_what_cannot_outlive_the_screen_is_not_offered_to() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk, lasting=False) as it:
        await it.press("q")
        await it.sees("Quit and drop what is unfinished")
        assert "background" not in it.text
        assert "Watching" not in it.text


async def test_a_watch_rule_alone_does_not_hold_back_a_demo() -> None:
    ledger = structs.replace(make_snapshot(), totals=Totals())
    async with drive(FakeDesk(ledger=ledger), lasting=False) as it:
        await it.sees("engine")
        await it.press("q")
        await it.until(lambda: it.app._exit, "the end")


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        (("1", "i"), ("Low-pass WGS, 1x", "Field Lab", "owner")),
        (("2", "i"), ("Gencove id", "succeeded")),
        (("2", "j", "j", "j", "enter", "i"), ("Effective coverage 0.12x", "Failed QC")),
    ],
)
async def test_all_that_is_known_about_projects_and_samples(
    keys: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    async with drive() as it:
        await it.press(*keys)
        await it.sees("esc close", *texts)


async def test_fields_that_nobody_knows_are_shown_verbatim() -> None:
    odd = structs.replace(make_samples()[0], extra={"flow[cell]": {"lane": 3}})
    async with drive(FakeDesk(line=ONLINE_V1, all_samples=(odd,))) as it:
        await it.press("2", "i")
        await it.sees("flow[cell]", '{"lane": 3}')


async def test_a_mistake_of_ours_is_a_toast_and_the_screen_goes_on() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4")
        desk.trouble = RuntimeError("nobody foresaw this")  # type: ignore[assignment]  # not a Problem, on purpose
        await it.press("p")
        await it.until(lambda: any("Please report it" in toast for toast in it.toasts), "a toast")
        desk.trouble = None
        await it.press("1", "r")
        await it.sees("Maize diversity")


async def test_a_lost_line_is_noticed_and_found_again() -> None:
    desk = FakeDesk()
    async with drive(desk, refresh_seconds=0.05) as it:
        await it.sees("online")
        desk.line = desk.found = structs.replace(ONLINE_V2, state=Online.OFFLINE, problem="No route.")
        await it.sees("Offline. No route.")
        asked = len(desk.called("projects"))
        desk.line = ONLINE_V2
        await it.sees("online")
        await it.until(lambda: len(desk.called("projects")) > asked, "the list asked for again")


async def test_results_that_cannot_be_loaded_say_so() -> None:
    offline = structs.replace(ONLINE_V2, state=Online.OFFLINE, dialect=None, problem="No route.")
    async with drive(FakeDesk(line=offline, remembered=True)) as it:
        await it.press("2", "enter")
        await it.sees("The results can't be loaded now: there is no connection.")


async def test_transfers_beyond_the_list_are_counted() -> None:
    ledger = structs.replace(make_snapshot(), transfers_total=12_345)
    async with drive(FakeDesk(ledger=ledger), WIDE) as it:
        await it.press("4", "z")
        await it.sees("and 12,335 more")
