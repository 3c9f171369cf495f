"""Going to the shell and coming back: ctrl+z, ``fg``, and whatever else stops a process and lets it go on.

Textual's own way restarts what was never stopped when a process that somebody else had stopped goes on: two
threads then read the keys, and the end waits for one of them for ever. It also stops one process of a job
only, and for good where there is no shell that could wake it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from textual.app import App, SuspendNotSupported

ALONE = "There is no shell to go to: this terminal runs nothing but this screen."


class Shell:
    """Hands the terminal over as it was found, and takes it back.

    ``say`` tells the user why it can't be; ``back`` is called once the screen has the terminal again.
    ``more`` is told at the shell beside how to come back.
    """

    def __init__(
        self, app: App[Any], say: Callable[[str], None], back: Callable[[], None], more: str = ""
    ) -> None:
        self._app = app
        self._say = say
        self._back = back
        self._farewell = f"gencove-tui waits: fg brings it back. {more}".rstrip()
        self._over = False
        self._before: list[tuple[int, Any]] = []
        """Signals that are heeded, with what heeded them before."""

    def listen(self) -> None:
        """Heed the signals from now on, in the loop that runs. Only in the main thread; others have none."""
        loop = asyncio.get_running_loop()

        def later(act: Callable[[], None]) -> Callable[[int, FrameType | None], object]:
            # Not within the handler: it may have come amid a write, which would wait for itself.
            return lambda _number, _frame: loop.call_soon_threadsafe(self._unless_over, act)

        with suppress(ValueError):
            for number, act in ((signal.SIGTSTP, self.go), (signal.SIGCONT, self._goes_on)):
                self._before.append((number, signal.signal(number, later(act))))

    def _unless_over(self, act: Callable[[], None]) -> None:
        if not self._over:
            act()

    def close(self) -> None:
        """Heed them no more: the terminal is gone, or on its way back to who gave it."""
        self._over = True
        while self._before:
            signal.signal(*self._before.pop())

    def go(self) -> None:
        """Let the shell have the terminal until it says ``fg``."""
        if os.getsid(0) == os.getpid():
            self._say(ALONE)
            return
        woken = False
        try:
            with self._app.suspend():
                print(self._farewell, file=sys.__stderr__, flush=True)
                woken = self._sleep()
        except SuspendNotSupported:
            pass
        if not woken:
            self._say(ALONE)
        self._back()

    def _goes_on(self) -> None:
        """Somebody else had stopped the process: who knows what became of the terminal meanwhile."""
        _until_in_foreground()
        with self._app.suspend():
            pass
        self._back()

    @staticmethod
    def _sleep() -> bool:
        """Stop the whole job until it is in the foreground again; False where nobody could wake it."""
        woken = False

        def wake(_number: int, _frame: FrameType | None) -> None:
            nonlocal woken
            woken = True

        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL), signal.signal(signal.SIGCONT, wake)
        try:
            os.kill(0, signal.SIGTSTP)  # does nothing where no shell looks after this job
            if woken:
                _until_in_foreground()
        finally:
            for number, handler in zip((signal.SIGTSTP, signal.SIGCONT), before, strict=True):
                signal.signal(number, handler)
        return woken


def _until_in_foreground() -> None:
    """Stop again after ``bg``: there is nothing to do without a terminal.

    The system stops a job that sets the terminal's modes from the background, even to what they are.
    """
    while True:
        try:
            termios.tcsetattr(0, termios.TCSANOW, termios.tcgetattr(0))
        except termios.error as error:
            if error.args[0] == errno.EINTR:
                continue
        return
