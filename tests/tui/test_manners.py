"""Manners: what loads can be stopped, what was cleared comes back, nothing is done to rows nobody sees."""

from __future__ import annotations

import asyncio
import locale
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gencove_tui.engine.views import Online
from gencove_tui.errors import Problem
from gencove_tui.model import GncvPath, Project, TransferState, Wish
from gencove_tui.tui import clipboard, queue_deeds
from gencove_tui.tui.connect import with_scheme
from gencove_tui.tui.format import ASCII, UNICODE, glyphs_for
from gencove_tui.tui.news import News
from gencove_tui.tui.screens import frame
from tests.tui.driving import NARROW, WIDE, drive
from tests.tui.fakes import (
    NOW,
    ONLINE_V1,
    PROJECTS,
    FakeDesk,
    deliverables,
    make_samples,
    make_snapshot,
    make_uploads,
)

# --- what loads can be stopped ------------------------------------------------------------------------


async def test_a_list_that_loads_can_be_stopped_and_asked_for_again() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize")
        desk.gate = asyncio.Event()
        await it.press("r")
        await it.sees("loading… esc stops")
        await it.press("escape")
        await it.sees("Stopped before the answer came", "r asks again", "Maize")
        await it.until(lambda: desk.under_way["projects"] == 0, "the request's end")
        desk.gate = None
        await it.press("r")
        await it.until(lambda: "Stopped before" not in it.text, "a fresh list")


async def test_a_list_that_was_stopped_is_asked_for_again_with_the_next_poll() -> None:
    desk = FakeDesk()
    async with drive(desk, refresh_seconds=0.3) as it:
        await it.sees("Maize")
        desk.gate = asyncio.Event()
        await it.press("3")
        await it.sees("loading… esc stops")
        await it.press("escape")
        await it.sees("Stopped before the answer came")
        desk.gate = None
        await it.sees("B73-rep1_S1_L001_R1")
        await it.until(lambda: "Stopped before" not in it.text, "the end of the trouble")


async def test_the_first_list_can_be_stopped_too() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize")
        desk.gate = asyncio.Event()
        await it.press("3")
        await it.sees("loading… esc stops")
        await it.press("escape")
        await it.sees("Stopped before the answer came")
        assert it.app.main.at == "uploads"


@pytest.mark.parametrize(
    ("keys", "call"),
    [
        ("2 j enter", "sample"),
        ("2 enter right_square_bracket", "sample_quality"),
        ("3 t", "every_upload"),
    ],
)
async def test_what_loads_beside_the_lists_can_be_stopped(keys: str, call: str) -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize")
        *before, last = keys.split()
        for key in before:
            await it.press(key)
            if key in "23":
                name = "samples" if key == "2" else "uploads"
                await it.until(lambda name=name: it.app.main.list_pane(name).view.fetched, name)
        if before[-1] == "enter":
            await it.sees("impute-vcf")
        desk.gate = asyncio.Event()
        await it.press(last)
        await it.until(lambda: desk.under_way.get(call), "a request")
        await it.sees("esc stops")
        await it.press("escape")
        await it.until(lambda: desk.under_way[call] == 0, "the request's end")
        await it.sees("Stopped before the answer came")
        assert "esc stops" not in it.text


async def test_looking_up_the_files_of_many_samples_counts_and_can_be_stopped() -> None:
    samples = tuple(structs.replace(s, deliverables=None) for s in make_samples()[:6])
    desk = FakeDesk(all_samples=samples)
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep2")
        desk.gate = asyncio.Event()
        await it.press("asterisk", "d")
        await it.sees("Looking up the files of 6 samples", "esc stops it")
        await it.press("escape")
        await it.until(lambda: desk.under_way.get("sample") == 0, "no request any more")
        await it.sees("Stopped: looking up the files of 6 samples")


# --- the queue ----------------------------------------------------------------------------------------


async def test_cleared_transfers_come_back_and_the_ledger_keeps_them_meanwhile() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "c")
        await it.sees("Cleared 3 finished transfers. Z brings them back")
        await it.until(lambda: "✓ done" not in it.text, "a shorter list")
        assert desk.called("clear_finished") == []
        await it.press("Z")
        await it.sees("Brought 3 finished transfers back", "✓ done", "⊘ cancelled")
        assert desk.called("clear_finished") == []


async def test_the_ledger_forgets_cleared_transfers_once_nobody_can_undo_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_deeds, "UNDO_SECONDS", 0)
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "c")
        await it.until(lambda: desk.called("clear_finished") == [(NOW,)], "a shorter ledger")
        await it.press("Z")
        await it.sees("Nothing to undo")


async def test_quitting_right_after_clearing_still_clears() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    desk.put(totals=structs.replace(desk.ledger.totals, running=0, queued=0, waiting=0), rules=())
    async with drive(desk, lasting=False) as it:
        await it.press("4", "c")
        await it.sees("Cleared 3")
        assert desk.called("clear_finished") == []
        it.app.exit()
    assert desk.called("clear_finished") == [(NOW,)]


async def test_what_ends_after_the_clearing_stays_in_sight() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", "c")
        await it.until(lambda: "✓ done" not in it.text, "a shorter list")
        later = NOW.replace(hour=NOW.hour + 1)
        running = next(t for t in desk.ledger.transfers if t.state is TransferState.RUNNING)
        done = structs.replace(running, state=TransferState.DONE, finished=later)
        desk.put(transfers=tuple(done if t is running else t for t in desk.ledger.transfers))
        await it.sees("✓ done")


async def test_cancelling_lists_everything_also_what_is_folded_away() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk, WIDE) as it:
        await it.press("4", "b", "g", "enter", "x")
        group = it.app.main.list_pane("transfers").current()
        unfinished = sum(not t.state.is_final for t in group.transfers)
        await it.sees(f"Cancel {unfinished} transfer", "not in view", "not in the list as it stands now")
        await it.press("enter")
        await it.until(lambda: it.app.screen is it.app.main, "the dialog's end")
        assert desk.called("wish") == []


# --- downloads ----------------------------------------------------------------------------------------


async def test_marked_samples_without_files_are_named() -> None:
    first, second, third = make_samples()[:3]
    desk = FakeDesk(all_samples=(first, second, structs.replace(third, deliverables=())))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("Mo17-rep1")
        await it.press("asterisk", "d")
        await it.sees("Download results of 2 samples", "1 marked sample has no files yet: Mo17-rep1")
        await it.press("i")
        await it.sees("has no files")


async def test_a_download_drops_the_marks_and_its_choice_is_offered_again() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep2")
        await it.press("space", "d")
        await it.sees("6 files")
        await it.press("asterisk", "space", "enter")
        await it.until(lambda: desk.called("queue_downloads"), "a download")
        await it.until(lambda: not it.app.main.samples.table.marks, "no marks")
        await it.press("g", "d")
        await it.sees("1 file, ")


async def test_a_list_longer_than_the_dialog_says_so() -> None:
    desk = FakeDesk()
    sample = desk.all_samples[0]
    many = tuple(
        structs.replace(deliverables(sample.id)[0], file_type=f"kind-{n:02}", id=f"f{n}") for n in range(20)
    )
    desk.all_samples = (structs.replace(sample, deliverables=many),)
    async with drive(desk) as it:
        await it.press("2", "d")
        await it.sees("more below")


# --- signs and words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", ["", "2 d", "2 enter", "3", "4", "4 enter", "5", "u", "question_mark", "q"])
async def test_plain_signs_leave_nothing_but_ascii_outside_of_names(keys: str) -> None:
    desk = FakeDesk(
        ledger=make_snapshot(),
        all_projects=PROJECTS[:1],
        all_samples=make_samples()[:5],
        all_uploads=make_uploads()[:4],
    )
    desk.put(transfers=tuple(t for t in desk.ledger.transfers if t.remote.isascii()))
    async with drive(desk, ascii_only=True) as it:
        await it.sees("Maize")
        if keys:
            await it.press(*keys.split())
        await it.pilot.pause()
        shown = {character for line in it.lines for character in line if ord(character) > 126}
        assert not shown


def test_a_locale_without_unicode_gets_plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in the C locale, where Python decides for UTF-8 all the same.
    monkeypatch.setattr(locale, "getpreferredencoding", lambda _=True: "utf-8")
    monkeypatch.setattr(locale, "getencoding", lambda: "ANSI_X3.4-1968")
    assert glyphs_for() is ASCII
    monkeypatch.setattr(locale, "getencoding", lambda: "UTF-8")
    assert glyphs_for() is UNICODE


async def test_only_the_list_with_the_keyboard_has_the_strong_cursor() -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), WIDE) as it:
        await it.sees("6 deliverables")
        assert sum(line.count("│▌") for line in it.lines) == 1


async def test_while_a_filter_is_typed_the_key_bar_tells_its_keys() -> None:
    async with drive() as it:
        await it.sees("Maize")
        await it.press("slash")
        await it.sees("enter keep", "esc clear")
        assert "q quit" not in it.lines[-1]
        await it.press("enter")
        await it.sees("q quit")


async def test_a_figure_of_quality_control_is_never_cut() -> None:
    desk = FakeDesk()
    found = await desk.sample_quality("s")
    big = structs.replace(found[0], status="succeeded", measured=2_265_054_712.0, expected=100_000_000.0)

    async def quality(_: str) -> Any:
        return (big, big)

    desk.sample_quality = quality  # type: ignore[method-assign]  # a number this large
    async with drive(desk) as it:
        await it.press("2", "enter", "right_square_bracket")
        await it.sees("2,265,054,712", "≥ 100,000,000", "2 checks, all passed")


async def test_the_old_api_offers_no_keys_that_it_has_nothing_for() -> None:
    desk = FakeDesk(line=ONLINE_V1, all_uploads=make_uploads(v1=True))
    async with drive(desk) as it:
        await it.press("3")
        await it.sees("x delete")
        assert "a assign" not in it.text
        await it.press("a")
        await it.sees("Not in API v1: assign uploads to a project")
        await it.press("2", "enter")
        await it.sees("d download")
        assert "sections" not in it.lines[-1]
        assert "metadata" not in it.lines[-1]


async def test_the_engine_is_starting_before_anybody_calls_it_stopped() -> None:
    ready = asyncio.Event()
    desk = FakeDesk()
    desk.put(engine=structs.replace(desk.ledger.engine, alive=False))

    async def ensure_engine() -> Any:
        await ready.wait()
        return desk.ledger.engine

    desk.ensure_engine = ensure_engine  # type: ignore[method-assign]  # one that takes its time
    async with drive(desk) as it:
        await it.sees("engine starting")
        assert "engine stopped" not in it.text
        ready.set()
        await it.sees("engine stopped")


async def test_an_engine_started_anew_is_started_once() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    ready = asyncio.Event()

    async def restart_engine() -> Any:
        desk.calls.append(("restart_engine",))
        desk.put(engine=structs.replace(desk.ledger.engine, alive=False))
        await ready.wait()
        desk.put(engine=structs.replace(desk.ledger.engine, alive=True))
        return desk.ledger.engine

    desk.restart_engine = restart_engine  # type: ignore[method-assign]  # dead for a while
    async with drive(desk) as it:
        await it.until(lambda: desk.called("ensure_engine"), "the first start")
        await it.press("E")
        await it.sees("engine starting")
        ready.set()
        await it.sees("The engine runs")
        assert len(desk.called("ensure_engine")) == 1
        assert not any("had stopped" in message.title for message in it.app.said.kept)


async def test_a_question_is_answered_by_number_unless_something_is_lost() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("q")
        await it.sees("1 Stay", "2 Keep going in the background", "esc stay")
        await it.press("1")
        await it.until(lambda: it.app.screen is it.app.main, "the dialog's end")
        await it.press("5", "x")
        await it.sees("2 Remove")
        await it.press("2")
        await it.focus_is("answer-remove")
        assert desk.called("remove_rule") == []


async def test_quitting_with_work_left_behind_tells_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("q", "2")
        await it.until(lambda: it.app._exit, "the end")
    left = desk.ledger.totals.unfinished
    said = " ".join(capsys.readouterr().err.split())
    assert f"{left} transfers and watching" in said
    assert "gencove-tui transfers list" in said


async def test_enter_goes_from_field_to_field_of_a_form() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize")
        await it.press("5", "n")
        await it.sees("Watch another folder")
        await it.press(*"nova", "enter", *"/data/x", "enter")
        await it.focus_is("form-destination")
        values = it.app.screen.values
        assert (values["name"], values["folder"]) == ("nova", "/data/x")
        assert desk.called("put_rule") == []


@pytest.mark.parametrize(
    ("text", "found", "said"),
    [
        ("maize diversity panel 2025", PROJECTS[0].id, "Watching /"),
        (PROJECTS[1].id, PROJECTS[1].id, "Watching /"),
        ("twin", None, "2 are called 'twin'"),
    ],
)
async def test_a_rule_takes_a_project_by_its_name(
    text: str, found: str | None, said: str, tmp_path: Path
) -> None:
    twins = (Project(id="t1", name="twin"), Project(id="t2", name="twin"))
    desk = FakeDesk(all_projects=(*PROJECTS, *twins))
    async with drive(desk) as it:
        await it.sees("Maize")
        await it.press("5", "n")
        await it.sees("Watch another folder")
        await it.press(*"nova", "enter")
        await it.paste(str(tmp_path))
        await it.press("enter", "enter", "enter")
        await it.focus_is("form-project")
        it.app.screen.query_one("#form-project").value = text
        it.app.screen.query_one("#go").press()
        if found is None:
            assert desk.called("put_rule") == []
            await it.focus_is("form-project")
            await it.sees(said)
            assert it.app.screen.values["project"] == text
        else:
            await it.until(lambda: desk.called("put_rule"), "a rule")
            assert desk.called("put_rule")[0][1].project == found
            await it.until(lambda: any(said in toast for toast in it.toasts), said)


async def test_tab_completes_a_path_at_once(tmp_path: Path) -> None:
    (tmp_path / "run-2025").mkdir()
    async with drive() as it:
        await it.press("u")
        await it.sees("Upload")
        path = it.app.screen.path
        path.value = str(tmp_path / "ru")
        path.cursor_position = len(path.value)
        path._suggestion = ""  # as when the lookup is still under way
        await it.press("tab")
        assert path.value == f"{tmp_path}/run-2025/"
        assert path.has_focus


async def test_the_question_before_assigning_names_both_reads() -> None:
    async with drive() as it:
        await it.press("3")
        await it.sees("succeeded")
        await it.press("asterisk", "a")
        await it.sees("to which project?", "Maize")
        await it.press("enter")
        await it.sees("B73-rep1_S1_L001_R1_001.fastq.gz + R2")


async def test_a_list_that_is_only_begun_has_no_total_in_its_tab() -> None:
    desk = FakeDesk()
    listing = desk._window(desk.all_projects, 0, 3)
    begun = structs.replace(listing, page=structs.replace(listing.page, total=None, more=True))
    desk.line = structs.replace(desk.line, state=Online.OFFLINE, problem="No answer.", dialect=None)
    desk.cached_projects = lambda: begun  # type: ignore[method-assign]  # a first page of many
    async with drive(desk) as it:
        await it.sees("1 Projects 3+")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("api.example.org", "https://api.example.org"),
        ("127.0.0.1:8610", "http://127.0.0.1:8610"),
        ("localhost", "http://localhost"),
        ("http://10.0.0.1", "http://10.0.0.1"),
        ("", ""),
    ],
)
def test_an_address_is_taken_as_people_paste_it(typed: str, meant: str) -> None:
    assert with_scheme(typed) == meant


# --- copying ------------------------------------------------------------------------------------------


def test_the_clipboard_is_reached_by_the_surest_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(clipboard.sys, "platform", "linux")

    def first(**environ: str) -> str:
        tool = clipboard.tool_for(environ)
        return "" if tool is None else tool.commands[0][0]

    assert first(TMUX="/tmp/x,1,0", SSH_TTY="/dev/pts/1") == "tmux"
    assert first(SSH_TTY="/dev/pts/1", DISPLAY=":10") == ""
    assert first(WAYLAND_DISPLAY="wayland-0", DISPLAY=":0") == "wl-copy"
    assert first(DISPLAY=":0") == "xclip"
    assert first() == ""


async def test_a_tool_that_fails_gives_way_to_the_next(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    takes = (sys.executable, "-c", f"import sys; open({str(kept)!r}, 'w').write(sys.stdin.read())")
    fails = (sys.executable, "-c", "raise SystemExit(1)")
    tool = clipboard.Tool((("/nonexistent/tool",), fails, takes), "")
    assert await clipboard.hand_over(b"B73", tool)
    assert kept.read_text() == "B73"
    assert not await clipboard.hand_over(b"B73", clipboard.Tool((fails,), ""))


async def test_what_is_too_long_for_the_clipboard_becomes_a_file(tmp_path: Path) -> None:
    samples = tuple(structs.replace(make_samples()[0], id=f"{n:060}") for n in range(1200))
    desk = FakeDesk(all_samples=samples, folder=tmp_path)
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("1,200")
        await it.press("asterisk")
        await it.sees("1,200 marked")
        await it.press("y")
        file = tmp_path / "gencove-copied.txt"
        await it.until(file.exists, "a file")
        assert len(file.read_text().splitlines()) == 1200
        await it.until(lambda: any("Too long" in t or "too long" in t for t in it.toasts), "a word about it")
        assert it.app.clipboard == ""


# --- news ---------------------------------------------------------------------------------------------


def test_the_bell_rings_for_failures_and_the_end_of_the_queue_only() -> None:
    rung: list[str] = []
    said: list[str] = []
    news = News(lambda text, **_: said.append(text), ring=lambda: rung.append("ding"))
    snapshot = make_snapshot()
    news.read(snapshot)
    assert not rung
    news.read(snapshot)
    assert not rung
    first = next(t for t in snapshot.transfers if t.state is TransferState.RUNNING)
    failed = structs.replace(first, state=TransferState.FAILED, problem="gone")
    news.read(structs.replace(snapshot, transfers=(failed, *snapshot.transfers[1:])))
    assert rung == ["ding"]


async def test_nothing_rings_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for bell in (False, True):
        desk = FakeDesk(ledger=make_snapshot())
        async with drive(desk, NARROW, bell=bell) as it:
            rung: list[str] = []
            monkeypatch.setattr(it.app, "bell", lambda rung=rung: rung.append("ding"))
            await it.press("4")
            await it.sees("fetching")
            first = desk.ledger.transfers[0]
            failed = structs.replace(first, state=TransferState.FAILED, problem="The file is gone.")
            desk.put(transfers=(failed, *desk.ledger.transfers[1:]))
            await it.sees("The file is gone.")
            assert bool(rung) is bell


async def test_undo_of_a_removal_says_nothing_of_what_was_cleared_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4", *"jjjj", "x")
        await it.until(lambda: desk.called("wish") == [((5,), Wish.CANCEL)], "a removal")
        monkeypatch.setattr(queue_deeds, "UNDO_SECONDS", 0)
        await it.press("c")
        await it.until(lambda: desk.called("clear_finished"), "a shorter ledger")
        await it.press("Z")
        await it.sees("Nothing to undo")


async def test_the_palette_searches_also_what_is_not_loaded() -> None:
    desk = FakeDesk(all_samples=make_samples(500))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("500")
        await it.press("colon", *"S000444")
        await it.sees("search all of them for 'S000444'")
        await it.press("enter")
        await it.until(
            lambda: any(query.search == "S000444" for _, query, _ in desk.called("samples")), "a search"
        )


async def test_an_upload_by_hand_knows_no_templates() -> None:
    snapshot = make_snapshot()
    view = snapshot.rules[0]
    rule = structs.replace(view.rule, destination=GncvPath("gncv://{run}/"))
    desk = FakeDesk(ledger=structs.replace(snapshot, rules=(structs.replace(view, rule=rule),)))
    async with drive(desk) as it:
        await it.press("u")
        await it.sees("To", "gncv://2025-03-14/")
        it.app.screen.destination.value = "gncv://{run}/"
        await it.sees("Braces have a meaning in watch rules only")


async def test_a_host_that_does_not_answer_is_not_called_online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "PATIENCE", 0.0)
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize", "● online")
        desk.gate = asyncio.Event()
        await it.press("r")
        await it.sees("no answer for")
        desk.gate.set()
        await it.sees("● online")


async def test_a_refused_key_is_replaced_from_within() -> None:
    desk = FakeDesk()
    desk.line = structs.replace(
        desk.line,
        state=Online.REJECTED,
        dialect=None,
        problem="The key was refused.",
        remedy="Run a command.",
    )
    async with drive(desk) as it:
        await it.sees("The key was refused.", "C gives the profile a new key.")
        await it.press("C")
        await it.sees("Give lab a new key")
        await it.press("2")
        await it.until(lambda: it.app.wanted_profile == "lab", "the choice")
        assert it.app.wants_key


async def test_no_bar_of_a_histogram_wraps() -> None:
    desk = FakeDesk()
    edges = tuple(1e9 + n * 80_045_263.0 for n in range(31))

    async def histogram(project_id: str, qc_type: str, newest: int) -> Any:
        return structs.replace(await found(project_id, qc_type, newest), edges=edges, counts=(987_654,) * 30)

    found = desk.qc_histogram
    desk.qc_histogram = histogram  # type: ignore[method-assign]  # many large figures
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep2")
        await it.press("b")
        await it.sees("987,654")
        bars = [line for line in it.lines if "█" in line and "987" in line]
        assert all("987,654" in line and " G – " in line for line in bars)
        assert all(line.count("█") > 20 for line in bars)
        assert not any(line.strip(" │").strip() == "987,654" for line in it.lines)


async def test_an_error_told_just_before_a_dialog_opens_is_seen_above_it() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4")
        it.app.main.deeds.complain(Problem("It could not be saved", "the disk is full", "Make room."))
        await it.sees("It could not be saved")
        await it.press("L")
        await it.sees("Limit the bandwidth", "The disk is full. Make room.")


async def test_what_was_said_before_a_dialog_never_lies_on_its_buttons() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4")
        it.app.main.deeds.say("Nothing to restore: none is archived.", severity="warning")
        it.app.main.deeds.say("Twelve of them are there already.")
        await it.sees("Nothing to restore")
        await it.press("L")
        await it.sees("Limit the bandwidth", "Leave as it is")
        assert "Nothing to restore" not in it.text
        it.app.main.deeds.complain(Problem("It could not be saved", "the disk is full", "Make room."))
        await it.sees("The disk is full. Make room.", "Leave as it is", "esc leave it as it is")
        foot = next(n for n, line in enumerate(it.lines) if "Leave as it is" in line)
        assert next(n for n, line in enumerate(it.lines) if "It could not be saved" in line) < foot - 5
        await it.press("escape")
        await it.sees("Nothing to restore")


async def test_a_dialog_has_its_focus_back_after_the_terminal_was_tiny() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("q")
        await it.focus_is("answer-stay")
        await it.pilot.resize_terminal(40, 8)
        await it.until(lambda: it.app.screen.has_class("-tiny"), "the tiny form")
        await it.pilot.resize_terminal(80, 24)
        await it.focus_is("answer-stay")
        await it.press("enter")
        await it.until(lambda: it.app.screen is it.app.main, "the panes")


async def test_the_demo_has_no_other_connections_to_change_to() -> None:
    async with drive(lasting=False) as it:
        await it.sees("Maize")
        await it.press("C")
        await it.sees("The demo has one connection of its own")


async def test_with_no_sample_every_key_about_one_says_so() -> None:
    async with drive(FakeDesk(all_samples=())) as it:
        await it.press("2")
        await it.sees("No samples in this project.")
        for key in "miyd":
            before = len(it.toasts)
            await it.press(key)
            await it.until(lambda before=before: len(it.toasts) > before, "a word")


async def test_esc_goes_back_whatever_was_just_said_but_hides_an_error_first() -> None:
    async with drive(FakeDesk()) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        it.app.notify("Copied.")
        await it.press("escape")
        assert it.app.main.at == "projects"
        assert "Copied." not in it.text
        await it.press("2")
        it.app.notify("Lost the line.", severity="error")
        await it.sees("Lost the line.")
        await it.press("escape")
        assert it.app.main.at == "samples"
        assert "Lost the line." not in it.text
