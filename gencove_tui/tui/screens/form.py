"""A few fields to fill in, checked before they are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from gencove_tui.tui.screens.dialogs import Box, begun
from gencove_tui.tui.screens.paths import SILENT, PathDialog, PathField
from gencove_tui.tui.widgets.chooser import Chooser

MUCH = 20
"""Characters in a field that nobody should have to type again."""
GAP = 2
"""Cells between the labels and the fields."""
SHORT = 3
"""Lines that the fields get in any case, where there are so many."""
SPACES = 6
"""Lines that the words about what is wrong, the buttons and the space between take."""


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
    pick: Callable[[str], Awaitable[str | None]] | None = None
    """Lets the user choose among many, beginning with what is typed; None when nothing was chosen.

    Enter opens it, unless the field holds what was chosen.
    """


class _Fields(VerticalScroll, inherit_bindings=False):
    """More than fit are scrolled by the cursor; up and down go from field to field."""


class Form(PathDialog[dict[str, str] | None]):
    """Fields and buttons. ``check`` says what is wrong with the values, or nothing; ``trial`` names a third
    button.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "next_field", show=False),
        Binding("up", "previous_field", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("f2", "take", show=False),
        Binding("f3", "try_out", show=False),
    ]
    WIDTH = 76

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
        self._picked = {field.key: field.value for field in self._fields if field.pick}
        """What was chosen, not typed."""
        self._warned = False
        """Whether the user knows that leaving throws away what was typed."""

    def compose(self) -> ComposeResult:
        """Words, fields, what is wrong, buttons."""
        label = max(cell_len(field.label) for field in self._fields) + GAP
        with Box(classes="dialog") as box:
            box.border_title = Content(self._title)
            if self._text:
                yield Static(Content(self._text), classes="dialog-text")
            with _Fields(classes="fields", can_focus=False):
                for field in self._fields:
                    with Horizontal(classes="field -close"):
                        named = Label(Content(field.label))
                        named.styles.width = label
                        yield named
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
        name = f"form-{field.key}"
        if field.is_path:
            return PathField(field.value, placeholder=field.hint, id=name)
        return Input(field.value, placeholder=field.hint, compact=True, id=name)

    def on_mount(self) -> None:
        """Begin at the first field, or at the one that was wrong."""
        self.query_one(f"#form-{self._at}").focus()

    def fit(self) -> None:
        """All fields where they find room, else as many as there are lines for."""
        words = sum(-(-cell_len(line) // self.inner_width) for line in self._text.splitlines())
        room = self.inner_height - words - SPACES
        self.query_one(_Fields).styles.height = min(len(self._fields), max(SHORT, room))

    def hints(self) -> Sequence[str]:
        """Going through values, where there are any to go through; trying out, where that can be."""
        field = self._focused_field()
        values = ["← → value"] if any(each.choices for each in self._fields) else []
        tries = [f"f3 {self._trial.lower()}"] if self._trial else []
        here = (
            ["enter lists"] if field and field.pick else ["tab completes"] if field and field.is_path else []
        )
        takes = "enter" if field and (field.choices or field is self._fields[-1]) and not field.pick else "f2"
        return ("↑ ↓ field", *values, *here, f"{takes} {begun(self._go_label)}", *tries, "esc back")

    def on_descendant_focus(self) -> None:
        """Enter and tab do other things in some fields."""
        self.show_hints()

    def _focused_field(self) -> Field | None:
        at = self.focused.id if self.focused is not None else None
        return next((field for field in self._fields if at == f"form-{field.key}"), None)

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
        self._warned = False
        # An input reports the value that it begins with, too.
        if self.values != {field.key: field.value.strip() for field in self._fields} or not self._wrong:
            self.query_one("#form-wrong", Static).update(self._silent())

    def _silent(self) -> str:
        """That a path is on a disk that doesn't answer, where that is so."""
        return SILENT if any(path.is_silent for path in self.query(PathField)) else ""

    @on(PathField.DiskChanged)
    def _disk_changed(self, event: PathField.DiskChanged) -> None:
        event.stop()
        said = self.query_one("#form-wrong", Static)
        if str(said.content) in ("", SILENT):
            said.update(self._silent())

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """To the next field, or to the list that the field stands for; from the last one, take the form."""
        event.stop()
        field, text = self._focused_field(), event.value.strip()
        if field is not None and field.pick and (not text or text != self._picked[field.key]):
            self.run_worker(self._choose(field, text), group="choose", exclusive=True, exit_on_error=False)
        elif event.input.id == f"form-{self._fields[-1].key}":
            self._go()
        else:
            self.focus_next()

    async def _choose(self, field: Field, text: str) -> None:
        """Let the user choose from a list; then on to the next field, whatever came of it."""
        assert field.pick is not None  # noqa: S101 - checked by the caller; tells the type checker
        chosen = await field.pick(text)
        if chosen is not None:
            self._picked[field.key] = chosen
            self.query_one(f"#form-{field.key}", Input).value = chosen
        self.focus_next()

    def action_complete(self) -> None:
        """In a path: take the completion. Elsewhere: to the next field."""
        if isinstance(self.focused, PathField) and self.focused.cursor_at_end:
            self.keys_wait_for(self.complete(self.focused))
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
            self._go_to_what_is_wrong(wrong, values)
        else:
            self.dismiss(values)

    def _go_to_what_is_wrong(self, wrong: str, values: Mapping[str, str]) -> None:
        """The field that a complaint names, or whose text it quotes, gets the keyboard."""
        for field in self._fields:
            value = values[field.key]
            if wrong.startswith(f"{field.label}:") or (value and repr(value) in wrong):
                self.query_one(f"#form-{field.key}").focus()
                return

    def key_enter(self, event: events.Key) -> None:
        """On a field with choices: take the form."""
        if isinstance(self.focused, Chooser):
            event.stop()  # else the screen below, which is at the top by then, gets it as well
            self._go()

    def action_leave(self) -> None:
        """Leave; what was typed is not lost by one key."""
        if not self._warned and self._typed_much():
            self._warned = True
            self.query_one("#form-wrong", Static).update("Esc again throws away what was typed.")
        else:
            self.dismiss(None)

    def _typed_much(self) -> bool:
        """Whether more was typed than is typed again in a moment."""
        now = self.values
        changed = [f for f in self._fields if not f.choices and now[f.key] != f.value.strip()]
        return len(changed) > 1 or any(len(now[field.key]) > MUCH for field in changed)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss(None)
