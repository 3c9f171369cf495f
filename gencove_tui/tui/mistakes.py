"""What nobody foresaw, as words: what the user waits for ends all the same, and the log tells the cause."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TypeVar

from gencove_tui.errors import Problem
from gencove_tui.tui.format import clean

T = TypeVar("T")

log = logging.getLogger(__name__)


def mistake(error: BaseException) -> Problem:
    """An exception of ours as the user reads it."""
    what = f"A mistake in gencove-tui: {clean(type(error).__name__)}"
    return Problem(what, "", "Everything else goes on. Please report it.")


async def foreseen(work: Awaitable[T]) -> T:
    """What the work gives. Raises ``Problem`` and nothing else: whoever shows that it runs can end."""
    try:
        return await work
    except Problem:
        raise
    except Exception as error:
        log.exception("a mistake")
        raise mistake(error) from error
