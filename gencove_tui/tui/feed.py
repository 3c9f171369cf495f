"""One remote list: what has been loaded of it, when to ask again, and what to ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Generic, TypeVar

from gencove_tui.engine.views import Listing
from gencove_tui.errors import Problem
from gencove_tui.tui.rows import Rows
from gencove_tui.tui.views import ListView

T = TypeVar("T")

PAGE = 200
"""Rows per request, as the official client asks for (api-v2 §4)."""
LONGEST_REST = 120.0
"""Seconds between tries at most while requests fail."""
STRETCH = 1.5
"""How much longer each rest gets while nothing changes."""
MOST_STRETCH = 6.0


def rest_asked_for(problem: Problem) -> float:
    """Seconds for which the server wants to be left alone; 0 where it didn't say."""
    return float(getattr(problem, "retry_after", None) or 0.0)


class Feed(Generic[T]):
    """Holds a list and its schedule; knows nothing about screens or tasks.

    ``fetch(search, offset)`` asks the desk for one window. ``in_view()`` names the first and last row that
    the user sees. Times are seconds of a monotonic clock.
    """

    def __init__(
        self,
        name: str,
        fetch: Callable[[str, int], Awaitable[Listing[T]]],
        in_view: Callable[[], tuple[int, int]],
    ) -> None:
        self.name = name
        self.fetch = fetch
        self.in_view = in_view
        self.view: ListView[T] = ListView()
        self.running = False
        self.generation = 0
        """Counts the lists that this feed has stood for: an answer to an older question is dropped."""
        self.due = 0.0
        self.began = 0.0
        """When the newest request started."""
        self.failures = 0
        self.stretch = 1.0
        self._whole: ListView[T] | None = None
        """The list as it was loaded before something was searched for in it."""
        self._foreign = False
        """The rows are of another question than the one that will be asked."""

    def restart(self, cached: Listing[T] | None = None, search: str = "") -> None:
        """Stand for another list: another project, another search."""
        self.generation += 1
        self.running = False
        self.failures = 0
        self._whole, self._foreign = None, False
        self.nudge()
        if cached is None:
            self.view = ListView(busy=True, search=search)
        else:
            rows = Rows[T]().with_page(cached.page)
            self.view = ListView(rows=rows, fetched=cached.fetched, stale=True, search=search)

    def _everything(self) -> ListView[T] | None:
        """What was loaded of the list as a whole, also while something is searched for in it."""
        return self._whole if self.view.search else self.view

    def seek(self, text: str) -> None:
        """Search the same list for another text; at the end of it, what was loaded of the whole is back."""
        whole = self._everything()
        self.restart(search=text)
        if whole is not None and whole.fetched is not None:
            self._whole = whole
            if not text:
                self.view = replace(whole, busy=True, stale=True, problem=None)

    def ask_later(self, search: str, *, same_list: bool) -> None:
        """Another question, which nobody can answer now: what is known stays in view until then.

        ``same_list`` False says that it is not only about another text to search for.
        """
        whole, shown = self._everything(), self.view
        self.restart(search=search)
        self._whole = whole if same_list else None
        self._foreign = True
        self.view = replace(whole or shown, busy=False, stale=True, search=search)

    def nudge(self) -> None:
        """Ask as soon as possible."""
        self.due = 0.0
        self.stretch = 1.0

    def begin(self, *, asked: bool) -> int:
        """A request starts; returns the generation to hand back with its answer."""
        self.running = True
        if asked or self.view.fetched is None:
            self.view = replace(self.view, busy=True)
        return self.generation

    def stop(self, why: Problem, due: float) -> None:
        """The user won't wait: drop the answer if one still comes, and ask again later."""
        self.generation += 1
        self.running = False
        self.due = due
        self.view = replace(self.view, busy=False, stale=True, problem=why)

    def windows(self) -> list[int]:
        """Where the windows start that cover what is in view; always at least one."""
        if self._foreign:
            return [0]
        first, last = self.in_view()
        start = max(0, first) // PAGE * PAGE
        return list(range(start, max(start, last) + 1, PAGE))

    def take(self, listing: Listing[T]) -> bool:
        """Take over an answer; returns whether any row is different now."""
        before = Rows[T]() if self._foreign else self.view.rows
        self._foreign = False
        rows = before.with_page(listing.page)
        end = listing.page.offset + len(listing.page.items)
        changed = len(rows) != len(before) or any(
            before[index] != rows[index] for index in range(listing.page.offset, end)
        )
        self.view = replace(
            self.view,
            rows=rows if changed or self.view.fetched is None else before,
            fetched=listing.fetched,
            stale=listing.stale,
            problem=None,
        )
        return changed

    def succeeded(self, now: float, rest: float, *, changed: bool) -> None:
        """The request ended well; the next is due after a rest that grows while nothing changes."""
        self.running = False
        self.failures = 0
        self.stretch = 1.0 if changed else min(MOST_STRETCH, self.stretch * STRETCH)
        self.due = now + rest * self.stretch
        self.view = replace(self.view, busy=False)

    def failed(self, problem: Problem, now: float, rest: float) -> None:
        """The request failed; the rest doubles each time, and is at least what the server asks for."""
        self.running = False
        self.failures += 1
        longer = min(LONGEST_REST, rest * 2 ** min(self.failures, 10))
        self.due = now + max(longer, rest_asked_for(problem))
        self.view = replace(self.view, busy=False, stale=True, problem=problem)
