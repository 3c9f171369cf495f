"""An engine inside the test's own event loop."""

import asyncio
import contextlib

import pytest

from gencove_tui.cli.link import linker
from gencove_tui.engine import core
from gencove_tui.engine.core import Engine
from gencove_tui.engine.watch import watcher
from gencove_tui.store.ledger import Ledger


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """Looks at folders and at the ledger follow each other soon, so that no test waits for the next round."""
    monkeypatch.setattr(watcher, "LOCAL_SECONDS", 1.0)
    monkeypatch.setattr(core, "_STEP_SECONDS", 0.05)
    monkeypatch.setattr(core, "_STEP_AT_LEAST", 1.0)


@pytest.fixture
def ledger(settings):
    with Ledger(settings.state_folder) as opened:
        yield opened


@pytest.fixture
async def engine(settings):
    """Runs for the length of the test; a failure of its own fails the test."""
    running = Engine(settings, linker(settings))
    task = asyncio.create_task(running.run())
    yield running
    running.stop()
    await task


@contextlib.asynccontextmanager
async def running_engine(settings):
    """The same for tests that start it late or more than once."""
    engine = Engine(settings, linker(settings))
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        engine.stop()
        await task


@pytest.fixture
async def wanted(settings):
    """A sample with results, and its deliverables by file type."""
    api = await linker(settings)()
    try:
        for project in (await api.projects()).items:
            for row in (await api.samples(project.id)).items:
                if row.status == "succeeded" and row.archive_status in ("available", "restored", ""):
                    sample = await api.sample(project.id, row.id)
                    if sample.deliverables:
                        return project.id, sample
    finally:
        await api.aclose()
    raise AssertionError("the demo scenario has no finished sample")
