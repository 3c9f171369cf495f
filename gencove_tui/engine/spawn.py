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
from gencove_tui.engine.locks import engine_lives, starting_lock
from gencove_tui.errors import Problem
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

    It runs in a session of its own, so the end of the terminal doesn't reach it. None when one lived already.
    Raises ``Problem`` with the engine's own last words when it does not come up.
    """
    folder = settings.state_folder
    if engine_lives(folder):
        return None
    with starting_lock(folder) as alone:
        # Of two screens that open at once one starts the engine; the other finds it running.
        while not alone.acquire():  # noqa: ASYNC110 - a lock between processes has no event
            await asyncio.sleep(0.05)
        return None if engine_lives(folder) else await _spawn(settings, folder)


async def _spawn(settings: Settings, folder: Path) -> subprocess.Popen[bytes] | None:
    last_words = folder / "engine.out"
    command = [sys.executable, "-m", "gencove_tui", "--profile", settings.profile, "engine", "--child"]
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
    while time.monotonic() < deadline:
        if process.poll() is not None:
            if engine_lives(folder):  # another one was quicker
                return None
            raise Problem("The engine did not start", _tail(last_words), f"Its log is in {folder}.")
        if engine_lives(folder) and _introduced(folder, process.pid):
            return process
        await asyncio.sleep(0.05)
    process.kill()
    raise Problem("The engine did not start in time", _tail(last_words), f"Its log is in {folder}.")


async def stop_engine(state_folder: Path) -> None:
    """Ask the engine to stop and wait until it has; all progress is kept.

    Raises ``Problem`` when it doesn't stop in time.
    """
    deadline = time.monotonic() + _STOP_SECONDS
    asked: set[int] = set()
    with Ledger(state_folder) as ledger:
        while engine_lives(state_folder):
            pid = ledger.engine.read().pid
            # Another engine may have stood in line for the lock: it is asked as well.
            if pid is not None and pid not in asked:
                asked.add(pid)
                ledger.engine.want_stop()
                with contextlib.suppress(ProcessLookupError, PermissionError):  # it sees the wish anyway
                    os.kill(pid, signal.SIGTERM)
            if time.monotonic() > deadline:
                raise Problem(
                    "The engine does not stop", f"its process is {pid}", "Wait a moment; then try again."
                )
            await asyncio.sleep(0.05)


def _introduced(state_folder: Path, pid: int) -> bool:
    """Whether that engine has written into the ledger who it is."""
    with Ledger(state_folder) as ledger:
        return ledger.engine.read().pid == pid


def _tail(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
