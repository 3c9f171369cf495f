"""What the refresher reports to the screen. All are facts in the past tense about frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.message import Message

from gencove_tui.engine.views import Connection, Snapshot
from gencove_tui.errors import Problem
from gencove_tui.model import StatusCounts
from gencove_tui.tui.views import ListView, SampleView


@dataclass
class ConnectionChanged(Message):
    """Something else is known about the line to Gencove."""

    connection: Connection


@dataclass
class SnapshotTaken(Message):
    """The ledger changed."""

    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        """Only the newest snapshot counts."""
        return isinstance(message, SnapshotTaken)


@dataclass
class ListChanged(Message):
    """A remote list has other rows, another age, or trouble."""

    name: str
    view: ListView[Any]


@dataclass
class SampleChanged(Message):
    """More is known about the sample in the detail pane."""

    view: SampleView


@dataclass
class StatsChanged(Message):
    """The counts of a project arrived."""

    project_id: str
    stats: StatusCounts


@dataclass
class ProblemMet(Message):
    """Something that the user asked for failed."""

    problem: Problem
