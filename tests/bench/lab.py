"""A profile on a sandbox of 100,000 samples: ledger, cache, engine and network as users have them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from gencove_tui.config import HOME_VARIABLE, KEY_VARIABLE, Settings, resolve
from gencove_tui.model import GncvPath, Sample
from gencove_tui.store.cache import KEEP, Cache
from gencove_tui.store.ledger import Ledger
from tests.bench.screens import ROOT, Terminal

PROJECT, SAMPLE = b"Population 100k", b"POP-"
"""What is on the screen once projects and samples are there."""
CACHED = 100_000
FILES, FILE_SIZE = 8, 256 << 20
_PACE = "s3-rate=1M"
_COMMAND = (sys.executable, "-c", "from gencove_tui.cli import main; main()")
"""What the script ``gencove-tui`` runs."""


class Lab:
    """A home folder whose profile points at the sandbox."""

    def __init__(self, home: Path, place: dict[str, str]) -> None:
        self.home = home
        (home / "config" / "keys").mkdir(parents=True)
        (home / "config" / "config.toml").write_text(
            f"[profiles.default]\nhost = '{place['host']}'\ndialect = 'v2'\n"
            f"s3_endpoint = '{place['s3_endpoint']}'\nuploads_at_once = {FILES}\n"
        )
        key = home / "config" / "keys" / "default"
        key.write_text(place["api_key"])
        key.chmod(0o600)

    @property
    def settings(self) -> Settings:
        """The profile's."""
        return resolve(environment={HOME_VARIABLE: str(self.home)})

    def fill_cache(self) -> None:
        """As many lists as the cache keeps beside those of the screen itself; 100,000 samples in all."""
        now = datetime.now(UTC)
        with_screen = KEEP - 1
        each = CACHED // with_screen + 1
        cache = Cache(self.settings.cache_folder)
        try:
            for number in range(with_screen):
                samples = (
                    Sample(id=f"{number}-{n}", client_id=f"OLD-{n}", status="succeeded", created=now)
                    for n in range(each)
                )
                cache.put("samples", f"old-{number}", tuple(samples))
        finally:
            cache.close()

    def queue_uploads(self) -> None:
        """Eight files that take minutes."""
        with Ledger(self.settings.state_folder) as ledger, ledger.write():
            for number in range(FILES):
                path = self.home / f"S{number}_R1.fastq.gz"
                with path.open("wb") as file:
                    file.truncate(FILE_SIZE)
                remote = GncvPath(f"gncv://bench/{path.name}")
                ledger.transfers.add_upload(str(path), remote, FILE_SIZE, check="none")

    def open(self, size: tuple[int, int]) -> Terminal:
        """The screen, started as its script starts it."""
        return Terminal(size, _COMMAND, {HOME_VARIABLE: str(self.home), KEY_VARIABLE: ""})

    def stop_engine(self) -> None:
        """The engine that the screen started goes on without it."""
        environment = {**os.environ, HOME_VARIABLE: str(self.home), KEY_VARIABLE: ""}
        subprocess.run([*_COMMAND, "engine", "stop"], env=environment, check=False, capture_output=True)


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own; gives where it is and its key."""
    command = [*_COMMAND, "sandbox", "--scenario", "large", "--fault", _PACE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
