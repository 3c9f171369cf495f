"""All that is known about one transfer, moving along with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gencove_tui.engine.views import Snapshot
from gencove_tui.engine.views_queue import TransferDetail
from gencove_tui.model import Transfer, Wish
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.format import Cell, Tone, clean, moment
from gencove_tui.tui.queue_order import RETRIABLE, name_of
from gencove_tui.tui.rule_words import Names
from gencove_tui.tui.screens.dialogs import Live, Scrolling
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact, Facts
from gencove_tui.tui.widgets.transfer_facts import parts_map, transfer_facts

MAP_WIDTH = 70
EVENTS = 30


class TransferSheet(Scrolling, Live):
    """``ask`` returns what the ledger knows now, ``wish`` carries out what a key asks for, ``names`` knows
    what rules are called.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", show=False),
        Binding("p", "pause", "pause or resume", show=False),
        Binding("R", "retry", "retry", show=False),
    ]

    def __init__(
        self,
        detail: TransferDetail,
        look: Look,
        ask: Callable[[int], TransferDetail | None],
        wish: Callable[[tuple[Transfer, ...], Wish], None],
        names: Names,
    ) -> None:
        super().__init__()
        self.detail, self.look, self.names = detail, look, names
        self._ask, self._wish = ask, wish

    def compose(self) -> ComposeResult:
        """Facts, the map of its parts, what the log says."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = Content(f"Transfer {name_of(self.detail.transfer)}")
            yield Facts(id="transfer-facts")
            yield Static(id="transfer-parts", classes="section", markup=False)
            yield Static("Log", id="transfer-log-title", classes="section", markup=False)
            yield Facts(id="transfer-log", name_width=11)

    def hints(self) -> Sequence[str]:
        """What can be done with it as it stands."""
        item = self.detail.transfer
        deeds = [] if item.state.is_final else ["p pause" if item.wish is Wish.RUN else "p resume"]
        if item.state in RETRIABLE:
            deeds.append("R retry")
        return ("↑ ↓ scroll", *deeds, "y copy path", "esc close")

    def on_mount(self) -> None:
        """Fill it, and let the keys scroll."""
        self._show()
        self.query_one(VerticalScroll).focus()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """The ledger changed: ask again for this transfer."""
        del snapshot
        found = self._ask(self.detail.transfer.id)
        if found is not None and found != self.detail:
            self.detail = found
            self._show()
            self.show_hints()

    def _show(self) -> None:
        self.query_one("#transfer-facts", Facts).show(transfer_facts(self.detail, self.look, self.names))
        parts = self.query_one("#transfer-parts", Static)
        parts.display = bool(self.detail.parts)
        if self.detail.parts:
            parts.update(f"Parts\n{parts_map(self.detail, min(MAP_WIDTH, self.inner_width), self.look)}")
        log = [
            Fact(moment(event.time)[11:], Cell(clean(event.message), Tone.DIM), long=True)
            for event in self.detail.events[:EVENTS]
        ]
        self.query_one("#transfer-log-title").display = bool(log)
        self.query_one("#transfer-log", Facts).show(log)

    def action_copy(self) -> None:
        """Copy the local path."""
        copy(self.app, self.detail.transfer.local_path, "the local path")

    def action_pause(self) -> None:
        """Pause it, or resume it."""
        item = self.detail.transfer
        if not item.state.is_final:
            self._wish((item,), Wish.PAUSE if item.wish is Wish.RUN else Wish.RUN)

    def action_retry(self) -> None:
        """Start it again, unless it is done or under way."""
        if self.detail.transfer.state in RETRIABLE:
            self._wish((self.detail.transfer,), Wish.RUN)
