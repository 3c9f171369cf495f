"""What watching costs: a look through 50,000 files, an hour of rest, the wait for a new file (``-s``)."""

import os
import sys
import time

import pytest

from gencove_tui.config import put_rule
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import GncvPath, RuleTerms
from gencove_tui.store.ledger import Ledger
from tests.bench.measure import Running
from tests.waiting import until_blocking

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]
FILES = 50_000
PLACE = GncvPath("gncv://bench/")
REST_SECONDS = 60.0
SETTLE_SECONDS = 60.0
LOOKS = """
import sys, time
from datetime import UTC, datetime
from gencove_tui.engine.watch.look import look_through
from gencove_tui.engine.watch.sorting import Sorter
from gencove_tui.model import GncvPath, WatchedFile, WatchRule
folder, looks = sys.argv[1], int(sys.argv[2])
rule = WatchRule(id=1, folder=folder, destination=GncvPath("gncv://bench/"))
known = {
    file.path: WatchedFile(rule_id=1, path=file.path, size=file.size, mtime_ns=file.mtime_ns,
        inode=file.inode, ctime_ns=file.ctime_ns, state="queued", first_seen=datetime.now(UTC))
    for file in look_through(folder).files
}
sorter = Sorter(rule)
for _ in range(looks):
    news, _ = sorter.sort(look_through(folder), known, 60.0, time.monotonic(), datetime.now(UTC))
    assert not news
"""


@pytest.fixture
def dialect():
    return "v2"


@pytest.fixture
def engine(environment, tmp_path):
    command = [sys.executable, "-m", "gencove_tui", "engine"]
    running = Running(command, environment, tmp_path)
    yield running
    if running.process.poll() is None:
        running.stop()


def many(folder, count):
    for number in range(count // 2):
        below = folder / f"batch{number % 100}"
        below.mkdir(parents=True, exist_ok=True)
        for read in (1, 2):
            (below / f"N{number}_S1_L001_R{read}_001.fastq.gz").write_bytes(b"x")


def test_a_look_through_50_000_files(tmp_path):
    folder = tmp_path / "many"
    many(folder, FILES)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    few, more = (
        Running([sys.executable, "-c", LOOKS, str(folder), str(looks)], environment, tmp_path).cost()
        for looks in (2, 22)
    )
    print(f"\none look through {FILES} known files: {(more.cpu - few.cpu) / 20 * 1000:.0f} ms CPU")
    print(f"peak memory after 2 looks {few.memory:.1f} MiB, after 22 looks {more.memory:.1f} MiB")


@pytest.mark.parametrize("files", [0, 1000])
def test_an_hour_of_rest(settings, environment, tmp_path, files):
    folder = tmp_path / "quiet"
    many(folder, files)
    folder.mkdir(exist_ok=True)
    with Ledger(settings.state_folder) as ledger:
        rule = ledger.rules.put(str(folder), PLACE, settle=SETTLE_SECONDS, files=("!*",))
        costs = []
        for seconds in (1.0, 1.0 + REST_SECONDS):
            ledger.rules.put(str(folder), PLACE, settle=SETTLE_SECONDS, files=("!*",))
            running = Running([sys.executable, "-m", "gencove_tui", "engine"], environment, tmp_path)
            until_blocking(lambda: ledger.rules.scanned(rule), "the first look")
            time.sleep(seconds)  # it is the time itself that is measured
            costs.append(running.stop())
    spent = costs[1].cpu - costs[0].cpu
    print(
        f"\na quiet rule of {files} files: {spent / REST_SECONDS * 3600:.1f} CPU s per hour, "
        f"{costs[1].memory:.0f} MiB for the engine"
    )


def test_how_soon_a_file_is_taken(settings, engine, tmp_path):
    folder = tmp_path / "watched"
    run = folder / "220102_A00001_0001_AHGV7DRXX"
    run.mkdir(parents=True)
    terms = RuleTerms(folder=str(folder), destination=PLACE, settle=SETTLE_SECONDS)
    put_rule(settings.where.config_file, settings.profile, "bench", terms)
    with Ledger(settings.state_folder) as ledger:
        rule = until_blocking(lambda: ledger.rules.named("bench"), "the rule").id
        until_blocking(lambda: ledger.rules.scanned(rule), "the first look")

        def taken(path):
            file = ledger.rules.files(rule).get(str(path))
            return file is not None and file.state == "queued"

        plain = write_pair(folder, "PLAIN", 1, 100, seed=1)[1]
        began = time.monotonic()
        in_run = write_pair(run, "RUN", 2, 100, seed=2)[1]
        until_blocking(lambda: taken(plain), "the plain file", 300)
        without = time.monotonic() - began
        marker = time.monotonic()
        (run / "CopyComplete.txt").touch()
        until_blocking(lambda: taken(in_run), "the file of the run", 300)
        after_marker = time.monotonic() - marker
        both = time.monotonic()
        late = write_pair(run, "LATE", 3, 100, seed=3)[1]
        (run / "Logs").mkdir()
        (run / "Logs" / "FastqComplete.txt").touch()
        until_blocking(lambda: taken(late), "the late file", 300)
        print(f"\nfrom the last byte, no marker, {SETTLE_SECONDS:.0f} s to stand still: {without:.1f} s")
        print(f"from the marker, files written a while before: {after_marker:.1f} s")
        print(
            f"from last byte and FASTQ marker together (30 s to stand still): {time.monotonic() - both:.1f} s"
        )
