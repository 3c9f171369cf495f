"""Driving the app as a user would, and reading what the user would see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot

from gencove_tui.tui.app import GencoveApp, build_app
from tests.tui.fakes import NOW, FakeDesk
from tests.waiting import until

WIDE = (120, 36)
NARROW = (80, 24)
BOTH = (WIDE, NARROW)


class Driver:
    """An app at work on a fake desk."""

    def __init__(self, app: GencoveApp, desk: FakeDesk, pilot: Pilot[None]) -> None:
        self.app, self.desk, self.pilot = app, desk, pilot

    async def press(self, *keys: str) -> None:
        """Type these keys and let the app act on them."""
        await self.pilot.press(*keys)
        await self.until(lambda: self.app.keys_at_rest or self.app._exit, "the keys")
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*text)

    async def paste(self, text: str) -> None:
        """Put a text where the keyboard is, as a terminal does that pastes: quicker than key by key."""
        self.app.post_message(Paste(text))
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """What is on the screen, as one string."""
        return "\n".join(self.lines)

    @property
    def toasts(self) -> list[str]:
        """What was said so far."""
        return [message.text for message in self.app.said.kept]

    async def sees(self, *texts: str) -> None:
        """Wait until all of these are on the screen, perhaps wrapped."""
        found: set[str] = set()

        def look() -> bool:
            plain = self.text
            flowing = " ".join(plain.replace("│", " ").split())
            found.update(text for text in texts if text in plain or text in flowing)
            return all(text in plain or text in flowing for text in texts)

        try:
            await self.until(look, "text")
        except AssertionError:
            missing = [text for text in texts if text not in found] or texts
            raise AssertionError(f"never saw {missing} on:\n{self.text}") from None

    async def until(self, look: Callable[[], Any], what: str) -> None:
        """Wait until something is true."""
        await until(look, what, patience=40)

    async def focus_is(self, widget_id: str) -> None:
        """Wait until the keyboard is there."""
        await self.until(lambda: getattr(self.app.focused, "id", None) == widget_id, f"focus on {widget_id}")


@asynccontextmanager
async def drive(
    desk: FakeDesk | None = None, size: tuple[int, int] = NARROW, **options: Any
) -> AsyncIterator[Driver]:
    """An app that has started and shows its first data."""
    desk = desk or FakeDesk()
    options = {"clock": lambda: NOW, "ascii_only": False, "environ": {}, "refresh_seconds": 3600.0, **options}
    app = build_app(desk, **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, desk, pilot)
        await driver.until(lambda: ("connect",) in desk.calls, "a first connection")
        await pilot.pause()
        yield driver
