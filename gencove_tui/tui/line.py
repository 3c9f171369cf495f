"""Keeping the line to Gencove: the first connection, and finding back after it was lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msgspec import structs
from textual.screen import Screen

from gencove_tui.engine.views import Connection, Desk, Online
from gencove_tui.tui.messages import ConnectionChanged

LONGEST_REST = 120.0
"""Seconds between tries at most."""
MAINTENANCE_REST = 60.0
"""Seconds between tries at least while Gencove says that it is under maintenance."""


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

    @property
    def usable(self) -> bool:
        """Whether lists can be asked for."""
        line = self._desk.connection
        return line.state is Online.ONLINE and line.dialect is not None

    def look(self) -> None:
        """Notice what has changed, and try to connect when that is due."""
        line = structs.replace(self._desk.connection, last_answer=None)
        if line != self._known:
            if self._known is not None and self._known.state is Online.ONLINE:
                self._due = time.monotonic() + self._rest()
            self._known = line
            self._screen.post_message(ConnectionChanged(line))
        if not self.usable and line.state is not Online.REJECTED and time.monotonic() >= self._due:
            self._try()

    def retry(self) -> None:
        """The user wants it tried now."""
        self._failures = 0
        if not self.usable:
            self._try()

    def _try(self) -> None:
        if not self._trying:
            self._trying = True
            self._screen.run_worker(self._connect(), group="connect", exit_on_error=False)

    async def _connect(self) -> None:
        self._due = time.monotonic() + self._rest()
        self._failures += 1
        try:
            await self._desk.connect()
        finally:
            self._trying = False
        if self.usable:
            self._failures = 0
        self.look()
        if self.usable:
            self._connected()
        else:
            self._due = time.monotonic() + self._rest()

    def _rest(self) -> float:
        rest = min(LONGEST_REST, self._every * (1 << min(self._failures, 10)))
        if self._desk.connection.state is Online.MAINTENANCE:
            rest = max(rest, MAINTENANCE_REST)
        return rest
