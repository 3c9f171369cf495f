"""Keys that arrive in one burst: each goes where the one before it has put the focus."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from gencove_tui.tui.screens.dialogs import Dialog
from tests.tui.driving import BOTH, drive
from tests.tui.fakes import FakeDesk, make_snapshot


def burst(app, text: str) -> None:
    """As a terminal delivers what was typed ahead: all of it before any of it is dealt with."""
    names = {"/": "slash", "\r": "enter", "\x1b": "escape", "?": "question_mark"}
    for character in text:
        key = names.get(character, character)
        app.post_message(events.Key(key, character if character.isprintable() else None))


@pytest.mark.parametrize("size", BOTH)
async def test_what_is_typed_ahead_of_a_filter_goes_into_the_filter(size: tuple[int, int]) -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), size) as it:
        await it.sees("Maize")
        burst(it.app, "/dx41q")
        bar = it.app.main.panes["projects"].filter_bar
        await it.until(lambda: bar.input.value == "dx41q", "the filter")
        assert bar.input.has_focus
        assert not isinstance(it.app.screen, Dialog)


async def test_what_is_typed_ahead_of_a_dialog_goes_into_the_dialog() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.sees("Maize")
        burst(it.app, "3u/tmp/x")
        await it.sees("/tmp/x")


async def test_a_burst_of_moves_ends_where_it_should() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.sees("Maize")
        burst(it.app, "4jjjk")
        table = it.app.main.panes["transfers"].table
        await it.until(lambda: table.has_focus and table.cursor == 2, "the third row")


async def test_what_is_typed_ahead_of_an_answer_goes_into_the_dialog_that_it_brings() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("3")
        await it.sees("B73-rep1_S1")
        desk.gate = asyncio.Event()
        burst(it.app, "aMaize\r")
        await it.sees("Looking up the pairs")
        desk.gate.set()
        desk.gate = None
        await it.sees("to Maize diversity panel 2025")
        assert desk.called("assign") == []
