"""What the screen hands to its panes: frozen pictures of remote lists and of one sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import structs

from gencove_tui.errors import Problem
from gencove_tui.model import Sample
from gencove_tui.tui.actions.keymap import DEFAULT_KEYS, Keymap
from gencove_tui.tui.format import Glyphs
from gencove_tui.tui.rows import Rows

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """What every pane needs to turn data into text."""

    glyphs: Glyphs
    clock: Callable[[], datetime]
    """Tells the time; tests freeze it."""
    keys: Keymap = DEFAULT_KEYS
    """What to press, for texts that name a key."""


@dataclass(frozen=True)
class ListView(Generic[T]):
    """A remote list as far as it is known."""

    rows: Rows[T] = field(default_factory=Rows)
    fetched: datetime | None = None
    """When the rows came; None while nothing has come."""
    stale: bool = False
    """The rows are from the cache, or the last try to renew them failed."""
    busy: bool = False
    """A request that the user waits for is under way."""
    problem: Problem | None = None
    """Why the last try failed."""
    search: str = ""
    """What the server was asked to search for."""


@dataclass(frozen=True)
class SampleView:
    """The sample in the detail pane."""

    sample: Sample | None = None
    fetched: datetime | None = None
    """When its deliverables came; None while only its row in the list is known."""
    busy: bool = False
    problem: Problem | None = None


def merged(row: Sample, detail: Sample) -> Sample:
    """A row of the list with the deliverables of the same sample's detail."""
    return row if row.deliverables is not None else structs.replace(row, deliverables=detail.deliverables)
