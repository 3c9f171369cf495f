"""The official clients, installed into environments of their own and kept between runs."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from gencove_tui.sandbox import Sandbox

OFFICIAL = "4.5.1"
"""The newest official client that the sandbox was checked with."""


def install(folder: Path, *packages: str) -> Path:
    """An environment with these packages; skips the test when the package index can't be reached."""
    bin_folder = folder / "bin"
    done = folder / "complete"
    if not done.exists():
        venv.EnvBuilder(with_pip=True, clear=True).create(folder)
        command = [bin_folder / "python", "-m", "pip", "install", "--quiet", "--retries", "1", *packages]
        result = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if result.returncode:
            pytest.skip(f"can't install {' '.join(packages)}: {result.stderr.strip()[-300:]}")
        done.touch()
    return bin_folder


@pytest.fixture(scope="session")
def official(request) -> Path:
    """The executable of the official client; ``$GENCOVE_CLI`` names one that is installed already."""
    given = os.environ.get("GENCOVE_CLI")
    if given:
        return Path(given)
    folder = request.config.cache.mkdir(f"gencove-{OFFICIAL}-py{sys.version_info.minor}")
    return install(folder, f"gencove=={OFFICIAL}") / "gencove"


@pytest.fixture(scope="module")
def sandbox():
    """One sandbox for all tests of a module: each official command is a process, and slow."""
    with Sandbox("demo", speed=10) as running:
        yield running
