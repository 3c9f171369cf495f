"""The command that exports: ``raw-data``."""

from __future__ import annotations

import click

from gencove_tui.cli.context import resolved_with_key


@click.command(name="raw-data")
@click.argument("project_id", metavar="PROJECT_ID")
@click.argument("ids", nargs=-1, metavar="[SAMPLE_ID]...")
@click.option("--ids-from", default="", metavar="FILE", help="One id a line; - reads stdin.")
@click.option("--external", is_flag=True, help="The ids are your own (client ids), not Gencove's.")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--no-header", is_flag=True, help="CSV without its first line.")
@click.option("--output", "-o", default="", metavar="FILE", help="A file only you can read; else stdout.")
@click.pass_context
def raw_data(
    context: click.Context,
    project_id: str,
    ids: tuple[str, ...],
    ids_from: str,
    external: bool,
    form: str,
    no_header: bool,
    output: str,
) -> None:
    """Print links to the results of a project's samples, in Gencove's documented columns.

    Without ids, of all samples. Anyone who has the links can download with them, for two days.
    """
    from gencove_tui.cli.raw_data import RawDataOrder, run_raw_data
    from gencove_tui.engine.raw_data import Format

    order = RawDataOrder(
        project_id=project_id,
        ids=ids,
        ids_from=ids_from,
        external=external,
        form=Format(form),
        header=not no_header,
        output=output,
    )
    context.exit(run_raw_data(resolved_with_key(context), order))
