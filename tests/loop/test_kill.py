"""``kill -9`` at every step of the loop: no sample assigned twice, no file sent twice, none forgotten."""

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
from tests.loop.die import STEPS
from tests.waiting import until_blocking

pytestmark = pytest.mark.crash
WANTED = {"v1": ("vcf", "bai"), "v2": ("impute-vcf", "alignment-bai")}
TREE = Path(__file__).parents[2]


@pytest.fixture
def sandbox():
    with Sandbox(scenario="demo", speed=50) as running:
        yield running


def start(step, environment):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.loop.die", step, "engine"], env=environment, cwd=TREE
    )


@pytest.mark.parametrize(
    ("dialect", "step"), [(dialect, step) for dialect in ("v1", "v2") for step in STEPS[dialect]]
)
def test_nothing_happens_twice_and_nothing_is_forgotten(
    dialect, step, environment, sandbox, project, tmp_path
):
    pair = write_pair(tmp_path / "run", "NA1", 1, 300, seed=1)
    settings = resolve(environment=environment)
    with Ledger(settings.state_folder) as ledger:
        rule = put_rule(
            ledger,
            tmp_path / "run",
            project=project,
            deliver=WANTED[dialect],
            deliver_to=str(tmp_path / "results"),
        )

        def done_by_hand(goal):
            """v1: a person assigns as soon as the notice stands there."""
            counts = ledger.loop.counts(rule)
            if dialect == "v1" and counts.get(LoopState.TO_ASSIGN) and not samples_of(sandbox, "NA1"):
                sandbox.assign(PROJECT, PLACE)
            return goal(counts)

        doomed = start(step, environment)
        try:
            until_blocking(lambda: done_by_hand(lambda _: doomed.poll() is not None), "the kill")
            assert doomed.wait() == -signal.SIGKILL, "it must die at that step and not end by itself"
        finally:
            doomed.kill()
            doomed.wait()
        second = start("never", environment)
        try:
            until_blocking(
                lambda: done_by_hand(lambda counts: counts.get(LoopState.DELIVERED)), "the delivery"
            )
        finally:
            second.terminate()
            second.wait()

        assert len(samples_of(sandbox, "NA1")) == 1, "assigned twice"
        (sample,) = ledger.loop.samples(rule)
        for path, read in zip(pair, sample.reads(), strict=True):
            assert sandbox.upload_bytes(read.name) == path.read_bytes()
            assert sandbox.requests.key(sandbox.object_key(read.name)).puts == 1, "sent twice"
        assert ledger.transfers.count() == 2 + len(WANTED[dialect]), "queued twice"
        files = sorted(p for p in (tmp_path / "results").rglob("*") if p.is_file())
        assert [str(path) for path in files] == sorted(file.local_path for file in sample.results())
        acts = [(entry.act, entry.outcome) for entry in ledger.audit.entries()]
        assert sorted(acts) == sorted(
            [("upload", "done")] * 2 + [("assign", "done")] * 2 + [("download", "done")] * 2
        )
        kinds = [event.kind for event in ledger.events.newest(1000)]
        assert kinds.count("sample.delivered") == 1
        assert kinds.count("rule.to_assign") == (1 if dialect == "v1" else 0)


def test_every_step_names_something_that_exists():
    """A step whose function was renamed would kill nothing; its own test says so, this one says which."""
    import functools
    import importlib

    for name, window in {**STEPS["v1"], **STEPS["v2"]}.items():
        for target in window.targets:
            module, _, dotted = target.partition(":")
            assert functools.reduce(getattr, dotted.split("."), importlib.import_module(module)), name
