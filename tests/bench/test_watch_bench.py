"""What watching costs: a look through 50,000 files, an hour of rest, the wait for a new file (``-s``)."""

import os
import sys
import time

import pytest

from gencove_tui.config import put_rule
from gencove_tui.engine.locks import engine_lives
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import GncvPath, RuleTerms
from gencove_tui.store.ledger import Ledger
from tests.bench.measure import Running
from tests.waiting import until_blocking

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]
FILES = 50_000
PLACE = GncvPath("gncv://bench/")
REST_SECONDS = float(os.environ.get("GENCOVE_TUI_REST_SECONDS", "60"))
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


@pytest.fixture(scope="module")
def table():
    """Lines of the table that is printed at the end: what was measured, and the figures."""
    rows = []
    yield rows
    width = max(len(what) for what, _ in rows)
    print("\n\n" + "\n".join(f"{what:<{width}}  {figures}" for what, figures in rows))


def test_a_look_through_50_000_files(tmp_path, table):
    folder = tmp_path / "many"
    many(folder, FILES)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    few, more = (
        Running([sys.executable, "-c", LOOKS, str(folder), str(looks)], environment, tmp_path).cost()
        for looks in (2, 22)
    )
    cpu, wall = (more.cpu - few.cpu) / 20, (more.wall - few.wall) / 20
    memory = f"peak {few.memory:.0f} MiB after 2 looks, {more.memory:.0f} after 22"
    table.append((f"rescan of {FILES:,} known files", f"{cpu:.2f} s CPU, {wall:.2f} s wall; {memory}"))


@pytest.mark.parametrize(
    ("what", "files", "disk"),
    [
        ("no rule", 0, ""),
        ("a quiet rule, empty folder, inotify", 0, "local"),
        ("a quiet rule, 10,000 files, inotify", 10_000, "local"),
        ("a quiet rule, 10,000 files, polling", 10_000, "network"),
    ],
)
def test_an_hour_of_rest(settings, environment, tmp_path, table, what, files, disk):
    folder = tmp_path / "quiet"
    many(folder, files)
    folder.mkdir(exist_ok=True)
    terms = RuleTerms(
        folder=str(folder),
        destination=PLACE,
        settle=SETTLE_SECONDS,
        file_system=disk or "auto",
        files=("!*",),
    )
    with Ledger(settings.state_folder) as ledger:
        costs = []
        for seconds in (5.0, 5.0 + REST_SECONDS):
            running = Running([sys.executable, "-m", "gencove_tui", "engine"], environment, tmp_path)
            if disk:
                rule = ledger.rules.put_terms(terms)
                until_blocking(lambda rule=rule: ledger.rules.scanned(rule), "the first look")
            else:
                until_blocking(lambda: engine_lives(settings.state_folder), "the engine")
            time.sleep(seconds)  # it is the time itself that is measured
            costs.append(running.stop())
    spent = (costs[1].cpu - costs[0].cpu) / REST_SECONDS * 3600
    table.append((f"an hour of rest, {what}", f"{spent:.1f} s CPU, {costs[1].memory:.0f} MiB for the engine"))


def test_how_soon_a_file_is_taken(settings, engine, tmp_path, table):
    folder = tmp_path / "watched"
    run = folder / "220102_A00001_0001_AHGV7DRXX"
    run.mkdir(parents=True)
    terms = RuleTerms(folder=str(folder), destination=PLACE, settle=SETTLE_SECONDS)
    put_rule(settings.where.config_file, settings.profile, "bench", terms)
    with Ledger(settings.state_folder) as ledger:
        rule = until_blocking(lambda: ledger.rules.named("bench"), "the rule").id
        until_blocking(lambda: ledger.rules.scanned(rule), "the first look")

        def started(path):
            file = ledger.rules.files(rule).get(str(path))
            transfer = ledger.transfers.get(file.transfer_id) if file and file.transfer_id else None
            return transfer is not None and transfer.started is not None

        def measure(what, path, began):
            until_blocking(lambda: started(path), what, 300)
            table.append((f"to the start of the upload, {what}", f"{time.monotonic() - began:.1f} s"))

        plain = write_pair(folder, "PLAIN", 1, 100, seed=1)[1]
        began = time.monotonic()
        in_run = write_pair(run, "RUN", 2, 100, seed=2)[1]
        measure(f"from the last byte, no marker, {SETTLE_SECONDS:.0f} s to stand still", plain, began)
        began = time.monotonic()
        (run / "CopyComplete.txt").touch()
        measure("from CopyComplete.txt, files stand still already", in_run, began)
        late = write_pair(run, "LATE", 3, 100, seed=3)[1]
        began = time.monotonic()
        (run / "Logs").mkdir()
        (run / "Logs" / "FastqComplete.txt").touch()
        measure("from last byte and FastqComplete.txt, 30 s to stand still", late, began)
