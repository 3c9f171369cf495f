"""Our own contestant: ``gencove-tui --profile bench engine``, as users run it, on a filled ledger."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass

from gencove_tui.config import HOME_VARIABLE, Settings, resolve
from gencove_tui.model import DownloadSource
from gencove_tui.store.ledger import Ledger
from tests.bench.contestants import DOWN, UP, Task
from tests.bench.fakes import FILE_TYPE, PROJECT, results
from tests.bench.measure import Cost, Running

_PROFILE = "bench"
_ENDED = frozenset({"done", "skipped", "failed", "cancelled"})
COMMAND = (sys.executable, "-m", "gencove_tui", "--profile", _PROFILE, "engine")


class TransfersFailed(Exception):
    """Not everything arrived; the text says what happened."""


def settings_of(task: Task) -> Settings:
    """The profile of a task, made if need be."""
    home = task.folder / "home"
    if not home.exists():
        (home / "config" / "keys").mkdir(parents=True)
        (home / "config" / "config.toml").write_text(
            f"[profiles.{_PROFILE}]\nhost = '{task.place.url}'\ndialect = 'v2'\n"
            f"s3_endpoint = '{task.place.url}'\ndownload_folder = '{task.target}'\n"
        )
        key = home / "config" / "keys" / _PROFILE
        key.write_text("bench")
        key.chmod(0o600)
    return resolve(_PROFILE, environment={HOME_VARIABLE: str(home)})


@dataclass(frozen=True)
class EngineUnderTest:
    """One way to run the engine: ``check`` is the level of an upload's check, or ``sha256`` of a download."""

    check: str
    direction: str
    name: str = "engine"
    program: str = sys.executable
    resumes: bool = True

    @property
    def directions(self) -> tuple[str, ...]:
        return (self.direction,)

    def queue(self, task: Task) -> None:
        """Fill the ledger with the task."""
        with Ledger(settings_of(task).state_folder) as ledger, ledger.write():
            if task.direction == UP:
                for path in task.stage.files(task.group):
                    size = path.stat().st_size
                    remote = f"gncv://bench/{path.name}"
                    ledger.transfers.add_upload(str(path), remote, size, check=self.check)
                return
            for found in results(task.stage.results, task.group, hashed=self.check == "sha256"):
                target = task.target / found.sample / found.name.rpartition("/")[2]
                source = DownloadSource(
                    project_id=PROJECT, sample_id=found.sample, file_type=FILE_TYPE, file_id=found.id
                )
                ledger.transfers.add_download(str(target), found.name, source, found.size)

    def start(self, task: Task) -> Running:
        """Begin the task, or go on with it."""
        if not (task.folder / "home").exists():
            self.queue(task)
        environment = task.stage.environment(task.folder, **{HOME_VARIABLE: str(task.folder / "home")})
        return Running(COMMAND, environment, task.folder)

    def finish(self, task: Task, running: Running) -> Cost:
        """Wait until all is moved, then stop the engine. Raises ``TransfersFailed`` when something isn't."""
        began = time.perf_counter()
        with Ledger(settings_of(task).state_folder) as ledger:
            while running.process.poll() is None:
                # Only to know when: a look is one small query, twenty times a second, in another process.
                rows = ledger.transfers.sums()
                if {str(state) for state in rows} <= _ENDED:
                    break
                time.sleep(0.05)
            wall = time.perf_counter() - began
            reasons = {transfer.problem for transfer in ledger.transfers.listing(50) if transfer.problem}
            states = Counter({str(state): count for state, (count, _) in ledger.transfers.sums().items()})
        cost = running.stop()
        if set(states) != {"done"}:
            raise TransfersFailed(f"{self.name}: {dict(states)} {sorted(reasons)}\n{running.said()[-2000:]}")
        return Cost(wall=wall, cpu=cost.cpu, memory=cost.memory)

    def perform(self, task: Task) -> Cost:
        """Do the task from beginning to end."""
        return self.finish(task, self.start(task))


def engines() -> list[EngineUnderTest]:
    """The ways in which the engine takes part."""
    ups = [EngineUnderTest(check, UP) for check in ("none", "full")]
    downs = [EngineUnderTest(check, DOWN) for check in ("no sum", "sha256")]
    return ups + downs
