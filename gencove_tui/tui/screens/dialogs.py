"""Small dialogs: a question with a safe answer, and a sheet of facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static
from textual.worker import Worker, WorkerState

from gencove_tui.engine.views import Snapshot
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.format import Cell
from gencove_tui.tui.screens.arrange import form_for
from gencove_tui.tui.toasts import say_mistake
from gencove_tui.tui.widgets.facts import Fact, Facts

R = TypeVar("R")


class Dialog(ModalScreen[R]):
    """A box above the panes. Esc leaves it without doing anything."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "back", show=False)]
    AUTO_FOCUS = ""

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            say_mistake(self.app, event.worker.error)

    def on_resize(self, event: events.Resize) -> None:
        """Make way for the words that the terminal is too small."""
        self.set_class(form_for(event.size) == "tiny", "-tiny")

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def action_next_field(self) -> None:
        """To the next field or button."""
        self.focus_next()

    def action_previous_field(self) -> None:
        """To the previous field or button."""
        self.focus_previous()


class Live:
    """A screen that moves with the ledger."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take over a new snapshot."""
        raise NotImplementedError


class Choice(NamedTuple):
    """An answer on a button."""

    value: str
    label: str
    """The act itself, beginning with its verb."""
    bad: bool = False
    """It loses something."""


class Question(Dialog[str]):
    """Asks, with one answer per line. The first is the safe one: it has the focus, and esc gives it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,right,l", "next_field", show=False),
        Binding("up,k,left,h", "previous_field", show=False),
    ]

    def __init__(self, title: str, body: Sequence[str], choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._body = body
        self.choices = tuple(choices)

    def compose(self) -> ComposeResult:
        """Title on the border, text, buttons."""
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content(f"1-{len(self.choices)} or ↑ ↓ and enter · esc {self._esc}")
            with VerticalScroll(classes="dialog-body", can_focus=False):
                yield Static(Content("\n".join(self._body)), classes="dialog-text")
            for number, choice in enumerate(self.choices, 1):
                yield Button(
                    Content(f"{number} {choice.label}" if number < 10 else choice.label),
                    id=f"answer-{choice.value}",
                    compact=True,
                    variant="error" if choice.bad else "default",
                )

    def on_mount(self) -> None:
        """Focus the safe answer."""
        self.query_one(f"#answer-{self.choices[0].value}").focus()

    @property
    def _esc(self) -> str:
        label = self.choices[0].label
        return f"{label[0].lower()}{label[1:]}"

    def on_key(self, event: events.Key) -> None:
        """A number gives its answer; one that loses something only gets the keyboard."""
        number = int(event.key) - 1 if event.key in tuple("123456789") else len(self.choices)
        if number < len(self.choices):
            event.stop()
            choice = self.choices[number]
            if choice.bad:
                self.query_one(f"#answer-{choice.value}").focus()
            else:
                self.dismiss(choice.value)

    def action_leave(self) -> None:
        """Esc is the safe answer."""
        self.dismiss(self.choices[0].value)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss((event.button.id or "").removeprefix("answer-"))


class Scrolling(Dialog[None]):
    """A sheet to read: keys scroll it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "leave", "close", show=False),
        Binding("j,down", "down", show=False),
        Binding("k,up", "up", show=False),
    ]

    def on_mount(self) -> None:
        """Let the keys scroll."""
        self.query_one(VerticalScroll).focus()

    def action_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_up(animate=False)


class FactsSheet(Scrolling):
    """All that is known about one thing, in full length."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, title: str, facts: Sequence[tuple[str, Cell]], copyable: str) -> None:
        super().__init__()
        self._title = title
        self._facts = [Fact(name, value, long=True) for name, value in facts]
        self._copyable = copyable

    def compose(self) -> ComposeResult:
        """The facts, scrolling where they are many."""
        with VerticalScroll(classes="dialog -wide") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content("y copy · esc close" if self._copyable else "esc close")
            yield Facts()

    def on_mount(self) -> None:
        """Fill it, and let the keys scroll."""
        self.query_one(Facts).show(self._facts)
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Copy what names the thing."""
        if self._copyable:
            copy(self.app, self._copyable, "it")
