"""The table, and how it compares with the aims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.contestants import DOWN, UP
from tests.bench.measure import Cost
from tests.bench.stage import MANY, ONE

if TYPE_CHECKING:
    from tests.bench.backlog import Backlog
    from tests.bench.resume import Resumed

MEMORY_AIM = 150
"""MiB that the engine may take in every case."""


@dataclass(frozen=True)
class Case:
    direction: str
    group: str
    far: bool
    rtt_ms: float

    @property
    def title(self) -> str:
        what = "one large file" if self.group == ONE else "many small files"
        return f"{self.direction}, {what}" + (f", {self.rtt_ms:.0f} ms away" if self.far else "")


@dataclass(frozen=True)
class Line:
    """One row. ``cpu``: seconds per GiB, without ``start`` (seconds); ``rate``: MiB/s; ``memory``: MiB."""

    case: Case
    who: str
    check: str
    cpu: float
    start: float
    wall: float
    rate: float
    memory: float


def tick(case: Case, name: str, cost: Cost) -> None:
    """One turn, as it ends."""
    print(
        f"  {case.title}: {name}: {cost.wall:.2f} s, CPU {cost.cpu:.2f} s, {cost.memory:.0f} MiB", flush=True
    )


def table(lines: list[Line]) -> None:
    """Medians by case."""
    title = ""
    for line in lines:
        if line.case.title != title:
            title = line.case.title
            print(f"\n{title}")
            print(f"  {'':14}{'check':8}{'CPU s/GiB':>10}{'start s':>9}{'wall s':>9}{'MiB/s':>8}{'MiB':>7}")
        print(
            f"  {line.who:14}{line.check:8}{line.cpu:10.2f}{line.start:9.2f}{line.wall:9.2f}"
            f"{line.rate:8.0f}{line.memory:7.0f}"
        )


def resumed(rows: list[Resumed]) -> None:
    """Bytes moved again after the kill."""
    if rows:
        print("\nkill -9 at 90 % of one large file, then the same again: moved again")
    for row in rows:
        said = "failed" if row.again is None else f"{max(0, row.again) / 2**20:8.1f} MiB"
        said += "" if row.again is None else f"  ({max(0, row.again) / row.size:.1%})"
        print(f"  {row.direction:6}{row.who:24}{said}")


def backlog(rows: list[Backlog]) -> None:
    """The engine with long queues."""
    if rows:
        print("\nengine with a long queue")
        print(
            f"  {'transfers':>10}{'start s':>9}{'CPU s':>8}{'MiB':>7}{'step ms':>9}{'idle CPU %':>12}"
            f"{'ms/transfer':>13}{'ledger KiB each':>17}"
        )
    for row in rows:
        print(
            f"  {row.transfers:10}{row.start:9.2f}{row.cpu:8.2f}{row.memory:7.0f}{row.step_ms:9.3f}"
            f"{row.idle_percent:12.2f}{row.each_ms:13.2f}{row.ledger_kib:17.2f}"
        )


def aims(lines: list[Line]) -> None:
    """Each aim with what was reached."""

    def of(direction: str, group: str, who: str, check: str = "", far: bool = False) -> Line | None:
        for line in lines:
            case = (line.case.direction, line.case.group, line.case.far)
            if case == (direction, group, far) and line.who == who and (not check or line.check == check):
                return line
        return None

    wanted = [
        ("download, CPU / curl's", of(DOWN, ONE, "engine", "no sum"), of(DOWN, ONE, "curl"), 1.1),
        ("download with sha256, CPU / curl's", of(DOWN, ONE, "engine", "sha256"), of(DOWN, ONE, "curl"), 1.6),
        ("upload, CPU / s5cmd's", of(UP, ONE, "engine", "none"), of(UP, ONE, "s5cmd"), 0.6),
        ("upload, CPU / official CLI's", of(UP, ONE, "engine", "none"), of(UP, ONE, "official CLI"), 0.8),
        ("many up, CPU / s5cmd's", of(UP, MANY, "engine", "none"), of(UP, MANY, "s5cmd"), 0.6),
        ("many up, CPU / official CLI's", of(UP, MANY, "engine", "none"), of(UP, MANY, "official CLI"), 0.8),
    ]  # fmt: skip
    print("\naims")
    for title, ours, theirs, bound in wanted:
        if ours is not None and theirs is not None and theirs.cpu:
            _aim(title, ours.cpu / theirs.cpu, bound, at_most=True)
    for direction, check in ((UP, "none"), (UP, "full"), (DOWN, "sha256")):
        ours = of(direction, MANY, "engine", check, far=True)
        theirs = of(direction, MANY, "official CLI", far=True)
        if ours is not None and theirs is not None:
            title = f"many far {direction}, {check}: throughput / official CLI's"
            _aim(title, ours.rate / theirs.rate, 8.0, at_most=False)
    memories = [line.memory for line in lines if line.who == "engine"]
    if memories:
        _aim("engine memory, MiB, worst case", max(memories), MEMORY_AIM, at_most=True)


def _aim(title: str, reached: float, bound: float, *, at_most: bool) -> None:
    met = reached <= bound if at_most else reached >= bound
    sign = "<=" if at_most else ">="
    print(f"  {title:48}{reached:8.2f}  {sign} {bound:<6g}{'met' if met else 'missed'}")
