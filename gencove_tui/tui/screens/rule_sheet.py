"""One watch rule: how it stands, what each file waits for, how its samples fare; and its dry run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gencove_tui.engine.views import RuleView, Snapshot
from gencove_tui.engine.views_watch import RuleDetail
from gencove_tui.tui.format import clean, plural, size
from gencove_tui.tui.screens.dialogs import Live, Scrolling
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact, Facts
from gencove_tui.tui.widgets.rule_facts import dry_run_facts, rule_facts, sample_facts, waiting_facts

if TYPE_CHECKING:
    from gencove_tui.engine.watch.dry_run import DryRun


class RuleSheet(Scrolling, Live):
    """Moves along with the rule. ``ask`` returns what the ledger knows now."""

    def __init__(self, view: RuleView, look: Look, ask: Callable[[int], RuleDetail | None]) -> None:
        super().__init__()
        self.rule_view, self.look, self._ask = view, look, ask

    def compose(self) -> ComposeResult:
        """Facts, files that wait, samples."""
        with VerticalScroll(classes="dialog -wide") as box:
            box.border_title = Content(f"Watch rule {clean(self.rule_view.rule.name)}")
            box.border_subtitle = Content("esc close")
            yield Facts(id="rule-facts")
            yield Static("Files that wait", id="rule-files-title", classes="section", markup=False)
            yield Facts(id="rule-files")
            yield Static("Samples", id="rule-samples-title", classes="section", markup=False)
            yield Facts(id="rule-samples")

    def on_mount(self) -> None:
        """Fill it, and let the keys scroll."""
        self._show()
        super().on_mount()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """The ledger changed."""
        for view in snapshot.rules:
            if view.rule.id == self.rule_view.rule.id:
                self.rule_view = view
                self._show()

    def _show(self) -> None:
        self.query_one("#rule-facts", Facts).show(rule_facts(self.rule_view, self.look))
        detail = self._ask(self.rule_view.rule.id)
        if detail is None:
            return
        self._list("#rule-files", waiting_facts(detail, self.look))
        self._list("#rule-samples", sample_facts(detail.samples))

    def _list(self, name: str, facts: list[Fact]) -> None:
        self.query_one(f"{name}-title").display = bool(facts)
        self.query_one(name, Facts).show(facts)


class DryRunSheet(Scrolling):
    """What a rule would do."""

    def __init__(self, name: str, found: DryRun, look: Look) -> None:
        super().__init__()
        self._name, self._found, self._look = name, found, look

    def compose(self) -> ComposeResult:
        """The sum, then file by file."""
        taken = self._found.taken
        total = size(sum(file.size for file in taken))
        rest = plural(len(self._found.files) - len(taken), "file")
        with VerticalScroll(classes="dialog -wide") as box:
            box.border_title = Content(f"Dry run of {self._name}")
            box.border_subtitle = Content("nothing was uploaded · esc close")
            yield Static(
                f"{plural(len(taken), 'upload')}, {total}, would go. {rest} would not, or not yet.",
                classes="dialog-text",
                markup=False,
            )
            yield Facts()

    def on_mount(self) -> None:
        """Fill it, and let the keys scroll."""
        self.query_one(Facts).show(dry_run_facts(self._found, self._look))
        super().on_mount()
