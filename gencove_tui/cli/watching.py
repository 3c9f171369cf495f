"""The commands about watch rules: ``watch`` for one on the spot, ``rules`` for those in ``config.toml``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gencove_tui.cli.context import resolved, resolved_with_key
from gencove_tui.errors import InputProblem

_NAME = click.argument("name", metavar="NAME")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")


def _terms(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a rule does."""
    options = (
        click.argument("folder", metavar="DIR"),
        click.argument("destination", metavar="[gncv://DEST]", required=False),
        click.option("--settle", type=float, metavar="SECONDS", help="How long a file must stand still."),
        click.option(
            "--include",
            multiple=True,
            metavar="GLOB",
            help="Only such files; !GLOB leaves out. The last that matches wins.",
        ),
        click.option(
            "--exclude", multiple=True, metavar="GLOB", help="Not such files; the last word of all."
        ),
        click.option("--project", default="", metavar="ID", help="Assign the samples to it (v2)."),
        click.option("--metadata", default="", metavar="JSON", help="Given to each sample on assignment."),
        click.option(
            "--check", type=click.Choice(["full", "gzip", "none"]), default="full", show_default=True
        ),
        click.option("--marker", default="auto", metavar="NAME", help="File to wait for; auto or none."),
        click.option("--hyphens", is_flag=True, help="Write - for _ in sample ids on upload."),
        click.option("--merge-lanes", is_flag=True, help="One upload per sample and read."),
        click.option("--single-end", is_flag=True, help="A read 1 alone is a whole sample."),
        click.option("--deliver", multiple=True, metavar="TYPE", help="Download such results when ready."),
        click.option("--deliver-to", default="", metavar="DIR", help="Where results go."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_terms
@click.option("--name", default="", metavar="NAME", help="What to call the rule while it works.")
@click.option("--headless", is_flag=True, help="No screen: one line per event on stdout.")
@click.option("--json", "as_json", is_flag=True, help="With --headless or --dry-run: JSON lines.")
@click.option("--once", is_flag=True, help="With --headless: stop when all that is there has been done.")
@click.option("--dry-run", is_flag=True, help="Only say which files it would take, and why not the others.")
@click.pass_context
def watch(
    context: click.Context, /, headless: bool, as_json: bool, once: bool, dry_run: bool, **typed: Any
) -> None:
    """Upload every new FASTQ below DIR to gncv://DEST by itself, each once.

    DEST defaults to gncv://NAME-OF-DIR/ and may hold {run}, {date}, {project}, {rule}, {sample}, {relpath}. A
    file is taken once it has stood still; inside of a sequencer's run folder, once its marker is there as
    well. The rule ends with a --headless command; `gencove-tui rules add` makes one that lasts.

    \b
    Exit codes with --once:
      0  all there is was uploaded and, with --project, assigned, analysed and delivered
      1  no connection, key refused, or the folder can't be read or is watched by another engine
      2  bad input
      3  some file or sample failed, or was left: it needs you, its mate, or its marker
    Without --once: 130 once it was interrupted, which is how it ends.
    """
    from gencove_tui.cli.watch import WatchOrder, run_dry, run_watch, terms_for

    order = WatchOrder(**typed)
    if dry_run:
        settings = resolved(context)
        context.exit(run_dry(settings, terms_for(settings, order), name=order.name, as_json=as_json))
    if (as_json or once) and not headless:
        raise InputProblem("--json and --once work without a screen only", "", "Add --headless.")
    settings = resolved_with_key(context)
    context.exit(run_watch(settings, order, headless=headless, as_json=as_json, once=once))


@click.group()
def rules() -> None:
    """The watch rules of the profile, kept in config.toml.

    A running engine follows a change within seconds.
    """


@rules.command(name="list")
@_JSON
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """Every rule with its state."""
    from gencove_tui.cli.rules import run_list

    context.exit(run_list(resolved(context), as_json=as_json))


@rules.command()
@_NAME
@_JSON
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """What a rule does, where it stands, and what each file waits for."""
    from gencove_tui.cli.rules import run_show

    context.exit(run_show(resolved(context), name, as_json=as_json))


@rules.command()
@_NAME
@_terms
@click.pass_context
def add(context: click.Context, /, **typed: Any) -> None:
    """Write a rule into config.toml, new or in place of the one called NAME."""
    from gencove_tui.cli.watch import WatchOrder, run_add

    context.exit(run_add(resolved(context), WatchOrder(**typed)))


@rules.command()
@_NAME
@click.pass_context
def remove(context: click.Context, name: str) -> None:
    """Take a rule out of config.toml. What it has queued goes on."""
    from gencove_tui.cli.rules import run_remove

    context.exit(run_remove(resolved(context), name))


@rules.command()
@_NAME
@click.pass_context
def pause(context: click.Context, name: str) -> None:
    """Let a rule rest. What it has queued goes on."""
    from gencove_tui.cli.rules import run_switch

    context.exit(run_switch(resolved(context), name, active=False))


@rules.command()
@_NAME
@click.pass_context
def resume(context: click.Context, name: str) -> None:
    """Let a paused rule go on."""
    from gencove_tui.cli.rules import run_switch

    context.exit(run_switch(resolved(context), name, active=True))


@rules.command()
@_NAME
@_JSON
@click.pass_context
def check(context: click.Context, name: str, as_json: bool) -> None:
    """A dry run: which files the rule would take, and why not the others."""
    from gencove_tui.cli.rules import run_check

    context.exit(run_check(resolved(context), name, as_json=as_json))


@rules.command()
@_NAME
@click.pass_context
def hyphens(context: click.Context, name: str) -> None:
    """Adopt the proposal of the collision guard: - for _ in the rule's sample ids."""
    from gencove_tui.cli.rules import run_hyphens

    context.exit(run_hyphens(resolved(context), name))
