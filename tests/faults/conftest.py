"""The engine of the engine's tests, with short rests: the matrix is about outcomes, not about patience."""

import pytest
import stamina

from gencove_tui.sandbox import Sandbox
from tests.engine.conftest import engine, ledger, wanted  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def _short_rests(everywhere):
    everywhere("backoff", lambda attempt: 0.05)
    everywhere("_STEP_SECONDS", 0.02)
    everywhere("_STEP_AT_LEAST", 0.2)
    everywhere("_LOOK_SECONDS", 0.05)
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def sandbox():
    """A local Gencove whose own delays are over at once."""
    with Sandbox(scenario="demo", speed=100) as running:
        yield running
