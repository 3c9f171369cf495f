"""What the user does with the queue, carried out through the desk; trouble becomes a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import PurePath

from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Transfer, TransferState, Wish
from gencove_tui.store.transfers import Place
from gencove_tui.tui.deeds import Doer
from gencove_tui.tui.format import rate, size
from gencove_tui.tui.queue_order import name_of
from gencove_tui.tui.screens.confirm import Confirm, Hit
from gencove_tui.tui.screens.limit import LimitDialog
from gencove_tui.tui.states import transfer_state

UNDO_SECONDS = 12
"""How long finished transfers can be brought back after they were cleared."""
_UNBEGUN = (TransferState.QUEUED, TransferState.PAUSED, TransferState.WAITING)


def begun(transfer: Transfer) -> bool:
    """Whether anything would be lost if it were taken out of the queue."""
    return transfer.state not in _UNBEGUN or transfer.bytes_done > 0


class QueueDeeds(Doer):
    """Pauses, resumes, cancels, reorders, limits; knows what an undo would put back."""

    removed: tuple[Transfer, ...] = ()
    """What was taken out of the queue last, as it was then."""
    cleared: datetime | None = None
    """Finished transfers that had ended by then are out of sight, but still in the ledger."""
    _removed_before: tuple[Transfer, ...] = ()
    """``removed`` when the list was cleared: once the ledger has forgotten, these can't come back."""
    hide: Callable[[datetime | None], int | None]
    """Takes what had ended by a moment out of sight, or with None brings it back.

    Returns how many; None where the list doesn't hold all of them.
    """
    sees: Callable[[Transfer], bool]
    """Whether the list as it stands now shows a transfer."""

    def wish(self, transfers: Sequence[Transfer], wish: Wish) -> None:
        """Pause, run or, after asking where something would be lost, cancel."""
        self._run(self._wish(transfers, wish), group="wish", exclusive=False)

    async def _wish(self, transfers: Sequence[Transfer], wish: Wish) -> None:
        number = plural(len(transfers), "transfer")
        lost = [t for t in transfers if begun(t)]
        if wish is Wish.CANCEL and lost and not await self._sure(transfers, lost):
            return
        await self.desk.wish([transfer.id for transfer in transfers], wish)
        if wish is Wish.CANCEL:
            self.removed = tuple(transfers)
            undo = self.look.keys.key("undo")
            them, their = ("it", "its") if len(transfers) == 1 else ("them", "their")
            again = f" from {their} beginning" if lost else ""
            verb = "Cancelling" if lost else "Took out of the queue:"
            self.say(f"{verb} {number}. {undo} puts {them} back{again}.")
        elif wish is Wish.PAUSE:
            self.say(f"Pausing {number}.")
        else:
            resting = all(transfer.wish is Wish.PAUSE for transfer in transfers)
            self.say(f"{'Resuming' if resting else 'Retrying'} {number}.")
        self.after()

    async def _sure(self, transfers: Sequence[Transfer], lost: Sequence[Transfer]) -> bool:
        number = plural(len(transfers), "transfer")
        body = ["What has been moved of these so far is dropped."]
        if unseen := sum(not self.sees(t) for t in transfers):
            body.append(f"{unseen:,} of them are not in the list as it stands now.")
        hits = [self._hit(t) for t in (*lost, *(t for t in transfers if t not in lost))]
        verb = f"Cancel {number}"
        question = Confirm(self.look, verb, body, hits, verb=verb, safe="Keep going")
        return await self.screen.app.push_screen_wait(question)

    def _hit(self, transfer: Transfer) -> Hit:
        moved = f"{size(transfer.bytes_done)} of {size(transfer.size, '?')}" if transfer.bytes_done else ""
        note = transfer_state(transfer, self.look.glyphs).text if self.sees(transfer) else "not in view"
        # Folders are alike as a rule; what tells files apart must not be cut away.
        return Hit(PurePath(name_of(transfer)).name, moved, note)

    def undo(self) -> None:
        """Put back what was taken out of the queue last."""
        self._run(self._undo(), group="wish", exclusive=False)

    async def _undo(self) -> None:
        if self.cleared is not None:
            self.cleared = None
            self.say(f"Brought {_finished(self.hide(None))} back into the list.")
            return
        removed, self.removed = self.removed, ()
        if not removed:
            self.say("Nothing to undo: nothing was taken out of the queue since this screen opened.")
            return
        try:
            await self.desk.wish([t.id for t in removed], Wish.RUN)
            if paused := [t.id for t in removed if t.wish is Wish.PAUSE]:
                await self.desk.wish(paused, Wish.PAUSE)
        except Problem:
            self.removed = (*removed, *self.removed)  # to be tried again
            raise
        self.say(f"Put {plural(len(removed), 'transfer')} back into the queue.")
        self.after()

    def wish_all(self, wish: Wish) -> None:
        """Pause or resume everything that is unfinished."""
        self._run(self._wish_all(wish), group="wish", exclusive=False)

    async def _wish_all(self, wish: Wish) -> None:
        number = plural(await self.desk.wish_all(wish), "transfer")
        self.say(f"Pausing all {number}." if wish is Wish.PAUSE else f"Resuming all {number}.")
        self.after()

    def move(self, transfers: Sequence[Transfer], place: Place) -> None:
        """Move within the queue."""
        self._run(self._move(transfers, place), group="queue", exclusive=False)

    async def _move(self, transfers: Sequence[Transfer], place: Place) -> None:
        await self.desk.move_in_queue([t.id for t in transfers], place)
        self.after()

    def urge(self, transfers: Sequence[Transfer], by: int) -> None:
        """Raise or lower priorities."""
        self._run(self._urge(transfers, by), group="queue", exclusive=False)

    async def _urge(self, transfers: Sequence[Transfer], by: int) -> None:
        now = await self.desk.change_priority([t.id for t in transfers], by)
        change = f"by {abs(by)}" if len(now) != 1 else "to the usual" if 0 in now else f"to {min(now):+d}"
        verb = "Raised" if by > 0 else "Lowered"
        self.say(f"{verb} the priority of {plural(len(transfers), 'transfer')} {change}.")
        self.after()

    def limit(self) -> None:
        """Ask for a limit of the bandwidth."""
        self._run(self._limit(), group="dialog")

    async def _limit(self) -> None:
        chosen = await self.screen.app.push_screen_wait(LimitDialog(self.desk.bandwidth))
        if chosen is None:
            return
        self.decided()
        await self.desk.set_bandwidth(chosen or None)
        self.say(f"All transfers together: {rate(chosen)} at most." if chosen else "No limit any more.")
        self.after()

    def clear_finished(self) -> None:
        """Take finished transfers off the list, and out of the ledger once nobody wants them back."""
        self.cleared, self._removed_before = self.look.clock(), self.removed
        number = self.hide(self.cleared)
        undo, them = self.look.keys.key("undo"), "it" if number == 1 else "them"
        self.say(f"Cleared {_finished(number)}. {undo} brings {them} back within {UNDO_SECONDS} s.")
        self._run(self._forget_later(), group="clear")

    async def _forget_later(self) -> None:
        await asyncio.sleep(UNDO_SECONDS)
        try:
            await self.settle()
        except Problem:
            self.hide(None)  # for they are still there
            raise
        self.after()

    async def settle(self) -> None:
        """Let the ledger forget what was cleared."""
        until, self.cleared = self.cleared, None
        if until is not None:
            await self.desk.clear_finished(until)
            if self.removed is self._removed_before:
                self.removed = ()


def _finished(number: int | None) -> str:
    return "all finished transfers" if number is None else plural(number, "finished transfer")
