"""What a command costs: CPU of its whole process tree, wall time, peak memory. Nobody else's CPU is in it."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launch.py")
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Cost:
    """Seconds, seconds, MiB."""

    wall: float
    cpu: float
    memory: float


class CommandFailed(Exception):
    """A command ended badly; its text holds the end of what it said."""


class Running:
    """A command at work. ``environment`` is all that it sees."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        number = next(_NUMBERS)
        self._command = command
        self._result = folder / f"cost-{number}.json"
        self._said = folder / f"said-{number}.txt"
        program = shutil.which(command[0]) or command[0]
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCHER), str(self._result), program, *command[1:]],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> Cost:
        """Ask it to end (SIGTERM) and take its cost."""
        self.process.send_signal(signal.SIGTERM)
        return self.cost()

    def kill(self) -> Cost:
        """``kill -9``, and what it had cost by then."""
        self.process.send_signal(signal.SIGUSR1)
        return self.cost(killed=True)

    def cost(self, *, killed: bool = False) -> Cost:
        """Wait for its end. Raises ``CommandFailed`` unless it ended well."""
        self.process.wait()
        told = json.loads(self._result.read_text()) if self._result.exists() else {"code": "none"}
        if told["code"] != (-signal.SIGKILL if killed else 0):
            raise CommandFailed(f"{self._command[0]} ended with {told['code']}:\n{self.said()[-2000:]}")
        return Cost(wall=told["wall"], cpu=told["cpu"], memory=told["memory"])

    def said(self) -> str:
        """What it wrote to its outputs so far."""
        return self._said.read_text(errors="replace")


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Cost:
    """Run a command to its end. Raises ``CommandFailed`` when that is not a good one."""
    return Running(command, environment, folder).cost()
