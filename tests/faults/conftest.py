"""The engine of the engine's tests, with short rests: the matrix is about outcomes, not about patience."""

import pytest

from tests.engine.conftest import engine, ledger  # noqa: F401 - fixtures
from tests.engine.test_downloads import wanted  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch):
    for module in ("scheduler", "upload", "download"):
        monkeypatch.setattr(f"gencove_tui.engine.{module}.backoff", lambda attempt: 0.05)
