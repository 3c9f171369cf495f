"""The kill loop: a mixed load, an engine that is killed again and again, and what must hold all the while.

``python -m tests.crash.loop --kills 200 --seed 1 --store sandbox --dialect v2`` prints one table. The same
seed gives the same files and the same choice of moments, though not the same instants.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gencove_tui.engine.progress import WRITE_BYTES
from gencove_tui.engine.scan import SMALLEST_MULTIPART
from gencove_tui.model import Direction, TransferState
from gencove_tui.sandbox import Sandbox
from tests.crash.stores import S3rverStore, SandboxStore, Unavailable
from tests.crash.world import MIB, Item, Sampler, World

STORES = {"sandbox": lambda sandbox, _folder: SandboxStore(sandbox), "s3rver": S3rverStore}
_LARGE = 16 * MIB
_AIM_SECONDS = 5.0
"""How long an aimed kill waits for its moment before it strikes anyway."""


@dataclass
class Plan:
    """How much, how large and how long; the same plan and seed make the same load."""

    kills: int = 200
    seed: int = 1
    largest: int = 300 * MIB
    volume: int = 3 << 30
    """Bytes in each direction at the most, small files aside."""
    open_at_once: int = 5
    """Unfinished transfers in each direction that the load is topped up to."""
    large_at_once: int = 2
    """Of those, how many may have many parts or ranges: they take several lives each."""
    longest_life: float = 4.0
    """Seconds after which an engine is killed at the latest, where no moment is aimed at."""


@dataclass
class Outcome:
    """What came of a loop, in numbers."""

    kills: int = 0
    aims: Counter[str] = field(default_factory=Counter)
    files: dict[Direction, int] = field(default_factory=dict)
    moved: dict[Direction, int] = field(default_factory=dict)
    again: dict[Direction, int] = field(default_factory=dict)
    most_again: dict[Direction, int] = field(default_factory=lambda: dict.fromkeys(Direction, 0))
    """Bytes that went twice because of one kill, the most."""
    bound: dict[Direction, int] = field(default_factory=dict)
    looks: int = 0
    seconds: float = 0.0

    def table(self) -> str:
        rows = [f"{'':28}{'up':>12}{'down':>12}"]

        def row(name: str, values: dict[Direction, int], unit: int = 1) -> None:
            up, down = (f"{values[d] / unit:,.1f}" if unit > 1 else values[d] for d in Direction)
            rows.append(f"{name:28}{up:>12}{down:>12}")

        row("files", self.files)
        row("MiB in them", self.moved, MIB)
        row("MiB again, all kills", self.again, MIB)
        row("MiB again, worst kill", self.most_again, MIB)
        row("MiB allowed per kill", self.bound, MIB)
        aims = ", ".join(f"{name} {count}" for name, count in sorted(self.aims.items()))
        rows.append(f"{self.kills} kills in {self.seconds:.0f} s ({aims}); {self.looks} looks in between")
        return "\n".join(rows)


class KillLoop:
    """One run. Raises ``AssertionError`` as soon as a promise is broken."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._requests = world.sandbox.requests
        self._left = dict.fromkeys(Direction, plan.volume)
        self._noted_parts: dict[tuple[int, int], int] = {}
        """(transfer, part) that the ledger had as finished at some kill: how often it had arrived by then."""
        self._again = dict.fromkeys(Direction, 0)
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Kill as often as planned, let the rest finish, and look at everything."""
        began = time.monotonic()
        outcome, world, plan = self._outcome, self._world, self._plan
        options = world.settings.options
        outcome.bound = {
            Direction.UPLOAD: options.parts_at_once * SMALLEST_MULTIPART,
            # Of a range what the ledger may lag behind, of a small file all of it.
            Direction.DOWNLOAD: options.parts_at_once * (WRITE_BYTES + MIB + 2 * SMALLEST_MULTIPART),
        }
        with Sampler(world) as sampler:
            for _ in range(plan.kills):
                self._top_up()
                self._one_life()
            world.store.pace()
            world.sandbox.faults.clear()
            world.finish(patience=300)
            self._count_again()
        world.check()
        outcome.looks = sampler.looks
        for direction in Direction:
            items = world.of(direction)
            outcome.files[direction] = len(items)
            outcome.moved[direction] = sum(item.size for item in items)
        outcome.again = dict(self._again)
        outcome.seconds = time.monotonic() - began
        for direction in Direction:
            assert outcome.again[direction] <= outcome.bound[direction] * (outcome.kills + 1)
        return outcome

    # --- load --------------------------------------------------------------------------------------

    def _top_up(self) -> None:
        world = self._world
        unfinished = [item for item in world.items if not world.state(item).is_final]
        for direction in Direction:
            sizes = [item.size for item in unfinished if item.direction is direction]
            wanted = self._plan.open_at_once - len(sizes)
            if wanted <= 0:
                continue
            large = sum(size >= _LARGE for size in sizes)
            sizes = []
            for _ in range(wanted):
                size = self._size(direction, large_too=large < self._plan.large_at_once)
                large += size >= _LARGE
                sizes.append(size)
            if direction is Direction.DOWNLOAD:
                world.download(*sizes, seed=self._chance.randrange(1 << 30))
            else:
                for size in sizes:
                    world.upload(size, seed=self._chance.randrange(1 << 30))

    def _size(self, direction: Direction, *, large_too: bool) -> int:
        """A byte now and then, and everything between that and the largest, by orders of magnitude."""
        if self._chance.random() < 0.1:
            return 1
        low, high = self._chance.choice(
            ((1, 10_000), (10_000, MIB), (MIB, 16 * MIB), (16 * MIB, 70 * MIB), (70 * MIB, 300 * MIB))
        )
        size = int(low * (high / low) ** self._chance.random())
        if size > min(self._plan.largest, self._left[direction]) or (size >= _LARGE and not large_too):
            size = int(10_000 ** self._chance.random())
        self._left[direction] -= size
        return size

    # --- one engine's life ---------------------------------------------------------------------------

    def _one_life(self) -> None:
        world, chance = self._world, self._chance
        world.store.pace(rate=chance.choice((0, 8, 30)) * MIB, latency=chance.choice((0, 0, 0.05)))
        world.sandbox.faults.clear("rate")
        if rate := chance.choice((0, 8, 30)):
            world.sandbox.faults.set(f"rate={rate}M")
        asked = len(list(self._requests))
        have = self._ranges_noted()
        engine = world.start()
        aim = chance.choice(sorted(_AIMS))
        _AIMS[aim](self)
        world.kill(engine)
        self._outcome.kills += 1
        self._outcome.aims[aim] += 1
        self._check_ranges(asked, have)
        self._check_parts()
        before = dict(self._again)
        self._count_again()
        for direction, bytes_again in self._again.items():
            worst = max(self._outcome.most_again[direction], bytes_again - before[direction])
            self._outcome.most_again[direction] = worst
            assert worst <= self._outcome.bound[direction], f"{worst} bytes of {direction} went again"

    def wait(self, look: Callable[[], object]) -> None:
        """Until ``look`` is true, checked as often as can be."""
        deadline = time.monotonic() + _AIM_SECONDS
        while not look() and time.monotonic() < deadline:
            time.sleep(0.001)

    def rest(self, seconds: float) -> None:
        """An engine lives that long."""
        time.sleep(self._chance.uniform(0, seconds))

    @property
    def longest_life(self) -> float:
        return self._plan.longest_life

    def arrived(self, what: str) -> int:
        """How many parts, objects and so on have arrived so far."""
        if what == "parts":
            return self._requests.parts_sent()
        return sum(getattr(self._requests.key(key), what) for key in self._upload_keys())

    def fetched(self) -> int:
        """How many bytes of deliverables were handed out so far."""
        return sum(self._requests.key(i.remote).bytes_sent for i in self._world.of(Direction.DOWNLOAD))

    def in_state(self, state: TransferState) -> set[int]:
        """Which transfers are in a state."""
        return {i.transfer for i in self._world.items if self._world.state(i) is state}

    def completing(self) -> set[int]:
        """Which uploads have said that they are about to become visible."""
        journal = self._world.ledger.transfers.journal
        return {i.transfer for i in self._world.of(Direction.UPLOAD) if journal(i.transfer).completing}

    def named(self) -> int:
        """How many downloads have their names."""
        return sum(item.path.exists() for item in self._world.of(Direction.DOWNLOAD))

    def _upload_keys(self) -> list[str]:
        return [key for item in self._world.of(Direction.UPLOAD) if (key := self._world.key(item))]

    # --- promises ------------------------------------------------------------------------------------

    def _ranges_noted(self) -> dict[str, list[tuple[int, int]]]:
        """Per deliverable the stretches, first byte and end, that the ledger has as fetched."""
        noted = {}
        for item in self._world.of(Direction.DOWNLOAD):
            parts = self._world.ledger.transfers.parts(item.transfer)
            noted[item.remote] = [(p.offset, p.offset + p.bytes_done) for p in parts if p.bytes_done]
        return noted

    def _check_ranges(self, asked: int, have: dict[str, list[tuple[int, int]]]) -> None:
        """What was noted when the engine started was not asked for again."""
        for request in list(self._requests)[asked:]:
            first, _, last = request.range.removeprefix("bytes=").partition("-")
            if not last or first == last == "0":  # no download, or a look at the size
                continue
            for start, end in have.get(request.path.split("/", 2)[2], ()):
                assert not start <= int(first) < end, f"{request.range} was noted as fetched to {end}"

    def _check_parts(self) -> None:
        """No part that the ledger had as finished at an earlier kill has arrived since."""
        for item in self._world.of(Direction.UPLOAD):
            counters = self._requests.key(self._world.key(item))
            for part in self._world.ledger.transfers.parts(item.transfer):
                if part.etag:
                    place = (item.transfer, part.number)
                    times = self._noted_parts.setdefault(place, counters.parts[part.number])
                    assert times == counters.parts[part.number], f"part {place} was sent again"

    def _count_again(self) -> None:
        self._again = {
            Direction.UPLOAD: sum(map(self._sent_again, self._world.of(Direction.UPLOAD))),
            Direction.DOWNLOAD: sum(map(self._fetched_again, self._world.of(Direction.DOWNLOAD))),
        }

    def _sent_again(self, item: Item) -> int:
        counters = self._requests.key(self._world.key(item))
        parts = sum(times - 1 for times in counters.parts.values() if times > 1)
        return parts * SMALLEST_MULTIPART + max(0, counters.puts - 1) * item.size

    def _fetched_again(self, item: Item) -> int:
        return max(0, self._requests.key(item.remote).bytes_sent - item.size)


def _grows(count: Callable[[KillLoop], int]) -> Callable[[KillLoop], None]:
    def aim(loop: KillLoop) -> None:
        before = count(loop)
        loop.wait(lambda: count(loop) > before)

    return aim


def _newly(members: Callable[[KillLoop], set[int]]) -> Callable[[KillLoop], None]:
    def aim(loop: KillLoop) -> None:
        before = members(loop)
        loop.wait(lambda: members(loop) - before)

    return aim


def _after_a_first_byte(loop: KillLoop) -> None:
    _grows(KillLoop.fetched)(loop)
    loop.rest(1.0)


_AIMS: dict[str, Callable[[KillLoop], None]] = {
    "any time": lambda loop: loop.rest(loop.longest_life),
    "any time, again": lambda loop: loop.rest(loop.longest_life),
    "while starting": lambda loop: loop.rest(0.8),
    "multipart begun": _grows(lambda loop: loop.arrived("creates")),
    "part stored": _grows(lambda loop: loop.arrived("parts")),
    "object put": _grows(lambda loop: loop.arrived("puts")),
    "parts completed": _grows(lambda loop: loop.arrived("completes")),
    "about to complete": _newly(KillLoop.completing),
    "verifying": _newly(lambda loop: loop.in_state(TransferState.VERIFYING)),
    "done": _newly(lambda loop: loop.in_state(TransferState.DONE)),
    "bytes fetched": _after_a_first_byte,
    "download named": _grows(KillLoop.named),
}
"""The moments of kills: at random, and at once after something was seen to happen."""


def run(plan: Plan, store: str, dialect: str, folder: Path) -> Outcome:
    """One loop on a store of its own. Raises ``Unavailable`` where the store can't be had."""
    with Sandbox(scenario="empty", speed=10, seed=plan.seed) as sandbox:
        made = STORES[store](sandbox, folder / "store")
        try:
            with World(sandbox, dialect, folder, made) as world:
                return KillLoop(world, plan).run()
        finally:
            made.close()


def main() -> int:
    """The long form."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.loop", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--store", choices=[*STORES, "both"], default="both")
    parser.add_argument("--dialect", choices=["v1", "v2", "both"], default="both")
    parser.add_argument("--largest", type=int, default=300, metavar="MIB")
    parser.add_argument("--folder", type=Path, help="keep everything here, to look at afterwards")
    given = parser.parse_args()
    plan = Plan(kills=given.kills, seed=given.seed, largest=given.largest * MIB)
    failed = 0
    for store in STORES if given.store == "both" else [given.store]:
        for dialect in ("v1", "v2") if given.dialect == "both" else [given.dialect]:
            name = f"--store {store} --dialect {dialect} --kills {plan.kills} --seed {plan.seed}"
            print(f"\n{name}", flush=True)
            with tempfile.TemporaryDirectory(prefix="gencove-kill-") as temporary:
                folder = (given.folder or Path(temporary)) / f"{store}-{dialect}"
                try:
                    print(run(plan, store, dialect, folder).table(), flush=True)
                except Unavailable as reason:
                    print(f"left out: {reason}", flush=True)
                except AssertionError as broken:
                    failed += 1
                    traceback.print_exception(broken)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
