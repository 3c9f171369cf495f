"""Starting the engine as a process of its own, and stopping it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from gencove_tui.config import HOST_VARIABLE, KEY_VARIABLE, S3_VARIABLE, Settings
from gencove_tui.engine.locks import Holder, engine_holder, engine_lives, starting_lock
from gencove_tui.engine.systemd import Service
from gencove_tui.errors import Problem
from gencove_tui.store.database import LedgerProblem
from gencove_tui.store.ledger import Ledger

_START_SECONDS = 20.0
_STOP_SECONDS = 15.0


def _environment(settings: Settings) -> dict[str, str]:
    """What the child needs to know; the key goes by environment, which only this user can read."""
    environment = dict(os.environ)
    environment[KEY_VARIABLE] = settings.api_key
    if settings.host:
        environment[HOST_VARIABLE] = settings.host
    if settings.s3_endpoint:
        environment[S3_VARIABLE] = settings.s3_endpoint
    return environment


async def start_engine(settings: Settings) -> subprocess.Popen[bytes] | None:
    """Start the engine unless one lives; returns when it holds its lock.

    It runs in a session of its own, so the end of the terminal doesn't reach it. None when one lived already,
    or comes from the profile's service, which systemd was about to start.
    Raises ``Problem`` with the engine's own last words when it does not come up.
    """
    folder = settings.state_folder
    if engine_lives(folder):
        return None
    with starting_lock(folder) as alone:
        # Of two screens that open at once one starts the engine; the other finds it running.
        while not alone.acquire():  # noqa: ASYNC110 - a lock between processes has no event
            await asyncio.sleep(0.05)
        if engine_lives(folder) or await _comes_as_service(settings):
            return None
        return await _spawn(settings, folder)


async def _comes_as_service(settings: Settings) -> bool:
    """Wait for the engine of a service that restarts, or that failed and is started again.

    Otherwise a screen's own engine would take its place, and last no longer than the screen does.
    """
    service = Service(settings)
    if not service.is_ours or settings.folder_name != settings.profile:
        return False
    deadline = time.monotonic() + _START_SECONDS
    with contextlib.suppress(Problem):  # no systemd in this login: it can't be told
        while time.monotonic() < deadline and await asyncio.to_thread(service.comes):
            if engine_lives(settings.state_folder):
                return True
            await asyncio.sleep(0.1)
    return engine_lives(settings.state_folder)


async def _spawn(settings: Settings, folder: Path) -> subprocess.Popen[bytes] | None:
    last_words = folder / "engine.out"
    # -P: no module of the folder that the screen was opened in may get in its way.
    command = [sys.executable, "-P", "-m", "gencove_tui", "--profile", settings.profile, "engine", "--child"]
    with last_words.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own program; it returns at once
            command,
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while True:
        if process.poll() is not None:
            if engine_lives(folder):  # another one was quicker
                return None
            raise Problem("The engine did not start", _tail(last_words), f"Its log is in {folder}.")
        holds = _holds(folder, process.pid)
        if holds and _introduced(folder, process.pid):
            return process
        if time.monotonic() > deadline:
            if holds:  # it lives, and waits for a ledger that somebody keeps locked
                return process
            process.kill()
            raise Problem("The engine did not start in time", _tail(last_words), f"Its log is in {folder}.")
        await asyncio.sleep(0.05)


async def stop_engine(state_folder: Path) -> None:
    """Ask the engine to stop and wait until it has; all progress is kept.

    Only the process that holds the lock gets a signal, and only on its own machine. One that takes over, such
    as a service that stood in line, is left alone. Raises ``Problem`` when it doesn't stop in time.
    """
    deadline = time.monotonic() + _STOP_SECONDS
    looks: list[Holder | None] = []
    asked: list[Holder | None] = []
    while engine_lives(state_folder):
        looks.append(engine_holder(state_folder))
        # At the second look: an engine that has just taken the lock of a dead one has its name in it by then.
        if looks[-2:-1] == looks[-1:] and looks[-1] not in asked:
            if any(asked):
                return  # the one that was asked has gone, and this is another
            if _ask_to_stop(state_folder, looks[-1]):
                asked.append(looks[-1])
        if time.monotonic() > deadline:
            holder = looks[-1]
            raise Problem(
                "The engine does not stop",
                f"its process is {holder.pid} on {holder.host}" if holder else "",
                "Wait a moment; then try again.",
            )
        await asyncio.sleep(0.05)


def _ask_to_stop(state_folder: Path, holder: Holder | None) -> bool:
    """Returns False when there was nobody to ask: the name in the lock is a dead one's."""
    if holder is not None and holder.is_here:
        try:
            os.kill(holder.pid, signal.SIGTERM)
        except ProcessLookupError:
            return False
        except PermissionError:  # another user's; the wish in the ledger reaches it
            pass
        else:
            return True
    with Ledger(state_folder) as ledger:  # it runs elsewhere, or could not write its name
        ledger.engine.want_stop()
    return True


async def restart_engine(settings: Settings) -> subprocess.Popen[bytes] | None:
    """Stop the engine and start one of this version, as a service again where it was one.

    Returns its process, or None where systemd or somebody else started it. All progress is kept. Raises
    ``Problem`` when it does not stop or does not come up.
    """
    holder = engine_holder(settings.state_folder)
    if holder is not None and holder.service and holder.is_here:
        service = Service(settings)
        if service.is_ours:
            await asyncio.to_thread(service.restart)
            return None
    await stop_engine(settings.state_folder)
    return await start_engine(settings)


def _holds(state_folder: Path, pid: int) -> bool:
    holder = engine_holder(state_folder)
    return holder is not None and holder.pid == pid


def _introduced(state_folder: Path, pid: int) -> bool:
    """Whether that engine has written into the ledger who it is."""
    try:
        with Ledger(state_folder) as ledger:
            return ledger.engine.read().pid == pid
    except LedgerProblem:  # locked for now
        return False


def _tail(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
