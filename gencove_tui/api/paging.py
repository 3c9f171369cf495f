"""Lists of any length, page by page, fetched only as far as they are looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from gencove_tui.api.protocol import PAGE
from gencove_tui.model import Page

T = TypeVar("T")

Fetch = Callable[[int, int], Awaitable[Page[T]]]
"""Gives a window: offset and limit to a page."""


async def pages(fetch: Fetch[T], *, offset: int = 0, limit: int = PAGE) -> AsyncIterator[Page[T]]:
    """The windows of a list from ``offset`` on. A server that gives fewer rows than asked for is followed at
    its own pace. Rows that move while the list is read may come twice or be missed.
    """
    while True:
        page = await fetch(offset, limit)
        yield page
        offset += len(page.items)
        if not page.more or not page.items:
            return


async def every(fetch: Fetch[T], *, limit: int = PAGE) -> AsyncIterator[T]:
    """The rows of a list one after another."""
    async for page in pages(fetch, limit=limit):
        for row in page.items:
            yield row
