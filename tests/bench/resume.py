"""What is moved again after ``kill -9`` at nine tenths of a large file, counted by a proxy on the way."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.contestants import UP, Peer, Task
from tests.bench.engine import EngineUnderTest, TransfersFailed
from tests.bench.measure import CommandFailed
from tests.bench.stage import ONE, Stage

_KILLED_AT = 0.9


@dataclass(frozen=True)
class Resumed:
    """``again``: bytes that travelled in both runs beyond the file's size; None: it did not end well."""

    direction: str
    who: str
    size: int
    again: int | None


def resume(stage: Stage, who: Peer | EngineUnderTest, direction: str, folder: Path) -> Resumed:
    """Start, kill, start again, and count."""
    stage.control("empty")
    task = Task(stage, stage.counted, ONE, direction, folder)
    size = stage.bytes_of(ONE)
    name = f"{who.name} {who.check}".strip()
    before = _passed(stage, direction)
    try:
        running = who.start(task)
        while running.process.poll() is None and _passed(stage, direction) - before < size * _KILLED_AT:
            time.sleep(0.002)
        running.kill()
        if isinstance(who, EngineUnderTest):
            who.finish(task, who.start(task))
        else:
            who.start(task).cost()
        again = _passed(stage, direction) - before - size
    except (CommandFailed, TransfersFailed) as failure:
        print(f"resume {direction}: {name}: {failure}", flush=True)
        return Resumed(direction, name, size, None)
    finally:
        shutil.rmtree(folder)
    return Resumed(direction, name, size, again)


def _passed(stage: Stage, direction: str) -> int:
    if direction == UP:
        return stage.counted_cloud.passed()[0]
    return stage.counted_files.passed()[1]
