"""Keeping an API key, after Gencove has accepted it."""

from __future__ import annotations

import asyncio

import click
import msgspec

from gencove_tui.cli.engine import renew_engine
from gencove_tui.cli.link import linker
from gencove_tui.config import Settings, remember, resolve, save_key
from gencove_tui.errors import InputProblem


def run_login(settings: Settings) -> None:
    """Ask for a key, check it, keep it. Raises ``Problem`` and keeps nothing when it isn't accepted."""
    click.echo(
        f"Profile {settings.profile}, host {settings.host or 'found automatically'}.\n"
        "Your API key is in the dashboard under Settings, at the bottom.",
        err=True,
    )
    key = click.prompt("API key", hide_input=True, err=True).strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InputProblem("That is no API key", "it holds blanks or odd characters", "Copy it again.")

    async def check() -> tuple[str, str, str]:
        api = await linker(msgspec.structs.replace(settings, api_key=key))()
        try:
            account = await api.check_key()
        finally:
            await api.aclose()
        return api.host, str(api.dialect), account.email or account.name

    host, dialect, who = asyncio.run(check())
    path = save_key(settings.where, settings.profile, key)
    remember(settings.where.config_file, settings.profile, host=host, dialect=dialect)
    click.echo(f"Accepted by {host} (API {dialect}){f' as {who}' if who else ''}.")
    click.echo(f"The key is kept in {path}; only you can read it.")
    renew_engine(resolve(settings.profile))
