"""Fixtures that several rooms share: a sandbox, and settings that point to it."""

import os
import sys
from pathlib import Path

import pytest

from gencove_tui.config import HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE, S3_VARIABLE, resolve
from tests.dialects import V1_IN_THE_LONG_RUN
from tests.hanging import away  # noqa: F401 - a fixture for everybody
from tests.made_once import (  # noqa: F401 - likewise
    _quick_clients,
    _quick_reads,
    pytest_collection_finish,
    pytest_configure,
)

# Engines and commands are started by the hundred: each would have to compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_OURS = (HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE, S3_VARIABLE, "NO_COLOR", "SSH_TTY", "SSH_CONNECTION")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    """No test sees or touches the settings of whoever runs it."""
    for name in _OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "app"))


@pytest.fixture
def sandbox():
    """A local Gencove with the demo scenario on a fast clock."""
    from gencove_tui.sandbox import Sandbox

    with Sandbox(scenario="demo", speed=10) as running:
        yield running


@pytest.fixture(params=V1_IN_THE_LONG_RUN)
def dialect(request):
    """What is spoken with the sandbox; a test where the two differ takes ``both_dialects``."""
    return request.param


@pytest.fixture
def environment(sandbox, dialect, tmp_path):
    """The environment of a process that works on the sandbox, its profile in a file as users have it."""
    home = tmp_path / "app"
    (home / "config" / "keys").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(
        f"[profiles.default]\nhost = '{sandbox.host}'\ndialect = '{dialect}'\n"
        f"s3_endpoint = '{sandbox.s3_endpoint}'\ndownload_folder = '{tmp_path / 'downloads'}'\n"
        "settle_seconds = 0.2\n"
    )
    key = home / "config" / "keys" / "default"
    key.write_text(sandbox.api_key)
    key.chmod(0o600)
    return {**os.environ, HOME_VARIABLE: str(home)}


@pytest.fixture
def settings(environment):
    return resolve(environment=environment)


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


@pytest.fixture
def fastq_pair(tmp_path) -> tuple[Path, Path]:
    from gencove_tui.fastq.generate import write_pair

    return write_pair(tmp_path / "fastq", "NA12878", 1, 500, seed=1)
