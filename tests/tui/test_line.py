"""Whether Gencove answers is known whatever is in view, and is said truly."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from gencove_tui.engine.views import Connection, EngineState, Online, Totals
from gencove_tui.errors import Problem
from gencove_tui.model import Event
from gencove_tui.tui import line
from gencove_tui.tui.screens import frame
from tests.tui.driving import WIDE, Driver, drive
from tests.tui.fakes import NOW, ONLINE_V2, FakeDesk, make_snapshot


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become moments."""
    monkeypatch.setattr(line, "LOOK_REST", 0.05)
    monkeypatch.setattr(frame, "PATIENCE", 0.05)


def status(it: Driver) -> str:
    """The line above the keys."""
    return it.lines[-2]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("keys", [("4",), ("5",), ("4", "question_mark")], ids=" ".join)
async def test_a_silent_host_is_noticed_while_only_local_panes_or_a_dialog_are_in_view(
    keys: tuple[str, ...],
) -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press(*keys)
        desk.gate = asyncio.Event()
        await it.until(lambda: desk.under_way.get("look"), "a look")
        await it.until(lambda: it.app.main._waited > 0, "the seconds counted")
        if len(keys) == 1:
            await it.sees("no answer for")
        desk.gate.set()
        desk.gate = None
        await it.until(lambda: it.app.main._waited == 0, "an answer")
        if len(keys) == 1:
            await it.until(lambda: "online" in status(it), "the line's state")


@pytest.mark.usefixtures("hasty")
async def test_a_host_that_is_gone_is_noticed_too() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4")
        gone = structs.replace(ONLINE_V2, state=Online.OFFLINE, problem="Can't reach it")
        desk.line = desk.found = gone
        desk.trouble = Problem("Can't reach it")
        await it.sees("offline")


async def test_after_a_request_was_given_up_the_line_is_looked_at_and_not_praised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frame, "PATIENCE", 0.05)
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.sees("Maize")
        desk.gate = asyncio.Event()
        await it.press("r")
        await it.sees("no answer for")
        await it.press("escape")
        await it.sees("Stopped before the answer came")
        await it.until(lambda: desk.under_way.get("look"), "a look at once")
        await it.pilot.pause(1.1)
        assert "no answer for" in status(it)
        desk.gate.set()
        await it.until(lambda: "online" in status(it), "the line's state")


@pytest.mark.usefixtures("hasty")
async def test_nothing_is_asked_while_nobody_looks_or_the_host_wants_rest() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        it.app.app_focus = False
        await it.pilot.pause(0.6)  # what was due already
        before = len(desk.called("look"))
        await it.pilot.pause(1.2)
        assert len(desk.called("look")) == before
        busy = Problem("Gencove asks to go slower")
        busy.retry_after = 3600.0  # type: ignore[attr-defined]  # as the API's problems have it
        desk.trouble = busy
        it.app.app_focus = True
        await it.until(lambda: len(desk.called("look")) == before + 1, "one look")
        await it.pilot.pause(1.2)
        assert len(desk.called("look")) == before + 1
        assert "online" in status(it)


async def test_what_the_engine_says_of_its_line_makes_the_screen_look_at_its_own() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("4")
        before = len(desk.called("look"))
        lost = Event(id=90, time=NOW, kind="offline", message="Offline: nothing listens there.")
        desk.put(events=(lost, *desk.ledger.events))
        await it.until(lambda: len(desk.called("look")) > before, "a look")
        desk.found = structs.replace(ONLINE_V2, state=Online.OFFLINE, problem="Can't reach it")
        desk.line = ONLINE_V2
        await it.sees("offline")
        back = Event(id=91, time=NOW, kind="online", message="the line is back")
        desk.put(events=(back, *desk.ledger.events))
        await it.until(lambda: "online" in status(it), "the line's state")


async def test_while_the_first_connection_waits_the_seconds_are_counted_and_r_tries_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frame, "PATIENCE", 0.05)

    class Silent(FakeDesk):
        silent = True

        async def connect(self) -> Connection:
            self.calls.append(("connect",))
            if self.silent:
                await asyncio.Event().wait()
            return await super().connect()

    desk = Silent()
    async with drive(desk) as it:
        await it.sees("no answer for")
        tries = len(desk.called("connect"))
        desk.silent = False
        await it.press("r")
        await it.until(lambda: "online" in status(it), "the line's state")
        assert len(desk.called("connect")) > tries
        await it.sees("Maize")


async def test_a_detail_that_was_wanted_before_there_was_a_line_comes_with_it() -> None:
    desk = FakeDesk(remembered=True)
    desk.line = structs.replace(ONLINE_V2, state=Online.OFFLINE, problem="Can't reach it")
    async with drive(desk, WIDE) as it:
        await it.sees("offline", "B73-rep1")
        await it.press("2", "enter")
        await it.sees("there is no connection")
        desk.line = ONLINE_V2
        await it.press("r")
        await it.sees("alignment-bam")
        assert "there is no connection" not in it.text


async def test_offline_is_said_once_and_the_status_line_keeps_its_parts() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    async with drive(desk) as it:
        notice = "Offline: nothing listens there. Transfers go on by themselves when the line is back."
        desk.put(engine=EngineState(alive=True, pid=1, notice=notice), totals=Totals(waiting=2))
        desk.found = desk.line = structs.replace(ONLINE_V2, state=Online.OFFLINE, problem="Can't reach it")
        await it.sees("Transfers go on by themselves", "offline")
        await it.until(lambda: "Can't reach it" not in it.text, "one sentence")
        assert all(word in status(it) for word in ("lab", "offline", "! engine")), status(it)
