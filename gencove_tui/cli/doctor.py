"""``gencove-tui doctor``: what a first question to support would ask for, looked at in one go."""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import click
import httpx
import msgspec
from msgspec import Struct

from gencove_tui import __version__
from gencove_tui.api.connect import connect
from gencove_tui.cli.engine import version_notice
from gencove_tui.cli.running import run_async
from gencove_tui.config import Settings
from gencove_tui.config.urls import store_complaint
from gencove_tui.engine.life import in_words
from gencove_tui.engine.locks import engine_holder, engine_lives
from gencove_tui.engine.loop.words import status_document
from gencove_tui.engine.room import reserve
from gencove_tui.errors import Problem
from gencove_tui.store.ledger import LEDGER_NAME, Ledger

SOME_FAILED = 3
_AMAZON = "https://s3.amazonaws.com"
_SKEW_SECONDS = 300.0
"""S3 refuses requests from a clock that is a quarter of an hour off."""
_ENOUGH_FILES = 256
_SECONDS = 10.0
_SIGNS = {"ok": ("green", "ok     "), "warning": ("yellow", "warning"), "failed": ("red", "failed ")}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    about: str
    state: str
    """``ok``, ``warning`` or ``failed``."""
    words: str
    remedy: str = ""


def run_doctor(settings: Settings, *, as_json: bool) -> int:
    """Look at everything and print it; returns the exit code: 3 when something is in the way."""

    async def work() -> int:
        worst = 0
        async for finding in _findings(settings):
            _show(finding, as_json=as_json)
            if finding.state == "failed":
                worst = SOME_FAILED
        return worst

    return run_async(work())


def _show(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(finding).decode())
        return
    colour, word = _SIGNS[finding.state]
    click.secho(word, fg=colour, nl=False)
    click.echo(f"  {finding.about:<9} {finding.words}")
    if finding.remedy:
        click.echo(f"{'':19}{finding.remedy}")


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for finding in _here(settings):
        yield finding
    async for finding in _there(settings):
        yield finding
    for finding in _at_work(settings):
        yield finding


# --- this machine ----------------------------------------------------------------------------------------


def _here(settings: Settings) -> Iterator[Finding]:
    system = f"Python {platform.python_version()} on {platform.system()} {platform.release()}"
    yield Finding(about="program", state="ok", words=f"gencove-tui {__version__}, {system}")
    encoding = sys.stdout.encoding or "ascii"
    plain = "utf" not in encoding.lower()
    yield Finding(
        about="terminal",
        state="warning" if plain else "ok",
        words=f"{os.environ.get('TERM', 'none')}, {encoding}",
        remedy="Signs are drawn in ASCII; a UTF-8 locale such as LANG=C.UTF-8 draws them finer."
        if plain
        else "",
    )
    file = settings.where.config_file
    words = f"{settings.profile} of {file}" if file.exists() else f"{settings.profile}; {file} does not exist"
    yield Finding(about="profile", state="ok", words=words)
    for about, folder in (("state", settings.state_folder), ("downloads", settings.download_folder)):
        yield _disk(about, folder)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = files < _ENOUGH_FILES
    yield Finding(
        about="limits",
        state="warning" if few else "ok",
        words=f"{files} open files",
        remedy=f"Raise it: ulimit -n {_ENOUGH_FILES * 4}" if few else "",
    )


def _disk(about: str, folder: Path) -> Finding:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        usage = shutil.disk_usage(place)
    except OSError as error:
        return Finding(about=about, state="failed", words=f"{folder}: {error.strerror or error}")
    if not os.access(place, os.W_OK | os.X_OK):
        words, remedy = f"{folder} can't be written", f"Make {place} writable, or choose another folder."
        return Finding(about=about, state="failed", words=words, remedy=remedy)
    words = f"{folder}, {usage.free / (1 << 30):.1f} GiB free"
    if usage.free < reserve(usage.total):
        return Finding(about=about, state="warning", words=words, remedy="Make room: downloads wait for it.")
    return Finding(about=about, state="ok", words=words)


# --- the other side --------------------------------------------------------------------------------------


async def _there(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.api_key:
        yield Finding(about="key", state="failed", words="there is none", remedy="Run: gencove-tui login")
        return
    yield Finding(about="key", state="ok", words=f"from {settings.key_source}")
    began = time.monotonic()
    try:
        async with asyncio.timeout(3 * _SECONDS):
            api = await connect(
                settings.host or None,
                settings.api_key,
                dialect=settings.dialect,
                s3_endpoint=settings.s3_endpoint or None,
            )
            try:
                await api.check_key()
                host, took = api.host, time.monotonic() - began
                words = f"{host} (API {api.dialect}) accepts the key, {1000 * took:.0f} ms"
                yield Finding(about="Gencove", state="ok", words=words)
                await api.upload_credentials()
                yield Finding(about="uploads", state="ok", words="Gencove gives keys for the upload area")
            finally:
                await api.aclose()
    except TimeoutError:
        words = f"{settings.host or 'Gencove'} gives no answer"
        yield Finding(
            about="Gencove", state="failed", words=words, remedy="Ask for the way out of this network."
        )
        return
    except Problem as problem:
        words = f"{problem.what}: {problem.why}" if problem.why else problem.what
        yield Finding(about="Gencove", state="failed", words=words, remedy=problem.remedy)
        return
    if complaint := store_complaint(host, settings.s3_endpoint):
        yield Finding(about="store", state="failed", words=complaint.what, remedy=complaint.remedy)
        return
    async for finding in _plain(host, settings.s3_endpoint or _AMAZON):
        yield finding


async def _plain(host: str, store: str) -> AsyncIterator[Finding]:
    """Without any key: the clock by what Gencove says, and whether the store can be reached."""
    async with httpx.AsyncClient(timeout=_SECONDS) as client:
        try:
            told = (await client.get(host)).headers.get("date", "")
            skew = time.time() - parsedate_to_datetime(told).timestamp()
        except (httpx.HTTPError, ValueError, TypeError):
            pass  # what it says of itself was found above
        else:
            off = abs(skew) > _SKEW_SECONDS
            words = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Gencove's"
            remedy = "Set the clock (timedatectl set-ntp true): S3 refuses what comes from a wrong one."
            yield Finding(
                about="clock", state="failed" if off else "ok", words=words, remedy=remedy if off else ""
            )
        try:
            await client.get(store)
        except httpx.HTTPError as error:
            words = f"{store} can't be reached: {str(error) or type(error).__name__}"
            yield Finding(
                about="store", state="failed", words=words, remedy="Uploads need it: ask for the way to it."
            )
        else:
            yield Finding(about="store", state="ok", words=f"{store} answers")


# --- what is at work -------------------------------------------------------------------------------------


def _at_work(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_folder
    holder = engine_holder(folder)
    if notice := version_notice(holder):
        yield Finding(about="engine", state="warning", words=notice)
    elif holder is not None:
        yield Finding(about="engine", state="ok", words=f"runs, pid {holder.pid} on {holder.host}")
    else:
        words = "starts just now" if engine_lives(folder) else "does not run; a screen or command starts it"
        yield Finding(about="engine", state="ok", words=words)
    if not (folder / LEDGER_NAME).exists():
        return
    try:
        with Ledger(folder) as ledger:
            notice = ledger.engine.read().notice if holder is not None else ""
            words = f"{in_words(ledger)}{f'; {notice}' if notice else ''}"
            yield Finding(about="transfers", state="warning" if notice else "ok", words=words)
            for rule in ledger.rules.all():
                document = status_document(ledger, rule)
                state = {"problem": "failed", "attention": "warning"}.get(str(document["state"]), "ok")
                remedy = str(document["remedy"] or "")
                yield Finding(
                    about="rule", state=state, words=f"{rule.name}: {document['text']}", remedy=remedy
                )
    except Problem as problem:
        yield Finding(about="transfers", state="failed", words=str(problem))
