"""Short messages that go away by themselves. What they say is never read as markup."""

from __future__ import annotations

from typing import Any, Literal

from textual.app import App

from gencove_tui.errors import Problem
from gencove_tui.tui.format import clean, sentences
from gencove_tui.tui.mistakes import mistake
from gencove_tui.tui.remedies import on_screen

Severity = Literal["information", "warning", "error"]

LINGER = {"information": 4.0, "warning": 6.0, "error": 10.0}
"""Seconds that a toast stays."""


def say(app: App[Any], text: str, *, title: str = "", severity: Severity = "information") -> None:
    """Tell the user something."""
    app.notify(text, title=title, severity=severity, markup=False, timeout=LINGER[severity])


def say_problem(app: App[Any], problem: Problem) -> None:
    """Say what failed, why, and what to do."""
    why = clean(problem.why)
    look = getattr(app, "look", None)  # the connection screen has no actions to speak of
    remedy = clean(problem.remedy)
    remedy = remedy if look is None else on_screen(remedy, look.keys)
    text = sentences((why[:1].upper() + why[1:], remedy))
    say(app, text, title=clean(problem.what), severity="error")


def say_mistake(app: App[Any], error: BaseException) -> None:
    """Say that something went wrong that nobody foresaw."""
    say_problem(app, mistake(error))
