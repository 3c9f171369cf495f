"""What keys ask of the transfers that are meant: those that are marked, or what the cursor is on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from gencove_tui.engine.views import Totals
from gencove_tui.model import Transfer, Wish
from gencove_tui.store.transfers import Place
from gencove_tui.tui.queue_order import CLEARABLE, RETRIABLE, Group, Row
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.list_pane import ListPane


class TransferKeys(ListPane[Row]):
    """The deeds of the list of transfers, as messages; how it looks is not its business."""

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
        self.transfers: tuple[Transfer, ...] = ()
        """What the list is of, also what a filter or a fold hides."""
        self.totals = Totals()

    # --- what the next action is about -----------------------------------------------------------

    @property
    def _groups(self) -> dict[str, Group]:
        return {self.key_of(row): row for _, row in self.view.rows.items() if isinstance(row, Group)}

    def meant(self) -> tuple[Transfer, ...]:
        """The transfers that are marked, or those under the cursor; a heading stands for all below it.

        Where there is a filter, that is what matches.
        """
        by_id = {str(transfer.id): transfer for transfer in self.transfers}
        groups = self._groups
        keys: Iterable[str] = tuple(self.table.marks) or filter(None, (self.table.cursor_key,))
        found: dict[int, Transfer] = {}
        for key in keys:
            some = groups[key].transfers if key in groups else (by_id[key],) if key in by_id else ()
            found.update((transfer.id, transfer) for transfer in some)
        return tuple(found.values())

    def _unfinished(self) -> tuple[Transfer, ...]:
        return tuple(t for t in self.meant() if not t.state.is_final)

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
