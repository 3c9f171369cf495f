"""What the screen has to say right now, in a line of its own that covers nothing."""

from __future__ import annotations

import logging
import time
from collections import deque
from datetime import datetime
from typing import NamedTuple

from textual.content import Content
from textual.widgets import Static

from gencove_tui.tui.format import Cell, Glyphs, Tone, sentences
from gencove_tui.tui.toasts import LINGER, Severity
from gencove_tui.tui.widgets.facts import styled
from gencove_tui.tui.widgets.reason import first_lines

log = logging.getLogger(__name__)

_LEVELS = {"information": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SHOWN = 2
"""Messages that stand at the same time."""
LINES = 2
"""That one of them may fill; the list of all that was said has it whole."""
_READ_SECONDS = 2.0
"""After so long a message counts as seen."""
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
            ended = head.endswith((".", "!", "?", ":"))
            head += " " if ended else ". " if ": " in head else ": "
        return Cell(f"{glyph} {sentences((head + ' '.join(self.text.split()),))}", tone)


class Messages:
    """All that was said lately, the newest last."""

    def __init__(self) -> None:
        self.kept: deque[Message] = deque(maxlen=KEPT)

    def add(self, message: Message) -> None:
        """Remember a message, here and in the log."""
        self.kept.append(message)
        words = ": ".join(filter(None, (message.title, message.text)))
        log.log(_LEVELS[message.severity], "%s", words.replace("\n", " "))


class Notices(Static):
    """Shows the newest messages for as long as each lasts; takes no room while there are none."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="notices", markup=False)
        self._glyphs = glyphs
        self._up: list[tuple[float, Message]] = []
        self._resting = False

    def rest(self) -> list[Message]:
        """Out of sight while something stands above. Hands over the errors that nobody can have read yet."""
        self._resting = True
        new = time.monotonic() - _READ_SECONDS
        unread = [
            (ends, message)
            for ends, message in self._up
            if message.severity == "error" and ends - LINGER["error"] > new
        ]
        self._up = [entry for entry in self._up if entry not in unread]
        self._draw()
        return [message for _, message in unread]

    def come_back(self) -> None:
        """In sight again for what is left of each one's time."""
        self._resting = False
        self._expire()
        self._draw()

    def put(self, message: Message) -> None:
        """Show a message for its time."""
        ends = time.monotonic() + LINGER[message.severity]
        same = [(end, m) for end, m in self._up if (m.title, m.text) != (message.title, message.text)]
        self._up = [*same, (ends, message)][-SHOWN:]
        self._draw()
        self.set_timer(LINGER[message.severity] + 0.05, self._expire)

    def drop(self) -> bool:
        """Take all of them away; whether one was an error, which is what the user wanted to be rid of."""
        up, self._up = self._up, []
        self._draw()
        return any(message.severity == "error" for _, message in up)

    def _expire(self) -> None:
        now = time.monotonic()
        kept = [(end, message) for end, message in self._up if end > now]
        if kept != self._up:
            self._up = kept
            self._draw()

    def _draw(self) -> None:
        self.display = bool(self._up) and not self._resting
        if self.display:
            width = self.app.size.width - 2
            self.update(
                Content("\n").join(
                    line
                    for _, message in self._up
                    for line in first_lines(
                        styled(message.cell(self._glyphs)), width, LINES, self._glyphs.ellipsis
                    )
                )
            )
