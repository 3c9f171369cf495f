"""The transfers, with their progress as text in the row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from textual import on
from textual.app import ComposeResult

from gencove_tui.engine.views import Snapshot
from gencove_tui.engine.words import plural
from gencove_tui.model import Transfer, TransferState
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, bar, count, duration, percent, rate, size
from gencove_tui.tui.queue_order import (
    CLEARABLE,
    GROUPS,
    LIVE,
    SORTS,
    Group,
    Row,
    arrange,
    cleared,
    name_of,
)
from gencove_tui.tui.rows import Rows
from gencove_tui.tui.states import transfer_state
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.queue_line import QueueLine
from gencove_tui.tui.widgets.reason import Reason
from gencove_tui.tui.widgets.transfer_cells import has_begun, progress_cell
from gencove_tui.tui.widgets.transfer_facts import counts_line, trouble
from gencove_tui.tui.widgets.transfer_keys import TransferKeys
from gencove_tui.tui.widgets.virtual_table import VirtualTable

BAR, SHORT_BAR = 10, 7
"""Cells of a progress bar, and of one where names need the room."""
ROOMY = 100
"""Cells from which bars have their whole length."""


class TransfersPane(TransferKeys):
    """What moves, waits, has moved or has failed."""

    NAME = "transfers"
    BINDINGS = bindings("transfers")
    NEWEST_FIRST = True
    SORTS, GROUPS = SORTS, GROUPS
    COLUMNS = (
        Column("State", 11, keep=90),
        Column("File", 18, flex=1, keep=100, cut="path"),
        Column("Progress", BAR, keep=40),
        Column("", 4, keep=80, right=True),
        Column("Size", 8, keep=60, right=True),
        Column("Rate", 11, keep=70, right=True),
        Column("Left", 6, keep=50, right=True),
    )

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.trouble = Reason(look.glyphs.ellipsis, id="transfers-trouble")
        self.line = QueueLine(look)
        self._listed: tuple[Transfer, ...] = ()
        self._moving = False
        self._bar = BAR
        self.folded: set[str] = set()
        self.cleared_until: datetime | None = None
        """What had ended by then is out of sight; it leaves the ledger once nobody can undo that any more."""
        self.unlisted = 0
        """Transfers that the ledger holds beyond those in the list."""
        self._remembered = ""
        """The row that the cursor was on last time, until there are rows."""

    def compose(self) -> ComposeResult:
        """Sums, table, filter, and what is wrong with the row under the cursor."""
        yield self.line
        yield from super().compose()
        yield self.trouble

    def show_snapshot(self, snapshot: Snapshot, limit: int | None = None) -> None:
        """Show the transfers of this snapshot; ``limit`` is the bandwidth's."""
        known = {transfer.id for transfer in self._listed} if self.view.fetched else None
        self.totals = snapshot.totals
        self._listed = snapshot.transfers
        self.unlisted = snapshot.transfers_total - len(snapshot.transfers)
        self.line.show(snapshot.totals, limit)
        self._moving = any(transfer.state is TransferState.RUNNING for transfer in snapshot.transfers)
        self._set_columns()
        at = self.current()
        self._return_to_remembered()
        self._rearrange()
        idle = not self.table.has_focus and isinstance(at, Transfer) and at.state.is_final
        if known is not None and idle:
            self._go_to_new(known)

    def restore(self, *, cursor: str = "", text: str = "", sort: str = "", group: str = "") -> None:
        """Take up what was remembered; the cursor waits for rows."""
        super().restore(text=text, sort=sort, group=group)
        self._remembered = cursor

    def _return_to_remembered(self) -> None:
        """To where the cursor was, unless that has ended while others move: these are what matters."""
        kept, self._remembered = self._remembered, "" if self._listed else self._remembered
        moves = any(transfer.state in LIVE for transfer in self._listed)
        ended = any(str(transfer.id) == kept and transfer.state.is_final for transfer in self._listed)
        if kept and not (ended and moves):
            self.table.expect(kept)

    def _go_to_new(self, known: Collection[int]) -> None:
        """To the first transfer that the user has queued just now, from one that has ended."""
        for _, row in self.view.rows.items():
            if (
                isinstance(row, Transfer)
                and row.id not in known
                and row.rule_id is None
                and not row.state.is_final
            ):
                self.table.move_to_key(self.key_of(row))
                return

    def on_resize(self) -> None:
        """Bars of another length, where that makes a difference."""
        length = BAR if self.size.width >= ROOMY else SHORT_BAR
        if length != self._bar:
            self._bar = length
            self._set_columns()
            self._rearrange()

    def _set_columns(self) -> None:
        """While nothing moves nobody misses rate and time left, and names get their room."""
        state, file, progress, *others = self.COLUMNS
        title = progress.title if self._bar >= len(progress.title) else "Done"
        progress = replace(progress, title=title, width=self._bar)
        self.table.set_columns((state, file, progress, *(others if self._moving else others[:-2])))

    def clear_until(self, until: datetime | None) -> int | None:
        """Take what had ended by then out of sight, or with None bring it back.

        Returns how many; None where the list doesn't hold all of them.
        """
        before = len(self.transfers)
        self.cleared_until = until
        self._rearrange()
        return None if self.unlisted else abs(before - len(self.transfers))

    def _rearrange(self) -> None:
        self.transfers = tuple(t for t in self._listed if not cleared(t, self.cleared_until))
        # Under a filter a heading is of what matches, and a key on it means nothing else.
        filtered = bool(self.group and self.filter_text)
        found = [t for t in self.transfers if self._matches(t)] if filtered else self.transfers
        rows = arrange(found, self.sort, self.group, self.folded)
        if self.table.marks:
            there = {self.key_of(row) for row in rows} | {str(transfer.id) for transfer in self.transfers}
            for key in self.table.marks.keys() - there:
                del self.table.marks[key]
        self.show(ListView(rows=Rows.of(rows), fetched=self.view.fetched or self.look.clock()))
        self._tell_trouble()

    @property
    def found(self) -> int:
        """How many transfers the filter leaves, headings not among them."""
        return sum(len(group.transfers) for group in self._groups.values()) if self.group else super().found

    @property
    def marked(self) -> int:
        """How many transfers are marked: of a heading all below it."""
        return len(self.meant()) if self.table.marks else 0

    @property
    def counted(self) -> str:
        """How many transfers there are, headings not among them."""
        return count(len(self.transfers))

    def key_of(self, item: Row) -> str:
        """Its number in the ledger, or the heading's name."""
        return f"={item.name}" if isinstance(item, Group) else str(item.id)

    def cells_of(self, item: Row) -> tuple[Cell, ...]:
        """State, name, bar, %, size, rate, time left."""
        return self._group_cells(item) if isinstance(item, Group) else self._transfer_cells(item)

    def _transfer_cells(self, item: Transfer) -> tuple[Cell, ...]:
        running = item.state is TransferState.RUNNING
        return (
            transfer_state(item, self.look.glyphs),
            Cell(name_of(item), Tone.DIM if item.state in CLEARABLE else Tone.PLAIN),
            progress_cell(item, self._bar, self.look.glyphs),
            Cell(percent(item.bytes_done, item.size) if has_begun(item) else ""),
            Cell(size(item.size), Tone.DIM),
            Cell(rate(item.rate) if running else ""),
            Cell(duration(item.eta) if running else "", Tone.DIM),
        )

    def _group_cells(self, item: Group) -> tuple[Cell, ...]:
        glyphs = self.look.glyphs
        total, done, speed = item.size, item.done, item.rate
        failed = item.count(TransferState.FAILED)
        files = f"{glyphs.folded if item.folded else glyphs.unfolded} {plural(len(item.transfers), 'file')}"
        name = f"{item.name}, {failed:,} failed" if failed else item.name
        return (
            Cell(files, Tone.ACCENT),
            Cell(name, Tone.BAD if failed else Tone.STRONG),
            Cell(bar(done / total if total else 0.0, self._bar, glyphs), Tone.BUSY if speed else Tone.DIM),
            Cell(percent(done, total)),
            Cell(size(total), Tone.DIM),
            Cell(rate(speed)),
            Cell(duration((total - done) / speed) if speed >= 1 else "", Tone.DIM),
        )

    def text_of(self, item: Row) -> str:
        """Both paths, the state and its reason; of a heading, those of all below it."""
        if isinstance(item, Group):
            return " ".join((item.name, *map(self.text_of, item.transfers)))
        state = transfer_state(item, self.look.glyphs).text
        return f"{name_of(item)} {item.remote} {item.local_path} {item.direction} {state} {item.problem}"

    def _set_filter(self, text: str, *, search: bool = True) -> None:
        super()._set_filter(text, search=search)
        self._rearrange()

    def _matches(self, item: Row) -> bool:
        return isinstance(item, Group) or super()._matches(item)

    def empty_text(self) -> str:
        """How to get some."""
        keys = self.look.keys
        return (
            f"Nothing to transfer.\n{keys.key('upload')} uploads files,"
            f" {keys.key('download')} on a sample downloads its results."
        )

    def notes(self) -> list[tuple[int, str]]:
        """How many do what, how many are not in the list, how it is grouped."""
        more = f"and {self.unlisted:,} more" if self.unlisted > 0 else ""
        grouped = f"grouped by {self.group}" if self.group else ""
        return [(10, counts_line(self.totals)), (28, more), (27, grouped)]

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        self._tell_trouble()

    def _tell_trouble(self) -> None:
        """Below the table: why the transfer under the cursor waits or has failed."""
        item = self.current()
        why = trouble(item) if isinstance(item, Transfer) else ""
        self.trouble.show(f"{self.look.glyphs.warn} {why}" if why else "")

    # --- what changes how the list looks -----------------------------------------------------------

    def in_view(self, transfer: Transfer) -> bool:
        """Whether the list as it is filtered and folded now shows the transfer."""
        return self.source.place(str(transfer.id)) is not None

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show all that is known about the transfer under the cursor, or fold the group."""
        item = self.current()
        if isinstance(item, Group):
            self.folded ^= {item.name}
            self._rearrange()
        elif item is not None:
            self.post_message(self.SheetAsked(item))

    def action_sort(self) -> None:
        """Go on to the next order."""
        super().action_sort()
        self._rearrange()

    def action_group(self) -> None:
        """Go on to the next way to group."""
        place = GROUPS.index(self.group) if self.group in GROUPS else 0
        following = (place + 1) % len(GROUPS)
        self.group = GROUPS[following] if following else ""
        self._rearrange()
