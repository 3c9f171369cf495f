"""Fixtures that several rooms share: a sandbox, and settings that point to it."""

import os
from pathlib import Path

import pytest

from gencove_tui.config import HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE, S3_VARIABLE, resolve
from tests.hanging import away  # noqa: F401 - a fixture for everybody

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


@pytest.fixture(params=["v1", "v2"])
def dialect(request):
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
def fastq_pair(tmp_path) -> tuple[Path, Path]:
    from gencove_tui.fastq.generate import write_pair

    return write_pair(tmp_path / "fastq", "NA12878", 1, 500, seed=1)
