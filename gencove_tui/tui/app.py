"""The app: themes, signals, the terminal's life and death. What is on the screen is in ``screens/``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath
from types import FrameType
from typing import Any, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from gencove_tui.engine.views import Desk
from gencove_tui.tui.actions.keymap import DEFAULT_KEYS, Keymap
from gencove_tui.tui.format import ASCII, glyphs_for
from gencove_tui.tui.keys_in_turn import KeysInTurn
from gencove_tui.tui.memory import Memory
from gencove_tui.tui.palette import ActionProvider, Palette, ThingProvider
from gencove_tui.tui.plain import plain_filters
from gencove_tui.tui.screens.dialogs import Choice, Question
from gencove_tui.tui.screens.main import MainScreen
from gencove_tui.tui.screens.paths import PathDialog
from gencove_tui.tui.screens.working import Working
from gencove_tui.tui.shell import Shell
from gencove_tui.tui.themes import HOUSE_THEMES
from gencove_tui.tui.toasts import LINGER, Severity, say_mistake
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.notices import Message, Messages

HERE = Path(__file__).parent
HANG_UP_SECONDS = 15.0
"""How long the app may take to leave a terminal that is gone."""
TERMINAL_CHECK = 1.0
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
    theme: str = "",
    keys: Keymap = DEFAULT_KEYS,
    memory: Path | None = None,
    profiles: Sequence[str] = (),
    bell: bool = False,
) -> GencoveApp:
    """The whole screen on one desk. Run it with ``app.run()`` and exit with ``app.return_code``.

    The app starts the engine, closes the desk when it ends, and ends with 128 + n on signal n.
    ``hint`` stands on top until dismissed. ``refresh_seconds`` is the pace at which lists in view are asked
    for again. ``ascii_only`` None lets the locale decide. ``lasting`` False says that nothing can go on when
    the screen ends, as in the demo. ``clock`` tells the time, for tests to freeze. ``theme`` goes before the
    one that the user chose last. ``memory`` is the folder that keeps the user's place; None forgets it.
    ``profiles`` can be changed to: the app then ends with ``wanted_profile`` set. ``bell`` rings the
    terminal's bell when a transfer fails and when the queue has come to its end.
    """
    return GencoveApp(
        desk,
        Look(glyphs_for(ascii_only), clock, keys),
        hint=hint,
        every=refresh_seconds,
        over_ssh=bool(environ.get("SSH_TTY") or environ.get("SSH_CONNECTION")),
        lasting=lasting,
        theme=theme,
        memory=Memory(memory),
        profiles=profiles,
        bell=bell,
    )


class GencoveApp(KeysInTurn[None]):
    """Holds the main screen and whatever concerns the process as a whole."""

    TITLE = "gencove-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "to_shell", show=False, priority=True),  # also where a dialog is open
    ]
    COMMANDS = {ActionProvider, ThingProvider}  # noqa: RUF012 - Textual declares it as ClassVar of this very type
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        HERE / "screens" / "main.tcss",
        HERE / "screens" / "dialogs.tcss",
        HERE / "widgets" / "pane.tcss",
        HERE / "widgets" / "virtual_table.tcss",
        HERE / "no_colours.tcss",
    ]

    def __init__(
        self,
        desk: Desk,
        look: Look,
        *,
        hint: str,
        every: float,
        over_ssh: bool,
        lasting: bool,
        theme: str,
        memory: Memory,
        profiles: Sequence[str] = (),
        bell: bool = False,
    ) -> None:
        super().__init__()
        self.desk = desk
        self.lasting = lasting
        self._before: Any = None
        self._shell = Shell(
            self,
            lambda text: self.notify(text, severity="warning", markup=False),
            lambda: self.main.refresher.come_back(),
            "Transfers go on." if lasting else "",
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        for house_theme in HOUSE_THEMES:
            self.register_theme(house_theme)
        self.look = look
        self.memory = memory
        self.profiles = tuple(profiles)
        self.wanted_profile: str | None = None
        """What the user chose to go on with when the screen ends; empty for a new connection."""
        self.wants_key = False
        """Whether ``wanted_profile`` should get a new key first."""
        self.said = Messages()
        """All that was said, to be read again."""
        remembered = memory.load()
        wanted = theme or remembered.theme
        self.theme = wanted if wanted in self.available_themes else HOUSE_THEMES[0].name
        self.set_keymap(look.keys.for_textual())
        if over_ssh:
            self.animation_level = "none"
        self.main = MainScreen(
            desk,
            look,
            hint=hint,
            every=every,
            over_ssh=over_ssh,
            leave=self.leave,
            remembered=remembered,
            messages=self.said,
            switch=self.switch,
            bell=bell,
        )

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Plain signs where the locale has no others, and no colours at all where nobody wants any."""
        return plain_filters(self, super().get_line_filters(), ascii_only=self.look.glyphs is ASCII)

    def get_default_screen(self) -> Screen[Any]:
        """The panes."""
        return self.main

    def on_mount(self) -> None:
        """Draw with plain signs where need be; listen for the end of the terminal."""
        self.set_class(self.look.glyphs is ASCII, "-ascii")
        loop = asyncio.get_running_loop()
        # Outside the main thread, as in some tests, signals can't be listened for.
        with suppress(RuntimeError, ValueError, NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, self._on_signal, signal.SIGTERM)
            self._before = signal.signal(signal.SIGHUP, self._hang_up)
            self._loop = loop
        if not self.is_headless:
            self._shell.listen()
            self.set_interval(TERMINAL_CHECK, self._check_terminal)

    def is_awaited(self) -> bool:
        """After ``enter`` in a filter keys are about what is found, after ``tab`` in a path about what became
        of it; else about the dialog that comes.
        """
        if isinstance(self.screen, PathDialog):
            return self.screen.is_awaited
        return isinstance(self.screen, Working) or (self.screen is self.main and self.main.awaits_search)

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is here."""
        if isinstance(event, events.Key | events.Paste | events.MouseDown):
            self.main.refresher.line.touched()
        await super().on_event(event)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say something: above the status line, or as a toast while a dialog is open."""
        said = Message(message, title, severity, self.look.clock())
        self.said.add(said)
        if self.screen is self.main:
            self.main.tell(said)
        else:
            timeout = LINGER[severity] if timeout is None else timeout
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            say_mistake(self, event.worker.error)

    def remember(self) -> None:
        """Keep the user's place for next time."""
        if self.main.is_mounted:
            self.memory.save(self.main.remember())

    def exit(self, result: None = None, return_code: int = 0, message: Any | None = None) -> None:
        """End, keeping the user's place while the panes are still there."""
        self.remember()
        super().exit(result, return_code, message)

    async def on_unmount(self) -> None:
        """Let go of the desk and of the signals; the engine goes on by itself."""
        self._shell.close()
        with suppress(RuntimeError, ValueError, NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
            if self._before is not None:
                signal.signal(signal.SIGHUP, self._before)
        await self.desk.aclose()

    def _hang_up(self, number: int, _frame: FrameType | None) -> None:
        """The terminal went away. Runs as a signal handler, before anything that SIGCONT would call.

        The system sends SIGCONT right after: nothing must begin to write to the dead terminal then, and wait
        for it for ever. Should the way out block all the same, it is cut short.
        """
        self._shell.close()
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

    def switch(self) -> None:
        """Offer other profiles."""
        self.run_worker(self._switch(), group="leave", exclusive=True, exit_on_error=False)

    async def _switch(self) -> None:
        """Let the user choose another profile, and end if so."""
        if not self.lasting:
            self.notify("The demo has one connection of its own; your account has its place outside of it.")
            return
        others = [name for name in self.profiles if name != self.desk.connection.profile]
        choices = [Choice(str(n), f"Change to {name}") for n, name in enumerate(others)]
        answer = await self.push_screen_wait(
            Question(
                "Profile",
                [f"This is {self.desk.connection.profile}. Its transfers go on in the background."],
                (
                    Choice("stay", "Stay"),
                    *choices,
                    Choice("key", f"Give {self.desk.connection.profile} a new key"),
                    Choice("new", "Set up another connection"),
                ),
            )
        )
        if answer in (None, "stay"):
            return
        self.wants_key = answer == "key"
        if answer == "key":
            self.wanted_profile = self.desk.connection.profile
        else:
            self.wanted_profile = "" if answer == "new" else others[int(answer)]
        self.exit()

    def leave(self) -> None:
        """Quit, after asking if work is in flight."""
        self.main.deeds.leave(self.main.snapshot, lasting=self.lasting)

    async def action_quit(self) -> None:
        """The same as ``q``, for keys that work everywhere."""
        self.leave()

    def action_command_palette(self) -> None:
        """Open the palette, once."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where ctrl+z takes back what was typed, it does that."""
        if action == "to_shell":
            return not hasattr(self.focused, "undo")
        return super().check_action(action, parameters)

    def action_to_shell(self) -> None:
        """Let the shell have the terminal for a while."""
        self._shell.go()

    def action_help_quit(self) -> None:
        """Ctrl+c copies or does nothing; say how to quit."""
        keys = self.look.keys
        self.notify(f"{keys.key('quit')} quits, {keys.key('help')} shows all keys.", markup=False)
