"""Transfers beside their peers: one command, one table.

``python -m tests.bench.transfers`` (see ``--help``) runs the engine and every installed peer against the same
servers over TLS on loopback, by turns, several rounds, and prints medians. Nothing is asserted about time.

CPU is user + system of the client's process tree alone, per GiB; from it is taken what the same command costs
for one tiny file ("start": interpreter, imports, connections), which stands in a column of its own. Wall time
is of this machine, shared with the servers: only ratios mean anything. The far cases go through a proxy that
delays every byte. In a warming round (near cases) fetched files are compared byte by byte, sent objects by
size and, where their client sent one, by CRC32; in all other rounds by size.

Peers are found on the path, or as $GENCOVE_CLI, $AWSCLI and $S5CMD say. Ctrl-C prints what there is.
"""

from __future__ import annotations

import argparse
import filecmp
import itertools
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import report
from tests.bench.backlog import Backlog, long_queue, queue_lengths
from tests.bench.contestants import DOWN, UP, Peer, Task, peers
from tests.bench.engine import EngineUnderTest, TransfersFailed, engines
from tests.bench.measure import CommandFailed, Cost
from tests.bench.report import Case, Line
from tests.bench.resume import Resumed, resume
from tests.bench.stage import MANY, ONE, TINY, Place, Stage

Contestant = Peer | EngineUnderTest
GIB = 1 << 30
MIB = 1 << 20
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line."""

    rounds: int
    far_rounds: int
    only: str
    without: frozenset[str]


def tasks_folder(stage: Stage) -> Path:
    folder = stage.folder / f"task-{next(_NUMBERS)}"
    folder.mkdir()
    return folder


def once(stage: Stage, who: Contestant, place: Place, group: str, direction: str, *, compare: bool) -> Cost:
    """One turn of one contestant; with ``compare`` what came is checked. Raises ``CommandFailed``."""
    stage.control("check" if compare else "empty")
    task = Task(stage, place, group, direction, tasks_folder(stage))
    try:
        cost = who.perform(task)
        _compare(task, every_byte=compare)
    finally:
        shutil.rmtree(task.folder)
    return cost


def _compare(task: Task, *, every_byte: bool) -> None:
    sources = task.stage.files(task.group)
    if task.direction == UP:
        told = task.stage.control("look")
        wanted = sorted(path.stat().st_size for path in sources)
        if told["wrong"] or sorted(told["sizes"]) != wanted:
            raise CommandFailed(f"{len(told['sizes'])} of {len(wanted)} objects came, {told['wrong']} wrong")
        return
    fetched = {path.name: path for path in task.target.rglob("*.gz")}
    for source in sources:
        found = fetched.get(source.name)
        if found is None or not _same(source, found, every_byte):
            raise CommandFailed(f"{source.name} did not arrive whole")


def _same(source: Path, found: Path, every_byte: bool) -> bool:
    if every_byte:
        return filecmp.cmp(source, found, shallow=False)
    return source.stat().st_size == found.stat().st_size


def contestants(plan: Plan, direction: str) -> list[Contestant]:
    """Those that are installed and wanted; says who isn't there."""
    found: list[Contestant] = [e for e in engines() if direction in e.directions]
    for peer in peers():
        if direction not in peer.directions or peer.name in plan.without:
            continue
        if peer.program is None:
            print(f"skipped: {peer.name} is not installed", flush=True)
        else:
            found.append(peer)
    return found


def measure(stage: Stage, plan: Plan, case: Case, rivals: list[Contestant]) -> Iterator[Line]:
    """All contestants in one case, by turns."""
    place = stage.far if case.far else stage.near
    turns: dict[str, list[Cost]] = {}
    starts: dict[str, list[float]] = {}
    for number in range(plan.far_rounds if case.far else plan.rounds + 1):
        warming = number == 0 and not case.far
        for who in rivals:
            name = f"{who.name} {who.check}".strip()
            try:
                started = once(stage, who, place, TINY, case.direction, compare=False)
                starts.setdefault(name, []).append(started.cpu)
                cost = once(stage, who, place, case.group, case.direction, compare=warming)
            except (CommandFailed, TransfersFailed) as failure:
                print(f"{case.title}: {name}: {failure}", flush=True)
                continue
            if not warming:
                turns.setdefault(name, []).append(cost)
            report.tick(case, name, cost)
    gib = stage.bytes_of(case.group) / GIB
    for who in rivals:
        name = f"{who.name} {who.check}".strip()
        costs = turns.get(name)
        if not costs:
            continue
        start = statistics.median(starts[name])
        median = {k: statistics.median(getattr(c, k) for c in costs) for k in ("wall", "cpu", "memory")}
        yield Line(
            case=case,
            who=who.name,
            check=who.check,
            cpu=max(0.0, median["cpu"] - start) / gib,
            start=start,
            wall=median["wall"],
            rate=gib * 1024 / median["wall"],
            memory=median["memory"],
        )


def cases(rtt_ms: float) -> list[Case]:
    """The measured cases but for those of ``resume.py`` and ``backlog.py``."""
    return [
        Case(direction, group, far, rtt_ms)
        for far in (False, True)
        for group in (ONE, MANY)
        for direction in (DOWN, UP)
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.transfers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds without latency (default 3)")
    parser.add_argument("--far-rounds", type=int, default=1, help="measured rounds with latency (default 1)")
    parser.add_argument("--quick", action="store_true", help="a sixteenth of the bytes, one round")
    parser.add_argument("--rtt", type=float, default=40.0, help="added round trip in ms (default 40)")
    parser.add_argument(
        "--only", default="", help="cases whose title holds this, e.g. 'up', 'resume', 'queue'"
    )
    parser.add_argument("--without", action="append", default=[], help="a peer to leave out; may be repeated")
    parser.add_argument("--backlog", type=int, default=50_000, help="transfers in the long queue")
    parser.add_argument("--folder", type=Path, help="where to work, on the disk to measure (needs 5 GiB)")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    plan = Plan(
        rounds=1 if given.quick else given.rounds,
        far_rounds=1 if given.quick else given.far_rounds,
        only=given.only,
        without=frozenset(given.without),
    )
    shape = (64 * MIB, 20, 3 * MIB) if given.quick else (GIB, 200, 5 * MIB)
    lines: list[Line] = []
    resumed: list[Resumed] = []
    queues: list[Backlog] = []
    with (
        tempfile.TemporaryDirectory(dir=given.folder, prefix="gencove-bench-") as folder,
        Stage(Path(folder), *shape, given.rtt / 1000) as stage,
    ):
        print(f"results come from {stage.file_server}; {stage.bytes_of(ONE) / MIB:.0f} MiB in one file, "
              f"{stage.bytes_of(MANY) / MIB:.0f} MiB in {len(stage.files(MANY))}", flush=True)  # fmt: skip
        try:
            for case in cases(given.rtt):
                if plan.only in case.title:
                    lines += measure(stage, plan, case, contestants(plan, case.direction))
            if plan.only in "resume after kill -9":
                for direction in (DOWN, UP):
                    for who in contestants(plan, direction):
                        resumed.append(resume(stage, who, direction, tasks_folder(stage)))
            if plan.only in "queue of transfers":
                for count in queue_lengths(given.backlog):
                    queues.append(long_queue(stage, count, tasks_folder(stage)))
        except KeyboardInterrupt:
            print("interrupted; this is what was measured", flush=True)
    report.table(lines)
    report.resumed(resumed)
    report.backlog(queues)
    report.aims(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
