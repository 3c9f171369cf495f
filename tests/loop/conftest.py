"""Rules that want something, on a sandbox whose clock runs fast."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from gencove_tui.cli.link import linker
from gencove_tui.config import HOME_VARIABLE
from gencove_tui.engine import core
from gencove_tui.engine.loop import runner
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.engine.watch import watcher
from gencove_tui.model import Direction, GncvPath, LoopFile, LoopState, RuleTerms, TransferState
from gencove_tui.sandbox import Sandbox
from gencove_tui.store.ledger import Ledger

PROJECT = "Trio validation"
PLACE = GncvPath("gncv://lab/run/")


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """Looks at folder and ledger follow each other soon, so that no test waits for the next round."""
    monkeypatch.setattr(core, "_STEP_SECONDS", 0.05)
    monkeypatch.setattr(watcher, "LOCAL_SECONDS", 0.5)
    monkeypatch.setattr(runner, "_LOOK_SECONDS", 0.5)
    monkeypatch.setattr(runner, "_LEFT_SECONDS", 0.2)
    monkeypatch.setattr(runner, "_BREATH_SECONDS", 0.05)


@pytest.fixture
def sandbox():
    with Sandbox(scenario="demo", speed=100) as running:
        yield running


@pytest.fixture
def environment(environment):
    """Looks at the project every second."""
    config = Path(environment[HOME_VARIABLE]) / "config" / "config.toml"
    config.write_text(config.read_text() + "poll_seconds = 1\n")
    return environment


@pytest.fixture
def project(sandbox, dialect):
    """The id of a project with a pipeline."""
    found = sandbox_project(sandbox)
    return found.id if dialect == "v2" else str(found.number)


def sandbox_project(sandbox, name=PROJECT):
    with sandbox.state.lock:
        return next(p for p in sandbox.state.projects.values() if p.name == name)


@pytest.fixture
def ledger(settings):
    with Ledger(settings.state_folder) as opened:
        yield opened


@pytest.fixture
def rule(ledger, tmp_path):
    """The number of a rule whose folder is empty."""
    folder = tmp_path / "run"
    folder.mkdir()
    return put_rule(ledger, folder)


def put_rule(ledger, folder, destination=PLACE, **terms):
    """A rule that takes every FASTQ as soon as it stands still; returns its number."""
    return ledger.rules.put_terms(
        RuleTerms(
            folder=str(folder), destination=GncvPath(destination), settle=0.2, network_settle=0.2, **terms
        )
    )


@pytest.fixture
async def work(settings, ledger):
    """What the parts of the loop need of an engine: the connection and the ledger."""
    api = await linker(settings)()
    if api.dialect == "v2":
        api.sheet.ask_after = (0.01, 0.05, 0.1)
    yield SimpleNamespace(api=api, ledger=ledger)
    await api.aclose()


@pytest.fixture
def wants(tmp_path):
    """Makes what a rule wants: ``wants(project_id=…)``."""
    return lambda **fields: Wants(**{"deliver_to": tmp_path / "results", **fields})


@pytest.fixture
def rule_wants(ledger, tmp_path, rule):
    """Gives the rule its terms: ``rule_wants(project=…)``."""
    return lambda **terms: put_rule(
        ledger, tmp_path / "run", **{"deliver_to": str(tmp_path / "results"), **terms}
    )


def uploaded(sandbox, ledger, rule, client_id, reads=("R1", "R2"), folder=PLACE, state=LoopState.READY):
    """A sample whose files are in the upload area, as the end of its uploads leaves it: its number."""
    number = ledger.loop.create(rule, folder, client_id, 1, state)
    for read in reads:
        path = f"{folder}{client_id}_{read}.fastq.gz"
        ledger.loop.put_file(number, arrived(sandbox, path, read))
    return number


def arrived(sandbox, path, read):
    """A finished upload at a path, made by the sandbox itself."""
    with sandbox.state.lock:
        upload = sandbox.account.uploads.begin(path)
        sandbox.account.uploads.succeed(upload, 1000)
    return LoopFile(
        direction=Direction.UPLOAD,
        name=path,
        read=read,
        upload_id=upload.id,
        size=1000,
        local_path=f"/run/{path.rsplit('/', 1)[-1]}",
        state=TransferState.DONE,
    )


def samples_of(sandbox, client_id):
    """Gencove's samples of a client id, in all projects."""
    with sandbox.state.lock:
        return [
            sample
            for project in sandbox.state.projects.values()
            for sample in sandbox.state.samples(project)
            if sample.client_id == client_id
        ]
