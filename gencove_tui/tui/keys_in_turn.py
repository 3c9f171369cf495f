"""One key at a time: the next one goes where the one before it has put the focus.

A terminal over a slow line delivers several keys at once, and quick fingers type ahead. Textual hands all of
them to what has the focus at that moment, so that ``/drx`` would filter nothing, and run what ``d``, ``r``
and ``x`` stand for.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Generic

from textual import events
from textual.app import App, ReturnType
from textual.message import Message

if TYPE_CHECKING:
    from textual.screen import Screen

_PATIENCE_SECONDS = 1.5
"""After so long the next key goes out whatever became of the one before it."""


_ANSWER_SECONDS = 5.0
"""For how long keys wait for what they are about."""
_LOOK_SECONDS = 0.05
_TURNS = 5
"""Of the event loop, for tasks that a key started."""


class KeyDone(Message, namespace="gencove"):
    """Follows a key through the same queues, so that it arrives once the key has been dealt with."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeysInTurn(App[ReturnType], Generic[ReturnType]):
    """An app whose keys, and what is pasted between them, wait for each other."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._number = 0
        self._busy = False
        self._over: Screen[Any] | None = None
        """What was shown when the last key came."""
        self._held_since: float | None = None
        """Since when keys wait for what they are about."""
        self._was_awaited = False

    @property
    def keys_at_rest(self) -> bool:
        """Whether every key so far has been dealt with."""
        return not self._busy

    def is_awaited(self) -> bool:
        """Whether what the next key is about is still on its way, so that it has to wait for it."""
        return False

    @property
    def _has_ended(self) -> bool:
        """Whether no screen is left that a key could concern."""
        return not self.screen_stack

    async def on_event(self, event: events.Event) -> None:
        """Keys from the terminal stand in line; all else goes its way."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._has_ended:
            return
        elif self._held_since is not None and isinstance(event, events.Key) and event.key == "escape":
            self._waiting.clear()  # nobody waits any longer
            await self._send(event)
        elif self._busy:
            if not self._waiting:  # a widget that has ended meanwhile tells nothing
                self.set_timer(_PATIENCE_SECONDS, lambda number=self._number: self._pass_on(number))
            self._waiting.append(event)
        else:
            await self._send(event)

    async def _send(self, event: events.Key | events.Paste) -> None:
        self._busy, self._held_since = True, None
        self._number += 1
        self._over = self.screen
        target = self.focused or self.screen
        await super().on_event(event)
        # A key of the app's own was dealt with here and now, and may have taken its target away.
        whither = target if event.is_forwarded else self
        whither.post_message(KeyDone(self._number))

    async def on_gencove_key_done(self, message: KeyDone) -> None:
        """The key was dealt with; a screen that it opened, perhaps by a task, comes to its focus first."""
        message.stop()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if self._has_ended:
            return
        if self.screen is not self._over:  # a screen that ends at once takes its queue with it
            self.set_timer(_PATIENCE_SECONDS, lambda: self._pass_on(message.number))
        self.screen.call_later(self.call_later, self._pass_on, message.number)

    async def _pass_on(self, number: int) -> None:
        if self._has_ended or not self._busy or number != self._number or self._is_held(number):
            return
        self._busy, self._held_since = False, None
        if self._waiting:
            await self._send(self._waiting.popleft())
            if self._waiting:
                self.set_timer(_PATIENCE_SECONDS, lambda number=self._number: self._pass_on(number))

    def _is_held(self, number: int) -> bool:
        """Look again in a moment while the keys have to wait, but not for ever."""
        awaited, since = self.is_awaited(), self._held_since
        if since is None:
            if not awaited:
                return False
            self._held_since = since = time.monotonic()
        # What was awaited may bring something of its own: the second look finds that in its place.
        settled = not awaited and not self._was_awaited
        self._was_awaited = awaited
        if settled or time.monotonic() - since > _ANSWER_SECONDS:
            return False
        self.set_timer(_LOOK_SECONDS, lambda: self._pass_on(number))
        return True
