"""Keeping the line to Gencove: the first connection, whether it still answers, and finding back to it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import structs
from textual.screen import Screen

from gencove_tui.engine.views import Connection, Desk, Online
from gencove_tui.errors import Problem
from gencove_tui.tui.feed import rest_asked_for
from gencove_tui.tui.format import sentences
from gencove_tui.tui.messages import ConnectionChanged

log = logging.getLogger(__name__)

LONGEST_REST = 120.0
"""Seconds between tries at most."""
MAINTENANCE_REST = 60.0
"""Seconds between tries at least while Gencove says that it is under maintenance."""
LOOK_REST = 5.0
"""Seconds without an answer after which something small is asked, whatever is in view."""
LOOK_REST_ALONE = 20.0
"""The same while nobody has touched a key for ``ALONE``."""
ALONE = 300.0
LOOK_PATIENCE = 15.0
"""Seconds that such a request may take: a connection that has died is left for another one."""


class LineKeeper:
    """Connects, notices changes of the line, and tries again with growing rests while it is down.

    A rejected key is not tried again until the user asks: the answer would be the same. ``connected`` is
    called each time that the line is usable again.
    """

    def __init__(self, screen: Screen[Any], desk: Desk, every: float, connected: Callable[[], None]) -> None:
        self._screen = screen
        self._desk = desk
        self._every = every
        self._connected = connected
        self._known: Connection | None = None
        self._trying = False
        self._due = 0.0
        self._failures = 0
        self._heard = time.monotonic()
        """When the host last answered."""
        self._last_answer: datetime | None = None
        self._unanswered: float | None = None
        """When the first request was made of those that nothing has come of."""
        self._tries = 0
        self._looking = False
        self._look_due = 0.0
        self._look_failures = 0
        self._touched = time.monotonic()

    @property
    def usable(self) -> bool:
        """Whether lists can be asked for."""
        line = self._desk.connection
        return line.state is Online.ONLINE and line.dialect is not None

    @property
    def down(self) -> bool:
        """Whether it is known that nothing can be asked."""
        return self._desk.connection.state in (Online.OFFLINE, Online.MAINTENANCE, Online.REJECTED)

    @property
    def waited(self) -> float:
        """Seconds for which the host has owed an answer; 0 while it owes none."""
        return 0.0 if self._unanswered is None else time.monotonic() - self._unanswered

    def asked(self) -> None:
        """A request goes out."""
        if self._unanswered is None:
            self._unanswered = time.monotonic()

    def answered(self) -> None:
        """It came to an end by itself, well or not."""
        self._unanswered = None
        self._heard = time.monotonic()

    def doubt(self) -> None:
        """A request was given up before its answer came: whether the host answers at all is worth a look."""
        self._look_due = 0.0
        self._heard = 0.0
        self.look()

    def touched(self) -> None:
        """Somebody is here."""
        self._touched = time.monotonic()

    def came_back(self) -> None:
        """The screen was away: what was asked before is nobody's fault."""
        self._unanswered = None
        self._touched = time.monotonic()

    def look(self) -> None:
        """Notice what has changed; try to connect, or look whether the host still answers, when it is due."""
        last_answer = self._desk.connection.last_answer
        if last_answer != self._last_answer:
            self._last_answer = last_answer
            self.answered()
        line = structs.replace(self._desk.connection, last_answer=None)
        if line != self._known:
            if self._known is not None and self._known.state is Online.ONLINE:
                self._due = time.monotonic() + self._rest()
            self._known = line
            log.info("%s", sentences((f"{line.host or 'Gencove'}: {line.state.value}", line.problem)))
            self._screen.post_message(ConnectionChanged(line))
        if not self.usable and line.state is not Online.REJECTED and time.monotonic() >= self._due:
            self._try()
        elif self.usable and not self._looking and self._is_look_due():
            self._looking = True
            self._screen.run_worker(self._look(), group="look", exit_on_error=False)

    def _is_look_due(self) -> bool:
        now = time.monotonic()
        rest = LOOK_REST if now - self._touched < ALONE else LOOK_REST_ALONE
        return self._screen.app.app_focus and now >= max(self._look_due, self._heard + rest)

    async def _look(self) -> None:
        """Ask something small. Its answer, or that there is none, is what the line's state is made of."""
        self.asked()
        try:
            async with asyncio.timeout(LOOK_PATIENCE):
                await self._desk.look()
        except TimeoutError:  # what it says is that ``waited`` goes on
            pass
        except Problem as problem:
            self.answered()
            self._look_failures += 1
            rest = max(self._rest(self._look_failures), rest_asked_for(problem))
            self._look_due = time.monotonic() + rest
        else:
            self.answered()
            self._look_failures = 0
        finally:
            self._looking = False
        self.look()

    def retry(self) -> None:
        """The user wants it tried now, whatever became of the try that is under way."""
        self._failures = 0
        if not self.usable:
            self._screen.workers.cancel_group(self._screen, "connect")
            self._trying = False
            self._try()

    def _try(self) -> None:
        if not self._trying:
            self._trying = True
            self._screen.run_worker(self._connect(), group="connect", exit_on_error=False)

    async def _connect(self) -> None:
        self._due = time.monotonic() + self._rest()
        self._failures += 1
        self._tries += 1
        this = self._tries
        self.asked()
        try:
            await self._desk.connect()
        finally:
            if this == self._tries:  # else another try has taken its place
                self._trying = False
        self.answered()
        if self.usable:
            self._failures = 0
        self.look()
        if self.usable:
            self._connected()
        else:
            self._due = time.monotonic() + self._rest()

    def hint(self, up: bool) -> None:
        """The engine, which talks to the same host, has lost its line or found it again."""
        if up:
            self.retry()
        elif self.usable:
            self.doubt()

    def _rest(self, failures: int | None = None) -> float:
        failures = self._failures if failures is None else failures
        rest = min(LONGEST_REST, self._every * (1 << min(failures, 10)))
        if self._desk.connection.state is Online.MAINTENANCE:
            rest = max(rest, MAINTENANCE_REST)
        return rest
