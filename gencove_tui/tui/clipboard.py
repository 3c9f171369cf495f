"""Copying through tmux, a tool of the desktop or the terminal, with honest words about what came of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from textual.app import App

from gencove_tui.engine.private_file import write_privately
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.tui.fitting import fit
from gencove_tui.tui.format import clean
from gencove_tui.tui.toasts import say, say_problem

MOST = 74_994
"""Encoded bytes that terminals and multiplexers commonly let through in one OSC 52 sequence."""
SHOWN = 48
PATIENCE = 2.0
"""Seconds that a tool may take."""


class Tool(NamedTuple):
    """A program that takes a text on its standard input."""

    commands: Sequence[Sequence[str]]
    """Tried one after the other."""
    said: str
    """What to say when it took the text."""


def tool_for(environ: Mapping[str, str]) -> Tool | None:
    """The surest way to the clipboard from here, other than asking the terminal; None if there is none.

    By default tmux ignores OSC 52 of programs inside it; ``load-buffer -w`` (tmux 3.2) fills its buffer and
    asks the outer terminal. Tools of a desktop are of no use at the far end of an SSH connection.
    """
    if environ.get("TMUX") and shutil.which("tmux"):
        commands = (("tmux", "load-buffer", "-w", "-"), ("tmux", "load-buffer", "-"))
        return Tool(commands, "It is in tmux's paste buffer (prefix ]), and was offered to the terminal.")
    if environ.get("SSH_TTY") or environ.get("SSH_CONNECTION"):
        return None
    for needed, command in (
        ("WAYLAND_DISPLAY", ("wl-copy",)),
        ("DISPLAY", ("xclip", "-selection", "clipboard")),
        ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ):
        if environ.get(needed) and shutil.which(command[0]):
            return Tool((command,), "It is on the clipboard.")
    return Tool((("pbcopy",),), "It is on the clipboard.") if sys.platform == "darwin" else None


async def hand_over(text: bytes, tool: Tool) -> bool:
    """Give ``text`` to the first command that takes it."""
    for command in tool.commands:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            continue
        try:
            await asyncio.wait_for(process.communicate(text), PATIENCE)
        except (TimeoutError, OSError):
            if process.returncode is None:
                process.kill()
            continue
        if process.returncode == 0:
            return True
    return False


def copy(app: App[Any], text: str, what: str, *, folder: Path | None = None) -> None:
    """Put ``text`` on the clipboard and say how sure that is.

    OSC 52 has no answer, so nobody can know whether the terminal obeyed. What is too long for it is written
    to a file in ``folder``.
    """
    tool = None if app.is_headless else tool_for(os.environ)
    app.run_worker(_copy(app, text, what, tool, folder), group="copy", exclusive=True, exit_on_error=False)


async def _copy(app: App[Any], text: str, what: str, tool: Tool | None, folder: Path | None) -> None:
    payload = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    shown = fit(clean(payload), SHOWN).rstrip()
    if tool is not None and await hand_over(payload.encode(), tool):
        say(app, f"{shown}\nCopied {what}. {tool.said}")
    elif len(b64encode(payload.encode())) <= MOST:
        app.copy_to_clipboard(payload)
        say(app, f"{shown}\nSent {what} to the terminal. If it doesn't arrive, the terminal blocks OSC 52.")
    elif folder is None:
        say(app, "Too long for the terminal's clipboard. Mark fewer rows.", severity="warning")
    else:
        path = folder / "gencove-copied.txt"
        try:
            await asyncio.to_thread(write_privately, path, payload + "\n")
        except Problem as problem:
            say_problem(app, problem)
            return
        lines = plural(payload.count("\n") + 1, "line")
        say(
            app,
            f"{what} are too long for the terminal's clipboard: {lines} went to {clean(str(path))}.",
            severity="warning",
        )
