"""Small dialogs: a question with a safe answer, and a sheet of facts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import ClassVar, NamedTuple, TypeVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.filter import LineFilter
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static
from textual.worker import Worker, WorkerState

from gencove_tui.engine.views import Snapshot
from gencove_tui.tui.clipboard import copy
from gencove_tui.tui.format import Cell
from gencove_tui.tui.plain import BEHIND
from gencove_tui.tui.screens.arrange import form_for
from gencove_tui.tui.toasts import say_mistake
from gencove_tui.tui.widgets.facts import Fact, Facts

R = TypeVar("R")
DIGITS = 9
"""Answers that a number gives."""


NARROW, WIDE = 60, 92
"""Cells across of a question, and of a dialog with a list or a text in it."""
MARGIN = 8
"""Cells beside a dialog that are worth showing what lies below it; with fewer it takes the whole width."""
FRAME, TIGHT_FRAME = 6, 4
"""Cells that border and padding take of a dialog's width, and of one that fills the terminal's."""
LOW, FLAT = 30, 22
"""Rows below which dialogs go without space at their edges, and without blank lines inside."""
TALLEST = 92
"""Percent of the terminal's height that a dialog may take, as ``dialogs.tcss`` has it."""
DOT = " · "
KEYS = frozenset({"esc", "enter", "tab", "space", "a-z", "f1", "f2", "f3"})


def hint_line(hints: Sequence[str], room: int) -> str:
    """The keys of a dialog in one line; where there is no room for all, the first ones are left out."""
    shown = list(hints)
    while len(shown) > 1 and cell_len(DOT.join(shown)) > room:
        del shown[0]
    return DOT.join(shown)


def key_and_meaning(hint: str) -> tuple[str, str]:
    """A hint in two: the keys that it begins with, and what they do."""
    words = hint.split(" ")
    keys = list(takewhile(lambda word: len(word) == 1 or word.rstrip(":") in KEYS, words))
    return " ".join(keys).rstrip(":"), " ".join(words[len(keys) :]) or "go on"


class Box(VerticalScroll, can_focus=False, inherit_bindings=False):
    """What a dialog is drawn in. Its buttons stay in view; the rest scrolls with the keyboard."""


class Dialog(ModalScreen[R]):
    """A box above the panes. Esc leaves it without doing anything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("question_mark,f1", "keys", "its keys", show=False),
    ]
    AUTO_FOCUS = ""
    WIDTH: ClassVar[int] = NARROW
    """Cells across where the terminal has them."""
    HINTS: ClassVar[tuple[str, ...]] = ()
    """Its keys, the one that can be left out soonest first."""
    MORE_KEYS: ClassVar[tuple[str, ...]] = ()
    """Keys that only the list of keys names."""
    _had_focus: Widget | None = None

    def __init__(self) -> None:
        super().__init__()
        self._answers: list[R] = []
        """What it would have closed with, had it been on top."""

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            say_mistake(self.app, event.worker.error)

    def answer(self, result: R) -> None:
        """Close with an answer that came by itself; below the list of its keys, once that is closed."""
        if self.is_active:
            self.dismiss(result)
        else:
            self._answers.append(result)

    def on_screen_resume(self) -> None:
        """Nothing lies above any more."""
        if self._answers:
            self.dismiss(self._answers.pop())

    def on_resize(self, event: events.Resize) -> None:
        """Take the room that there is; make way for the words that the terminal is too small."""
        was_tiny, tiny = self.has_class("-tiny"), form_for(event.size) == "tiny"
        if tiny and not was_tiny:
            self._had_focus = self.focused  # what is hidden loses it
        self.set_class(tiny, "-tiny")
        if was_tiny and not tiny:
            self.call_after_refresh(self.set_focus, self._had_focus)
        self.set_class(event.size.height < LOW, "-low")
        self.set_class(event.size.height < FLAT, "-flat")
        self.set_class(not self._is_framed, "-full")
        self.query_one(".dialog").styles.width = self.WIDTH if self._is_framed else event.size.width
        self.fit()
        self.show_hints()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What lies behind stands back, also where no colour can say so."""
        filters = super().get_line_filters()
        return [*filters, BEHIND] if self.app.no_color else filters

    def fit(self) -> None:
        """Choose heights that leave room for the rest; called whenever the terminal has another size."""

    @property
    def _is_framed(self) -> bool:
        """Whether something of what lies below is in view at both sides."""
        return self.app.size.width >= self.WIDTH + MARGIN

    @property
    def inner_width(self) -> int:
        """Cells across inside the box."""
        return self.WIDTH - FRAME if self._is_framed else max(1, self.app.size.width - TIGHT_FRAME)

    @property
    def inner_height(self) -> int:
        """Lines inside a box that is as high as it may be."""
        high = self.app.size.height
        return high - 2 if high < LOW else high * TALLEST // 100 - 4

    def hints(self) -> Sequence[str]:
        """The keys to name now."""
        return self.HINTS

    def show_hints(self) -> None:
        """Name the keys on the lower border."""
        self.query_one(".dialog").border_subtitle = Content(hint_line(self.hints(), self.inner_width))

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def action_keys(self) -> None:
        """All keys of this dialog, also those that found no room on its border."""
        self.app.push_screen(DialogKeys([key_and_meaning(hint) for hint in (*self.hints(), *self.MORE_KEYS)]))

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
        self._waiting: Choice | None = None
        """The answer that a number has named and that enter would give."""

    def compose(self) -> ComposeResult:
        """Title on the border, text, buttons."""
        with Box(classes="dialog") as box:
            box.border_title = Content(self._title)
            with VerticalScroll(classes="dialog-body", can_focus=False):
                yield Static(Content("\n".join(self._body)), classes="dialog-text")
            for number, choice in enumerate(self.choices, 1):
                yield Button(
                    Content(f"{number if number <= DIGITS else ' '} {choice.label}"),
                    id=f"answer-{choice.value}",
                    compact=True,
                    variant="error" if choice.bad else "default",
                )

    def on_mount(self) -> None:
        """Focus the safe answer."""
        self.query_one(f"#answer-{self.choices[0].value}").focus()

    def hints(self) -> Sequence[str]:
        """What a number does, and what esc does."""
        last = min(len(self.choices), DIGITS)
        esc = f"esc {begun(self.choices[0].label)}"
        if self._waiting is not None:
            return f"enter: {begun(self._waiting.label)}", esc
        if any(choice.bad for choice in self.choices):
            return f"1-{last}, then enter", esc
        return "↑ ↓ enter", f"1-{last} at once", esc

    def on_key(self, event: events.Key) -> None:
        """A number gives its answer; one that loses something only gets the keyboard and waits for enter."""
        number = int(event.key) - 1 if event.key in tuple("123456789") else len(self.choices)
        if number < len(self.choices):
            event.stop()
            choice = self.choices[number]
            if choice.bad:
                self.query_one(f"#answer-{choice.value}").focus()
                self._waiting = choice
                self.show_hints()
            else:
                self.dismiss(choice.value)

    def action_leave(self) -> None:
        """Esc is the safe answer."""
        self.dismiss(self.choices[0].value)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss((event.button.id or "").removeprefix("answer-"))


def relabel(button: Button, label: str) -> None:
    """Other words on a button, which is as wide as they are."""
    button.label = Content(label)
    button.refresh(layout=True)


def begun(label: str) -> str:
    """A label within a sentence."""
    return f"{label[:1].lower()}{label[1:]}"


class Scrolling(Dialog[None]):
    """A sheet to read: keys scroll it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "leave", "close", show=False),
        Binding("j,down", "down", show=False),
        Binding("k,up", "up", show=False),
        Binding("space,ctrl+d", "page(1)", show=False),
        Binding("ctrl+u", "page(-1)", show=False),
        Binding("g", "top", show=False),
        Binding("G", "bottom", show=False),
    ]
    WIDTH = WIDE
    HINTS: ClassVar[tuple[str, ...]] = ("↑ ↓ scroll", "esc close")
    MORE_KEYS: ClassVar[tuple[str, ...]] = ("space a page down", "g to the top", "G to the end")

    def on_mount(self) -> None:
        """Let the keys scroll."""
        self.query_one(VerticalScroll).focus()

    def action_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    def action_page(self, by: int) -> None:
        """A screenful down or up."""
        sheet = self.query_one(VerticalScroll)
        sheet.scroll_relative(y=by * max(1, sheet.size.height - 1), animate=False)

    def action_top(self) -> None:
        """To the beginning."""
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_bottom(self) -> None:
        """To the end."""
        self.query_one(VerticalScroll).scroll_end(animate=False)


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
        with VerticalScroll(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield Facts()

    def hints(self) -> Sequence[str]:
        """Copying, where there is something to copy."""
        return (*self.HINTS[:1], *(["y copy"] if self._copyable else []), *self.HINTS[1:])

    def on_mount(self) -> None:
        """Fill it, and let the keys scroll."""
        self.query_one(Facts).show(self._facts)
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Copy what names the thing."""
        if self._copyable:
            copy(self.app, self._copyable, "it")


class DialogKeys(FactsSheet):
    """The keys of a dialog, above it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1", "leave", "close", show=False)]
    HINTS: ClassVar[tuple[str, ...]] = ("esc close",)
    WIDTH = NARROW

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__("Keys of this dialog", [(key, Cell(meaning)) for key, meaning in keys], copyable="")
