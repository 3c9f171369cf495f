"""The engine of the engine's tests, with short rests: the matrix is about outcomes, not about patience."""

import sys

import pytest
import stamina

import gencove_tui.engine.core  # noqa: F401 - loaded before anything in it is patched
from gencove_tui.sandbox import Sandbox
from tests.engine.conftest import engine, ledger, wanted  # noqa: F401 - fixtures


@pytest.fixture
def everywhere(monkeypatch):
    """Gives a constant of the package another value in every module that has it by that name."""

    def everywhere(name, value):
        modules = [
            module
            for path, module in list(sys.modules.items())
            if path.startswith("gencove_tui.") and ".sandbox" not in path and name in vars(module)
        ]
        assert modules, f"nothing is called {name} any more"
        for module in modules:
            monkeypatch.setattr(module, name, value)

    return everywhere


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
