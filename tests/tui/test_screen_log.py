"""What the screen said stays readable after it has ended, in a log without secrets."""

from __future__ import annotations

import asyncio

import pytest

from gencove_tui.cli.logfile import SCREEN_LOG_NAME
from gencove_tui.config import Settings
from gencove_tui.engine.spawn import stop_engine
from gencove_tui.sandbox import Sandbox
from tests.tui.test_economy_terminal import opened


@pytest.mark.parametrize("dialect", ["v2"])
def test_messages_and_the_line_are_logged(
    environment: dict[str, str], settings: Settings, sandbox: Sandbox
) -> None:
    log = settings.state_folder / SCREEN_LOG_NAME

    def logged(*words: str) -> bool:
        return log.exists() and all(word in log.read_text() for word in words)

    try:
        with opened("from gencove_tui.cli import main; main()", environment=environment) as terminal:
            terminal.until(lambda: logged(f"{sandbox.host}: online."), "a line about the line")
            terminal.key(b"5p")
            terminal.until(lambda: logged("No watch rule to pause"), "what it said")
            sandbox.revoke_key()
            terminal.key(b"1r")
            terminal.until(lambda: logged(f"{sandbox.host}: ", "rejected"), "what went wrong")
        assert sandbox.api_key not in log.read_text()
    finally:
        asyncio.run(stop_engine(settings.state_folder))
