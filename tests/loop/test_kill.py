"""``kill -9`` at every step of the loop: no sample assigned twice, no file sent twice, none forgotten."""

import collections
import functools
import importlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gencove_tui.config import resolve
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import LoopState
from gencove_tui.sandbox import Sandbox
from gencove_tui.store.ledger import Ledger
from tests.loop.conftest import PLACE, PROJECT, put_rule, samples_of
from tests.loop.die import TABLE
from tests.waiting import until_blocking

pytestmark = pytest.mark.crash
WANTED = {"v1": ("vcf", "bai"), "v2": ("impute-vcf", "alignment-bai")}
TREE = Path(__file__).parents[2]
ALWAYS = {
    ("v2", "pair", "upload's end half noted"),
    ("v2", "pair", "assignment sent, reply lost"),
    ("v1", "pair", "notice given"),
    ("v2", "restore", "asked back, reply lost"),
    ("v2", "merged", "first upload's end noted"),
    ("v2", "hook", "hook called, not noted"),
}
"""The rows that every run of the tests goes through; the whole table takes minutes."""
ROWS = [
    pytest.param(dialect, work, step, marks=() if (dialect, work, step) in ALWAYS else (pytest.mark.long,))
    for (dialect, work), steps in TABLE.items()
    for step in steps
]


@pytest.fixture
def sandbox():
    with Sandbox(scenario="demo", speed=50) as running:
        yield running


def start(step, environment):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.loop.die", step, "engine"], env=environment, cwd=TREE
    )


def write_reads(folder, work):
    """The reads of a sample NA1: what is to go up as R1 and as R2."""
    lanes = (1, 2) if work == "merged" else (1,)
    pairs = [write_pair(folder, "NA1", 1, 300, lane=lane, seed=lane) for lane in lanes]
    return [b"".join(path.read_bytes() for path in paths) for paths in zip(*pairs, strict=True)]


def terms_for(work, tmp_path):
    """What the rule is told beyond the usual."""
    heard = f"import sys; open({str(tmp_path / 'heard')!r}, 'a').write(sys.stdin.read() + chr(10))"
    return {
        "restore": {"restore_archived": True},
        "merged": {"merge_lanes": True},
        "lone": {"lone_mate_hours": 0.0},
        "hook": {"hook": (sys.executable, "-c", heard)},
    }.get(work, {})


@pytest.mark.parametrize(("dialect", "work", "step"), ROWS)
def test_nothing_happens_twice_and_nothing_is_forgotten(
    dialect, work, step, environment, sandbox, project, tmp_path
):
    reads = write_reads(tmp_path / "run", work)
    late = tmp_path / "NA1_S1_L001_R2_001.fastq.gz"
    if work == "lone":
        (tmp_path / "run" / late.name).rename(late)
    settings = resolve(environment=environment)
    with Ledger(settings.state_folder) as ledger:
        rule = put_rule(
            ledger,
            tmp_path / "run",
            project=project,
            deliver=WANTED[dialect],
            deliver_to=str(tmp_path / "results"),
            **terms_for(work, tmp_path),
        )

        def kinds():
            return collections.Counter(
                event.kind
                for event in ledger.events.newest(1000)
                # That a file waits on the disk for its mate is told apart.
                if event.kind != "sample.lone" or "client_id" in event.data
            )

        def meanwhile(goal):
            """What other people do, and the archive."""
            counts = ledger.loop.counts(rule)
            made = samples_of(sandbox, "NA1")
            if dialect == "v1" and counts.get(LoopState.TO_ASSIGN) and not made:
                sandbox.assign(PROJECT, PLACE)
            if work == "restore" and made and made[0].archive_status == "available":
                with sandbox.state.lock:
                    sandbox.state.set_archive_status(made[0], "archived")
            if work == "lone" and late.exists() and kinds()["sample.lone"] and doomed.poll() is not None:
                late.rename(tmp_path / "run" / late.name)
            return goal(counts)

        doomed = start(step, environment)
        try:
            until_blocking(lambda: meanwhile(lambda _: doomed.poll() is not None), "the kill")
            assert doomed.wait() == -signal.SIGKILL, "it must die at that step and not end by itself"
        finally:
            doomed.kill()
            doomed.wait()
        second = start("never", environment)
        try:
            until_blocking(lambda: meanwhile(lambda counts: counts.get(LoopState.DELIVERED)), "the delivery")
            if work == "hook":
                heard = tmp_path / "heard"
                until_blocking(lambda: heard.exists() and "sample.delivered" in heard.read_text(), "the hook")
        finally:
            second.terminate()
            second.wait()

        assert len(samples_of(sandbox, "NA1")) == 1, "assigned twice"
        (sample,) = ledger.loop.samples(rule)
        for data, read in zip(reads, sample.reads(), strict=True):
            assert sandbox.upload_bytes(read.name) == data
            assert sandbox.requests.key(sandbox.object_key(read.name)).puts == 1, "sent twice"
        assert ledger.transfers.count() == 2 + len(WANTED[dialect]), "queued twice"
        files = sorted(p for p in (tmp_path / "results").rglob("*") if p.is_file())
        assert [str(path) for path in files] == sorted(file.local_path for file in sample.results())
        acts = collections.Counter((entry.act, entry.outcome) for entry in ledger.audit.entries())
        asked_back = {("restore", "done"): 1} if work == "restore" else {}
        assert acts == {("upload", "done"): 2, ("assign", "done"): 2, ("download", "done"): 2} | asked_back
        told = kinds()
        assert told["sample.delivered"] == 1
        assert told["rule.to_assign"] == (dialect == "v1")
        assert told["sample.lone"] == (work == "lone")
        assert told["sample.restoring"] == (work == "restore")
        assert sandbox.requests.count("POST", "/project-restore-samples/") == (work == "restore")
        if work == "hook":
            # Once more after a crash is possible, never not at all.
            for kind in ("sample.assigned", "sample.results", "sample.delivered"):
                assert (tmp_path / "heard").read_text().count(f'"{kind}"') in (1, 2), kind


def test_every_step_names_something_that_exists():
    """A step whose function was renamed would kill nothing; its own test says so, this one says which."""
    for steps in TABLE.values():
        for name, window in steps.items():
            for target in window.targets:
                module, _, dotted = target.partition(":")
                assert functools.reduce(getattr, dotted.split("."), importlib.import_module(module)), name


def test_the_rows_that_always_run_are_of_the_table():
    assert {row.values for row in ROWS if not row.marks} == ALWAYS
