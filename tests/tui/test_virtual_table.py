"""The one table: what it draws, and what it leaves alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.strip import Strip

from gencove_tui.model import Page
from gencove_tui.tui.app import HERE
from gencove_tui.tui.format import Cell, Tone, clean
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.widgets.columns import Column, share
from gencove_tui.tui.widgets.virtual_table import VirtualTable

COLUMNS = (
    Column("Name", 10, flex=1, keep=100),
    Column("State", 8, keep=50),
    Column("Size", 6, keep=20, right=True),
)
Row = tuple[str, str]


class CountingTable(VirtualTable):
    """Counts the lines that it is asked to draw."""

    drawn: list[int]

    def render_line(self, y: int) -> Strip:
        self.drawn.append(y)
        return super().render_line(y)


class TableApp(App[None]):
    CSS_PATH = HERE / "widgets" / "virtual_table.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.table = CountingTable(COLUMNS, id="table", empty="Nothing here.\nTry again.")
        self.table.drawn = []
        self.seen: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_virtual_table_moved(self, event: VirtualTable.Moved) -> None:
        self.seen.append(event)

    def on_virtual_table_opened(self, event: VirtualTable.Opened) -> None:
        self.seen.append(event)

    def on_virtual_table_window_needed(self, event: VirtualTable.WindowNeeded) -> None:
        self.seen.append(event)

    def on_virtual_table_marks_changed(self, event: VirtualTable.MarksChanged) -> None:
        self.seen.append(event)

    def of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.seen if isinstance(message, kind)]


@asynccontextmanager
async def table_of(
    rows: Rows[Row], size: tuple[int, int] = (40, 11)
) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    app = TableApp()
    async with app.run_test(size=size) as pilot:
        app.table.focus()
        app.table.show(source(rows))
        await settle(app, pilot)
        yield app, pilot


async def settle(app: TableApp, pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


def source(rows: Rows[Row], keep: Callable[[Row], bool] | None = None) -> Source[Row]:
    return Source(
        rows,
        lambda row: row[0],
        lambda row: (Cell(clean(row[0])), Cell(row[1], Tone.GOOD), Cell("1 B")),
        keep,
    )


def rows(count: int, state: str = "fine") -> Rows[Row]:
    return Rows.of((f"row{n}", state) for n in range(count))


def lines(app: TableApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


async def test_a_hundred_thousand_rows_draw_only_what_is_in_view() -> None:
    async with table_of(rows(100_000)) as (app, pilot):
        assert set(app.table.drawn) <= set(range(11))
        assert "row0 " in lines(app)[1]
        app.table.drawn.clear()
        await pilot.press("G")
        await settle(app, pilot)
        assert len(app.table.drawn) <= 22
        assert "row99999" in lines(app)[10]
        assert app.table.cursor_key == "row99999"


async def test_nothing_changed_nothing_drawn() -> None:
    async with table_of(rows(1000)) as (app, pilot):
        app.table.drawn.clear()
        app.table.show(source(rows(1000)))
        await settle(app, pilot)
        assert app.table.drawn == []


async def test_one_changed_row_is_drawn_once() -> None:
    async with table_of(rows(1000)) as (app, pilot):
        app.table.drawn.clear()
        app.table.show(source(Rows.of((f"row{n}", "new" if n == 4 else "fine") for n in range(1000))))
        await settle(app, pilot)
        assert app.table.drawn == [5]
        assert "new" in lines(app)[5]


async def test_a_change_out_of_view_draws_nothing() -> None:
    async with table_of(rows(1000)) as (app, pilot):
        app.table.drawn.clear()
        app.table.show(source(Rows.of((f"row{n}", "new" if n == 400 else "fine") for n in range(1000))))
        await settle(app, pilot)
        assert app.table.drawn == []


async def test_moving_the_cursor_draws_two_rows() -> None:
    async with table_of(rows(1000)) as (app, pilot):
        app.table.drawn.clear()
        await pilot.press("j")
        await settle(app, pilot)
        assert sorted(app.table.drawn) == [1, 2]


async def test_the_cursor_stays_on_its_row_by_key() -> None:
    async with table_of(rows(50)) as (app, pilot):
        await pilot.press(*["down"] * 3)
        assert app.table.cursor_key == "row3"
        app.table.show(source(Rows.of([("first", "x"), *((f"row{n}", "fine") for n in range(50))])))
        await settle(app, pilot)
        assert app.table.cursor == 4
        assert app.table.cursor_key == "row3"
        before = len(app.of(VirtualTable.Moved))
        app.table.show(source(Rows.of((f"row{n}", "fine") for n in range(50) if n != 3)))
        await settle(app, pilot)
        assert app.table.cursor_key == "row5"
        assert len(app.of(VirtualTable.Moved)) == before + 1


async def test_rows_that_vanish_leave_the_cursor_on_what_exists() -> None:
    async with table_of(rows(50)) as (app, pilot):
        await pilot.press("G")
        app.table.show(source(rows(3)))
        await settle(app, pilot)
        assert app.table.cursor_key == "row2"
        assert "row0" in lines(app)[1]
        app.table.show(source(rows(0)))
        await settle(app, pilot)
        assert app.table.cursor_key is None
        assert "Nothing here." in "\n".join(lines(app))
        assert "Try again." in "\n".join(lines(app))
        await pilot.press("j", "k", "G", "g", "space", "pagedown")
        assert app.table.cursor_key is None


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        (["j", "j", "k"], "row1"),
        (["down", "down", "up"], "row1"),
        (["pagedown"], "row10"),
        (["ctrl+f", "ctrl+f", "ctrl+b"], "row10"),
        (["ctrl+d"], "row5"),
        (["ctrl+d", "ctrl+d", "ctrl+u"], "row5"),
        (["end"], "row99"),
        (["G", "home"], "row0"),
        (["G", "g"], "row0"),
        (["up"], "row0"),
    ],
)
async def test_keys_move_the_cursor(keys: list[str], key: str) -> None:
    async with table_of(rows(100)) as (app, pilot):
        await pilot.press(*keys)
        await settle(app, pilot)
        assert app.table.cursor_key == key
        assert any(key in line for line in lines(app))


async def test_gaps_show_placeholders_and_are_asked_for() -> None:
    half = Rows[Row]().with_page(
        Page(items=tuple((f"row{n}", "fine") for n in range(20)), offset=0, total=1000)
    )
    async with table_of(half) as (app, pilot):
        assert app.of(VirtualTable.WindowNeeded) == []
        await pilot.press("G")
        await settle(app, pilot)
        asked = app.of(VirtualTable.WindowNeeded)
        assert asked
        assert (asked[-1].first, asked[-1].last) == (990, 999)  # type: ignore[attr-defined]  # WindowNeeded
        assert "·" in lines(app)[10]
        page = Page(items=tuple((f"row{n}", "fine") for n in range(980, 1000)), offset=980, total=1000)
        app.table.show(source(half.with_page(page)))
        await settle(app, pilot)
        assert app.table.cursor_key == "row999"
        assert "row999" in lines(app)[10]


async def test_marks_are_kept_by_key() -> None:
    async with table_of(rows(20)) as (app, pilot):
        app.table.toggle_mark()
        app.table.toggle_mark()
        assert list(app.table.marks) == ["row0", "row1"]
        await settle(app, pilot)
        assert "●" in lines(app)[1]
        app.table.show(source(Rows.of([("new", "x"), *((f"row{n}", "fine") for n in range(20))])))
        await settle(app, pilot)
        assert "●" not in lines(app)[1]
        assert "●" in lines(app)[2]
        app.table.move_to(1)
        app.table.toggle_mark()
        assert list(app.table.marks) == ["row1"]
        app.table.clear_marks()
        assert not app.table.marks


async def test_marks_stand_one_below_the_other_and_clear_of_the_text() -> None:
    async with table_of(rows(20)) as (app, pilot):
        app.table.toggle_mark()
        app.table.toggle_mark()
        await settle(app, pilot)
        assert [line[:6] for line in lines(app)[1:4]] == ["● row0", "● row1", "▌ row2"]
        app.table.move_to(1)
        await settle(app, pilot)
        assert [line[:6] for line in lines(app)[1:4]] == ["● row0", "● row1", "  row2"]
        app.set_focus(None)  # without its strong ground the cursor has its own sign
        await settle(app, pilot)
        assert [line[:6] for line in lines(app)[1:4]] == ["● row0", "●▏row1", "  row2"]


async def test_mouse_puts_the_cursor_and_opens() -> None:
    async with table_of(rows(100)) as (app, pilot):
        await pilot.click(app.table, offset=(5, 4))
        assert app.table.cursor_key == "row3"
        await pilot.click(app.table, offset=(5, 0))
        assert app.table.cursor_key == "row3"
        await pilot.double_click(app.table, offset=(5, 6))
        await settle(app, pilot)
        opened = app.of(VirtualTable.Opened)
        assert [event.key for event in opened] == ["row5"]  # type: ignore[attr-defined]  # Opened
        top = app.table.scroll_offset.y
        await pilot._post_mouse_events([events.MouseScrollDown], app.table)
        await settle(app, pilot)
        assert app.table.scroll_offset.y > top


@pytest.mark.parametrize("width", [12, 20, 33, 40, 80])
async def test_odd_names_never_misalign(width: int) -> None:
    names = [
        "plain",
        "標本番号標本番号標本番号",
        "e\u0301" * 30,
        "a\x1b[31m\x07b",
        "[bold]x[/bold]",
        "",
        "x" * 200,
        "👩‍🔬 lab",
    ]
    async with table_of(Rows.of((f"{name}{n}", "fine") for n, name in enumerate(names)), (width, 12)) as (
        app,
        _,
    ):
        for line in lines(app):
            assert cell_len(line) == width
            assert "\x1b" not in line


async def test_resizing_keeps_the_cursor_in_view() -> None:
    async with table_of(rows(100)) as (app, pilot):
        await pilot.press(*["down"] * 9)
        await pilot.resize_terminal(40, 6)
        await settle(app, pilot)
        assert any("row9 " in line for line in lines(app))
        await pilot.resize_terminal(20, 6)
        await settle(app, pilot)
        assert app.table.cursor_key == "row9"
        assert "Size" not in lines(app)[0]


def test_columns_give_way_in_order() -> None:
    assert share(COLUMNS, 26) == {0: 10, 1: 8, 2: 6}
    assert share(COLUMNS, 40) == {0: 24, 1: 8, 2: 6}
    assert share(COLUMNS, 25) == {0: 16, 1: 8}
    assert share(COLUMNS, 10) == {0: 10}
    assert share(COLUMNS, 4) == {0: 4}


async def test_newest_rows_come_into_view_until_someone_reads_further_down() -> None:
    async with table_of(rows(50)) as (app, pilot):
        app.table._newest_first = True
        app.set_focus(None)
        await settle(app, pilot)
        app.table.show(source(Rows.of([("new", "x"), *((f"row{n}", "fine") for n in range(50))])))
        assert app.table.cursor_key == "new"
        app.table.focus()
        await settle(app, pilot)
        app.table.show(
            source(Rows.of([("newer", "x"), ("new", "x"), *((f"row{n}", "fine") for n in range(50))]))
        )
        assert app.table.cursor_key == "new"
