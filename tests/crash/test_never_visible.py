"""What is no whole, valid FASTQ never shows in the upload area, not for a moment, kills or none (issue 4)."""

import hashlib
import threading
from pathlib import Path

import pytest

from gencove_tui.engine.scan import SMALLEST_MULTIPART
from gencove_tui.fastq.generate import compress, write_large
from gencove_tui.model import TransferState, Wish
from tests.crash.world import MIB, NEVER, Sampler
from tests.waiting import until_blocking

pytestmark = pytest.mark.crash

RECORD = b"@r1\nACGT\n+\nFFFF\n"
LARGE = SMALLEST_MULTIPART + 2 * MIB


def truncated(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)


def with_garbage_behind(path):
    with path.open("ab") as file:
        file.write(b"this is not gzip")


def with_a_broken_record(path):
    with path.open("ab") as file:
        file.write(compress(b"@r2\nACGTACGT\n+\nFFF\n") + compress(RECORD))


def cut_in_a_record(path):
    with path.open("ab") as file:
        file.write(compress(b"@r2\nACGT\n+\n"))


def allocated_but_not_written(path):
    """As a copier leaves it that reserves the room first."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size // 2)
        file.truncate(size)


BREAKS = [truncated, with_garbage_behind, with_a_broken_record, cut_in_a_record, allocated_but_not_written]


def broken_files(world):
    """One small and one large file of every kind, queued."""
    for spoil in BREAKS:
        for size in ("small", "large"):
            path = world.files / f"{spoil.__name__}-{size}_R1.fastq.gz"
            if size == "large":
                write_large(path, LARGE)
            else:
                path.write_bytes(compress(RECORD * 2000))
            spoil(path)
            world.upload_of(path, NEVER)


def assert_nothing_came(world):
    for item in world.items:
        failed = world.ledger.transfers.get(item.transfer)
        assert failed.state is TransferState.FAILED, f"{item.path.name}: {failed.state} {failed.problem}"
        assert failed.problem
        assert failed.remedy
        counters = world.sandbox.requests.key(world.key(item))
        assert counters.completes == counters.puts == 0, item.path.name


def test_broken_files_fail_with_a_reason_and_are_never_seen(world):
    broken_files(world)
    with Sampler(world) as sampler:
        world.finish()
    assert sampler.looks
    assert_nothing_came(world)


@pytest.mark.parametrize(
    "window", [pytest.param("multipart begun, not noted", marks=pytest.mark.long), "multipart noted"]
)
def test_broken_files_are_not_seen_either_when_the_engine_dies_on_the_way(world, window):
    broken_files(world)
    with Sampler(world):
        world.dies_at(window)
        world.finish()
    assert_nothing_came(world)


class Growing:
    """A FASTQ that a sequencer still writes to: valid whenever it is looked at, and never finished."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._write)

    def _write(self) -> None:
        member = compress(RECORD)
        with self._path.open("ab", buffering=0) as file:
            while not self._ended.wait(0.002):
                file.write(member)

    def __enter__(self):
        self._writer.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._writer.join()


@pytest.mark.parametrize(
    "kill", [pytest.param(False, marks=pytest.mark.long), True], ids=["undisturbed", "killed"]
)
def test_a_file_that_grows_is_never_seen_before_it_stands_still(world, kill):
    path = world.files / "growing_R1.fastq.gz"
    write_large(path, 2 * LARGE)
    item = world.upload_of(path, NEVER)
    with Sampler(world):
        with Growing(path):
            if kill:
                world.dies_at("part noted")
            engine = world.start()
            until_blocking(
                lambda: world.state(item) is TransferState.WAITING, "the word that it can't be uploaded yet"
            )
            waiting = world.ledger.transfers.get(item.transfer)
            assert "changed" in waiting.problem
            world.kill(engine)
        item.size, item.sha256 = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        world.ledger.transfers.wish([item.transfer], Wish.RUN)
        world.finish()
    world.check()
