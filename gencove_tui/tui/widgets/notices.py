"""What the screen has to say right now, in a line of its own that covers nothing."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime
from typing import NamedTuple

from textual.content import Content
from textual.widgets import Static

from gencove_tui.tui.format import Cell, Glyphs, Tone
from gencove_tui.tui.toasts import LINGER, Severity
from gencove_tui.tui.widgets.facts import styled

SHOWN = 2
"""Messages that stand at the same time."""
KEPT = 300
"""Messages that can be read again later."""


class Message(NamedTuple):
    """Something that was said."""

    text: str
    title: str
    severity: Severity
    when: datetime

    def cell(self, glyphs: Glyphs) -> Cell:
        """As one paragraph with a sign and a colour for how serious it is."""
        glyph, tone = {
            "information": (glyphs.neutral, Tone.PLAIN),
            "warning": (glyphs.warn, Tone.WARN),
            "error": (glyphs.bad, Tone.BAD),
        }[self.severity]
        head = self.title
        if head and self.text:
            head += " " if head.endswith((".", "!", "?", ":")) else ": "
        return Cell(f"{glyph} {head}{' '.join(self.text.split())}", tone)


class Messages:
    """All that was said lately, the newest last."""

    def __init__(self) -> None:
        self.kept: deque[Message] = deque(maxlen=KEPT)

    def add(self, message: Message) -> None:
        """Remember a message."""
        self.kept.append(message)


class Notices(Static):
    """Shows the newest messages for as long as each lasts; takes no room while there are none."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="notices", markup=False)
        self._glyphs = glyphs
        self._up: list[tuple[float, Message]] = []

    def put(self, message: Message) -> None:
        """Show a message for its time."""
        ends = time.monotonic() + LINGER[message.severity]
        same = [(end, m) for end, m in self._up if (m.title, m.text) != (message.title, message.text)]
        self._up = [*same, (ends, message)][-SHOWN:]
        self._draw()
        self.set_timer(LINGER[message.severity] + 0.05, self._expire)

    def take(self) -> list[Message]:
        """Take all of them away, and hand them over."""
        up, self._up = self._up, []
        self._draw()
        return [message for _, message in up]

    def drop(self) -> bool:
        """Take all of them away; False if there were none."""
        return bool(self.take())

    def _expire(self) -> None:
        now = time.monotonic()
        kept = [(end, message) for end, message in self._up if end > now]
        if kept != self._up:
            self._up = kept
            self._draw()

    def _draw(self) -> None:
        self.display = bool(self._up)
        if self._up:
            self.update(Content("\n").join(styled(message.cell(self._glyphs)) for _, message in self._up))
