"""Following the cursor: what it rests on is opened beside it, without a request for every row it passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.screen import Screen
from textual.timer import Timer

from gencove_tui.model import Project, Sample
from gencove_tui.tui.refresher import Refresher
from gencove_tui.tui.views import Look

CURSOR_REST = 0.35
"""Seconds that the cursor rests on a row before it is followed with a request."""
DETAIL_FRESH = 60.0
"""Seconds for which a sample's detail isn't asked for again just because the cursor is back on it."""


class Follower:
    """Decides when the chosen project and sample change. ``show`` tells the samples pane whose they are."""

    def __init__(
        self, screen: Screen[Any], refresher: Refresher, look: Look, show: Callable[[Project], None]
    ) -> None:
        self._screen = screen
        self._refresher = refresher
        self._look = look
        self._show = show
        self._rests: dict[str, Timer] = {}
        """Until the cursor has rested long enough, by what it rests on."""

    def project(self, project: Project, *, opened: bool, beside: bool) -> None:
        """The cursor is on a project. ``beside`` says whether its samples are in view at the same time."""
        chosen = self._refresher.project
        if opened or chosen is None:
            self._choose(project)
        elif beside and project.id != chosen.id:
            self._after_rest("project", lambda: self._choose(project))
        elif project.id == chosen.id:
            self._cancel("project")

    def sample(self, sample: Sample, *, opened: bool, beside: bool) -> None:
        """The cursor is on a sample. ``beside`` says whether its detail is in view at the same time."""
        self._refresher.choose_sample(sample)
        if opened:
            self._cancel("sample")
            self._refresher.load_sample()
        elif beside:
            fetched = self._refresher.sample.fetched
            if fetched is None or (self._look.clock() - fetched).total_seconds() >= DETAIL_FRESH:
                self._after_rest("sample", self._refresher.load_sample)

    def _choose(self, project: Project) -> None:
        self._cancel("project")
        self._cancel("sample")
        chosen = self._refresher.project
        if chosen is None or chosen.id != project.id:
            self._show(project)
            self._refresher.choose_project(project)

    def _after_rest(self, on: str, follow: Callable[[], None]) -> None:
        self._cancel(on)
        self._rests[on] = self._screen.set_timer(CURSOR_REST, follow)

    def _cancel(self, on: str) -> None:
        if on in self._rests:
            self._rests.pop(on).stop()
