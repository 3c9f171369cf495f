"""The first screen of somebody new: which Gencove, which key, and where the key will be kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path, PurePath
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Label, RadioButton, RadioSet, Static

from gencove_tui.errors import Problem
from gencove_tui.tui.format import clean
from gencove_tui.tui.themes import HOUSE_THEMES

HERE = Path(__file__).parent
DEMO = "demo"


class Accepted(NamedTuple):
    """What Gencove said to the key."""

    host: str
    dialect: str
    who: str


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


class Way(RadioButton):
    """Its sign tells whether it is chosen, also where there are no colours."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # it depends on the value here
        """The sign between the sides of the button."""
        return "●" if self.value else " "


class ConnectApp(App[None]):
    """Ends with ``chosen`` set to the profile that was made, to ``None`` after quitting, or ``demo`` true."""

    TITLE = "gencove-tui"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [HERE / "connect.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q", "quit", "quit", show=False),
    ]

    def __init__(self, doors: Doors, *, theme: str = "") -> None:
        super().__init__()
        self.doors = doors
        self.chosen: str | None = None
        self.demo = False
        for house_theme in HOUSE_THEMES:
            self.register_theme(house_theme)
        self.theme = theme if theme in self.available_themes else HOUSE_THEMES[0].name

    def compose(self) -> ComposeResult:
        """Environment, key, name, and what to do."""
        with Vertical(id="box") as box:
            box.border_title = Content("Connect to Gencove")
            with VerticalScroll(id="form", can_focus=False):
                yield Static("Which Gencove?", classes="head")
                with RadioSet(id="hosts", compact=True):
                    yield Way("find it by itself", value=True, compact=True)
                    for name, host in self.doors.environments:
                        shown = host.removeprefix("https://")
                        yield Way(Content(f"{name}  {shown}"), compact=True)
                    yield Way("another address:", compact=True)
                yield Input(placeholder="https://…", id="host", compact=True)
                yield Static("Your API key, from the dashboard's Settings, at the bottom", classes="head")
                yield Input(placeholder="paste it; it isn't shown", password=True, id="key", compact=True)
                with Horizontal(classes="row"):
                    yield Label("Profile ")
                    yield Input(self.doors.profile, id="profile", compact=True)
                yield Static(id="where", markup=False)
            yield Static(id="said", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Quit", id="quit", compact=True)
                yield Button("Try the demo", id="demo", compact=True)
                yield Button("Check and connect", id="connect", compact=True, variant="primary")

    def on_mount(self) -> None:
        """The key is what most people have at hand."""
        self.query_one("#host").display = False
        self._tell_where()
        self.query_one("#key").focus()

    @on(RadioSet.Changed)
    def _host_chosen(self, event: RadioSet.Changed) -> None:
        other = event.index == len(self.doors.environments) + 1
        self.query_one("#host").display = other
        if other:
            self.query_one("#host").focus()

    @on(Input.Changed, "#profile")
    def _tell_where(self) -> None:
        try:
            text = f"Kept in {self.doors.kept_in(self._profile)}, which only you can read."
        except Problem as problem:
            text = str(problem)
        self.query_one("#where", Static).update(text)

    @property
    def _profile(self) -> str:
        return self.query_one("#profile", Input).value.strip()

    def _host(self) -> str:
        index = self.query_one(RadioSet).pressed_index
        if index <= 0:
            return ""
        if index > len(self.doors.environments):
            return self.query_one("#host", Input).value.strip()
        return self.doors.environments[index - 1][1]

    @on(Input.Submitted)
    @on(Button.Pressed, "#connect")
    def _connect_pressed(self) -> None:
        self.run_worker(self._try(), group="connect", exclusive=True, exit_on_error=False)

    async def _try(self) -> None:
        """Check the key; keep it only if it is taken."""
        key = self.query_one("#key", Input).value.strip()
        if not key:
            self._say("Paste the API key first.", bad=True)
            self.query_one("#key").focus()
            return
        if not key.isascii() or not key.isprintable() or " " in key:
            self._say("That is no API key: it holds blanks or odd characters. Copy it again.", bad=True)
            return
        if self.query_one("#host").display and not self._host():
            self._say("Type the address, like https://api.gencove.com.", bad=True)
            self.query_one("#host").focus()
            return
        button = self.query_one("#connect", Button)
        button.disabled = True
        self._say("Asking Gencove… esc gives up.")
        try:
            self.doors.kept_in(self._profile)
            accepted = await self.doors.check(self._host(), key)
            self.doors.keep(self._profile, key, accepted)
        except Problem as problem:
            self._say(f"{clean(str(problem))} Nothing was kept.", bad=True)
            return
        finally:
            button.disabled = False
        self.chosen = self._profile
        self.exit()

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
