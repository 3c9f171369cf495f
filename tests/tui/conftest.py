"""Every test here sees UTC, no animations and no cursor that blinks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from textual import constants
from textual.css.stylesheet import Stylesheet
from textual.widgets import Input


@pytest.fixture(autouse=True)
def _steady(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(constants, "TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr(Input, "cursor_blink", False)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def _styles_are_parsed_once() -> Iterator[None]:
    """The same sheet in the same colours is parsed for the first app only: it cost a tenth of the time."""
    parse = Stylesheet._parse_rules
    kept: dict[tuple[Any, ...], Any] = {}

    def parse_once(self: Stylesheet, *source: Any, **more: Any) -> Any:
        key = (frozenset(self._variables.items()), source, *sorted(more.items()))
        if key not in kept:
            kept[key] = parse(self, *source, **more)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield
