"""Whether Gencove can be reached at all. Being offline is a state that ends by itself, not an error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.protocol import Gencove
from gencove_tui.engine.notices import Notices
from gencove_tui.engine.outcome import TransferWaits, backoff
from gencove_tui.errors import Problem
from gencove_tui.store.database import LedgerProblem
from gencove_tui.store.ledger import Ledger

log = logging.getLogger(__name__)

LINE_TOPIC = "line"
_LONGEST_REST = 30.0
_LEDGER_REST = 1.0
_NO_LINE = frozenset({Kind.UNREACHABLE, Kind.TIMEOUT})


def offline_notice(reason: Problem) -> str:
    """What everybody is told while the host can't be reached."""
    return f"Offline: {reason.why or reason.what}. Transfers go on by themselves when the line is back."


class Line:
    """Knows whether the host answers. While it doesn't, one probe asks, however many transfers wait."""

    def __init__(self, api: Gencove, ledger: Ledger, notices: Notices, back: Callable[[], None]) -> None:
        self._api = api
        self._ledger = ledger
        self._notices = notices
        self._back = back
        self._probe: asyncio.Task[None] | None = None
        self._waiting: set[int] = set()
        self._attempt = 0

    @property
    def is_down(self) -> bool:
        """Whether nothing new should be started."""
        return self._probe is not None

    def lost(self, transfer_id: int, reason: TransferWaits) -> None:
        """A transfer could not reach the host; it is woken when the host answers again."""
        self._waiting.add(transfer_id)
        if self._probe is None:
            self._probe = asyncio.create_task(self._until_back())
            text = offline_notice(reason)
            with contextlib.suppress(LedgerProblem):  # telling it must not be what keeps it from ending
                self._notices.set(LINE_TOPIC, text)
                self._ledger.events.add("offline", text)

    async def _until_back(self) -> None:
        try:
            while not await self._answers():
                pass
            while not self._told():  # noqa: ASYNC110 - a ledger that others keep locked has no event
                await asyncio.sleep(_LEDGER_REST)
        finally:  # whatever happens, nobody waits for a probe that has ended
            self._probe = None
            self._back()

    async def _answers(self) -> bool:
        """Ask once, after a rest that grows."""
        self._attempt += 1
        await asyncio.sleep(min(_LONGEST_REST, backoff(self._attempt)))
        try:
            await self._api.check_key()
        except ApiProblem as problem:
            if problem.kind in _NO_LINE:
                return False
            log.info("the host answers again: %s", problem)
        self._attempt = 0
        return True

    def _told(self) -> bool:
        """Tell that the line is back and wake those that wait; False while the ledger can't be written."""
        try:
            with self._ledger.write(durable=False):
                self._ledger.transfers.wake(self._waiting)
                self._ledger.events.add("online", "the line is back")
                self._notices.set(LINE_TOPIC, "")
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
