"""Limiting the bandwidth of all transfers together."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from gencove_tui.tui.format import rate, size
from gencove_tui.tui.screens.dialogs import Box, Dialog

UNITS = {"": 1 << 20, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_TYPED = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([bkmg]?)(?:i?b)?(?:/s)?\s*", re.IGNORECASE)
LEAST, MOST = 1 << 10, 1 << 40
"""Bytes per second. Below the one, nothing would ever end and time-outs would look like a broken line; no
line moves more than the other, and the ledger holds no number of any length.
"""
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")


def parse_limit(text: str) -> int | None:
    """Bytes per second from ``10M``, ``500 KiB/s`` or ``1.5`` (MiB/s); None for no limit.

    Raises ``ValueError`` with words for people when it is neither.
    """
    if text.strip().casefold() in ("", "0", "none", "no", "off"):
        return None
    match = _TYPED.fullmatch(text)
    if match is None:
        raise ValueError("Type a rate like 10M or 500K; nothing for no limit.")
    if _THOUSANDS.search(match[1]):
        raise ValueError("Type the number without a comma between thousands.")
    value = float(match[1].replace(",", ".")) * UNITS[match[2].casefold()]
    if value < LEAST:
        raise ValueError(f"At least {rate(LEAST)}. To stop everything, pause all transfers.")
    if value > MOST:
        raise ValueError(f"At most {rate(MOST)}; nothing for no limit.")
    return int(value)


class LimitDialog(Dialog[int | None]):
    """Asks for a limit; the answer is bytes per second, 0 for none, None when the user changed nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "next_field", show=False),
        Binding("up", "previous_field", show=False),
    ]
    HINTS: ClassVar[tuple[str, ...]] = ("↑ ↓ move", "enter set it", "esc leave it as it is")

    def __init__(self, limit: int | None) -> None:
        super().__init__()
        self.limit = limit

    def compose(self) -> ComposeResult:
        """A field and two buttons."""
        now = "none" if self.limit is None else f"{size(self.limit)}/s"
        with Box(classes="dialog") as box:
            box.border_title = Content("Limit the bandwidth")
            yield Static(f"For all transfers together, at once. Now: {now}.", classes="dialog-text")
            with Horizontal(classes="field -close"):
                yield Input(placeholder="10M, 500K, 1.5G; empty for no limit", compact=True, id="limit")
            yield Static(id="limit-wrong", classes="wrong", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Set the limit", id="set", compact=True, variant="primary")
                yield Button("No limit", id="none", compact=True)
                yield Button("Leave as it is", id="leave", compact=True)

    def on_mount(self) -> None:
        """The field has the keyboard."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        wrong = ""
        if event.value:
            try:
                parse_limit(event.value)
            except ValueError as error:
                wrong = str(error)
        self.query_one("#limit-wrong", Static).update(wrong)

    @on(Input.Submitted)
    @on(Button.Pressed, "#set")
    def _set(self) -> None:
        try:
            self.dismiss(parse_limit(self.query_one(Input).value) or 0)
        except ValueError as error:
            self.query_one("#limit-wrong", Static).update(str(error))

    @on(Button.Pressed, "#none")
    def _none(self) -> None:
        self.dismiss(0)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
