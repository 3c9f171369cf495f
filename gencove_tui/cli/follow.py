"""Working without a screen: run the engine here, or follow the one that runs, and print what it tells."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable

import click
import msgspec

from gencove_tui.cli.engine import version_notice
from gencove_tui.cli.link import linker
from gencove_tui.config import Settings
from gencove_tui.engine.core import Engine
from gencove_tui.engine.life import AlreadyRunning
from gencove_tui.engine.locks import engine_holder, engine_lives
from gencove_tui.errors import Problem
from gencove_tui.model import Event
from gencove_tui.store.ledger import Ledger

INTERRUPTED = 130
SOME_FAILED = 3
_LOOK_SECONDS = 0.25


async def check_line(settings: Settings) -> None:
    """Connect once, so that a refused key or an unreachable host is said before anything is queued."""
    api = await linker(settings)()
    try:
        await api.check_key()
    finally:
        await api.aclose()


async def follow(
    settings: Settings,
    outcome: Callable[[Ledger], int | None],
    shown: Callable[[Event], bool],
    *,
    as_json: bool,
    since: int,
    look: Callable[[Ledger], None] = lambda _: None,
) -> int:
    """Print the events after ``since`` that are ``shown`` until there is an ``outcome``, the exit code.

    SIGINT, SIGTERM and SIGHUP end it with 130; all progress is kept. ``look`` is called at each turn. Raises
    what ended the engine.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    engine = Engine(settings, linker(settings))
    if notice := version_notice(engine_holder(settings.state_folder)):
        click.secho(notice, fg="yellow", err=True)
    with Ledger(settings.state_folder) as ledger:
        running = asyncio.create_task(engine.run())
        interrupted = asyncio.create_task(stopped.wait())
        try:
            while True:
                code = outcome(ledger)
                for event in ledger.events.after(since):
                    since = event.id
                    if shown(event):
                        # The stream by name: otherwise click passes by the bar, which would stay in the text.
                        click.echo(_as_json(event) if as_json else _as_line(event), file=sys.stdout)
                look(ledger)
                if code is not None:
                    return code
                if interrupted.done():
                    return INTERRUPTED
                if running.done():
                    error = running.exception()
                    if not isinstance(error, AlreadyRunning):
                        raise error or Problem("The engine stopped", "", "Look into its log.")
                    if not engine_lives(settings.state_folder):  # the other one left: its work is ours now
                        engine = Engine(settings, linker(settings))
                        running = asyncio.create_task(engine.run())
                await asyncio.wait({interrupted}, timeout=_LOOK_SECONDS)
        finally:
            interrupted.cancel()
            engine.stop()
            with contextlib.suppress(AlreadyRunning):
                await running


def _as_line(event: Event) -> str:
    return f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}  {event.kind:<18} {event.message}"


def _as_json(event: Event) -> str:
    shape = {"time": event.time, "event": event.kind, "severity": event.severity, "message": event.message}
    return msgspec.json.encode(shape | event.data | {"rule_id": event.rule_id}).decode()
