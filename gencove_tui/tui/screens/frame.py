"""The frame of the main screen: where the panes stand, which one has the keyboard, what the bars say."""

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

from gencove_tui.engine.views import Connection, Desk, Snapshot
from gencove_tui.tui.actions import APP, BY_ID, PANES, TABS, bindings
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.deeds import Deeds
from gencove_tui.tui.follow import Follower
from gencove_tui.tui.memory import Remembered
from gencove_tui.tui.messages import ProblemMet
from gencove_tui.tui.news import News
from gencove_tui.tui.queue_deeds import QueueDeeds
from gencove_tui.tui.refresher import Refresher
from gencove_tui.tui.screens.alert import alert_text, is_down
from gencove_tui.tui.screens.arrange import Arrangement
from gencove_tui.tui.screens.dialogs import FactsSheet
from gencove_tui.tui.screens.help import Help
from gencove_tui.tui.screens.messages_sheet import MessagesSheet
from gencove_tui.tui.toasts import say_mistake, say_problem
from gencove_tui.tui.views import Look
from gencove_tui.tui.watch_deeds import WatchDeeds
from gencove_tui.tui.widgets.bars import KeyBar, Line, TabStrip
from gencove_tui.tui.widgets.notices import Message, Messages, Notices
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


class Frame(Screen[None]):
    """All panes. Wide terminals show them together, narrow ones one at a time."""

    BINDINGS = bindings(APP)
    AUTO_FOCUS = ""

    def __init__(
        self,
        desk: Desk,
        look: Look,
        *,
        hint: str,
        every: float,
        over_ssh: bool,
        leave: Callable[[], None],
        remembered: Remembered,
        messages: Messages,
        switch: Callable[[], None],
    ) -> None:
        super().__init__()
        self.desk, self.look, self._leave, self._switch = desk, look, leave, switch
        self._messages = messages
        self.hint_text = hint
        self.remembered = remembered
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
        self.at = remembered.at if remembered.at in TABS else PANES[0]
        """The pane that has the keyboard."""
        self.arrangement = Arrangement(self)
        self.snapshot: Snapshot | None = None
        self.connection: Connection = desk.connection
        self.deeds = Deeds(self, desk, look, after=lambda: self.refresher.look_at_ledger())
        self.queue = QueueDeeds(self, desk, look, after=lambda: self.refresher.look_at_ledger())
        self.watching = WatchDeeds(self, desk, look, after=lambda: self.refresher.look_at_ledger())
        self.news = News(self.deeds.say)
        self.refresher = Refresher(
            self,
            desk,
            every=every,
            over_ssh=over_ssh,
            clock=look.clock,
            in_view=lambda name: self.list_pane(name).rows_in_view(),
            visible=self._visible,
        )
        self.follower = Follower(self, self.refresher, look, self.show_project)

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
        yield Notices(self.look.glyphs)
        yield StatusLine(self.look)
        yield KeyBar(self.look.keys)
        quit_key = self.look.keys.key("quit")
        yield Static(f"Too small: it needs 60x16.  {quit_key} quits.", id="too-small")

    def list_pane(self, name: str) -> ListPane[Any]:
        """A pane with a list that the refresher feeds."""
        return self.query_one(f"#{name}", ListPane)

    @property
    def samples(self) -> SamplesPane:
        """The samples pane."""
        return self.query_one(SamplesPane)

    def on_mount(self) -> None:
        """Begin to show data, where the user was last time."""
        self._restore()
        self.arrangement.resize(self.app.size)
        for part in ("#hint", "#alert", "#notices"):
            self.query_one(part).display = part == "#hint" and bool(self.hint_text)
        self._arrange()
        self.panes[self.at].focus_table()
        self.refresher.start()
        self.deeds.start_engine()
        self.set_interval(AGES, self._tell_ages)

    def _visible(self, name: str) -> bool:
        """Whether a list is in view, or needed to find the project that was open last time."""
        if self.arrangement.tiny:
            return False
        wanted = name == "projects" and self.refresher.project is None and bool(self.remembered.project)
        return wanted or bool(self.panes[name].display)

    def tell(self, message: Message) -> None:
        """Say something where it covers nothing."""
        self.query_one(Notices).put(message)

    # --- arrangement -------------------------------------------------------------------

    def _restore(self) -> None:
        """Take up what was remembered, as far as it still makes sense."""
        kept = self.remembered
        self.arrangement.zoomed, self.arrangement.left, self.arrangement.bottom = (
            kept.zoomed,
            kept.left,
            kept.bottom,
        )
        for name in TABS:
            self.list_pane(name).restore(
                cursor=kept.cursors.get(name, ""),
                # The samples' filter waits for its project.
                text="" if name == "samples" else kept.filters.get(name, ""),
                sort=kept.sorts.get(name, ""),
                group=kept.groups.get(name, ""),
            )

    def remember(self) -> Remembered:
        """Where the user is now, to come back to."""
        lists = {name: self.list_pane(name) for name in TABS}
        project = self.refresher.project
        return Remembered(
            at="samples" if self.at == "detail" else self.at,
            zoomed=self.arrangement.zoomed,
            left=self.arrangement.left,
            bottom=self.arrangement.bottom,
            theme=self.app.theme,
            project=project.id if project is not None else self.remembered.project,
            cursors={name: str(key) for name, pane in lists.items() if (key := pane.table.cursor_key)},
            filters={name: pane.filter_text for name, pane in lists.items() if pane.filter_text},
            sorts={name: pane.sort for name, pane in lists.items() if pane.sort},
            groups={name: pane.group for name, pane in lists.items() if pane.group},
        )

    def on_resize(self, event: events.Resize) -> None:
        """Choose the form that fits."""
        was_tiny = self.arrangement.tiny
        if self.arrangement.resize(event.size):
            self._arrange()
            if self.arrangement.tiny:
                self.set_focus(None)
            elif was_tiny:
                self.panes[self.at].focus_table()
        else:
            self.arrangement.fit()

    def _arrange(self) -> None:
        self.arrangement.apply(self.at)
        self.query_one("#hint").display = bool(self.hint_text) and not self.arrangement.tiny
        self.tell_connection()
        self.tell_bars()

    def go_to(self, name: str) -> None:
        """Give a pane the keyboard, bringing it into view."""
        self.at = name
        self._arrange()
        self.panes[name].focus_table()
        self.refresher.nudge()

    def show_row(self, name: str, key: str) -> None:
        """Go to a row of a pane."""
        self.go_to(name)
        pane = self.list_pane(name)
        if not pane.table.move_to_key(key):
            pane.drop_filter()
            pane.table.move_to_key(key)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The keyboard went to another pane, by mouse or by key."""
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane):
                if self.at != node.NAME:
                    self.at = node.NAME
                    if self.arrangement.one_at_a_time:
                        self._arrange()
                self.tell_bars()
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

    def action_stretch(self, what: str, by: int) -> None:
        """Give one side of the screen more room."""
        if self.arrangement.one_at_a_time:
            self.deeds.say("Only one pane is in view: there is nothing to take room from.")
            return
        self.arrangement.stretch(what, by)

    def action_back(self) -> None:
        """One step out of whatever the user went into last."""
        pane = self.panes[self.at]
        if isinstance(pane, ListPane) and pane.drop_filter():
            pane.focus_table()
        elif isinstance(pane, ListPane) and pane.table.marks:
            pane.table.clear_marks()
        elif self.query_one(Notices).drop():
            pass
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

    def action_undo(self) -> None:
        """Put back what was taken out of the queue."""
        self.queue.undo()

    def action_messages(self) -> None:
        """Show what was said so far."""
        self.app.push_screen(MessagesSheet(self._messages, self.look))

    def action_profiles(self) -> None:
        """Change the profile or the connection."""
        self._switch()

    def action_restart_engine(self) -> None:
        """Start the engine anew."""
        self.deeds.restart_engine()

    def action_help(self) -> None:
        """Open the help."""
        self.app.push_screen(Help(self.at, self.look.keys))

    def action_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    def action_theme(self) -> None:
        """Open the list of themes."""
        self.app.search_themes()

    def action_quit(self) -> None:
        """Leave, asking if work is in flight."""
        self._leave()

    # --- what is true of all panes -----------------------------------------------------

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            say_mistake(self.app, event.worker.error)

    @on(ProblemMet)
    def _problem_met(self, event: ProblemMet) -> None:
        say_problem(self.app, event.problem)

    @on(Pane.Said)
    def _said(self, event: Pane.Said) -> None:
        self.deeds.say(event.text, severity=event.severity)

    @on(Pane.CopyAsked)
    def _copy_asked(self, event: Pane.CopyAsked) -> None:
        copy(self.app, event.text, event.what)

    @on(Pane.FactsAsked)
    def _facts_asked(self, event: Pane.FactsAsked) -> None:
        self.app.push_screen(FactsSheet(event.title, event.facts, event.copyable))

    def show_project(self, project: Any) -> None:
        """The samples pane is about another project; the wiring of the remote panes says how."""
        raise NotImplementedError

    # --- the bars ----------------------------------------------------------------------

    def tell_connection(self) -> None:
        """Say what is wrong with the line or the engine, above everything."""
        text = alert_text(self.connection, self.snapshot, self.look)
        alert = self.query_one("#alert", Static)
        alert.display = bool(text) and not self.arrangement.tiny
        if text and alert.content != Content(text):
            alert.update(Content(text))
        for name in ("projects", "samples", "uploads"):
            pane = self.list_pane(name)
            if pane.line_down != is_down(self.connection):
                pane.line_down = is_down(self.connection)
                pane.show(pane.view)

    def tell_bars(self) -> None:
        """Bring tabs, key bar and status line up to date."""
        if not self.is_mounted:
            return
        counts = {}
        for name in TABS:
            view = self.list_pane(name).view
            counts[name] = self.list_pane(name).counted if view.fetched is not None else ""
        in_view = [feed.view for feed in self.refresher.feeds if self.panes[feed.name].display]
        fetched: list[datetime] = [view.fetched for view in in_view if view.fetched is not None]
        self.query_one(TabStrip).show(self.at, counts)
        self.query_one(KeyBar).show(self.at, without=("zoom",) if self.arrangement.form == "single" else ())
        self.query_one(StatusLine).show(self.connection, self.snapshot, max(fetched, default=None))

    def _tell_ages(self) -> None:
        self.tell_bars()
        for name in TABS:
            self.list_pane(name).tell_age()
        self.query_one(DetailPane).tell_age()
