"""The commands that move files and steer the queue: ``upload``, ``download`` and ``transfers``."""

from __future__ import annotations

import click

from gencove_tui.cli.context import resolved, resolved_with_key
from gencove_tui.errors import InputProblem

_CHECK = click.Choice(["full", "gzip", "none"])
_IDS = click.argument("ids", nargs=-1, type=int, metavar="[ID...]")
_ALL = click.option("--all", "everything", is_flag=True, help="All unfinished transfers.")


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="PATH... gncv://DEST")
@click.option("--check", type=_CHECK, help="How closely each FASTQ is looked at on its way (default full).")
@click.option("--priority", type=int, default=0, metavar="N", help="Higher numbers go first; 0 is the usual.")
@click.option("--dry-run", is_flag=True, help="Only say what would go where, and what not and why.")
@click.option("--json", "as_json", is_flag=True, help="Print events, or the plan, as JSON lines.")
@click.pass_context
def upload(
    context: click.Context,
    places: tuple[str, ...],
    check: str | None,
    priority: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Upload FASTQ files, and folders with all the FASTQs below them, to gncv://DEST.

    Each file is checked while it is read: gzip to its end and every record (full), gzip only, or none. One
    that is broken or still grows never shows in the upload area. Interrupted, it goes on where it was when it
    is run again. What is there already is skipped, and nothing is ever overwritten.

    \b
    gencove-tui upload run-7/ gncv://wheat/run-7/ --dry-run
    gencove-tui upload a_R1.fastq.gz a_R2.fastq.gz gncv://wheat/

    \b
    Exit codes: 0 all there, 3 some failed, 1 no connection or key refused, 2 bad input, 130 interrupted.
    """
    from gencove_tui.cli.move import UploadOrder, run_upload

    *paths, destination = places
    if not paths or not destination.startswith("gncv://"):
        raise InputProblem(
            "The last argument must be a place in the upload area",
            f"{destination!r} is not one" if paths else "only one argument was given",
            "Write it like: gencove-tui upload run-7/ gncv://project/run-7/",
        )
    settings = resolved_with_key(context)
    order = UploadOrder(
        paths=tuple(paths), destination=destination, check=check or settings.options.check, priority=priority
    )
    context.exit(run_upload(settings, order, dry_run=dry_run, as_json=as_json))


@click.command()
@click.argument("sample_ids", nargs=-1, required=True, metavar="SAMPLE_ID...")
@click.option("--project", default="", metavar="ID", help="The samples' project; the original API needs it.")
@click.option("--file-type", "file_types", multiple=True, metavar="TYPE", help="Only these, e.g. impute-vcf.")
@click.option("--template", metavar="T", help="Path below the folder; see above.")
@click.option("--sha256", is_flag=True, help="Write a NAME.sha256 beside each file whose checksum is known.")
@click.option("--priority", type=int, default=0, metavar="N", help="Higher numbers go first; 0 is the usual.")
@click.option("--dry-run", is_flag=True, help="Only say what would be saved where.")
@click.option("--json", "as_json", is_flag=True, help="Print events, or the plan, as JSON lines.")
@click.pass_context
def download(
    context: click.Context,
    sample_ids: tuple[str, ...],
    project: str,
    file_types: tuple[str, ...],
    template: str | None,
    sha256: bool,
    priority: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Download the results of samples, each verified by its checksum where Gencove knows one.

    They are saved below --download-folder (an option of gencove-tui itself) as {client_id}/{gencove_id}/
    {default_filename}, as the official client does. A template may hold {client_id} and {gencove_id}
    anywhere, and {file_type}, {file_extension} and {default_filename} in its last component. Without
    --file-type, quality control and metadata are saved as JSON too, where the API has them (types qc and
    metadata).

    \b
    gencove-tui download 8ad0c5b4-... --file-type impute-vcf --file-type impute-tbi
    gencove-tui --download-folder results download 8ad0c5b4-... --sha256

    \b
    Exit codes: 0 all there, 3 some failed, 1 no connection or key refused, 2 bad input, 130 interrupted.
    """
    from gencove_tui.cli.move import DownloadOrder, run_download

    settings = resolved_with_key(context)
    order = DownloadOrder(
        sample_ids=sample_ids,
        project_id=project,
        file_types=file_types,
        template=template or settings.options.download_template,
        side_files=sha256 or settings.options.sha256_files,
        priority=priority,
    )
    context.exit(run_download(settings, order, dry_run=dry_run, as_json=as_json))


@click.group()
def transfers() -> None:
    """See and steer the queue of transfers, which the engine works off."""


@transfers.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON lines.")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="At most so many.")
@click.pass_context
def list_(context: click.Context, as_json: bool, limit: int) -> None:
    """List transfers: moving ones first, then waiting, queued and ended ones."""
    from gencove_tui.cli.queue import run_list

    context.exit(run_list(resolved(context), limit=limit, as_json=as_json))


def _wish(word: str, help_text: str) -> None:
    """Add the command for one wish."""

    @transfers.command(name=word, help=help_text)
    @_IDS
    @_ALL
    @click.pass_context
    def command(context: click.Context, ids: tuple[int, ...], everything: bool) -> None:
        from gencove_tui.cli.queue import run_wish

        context.exit(run_wish(resolved(context), word, _chosen(ids, everything)))


def _chosen(ids: tuple[int, ...], everything: bool) -> tuple[int, ...] | None:
    if bool(ids) is everything:
        raise InputProblem("Which transfers?", "", "Give ids from `gencove-tui transfers list`, or --all.")
    return None if everything else ids


_wish("pause", "Pause transfers; what was moved is kept.")
_wish("resume", "Let paused transfers go on.")
_wish("retry", "Try failed or waiting transfers again now.")
_wish("cancel", "Give transfers up; parts in the store and on disk are thrown away.")


@transfers.command()
@click.argument("place", type=click.Choice(["top", "up", "down", "bottom"]))
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID...")
@click.pass_context
def move(context: click.Context, place: str, ids: tuple[int, ...]) -> None:
    """Move transfers within the queue, among those of the same priority."""
    from gencove_tui.cli.queue import run_place

    context.exit(run_place(resolved(context), place, ids))


@transfers.command()
@click.argument("number", type=int, metavar="N")
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID...")
@click.pass_context
def priority(context: click.Context, number: int, ids: tuple[int, ...]) -> None:
    """Set the priority of transfers: higher numbers go first, 0 is the usual."""
    from gencove_tui.cli.queue import run_priority

    context.exit(run_priority(resolved(context), number, ids))


@transfers.command()
@click.argument("limit", required=False, metavar="[20M|off|profile]")
@click.pass_context
def limit(context: click.Context, limit: str | None) -> None:
    """Show or set the limit on the sum of all transfers; it is followed at once.

    20M is 20 MiB per second, off lifts the limit, profile goes back to what config.toml says (bandwidth).
    """
    from gencove_tui.cli.queue import run_limit

    context.exit(run_limit(resolved(context), limit))
