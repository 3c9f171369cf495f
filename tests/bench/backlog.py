"""What a long queue costs the engine: to start, to hold, to step, to move transfers through."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from gencove_tui.config import HOME_VARIABLE
from gencove_tui.model import Direction, TransferState, Wish
from gencove_tui.store.ledger import Ledger
from tests.bench.contestants import UP, Task
from tests.bench.engine import COMMAND, settings_of
from tests.bench.measure import Cost, Running
from tests.bench.stage import TINY, Stage

_MOVED = 200
"""Transfers let through the engine in each row."""
_IDLE_SECONDS = (2.0, 8.0)
_STEPS = 50
_PATIENCE = 120.0


@dataclass(frozen=True)
class Backlog:
    """One row: ``start`` is the wall time until the first of the queue was moved, ``cpu`` of the whole run.

    ``step_ms`` is what a scheduler step asks of the ledger; ``idle_percent`` the CPU of an engine whose whole
    queue is paused; ``each_ms`` the CPU of one small transfer; ``ledger_kib`` the file's growth by each.
    """

    transfers: int
    start: float
    cpu: float
    memory: float
    step_ms: float
    idle_percent: float
    each_ms: float
    ledger_kib: float


def queue_lengths(largest: int) -> list[int]:
    """500 and 5,000 before the largest, to see growth."""
    return [*(count for count in (500, 5000) if count < largest), largest]


def long_queue(stage: Stage, count: int, folder: Path) -> Backlog:
    """A queue of ``count`` transfers, in an empty folder."""
    stage.control("empty")
    task = Task(stage, stage.near, TINY, UP, folder)
    try:
        ledger_kib = _fill(task, count)
        step_ms = _step_ms(task)
        start, moved = _move(task)
        with Ledger(settings_of(task).state_folder) as ledger:
            ledger.transfers.wish(range(1, count + 1), Wish.PAUSE)
        short, long = (_idle(task, seconds) for seconds in _IDLE_SECONDS)
    finally:
        shutil.rmtree(task.folder)
    return Backlog(
        transfers=count,
        start=start,
        cpu=moved.cpu,
        memory=max(moved.memory, long.memory),
        step_ms=step_ms,
        idle_percent=100 * max(0.0, long.cpu - short.cpu) / (_IDLE_SECONDS[1] - _IDLE_SECONDS[0]),
        each_ms=1000 * max(0.0, moved.cpu - short.cpu) / _MOVED,
        ledger_kib=ledger_kib,
    )


def _fill(task: Task, count: int) -> float:
    """Queue uploads of copies of the tiny file; KiB of ledger that each takes.

    Only those that get their turn exist.
    """
    state = settings_of(task).state_folder
    tiny = task.stage.files(TINY)[0]
    size = tiny.stat().st_size
    many = task.folder / "many"
    many.mkdir()
    with Ledger(state) as ledger, ledger.write():
        for number in range(count):
            path = many / f"S{number:06}_R1.fastq.gz"
            if number < 2 * _MOVED:
                os.link(tiny, path)
            ledger.transfers.add_upload(str(path), f"gncv://many/{path.name}", size, check="none")
    return sum(path.stat().st_size for path in state.glob("ledger.db*")) / count / 1024


def _step_ms(task: Task) -> float:
    """Milliseconds of the queries of one scheduler step that finds nothing to change."""
    spent = []
    with Ledger(settings_of(task).state_folder) as ledger:
        transfers = ledger.transfers
        for _ in range(_STEPS):
            began = time.perf_counter()
            transfers.unwanted()
            transfers.wake_waiting(time.time())
            for direction in Direction:
                for small in (True, False):
                    transfers.runnable(direction, 40, (), small=small)
            transfers.next_retry()
            spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent)


def _engine(task: Task) -> Running:
    environment = task.stage.environment(task.folder, **{HOME_VARIABLE: str(task.folder / "home")})
    return Running(COMMAND, environment, task.folder)


def _move(task: Task) -> tuple[float, Cost]:
    """Let some through: seconds until the first was done, and the cost of all."""
    with Ledger(settings_of(task).state_folder) as ledger:
        running = _engine(task)
        began = time.perf_counter()
        first = 0.0
        while (done := ledger.transfers.sums().get(TransferState.DONE, (0, 0))[0]) < _MOVED:
            if done and not first:
                first = time.perf_counter() - began
            if time.perf_counter() - began > _PATIENCE or running.process.poll() is not None:
                break
            time.sleep(0.05)
    return first, running.stop()


def _idle(task: Task, seconds: float) -> Cost:
    with Ledger(settings_of(task).state_folder) as ledger:
        running = _engine(task)
        while ledger.engine.read().pid is None and running.process.poll() is None:
            time.sleep(0.05)
    time.sleep(seconds)
    return running.stop()
