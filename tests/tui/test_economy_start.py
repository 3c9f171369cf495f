"""What a start doesn't wait for: modules that the first picture needs nothing of, and the network."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gencove_tui.engine.views import Connection
from gencove_tui.tui.app import build_app
from tests.tui.fakes import NOW, FakeDesk
from tests.waiting import until

COMMAND = "from gencove_tui.cli import cli"
SCREEN = "import gencove_tui.cli.screen, gencove_tui.tui.actions.keymap, gencove_tui.tui.app"
FOR_LATER = {
    "httpx",
    "aiohttp",
    "aiobotocore",
    "botocore",
    "importlib.metadata",
    "isal",
    "stamina",
    "textual.widgets._markdown",
    "textual.widgets._text_area",
    "watchfiles",
}


@pytest.mark.parametrize(
    ("program", "unwanted"), [(COMMAND, {*FOR_LATER, "asyncio", "textual", "rich"}), (SCREEN, FOR_LATER)]
)
def test_nothing_is_imported_before_it_is_needed(program: str, unwanted: set[str]) -> None:
    look = f"import sys; {program}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout
    assert unwanted.isdisjoint(found.split())


async def test_what_is_remembered_is_on_the_screen_before_the_network_is_asked() -> None:
    class Noting(FakeDesk):
        """It notes what is on the screen when the screen begins to connect."""

        shown = ""

        async def connect(self) -> Connection:
            self.shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            return await super().connect()

    desk = Noting(remembered=True)
    app = build_app(desk, clock=lambda: NOW, environ={}, refresh_seconds=3600.0)
    async with app.run_test(size=(80, 24)):
        await until(lambda: desk.shown, "the first connection")
        assert "Maize diversity" in desk.shown
