"""The engine by hand: running it in this process, and stopping or restarting the one that lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from datetime import timedelta

import click

from gencove_tui import __version__
from gencove_tui.cli.link import linker
from gencove_tui.cli.logfile import LOG_NAME, log_to_file
from gencove_tui.cli.running import end_within, run_async
from gencove_tui.config import Settings
from gencove_tui.engine.core import Engine
from gencove_tui.engine.life import in_words
from gencove_tui.engine.locks import Holder, engine_holder, engine_lives
from gencove_tui.engine.notify import Notifier
from gencove_tui.engine.spawn import restart_engine, stop_engine
from gencove_tui.engine.systemd import Service
from gencove_tui.errors import Problem
from gencove_tui.store.ledger import LEDGER_NAME, Ledger

log = logging.getLogger(__name__)

NOT_RUNNING = 3
"""Exit code of a status without an engine, as systemctl's."""
_STOP_SECONDS = 4.5
"""After a signal; what is not finished then, the next start finds as after a crash."""


def run_engine(settings: Settings, *, child: bool, wait: bool, log_level: str) -> int:
    """Work until stopped by SIGINT or SIGTERM, or until idle as a screen's child; returns the exit code."""
    log_to_file(settings, log_level)

    async def work() -> None:
        # A screen's child is not what a manager above the screen listens for.
        notifier = Notifier() if child else Notifier.from_environment()
        engine = Engine(settings, linker(settings), exit_when_idle=child, wait=wait, notifier=notifier)
        loop = asyncio.get_running_loop()

        def told_to_stop(*_: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(engine.stop)
            end_within(_STOP_SECONDS)

        # Not the loop's own handlers: these work even while the loop hangs.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, told_to_stop)
        if child:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        await engine.run()

    try:
        run_async(work())
    except Problem as problem:
        log.error("the engine ends: %s: %s", problem.what, problem.why)
        raise
    except Exception as error:
        log.exception("the engine ends by an error of its own")
        raise Problem(
            "The engine hit an error in gencove-tui itself",
            f"{type(error).__name__}, details are in {settings.state_folder / LOG_NAME}",
            "Start it again, all progress is kept; please report it if it stays so.",
        ) from error
    return 0


def run_stop(settings: Settings) -> int:
    """Stop the engine that lives; all progress is kept."""
    folder = settings.state_folder
    if not engine_lives(folder):
        click.echo(f"No engine runs for profile {settings.profile}.")
        return 0
    stopped = engine_holder(folder)
    run_async(stop_engine(folder))
    click.echo("Stopped; all progress is kept.")
    successor = engine_holder(folder)
    if successor is not None:
        how = " as a service" if successor.service else ""
        click.echo(f"Another engine has taken over{how}: pid {successor.pid}, version {successor.version}.")
    elif stopped is not None and stopped.service:
        click.echo(f"It starts again at boot, or by: systemctl --user start {Service(settings).unit}")
    return 0


def run_restart(settings: Settings) -> int:
    """Stop the engine that lives, if any, and start one of this version."""
    run_async(restart_engine(settings))
    for line in engine_lines(settings):
        click.echo(line)
    return 0


def renew_engine(settings: Settings) -> None:
    """Let the engine that lives, if any, take up a key or host that were just kept."""
    holder = engine_holder(settings.state_folder)
    if holder is None:
        return
    if not holder.is_here:
        click.echo(f"The engine on {holder.host} works as before until there: gencove-tui engine restart")
        return
    run_async(restart_engine(settings))
    click.echo("The engine that runs was started anew with it; all progress is kept.")


def run_status(settings: Settings) -> int:
    """Say whether an engine lives and what it does; returns 0 if one does, else 3."""
    for line in engine_lines(settings):
        click.echo(line)
    return 0 if engine_lives(settings.state_folder) else NOT_RUNNING


def engine_lines(settings: Settings) -> list[str]:
    """The engine of a profile in words: whether it lives, since when, what it does, where it logs."""
    folder = settings.state_folder
    holder = engine_holder(folder)
    if holder is not None:
        where = "" if holder.is_here else f" on {holder.host}"
        how = ", started by systemd" if holder.service else ""
        lines = [f"engine    runs{where}, pid {holder.pid}, version {holder.version}{how}", _since(holder)]
        lines += [f"          {notice}" for notice in (version_notice(holder),) if notice]
    elif engine_lives(folder):
        lines = ["engine    starts just now"]
    else:
        lines = ["engine    does not run"]
    if (folder / LEDGER_NAME).exists():
        with Ledger(folder) as ledger:
            row = ledger.engine.read()
            lines.append(f"transfers {in_words(ledger)}")
            if row.notice and holder is not None:
                lines.append(f"notice    {row.notice}")
    lines.append(f"log       {folder / LOG_NAME}")
    return lines


def _since(holder: Holder) -> str:
    seconds = max(0, int(time.time() - holder.started))
    return f"since     {holder.since.astimezone():%Y-%m-%d %H:%M:%S} ({timedelta(seconds=seconds)})"


def version_notice(holder: Holder | None) -> str:
    """What to say when the engine that lives is another version than this program; empty when it isn't."""
    if holder is None or holder.version == __version__:
        return ""
    return (
        f"The engine that runs is version {holder.version}, this is {__version__}. "
        "Restart it: gencove-tui engine restart"
    )
