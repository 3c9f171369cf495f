"""Whether a far end can be reached at all. That it can't is a state that ends by itself, not an error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.notices import Notices
from gencove_tui.engine.outcome import TransferWaits, backoff, reason_of
from gencove_tui.errors import Problem
from gencove_tui.model import TransferState
from gencove_tui.store.database import LedgerProblem
from gencove_tui.store.ledger import Ledger

log = logging.getLogger(__name__)

LINE_TOPIC = "line"
_LONGEST_REST = 30.0
_LONGEST_QUESTION = 60.0
"""Seconds that one probe may take, within which those that wait for it aren't due."""
_LEDGER_REST = 1.0
_NO_LINE = frozenset({Kind.UNREACHABLE, Kind.TIMEOUT})


class Words(Struct, frozen=True):
    """How it is told that a far end is away and back: the notice's topic, the events' kinds, the texts."""

    topic: str
    lost: str
    back: str
    is_back: str
    notice: Callable[[Problem], str]


def offline_notice(reason: Problem) -> str:
    """What everybody is told while the host can't be reached."""
    return f"Offline: {reason.why or reason.what}. Transfers go on by themselves when the line is back."


def _storeless_notice(reason: Problem) -> str:
    text = reason.why or reason.what
    return f"{text[:1].upper()}{text[1:]}. Uploads go on by themselves once it answers."


HOST = Words(LINE_TOPIC, "offline", "online", "the line is back", offline_notice)
STORE = Words(
    "store", "uploads.waiting", "uploads.recovered", "the store can be reached again", _storeless_notice
)


class Line:
    """Knows whether a far end answers. While it doesn't, one probe asks, however many transfers wait.

    ``ask`` raises ``ApiProblem`` when nothing answers; ``back`` is called once something does.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[object]],
        words: Words,
        ledger: Ledger,
        notices: Notices,
        back: Callable[[], None],
    ) -> None:
        self._ask = ask
        self._words = words
        self._ledger = ledger
        self._notices = notices
        self._back = back
        self._probe: asyncio.Task[None] | None = None
        self._waiting: dict[int, TransferWaits] = {}
        self._attempt = 0
        self._rest = 0.0
        self._next_try = 0.0
        self._hurried = asyncio.Event()

    @property
    def is_down(self) -> bool:
        """Whether nothing new should be started."""
        return self._probe is not None

    @property
    def waiting(self) -> tuple[int, ...]:
        """The transfers that could not reach it."""
        return tuple(self._waiting)

    def lost(self, transfer_id: int, reason: TransferWaits) -> None:
        """A transfer could not reach the far end; it is woken when that answers again."""
        self._waiting[transfer_id] = reason
        if self._probe is not None:
            self._put_off([transfer_id], self._next_try)
            return
        self._attempt = 0
        self._plan(reason)
        with contextlib.suppress(LedgerProblem):  # telling it must not be what keeps it from ending
            self._ledger.events.add(self._words.lost, self._notice(reason))
        self._probe = asyncio.create_task(self._until_back(reason))

    def drop(self, transfer_ids: Iterable[int]) -> None:
        """These don't wait for it any more; after the last of them nobody needs an answer."""
        for transfer_id in transfer_ids:
            self._waiting.pop(transfer_id, None)
        if self.is_down and not self._waiting:
            self._hurried.set()

    def hurry(self) -> None:
        """Ask now if somebody wished that one of those that wait be tried again."""
        if self.is_down and TransferState.QUEUED in self._ledger.transfers.states_of(self.waiting):
            self._hurried.set()

    async def _until_back(self, reason: Problem) -> None:
        try:
            while (problem := await self._problem(reason)) is not None:
                self._plan(reason := problem)
            while not self._told():  # noqa: ASYNC110 - a ledger that others keep locked has no event
                await asyncio.sleep(_LEDGER_REST)
        finally:  # whatever happens, nobody waits for a probe that has ended
            self._probe = None
            self._back()

    def _plan(self, reason: Problem) -> None:
        """Settle when to ask next, after a rest that grows, and tell it to all who wait."""
        self._attempt += 1
        self._rest = min(_LONGEST_REST, backoff(self._attempt))
        self._next_try = time.time() + self._rest
        self._put_off(self._waiting, self._next_try)
        with contextlib.suppress(LedgerProblem):
            self._notices.set(self._words.topic, self._notice(reason))

    def _notice(self, reason: Problem) -> str:
        return f"{self._words.notice(reason)} Next try at {datetime.fromtimestamp(self._next_try):%H:%M:%S}."

    def _put_off(self, transfer_ids: Iterable[int], until: float) -> None:
        rows = [(i, reason_of(self._waiting[i]), self._waiting[i].remedy) for i in transfer_ids]
        with contextlib.suppress(LedgerProblem):  # it is tried in vain then
            self._ledger.transfers.put_off(rows, until)

    async def _problem(self, before: Problem) -> Problem | None:
        """Ask once, after the rest: what is wrong, which is as ``before`` where no word comes, or None."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), self._rest)
        self._hurried.clear()
        if not self._waiting:  # all were dropped meanwhile
            return None
        self._put_off(self._waiting, time.time() + _LONGEST_QUESTION)
        try:
            async with asyncio.timeout(_LONGEST_QUESTION):
                await self._ask()
        except TimeoutError:
            return before
        except ApiProblem as problem:
            if problem.kind in _NO_LINE:
                return problem
            log.info("there is an answer again: %s", problem)
        return None

    def _told(self) -> bool:
        """Tell that the line is back and wake those that wait; False while the ledger can't be written."""
        try:
            with self._ledger.write(durable=False):
                if self._waiting:
                    self._ledger.transfers.wake(self._waiting)
                    self._ledger.events.add(self._words.back, self._words.is_back)
                self._notices.set(self._words.topic, "")
        except LedgerProblem as problem:
            log.warning("the line is back, but the ledger can't be used now: %s", problem)
            return False
        self._waiting.clear()
        return True

    async def stop(self) -> None:
        """Stop asking."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
