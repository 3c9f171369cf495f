"""From the options of a command line to settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gencove_tui.errors import InputProblem

if TYPE_CHECKING:
    from gencove_tui.config import Settings


def resolved(context: click.Context, *, may_be_new: bool = False) -> Settings:
    """The settings that the options, the environment and the profile add up to."""
    from gencove_tui.api.connect import environment_host
    from gencove_tui.config import resolve

    options = context.find_root().params
    host = options["host"]
    if options["env"]:
        if host:
            raise InputProblem("Both --host and --env name a host", "", "Give one of them.")
        host = environment_host(options["env"])
    if options["api_key"]:
        click.secho(
            "Note: a key after --api-key shows in the process list; `gencove-tui login` keeps it safe.",
            fg="yellow",
            err=True,
        )
    settings = resolve(
        options["profile"],
        host=host,
        api_key=options["api_key"],
        download_folder=options["download_folder"],
        may_be_new=may_be_new,
    )
    if settings.rules_problem is not None:
        words = f"{settings.rules_problem.what}: {settings.rules_problem.why}"
        click.secho(f"Note: the watch rules stay as they were. {words}", fg="yellow", err=True)
    return settings


def resolved_with_key(context: click.Context) -> Settings:
    """Like ``resolved``; raises ``InputProblem`` when there is no key."""
    settings = resolved(context)
    if not settings.api_key:
        raise InputProblem(
            "There is no API key yet",
            f"profile {settings.profile} has none and $GENCOVE_API_KEY is empty",
            "Run: gencove-tui login   (or look around without an account: gencove-tui demo)",
        )
    return settings
