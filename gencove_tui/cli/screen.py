"""Opening the screen on a profile."""

from __future__ import annotations

import asyncio

from gencove_tui.cli.link import linker
from gencove_tui.config import Settings
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.tui.app import build_app


def run_screen(settings: Settings, *, hint: str = "") -> int:
    """Show the screen until the user leaves; returns the exit code."""

    async def show() -> int:
        desk = LocalDesk(settings, linker(settings))
        try:
            app = build_app(desk, hint=hint, refresh_seconds=settings.options.poll_seconds)
            await app.run_async()
            return app.return_code or 0
        finally:
            await desk.aclose()

    return asyncio.run(show())
