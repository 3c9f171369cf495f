"""A pane over one list: its rows, what the border says of them, marks, order and filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.timer import Timer

from gencove_tui.tui.format import Cell, clean, count, since
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.filter_bar import FilterBar
from gencove_tui.tui.widgets.pane import Pane
from gencove_tui.tui.widgets.virtual_table import VirtualTable

T = TypeVar("T")

ENDS = 6
"""Cells of a border that its words leave free."""
SEARCH_REST = 0.3
"""Seconds without a key before a search goes to the server."""


class ListPane(Pane, Generic[T]):
    """A pane over a list of one kind of thing, with a filter."""

    FILTERABLE: ClassVar[bool] = True
    KEEPS_MARKS: ClassVar[bool] = False
    """Whether marks stay when the filter changes: then every deed lists the rows that are out of view."""
    SORTS: ClassVar[tuple[str, ...]] = ()
    """Names of the orders that ``s`` goes through; the first is the usual one."""
    GROUPS: ClassVar[tuple[str, ...]] = ()
    """Names of the ways to group; the first is not to."""

    @dataclass
    class Searched(Message):
        """The list should hold what the server finds for this text."""

        pane: str
        text: str

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.view: ListView[T] = ListView()
        self.source: Source[T] = Source(self.view.rows, self.key_of, self.cells_of)
        self.filter_bar = FilterBar(id=f"{self.NAME}-filter")
        self.filter_text = ""
        self.searches_server = False
        """Whether the server can look for the filter's text; set by the screen once it is known."""
        self.sort = ""
        """One of ``SORTS``; empty for the usual order."""
        self.group = ""
        """One of ``GROUPS``; empty for none."""
        self.line_down = False
        """Whether the whole screen says already that Gencove can't be reached."""
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """Banner, table, and the filter line while one is typed or on."""
        yield self.banner
        yield self.table
        if self.FILTERABLE:
            yield self.filter_bar

    # --- what a subclass knows ---------------------------------------------------------

    def key_of(self, item: T) -> str:
        """What identifies an item in this list."""
        raise NotImplementedError

    def cells_of(self, item: T) -> Sequence[Cell]:
        """One cell per column."""
        raise NotImplementedError

    def text_of(self, item: T) -> str:
        """What a local filter looks at."""
        return " ".join(cell.text for cell in self.cells_of(item))

    def empty_text(self) -> str:
        """What to say when there is nothing to list."""
        return ""

    # --- data in -----------------------------------------------------------------------

    def show(self, view: ListView[T]) -> None:
        """Show this state of the list."""
        self.view = view
        self._show_rows()

    @property
    def known(self) -> Rows[T]:
        """The rows that a filter can look through."""
        return self.view.rows

    def _show_rows(self) -> None:
        self.source = Source(self.known, self.key_of, self.cells_of, self._keep())
        self.table.set_empty(self._nothing())
        self.table.show(self.source)
        self._describe()

    def restore(self, *, cursor: str = "", text: str = "", sort: str = "", group: str = "") -> None:
        """Take up what was remembered: the cursor's row, the filter, the order, the grouping."""
        if cursor:
            self.table.expect(cursor)
        self.sort = sort if sort in self.SORTS else ""
        self.group = group if group in self.GROUPS else ""
        self.filter_by(text)

    def filter_by(self, text: str) -> None:
        """Filter by this as if it had been typed; order and grouping stay."""
        if text and self.FILTERABLE:
            self._set_filter(text)

    def let_server_search(self, able: bool) -> None:
        """Whether the server looks for the filter's text is known now."""
        if able == self.searches_server:
            return
        self.searches_server = able
        text, self.filter_text = self.filter_text, ""
        if text:
            self._set_filter(text)

    def _nothing(self) -> str:
        if self.view.busy and not self.line_down:
            return "Loading…"
        if self.filter_text:
            return f"Nothing matches the filter. {self.look.keys.key('back')} shows all."
        if self.view.problem is not None and not self.line_down:
            return ""
        if self.line_down and not self.view.fetched:
            return self.not_connected
        return self.empty_text() if self.view.fetched else "Loading…"

    @property
    def not_connected(self) -> str:
        """What to say instead of rows that can't be asked for."""
        return f"Not connected. {self.look.keys.key('refresh')} tries again."

    def _describe(self) -> None:
        view, separator = self.view, f" {self.look.glyphs.separator} "
        rows = view.rows
        known = f"{self.counted}{'+' if rows.more else ''}" if view.fetched else ""
        if view.fetched and self._keep() is not None:
            known = f"{count(self.found)} of {known}"
            if self.known.loaded < len(rows):
                known += f" ({count(self.known.loaded)} loaded)"
        alone = not self.gutter.top  # no upper border to say a count in, and nobody else's age to tell apart
        part = known if alone and view.fetched and self._keep() is not None else ""
        notes = [(20, part), *self.notes()]
        if self.table.marks:
            notes.append((50, f"{count(self.marked)} marked"))
        if self.sort:
            notes.append((25, f"by {self.sort}"))
        if self.filter_text:
            notes.append((30, f"filter {clean(self.filter_text)!r}"))
        if view.busy and not self.line_down:
            notes.append((60, f"loading… {self.look.keys.key('back')} stops"))
        elif view.stale and view.fetched and not alone:
            notes.append((40, f"as of {since(view.fetched, self.look.clock()).removeprefix('of ')}"))
        notes = [(worth, text) for worth, text in notes if text]
        room = self.outer_size.width - ENDS
        while len(notes) > 1 and (excess := cell_len(separator.join(text for _, text in notes)) - room) > 0:
            if shorter := self.shortened(notes, excess):
                notes = shorter
                break
            notes.remove(min(notes))
        self.set_title(
            counted="  ".join(filter(None, (known, self.title_note()))),
            subtitle=separator.join(text for _, text in notes),
        )
        problem = view.problem
        self.set_banner("" if problem is None or self.line_down else clean(str(problem)))

    def on_resize(self) -> None:
        """Other borders may be in view, and other words then stand in them."""
        self._describe()

    def title_note(self) -> str:
        """More for the upper border."""
        return ""

    @property
    def found(self) -> int:
        """How many things the filter leaves."""
        return len(self.source)

    @property
    def counted(self) -> str:
        """How many things the whole list holds."""
        return count(self.view.rows.length)

    def note(self) -> str:
        """More for the lower border."""
        return ""

    def notes(self) -> list[tuple[int, str]]:
        """The same in parts: where there isn't room for all, the one that is worth least goes first."""
        return [(10, self.note())]

    def shortened(
        self,
        notes: Sequence[tuple[int, str]],  # noqa: ARG002 - for those who can
        excess: int,  # noqa: ARG002 - for those who can
    ) -> list[tuple[int, str]]:
        """The same parts in so many cells fewer, where one of them can be cut; else nothing."""
        return []

    def tell_age(self) -> None:
        """Time has passed: say anew how old the list is."""
        self._describe()

    def rows_in_view(self) -> tuple[int, int]:
        """First and last row of the list, not of what a filter leaves, that the user sees."""
        return self.table.rows_in_view if self._keep() is None else (0, 0)

    def idle_actions(self) -> frozenset[str]:
        """While it isn't known whether there are rows, all that the pane can do is offered."""
        if self.view.fetched is None or self.table.marks:
            return frozenset()
        return super().idle_actions() - ({"filter"} if self.filter_text else frozenset())

    # --- rows the user means -----------------------------------------------------------

    def current(self) -> T | None:
        """The item under the cursor."""
        return self.source.item(self.table.cursor) if len(self.source) else None

    def chosen(self) -> tuple[T, ...]:
        """The marked items that are loaded, or else the one under the cursor."""
        if self.table.marks:
            full = Source(self.view.rows, self.key_of, self.cells_of)
            return tuple(item for key in self.table.marks if (item := full.by_key(key)) is not None)
        item = self.current()
        return () if item is None else (item,)

    @property
    def marked(self) -> int:
        """How many things are marked."""
        return len(self.table.marks)

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor."""
        self.table.toggle_mark()

    def action_mark_range(self) -> None:
        """Mark everything between the last mark and the cursor."""
        self._tell_unmarked(self.table.mark_range())

    def action_mark_all(self) -> None:
        """Mark every loaded row, or none if all are."""
        self._tell_unmarked(self.table.mark_all())

    def _tell_unmarked(self, left_out: int) -> None:
        """Rows that aren't here can't be marked; nobody shall believe that they are."""
        if left_out:
            marked = count(len(self.table.marks))
            rows = "1 row" if left_out == 1 else f"{count(left_out)} rows"
            text = (
                f"{marked} marked. {rows} between them are not loaded and stay unmarked. {self.how_to_mark()}"
            )
            self.post_message(self.Said(text.rstrip(), "warning"))

    def how_to_mark(self) -> str:
        """How to mark also what isn't loaded."""
        return ""

    def action_sort(self) -> None:
        """Go on to the next order."""
        if self.SORTS:
            place = self.SORTS.index(self.sort) if self.sort in self.SORTS else 0
            following = (place + 1) % len(self.SORTS)
            self.sort = self.SORTS[following] if following else ""
            self._show_rows()

    def action_unmark_all(self) -> None:
        """Forget all marks."""
        self.table.clear_marks()

    @on(VirtualTable.MarksChanged)
    def _count_marks(self) -> None:
        self._describe()

    # --- the filter --------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter line."""
        self.filter_bar.open(self.filter_text)

    def drop_filter(self, *, search: bool = True) -> bool:
        """Drop the filter; False if there was none. Without ``search`` the server isn't asked again."""
        if not self.filter_text and not self.filter_bar.display:
            return False
        self.filter_bar.close()
        self._set_filter("", search=search)
        return True

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        at = self.table.cursor_key
        self._set_filter(event.text)
        if event.text and (at is None or self.source.place(at) is None):
            self.table.move_to(0)  # not on whatever has come to stand where the cursor was

    @on(FilterBar.Accepted)
    def _filter_accepted(self, event: FilterBar.Accepted) -> None:
        event.stop()
        self.filter_bar.close()
        self.focus_table()

    @on(FilterBar.Abandoned)
    def _filter_abandoned(self, event: FilterBar.Abandoned) -> None:
        event.stop()
        self.drop_filter()
        self.focus_table()

    def _set_filter(self, text: str, *, search: bool = True) -> None:
        if text == self.filter_text:
            return
        if not self.KEEPS_MARKS:
            self.table.clear_marks()  # else marks on rows that a filter hides would be acted on unseen
        self.filter_text = text
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        if self.searches_server and search:
            wanted = "" if text.startswith("!") else text
            if wanted != self.view.search:
                delay = SEARCH_REST if wanted else 0.001
                searched = self.Searched(self.NAME, wanted)
                self._rest = self.set_timer(delay, lambda: self.post_message(searched))
        self._show_rows()

    def _keep(self) -> Callable[[T], bool] | None:
        """The filter to apply here, after what the server did."""
        text = self.filter_text.casefold()
        # Until the server's answer is here, what is loaded is looked through.
        server = self.searches_server and not self.line_down and self.view.search == self.filter_text
        if not text.lstrip("!") or (server and not text.startswith("!")):
            return None
        return self._matches

    def _matches(self, item: T) -> bool:
        """Whether the filter's text, all of its words, is in an item's; with ! whether it isn't."""
        text = self.filter_text.casefold()
        words = text.lstrip("!").split()
        hay = self.text_of(item).casefold()
        return not words or all(word in hay for word in words) is not text.startswith("!")
