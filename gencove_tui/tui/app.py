"""The app: themes, signals, the terminal's life and death. What is on the screen is in ``screens/``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath
from types import FrameType
from typing import Any, ClassVar

from textual.app import App
from textual.screen import Screen

from gencove_tui.engine.views import Desk
from gencove_tui.tui.format import glyphs_for
from gencove_tui.tui.palette import ActionProvider
from gencove_tui.tui.screens.main import MainScreen
from gencove_tui.tui.themes import HOUSE_THEMES
from gencove_tui.tui.views import Look

HERE = Path(__file__).parent
HANG_UP_SECONDS = 15.0
"""How long the app may take to leave a terminal that is gone."""
TERMINAL_CHECK = 5.0
"""Seconds between looks at whether the terminal is still there."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def build_app(
    desk: Desk,
    *,
    hint: str = "",
    refresh_seconds: float = 10.0,
    ascii_only: bool | None = None,
    lasting: bool = True,
    clock: Callable[[], datetime] = now,
    environ: Mapping[str, str] = os.environ,
    theme: str = HOUSE_THEMES[0].name,
) -> GencoveApp:
    """The whole screen on one desk. Run it with ``app.run()`` and exit with ``app.return_code``.

    The app starts the engine, closes the desk when it ends, and ends with 128 + n on signal n.
    ``hint`` stands on top until dismissed. ``refresh_seconds`` is the pace at which lists in view are asked
    for again. ``ascii_only`` None lets the locale decide. ``lasting`` False says that nothing can go on when
    the screen ends, as in the demo. ``clock`` tells the time, for tests to freeze.
    """
    return GencoveApp(
        desk,
        Look(glyphs_for(ascii_only), clock),
        hint=hint,
        every=refresh_seconds,
        over_ssh=bool(environ.get("SSH_TTY") or environ.get("SSH_CONNECTION")),
        lasting=lasting,
        theme=theme,
    )


class GencoveApp(App[None]):
    """Holds the main screen and whatever concerns the process as a whole."""

    TITLE = "gencove-tui"
    COMMANDS = {ActionProvider}  # noqa: RUF012 - Textual declares it as ClassVar of this very type
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        HERE / "screens" / "main.tcss",
        HERE / "screens" / "dialogs.tcss",
        HERE / "widgets" / "pane.tcss",
        HERE / "widgets" / "virtual_table.tcss",
    ]

    def __init__(
        self, desk: Desk, look: Look, *, hint: str, every: float, over_ssh: bool, lasting: bool, theme: str
    ) -> None:
        super().__init__()
        self.desk = desk
        self.lasting = lasting
        self._before: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        for house_theme in HOUSE_THEMES:
            self.register_theme(house_theme)
        self.theme = theme
        if over_ssh:
            self.animation_level = "none"
        self.main = MainScreen(desk, look, hint=hint, every=every, over_ssh=over_ssh, leave=self.leave)

    def get_default_screen(self) -> Screen[Any]:
        """The panes."""
        return self.main

    def on_mount(self) -> None:
        """Listen for the end of the terminal."""
        loop = asyncio.get_running_loop()
        # Outside the main thread, as in some tests, signals can't be listened for.
        with suppress(RuntimeError, ValueError, NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, self._on_signal, signal.SIGTERM)
            self._before = signal.signal(signal.SIGHUP, self._hang_up)
            self._loop = loop
        if not self.is_headless:
            self.set_interval(TERMINAL_CHECK, self._check_terminal)

    async def on_unmount(self) -> None:
        """Let go of the desk and of the signals; the engine goes on by itself."""
        with suppress(RuntimeError, ValueError, NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
            if self._before is not None:
                signal.signal(signal.SIGHUP, self._before)
        await self.desk.aclose()

    def _hang_up(self, number: int, _frame: FrameType | None) -> None:
        """The terminal went away. Runs as a signal handler, before anything that SIGCONT would call.

        The system sends SIGCONT right after: Textual would take it for a resume, open a new writer on the
        dead terminal and wait for it for ever. Should the way out block all the same, it is cut short.
        """
        signal.signal(signal.SIGCONT, signal.SIG_IGN)
        last_resort = threading.Timer(HANG_UP_SECONDS, os._exit, (128 + number,))
        last_resort.daemon = True
        last_resort.start()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._on_signal, number)

    def _on_signal(self, number: int) -> None:
        """End through the normal exit, so that the terminal gets its modes back."""
        self.exit(return_code=128 + number)

    def _check_terminal(self) -> None:
        """A terminal may vanish without a signal; writing to nobody would burn a core."""
        stream = sys.__stderr__  # where Textual draws
        if stream is not None and not stream.isatty():
            self._on_signal(signal.SIGHUP)

    def leave(self) -> None:
        """Quit, after asking if work is in flight."""
        self.main.deeds.leave(self.main.snapshot, lasting=self.lasting)

    async def action_quit(self) -> None:
        """The same as ``q``, for keys that work everywhere."""
        self.leave()

    def action_help_quit(self) -> None:
        """Ctrl+c copies or does nothing; say how to quit."""
        self.notify("q quits, ? shows all keys.", markup=False)
