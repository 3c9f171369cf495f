"""Rules and folders for the tests of the watcher."""

from datetime import UTC, datetime

import pytest

from gencove_tui.engine import core
from gencove_tui.engine.watch import watcher
from gencove_tui.model import GncvPath, RuleTerms
from gencove_tui.store.ledger import Ledger

SEEN_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACE = GncvPath("gncv://lab/run/")
RUN = "220102_A00001_0001_AHGV7DRXX"


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """Looks at folders and at the ledger follow each other soon, so that no test waits for the next round."""
    monkeypatch.setattr(watcher, "LOCAL_SECONDS", 0.5)
    monkeypatch.setattr(core, "_STEP_SECONDS", 0.05)


@pytest.fixture
def dialect():
    """Watching is the same for both; one is enough here."""
    return "v2"


@pytest.fixture
def ledger(settings):
    with Ledger(settings.state_folder) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "run"
    made.mkdir()
    return made


def terms(folder="/run", **changes):
    values = {"destination": PLACE, "settle": 0.2, "network_settle": 0.2} | changes
    return RuleTerms(folder=str(folder), **values)
