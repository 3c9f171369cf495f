"""Whatever comes back, or doesn't: the screen says so and goes on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from msgspec import structs
from textual import events

from gencove_tui.config import save_key
from gencove_tui.config.locations import Locations
from gencove_tui.errors import InputProblem
from gencove_tui.tui.connect import Accepted, ConnectApp, Doors
from gencove_tui.tui.messages import ListChanged
from gencove_tui.tui.rows import Rows
from gencove_tui.tui.screens.dialogs import DialogKeys
from gencove_tui.tui.screens.metadata import MetadataDialog
from gencove_tui.tui.screens.working import Working
from tests.tui.driving import WIDE, drive
from tests.tui.fakes import PROJECTS, FakeDesk, make_samples
from tests.waiting import until


async def test_an_answer_that_comes_below_the_list_of_keys_is_not_lost() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        desk.gate = asyncio.Event()
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, Working), "the waiting")
        await it.pilot.press("question_mark")
        await it.until(lambda: isinstance(it.app.screen, DialogKeys), "its keys")
        desk.gate.set()
        await it.until(lambda: not desk.under_way["sample_metadata"], "the answer")
        await it.press("escape")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog), "the metadata")


async def test_a_mistake_ends_the_waiting_and_is_told() -> None:
    desk = FakeDesk()

    async def mistaken(*_: object) -> None:
        raise LookupError

    desk.sample_metadata = mistaken  # type: ignore[method-assign]
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("m")
        await it.sees("A mistake in gencove-tui: LookupError", "Everything else goes on")
        assert it.app.screen is it.app.main


async def test_a_list_that_a_mistake_stopped_does_not_load_for_ever() -> None:
    desk = FakeDesk()

    async def mistaken(*_: object, **__: object) -> None:
        raise LookupError

    desk.uploads = mistaken  # type: ignore[method-assign]
    async with drive(desk) as it:
        await it.press("3")
        await it.sees("A mistake in gencove-tui: LookupError")
        assert "oading" not in it.text


@pytest.mark.parametrize("year", [1, 9999])
async def test_a_date_that_means_never_is_drawn(year: int, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC) if year > 1 else datetime(1, 1, 1, tzinfo=UTC)
    monkeypatch.setenv("TZ", "Europe/Berlin" if year > 1 else "America/Lima")
    time.tzset()
    try:
        sample = structs.replace(make_samples(1)[0], created=odd, modified=None, status_created=odd)
        async with drive(FakeDesk(all_samples=(sample,)), WIDE) as it:
            await it.sees(sample.client_id, f" {year}-")
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_a_key_that_cannot_be_kept_is_told_on_the_connection_screen() -> None:
    async def check(host: str, key: str) -> Accepted:
        return Accepted("https://127.0.0.1", "v2", "me")

    def keep(name: str, key: str, accepted: Accepted) -> None:
        raise InputProblem("Can't write /keys", "No space left on device", "Make room.")

    doors = Doors(profile="p", environments=[("a", "https://a")], kept_in=str, check=check, keep=keep)
    app = ConnectApp(doors, ascii_only=False)
    async with app.run_test() as pilot:
        app.query_one("#key").value = "abc"  # type: ignore[attr-defined]
        await pilot.press("enter")
        said = app.query_one("#said")
        await until(lambda: "No space left on device" in str(said.render()), "the reason")
        assert app.is_running


def test_a_folder_that_cannot_be_made_is_a_problem_for_people(tmp_path) -> None:
    where = Locations(tmp_path, tmp_path, tmp_path)
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(InputProblem, match="Can't write"):
        save_key(where, "lab", "k")


async def test_a_renamed_project_has_its_new_name_above_its_samples() -> None:
    desk = FakeDesk()
    async with drive(desk, WIDE) as it:
        await it.sees("B73-rep1")
        desk.all_projects = (structs.replace(PROJECTS[0], name="Teosinte"), *PROJECTS[1:])
        await it.press("r")
        await it.until(lambda: it.app.main.samples.project.name == "Teosinte", "the new name")
        assert it.app.main.refresher.project.name == "Teosinte"


async def test_samples_that_go_do_not_keep_the_next_project_from_being_opened() -> None:
    async with drive(FakeDesk(), (160, 48)) as it:
        await it.sees("B73-rep1")
        feed = it.app.main.refresher.samples
        await it.press("1", "down")
        # The rest of the cursor has begun; now a poll takes the first sample away.
        rows = Rows.of([sample for _, sample in feed.view.rows.items()][1:])
        it.app.main.post_message(ListChanged("samples", replace(feed.view, rows=rows)))
        there = it.app.main.panes["projects"].current().id
        await it.until(lambda: it.app.main.refresher.project.id == there, "the project under the cursor")


async def test_a_key_after_the_end_concerns_nobody() -> None:
    async with drive() as it:
        await it.sees("Maize")
        app = it.app
    await app.on_event(events.Key("x", "x"))  # as a terminal may send while the app ends


def test_a_closed_shell_leaves_the_signals_to_those_before() -> None:
    program = (
        "import asyncio, os, signal\n"
        "from gencove_tui.tui.shell import Shell\n"
        "async def show():\n"
        "    shell = Shell(None, print, lambda: None); shell.listen(); shell.close()\n"
        "asyncio.run(show())\n"
        "os.kill(os.getpid(), signal.SIGCONT)\n"
        "print(signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "True", "")
