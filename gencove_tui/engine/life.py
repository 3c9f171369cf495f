"""An engine's coming and going: its lock, its ledger, the wish to stop, and what systemd hears of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

from gencove_tui import __version__
from gencove_tui.engine.locks import FileLock, engine_holder, take_engine_lock
from gencove_tui.engine.notify import Notifier
from gencove_tui.errors import Problem
from gencove_tui.model import TransferState
from gencove_tui.store.database import LedgerProblem
from gencove_tui.store.ledger import Ledger

log = logging.getLogger(__name__)

T = TypeVar("T")

_TURN_SECONDS = 0.25
"""Between two signs of life while something is awaited."""
_TROUBLE_SECONDS = 1.0
_STATUS_SECONDS = 5.0
"""Between two lines for systemd."""
_LOCK_SECONDS = 1.0
"""Between two tries to take the lock over from another engine."""
_END_SECONDS = 1.0
"""What each thing to be stopped may take. What is cut short then, the next start finds as after a crash."""


class AlreadyRunning(Problem):
    """Another engine works for this profile."""


class Life:
    """One life of an engine, from its lock to its end.

    ``wait``: stand in line for the lock of another engine, as a service does.
    """

    def __init__(self, profile: str, state_folder: Path, notifier: Notifier, *, wait: bool) -> None:
        self._profile = profile
        self._folder = state_folder
        self._wait = wait
        self._stop = asyncio.Event()
        self.notifier = notifier
        self._status_due = 0.0

    # --- the wish to stop ------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask everything to end."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether the engine was told to stop."""
        return self._stop.is_set()

    async def pause(self, seconds: float) -> None:
        """Rest so long, or until told to stop."""
        await self.unless_stopped(asyncio.sleep(seconds, result=True))

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Await ``work``, with signs of life meanwhile; told to stop first it is cancelled, and None."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            while not (task.done() or stop.done()):
                await asyncio.wait({task, stop}, timeout=_TURN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self.notifier.beat()
            return task.result() if task.done() else None
        finally:
            stop.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_END_SECONDS)

    async def end(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Await something's end, but not for long, and whatever goes wrong with it."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task}, timeout=_END_SECONDS)
        if not task.done():
            task.cancel()
            log.warning("did not wait for %s any longer", what)
        elif (error := task.exception()) is not None:
            log.warning("the end of %s: %r", what, error)

    # --- lock and ledger -------------------------------------------------------------------------

    async def lock(self) -> FileLock | None:
        """The profile's lock; None when told to stop while standing in line for it.

        Raises ``AlreadyRunning`` when another engine has it and this one is not to wait.
        """
        told = False
        while not self.stopping:
            lock = await take_engine_lock(self._folder, __version__, service=self.notifier.listens)
            if lock is not None:
                return lock
            holder = engine_holder(self._folder)
            who = f"pid {holder.pid} on {holder.host}, version {holder.version}" if holder else ""
            if not self._wait:
                raise AlreadyRunning(
                    f"An engine already works for profile {self._profile}",
                    who,
                    "Nothing to do: it performs all transfers of this profile. Restart it after an upgrade: "
                    "gencove-tui engine restart",
                )
            if not told:
                told = True
                log.info("another engine works (%s); this one waits until it ends", who)
                self.notifier.status(f"waiting until another engine ends ({who})")
            await self.pause(_LOCK_SECONDS)
        return None

    async def open_ledger(self) -> Ledger | None:
        """The ledger with this engine's name in it, however long it is locked by others or its disk is full.

        None when told to stop meanwhile. Raises ``Problem`` for what doesn't pass by itself.
        """
        while not self.stopping:
            try:
                # First in a thread: a locked file or a hung disk must not keep a signal waiting.
                if await self.unless_stopped(asyncio.to_thread(_can_be_opened, self._folder)):
                    return self._enter(Ledger(self._folder))
            except LedgerProblem as problem:
                log.warning("the ledger can't be used yet and is tried again: %s", problem)
                self.notifier.status(f"waiting for the ledger: {problem.why}")
                await self.pause(_TROUBLE_SECONDS)
        return None

    def _enter(self, ledger: Ledger) -> Ledger:
        try:
            ledger.engine.enter(os.getpid(), __version__)
            recovered = ledger.transfers.recover()
        except BaseException:
            ledger.close()
            raise
        interrupted = (
            f"{recovered} transfers were interrupted and go on" if recovered else "nothing was interrupted"
        )
        log.info("engine %s started, pid %d; %s", __version__, os.getpid(), interrupted)
        self.notifier.ready()
        return ledger

    def leave(self, ledger: Ledger) -> None:
        """The last words, in the ledger as well."""
        with noted("leaving"):
            ledger.engine.leave()
        log.info("engine stopped")

    # --- signs of life ---------------------------------------------------------------------------

    def turn(self, ledger: Ledger) -> None:
        """The main loop has come round."""
        self.notifier.beat()
        if self.notifier.listens and time.monotonic() >= self._status_due:
            self._status_due = time.monotonic() + _STATUS_SECONDS
            with noted("the status"):
                self.notifier.status(in_words(ledger))


@contextlib.contextmanager
def noted(what: str) -> Iterator[None]:
    """The ledger's trouble goes to the log where nothing else can be done about it."""
    try:
        yield
    except Problem as problem:
        log.warning("%s: %s", what, problem)


def in_words(ledger: Ledger) -> str:
    """What an engine does, from the numbers of its transfers: ``2 running, 3 queued, 1 failed``."""
    sums = ledger.transfers.sums()
    groups = (
        ("running", (TransferState.RUNNING, TransferState.VERIFYING)),
        ("queued", (TransferState.QUEUED,)),
        ("waiting", (TransferState.WAITING,)),
        ("paused", (TransferState.PAUSED,)),
        ("failed", (TransferState.FAILED,)),
    )
    counts = [(sum(sums[s][0] for s in states if s in sums), word) for word, states in groups]
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"


def _can_be_opened(state_folder: Path) -> bool:
    with Ledger(state_folder):
        return True
