"""The watch rules above, and below them what happened lately or the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.message import Message

from gencove_tui.engine.views import RuleView, Snapshot
from gencove_tui.model import AuditEntry, Event, WatchRule
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, clean, day
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.rule_words import Names
from gencove_tui.tui.states import rule_state
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.list_pane import ListPane
from gencove_tui.tui.widgets.pane import ABOUT_ROWS
from gencove_tui.tui.widgets.rule_facts import audit_facts, event_facts
from gencove_tui.tui.widgets.virtual_table import VirtualTable

RULES_SHOWN = 4
"""Rules that are in view at least before their list scrolls; in a high pane a third of it."""
MOST_NAME = 20
"""Cells that the names of rules may take before the others had their share."""
MOST_TIME = 10
"""Cells of the longest form of a day."""
EMPTY = 4
"""Lines that say how to get the first rule, with blanks around them."""
LOGS = ("events", "audit")

Entry = Event | AuditEntry


class WatchPane(ListPane[RuleView]):
    """Rules above, a log below. The filter is about the log."""

    NAME = "watch"
    BINDINGS = bindings("watch")
    GROUPS = LOGS
    COLUMNS = (
        Column("Rule", 8, flex=1, keep=90, cut="path"),
        Column("State", 24, flex=4, keep=100),
    )
    ROOMY_COLUMNS = (
        Column("Rule", 8, flex=1, keep=90, cut="path"),
        Column("State", 42, flex=3, keep=100),
        Column("Folder", 12, flex=1, keep=20, cut="path"),
    )
    ROOMY = 70
    """Cells from which the folder is shown: what a rule does matters more than where."""
    EVENT_COLUMNS = (
        Column("Event", 12, flex=1, keep=100),
        Column("Time", 6, keep=50, right=True),
    )

    @dataclass
    class Switched(Message):
        """The user wants a rule to go on or to rest."""

        view: RuleView

    @dataclass
    class EditAsked(Message):
        """The user wants to change a rule, or to make one."""

        rule: WatchRule | None

    @dataclass
    class RuleAsked(Message):
        """The user wants to do something with a rule: ``open``, ``remove`` or ``try`` it."""

        view: RuleView
        act: str

    @dataclass
    class AuditAsked(Message):
        """The audit log is in view and should be renewed."""

        search: str

    @dataclass
    class ExportAsked(Message):
        """The user wants the log in view as a file."""

        log: str
        events: tuple[Event, ...]
        search: str

    def __init__(self, look: Look) -> None:
        self._roomy = False
        super().__init__(look)
        self.events = VirtualTable(
            self.EVENT_COLUMNS,
            glyphs=look.glyphs,
            id="watch-events",
            empty="No events yet.",
            newest_first=True,
        )
        self.entries: tuple[Entry, ...] = ()
        self.event_source: Source[Entry] = Source(Rows(), _entry_key, self._entry_cells)
        self._snapshot_events: tuple[Event, ...] = ()
        self.names = Names()
        """What is called how. The screen, which can ask, puts its own here."""

    def compose(self) -> ComposeResult:
        """Two tables and the filter line."""
        yield self.banner
        yield self.table
        yield self.events
        yield self.filter_bar

    @property
    def audits(self) -> bool:
        """Whether the audit log is in view."""
        return self.group == "audit"

    def on_resize(self) -> None:
        """Show the folder where there is room for it."""
        roomy = self.size.width >= self.ROOMY
        if roomy != self._roomy:
            self._roomy = roomy
            self._show_rows()
        self._share_height()

    def _show_rows(self) -> None:
        if self._roomy:
            name, *others = self.ROOMY_COLUMNS
            longest = max((cell_len(self._name_of(view)) for _, view in self.view.rows.items()), default=0)
            self.table.set_columns((name.for_texts(longest, MOST_NAME), *others))
        else:
            self.table.set_columns(self.COLUMNS)
        super()._show_rows()

    def _share_height(self) -> None:
        """As many lines for the rules as there are, while enough is left for the log."""
        most = max(RULES_SHOWN, self.size.height // 3)
        height = 1 + (min(len(self.view.rows), most) or EMPTY)
        if self.table.styles.height is None or self.table.styles.height.value != height:
            self.table.styles.height = height

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the rules and events of this snapshot."""
        rules = {view.rule.id: view.rule.name or view.rule.folder for view in snapshot.rules}
        self.names = replace(self.names, rules=rules)
        self.show(ListView(rows=Rows.of(snapshot.rules), fetched=self.view.fetched or self.look.clock()))
        self._share_height()
        news = snapshot.events[:1] != self._snapshot_events[:1]
        self._snapshot_events = snapshot.events
        if not self.audits:
            self._show_log(snapshot.events)
        elif news:
            self.post_message(self.AuditAsked(self.filter_text))

    def show_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Show these entries of the audit log."""
        if self.audits:
            self._show_log(tuple(entries))

    def _show_log(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        words = self.filter_text.casefold().lstrip("!").split()
        wanted = not self.filter_text.startswith("!")

        def keep(entry: Entry) -> bool:
            text = self._text_of(entry).casefold()
            return all(word in text for word in words) == wanted

        self.event_source = Source(
            Rows.of(entries), _entry_key, self._entry_cells, keep if words and not self.audits else None
        )
        what, when = self.EVENT_COLUMNS
        if self.audits:
            what = replace(what, title="Audit log")
        oldest = day(entries[-1].time, self.look.clock()) if entries else ""
        self.events.set_columns((what, when.for_texts(len(oldest), MOST_TIME)))
        nothing = "Nothing in the audit log yet." if self.audits else "No events yet."
        self.events.set_empty("Nothing matches the filter." if self.filter_text else nothing)
        self.events.show(self.event_source)

    def _set_filter(self, text: str, *, search: bool = True) -> None:
        if text == self.filter_text:
            return
        super()._set_filter(text, search=search)
        if self.audits:
            self.post_message(self.AuditAsked(text))
        else:
            self._show_log(self._snapshot_events)

    def _keep(self) -> None:
        """The filter is not about the rules."""

    def key_of(self, item: RuleView) -> str:
        """The rule's number."""
        return str(item.rule.id)

    def cells_of(self, item: RuleView) -> tuple[Cell, ...]:
        """Name, state in words, and the folder where there is room."""
        return (
            Cell(self._name_of(item)),
            rule_state(item, self.look.glyphs, self.look.clock()),
            *([Cell(clean(item.rule.folder), Tone.DIM)] if self._roomy else []),
        )

    @staticmethod
    def _name_of(item: RuleView) -> str:
        return clean(item.rule.name) or clean(item.rule.folder)

    def empty_text(self) -> str:
        """How to get a rule."""
        return f"No folder is watched.\n{self.look.keys.key('new_rule')} watches one."

    def _nothing(self) -> str:
        return self.empty_text() if self.view.fetched else "Loading…"

    def idle_actions(self) -> frozenset[str]:
        """Some are about rules, some about the log, some about the one of both that has the keyboard."""
        log, at = {"filter", "export_log"}, {"open", "copy"}
        table = self.events if self.events.has_focus else self.table
        idle = set() if len(self.view.rows) else ABOUT_ROWS - log - at
        if not self.entries and not self.filter_text:
            idle |= log
        return frozenset(idle if len(table.source) else idle | at)

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    # --- actions ---------------------------------------------------------------------------------

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show all that is known about the rule or the log's entry under the cursor."""
        if self.events.has_focus:
            entry = self.event_source.item(self.events.cursor)
            if isinstance(entry, Event):
                self.post_message(
                    self.FactsAsked("Event", event_facts(entry, self.names), copyable=self.names.event(entry))
                )
            elif entry is not None:
                self.post_message(
                    self.FactsAsked("Audit log", audit_facts(entry, self.names), copyable=entry.remote)
                )
        else:
            self._ask("open")

    def action_pause(self) -> None:
        """Let the rule under the cursor rest, or go on."""
        if (view := self.current()) is not None:
            self.post_message(self.Switched(view))
        else:
            self.post_message(self.Said("No watch rule to pause"))

    def action_new_rule(self) -> None:
        """Make a rule."""
        self.post_message(self.EditAsked(None))

    def action_edit_rule(self) -> None:
        """Change the rule under the cursor."""
        if (view := self.current()) is not None:
            self.post_message(self.EditAsked(view.rule))
        else:
            self.post_message(self.Said("No watch rule to edit"))

    def action_remove_rule(self) -> None:
        """Take the rule under the cursor away."""
        self._ask("remove")

    def action_try_rule(self) -> None:
        """Show what the rule under the cursor would do."""
        self._ask("try")

    def action_release(self) -> None:
        """Let samples of the rule under the cursor go on."""
        self._ask("release")

    def _ask(self, act: str) -> None:
        if (view := self.current()) is not None:
            self.post_message(self.RuleAsked(view, act))
        else:
            self.post_message(self.Said("There is no watch rule"))

    def action_next_log(self) -> None:
        """Change between events and audit log."""
        self.group = "" if self.audits else "audit"
        self._show_log(() if self.audits else self._snapshot_events)
        if self.audits:
            self.post_message(self.AuditAsked(self.filter_text))
        self._describe()

    def action_export_log(self) -> None:
        """Write the log in view into a file."""
        shown = [self.event_source.item(index) for index in range(len(self.event_source))]
        events = tuple(entry for entry in shown if isinstance(entry, Event))
        log = "audit" if self.audits else "events"
        self.post_message(self.ExportAsked(log, events, self.filter_text))

    def action_copy(self) -> None:
        """Copy the folder, or the entry's text."""
        if self.events.has_focus:
            entry = self.event_source.item(self.events.cursor)
            if isinstance(entry, Event):
                self.post_message(self.CopyAsked(self.names.event(entry), "the event"))
            elif entry is not None:
                self.post_message(self.CopyAsked(entry.remote or entry.local_path, "the path"))
        elif (view := self.current()) is not None:
            self.post_message(self.CopyAsked(view.rule.folder, "the folder"))

    def _entry_cells(self, item: Entry) -> tuple[Cell, ...]:
        glyphs, when = self.look.glyphs, Cell(day(item.time, self.look.clock()), Tone.DIM)
        if isinstance(item, AuditEntry):
            glyph, tone = {
                "failed": (glyphs.bad, Tone.BAD),
                "skipped": (glyphs.skipped, Tone.DIM),
                "cancelled": (glyphs.cancelled, Tone.DIM),
                "unclear": (glyphs.warn, Tone.WARN),
            }.get(item.outcome, (glyphs.good, Tone.PLAIN))
            return Cell(f"{glyph} {self.names.audit(item)}", tone), when
        glyph, tone = {
            "success": (glyphs.good, Tone.GOOD),
            "error": (glyphs.bad, Tone.BAD),
            "warning": (glyphs.warn, Tone.WARN),
        }.get(item.severity, (glyphs.queued, Tone.PLAIN))
        if item.kind.endswith(".done"):
            glyph, tone = glyphs.good, Tone.GOOD
        return Cell(f"{glyph} {self.names.event(item)}", tone), when

    def _text_of(self, item: Entry) -> str:
        """What the filter looks through."""
        if isinstance(item, Event):
            return f"{self.names.event(item)} {item.message} {item.kind} {self.names.of_rule(item.rule_id)}"
        return f"{self.names.audit(item)} {item.remote} {item.local_path} {item.client_id}"


def _entry_key(item: Entry) -> str:
    return str(item.id)
