"""The commands that tell what was done and where samples stand: ``audit`` and ``loop``."""

from __future__ import annotations

import click

from gencove_tui.cli.context import resolved


@click.group()
def audit() -> None:
    """What was uploaded, assigned, downloaded and deleted, by whom and when."""


@audit.command(name="export")
@click.option("--csv", "form", flag_value="csv", default="csv", help="As CSV with a header (the default).")
@click.option("--json", "form", flag_value="json", help="As a JSON array.")
@click.option("--since", metavar="TIME", help="From then on: 2026-03-01, 2026-03-01T08:00, 12h or 7d (ago).")
@click.option("--until", metavar="TIME", help="Before then.")
@click.option("--rule", metavar="RULE", help="Only of this watch rule: its number, name or folder.")
@click.option(
    "--act",
    default="",
    metavar="ACT",
    help="Only upload, assign, download, delete, restore, cancel, import, copy or rule.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to a file, replaced as a whole.")
@click.pass_context
def audit_export(
    context: click.Context,
    form: str,
    since: str | None,
    until: str | None,
    rule: str | None,
    act: str,
    output: str | None,
) -> None:
    """Write the profile's audit log: one line for every file that was moved, assigned or deleted.

    Columns: time (UTC), act, outcome, who, profile, rule_id, transfer_id, local_path, remote, bytes,
    checksum, verified, sample_id, client_id, project_id, detail.
    """
    from gencove_tui.cli.audit import run_export

    settings = resolved(context)
    context.exit(run_export(settings, form=form, since=since, until=until, rule=rule, act=act, output=output))


@click.group()
def loop() -> None:
    """Where the samples of the watch rules stand, from their upload to their results."""


@loop.command(name="status")
@click.argument("rule", required=False)
@click.option("--json", "as_json", is_flag=True, help="The status file of each rule, one in a line.")
@click.pass_context
def loop_status(context: click.Context, rule: str | None, as_json: bool) -> None:
    """Say what the rules did and what they wait for.

    Exit code 0 when all is well, 3 when something needs you or no engine works.
    """
    from gencove_tui.cli.audit import run_status

    context.exit(run_status(resolved(context), rule, as_json_lines=as_json))


@loop.command(name="samples")
@click.argument("rule", required=False)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@click.pass_context
def loop_samples(context: click.Context, rule: str | None, limit: int) -> None:
    """List the samples of the rules, the last changed first. The number in front is for `loop release`."""
    from gencove_tui.cli.audit import run_samples

    context.exit(run_samples(resolved(context), rule, limit=limit))


@loop.command(name="release")
@click.argument("numbers", nargs=-1, required=True, type=int, metavar="NUMBER...")
@click.pass_context
def loop_release(context: click.Context, numbers: tuple[int, ...]) -> None:
    """Let samples go on that wait for you, or that were uploaded before their rule named a project.

    Assigning them starts their analysis. Exit code 3 when one of them did not wait.
    """
    from gencove_tui.cli.audit import run_release

    context.exit(run_release(resolved(context), numbers))
