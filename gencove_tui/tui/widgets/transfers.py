"""The transfers, with their progress as text in the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from gencove_tui.engine.views import Snapshot, Totals
from gencove_tui.model import GNCV, Direction, Transfer, TransferState, Wish
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, bar, clean, duration, moment, percent, plural, rate, size
from gencove_tui.tui.rows import Rows
from gencove_tui.tui.states import transfer_state
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.virtual_table import VirtualTable

BAR = 10
"""Cells of a progress bar."""

LIVE = (TransferState.RUNNING, TransferState.VERIFYING)
RETRIABLE = (TransferState.FAILED, TransferState.CANCELLED, TransferState.WAITING)


class TransfersPane(ListPane[Transfer]):
    """What moves, waits, has moved or has failed."""

    NAME = "transfers"
    BINDINGS = bindings("transfers")
    NEWEST_FIRST = True
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
    class ClearAsked(Message):
        """The user doesn't want to see finished transfers any more."""

        finished: int

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.trouble = Static(id="transfers-trouble", markup=False)
        self.totals = Totals()
        self.unlisted = 0
        """Transfers that the ledger holds beyond those in the list."""

    def compose(self) -> ComposeResult:
        """Table, filter, and what is wrong with the row under the cursor."""
        yield from super().compose()
        yield self.trouble

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the transfers of this snapshot."""
        self.totals = snapshot.totals
        self.unlisted = snapshot.transfers_total - len(snapshot.transfers)
        view: ListView[Transfer] = ListView(
            rows=Rows.of(snapshot.transfers), fetched=self.view.fetched or self.look.clock()
        )
        gone = self.table.marks.keys() - {str(transfer.id) for transfer in snapshot.transfers}
        for key in gone:
            del self.table.marks[key]
        self.show(view)
        self._tell_trouble()

    def key_of(self, item: Transfer) -> str:
        """Its number in the ledger."""
        return str(item.id)

    def cells_of(self, item: Transfer) -> tuple[Cell, ...]:
        """State, name, bar, %, size, rate, time left."""
        state = transfer_state(item, self.look.glyphs)
        started = item.state in LIVE or (item.bytes_done > 0 and not item.state.is_final)
        fraction = item.bytes_done / item.size if item.size else float(item.state is TransferState.DONE)
        running = item.state is TransferState.RUNNING
        return (
            state,
            Cell(name_of(item), Tone.DIM if item.state.is_final else Tone.PLAIN),
            Cell(bar(fraction, BAR, self.look.glyphs), Tone.BUSY if running else Tone.DIM)
            if started
            else Cell(""),
            Cell(percent(item.bytes_done, item.size) if started else ""),
            Cell(size(item.size), Tone.DIM),
            Cell(rate(item.rate) if running else ""),
            Cell(duration(item.eta) if running else "", Tone.DIM),
        )

    def text_of(self, item: Transfer) -> str:
        """Both paths, the state and its reason."""
        state = transfer_state(item, self.look.glyphs).text
        return f"{name_of(item)} {item.remote} {item.local_path} {item.direction} {state} {item.problem}"

    def empty_text(self) -> str:
        """How to get some."""
        return "Nothing to transfer.\nu uploads files, d on a sample downloads its results."

    def title_note(self) -> str:
        """How fast it goes."""
        signs = self.look.glyphs
        speeds = ((signs.up, self.totals.up_rate), (signs.down, self.totals.down_rate))
        return "  ".join(f"{sign} {rate(speed)}" for sign, speed in speeds if speed >= 1)

    def note(self) -> str:
        """The transfers in sum."""
        more = f"{self.unlisted:,} older ones not listed" if self.unlisted > 0 else ""
        separator = f" {self.look.glyphs.separator} "
        return separator.join(filter(None, (totals_line(self.totals, self.look), more)))

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()
        self._tell_trouble()

    def _tell_trouble(self) -> None:
        """Below the table: why the transfer under the cursor waits or has failed."""
        item = self.current()
        text = "" if item is None else trouble(item)
        if self.trouble.display != bool(text):
            self.trouble.display = bool(text)
        if text and text != self.trouble.content:
            self.trouble.update(text)

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show all that is known about the transfer under the cursor."""
        item = self.current()
        if item is not None:
            facts = transfer_facts(item, self.look)
            self.post_message(self.FactsAsked("Transfer", facts, copyable=item.local_path))

    def action_pause(self) -> None:
        """Pause what moves or wants to; if all of it is paused, resume."""
        chosen = [t for t in self.chosen() if not t.state.is_final]
        pausing = [t for t in chosen if t.wish is Wish.RUN]
        if pausing:
            self._wish(pausing, Wish.PAUSE)
        elif chosen:
            self._wish(chosen, Wish.RUN)
        else:
            self.post_message(self.Said("Nothing to pause here: finished transfers stay as they are"))

    def action_cancel(self) -> None:
        """End what isn't finished."""
        chosen = [t for t in self.chosen() if not t.state.is_final]
        if chosen:
            self._wish(chosen, Wish.CANCEL)
        else:
            self.post_message(self.Said("Already finished. c takes finished transfers off the list"))

    def action_retry(self) -> None:
        """Start again what failed, was cancelled or waits."""
        chosen = [t for t in self.chosen() if t.state in RETRIABLE]
        if chosen:
            self._wish(chosen, Wish.RUN)
        else:
            self.post_message(self.Said("Nothing to retry: only failed, cancelled and waiting transfers can"))

    def action_clear_finished(self) -> None:
        """Take finished transfers off the list."""
        finished = sum(item.state.is_final for _, item in self.view.rows.items())
        if finished:
            self.post_message(self.ClearAsked(finished))
        else:
            self.post_message(self.Said("No finished transfers to clear"))

    def action_copy(self) -> None:
        """Copy the local path."""
        if (item := self.current()) is not None:
            self.post_message(self.CopyAsked(item.local_path, "the local path"))

    def _wish(self, transfers: Sequence[Transfer], wish: Wish) -> None:
        self.post_message(self.Wished(tuple(transfers), wish))


def name_of(item: Transfer) -> str:
    """What is moved, as people would call it: a result by its sample and type, a file by its path."""
    if item.source is not None:
        sample = item.source.client_id or item.source.sample_id
        return clean(f"{sample} {item.source.file_type}")
    return clean(item.remote.removeprefix(GNCV))


def trouble(item: Transfer) -> str:
    """Why a transfer waits or failed, and what to do about it; empty while all is well."""
    if item.state not in (TransferState.FAILED, TransferState.WAITING) or not item.problem:
        return ""
    text = clean(item.problem)
    text += "" if text.endswith((".", "!", "?")) else "."
    if item.remedy:
        text += f" {clean(item.remedy)}"
    if item.state is TransferState.WAITING and item.retry_at is not None:
        text += f" Tried again at {moment(item.retry_at)[11:]}."
    return text


def totals_line(totals: Totals, look: Look) -> str:
    """How many do what, how much is left, and how long that will take."""
    numbers = (
        (totals.running, "running"),
        (totals.queued, "queued"),
        (totals.waiting, "waiting"),
        (totals.paused, "paused"),
        (totals.failed, "failed"),
    )
    counts = [f"{number:,} {word}" for number, word in numbers if number]
    speed = totals.up_rate + totals.down_rate
    left = []
    if totals.bytes_left:
        left.append(f"{size(totals.bytes_left)} left")
        if speed >= 1:
            left.append(duration(totals.bytes_left / speed))
    return f" {look.glyphs.separator} ".join(filter(None, (", ".join(left), ", ".join(counts))))


def transfer_facts(item: Transfer, look: Look) -> tuple[tuple[str, Cell], ...]:
    """All that the ledger knows about a transfer."""
    moved = f"{size(item.bytes_done)} of {size(item.size)}"
    if item.size is not None:
        moved += f" ({item.bytes_done:,} of {item.size:,} bytes)"
    return (
        ("State", transfer_state(item, look.glyphs)),
        ("Why", Cell(trouble(item), Tone.WARN)),
        ("Direction", Cell(item.direction.value)),
        ("Here", Cell(clean(item.local_path))),
        ("There", Cell(clean(item.remote))),
        ("Moved", Cell(moved)),
        ("Rate", Cell(rate(item.rate))),
        ("Left", Cell(duration(item.eta))),
        ("Attempts", Cell(plural(item.attempts, "try", "tries") if item.attempts else "")),
        ("sha256", Cell(clean(item.checksum))),
        ("Verified", Cell(_verified(item))),
        ("Queued", Cell(moment(item.created))),
        ("Started", Cell(moment(item.started))),
        ("Finished", Cell(moment(item.finished))),
        ("Queued by", Cell(f"watch rule {item.rule_id}" if item.rule_id is not None else "")),
    )


def _verified(item: Transfer) -> str:
    if item.direction is Direction.UPLOAD or item.state is not TransferState.DONE:
        return ""
    return (
        "yes, the sha256 agrees with Gencove's"
        if item.verified
        else "length only: Gencove has no sha256 for it"
    )
