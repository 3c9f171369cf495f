"""``gencove-tui upload`` and ``download``: transfers without a screen, by the same engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from gencove_tui.cli.engine import log_to_file
from gencove_tui.cli.follow import SOME_FAILED, check_line, follow
from gencove_tui.cli.link import linker
from gencove_tui.config import Settings
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.views import PlannedDownload, PlannedUpload
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect, Event, GncvPath, Sample, TransferState
from gencove_tui.store.ledger import Ledger

_FAILED = (TransferState.FAILED, TransferState.CANCELLED)


def run_upload(
    settings: Settings, paths: Sequence[str], destination: str, *, dry_run: bool, as_json: bool
) -> int:
    """Upload files and folders; returns the exit code. Raises ``InputProblem`` when nothing can go up."""
    place = GncvPath.parse(destination)
    log_to_file(settings)

    async def work() -> int:
        desk = LocalDesk(settings, linker(settings))
        try:
            plan = await desk.plan_uploads([Path(path) for path in paths], place)
            _tell_plan([(str(p.local), str(p.target or ""), p.obstacle) for p in plan], show=dry_run)
            if dry_run:
                return 0
            if not any(not planned.obstacle for planned in plan):
                raise InputProblem("There is nothing to upload", _reasons(plan), "")
            await check_line(settings)
            since = _last_event(settings)
            ids = await desk.queue_uploads(plan)
        finally:
            await desk.aclose()
        return await _until_moved(settings, ids, as_json=as_json, since=since)

    return asyncio.run(work())


def run_download(
    settings: Settings,
    sample_ids: Sequence[str],
    project_id: str,
    file_types: Sequence[str],
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Download the results of samples; returns the exit code. Raises ``InputProblem`` when there are none."""
    log_to_file(settings)

    async def work() -> int:
        desk = LocalDesk(settings, linker(settings))
        try:
            await check_line(settings)
            await desk.connect()
            if desk.connection.dialect is Dialect.V1 and not project_id:
                raise InputProblem("This API finds a sample by its project only", "", "Add --project ID.")
            plan: list[PlannedDownload] = []
            for sample_id in sample_ids:
                plan.extend(_wanted(desk, await desk.sample(project_id, sample_id), file_types))
            _tell_plan([(p.deliverable.file_type, str(p.target), p.obstacle) for p in plan], show=dry_run)
            if dry_run:
                return 0
            since = _last_event(settings)
            ids = await desk.queue_downloads(plan)
            if not ids:
                raise InputProblem("There is nothing to download", _reasons(plan), "")
        finally:
            await desk.aclose()
        return await _until_moved(settings, ids, as_json=as_json, since=since)

    return asyncio.run(work())


def _wanted(desk: LocalDesk, sample: Sample, file_types: Sequence[str]) -> tuple[PlannedDownload, ...]:
    offered = sample.deliverables or ()
    unknown = set(file_types) - {deliverable.file_type for deliverable in offered}
    if unknown:
        raise InputProblem(
            f"Sample {sample.client_id or sample.id} has no {', '.join(sorted(unknown))}",
            f"it has {', '.join(d.file_type for d in offered) or 'no results'}",
            "Choose among these with --file-type.",
        )
    return desk.plan_downloads(sample, [d for d in offered if not file_types or d.file_type in file_types])


def _tell_plan(rows: Sequence[tuple[str, str, str]], *, show: bool) -> None:
    """With --dry-run the whole plan; otherwise what is left out, on stderr."""
    for source, target, obstacle in rows:
        if obstacle:
            click.echo(f"left out: {_printable(source)}: {obstacle}", err=not show)
        elif show:
            click.echo(f"{_printable(source)} → {_printable(target)}")


def _printable(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "replace")


def _reasons(plan: Sequence[PlannedUpload | PlannedDownload]) -> str:
    reasons = list(dict.fromkeys(planned.obstacle for planned in plan if planned.obstacle))
    return "; ".join(reasons[:3]) or "no file was found"


def _last_event(settings: Settings) -> int:
    with Ledger(settings.state_folder) as ledger:
        return ledger.events.last_id()


async def _until_moved(settings: Settings, ids: Sequence[int], *, as_json: bool, since: int) -> int:
    wanted = frozenset(ids)
    return await follow(
        settings, _outcome(wanted), lambda event: _is_of(event, wanted), as_json=as_json, since=since
    )


def _is_of(event: Event, ids: frozenset[int]) -> bool:
    return event.transfer_id in ids


def _outcome(ids: frozenset[int]) -> Callable[[Ledger], int | None]:
    def look(ledger: Ledger) -> int | None:
        transfers = [transfer for i in ids if (transfer := ledger.transfers.get(i)) is not None]
        if not all(transfer.state.is_final for transfer in transfers):
            return None
        return SOME_FAILED if any(transfer.state in _FAILED for transfer in transfers) else 0

    return look
