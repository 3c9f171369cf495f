"""A few fields to fill in, checked before they are taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from gencove_tui.tui.screens.dialogs import Dialog
from gencove_tui.tui.screens.paths import PathSuggester
from gencove_tui.tui.widgets.chooser import Chooser


class Field(NamedTuple):
    """One line of a form."""

    key: str
    label: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """Values and how they read; none for a text."""
    hint: str = ""
    """Shown in an empty text field."""
    is_path: bool = False


class _Fields(VerticalScroll, inherit_bindings=False):
    """More than fit are scrolled by the cursor; up and down go from field to field."""


class Form(Dialog[dict[str, str] | None]):
    """Fields and buttons. ``check`` says what is wrong with the values, or nothing; ``trial`` names a third
    button.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "next_field", show=False),
        Binding("up", "previous_field", show=False),
        Binding("f2", "take", show=False),
        Binding("f3", "try_out", show=False),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        go: str,
        *,
        text: str = "",
        check: Callable[[Mapping[str, str]], str] | None = None,
        wrong: str = "",
        at: str = "",
        trial: str = "",
    ) -> None:
        super().__init__()
        self._trial = trial
        self.wants_trial = False
        """Whether the values are only to be tried; the form comes back afterwards."""
        self._title, self._go_label, self._text = title, go, text
        self._fields = tuple(fields)
        self._check = check
        self._wrong = wrong
        """What turned out to be wrong with these values before."""
        self._at = at or self._fields[0].key

    def compose(self) -> ComposeResult:
        """Words, fields, what is wrong, buttons."""
        with Vertical(classes="dialog -form") as box:
            box.border_title = Content(self._title)
            tries = f" · f3 {self._trial.lower()}" if self._trial else ""
            box.border_subtitle = Content(f"↑ ↓ field · ← → value · f2 done{tries} · esc back")
            if self._text:
                yield Static(Content(self._text), classes="dialog-text")
            with _Fields(classes="fields", can_focus=False):
                for field in self._fields:
                    with Horizontal(classes="field -close"):
                        yield Label(Content(field.label))
                        yield self._widget(field)
            yield Static(self._wrong, id="form-wrong", classes="wrong", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content(self._go_label), id="go", compact=True, variant="primary")
                if self._trial:
                    yield Button(Content(self._trial), id="trial", compact=True)
                yield Button("Back", id="leave", compact=True)

    def _widget(self, field: Field) -> Widget:
        if field.choices:
            return Chooser(field.choices, field.value, id=f"form-{field.key}")
        return Input(
            field.value,
            placeholder=field.hint,
            compact=True,
            id=f"form-{field.key}",
            suggester=PathSuggester() if field.is_path else None,
        )

    def on_mount(self) -> None:
        """Begin at the first field, or at the one that was wrong."""
        self.query_one(_Fields).styles.height = min(len(self._fields), self.app.size.height // 2)
        self.query_one(f"#form-{self._at}").focus()

    @property
    def values(self) -> dict[str, str]:
        """What is filled in, by key."""
        found = {}
        for field in self._fields:
            widget = self.query_one(f"#form-{field.key}")
            if isinstance(widget, Chooser):
                found[field.key] = widget.value
            elif isinstance(widget, Input):
                found[field.key] = widget.value.strip()
        return found

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        # An input reports the value that it begins with, too.
        if self.values != {field.key: field.value.strip() for field in self._fields} or not self._wrong:
            self.query_one("#form-wrong", Static).update("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """To the next field; from the last one, take the form."""
        event.stop()
        if event.input.id == f"form-{self._fields[-1].key}":
            self._go()
        else:
            self.focus_next()

    def action_take(self) -> None:
        """Take the form, wherever in it the cursor is."""
        self._go()

    @on(Button.Pressed, "#trial")
    def action_try_out(self) -> None:
        """Only try the values out."""
        if self._trial:
            self.wants_trial = True
            self._go()

    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        values = self.values
        wrong = self._check(values) if self._check is not None else ""
        if wrong:
            self.wants_trial = False
            self.query_one("#form-wrong", Static).update(wrong)
        else:
            self.dismiss(values)

    def key_enter(self, event: events.Key) -> None:
        """On a field with choices: take the form."""
        if isinstance(self.focused, Chooser):
            event.stop()  # else the screen below, which is at the top by then, gets it as well
            self._go()

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
