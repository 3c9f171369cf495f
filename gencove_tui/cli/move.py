"""``gencove-tui upload`` and ``download``: transfers without a screen, by the same engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.cli.bar import left_words, shown_bar
from gencove_tui.cli.follow import INTERRUPTED, SOME_FAILED, check_line, follow
from gencove_tui.cli.link import linker
from gencove_tui.cli.logfile import log_to_file
from gencove_tui.cli.running import run_async
from gencove_tui.config import Settings
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.locks import engine_lives
from gencove_tui.engine.planning import without_collisions
from gencove_tui.engine.targets import DOCUMENTS, check_template, documents_of
from gencove_tui.engine.views import PlannedDownload
from gencove_tui.engine.views_remote import Fate
from gencove_tui.errors import InputProblem
from gencove_tui.model import Capability, Dialect, Event, GncvPath, Sample, TransferState
from gencove_tui.store.ledger import Ledger

_FAILED = (TransferState.FAILED, TransferState.CANCELLED)


class UploadOrder(Struct, frozen=True, kw_only=True):
    """What the user asked to upload, as typed."""

    paths: tuple[str, ...]
    destination: str
    check: str
    priority: int = 0


class DownloadOrder(Struct, frozen=True, kw_only=True):
    """What the user asked to download, as typed."""

    sample_ids: tuple[str, ...]
    project_id: str = ""
    file_types: tuple[str, ...] = ()
    """None: every result, and the documents too."""
    template: str = ""
    side_files: bool = False
    priority: int = 0


class _Planned(Struct, frozen=True, kw_only=True):
    """A line of a plan, for people and machines."""

    source: str
    target: str
    bytes: int | None = None
    fate: str = ""
    obstacle: str = ""


def run_upload(settings: Settings, order: UploadOrder, *, dry_run: bool, as_json: bool) -> int:
    """Upload files and folders; returns the exit code. Raises ``InputProblem`` when nothing can go up."""
    if "{" in order.destination or "}" in order.destination:
        raise InputProblem(
            "An upload by hand needs a destination as it will be",
            f"{order.destination} is written like that of a watch rule",
            "Write the name itself, such as gncv://run-12/.",
        )
    place = GncvPath.parse(order.destination)
    log_to_file(settings)

    async def work() -> int:
        desk = LocalDesk(settings, linker(settings))
        try:
            plan = await desk.plan_uploads([Path(path) for path in order.paths], place)
            if dry_run:
                await check_line(settings)
                compared_all = await desk.compare_uploads(plan)
                for compared in compared_all:
                    planned = compared.planned
                    _show(
                        _Planned(
                            source=_printable(str(planned.local)),
                            target=str(planned.target or ""),
                            bytes=planned.size,
                            fate="" if planned.obstacle else str(compared.fate),
                            obstacle=planned.obstacle,
                        ),
                        as_json=as_json,
                    )
                going = [p.planned for p in compared_all if p.fate is Fate.NEW and not p.planned.obstacle]
                _total(len(going), sum(p.size for p in going), as_json=as_json)
                return 0
            if not any(not planned.obstacle for planned in plan):
                raise InputProblem("There is nothing to upload", _reasons(p.obstacle for p in plan), "")
            _tell_left_out((str(planned.local), planned.obstacle) for planned in plan)
            await check_line(settings)
            since = _last_event(settings)
            ids = await desk.queue_uploads(plan, check=order.check, priority=order.priority)
        finally:
            await desk.aclose()
        return await _until_moved(settings, ids, "up", as_json=as_json, since=since)

    return run_async(work())


def run_download(settings: Settings, order: DownloadOrder, *, dry_run: bool, as_json: bool) -> int:
    """Download the results of samples; returns the exit code. Raises ``InputProblem`` when there are none."""
    if order.template:
        check_template(order.template)
    log_to_file(settings)

    async def work() -> int:
        desk = LocalDesk(settings, linker(settings))
        try:
            await check_line(settings)
            await desk.connect()
            if desk.connection.dialect is Dialect.V1 and not order.project_id:
                raise InputProblem("This API finds a sample by its project only", "", "Add --project ID.")
            planned: list[PlannedDownload] = []
            for sample_id in order.sample_ids:
                planned.extend(_wanted(desk, await _found(desk, order.project_id, sample_id), order))
            plan = without_collisions(planned)
            if dry_run:
                for item in plan:
                    _show(
                        _Planned(
                            source=f"{item.sample.client_id or item.sample.id}/{item.deliverable.file_type}",
                            target=_printable(str(item.target)),
                            bytes=item.deliverable.size,
                            fate="is there already" if item.present else "",
                            obstacle=item.obstacle,
                        ),
                        as_json=as_json,
                    )
                coming = [item for item in plan if not item.obstacle and not item.present]
                _total(len(coming), sum(item.deliverable.size or 0 for item in coming), as_json=as_json)
                return 0
            if all(item.obstacle for item in plan):
                raise InputProblem("There is nothing to download", _reasons(p.obstacle for p in plan), "")
            _tell_left_out((item.deliverable.file_type, item.obstacle) for item in plan)
            since = _last_event(settings)
            ids = await desk.queue_downloads(plan, side_files=order.side_files, priority=order.priority)
        finally:
            await desk.aclose()
        return await _until_moved(settings, ids, "down", as_json=as_json, since=since)

    return run_async(work())


async def _found(desk: LocalDesk, project_id: str, sample_id: str) -> Sample:
    try:
        return await desk.sample(project_id, sample_id)
    except ApiProblem as problem:
        if problem.kind not in (Kind.NOT_FOUND, Kind.INVALID):
            raise
        where = f"project {project_id}" if project_id else "this account"
        raise InputProblem(
            f"There is no sample {sample_id} in {where}",
            problem.why,
            "Give Gencove's id of the sample: the TUI copies it with y.",
        ) from problem


def _wanted(desk: LocalDesk, sample: Sample, order: DownloadOrder) -> tuple[PlannedDownload, ...]:
    offered = list(sample.deliverables or ())
    if Capability.QUALITY_CONTROLS in desk.connection.capabilities:
        offered += documents_of(sample)
    unknown = set(order.file_types) - {deliverable.file_type for deliverable in offered}
    if unknown:
        raise InputProblem(
            f"Sample {sample.client_id or sample.id} has no {', '.join(sorted(unknown))}",
            f"it has {', '.join(d.file_type for d in offered) or 'no results'}",
            "Choose among these with --file-type.",
        )
    if not any(d.file_type not in DOCUMENTS for d in offered) and not order.file_types:
        raise InputProblem(
            f"Sample {sample.client_id or sample.id} has no results yet", sample.status, "Come back later."
        )
    chosen = [d for d in offered if not order.file_types or d.file_type in order.file_types]
    return desk.plan_downloads([(sample, chosen)], template=order.template)


def _show(planned: _Planned, *, as_json: bool) -> None:
    """One line of a dry run."""
    if as_json:
        click.echo(msgspec.json.encode(planned).decode())
    elif planned.obstacle:
        click.echo(f"left out: {planned.source}: {planned.obstacle}")
    else:
        click.echo(f"{planned.source} → {planned.target}{f'  ({planned.fate})' if planned.fate else ''}")


def _total(count: int, size: int, *, as_json: bool) -> None:
    """The last line of a dry run."""
    if not as_json:
        click.echo(f"{count} {_files(count)} would go, {size / (1 << 20):,.1f} MiB", err=True)


def _tell_left_out(rows: Iterable[tuple[str, str]]) -> None:
    for source, obstacle in rows:
        if obstacle:
            click.echo(f"left out: {_printable(source)}: {obstacle}", err=True)


def _printable(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "replace")


def _reasons(obstacles: Iterable[str]) -> str:
    reasons = list(dict.fromkeys(obstacle for obstacle in obstacles if obstacle))
    return "; ".join(reasons[:3]) or "no file was found"


def _last_event(settings: Settings) -> int:
    with Ledger(settings.state_folder) as ledger:
        return ledger.events.last_id()


async def _until_moved(
    settings: Settings, ids: Sequence[int], word: str, *, as_json: bool, since: int
) -> int:
    wanted = frozenset(ids)

    def shown(event: Event) -> bool:
        # What is about the engine as a whole, such as a lost line, concerns these as well.
        return event.transfer_id in wanted or (event.transfer_id is None and event.rule_id is None)

    if not as_json:
        with Ledger(settings.state_folder) as ledger:
            _, size, _ = ledger.transfers.moved(ids)
        much = "" if size is None else f", {size / (1 << 20):,.1f} MiB"
        click.echo(f"{len(ids)} {_files(len(ids))} queued{much}", err=True)
    with shown_bar(ids, word) as look:
        code = await follow(settings, _outcome(ids), shown, as_json=as_json, since=since, look=look)
    if code == INTERRUPTED:
        with Ledger(settings.state_folder) as ledger:
            if words := left_words(ledger, ids, engine=engine_lives(settings.state_folder)):
                click.echo(words, err=True)
    return code


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def _outcome(ids: Sequence[int]) -> Callable[[Ledger], int | None]:
    def look(ledger: Ledger) -> int | None:
        states = ledger.transfers.states_of(ids)
        if not all(state.is_final for state in states):
            return None
        return SOME_FAILED if any(state in _FAILED for state in states) else 0

    return look
