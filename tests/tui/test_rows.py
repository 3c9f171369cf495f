"""Windows on long lists, and the schedule by which they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gencove_tui.engine.views import Listing
from gencove_tui.errors import Problem
from gencove_tui.model import Page
from gencove_tui.tui.feed import LONGEST_REST, PAGE, Feed
from gencove_tui.tui.format import Cell
from gencove_tui.tui.rows import Rows, Source
from tests.tui.fakes import NOW


class Item(Struct, frozen=True):
    id: str
    word: str = ""


def items(first: int, last: int, word: str = "") -> tuple[Item, ...]:
    return tuple(Item(str(n), word) for n in range(first, last))


def page(
    first: int, last: int, *, total: int | None = None, more: bool = False, word: str = ""
) -> Page[Item]:
    return Page(items=items(first, last, word), offset=first, total=total, more=more)


def shown(rows: Rows[Item], indices: Sequence[int]) -> list[str | None]:
    return [item.id if (item := rows[i]) is not None else None for i in indices]


def test_a_window_leaves_gaps_that_can_be_asked_for() -> None:
    rows = Rows[Item]().with_page(page(0, 10, total=100)).with_page(page(40, 50, total=100))
    assert len(rows) == 100
    assert shown(rows, [0, 9, 10, 39, 40, 49, 50]) == ["0", "9", None, None, "40", "49", None]
    assert rows.loaded == 20
    assert rows.missing(0, 9, 10) is None
    assert rows.missing(5, 14, 10) == 10
    assert rows.missing(47, 52, 10) == 50
    assert rows.missing(95, 200, 10) == 90


def test_a_server_that_gives_less_than_asked_for_is_asked_for_the_rest() -> None:
    rows = Rows[Item]().with_page(page(0, 6, total=20))
    assert rows.missing(0, 9, 10) == 6


def test_a_list_of_unknown_length_grows_while_there_is_more() -> None:
    rows = Rows[Item]().with_page(page(0, 10, more=True))
    assert len(rows) == 11
    assert rows.missing(0, 10, 10) == 10
    rows = rows.with_page(page(10, 15))
    assert len(rows) == 15
    assert not rows.more
    again = rows.with_page(page(0, 10, more=True))
    assert len(again) == 15


def test_a_newer_window_replaces_and_keeps_the_rest() -> None:
    rows = Rows[Item]().with_page(page(0, 10, total=30)).with_page(page(10, 20, total=30))
    rows = rows.with_page(page(5, 15, total=30, word="new"))
    assert [rows[i].word for i in (4, 5, 14, 15)] == ["", "new", "new", ""]  # type: ignore[union-attr]  # loaded


def test_what_was_loaded_elsewhere_goes_when_the_list_moved() -> None:
    rows = Rows[Item]().with_page(page(0, 10, total=30)).with_page(page(20, 30, total=30))
    longer = rows.with_page(page(0, 10, total=31))
    assert longer[25] is None
    moved = rows.with_page(Page(items=(Item("fresh"), *items(0, 9)), offset=0, total=30))
    assert moved[25] is None


def test_only_so_much_is_kept() -> None:
    rows = Rows[Item]()
    for start in range(0, 1000, 100):
        rows = rows.with_page(page(start, start + 100, total=1000), keep=300)
    assert rows.loaded <= 300
    assert rows[999] is not None
    assert rows[0] is None


def test_a_local_filter_knows_where_its_rows_are() -> None:
    source = Source(
        Rows.of(items(0, 10)), lambda i: i.id, lambda i: (Cell(i.id),), lambda i: int(i.id) % 3 == 0
    )
    assert len(source) == 4
    assert source.key(2) == "6"
    assert source.place("9") == 3
    assert source.place("1") is None
    assert source.item(4) is None
    assert source.cells(1) == (Cell("3"),)


def feed() -> Feed[Item]:
    async def fetch(search: str, offset: int) -> Listing[Item]:
        raise AssertionError("the schedule doesn't fetch by itself")

    return Feed("things", fetch, lambda: (0, 20))


def listing(found: Page[Item]) -> Listing[Item]:
    return Listing(page=found, fetched=NOW)


def test_rests_grow_while_nothing_changes_and_shrink_when_something_does() -> None:
    it = feed()
    assert it.take(listing(page(0, 5, total=5)))
    it.succeeded(100.0, 10.0, changed=True)
    assert it.due == 110.0
    for _ in range(10):
        assert not it.take(listing(page(0, 5, total=5)))
        it.succeeded(100.0, 10.0, changed=False)
    assert it.due == 160.0
    assert it.take(listing(page(0, 5, total=5, word="new")))
    it.succeeded(100.0, 10.0, changed=True)
    assert it.due == 110.0


def test_failures_back_off_keep_the_rows_and_say_why() -> None:
    it = feed()
    it.take(listing(page(0, 5, total=5)))
    it.succeeded(0.0, 10.0, changed=True)
    rests = []
    for _ in range(6):
        it.failed(Problem("Could not list things"), 0.0, 10.0)
        rests.append(it.due)
    assert rests == sorted(rests)
    assert rests[0] == 20.0
    assert rests[-1] == LONGEST_REST
    assert it.view.stale
    assert it.view.problem is not None
    assert len(it.view.rows) == 5
    it.take(listing(page(0, 5, total=5)))
    it.succeeded(0.0, 10.0, changed=False)
    assert it.view.problem is None
    assert not it.view.stale


def test_the_windows_cover_what_is_in_view() -> None:
    it = feed()
    assert it.windows() == [0]
    it.in_view = lambda: (PAGE - 5, PAGE + 20)
    assert it.windows() == [0, PAGE]
    it.in_view = lambda: (0, -1)
    assert it.windows() == [0]
