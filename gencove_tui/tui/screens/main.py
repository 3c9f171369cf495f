"""The main screen: where the panes stand, which one has the keyboard, and who gets which data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from gencove_tui.engine.views import Connection, Desk, Online, Snapshot
from gencove_tui.model import Capability, Project
from gencove_tui.tui.actions import APP, BY_ID, PANES, TABS, bindings
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.deeds import Deeds
from gencove_tui.tui.follow import Follower
from gencove_tui.tui.format import clean, count
from gencove_tui.tui.messages import (
    ConnectionChanged,
    ListChanged,
    ProblemMet,
    SampleChanged,
    SnapshotTaken,
    StatsChanged,
)
from gencove_tui.tui.news import News
from gencove_tui.tui.refresher import Refresher
from gencove_tui.tui.screens.arrange import Arrangement
from gencove_tui.tui.screens.dialogs import FactsSheet
from gencove_tui.tui.screens.help import Help
from gencove_tui.tui.toasts import say_mistake, say_problem
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.bars import KeyBar, Line, TabStrip
from gencove_tui.tui.widgets.pane import ListPane, Pane
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.samples import SamplesPane
from gencove_tui.tui.widgets.status_line import StatusLine
from gencove_tui.tui.widgets.transfers import TransfersPane
from gencove_tui.tui.widgets.uploads import UploadsPane
from gencove_tui.tui.widgets.virtual_table import VirtualTable
from gencove_tui.tui.widgets.watch import WatchPane

AGES = 30.0
"""Seconds between looks at whether an age needs other words."""


class MainScreen(Screen[None]):
    """All panes. Wide terminals show them together, narrow ones one at a time."""

    BINDINGS = bindings(APP)
    AUTO_FOCUS = ""

    def __init__(
        self, desk: Desk, look: Look, *, hint: str, every: float, over_ssh: bool, leave: Callable[[], None]
    ) -> None:
        super().__init__()
        self.desk, self.look, self._leave = desk, look, leave
        self.hint_text = hint
        self.panes: dict[str, Pane] = {
            pane.NAME: pane
            for pane in (
                ProjectsPane(look),
                SamplesPane(look),
                DetailPane(look),
                UploadsPane(look),
                TransfersPane(look),
                WatchPane(look),
            )
        }
        self.at = PANES[0]
        """The pane that has the keyboard."""
        self.arrangement = Arrangement(self)
        self.snapshot: Snapshot | None = None
        self.connection: Connection = desk.connection
        self.deeds = Deeds(self, desk, look, after=lambda: self.refresher.look_at_ledger())
        self.news = News(self.deeds.say)
        self.refresher = Refresher(
            self,
            desk,
            every=every,
            over_ssh=over_ssh,
            clock=look.clock,
            in_view=lambda name: self.list_pane(name).rows_in_view(),
            visible=lambda name: not self.arrangement.tiny and self.panes[name].display,
        )
        self.follower = Follower(self, self.refresher, look, self._show_project)

    # --- parts -------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Everything once; ``_arrange`` decides what is in view."""
        panes = self.panes
        yield Static(self.hint_text, id="hint", markup=False)
        yield Static(id="alert", markup=False)
        yield TabStrip()
        with Vertical(id="body"):
            with Horizontal(id="top"):
                with Vertical(id="left"):
                    yield panes["projects"]
                    yield panes["uploads"]
                with Container(id="right"):
                    yield panes["samples"]
                    yield panes["detail"]
            with Horizontal(id="bottom"):
                yield panes["transfers"]
                yield panes["watch"]
        yield StatusLine(self.look)
        yield KeyBar()
        yield Static("Too small: it needs 60 × 16.  q quits.", id="too-small")

    def list_pane(self, name: str) -> ListPane[Any]:
        """A pane with a list that the refresher feeds."""
        return self.query_one(f"#{name}", ListPane)

    @property
    def samples(self) -> SamplesPane:
        """The samples pane."""
        return self.query_one(SamplesPane)

    def on_mount(self) -> None:
        """Begin to show data."""
        self.arrangement.resize(self.app.size)
        self.query_one("#hint").display = bool(self.hint_text)
        self.query_one("#alert").display = False
        self._arrange()
        self.panes[self.at].focus_table()
        self.refresher.start()
        self.deeds.start_engine()
        self.set_interval(AGES, self._tell_ages)

    # --- arrangement -------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Choose the form that fits."""
        was_tiny = self.arrangement.tiny
        if self.arrangement.resize(event.size):
            self._arrange()
            if self.arrangement.tiny:
                self.set_focus(None)
            elif was_tiny:
                self.panes[self.at].focus_table()

    def _arrange(self) -> None:
        self.arrangement.apply(self.at)
        self.query_one("#hint").display = bool(self.hint_text) and not self.arrangement.tiny
        self._tell_connection()
        self._tell_bars()

    def go_to(self, name: str) -> None:
        """Give a pane the keyboard, bringing it into view."""
        self.at = name
        self._arrange()
        self.panes[name].focus_table()
        self.refresher.nudge()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The keyboard went to another pane, by mouse or by key."""
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane):
                if self.at != node.NAME:
                    self.at = node.NAME
                    if self.arrangement.one_at_a_time:
                        self._arrange()
                self._tell_bars()
                return

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that nobody can see the effect of do nothing."""
        del parameters
        return action == "quit" if self.arrangement.tiny else True

    # --- actions -----------------------------------------------------------------------

    async def do(self, action: str) -> None:
        """Run an action where it belongs: in the pane at hand if it can, else in the first that can."""
        where, call = BY_ID[action].where, BY_ID[action].call
        if APP not in where and self.at not in where:
            self.go_to(where[0])
        await self.app.run_action(call, self if APP in where else self.panes[self.at])

    @on(Line.Pressed)
    async def _bar_pressed(self, event: Line.Pressed) -> None:
        await self.do(event.action)

    def action_go(self, pane: str) -> None:
        """To a pane."""
        self.go_to(pane)

    def action_next_pane(self) -> None:
        """One pane, or one table within a pane, on."""
        self._step(1)

    def action_previous_pane(self) -> None:
        """One pane, or one table within a pane, back."""
        self._step(-1)

    def _step(self, by: int) -> None:
        names = TABS if self.arrangement.one_at_a_time and self.at != "detail" else PANES
        stops: list[VirtualTable] = []
        for name in names:
            stops.extend(self.panes[name].query(VirtualTable))
        focused = self.focused if isinstance(self.focused, VirtualTable) else self.panes[self.at].table
        target = stops[(stops.index(focused) + by) % len(stops)]
        pane = next(p for p in self.panes.values() if target in p.query(VirtualTable))
        self.go_to(pane.NAME)
        self.set_focus(target, scroll_visible=False)

    def action_zoom(self) -> None:
        """Let the pane fill the screen, or put it back."""
        if self.arrangement.form == "single":
            self.deeds.say("Each pane fills the screen already: it shows one at a time.")
            return
        self.arrangement.zoomed = not self.arrangement.zoomed
        self._arrange()

    def action_back(self) -> None:
        """One step out of whatever the user went into last."""
        pane = self.panes[self.at]
        if isinstance(pane, ListPane) and pane.drop_filter():
            pane.focus_table()
        elif isinstance(pane, ListPane) and pane.table.marks:
            pane.table.clear_marks()
        elif self.at == "detail":
            self.go_to("samples")
        elif self.arrangement.zoomed:
            self.action_zoom()
        elif self.hint_text:
            self.hint_text = ""
            self.query_one("#hint").display = False
        elif self.at == "samples":
            self.go_to("projects")

    def action_refresh(self) -> None:
        """Look at everything in view again."""
        self.refresher.refresh()

    def action_upload(self) -> None:
        """Open the upload dialog."""
        rules = self.snapshot.rules if self.snapshot is not None else ()
        self.deeds.upload(rules[0].rule.destination.as_folder() if rules else "")

    def action_help(self) -> None:
        """Open the help."""
        self.app.push_screen(Help(self.at))

    def action_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    def action_theme(self) -> None:
        """Open the list of themes."""
        self.app.search_themes()

    def action_quit(self) -> None:
        """Leave, asking if work is in flight."""
        self._leave()

    # --- data --------------------------------------------------------------------------

    @on(ListChanged)
    def _list_changed(self, event: ListChanged) -> None:
        self.list_pane(event.name).show(event.view)
        self._tell_bars()

    @on(SampleChanged)
    def _sample_changed(self, event: SampleChanged) -> None:
        self.query_one(DetailPane).show(event.view)

    @on(StatsChanged)
    def _stats_changed(self, event: StatsChanged) -> None:
        project = self.refresher.project
        if project is not None and project.id == event.project_id:
            self.samples.show_project(project, event.stats)

    @on(SnapshotTaken)
    def _snapshot_taken(self, event: SnapshotTaken) -> None:
        self.snapshot = event.snapshot
        self.query_one(TransfersPane).show_snapshot(event.snapshot)
        self.query_one(WatchPane).show_snapshot(event.snapshot)
        self.news.read(event.snapshot)
        self.deeds.keep_engine(event.snapshot)
        self._tell_bars()

    @on(ConnectionChanged)
    def _connection_changed(self, event: ConnectionChanged) -> None:
        self.connection = event.connection
        self.list_pane("projects").searches_server = (
            Capability.SEARCH_PROJECTS in event.connection.capabilities
        )
        self.samples.searches_server = Capability.SEARCH_SAMPLES in event.connection.capabilities
        self._tell_connection()
        self._tell_bars()

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            say_mistake(self.app, event.worker.error)

    @on(ProblemMet)
    def _problem_met(self, event: ProblemMet) -> None:
        say_problem(self.app, event.problem)

    def _tell_connection(self) -> None:
        line = self.connection
        down = line.state in (Online.OFFLINE, Online.MAINTENANCE, Online.REJECTED)
        alert = self.query_one("#alert", Static)
        alert.display = down and not self.arrangement.tiny
        if down:
            text = f"{line.state.value.capitalize()}. {clean(line.problem)} {clean(line.remedy)}".strip()
            if alert.content != Content(text):
                alert.update(Content(text))
        for name in ("projects", "samples", "uploads"):
            pane = self.list_pane(name)
            if pane.line_down != down:
                pane.line_down = down
                pane.show(pane.view)

    def _tell_bars(self) -> None:
        if not self.is_mounted:
            return
        counts = {}
        for name in TABS:
            view = self.list_pane(name).view
            counts[name] = count(view.rows.length) if view.fetched is not None else ""
        in_view = [feed.view for feed in self.refresher.feeds if self.panes[feed.name].display]
        fetched: list[datetime] = [view.fetched for view in in_view if view.fetched is not None]
        self.query_one(TabStrip).show(self.at, counts)
        self.query_one(KeyBar).show(self.at, without=("zoom",) if self.arrangement.form == "single" else ())
        self.query_one(StatusLine).show(self.connection, self.snapshot, max(fetched, default=None))

    def _tell_ages(self) -> None:
        self._tell_bars()
        for name in TABS:
            self.list_pane(name).tell_age()
        self.query_one(DetailPane).tell_age()

    # --- what panes report -------------------------------------------------------------

    @on(ProjectsPane.Chosen)
    def _project_chosen(self, event: ProjectsPane.Chosen) -> None:
        self.follower.project(event.project, opened=event.opened, beside=self.panes["samples"].display)
        if event.opened:
            self.go_to("samples")

    @on(SamplesPane.Chosen)
    def _sample_chosen(self, event: SamplesPane.Chosen) -> None:
        self.follower.sample(event.sample, opened=event.opened, beside=self.panes["detail"].display)
        if event.opened:
            self.go_to("detail")

    def _show_project(self, project: Project) -> None:
        self.samples.drop_filter(search=False)
        self.samples.show_project(project, None)

    @on(ListPane.Searched)
    def _searched(self, event: ListPane.Searched) -> None:
        self.refresher.search(event.pane, event.text)

    @on(VirtualTable.WindowNeeded)
    def _window_needed(self, event: VirtualTable.WindowNeeded) -> None:
        name = (event.table.id or "").removesuffix("-table")
        pane = self.panes.get(name)
        if isinstance(pane, ListPane) and pane.rows_in_view() == (event.first, event.last):
            self.refresher.need(name, event.first, event.last)

    @on(SamplesPane.DownloadAsked)
    def _samples_wanted(self, event: SamplesPane.DownloadAsked) -> None:
        self.deeds.download(event.samples)

    @on(DetailPane.DownloadAsked)
    def _files_wanted(self, event: DetailPane.DownloadAsked) -> None:
        self.deeds.download((event.sample,), event.deliverables)

    @on(TransfersPane.Wished)
    def _wished(self, event: TransfersPane.Wished) -> None:
        self.deeds.wish(event.transfers, event.wish)

    @on(TransfersPane.ClearAsked)
    def _clear_asked(self) -> None:
        self.deeds.clear_finished()

    @on(WatchPane.Switched)
    def _rule_switched(self, event: WatchPane.Switched) -> None:
        self.deeds.switch_rule(event.view)

    @on(Pane.Said)
    def _said(self, event: Pane.Said) -> None:
        self.deeds.say(event.text, severity=event.severity)

    @on(Pane.CopyAsked)
    def _copy_asked(self, event: Pane.CopyAsked) -> None:
        copy(self.app, event.text, event.what)

    @on(Pane.FactsAsked)
    def _facts_asked(self, event: Pane.FactsAsked) -> None:
        self.app.push_screen(FactsSheet(event.title, event.facts, event.copyable))
