"""The watch rules, and what has happened lately."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from gencove_tui.engine.views import RuleView, Snapshot
from gencove_tui.model import Event
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, clean, day, moment
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.states import rule_state
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.virtual_table import VirtualTable

RULES_SHOWN = 4
"""Rules in view before their list scrolls."""


class WatchPane(ListPane[RuleView]):
    """Rules above, events below."""

    NAME = "watch"
    BINDINGS = bindings("watch")
    FILTERABLE = False
    COLUMNS = (
        Column("Folder", 8, flex=1, keep=90, cut="path"),
        Column("State", 24, flex=1, keep=100),
        Column("To", 24, flex=1, keep=20, cut="path"),
    )
    EVENT_COLUMNS = (
        Column("Event", 12, flex=1, keep=100, cut="middle"),
        Column("Time", 6, keep=50, right=True),
    )

    @dataclass
    class Switched(Message):
        """The user wants a rule to go on or to rest."""

        view: RuleView

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.events = VirtualTable(
            self.EVENT_COLUMNS,
            glyphs=look.glyphs,
            id="watch-events",
            empty="No events yet.",
            newest_first=True,
        )
        self.event_source: Source[Event] = Source(Rows(), _event_key, self._event_cells)

    def compose(self) -> ComposeResult:
        """Two tables."""
        yield from super().compose()
        yield self.events

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the rules and events of this snapshot."""
        self.show(ListView(rows=Rows.of(snapshot.rules), fetched=self.view.fetched or self.look.clock()))
        height = 1 + max(1, min(len(snapshot.rules), RULES_SHOWN)) + (2 if not snapshot.rules else 0)
        if self.table.styles.height is None or self.table.styles.height.value != height:
            self.table.styles.height = height
        self.event_source = Source(Rows.of(snapshot.events), _event_key, self._event_cells)
        self.events.show(self.event_source)

    def key_of(self, item: RuleView) -> str:
        """The rule's number."""
        return str(item.rule.id)

    def cells_of(self, item: RuleView) -> tuple[Cell, ...]:
        """Folder, state in words, destination."""
        return (
            Cell(clean(item.rule.folder)),
            rule_state(item, self.look.glyphs),
            Cell(clean(item.rule.destination), Tone.DIM),
        )

    def empty_text(self) -> str:
        """How to get a rule."""
        return "No folder is watched.\nTry gencove-tui watch FOLDER"

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show all that is known about the rule or the event under the cursor."""
        if self.events.has_focus:
            event = self.event_source.item(self.events.cursor)
            if event is not None:
                self.post_message(self.FactsAsked("Event", event_facts(event)))
            return
        view = self.current()
        if view is not None:
            facts = rule_facts(view, self.look)
            self.post_message(self.FactsAsked("Watch rule", facts, copyable=view.rule.folder))

    def action_pause(self) -> None:
        """Let the rule under the cursor rest, or go on."""
        if (view := self.current()) is not None:
            self.post_message(self.Switched(view))
        else:
            self.post_message(self.Said("No watch rule to pause"))

    def action_copy(self) -> None:
        """Copy the folder, or the event's text."""
        if self.events.has_focus:
            event = self.event_source.item(self.events.cursor)
            if event is not None:
                self.post_message(self.CopyAsked(event.message, "the event"))
        elif (view := self.current()) is not None:
            self.post_message(self.CopyAsked(view.rule.folder, "the folder"))

    def _event_cells(self, item: Event) -> tuple[Cell, ...]:
        glyphs = self.look.glyphs
        kind = item.kind.rpartition(".")[2]
        tones = {
            "done": (glyphs.good, Tone.GOOD),
            "failed": (glyphs.bad, Tone.BAD),
            "waiting": (glyphs.waiting, Tone.WARN),
            "problem": (glyphs.warn, Tone.WARN),
        }
        glyph, tone = tones.get(kind, (glyphs.queued, Tone.PLAIN))
        return Cell(f"{glyph} {clean(item.message)}", tone), Cell(day(item.time, self.look.clock()), Tone.DIM)


def _event_key(item: Event) -> str:
    return str(item.id)


def event_facts(event: Event) -> tuple[tuple[str, Cell], ...]:
    """All that the log knows about an event."""
    return (
        ("What", Cell(clean(event.message))),
        ("Kind", Cell(clean(event.kind))),
        ("When", Cell(moment(event.time))),
        ("Transfer", Cell("" if event.transfer_id is None else str(event.transfer_id))),
        ("Watch rule", Cell("" if event.rule_id is None else str(event.rule_id))),
        *((clean(name), Cell(clean(str(value)), Tone.DIM)) for name, value in event.data.items()),
    )


def rule_facts(view: RuleView, look: Look) -> tuple[tuple[str, Cell], ...]:
    """All that is known about a rule."""
    rule = view.rule
    return (
        ("State", rule_state(view, look.glyphs)),
        ("Folder", Cell(clean(rule.folder))),
        ("To", Cell(clean(rule.destination))),
        ("Files", Cell(", ".join(map(clean, rule.include)) or "every FASTQ")),
        ("But not", Cell(", ".join(map(clean, rule.exclude)))),
        ("Complete", Cell(f"when a file hasn't changed for {rule.settle:g} s")),
        ("Growing", Cell(str(view.settling))),
        ("Uploading", Cell(str(view.queued))),
        ("Uploaded", Cell(str(view.uploaded))),
        ("Failed", Cell(str(view.failed))),
        ("Ignored", Cell(str(view.ignored))),
        ("Last file", Cell(clean(PurePath(view.last_name).name))),
    )
