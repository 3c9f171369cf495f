"""The frame of the main screen: where the panes stand, which one has the keyboard, what the bars say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from gencove_tui.engine.views import Connection, Desk, Snapshot
from gencove_tui.errors import Problem
from gencove_tui.model import ProjectQuery, SampleQuery
from gencove_tui.tui.actions import ACTIONS, PANES, TABS
from gencove_tui.tui.deeds import Deeds
from gencove_tui.tui.follow import Follower
from gencove_tui.tui.memory import Remembered
from gencove_tui.tui.news import News
from gencove_tui.tui.queue_deeds import QueueDeeds
from gencove_tui.tui.refresher import Refresher
from gencove_tui.tui.rule_news import RuleNews
from gencove_tui.tui.rule_words import Names
from gencove_tui.tui.screens.alert import alert_text, is_down
from gencove_tui.tui.screens.arrange import Arrangement
from gencove_tui.tui.screens.coming_back import remember, restore
from gencove_tui.tui.screens.dialogs import Dialog
from gencove_tui.tui.toasts import LINGER
from gencove_tui.tui.views import Look
from gencove_tui.tui.watch_deeds import WatchDeeds
from gencove_tui.tui.widgets.bars import KeyBar, TabStrip
from gencove_tui.tui.widgets.list_pane import ListPane
from gencove_tui.tui.widgets.notices import Message, Messages, Notices
from gencove_tui.tui.widgets.pane import Pane
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.samples import SamplesPane
from gencove_tui.tui.widgets.status_line import StatusLine
from gencove_tui.tui.widgets.transfers import TransfersPane
from gencove_tui.tui.widgets.uploads import UploadsPane
from gencove_tui.tui.widgets.watch import WatchPane

Q = TypeVar("Q", ProjectQuery, SampleQuery)

PATIENCE = 5.0
"""Seconds without an answer before the status line says so."""
AGES = 30.0
"""Seconds between looks at whether an age needs other words."""


class Frame(Screen[None]):
    """All panes. Wide terminals show them together, narrow ones one at a time."""

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
        bell: bool = False,
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
        self._waited = 0.0
        self.places: dict[str, int] = {}
        """Rows beyond the first page that the cursor was on last time, until their lists are here."""
        self.snapshot: Snapshot | None = None
        self.connection: Connection = desk.connection
        self.deeds = Deeds(self, desk, look, after=lambda: self.refresher.ledger.look())
        self.queue = QueueDeeds(self, desk, look, after=lambda: self.refresher.ledger.look())
        self.watching = WatchDeeds(self, desk, look, after=lambda: self.refresher.ledger.look())
        self.news = News(self.deeds.say, self._ring if bell else lambda: None)
        self.rule_news = RuleNews(self.deeds.say, self._ring, Names(desk.project_name))
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
        self.arrangement.resize(self.app.size)  # before there are panes, whose styles would change with it
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
        restore(self)
        for part in ("#hint", "#alert", "#notices"):
            self.query_one(part).display = part == "#hint" and bool(self.hint_text)
        self._arrange()
        self.panes[self.at].focus_table()
        self.refresher.start()
        self.call_after_refresh(self.deeds.start_engine)  # to draw first is to be there sooner
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)
        self.set_interval(AGES, self._tell_ages)
        self.set_interval(1.0, self._tell_waiting)

    def _terminal_focused(self, focused: bool) -> None:
        if focused:
            self.refresher.be_seen()

    def _visible(self, name: str) -> bool:
        """Whether a list is in view, or needed to find the project that was open last time."""
        if self.arrangement.tiny:
            return False
        wanted = name == "projects" and self.refresher.project is None and bool(self.remembered.project)
        return wanted or bool(self.panes[name].display)

    def on_screen_suspend(self) -> None:
        """Below a dialog, messages would stick out at its edges; above it stands only what is unread."""
        self.tell_bars()
        for said in self.query_one(Notices).rest():
            App.notify(
                self.app,
                said.text,
                title=said.title,
                severity=said.severity,
                timeout=LINGER[said.severity],
                markup=False,
            )

    def on_screen_resume(self) -> None:
        """The dialog is gone: what was said before it stands for the rest of its time."""
        if self.is_mounted:
            self.tell_bars()
            self.query_one(Notices).come_back()

    def _ring(self) -> None:
        self.app.bell()

    def tell(self, message: Message) -> None:
        """Say something where it covers nothing."""
        self.query_one(Notices).put(message)

    # --- arrangement -------------------------------------------------------------------

    def remember(self) -> Remembered:
        """Where the user is now, to come back to."""
        return remember(self)

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

    def show_file(self, key: str) -> None:
        """Go to a deliverable of the open sample."""
        self.go_to("detail")
        self.query_one(DetailPane).show_file(key)

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

    def stop_waiting(self, why: Problem) -> bool:
        """Stop what the pane at hand is loading; False if it loads nothing that anybody waits for."""
        return self.refresher.stop(self.at, why)

    @property
    def awaits_search(self) -> bool:
        """Whether the list at hand was asked for something that hasn't come yet."""
        pane = self.panes[self.at]
        if not isinstance(pane, ListPane) or isinstance(self.focused, Input):
            return False
        if not pane.searches_server or pane.line_down or not self.refresher.line.usable:
            return False
        text, view = pane.filter_text, pane.view
        if not text or text.startswith("!"):
            return False
        return view.search != text or (view.busy and view.fetched is None)

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
            pane = self.list_pane(name)
            known = f"{pane.counted}{'+' if pane.view.rows.more else ''}"
            counts[name] = known if pane.view.fetched is not None else ""
        in_view = [feed.view for feed in self.refresher.feeds if self.panes[feed.name].display]
        fetched: list[datetime] = [view.fetched for view in in_view if view.fetched is not None]
        self.query_one(TabStrip).show(self.at, counts)
        keys = self.query_one(KeyBar)
        top = self.app.screen
        if top is not self:  # the keys of the panes do nothing now
            keys.say(*(["f1 keys"] if isinstance(top, Dialog) else []), "esc back")
        elif isinstance(self.focused, Input):
            keys.say("enter keep", "down to the list", "esc clear")
        else:
            zoomed = self.arrangement.zoomed and self.arrangement.form == "wide"
            keys.show(self.at, without=self._useless(), zoomed=zoomed)
        self.query_one(StatusLine).show(
            self.connection,
            self.snapshot,
            max(fetched, default=None),
            starting=self.deeds.starting,
            waited=self._waited,
        )

    def _tell_waiting(self) -> None:
        """A host that takes requests and doesn't answer is neither online nor offline: count the seconds."""
        waited = self.refresher.line.waited
        waited = waited if waited >= PATIENCE else 0.0
        if waited or self._waited:
            self._waited = waited
            self.tell_bars()

    def _useless(self) -> tuple[str, ...]:
        """Actions that make no sense now: what a single pane, an empty list or this dialect can't do."""
        idle = (*self.panes[self.at].idle_actions(), *(["zoom"] if self.arrangement.form == "single" else []))
        able = self.connection.capabilities
        if self.connection.dialect is None:
            return idle
        return (*idle, *(a.id for a in ACTIONS if a.needs is not None and a.needs not in able))

    def _tell_ages(self) -> None:
        self.tell_bars()
        for name in TABS:
            self.list_pane(name).tell_age()
        self.query_one(DetailPane).tell_age()
