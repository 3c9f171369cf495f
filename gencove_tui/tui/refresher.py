"""The one place that decides when to look again: at the ledger, and at each remote list."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from msgspec import structs
from textual.screen import Screen

from gencove_tui.engine.views import Desk, Listing
from gencove_tui.errors import Problem
from gencove_tui.model import Project, ProjectQuery, Sample, SampleQuery, Upload
from gencove_tui.tui.feed import PAGE, Feed
from gencove_tui.tui.ledger_eye import LedgerEye
from gencove_tui.tui.line import LineKeeper
from gencove_tui.tui.messages import (
    ListChanged,
    ProblemMet,
    SampleChanged,
    StatsChanged,
)
from gencove_tui.tui.mistakes import foreseen
from gencove_tui.tui.states import is_under_way
from gencove_tui.tui.views import ListView, SampleView, merged

LEDGER_REST = 0.25
"""Seconds between looks at the ledger; twice that over SSH."""
TICK = 0.5
SLOW = 2.0
"""Seconds after which also a request that nobody asked for shows that it runs."""
BLURRED = 6.0
"""How much slower remote lists are polled while the terminal has lost the focus."""
LIVELY = 1 / 3
"""How much quicker a list is asked for again while something in it is under way, or was changed just now."""
LIVELY_SECONDS = 60.0
"""For how long a change that the user made keeps its list lively."""
SCREENFUL = 30
LATER = Problem("Gencove can't be asked now", "", "The list follows as soon as it answers.")
SAMPLES_KEPT = 50
"""Sample details that are remembered."""


class Refresher:
    """Polls for a screen and posts what it finds to it.

    Of each list at most one request is under way. Lists that nobody sees aren't asked for.
    """

    def __init__(
        self,
        screen: Screen[Any],
        desk: Desk,
        *,
        every: float,
        over_ssh: bool,
        clock: Callable[[], datetime],
        in_view: Callable[[str], tuple[int, int]],
        visible: Callable[[str], bool],
    ) -> None:
        self.screen = screen
        self.desk = desk
        self.every = every
        self.clock = clock
        self.over_ssh = over_ssh
        self.visible = visible
        self.project: Project | None = None
        self.sample = SampleView()
        self.projects: Feed[Project] = Feed("projects", self._ask_projects, lambda: in_view("projects"))
        self.samples: Feed[Sample] = Feed("samples", self._ask_samples, lambda: in_view("samples"))
        self.uploads: Feed[Upload] = Feed("uploads", self._ask_uploads, lambda: in_view("uploads"))
        self.sample_query = SampleQuery()
        """Filters and order of the samples; the search text is kept by their feed."""
        self.project_query = ProjectQuery()
        """Filters and order of the projects, likewise."""
        self.kept: tuple[str, SampleQuery] | None = None
        """A project and what was asked of its samples last time, until it is chosen."""
        self._row: Sample | None = None
        """The chosen sample as the list had it."""
        self._details: OrderedDict[str, SampleView] = OrderedDict()
        self.line = LineKeeper(screen, desk, every, self._line_is_back)
        self._lively_until: dict[str, float] = {}
        self.ledger = LedgerEye(screen, desk, self.uploads.nudge, self._called, self.line.hint)

    @property
    def feeds(self) -> tuple[Feed[Any], ...]:
        """All remote lists."""
        return self.projects, self.samples, self.uploads

    def start(self) -> None:
        """Show what is remembered, then begin to look."""
        usual = self.project_query == ProjectQuery()  # nothing else is in the cache
        self.projects.restart(self.desk.cached_projects() if usual else None)
        self._tell(self.projects)
        self._tell(self.uploads)
        self.ledger.look()
        self.screen.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What is remembered is on the screen; connecting takes longer than drawing did."""
        self.screen.set_interval(LEDGER_REST * (2 if self.over_ssh else 1), self.ledger.look)
        self.screen.set_interval(TICK, self.tick)
        self.tick()

    # --- what the user asks for --------------------------------------------------------

    def refresh(self) -> None:
        """Look at everything in view now; try a refused or lost connection again."""
        self.ledger.forget()
        self.line.retry()
        for feed in self.feeds:
            feed.nudge()
            if self.visible(feed.name):
                self._start(feed, asked=True)
        if self.visible("detail") and self.sample.sample is not None:
            self.load_sample()

    def nudge(self, name: str = "") -> None:
        """The user is here: poll at the full pace again; ``name`` was changed and is asked for at once."""
        for feed in self.feeds:
            feed.stretch = 1.0
            if feed.name == name:
                feed.nudge()
                self._lively_until[name] = time.monotonic() + LIVELY_SECONDS
        self.tick()

    def be_seen(self) -> None:
        """The terminal has the focus again: what would be due by now at the full pace is."""
        for feed in self.feeds:
            if not feed.failures:
                feed.due = min(feed.due, feed.began + self.every)
        self.nudge()

    def come_back(self) -> None:
        """The screen was away, perhaps for days: nothing has waited meanwhile, and all of it is old."""
        self.line.came_back()
        for feed in self.feeds:
            feed.began = time.monotonic()
            feed.nudge()
        self.ledger.forget()
        self.tick()

    def stop(self, name: str, why: Problem) -> bool:
        """The user won't wait for what ``name`` is loading any longer; False if nobody waits for anything."""
        if name == "detail":
            if not self.sample.busy:
                return False
            self.screen.workers.cancel_group(self.screen, "detail")
            self._show_sample(replace(self.sample, busy=False, problem=why))
            self.line.doubt()
            return True
        for feed in self.feeds:
            if feed.name == name and feed.running and feed.view.busy:
                self.screen.workers.cancel_group(self.screen, f"fetch-{name}")
                feed.stop(why, time.monotonic() + self._rest(feed))
                self._tell(feed)
                self.line.doubt()
                return True
        return False

    def search(self, name: str, text: str) -> None:
        """Let the server look for ``text`` in this list."""
        for feed in self.feeds:
            if feed.name != name:
                continue
            if self.line.down:  # what is known is searched by whoever shows it
                feed.ask_later(text, same_list=True)
            else:
                feed.seek(text)
            self._tell(feed)
            self._start(feed, asked=True)

    def ask_samples(self, query: SampleQuery) -> None:
        """Other filters or another order of the samples."""
        if query != self.sample_query:
            self.sample_query = query
            if self.project is not None:
                self._again(self.samples)

    def ask_projects(self, query: ProjectQuery) -> None:
        """Other filters or another order of the projects."""
        if query != self.project_query:
            self.project_query = query
            self._again(self.projects)

    def _again(self, feed: Feed[Any]) -> None:
        if self.line.down:
            feed.ask_later(feed.view.search, same_list=False)
            self.screen.post_message(ProblemMet(LATER))
        else:
            feed.restart(search=feed.view.search)
        self._tell(feed)
        self._start(feed, asked=True)

    def need(self, name: str, first: int, last: int) -> None:
        """Rows are in view that aren't loaded."""
        for feed in self.feeds:
            if feed.name == name and not feed.running and not feed.failures:
                offset = feed.view.rows.missing(first, last, PAGE)
                if offset is not None:
                    self._start(feed, asked=False, windows=[offset])

    def choose_project(self, project: Project) -> None:
        """From now on the samples are those of this project."""
        if self.project is not None and self.project.id == project.id:
            self.project = project
            return
        self.project = project
        # Filters are about one project; the order is a habit, and only the usual one is in the cache.
        order = SampleQuery(sort_by=self.sample_query.sort_by, descending=self.sample_query.descending)
        if self.kept is not None and self.kept[0] == project.id:
            order = structs.replace(self.kept[1], sort_by=order.sort_by, descending=order.descending)
        self.kept = None
        self.sample_query = order
        usual = order == SampleQuery()
        self.samples.restart(self.desk.cached_samples(project.id) if usual else None)
        self._tell(self.samples)
        self.choose_sample(None)
        self._start(self.samples, asked=True)

    def choose_sample(self, sample: Sample | None) -> None:
        """From now on the detail is that of this sample, as far as it is known without asking."""
        self._row = sample
        known = self._details.get(sample.id) if sample is not None else None
        if sample is None:
            view = SampleView()
        elif known is not None and known.sample is not None:
            # The row may be newer than the detail, and the detail has the deliverables.
            view = replace(known, sample=merged(sample, known.sample))
        else:
            view = SampleView(sample=sample)
        if view != self.sample:
            self._show_sample(view)

    def load_sample(self) -> None:
        """Ask for the deliverables of the chosen sample."""
        if self.sample.sample is None:
            return
        if not self.line.usable:
            offline = Problem("The results can't be loaded now", "there is no connection")
            self._show_sample(replace(self.sample, problem=offline))
            return
        self._show_sample(replace(self.sample, busy=True, problem=None))
        self.screen.run_worker(
            self._load_sample(self.sample.sample), group="detail", exclusive=True, exit_on_error=False
        )

    # --- the remote side ---------------------------------------------------------------

    def _called(self) -> None:
        """Gencove called: what it told of is worth asking for now, not at the next poll."""
        self.samples.nudge()
        self.projects.nudge()
        if self.sample.sample is not None and self.visible("detail"):
            self.load_sample()
        self.tick()

    def tick(self) -> None:
        """Start what is due."""
        self.line.look()
        now = time.monotonic()
        for feed in self.feeds:
            if feed.running and now - feed.began > SLOW and not feed.view.busy:
                feed.view = replace(feed.view, busy=True)
                self._tell(feed)
            if not feed.running and now >= feed.due and self.visible(feed.name):
                self._start(feed, asked=False)

    def _line_is_back(self) -> None:
        for feed in self.feeds:
            feed.nudge()
        if self.sample.sample is not None and self.sample.fetched is None and self.visible("detail"):
            self.load_sample()
        self.tick()

    def _rest(self, feed: Feed[Any]) -> float:
        if not self.screen.app.app_focus:
            return self.every * BLURRED
        changed = time.monotonic() < self._lively_until.get(feed.name, 0.0)
        lively = changed or (feed is self.samples and self._analyses_run())
        return self.every * (LIVELY if lively and not feed.failures else 1.0)

    def _analyses_run(self) -> bool:
        """Whether a sample in view is on its way to its results."""
        first, last = self.samples.in_view()
        last = last if last >= first else first + SCREENFUL  # they have only just come
        rows = (self.samples.view.rows[index] for index in range(max(0, first), last + 1))
        return any(row is not None and is_under_way(row.status) for row in rows)

    def _start(self, feed: Feed[Any], *, asked: bool, windows: list[int] | None = None) -> None:
        if feed.running or not self.line.usable or (feed is self.samples and self.project is None):
            return
        busy_before = feed.view.busy
        generation = feed.begin(asked=asked)
        feed.began = time.monotonic()
        self.line.asked()
        if feed.view.busy != busy_before:
            self._tell(feed)
        self.screen.run_worker(
            self._fetch(feed, generation, windows or feed.windows()),
            group=f"fetch-{feed.name}",
            exclusive=True,
            exit_on_error=False,
        )

    async def _fetch(self, feed: Feed[Any], generation: int, windows: list[int]) -> None:
        changed = False
        before = feed.view
        try:
            for offset in windows:
                listing = await foreseen(feed.fetch(feed.view.search, offset))
                self.line.answered()
                if generation != feed.generation:
                    return
                changed = feed.take(listing) or changed
        except Problem as problem:
            self.line.answered()
            if generation == feed.generation:
                feed.failed(problem, time.monotonic(), max(self.every, self._rest(feed)))
                self._tell(feed)
                self.line.look()
            return
        finally:
            # Abandoned, or stopped by a mistake of ours: either way nothing is under way any more.
            if generation == feed.generation and feed.running:
                feed.running = False
                feed.due = time.monotonic() + self._rest(feed)
        feed.succeeded(time.monotonic(), self._rest(feed), changed=changed)
        self.line.look()
        if feed.view != before:
            self._tell(feed)
        if feed is self.samples and self.project is not None:
            if changed:
                self.screen.run_worker(
                    self._load_stats(self.project.id), group="stats", exclusive=True, exit_on_error=False
                )
            self._renew_sample()

    def _tell(self, feed: Feed[Any]) -> None:
        view: ListView[Any] = feed.view
        self.screen.post_message(ListChanged(feed.name, view))

    async def _load_stats(self, project_id: str) -> None:
        try:
            stats = await self.desk.project_stats(project_id)
        except Problem:
            return  # Counts beside the name are an extra; the list itself reports trouble.
        if self.project is not None and self.project.id == project_id:
            self.screen.post_message(StatsChanged(project_id, stats))

    def _renew_sample(self) -> None:
        """Load the chosen sample again if its row says that something happened to it."""
        shown, row_before = self.sample.sample, self._row
        if shown is None or row_before is None or self.sample.fetched is None:
            return
        for _, row in self.samples.view.rows.items():
            # Row against row: a detail may know fields that rows never carry.
            if row.id == shown.id and row != row_before:
                self._row = row
                self._show_sample(replace(self.sample, sample=merged(row, shown)))
                if self.visible("detail"):
                    self.load_sample()

    async def _load_sample(self, sample: Sample) -> None:
        try:
            project_id = sample.project_id or (self.project.id if self.project is not None else "")
            self.line.asked()
            found = await foreseen(self.desk.sample(project_id, sample.id))
            self.line.answered()
            view = SampleView(sample=found, fetched=self.clock())
            self._details[sample.id] = view
            self._details.move_to_end(sample.id)
            while len(self._details) > SAMPLES_KEPT:
                self._details.popitem(last=False)
        except Problem as problem:
            self.line.answered()
            view = replace(self.sample, busy=False, problem=problem)
        if self.sample.sample is not None and self.sample.sample.id == sample.id:
            self._show_sample(view)

    def _show_sample(self, view: SampleView) -> None:
        self.sample = view
        self.screen.post_message(SampleChanged(view))

    def _ask_projects(self, search: str, offset: int) -> Awaitable[Listing[Project]]:
        query = structs.replace(self.project_query, search=search)
        return self.desk.projects(query, offset=offset, limit=PAGE)

    def _ask_samples(self, search: str, offset: int) -> Awaitable[Listing[Sample]]:
        project_id = self.project.id if self.project is not None else ""
        query = structs.replace(self.sample_query, search=search)
        return self.desk.samples(project_id, query, offset=offset, limit=PAGE)

    def _ask_uploads(self, search: str, offset: int) -> Awaitable[Listing[Upload]]:
        del search  # Neither dialect searches the upload area.
        return self.desk.uploads(offset=offset, limit=PAGE)
