"""The transfers, with their progress as text in the row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from gencove_tui.engine.views import Snapshot, Totals
from gencove_tui.engine.words import plural
from gencove_tui.model import Transfer, TransferState, Wish
from gencove_tui.store.transfers import Place
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, bar, count, duration, percent, rate, size
from gencove_tui.tui.queue_order import CLEARABLE, GROUPS, SORTS, Group, Row, arrange, cleared, name_of
from gencove_tui.tui.rows import Rows
from gencove_tui.tui.states import transfer_state
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.queue_line import QueueLine
from gencove_tui.tui.widgets.reason import Reason
from gencove_tui.tui.widgets.transfer_facts import counts_line, trouble
from gencove_tui.tui.widgets.virtual_table import VirtualTable

BAR, SHORT_BAR = 10, 7
"""Cells of a progress bar, and of one where names need the room."""
ROOMY = 100
"""Cells from which bars have their whole length."""

LIVE = (TransferState.RUNNING, TransferState.VERIFYING)
RETRIABLE = (TransferState.FAILED, TransferState.CANCELLED, TransferState.WAITING)


class TransfersPane(ListPane[Row]):
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
        Column("Rate", 10, keep=70, right=True),
        Column("Left", 6, keep=50, right=True),
    )

    @dataclass
    class Wished(Message):
        """The user wants these transfers to run, pause or end."""

        transfers: tuple[Transfer, ...]
        wish: Wish

    @dataclass
    class Reordered(Message):
        """The user wants these transfers elsewhere in the queue."""

        transfers: tuple[Transfer, ...]
        place: Place

    @dataclass
    class Urged(Message):
        """The user wants these transfers to be more (+1) or less (-1) urgent."""

        transfers: tuple[Transfer, ...]
        by: int

    @dataclass
    class AllWished(Message):
        """The user wants all unfinished transfers to run or pause."""

        wish: Wish

    class LimitAsked(Message):
        """The user wants to limit the bandwidth."""

    class ClearAsked(Message):
        """The user doesn't want to see finished transfers any more."""

    @dataclass
    class SheetAsked(Message):
        """The user wants to see all that is known about a transfer."""

        transfer: Transfer

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.trouble = Reason(look.glyphs.ellipsis, id="transfers-trouble")
        self.line = QueueLine(look)
        self._listed: tuple[Transfer, ...] = ()
        self._moving = False
        self._bar = BAR
        self.transfers: tuple[Transfer, ...] = ()
        self.totals = Totals()
        self.folded: set[str] = set()
        self.cleared_until: datetime | None = None
        """What had ended by then is out of sight; it leaves the ledger once nobody can undo that any more."""
        self.unlisted = 0
        """Transfers that the ledger holds beyond those in the list."""

    def compose(self) -> ComposeResult:
        """Sums, table, filter, and what is wrong with the row under the cursor."""
        yield self.line
        yield from super().compose()
        yield self.trouble

    def show_snapshot(self, snapshot: Snapshot, limit: int | None = None) -> None:
        """Show the transfers of this snapshot; ``limit`` is the bandwidth's."""
        self.totals = snapshot.totals
        self._listed = snapshot.transfers
        self.unlisted = snapshot.transfers_total - len(snapshot.transfers)
        moving = [transfer for transfer in snapshot.transfers if transfer.state is TransferState.RUNNING]
        self.line.show(snapshot.totals, limit, max((t.eta or 0.0 for t in moving), default=0.0))
        self._moving = bool(moving)
        self._set_columns()
        self._rearrange()

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

    def clear_until(self, until: datetime | None) -> int:
        """Take what had ended by then out of sight, or with None bring it back; returns how many."""
        before = len(self.transfers)
        self.cleared_until = until
        self._rearrange()
        return abs(before - len(self.transfers))

    def _rearrange(self) -> None:
        self.transfers = tuple(t for t in self._listed if not cleared(t, self.cleared_until))
        rows = arrange(self.transfers, self.sort, self.group, self.folded)
        if self.table.marks:
            there = {self.key_of(row) for row in rows} | {str(transfer.id) for transfer in self.transfers}
            for key in self.table.marks.keys() - there:
                del self.table.marks[key]
        self.show(ListView(rows=Rows.of(rows), fetched=self.view.fetched or self.look.clock()))
        self._tell_trouble()

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
        started = item.state in LIVE or (item.bytes_done > 0 and not item.state.is_final)
        fraction = item.bytes_done / item.size if item.size else float(item.state is TransferState.DONE)
        running = item.state is TransferState.RUNNING
        return (
            transfer_state(item, self.look.glyphs),
            Cell(name_of(item), Tone.DIM if item.state in CLEARABLE else Tone.PLAIN),
            Cell(bar(fraction, self._bar, self.look.glyphs), Tone.BUSY if running else Tone.DIM)
            if started
            else Cell(self._urgency(item), Tone.ACCENT),
            Cell(percent(item.bytes_done, item.size) if started else ""),
            Cell(size(item.size), Tone.DIM),
            Cell(rate(item.rate) if running else ""),
            Cell(duration(item.eta) if running else "", Tone.DIM),
        )

    def _urgency(self, item: Transfer) -> str:
        """Where its bar will be: whether it starts before or after others."""
        if not item.priority or item.state.is_final:
            return ""
        return f"prio {item.priority:+d}"

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

    def empty_text(self) -> str:
        """How to get some."""
        keys = self.look.keys
        return (
            f"Nothing to transfer.\n{keys.key('upload')} uploads files,"
            f" {keys.key('download')} on a sample downloads its results."
        )

    def note(self) -> str:
        """How many do what."""
        more = f"and {self.unlisted:,} older" if self.unlisted > 0 else ""
        grouped = f"grouped by {self.group}" if self.group else ""
        separator = f" {self.look.glyphs.separator} "
        return separator.join(filter(None, (counts_line(self.totals), more, grouped)))

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        self._tell_trouble()

    def _tell_trouble(self) -> None:
        """Below the table: why the transfer under the cursor waits or has failed."""
        item = self.current()
        self.trouble.show(trouble(item) if isinstance(item, Transfer) else "")

    # --- what the next action is about -----------------------------------------------------------

    def meant(self) -> tuple[Transfer, ...]:
        """The transfers that are marked, or those under the cursor; a heading stands for all below it."""
        by_id = {str(transfer.id): transfer for transfer in self.transfers}
        members = {
            self.key_of(row): row.transfers for _, row in self.view.rows.items() if isinstance(row, Group)
        }
        keys: Iterable[str] = tuple(self.table.marks) or filter(None, (self.table.cursor_key,))
        found: dict[int, Transfer] = {}
        for key in keys:
            some = members.get(key, (by_id[key],) if key in by_id else ())
            found.update((transfer.id, transfer) for transfer in some)
        return tuple(found.values())

    def in_view(self, transfer: Transfer) -> bool:
        """Whether the list as it is filtered and folded now shows the transfer."""
        return self.source.place(str(transfer.id)) is not None

    def _unfinished(self) -> tuple[Transfer, ...]:
        return tuple(t for t in self.meant() if not t.state.is_final)

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

    def action_pause(self) -> None:
        """Pause what moves or wants to; if all of it is paused, resume."""
        chosen = self._unfinished()
        pausing = [t for t in chosen if t.wish is Wish.RUN]
        if pausing:
            self._wish(pausing, Wish.PAUSE)
        elif chosen:
            self._wish(chosen, Wish.RUN)
        else:
            self.post_message(self.Said("Nothing to pause here: finished transfers stay as they are"))

    def action_pause_all(self) -> None:
        """Pause everything that is unfinished; if nothing wants to move, resume everything."""
        if self.totals.unfinished:
            self.post_message(self.AllWished(Wish.PAUSE))
        elif self.totals.paused:
            self.post_message(self.AllWished(Wish.RUN))
        else:
            self.post_message(self.Said("Nothing to pause: no transfer is unfinished"))

    def action_cancel(self) -> None:
        """End what isn't finished."""
        if chosen := self._unfinished():
            self._wish(chosen, Wish.CANCEL)
        else:
            clear = self.look.keys.key("clear_finished")
            self.post_message(self.Said(f"Already finished. {clear} takes finished transfers off the list"))

    def action_retry(self) -> None:
        """Start again what failed, was cancelled or waits."""
        chosen = [t for t in self.meant() if t.state in RETRIABLE]
        if chosen:
            self._wish(chosen, Wish.RUN)
            self.table.clear_marks()  # they have done their work
        else:
            self.post_message(self.Said("Nothing to retry: only failed, cancelled and waiting transfers can"))

    def action_clear_finished(self) -> None:
        """Take finished transfers off the list."""
        if any(item.state in CLEARABLE for item in self.transfers):
            self.post_message(self.ClearAsked())
        else:
            self.post_message(self.Said("No finished transfers to clear: failures stay in sight"))

    def action_limit(self) -> None:
        """Limit the bandwidth."""
        self.post_message(self.LimitAsked())

    def action_queue_up(self) -> None:
        """One place up in the queue."""
        self._reorder(Place.UP)

    def action_queue_down(self) -> None:
        """One place down in the queue."""
        self._reorder(Place.DOWN)

    def action_queue_top(self) -> None:
        """To the top of the queue."""
        self._reorder(Place.TOP)

    def action_queue_bottom(self) -> None:
        """To the bottom of the queue."""
        self._reorder(Place.BOTTOM)

    def _reorder(self, place: Place) -> None:
        if chosen := self._unfinished():
            self.post_message(self.Reordered(chosen, place))
        else:
            self.post_message(self.Said("Finished transfers have no place in the queue"))

    def action_more_urgent(self) -> None:
        """Raise the priority."""
        self._urge(1)

    def action_less_urgent(self) -> None:
        """Lower the priority."""
        self._urge(-1)

    def _urge(self, by: int) -> None:
        if chosen := self._unfinished():
            self.post_message(self.Urged(chosen, by))
        else:
            self.post_message(self.Said("Finished transfers need no priority"))

    def action_copy(self) -> None:
        """Copy the local paths."""
        if chosen := self.meant():
            what = "the local path" if len(chosen) == 1 else f"{len(chosen)} local paths"
            self.post_message(self.CopyAsked("\n".join(t.local_path for t in chosen), what))

    def action_copy_folder(self) -> None:
        """Copy the folder that the local files lie in."""
        if chosen := self.meant():
            folders = dict.fromkeys(str(Path(t.local_path).parent) for t in chosen)
            what = "the folder's path" if len(folders) == 1 else f"{len(folders)} folders"
            self.post_message(self.CopyAsked("\n".join(folders), what))

    def _wish(self, transfers: Sequence[Transfer], wish: Wish) -> None:
        self.post_message(self.Wished(tuple(transfers), wish))
