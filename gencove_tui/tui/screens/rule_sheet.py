"""One watch rule: how it stands, what each file waits for, how its samples fare; and its dry run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gencove_tui.engine.views import RuleView, Snapshot
from gencove_tui.engine.views_watch import RuleDetail
from gencove_tui.engine.words import plural
from gencove_tui.model import WatchRule
from gencove_tui.tui.format import clean, size
from gencove_tui.tui.rule_words import Names, field_to_set
from gencove_tui.tui.screens.dialogs import Live, Scrolling
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact, Facts
from gencove_tui.tui.widgets.rule_facts import (
    dry_run_facts,
    ignored_facts,
    rule_facts,
    sample_facts,
    waiting_facts,
)

if TYPE_CHECKING:
    from gencove_tui.engine.watch.dry_run import DryRun

SECTIONS = (("files", "Files that wait"), ("samples", "Samples"), ("ignored", "Files left out"))


class RuleSheet(Scrolling, Live):
    """Moves along with the rule. ``ask`` returns what the ledger knows now; ``edit`` opens its form."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "edit", "edit", show=False)]

    def __init__(
        self,
        view: RuleView,
        look: Look,
        ask: Callable[[int], RuleDetail | None],
        names: Names,
        edit: Callable[[WatchRule, str], None],
    ) -> None:
        super().__init__()
        self.rule_view, self.look, self._names = view, look, names
        self._ask, self._edit = ask, edit

    def compose(self) -> ComposeResult:
        """Facts, files that wait, samples, files that are left out."""
        rule = self.rule_view.rule
        with VerticalScroll(classes="dialog") as box:
            box.border_title = Content(f"Watch rule {clean(rule.name) or clean(rule.folder)}")
            yield Facts(id="rule-facts")
            for name, title in SECTIONS:
                yield Static(title, id=f"rule-{name}-title", classes="section", markup=False)
                yield Facts(id=f"rule-{name}")

    def hints(self) -> Sequence[str]:
        """How to change it."""
        return (*self.HINTS[:1], "e edit", *self.HINTS[1:])

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

    def action_edit(self) -> None:
        """To the rule's form, at the field that a remedy names."""
        detail = self._ask(self.rule_view.rule.id)
        pending = detail.pending if detail is not None else ()
        remedies = (self.rule_view.samples_remedy, *(file.remedy for file in pending))
        at = next(filter(None, map(field_to_set, remedies)), "")
        self.dismiss()
        self._edit(self.rule_view.rule, at)

    def _show(self) -> None:
        self.query_one("#rule-facts", Facts).show(rule_facts(self.rule_view, self.look, self._names))
        detail = self._ask(self.rule_view.rule.id)
        if detail is None:
            return
        self._list("files", waiting_facts(detail, self.look))
        self._list("samples", sample_facts(detail, self._names))
        self._list("ignored", ignored_facts(detail))

    def _list(self, name: str, facts: list[Fact]) -> None:
        self.query_one(f"#rule-{name}-title").display = bool(facts)
        self.query_one(f"#rule-{name}", Facts).show(facts)


class DryRunSheet(Scrolling):
    """What a rule would do."""

    def __init__(self, name: str, folder: str, found: DryRun, look: Look) -> None:
        super().__init__()
        self._name, self._folder, self._found, self._look = name, folder, found, look

    def compose(self) -> ComposeResult:
        """The sum, then file by file."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = Content(f"Dry run of {self._name}: nothing was uploaded")
            yield Static(self._sum(), classes="dialog-text", markup=False)
            yield Facts()

    def _sum(self) -> str:
        found, taken = self._found, self._found.taken
        if not found.files:
            return f"No FASTQ below {self._folder} yet."
        uploads = len({file.remote for file in taken})
        total = size(sum(file.size for file in taken))
        condition = f", {found.condition}" if found.condition else ""
        lines = [
            f"{plural(uploads, 'upload')}, {total}, would go{condition}."
            if taken
            else "Nothing would go now.",
            f"Seen to before: {found.before}." if found.before else "",
            f"{plural(found.left, 'file')} would not, or not yet." if found.left else "",
        ]
        return " ".join(filter(None, lines))

    def on_mount(self) -> None:
        """Fill it, and let the keys scroll."""
        self.query_one(Facts).show(dry_run_facts(self._found, self._look))
        super().on_mount()
