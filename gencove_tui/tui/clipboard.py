"""Copying through the terminal, with honest words about whether it worked."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from textual.app import App

from gencove_tui.tui.format import clean, fit
from gencove_tui.tui.toasts import say

MOST = 74_994
"""Encoded bytes that terminals and multiplexers commonly let through in one OSC 52 sequence."""
SHOWN = 48


def copy(app: App[Any], text: str, what: str) -> None:
    """Send ``text`` to the terminal's clipboard and say so.

    OSC 52 has no answer, so nobody can know whether the terminal obeyed.
    """
    payload = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if len(b64encode(payload.encode())) > MOST:
        say(app, "Too long for the terminal's clipboard. Mark fewer rows.", severity="warning")
        return
    app.copy_to_clipboard(payload)
    shown = fit(clean(payload), SHOWN).rstrip()
    say(app, f"{shown}\nSent {what} to the terminal. If it doesn't arrive, the terminal blocks OSC 52.")
