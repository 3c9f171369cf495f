"""That the screen can be read: without colours, in each of the house themes, with little room."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.widget import Widget
from textual.widgets import Input

from gencove_tui.tui.format import UNICODE
from gencove_tui.tui.plain import NoColours
from gencove_tui.tui.widgets.columns import Column, gaps, share
from gencove_tui.tui.widgets.notices import Message
from gencove_tui.tui.widgets.reason import MOST, Reason
from gencove_tui.tui.widgets.virtual_table import VirtualTable
from tests.tui.driving import NARROW, WIDE, Driver, drive
from tests.tui.fakes import NOW, FakeDesk, make_snapshot

TEXT, HINT = 4.5, 3.0
"""Contrast that WCAG 2 asks of a text, and of what is no text."""


def styles(it: Driver) -> list[Style]:
    return [
        segment.style
        for strip in it.app.screen._compositor.render_strips()
        for segment in strip
        if segment.style is not None
    ]


@pytest.mark.parametrize("size", [pytest.param(WIDE, marks=pytest.mark.long), NARROW])
@pytest.mark.parametrize("keys", ["", "2 space", "4 x", "question_mark", "colon", "u"])
async def test_without_colours_none_is_sent_and_the_cursor_can_be_told(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], keys: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with drive(FakeDesk(ledger=make_snapshot()), size) as it:
        await it.sees("Maize")
        if keys:
            await it.press(*keys.split())
        found = styles(it)
        assert {(style.color, style.bgcolor) for style in found} == {(None, None)}
        assert any(style.reverse for style in found)


async def test_without_colours_the_pane_and_the_row_at_hand_stand_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with drive(FakeDesk(ledger=make_snapshot()), WIDE) as it:
        await it.sees("6 deliverables")
        await it.press("4")
        await it.until(lambda: "┏━ 4 Transfers" in it.text, "a heavy frame")
        assert it.text.count("┏") == 1
        rows = {
            strip.text: [segment.style for segment in strip]
            for strip in it.app.screen._compositor.render_strips()
        }
        (row,) = (text for text in rows if "sending" in text)
        assert any(style is not None and style.reverse for style in rows[row])


async def test_without_colours_the_cursor_in_a_text_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with drive() as it:
        await it.sees("Maize")
        await it.press("slash", "M")
        typed = it.app.screen.query_one("#projects-filter Input", Input)
        typed.cursor_blink = False
        await it.until(lambda: any(s.reverse for s in styles_of(typed)), "a reversed cursor")


def styles_of(widget: Widget) -> list[Style]:
    lines = widget.render_lines(widget.size.region)
    return [segment.style for strip in lines for segment in strip if segment.style is not None]


def test_what_stands_back_is_dim_and_clicks_stay() -> None:
    muted, ground = Color.parse("#98a4b0"), Color.parse("#11161c")
    hint, click, frame, word = NoColours(muted.hex).apply(
        [
            Segment("hint", Style(color=muted.rich_color, bgcolor=ground.rich_color)),
            Segment("click", Style(color="red", bold=True, meta={"@click": "open"})),
            Segment("──", Style(color="#33404f")),
            Segment("word", Style(color="#d8dee6")),
        ],
        ground,
    )
    assert hint.style == Style(dim=True)
    assert click.style is not None
    assert click.style.meta == {"@click": "open"}
    assert (click.style.color, click.style.bold, click.style.dim) == (None, True, None)
    assert frame.style is not None
    assert frame.style.dim
    assert word.style == Style()


@pytest.mark.parametrize(
    "theme", ["gencove-dark", "gencove-light", "gencove-clear-dark", "gencove-clear-light"]
)
async def test_every_text_of_a_table_has_contrast_enough(theme: str) -> None:
    async with drive(FakeDesk(ledger=make_snapshot()), WIDE, theme=theme) as it:
        await it.sees("6 deliverables")
        await it.press("2", "space", "j", "4")
        weak = {}
        for table in it.app.screen.query(VirtualTable):
            for y in range(table.size.height):
                for text, style, _ in table.render_line(y):
                    if style is None or not text.strip() or style.color is None or style.bgcolor is None:
                        continue
                    letters = any(character.isalnum() for character in text)
                    found = contrast(style)
                    if found < (TEXT if letters else HINT):
                        weak[text.strip()] = round(found, 2)
        assert not weak


def contrast(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None

    def light(colour: Color) -> float:
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, bright = sorted(light(Color.from_rich_color(c)) for c in (style.color, style.bgcolor))
    return (bright + 0.05) / (dark + 0.05)


def test_a_figure_and_the_text_beside_it_stand_apart() -> None:
    columns = (Column("Size", 8, right=True), Column("Name", 10, flex=1), Column("Id", 8, keep=10, spare=5))
    assert gaps(columns, [0, 1, 2]) == [2, 1, 0]
    assert share(columns, 40) == {0: 8, 1: 21, 2: 8}
    assert 2 not in share(columns, 33), "a column that would take all that is spare"


async def test_a_long_reason_is_cut_at_its_end_with_a_sign() -> None:
    async with drive(FakeDesk(ledger=make_snapshot())) as it:
        await it.press("4")
        reason = it.app.screen.query_one(Reason)
        reason.show("The key is refused. " + "word " * 200)
        await it.until(lambda: reason.outer_size.height == MOST, "as high as may be")
        lines = [line for line in it.lines if "word" in line]
        assert lines[0].strip().startswith("The key is refused.")
        assert lines[-1].rstrip().endswith("…")
        reason.show("")
        await it.until(lambda: not reason.display, "no reason")


def test_a_title_with_a_colon_gets_no_second_one() -> None:
    said = Message("Everything else goes on.", "A mistake: TypeError", "error", NOW)
    assert said.cell(UNICODE).text == f"{UNICODE.bad} A mistake: TypeError. Everything else goes on."
    said = Message("3 files", "Uploading", "information", NOW)
    assert said.cell(UNICODE).text == f"{UNICODE.neutral} Uploading: 3 files."


async def test_a_notice_of_endless_words_is_cut_with_a_sign() -> None:
    async with drive() as it:
        await it.sees("Maize")
        it.app.notify("Hid " + "a" * 400, markup=False)
        it.app.notify("Copied.", markup=False)
        await it.sees("Copied.", "a…")
        assert 1 <= sum("aaaa" in line for line in it.lines) <= 2
