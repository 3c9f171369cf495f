"""``gencove-tui raw-data``: the documented table of presigned links, without a screen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from msgspec import Struct

from gencove_tui.cli.link import linker
from gencove_tui.config import Settings
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.private_file import write_privately
from gencove_tui.engine.raw_data import Format, as_text, without_column
from gencove_tui.errors import InputProblem
from gencove_tui.model import Sample, SampleQuery

_ALL = 1_000_000
_PROGRESS = 100


class RawDataOrder(Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    project_id: str
    ids: tuple[str, ...] = ()
    ids_from: str = ""
    """A file with one id a line, or ``-`` for stdin."""
    external: bool = False
    """The ids are the customer's own."""
    form: Format = Format.CSV
    header: bool = True
    output: str = ""
    """A file; stdout when empty or ``-``."""


def run_raw_data(settings: Settings, order: RawDataOrder) -> int:
    """Write the table; returns the exit code. Raises ``InputProblem`` when no sample is found."""
    wanted = _wanted(order)

    async def work() -> str:
        desk = LocalDesk(settings, linker(settings))
        try:
            # One sample of each id is enough where ids are Gencove's own: no list has to be read.
            if wanted and not order.external:
                samples: Sequence[Sample] = [Sample(id=i, project_id=order.project_id) for i in wanted]
            else:
                found = await desk.every_sample(order.project_id, SampleQuery(), most=_ALL)
                samples = [s for s in found if not wanted or s.client_id in wanted]
            if not samples:
                raise InputProblem(
                    "No sample to export",
                    "the project has none" if not wanted else "no external id matches",
                    "Look at the ids in the TUI.",
                )
            rows = await desk.raw_data(order.project_id, samples, progress=_tell)
        finally:
            await desk.aclose()
        if len(rows) < len(samples):
            click.echo(f"{len(samples) - len(rows):,} samples have no raw data", err=True)
        if missing := without_column(rows):
            click.echo(f"The table has no column for: {', '.join(missing)}", err=True)
        return as_text(rows, order.form, header=order.header)

    text = asyncio.run(work())
    if order.output in ("", "-"):
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    else:
        write_privately(Path(order.output).expanduser(), text)
    return 0


def _wanted(order: RawDataOrder) -> tuple[str, ...]:
    ids = list(order.ids)
    if order.ids_from == "-":
        ids += sys.stdin.read().split("\n")
    elif order.ids_from:
        try:
            ids += Path(order.ids_from).expanduser().read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputProblem(f"Can't read {order.ids_from}", str(error), "") from error
    found = tuple(dict.fromkeys(filter(None, (text.strip() for text in ids))))
    if order.ids_from and not found:
        raise InputProblem(
            "No ids were given", f"{order.ids_from} is empty", "Leave it out to get all samples."
        )
    return found


def _tell(done: int, total: int) -> None:
    if done % _PROGRESS == 0 and sys.stderr.isatty():
        click.echo(f"{done:,} of {total:,}", err=True)
