"""``gencove-tui demo``: a local Gencove, small FASTQ files, and the screen on them."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from gencove_tui.cli.screen import run_screen
from gencove_tui.cli.watch import put_rule
from gencove_tui.config import HOME_VARIABLE, Settings, remember, resolve, save_key
from gencove_tui.engine.planning import check_download_folder
from gencove_tui.engine.spawn import stop_engine
from gencove_tui.fastq.generate import write_large
from gencove_tui.model import GncvPath, RuleTerms
from gencove_tui.sandbox import Sandbox

DEMO_PACE = ("rate=4M", "s3-rate=1M")
"""Loopback is too quick to watch: results come at 4 MB/s, files go up at 1 MB/s each."""
_SETTLE_SECONDS = 2.0
_READY_TO_DROP = (("NA12878", 1, 8 << 20), ("NA12891", 2, 6 << 20))
_WATCHED_AT_START = (("HG002", 7, 3 << 20),)


def run_demo(dialect: str, download_folder: str | None) -> int:
    """Run the demo until the user leaves; returns the exit code.

    Everything but the downloads lives in one temporary folder, which is removed at the end.
    """
    downloads = Path(download_folder or "gencove-demo").expanduser().absolute()
    existed = downloads.exists()
    check_download_folder(downloads)
    home = Path(tempfile.mkdtemp(prefix="gencove-tui-demo-"))
    previous = os.environ.get(HOME_VARIABLE)
    os.environ[HOME_VARIABLE] = str(home / "app")
    try:
        click.echo("Starting a local Gencove …", err=True)
        with ExitStack() as opened:
            with unheard():
                sandbox = opened.enter_context(Sandbox(scenario="demo", faults=DEMO_PACE))
                settings = prepare_demo(home, sandbox, dialect, downloads)
            code = run_screen(settings, hint=_hint(home), lasting=False)
            asyncio.run(stop_engine(settings.state_folder))
    finally:
        if previous is None:
            os.environ.pop(HOME_VARIABLE, None)
        else:
            os.environ[HOME_VARIABLE] = previous
        shutil.rmtree(home, ignore_errors=True)
        if not existed and downloads.exists() and not any(downloads.iterdir()):
            downloads.rmdir()
    if downloads.exists():
        click.echo(f"Your downloads are in {downloads}.", err=True)
    return code


@contextmanager
def unheard() -> Iterator[None]:
    """What is typed meanwhile is neither echoed nor kept: no screen is there yet that could be meant."""
    if not sys.stdin.isatty():
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    silent = list(before)
    silent[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def prepare_demo(home: Path, sandbox: Sandbox, dialect: str, downloads: Path) -> Settings:
    """Make the demo's files, profile and watch rule below ``home``; returns the settings to open it with."""
    for folder, files in (("watched", _WATCHED_AT_START), ("fastq", _READY_TO_DROP)):
        (home / folder).mkdir()
        for sample, number, size in files:
            for read in (1, 2):
                name = f"{sample}_S{number}_L001_R{read}_001.fastq.gz"
                write_large(home / folder / name, size, seed=number, read=read)
    settings = resolve(environment={HOME_VARIABLE: str(home / "app")})
    save_key(settings.where, settings.profile, sandbox.api_key)
    remember(
        settings.where.config_file,
        settings.profile,
        host=sandbox.host,
        dialect=dialect,
        s3_endpoint=sandbox.s3_endpoint,
        download_folder=str(downloads),
        poll_seconds=2.0,
    )
    settings = resolve(environment={HOME_VARIABLE: str(home / "app")})
    put_rule(
        settings,
        RuleTerms(
            folder=str(home / "watched"),
            destination=GncvPath("gncv://demo/run-1/"),
            settle=_SETTLE_SECONDS,
            network_settle=_SETTLE_SECONDS,
        ),
    )
    return settings


def _hint(home: Path) -> str:
    return (
        f"In another terminal: cd {home} && cp fastq/* watched/\n"
        "Here: enter opens what the cursor is on, d downloads a result, esc hides this."
    )
