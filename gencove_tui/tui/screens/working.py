"""A request that the user waits for: it shows that it runs, and esc ends the waiting."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker

from gencove_tui.engine.views_remote import Progress
from gencove_tui.errors import Problem
from gencove_tui.tui.mistakes import foreseen
from gencove_tui.tui.screens.dialogs import Box, Dialog

TICK = 0.5
"""Seconds between looks at the clock."""


class Done(NamedTuple):
    """How it ended."""

    value: Any = None
    problem: Problem | None = None


class Working(Dialog[Done | None]):
    """Runs ``work`` and answers how it ended; None when the user didn't wait."""

    HINTS: ClassVar[tuple[str, ...]] = ("esc stops it",)

    def __init__(
        self, title: str, work: Callable[[Progress], Awaitable[Any]], doing: str = "Asking Gencove…"
    ) -> None:
        super().__init__()
        self._title = title
        self._doing = doing
        self._work = work
        self._began = time.monotonic()
        self._counted = ""
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """What is going on, and how to stop it."""
        with Box(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield Static(id="working-text", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self._tell()
        self.set_interval(TICK, self._tell)
        self._worker = self.run_worker(self._run(), exit_on_error=False)

    async def _run(self) -> None:
        try:
            self.answer(Done(await foreseen(self._work(self._count))))
        except Problem as problem:
            self.answer(Done(problem=problem))

    def _count(self, done: int, total: int) -> None:
        self._counted = f"{done:,} of {total:,}" if total else f"{done:,}"
        if self.is_mounted:
            self._tell()

    def _tell(self) -> None:
        seconds = int(time.monotonic() - self._began)
        waited = f"{seconds} s" if seconds else ""
        text = "  ".join(filter(None, (self._doing, self._counted, waited)))
        static = self.query_one("#working-text", Static)
        if static.content != text:
            static.update(text)

    def action_leave(self) -> None:
        """Stop it."""
        if self._worker is not None:
            self._worker.cancel()
        self.dismiss(None)
