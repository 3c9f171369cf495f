"""The keys that work everywhere, and what every pane may ask of the screen."""

from __future__ import annotations

from textual import on
from textual.worker import Worker, WorkerState

from gencove_tui.errors import Problem
from gencove_tui.tui.actions import APP, BY_ID, PANES, TABLE, TABS, bindings
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.messages import ProblemMet
from gencove_tui.tui.screens.dialogs import FactsSheet
from gencove_tui.tui.screens.frame import Frame
from gencove_tui.tui.screens.help import Help
from gencove_tui.tui.screens.messages_sheet import MessagesSheet
from gencove_tui.tui.screens.theme import ThemeChooser
from gencove_tui.tui.toasts import say_mistake, say_problem
from gencove_tui.tui.widgets.bars import Line
from gencove_tui.tui.widgets.list_pane import ListPane
from gencove_tui.tui.widgets.notices import Notices
from gencove_tui.tui.widgets.pane import Pane
from gencove_tui.tui.widgets.virtual_table import VirtualTable


class SharedWiring(Frame):
    """Actions of the whole screen, and messages that any pane sends."""

    BINDINGS = bindings(APP)

    # --- actions -----------------------------------------------------------------------

    async def do(self, action: str) -> None:
        """Run an action where it belongs: in the pane at hand if it can, else in the first that can."""
        where, call = BY_ID[action].where, BY_ID[action].call
        if not {APP, TABLE, self.at} & set(where):
            self.go_to(where[0])
        pane = self.panes[self.at]
        await self.app.run_action(call, self if APP in where else pane.table if TABLE in where else pane)

    @on(Line.Pressed)
    async def _bar_pressed(self, event: Line.Pressed) -> None:
        await self.do(event.action)

    def search_all(self, pane: str, text: str) -> None:
        """Filter a list by a text, also what isn't loaded of it."""
        self.go_to(pane)
        self.list_pane(pane).filter_by(text)

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
        again = self.look.keys.key("refresh")
        if self.stop_waiting(Problem("Stopped before the answer came", "", f"{again} asks again.")):
            pass
        elif isinstance(pane, ListPane) and pane.drop_filter():
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
        self.deeds.upload()

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
        self.app.push_screen(Help(self.at, self.look))

    def action_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    def action_theme(self) -> None:
        """Open the list of themes."""
        chooser = ThemeChooser(self.look, tuple(self.app.available_themes.values()), self.app.theme)
        self.app.push_screen(chooser)

    async def action_to_shell(self) -> None:
        """Let the shell have the terminal for a while."""
        await self.app.run_action("to_shell", self.app)

    def action_quit(self) -> None:
        """Leave, asking if work is in flight."""
        self._leave()

    # --- what is true of all panes -----------------------------------------------------

    @on(VirtualTable.Filled)
    def _filled(self) -> None:
        self.tell_bars()

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
        copy(self.app, event.text, event.what, folder=self.desk.download_folder)

    @on(Pane.FactsAsked)
    def _facts_asked(self, event: Pane.FactsAsked) -> None:
        self.app.push_screen(FactsSheet(event.title, event.facts, event.copyable))
