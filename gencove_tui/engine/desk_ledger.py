"""What a desk reads from the ledger, and the wishes about transfers and rules that it writes into it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from gencove_tui.config import Settings
from gencove_tui.config.bandwidth import limit_at, parse_slots
from gencove_tui.engine import looking, planning
from gencove_tui.engine.desk_watch import WatchUseCases
from gencove_tui.engine.flow import Flow
from gencove_tui.engine.locks import engine_lives, is_service
from gencove_tui.engine.looking import look
from gencove_tui.engine.targets import DEFAULT_TEMPLATE
from gencove_tui.engine.views import (
    SNAPSHOT_ROWS,
    EngineState,
    PlannedDownload,
    PlannedUpload,
    Snapshot,
    Totals,
)
from gencove_tui.engine.views_queue import TransferDetail
from gencove_tui.model import (
    Deliverable,
    DownloadSource,
    GncvPath,
    Sample,
    Transfer,
    TransferState,
    Wish,
)
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.transfers import Place

T = TypeVar("T")

_EVENTS = 100
_EVENTS_LOOKED_AT = 2000


class LedgerUseCases(WatchUseCases):
    """Implements the local part of ``views.Desk`` on one ledger."""

    _settings: Settings
    _ledger: Ledger

    def _open_ledger(self, settings: Settings) -> None:
        self._ledger = Ledger(settings.state_folder)
        self._timetable = parse_slots(settings.options.bandwidth)
        self._seen: tuple[int, int] | None = None
        self._engine_alive = False
        self._flow = Flow()

    @property
    def download_folder(self) -> Path:
        """Where downloads go unless told otherwise."""
        return self._settings.download_folder

    def changed(self) -> bool:
        """Whether the ledger changed since the last ``snapshot``, or the engine came or went."""
        return (
            self._ledger.version() != self._seen
            or engine_lives(self._settings.state_folder) is not self._engine_alive
        )

    def snapshot(self) -> Snapshot:
        """Transfers, rules, events and engine as they stand now."""
        self._seen = self._ledger.version()
        self._engine_alive = engine_lives(self._settings.state_folder)
        with self._ledger.read():
            transfers = tuple(self._ledger.transfers.listing(SNAPSHOT_ROWS))
            sums = self._ledger.transfers.sums()
            row = self._ledger.engine.read()
            rules, events = tuple(self._rule_views()), tuple(self._ledger.events.newest(_EVENTS))
        self._flow.note(transfers if self._engine_alive else ())
        if not self._engine_alive:
            transfers, sums = _at_rest(transfers, sums)
        return Snapshot(
            transfers=transfers,
            transfers_total=sum(number for number, _ in sums.values()),
            totals=_totals(sums, self._flow),
            rules=rules,
            events=events,
            engine=EngineState(
                alive=self._engine_alive,
                pid=row.pid if self._engine_alive else None,
                version=row.version,
                service=self._engine_alive and is_service(self._settings.state_folder),
                notice=row.notice,
            ),
        )

    def plan_downloads(
        self,
        files: Sequence[tuple[Sample, Sequence[Deliverable]]],
        folder: Path | None = None,
        template: str = "",
    ) -> tuple[PlannedDownload, ...]:
        """Where these deliverables of each sample would be saved; an empty template means the profile's.

        It looks at the disk, and any thread may call it. Raises ``InputProblem`` for a bad template.
        """
        target = (folder or self.download_folder).expanduser().absolute()
        template = template or self._settings.options.download_template or DEFAULT_TEMPLATE
        with Ledger(self._settings.state_folder) as ledger:  # a connection of the thread's own
            busy = ledger.transfers.open_paths()
        return planning.without_collisions(
            [
                planned
                for sample, deliverables in files
                for planned in planning.plan_downloads(sample, deliverables, target, busy, template=template)
            ]
        )

    async def queue_downloads(
        self, plan: Sequence[PlannedDownload], *, side_files: bool | None = None, priority: int = 0
    ) -> tuple[int, ...]:
        """Queue what has no obstacle. Raises ``InputProblem`` when a folder can't be written, ``DiskSilent``
        when its disk doesn't answer.

        ``side_files``: write ``NAME.sha256`` beside each; None means as the profile says.
        """
        good = [planned for planned in planning.without_collisions(plan) if not planned.obstacle]
        beside = self._settings.options.sha256_files if side_files is None else side_files
        for parent in {planned.target.parent for planned in good}:
            check = partial(planning.check_download_folder, parent)
            await look("folders to download to", parent, check, patience=looking.WRITE_PATIENCE)

        def add(ledger: Ledger) -> tuple[int, ...]:
            with ledger.write():
                busy = ledger.transfers.open_paths()
                return tuple(
                    ledger.transfers.add_download(
                        str(planned.target),
                        f"{planned.sample.client_id or planned.sample.id}/{planned.target.name}",
                        DownloadSource(
                            project_id=planned.sample.project_id,
                            sample_id=planned.sample.id,
                            client_id=planned.sample.client_id,
                            file_type=planned.deliverable.file_type,
                            file_id=planned.deliverable.id,
                            checksum_sha256=planned.deliverable.checksum_sha256,
                        ),
                        planned.deliverable.size,
                        side_file=beside,
                        priority=priority,
                    )
                    for planned in good
                    if str(planned.target) not in busy
                )

        return await self._write(add)

    async def plan_uploads(self, paths: Sequence[Path], destination: GncvPath) -> tuple[PlannedUpload, ...]:
        """What would go where; folders are walked for as long as somebody waits."""
        busy, gone = self._ledger.transfers.open_uploads(), threading.Event()
        plan = partial(planning.plan_uploads, paths, destination, busy, gone.is_set)
        try:
            return await look("paths to upload", Path(*paths[:1]), plan, waits=lambda: None)
        finally:
            gone.set()

    async def queue_uploads(
        self, plan: Sequence[PlannedUpload], *, check: str = "", priority: int = 0
    ) -> tuple[int, ...]:
        """Queue what has no obstacle; an empty ``check`` level means the profile's."""
        level = check or self._settings.options.check

        def add(ledger: Ledger) -> tuple[int, ...]:
            with ledger.write():
                return tuple(
                    ledger.transfers.add_upload(
                        str(planned.local), planned.target, planned.size, check=level, priority=priority
                    )
                    for planned in plan
                    if planned.target is not None and not planned.obstacle
                )

        return await self._write(add)

    async def wish(self, transfer_ids: Sequence[int], wish: Wish) -> None:
        """Pause, run or cancel."""
        await self._write(lambda ledger: ledger.transfers.wish(transfer_ids, wish))

    async def clear_finished(self, until: datetime | None = None) -> int:
        """Forget what is done, skipped or cancelled, or had been by ``until``."""
        return await self._write(lambda ledger: ledger.transfers.clear_finished(until))

    # --- the queue -------------------------------------------------------------------------------

    def transfer_detail(self, transfer_id: int) -> TransferDetail | None:
        """All that the ledger knows about one transfer."""
        transfer = self._ledger.transfers.get(transfer_id)
        if transfer is None:
            return None
        if not self._engine_alive:
            transfer = _resting(transfer)
        events = self._ledger.events.newest(_EVENTS_LOOKED_AT)
        return TransferDetail(
            transfer=transfer,
            parts=tuple(self._ledger.transfers.parts(transfer_id)),
            events=tuple(event for event in events if event.transfer_id == transfer_id),
        )

    async def change_priority(self, transfer_ids: Sequence[int], by: int) -> frozenset[int]:
        """Higher numbers start first."""
        return await self._write(lambda ledger: ledger.transfers.change_priority(transfer_ids, by))

    async def move_in_queue(self, transfer_ids: Sequence[int], place: Place) -> None:
        """Move transfers among those of the same priority."""
        await self._write(lambda ledger: ledger.transfers.move(transfer_ids, place))

    async def wish_all(self, wish: Wish) -> int:
        """Wish the same of all unfinished transfers."""
        return await self._write(lambda ledger: ledger.transfers.wish_all(wish))

    @property
    def bandwidth(self) -> int | None:
        """The limit that holds now: the user's choice, or else what the profile's timetable says."""
        chosen = self._ledger.controls.read().bandwidth
        return (limit_at(self._timetable, datetime.now()) if chosen is None else chosen) or None

    async def set_bandwidth(self, bytes_per_second: int | None) -> None:
        """Limit the sum of all transfers; None lifts the limit."""
        await self._write(lambda ledger: ledger.controls.set_bandwidth(bytes_per_second or 0))

    async def _write(self, act: Callable[[Ledger], T]) -> T:
        """Write through a connection of its own in a thread: a lock must not stop the screen."""

        def run() -> T:
            with Ledger(self._settings.state_folder) as ledger:
                return act(ledger)

        return await asyncio.to_thread(run)


_MOVING = (TransferState.RUNNING, TransferState.VERIFYING)


def _at_rest(
    transfers: Sequence[Transfer], sums: dict[TransferState, tuple[int, int]]
) -> tuple[tuple[Transfer, ...], dict[TransferState, tuple[int, int]]]:
    """What the ledger says without an engine: nothing moves, whatever was moving when it died."""
    resting = tuple(map(_resting, transfers))
    kept = {state: sums[state] for state in sums if state not in _MOVING}
    queued = [sums[state] for state in (*_MOVING, TransferState.QUEUED) if state in sums]
    if queued:
        kept[TransferState.QUEUED] = (sum(n for n, _ in queued), sum(rest for _, rest in queued))
    return resting, kept


def _resting(transfer: Transfer) -> Transfer:
    if transfer.state not in _MOVING:
        return transfer
    return msgspec.structs.replace(transfer, state=TransferState.QUEUED, rate=0.0)


def _totals(sums: dict[TransferState, tuple[int, int]], flow: Flow) -> Totals:
    def count(*states: TransferState) -> int:
        return sum(sums[state][0] for state in states if state in sums)

    def rest(*states: TransferState) -> int:
        return sum(sums[state][1] for state in states if state in sums)

    return Totals(
        running=count(*_MOVING),
        queued=count(TransferState.QUEUED),
        paused=count(TransferState.PAUSED),
        waiting=count(TransferState.WAITING),
        failed=count(TransferState.FAILED),
        done=count(TransferState.DONE, TransferState.SKIPPED),
        bytes_left=rest(*TransferState),
        bytes_ahead=rest(*_MOVING, TransferState.QUEUED),
        up_rate=flow.up,
        down_rate=flow.down,
        lasting_rate=flow.lasting,
        chart=flow.chart,
    )
