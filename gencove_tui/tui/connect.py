"""The first screen of somebody new: which Gencove, which key, and where the key will be kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path, PurePath
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.filter import LineFilter
from textual.widgets import Button, Input, Label, RadioButton, RadioSet, Static

from gencove_tui.config.urls import url_complaint
from gencove_tui.errors import Problem
from gencove_tui.tui.format import ASCII, clean, glyphs_for, sentences
from gencove_tui.tui.mistakes import foreseen
from gencove_tui.tui.plain import plain_filters
from gencove_tui.tui.shell import Shell
from gencove_tui.tui.themes import HOUSE_THEMES

HERE = Path(__file__).parent
FLAT = 22
"""Rows below which blank lines are left out."""


class Accepted(NamedTuple):
    """What Gencove said to the key."""

    host: str
    dialect: str
    who: str
    s3_endpoint: str = ""
    """Where its upload area is, as the user typed it; empty means Amazon's."""


FIELDS = ("host", "key", "profile", "s3")
"""Those that can be filled in wrongly."""
OTHERS = 4
"""Names of profiles that are told before the rest is left out."""


class Doors(NamedTuple):
    """What the connection screen needs from outside."""

    profile: str
    """The profile's name that is offered."""
    environments: Sequence[tuple[str, str]]
    """``(name, host)`` of the hosts that are known."""
    kept_in: Callable[[str], str]
    """Where the key of a profile will be kept, for people to read."""
    check: Callable[[str, str], Awaitable[Accepted]]
    """Asks a host (empty: find one) whether it takes a key. Raises ``Problem``."""
    keep: Callable[[str, str, Accepted], None]
    """Keeps profile, key and what was found out. Raises ``Problem``."""
    host: str = ""
    """The host of a profile that gets another key; empty to look for one."""
    back: bool = False
    """Whether there is a profile to go back to."""
    others: tuple[str, ...] = ()
    """Profiles that have been made already."""
    s3_endpoint: str | None = None
    """The S3 endpoint of the profile; None where ``keep`` keeps none, so that none is asked for."""


class Way(RadioButton):
    """Its sign tells whether it is chosen, also where there are no colours."""

    BUTTON_LEFT = BUTTON_RIGHT = " "

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # it depends on the value here
        """The sign between the sides of the button."""
        return "●" if self.value else "○"


class Ways(RadioSet):
    """Its arrows lead on to the next field from the last way, and back from the first."""

    def to_last(self) -> None:
        """Begin at the last way, for somebody who comes from below."""
        self._selected = len(self._nodes) - 1

    def action_next_button(self) -> None:
        """Down, and out at the end."""
        if self._selected == len(self._nodes) - 1:
            self.screen.focus_next()
        else:
            super().action_next_button()

    def action_previous_button(self) -> None:
        """Up, and out at the beginning."""
        if self._selected in (None, 0):
            self.screen.focus_previous()
        else:
            super().action_previous_button()


def with_scheme(address: str) -> str:
    """An address as people paste it, with ``https://`` (here ``http://``) where that is missing."""
    if not address or "://" in address:
        return address
    here = address.partition("/")[0].partition(":")[0] in ("localhost", "127.0.0.1")
    return f"{'http' if here else 'https'}://{address}"


class ConnectApp(App[None]):
    """Ends with ``chosen`` set to the profile that was made, to ``None`` after quitting, or ``demo`` true."""

    TITLE = "gencove-tui"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        HERE / "connect.tcss",
        HERE / "no_colours.tcss",
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q", "quit", "quit", show=False),
        Binding("down", "focus_next", show=False),
        Binding("up", "up", show=False),
        Binding("ctrl+z", "to_shell", show=False),
    ]

    def __init__(self, doors: Doors, *, theme: str = "", ascii_only: bool | None = None) -> None:
        super().__init__()
        self.doors = doors
        self.chosen: str | None = None
        self.demo = False
        self._out = "back" if doors.back else "quit"
        self._shell = Shell(self, self._say, back=lambda: None)
        self._plain = glyphs_for(ascii_only) is ASCII
        for house_theme in HOUSE_THEMES:
            self.register_theme(house_theme)
        self.theme = theme if theme in self.available_themes else HOUSE_THEMES[0].name

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Plain signs where the locale has no others, and no colours at all where nobody wants any."""
        return plain_filters(self, super().get_line_filters(), ascii_only=self._plain)

    def compose(self) -> ComposeResult:
        """Environment, key, name, and what to do."""
        wide = max((len(name) for name, _ in self.doors.environments), default=0)
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = Content("Connect to Gencove")
            box.border_subtitle = Content("↑ ↓ tab move · enter connect · esc " + self._out)
            yield Static("Which Gencove?", classes="head -first")
            with Ways(id="hosts", compact=True):
                yield Way("find out with the key", value=True, compact=True)
                for name, host in self.doors.environments:
                    shown = host.removeprefix("https://")
                    yield Way(Content(f"{name.ljust(wide)}  {shown}"), compact=True)
                yield Way("another address", compact=True)
            yield Input(placeholder="its address, like api.example.org", id="host", compact=True)
            yield Static(id="host-wrong", classes="wrong", markup=False)
            yield Static("API key (dashboard, Settings, at the bottom)", classes="head")
            yield Input(placeholder="paste it; it isn't shown", password=True, id="key", compact=True)
            yield Static(id="key-wrong", classes="wrong", markup=False)
            with Horizontal(classes="row"):
                yield Label("Profile ")
                yield Input(self.doors.profile, placeholder="a name, like lab-eu", id="profile", compact=True)
            yield Static(id="profile-wrong", classes="wrong", markup=False)
            yield Static(id="where", markup=False)
            with Horizontal(classes="row", id="store"):
                yield Label("S3 endpoint ")
                yield Input(
                    self.doors.s3_endpoint or "",
                    placeholder="empty: Amazon's; else like http://127.0.0.1:8012",
                    id="s3",
                    compact=True,
                )
            yield Static(id="s3-wrong", classes="wrong", markup=False)
            with Vertical(id="foot"):
                yield Static(id="said", markup=False)
                with Horizontal(id="buttons"):
                    yield Button("Check and connect", id="connect", compact=True, variant="primary")
                    yield Button("Try the demo", id="demo", compact=True)
                    yield Button("Back" if self.doors.back else "Quit", id="quit", compact=True)

    def on_resize(self, event: events.Resize) -> None:
        """Without blank lines where every line counts."""
        self.screen.set_class(event.size.height < FLAT, "-flat")

    def on_mount(self) -> None:
        """The key is what most people have at hand."""
        self._show_fields(False)
        if not self.is_headless:
            self._shell.listen()
        if self.doors.host:
            self._take_host(self.doors.host)
        self._tell_where()
        if others := [name for name in self.doors.others if name != self.doors.profile]:
            there = ", ".join(map(clean, others[:OTHERS])) + " …" * (len(others) > OTHERS)
            self._say(f"Made already: {there}. To open one: gencove-tui --profile {clean(others[0])}")
        self.query_one("#key").focus()

    @on(RadioSet.Changed)
    def _host_chosen(self, event: RadioSet.Changed) -> None:
        other = event.index == len(self.doors.environments) + 1
        self._show_fields(other)
        if other and not self._host():
            self.query_one("#host").focus()

    def _show_fields(self, other: bool) -> None:
        """Those of another address, where one was chosen; a store that a profile has is always in view."""
        self.query_one("#host").display = other
        store = self.doors.s3_endpoint
        self.query_one("#store").display = store is not None and (other or store != "")
        self._forget_complaints()

    @on(Input.Changed)
    def _typed(self) -> None:
        """What was wrong is being put right."""
        self._forget_complaints()
        self._tell_where()

    def _tell_where(self) -> None:
        """Where the key will be kept, or why it can't be kept under this name."""
        where, text = self.query_one("#where", Static), ""
        if not self._profile:
            text = "Name the profile: it keeps the key and the place."
        else:
            try:
                text = f"Kept in {self.doors.kept_in(self._profile)}, private to you."
            except Problem as problem:
                self._complain("profile", str(problem))
        where.display = bool(text)
        where.update(text)

    def _forget_complaints(self) -> None:
        for at in FIELDS:
            self.query_one(f"#{at}-wrong").display = False

    def _complain(self, at: str, text: str) -> None:
        """Say what is wrong with a field, right below it."""
        wrong = self.query_one(f"#{at}-wrong", Static)
        wrong.update(clean(text))
        wrong.display = True

    @property
    def _profile(self) -> str:
        return self.query_one("#profile", Input).value.strip()

    def _host(self) -> str:
        index = self.query_one(RadioSet).pressed_index
        if index <= 0:
            return ""
        if index > len(self.doors.environments):
            return with_scheme(self.query_one("#host", Input).value.strip())
        return self.doors.environments[index - 1][1]

    @on(Input.Submitted)
    @on(Button.Pressed, "#connect")
    def _connect_pressed(self) -> None:
        self.run_worker(self._try(), group="connect", exclusive=True, exit_on_error=False)

    async def _try(self) -> None:
        """Check the key; keep it only if it is taken."""
        key = self.query_one("#key", Input).value.strip()
        if wrong := self._wrong(key):
            at, text = wrong
            self._say("")
            self._complain(at, text)
            self.query_one(f"#{at}").focus()
            return
        button = self.query_one("#connect", Button)
        button.disabled = True
        self._say("Asking Gencove… esc gives up.")
        try:
            accepted = await foreseen(self.doors.check(self._host(), key))
            accepted = accepted._replace(s3_endpoint=self._store())
            self.doors.keep(self._profile, key, accepted)
        except Problem as problem:
            if "gencove-tui login" in problem.remedy:
                problem = Problem(problem.what, problem.why, "Copy it again, or choose another Gencove.")
            self._say(sentences((clean(str(problem)), "Nothing was kept.")), bad=True)
            return
        finally:
            button.disabled = False
        self.chosen = self._profile
        self.exit()

    def _wrong(self, key: str) -> tuple[str, str] | None:
        """The first field that can't be right, and why; None when all may be."""
        if self.query_one("#host").display and not self._host():
            return "host", "Type the address, like https://api.gencove.com."
        if self._host() and (why := url_complaint(self._host())):
            return "host", f"{why}."
        if not key:
            return "key", "Paste the API key first."
        if not key.isascii() or not key.isprintable() or " " in key:
            return "key", "That is no API key: it holds blanks or odd characters. Copy it again."
        if not self._profile:
            return "profile", "Name the profile first."
        try:
            self.doors.kept_in(self._profile)
        except Problem as problem:
            return "profile", str(problem)
        if self._store() and (why := url_complaint(self._store())):
            return "s3", f"{why}."
        return None

    def _store(self) -> str:
        """The S3 endpoint that goes with another address; empty for Amazon's."""
        if not self.query_one("#store").display:
            return ""
        return with_scheme(self.query_one("#s3", Input).value.strip())

    def _take_host(self, host: str) -> None:
        """Begin with this host chosen: a new key of a profile belongs where the old one did."""
        hosts = [known for _, known in self.doors.environments]
        place = hosts.index(host) + 1 if host in hosts else len(hosts) + 1
        if host not in hosts:
            self.query_one("#host", Input).value = host
        self.query_one(Ways).query(Way)[place].value = True

    def on_unmount(self) -> None:
        """The terminal goes back to who gave it."""
        self._shell.close()

    def action_to_shell(self) -> None:
        """Let the shell have the terminal for a while."""
        self._shell.go()

    def action_up(self) -> None:
        """To the field before; among the ways in, to the nearest of them."""
        self.screen.focus_previous()
        if isinstance(self.focused, Ways):
            self.focused.to_last()

    def _say(self, text: str, *, bad: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.set_class(bad, "-bad")
        said.update(text)

    @on(Button.Pressed, "#demo")
    def _demo_pressed(self) -> None:
        self.demo = True
        self.exit()

    @on(Button.Pressed, "#quit")
    def _quit_pressed(self) -> None:
        self.exit()

    async def action_quit(self) -> None:
        """Give up a check that runs; else leave."""
        running = [worker for worker in self.workers if worker.group == "connect" and not worker.is_finished]
        if running:
            self.workers.cancel_group(self, "connect")
            self._say("Given up. Nothing was kept.")
            self.query_one("#connect", Button).disabled = False
        else:
            self.exit()
