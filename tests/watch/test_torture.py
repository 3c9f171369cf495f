"""Files as instruments, copiers and people write them, under a real engine: exactly the right ones arrive."""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from gencove_tui.config import put_rule
from gencove_tui.fastq.generate import write_large, write_pair
from gencove_tui.model import GncvPath, TransferState
from tests.waiting import until_blocking
from tests.watch.conftest import PLACE, terms

SAMPLES = ("GROWS", "PREALLOC", "OLDTIME", "RENAMED", "RSYNC", "CUT", "LATE", "TWICE")
MANY = int(os.environ.get("GENCOVE_TUI_TORTURE_FILES", "4000"))
"""Files of the long form; 50,000 take ten to twenty minutes."""
pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]


@pytest.fixture
def engine(environment):
    """A real engine process at work."""
    process = subprocess.Popen([sys.executable, "-m", "gencove_tui", "engine"], env=environment)
    yield process
    process.terminate()
    process.wait(60)


@pytest.fixture
def source(tmp_path):
    """Where whole files lie before they are written into the watched folder."""
    made = tmp_path / "source"
    made.mkdir()
    return made


class World:
    """One watched folder and what has come of it."""

    def __init__(self, ledger, sandbox, folder, rule):
        self.ledger, self.sandbox, self.folder, self.rule = ledger, sandbox, folder, rule
        self.expected = {}

    def expect(self, name, content):
        self.expected[PLACE + name] = content

    def state(self, name):
        file = self.ledger.rules.files(self.rule).get(str(self.folder / name))
        if file is None or file.state != "queued":
            return file.state if file else ""
        return str(self.ledger.transfers.get(file.transfer_id).state)

    def until(self, name, state, patience=120):
        until_blocking(lambda: self.state(name) == state, f"{name} is {state}", patience)

    def arrived(self):
        with self.sandbox.state.lock:
            uploads = list(self.sandbox.account.uploads.uploads.values())
        paths = [upload.path for upload in uploads if upload.path.startswith(PLACE)]
        return {path: self.sandbox.upload_bytes(path) for path in paths if self.sandbox.upload_bytes(path)}


@pytest.fixture
def world(ledger, sandbox, folder, settings, engine):
    put_rule(settings.where.config_file, settings.profile, "torture", terms(folder, settle=0.6))
    rule = until_blocking(lambda: ledger.rules.named("torture"), "the rule")
    return World(ledger, sandbox, folder, rule.id)


def in_pieces(path, content, *, before_each=lambda: None):
    """Write as over a slow line: each pause is shorter than what counts as standing still."""
    piece = len(content) // 6 + 1
    with path.open("r+b" if path.exists() else "wb") as file:
        for start in range(0, len(content), piece):
            file.write(content[start : start + piece])
            file.flush()
            before_each()
            time.sleep(0.2)  # the writer's own pace


@pytest.mark.long
def test_the_right_files_arrive_whole_and_every_exception_is_told_once(world, source):
    folder, sandbox = world.folder, world.sandbox
    whole = {}
    for number, sample in enumerate(
        ("GROWS", "PREALLOC", "OLDTIME", "RENAMED", "RSYNC", "CUT", "LATE", "TWICE"), 1
    ):
        for path in write_pair(source, sample, number, 400, seed=number):
            whole[path.name] = path.read_bytes()

    def name(sample, read=1):
        return next(n for n in whole if n.startswith(sample + "_") and f"_R{read}_" in n)

    # Things that must hold up nobody.
    (folder / "loop").symlink_to(folder)
    (folder / "dangling_R1.fastq.gz").symlink_to(folder / "nowhere")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe_R1.fastq.gz")).write_bytes(b"x")
    (folder / "empty_R1.fastq.gz").touch()
    (folder / "notes.txt").write_text("x")
    (folder / "whole.fastq.gz.part").write_bytes(b"x")

    # A file that grows, and one laid out in full first.
    in_pieces(folder / name("GROWS"), whole[name("GROWS")])
    target = folder / name("PREALLOC")
    with target.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, len(whole[target.name]))
    in_pieces(target, whole[target.name])

    # A copier that sets back the time with every piece.
    target = folder / name("OLDTIME")
    in_pieces(target, whole[target.name], before_each=lambda: os.utime(target, (10**9, 10**9)))

    # Moved in whole, and rsync's way.
    shutil.copy(source / name("RENAMED"), folder.parent / "staged")
    (folder.parent / "staged").rename(folder / name("RENAMED"))
    hidden = folder / f".{name('RSYNC')}.Xy12Zq"
    in_pieces(hidden, whole[name("RSYNC")])
    hidden.rename(folder / name("RSYNC"))

    # Cut short, later repaired; the mate comes late.
    (folder / name("CUT")).write_bytes(whole[name("CUT")][:-60])
    (folder / name("LATE")).write_bytes(whole[name("LATE")])
    world.until(name("CUT"), "waiting")
    world.until(name("LATE"), "done")
    (folder / name("CUT")).write_bytes(whole[name("CUT")])
    (folder / name("LATE", 2)).write_bytes(whole[name("LATE", 2)])

    # The same name again with new content: the first stays, the second is refused and told.
    (folder / name("TWICE")).write_bytes(whole[name("TWICE")])
    world.until(name("TWICE"), "done")
    (folder / name("TWICE")).write_bytes(whole[name("GROWS")])
    world.until(name("TWICE"), "failed")

    # Deleted in mid-upload.
    sandbox.faults.set("s3-rate=4M")
    gone = folder / "GONE_S9_L001_R1_001.fastq.gz"
    write_large(source / gone.name, 8 << 20, seed=9)
    (source / gone.name).rename(gone)
    world.until(gone.name, "running")
    gone.unlink()
    sandbox.faults.clear()
    until_blocking(lambda: _ended(world, gone), "its end", 120)

    for sample in SAMPLES:
        world.expect(name(sample), whole[name(sample)])
    world.expect(name("LATE", 2), whole[name("LATE", 2)])
    for path in world.expected:
        if not path.endswith(name("TWICE")):
            world.until(GncvPath(path).name, "done")
    assert world.arrived() == world.expected

    events = world.ledger.events.newest(5000)
    failed = [world.ledger.transfers.get(e.transfer_id) for e in events if e.kind == "upload.failed"]
    failures = Counter(Path(transfer.local_path).name for transfer in failed)
    # Where a writer paused for long, the check of the content may have refused others meanwhile.
    told = {n: failures[n] for n in (name("TWICE"), gone.name)}
    assert told == {name("TWICE"): 1, gone.name: 1}
    waits = [e for e in events if e.kind == "upload.waiting" and e.data["local"].endswith(name("CUT"))]
    assert len(waits) == 1
    ignored = [f for f in world.ledger.rules.files(world.rule).values() if f.state == "ignored"]
    assert sorted(f.reason.split(":")[0] for f in ignored) == ["it is empty", "its name can't be a gncv"]

    # A disk that goes away: nothing is concluded, and it goes on when it is back.
    counts = world.ledger.rules.counts(world.rule)
    away = folder.rename(folder.parent / "unmounted")
    folder.mkdir()
    until_blocking(lambda: world.ledger.rules.get(world.rule).problem, "the pause", 120)
    assert world.ledger.rules.counts(world.rule) == counts
    folder.rmdir()
    away.rename(folder)
    until_blocking(lambda: not world.ledger.rules.get(world.rule).problem, "going on", 120)
    more = write_pair(source, "AFTER", 20, 50, seed=20)[0]
    shutil.copy(more, folder)
    world.until(more.name, "done")
    problems = [e for e in world.ledger.events.newest(5000) if e.kind == "watch.problem"]
    assert len(problems) == 1


def _ended(world, path):
    found = [t for t in world.ledger.transfers.listing(100) if t.local_path == str(path)]
    return found and all(t.state in (TransferState.FAILED, TransferState.CANCELLED) for t in found)


@pytest.mark.parametrize(
    "count", [400, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(7200)])]
)
def test_many_files_arrive_each_once(world, source, count):
    one = write_pair(source, "SEED", 1, 4, seed=1)
    contents = [path.read_bytes() for path in one]
    for number in range(count // 2):
        below = world.folder / f"batch{number % 50}"
        below.mkdir(exist_ok=True)
        for read, content in enumerate(contents, 1):
            (below / f"N{number}_S1_L001_R{read}_001.fastq.gz").write_bytes(content)
    until_blocking(
        seldom(lambda: world.ledger.rules.counts(world.rule) == {"uploaded": count}),
        "all of them",
        60 + count / 5,
    )
    assert world.ledger.transfers.count() == count
    arrived = world.arrived()
    assert len(arrived) == count
    assert set(arrived.values()) == set(contents)


def seldom(look):
    """Asked once in two seconds: counting very many files takes time, here in the sandbox's own process."""
    due = 0.0

    def ask():
        nonlocal due
        if time.monotonic() < due:
            return False
        found = look()
        due = time.monotonic() + 2.0
        return found

    return ask
