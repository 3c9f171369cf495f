"""Opening the screen on a profile."""

from __future__ import annotations

import asyncio
import os
import sys

from gencove_tui.cli.link import linker
from gencove_tui.config import Settings
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.errors import InputProblem


def run_screen(settings: Settings, *, hint: str = "", lasting: bool = True) -> int:
    """Show the screen until the user leaves; returns the exit code.

    ``lasting`` False: nothing can go on when the screen ends, as in the demo. Raises ``InputProblem`` where
    there is no terminal to draw on.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputProblem(
            "There is no terminal to draw on",
            "standard input or standard error is redirected",
            "Run it in a terminal, or without a screen: gencove-tui watch DIR --headless",
        )
    if os.environ.get("SSH_TTY") or os.environ.get("SSH_CONNECTION"):
        os.environ.setdefault("TEXTUAL_FPS", "15")  # read when textual is imported
    from gencove_tui.tui.app import build_app

    async def show() -> int:
        desk = LocalDesk(settings, linker(settings))  # the app closes it
        app = build_app(desk, hint=hint, refresh_seconds=settings.options.poll_seconds, lasting=lasting)
        await app.run_async()
        return app.return_code or 0

    return asyncio.run(show())
