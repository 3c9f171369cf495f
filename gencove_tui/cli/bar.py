"""How far the transfers of a command are, in one line below its events; on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from gencove_tui.model import TransferState
from gencove_tui.store.ledger import Ledger

Look = Callable[[Ledger], None]


@contextlib.contextmanager
def shown_bar(ids: Sequence[int], words: str) -> Iterator[Look]:
    """A bar on stderr for these transfers; call what it yields now and then. No terminal, no bar."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    # Events go to stdout: above the bar on the same terminal, untouched into a pipe.
    bar = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=4,
        redirect_stdout=sys.stdout.isatty(),
    )
    task = bar.add_task(words, total=None)

    def look(ledger: Ledger) -> None:
        moved, total, ended = ledger.transfers.moved(ids)
        bar.update(
            task,
            completed=moved,
            total=total if total is not None else moved or None,
            description=f"{words} {ended} of {len(ids)}",
        )

    with bar:
        yield look


def left_words(ledger: Ledger, ids: Sequence[int], *, engine: bool) -> str:
    """What an interrupted command leaves behind, and how to give it up; empty when that is nothing.

    ``engine``: another process performs the transfers.
    """
    states = ledger.transfers.states_of(ids)
    count = sum(n for state, n in states.items() if not state.is_final and state is not TransferState.PAUSED)
    if not count:
        return ""
    some = " ".join(map(str, ids[:5])) + (" …" if len(ids) > 5 else "")
    who = "the engine that runs" if engine else "the next engine"
    return (
        f"{count} of {len(ids)} are not done; they stay in the queue with all progress, and {who} goes on.\n"
        f"  To give them up: gencove-tui transfers cancel {some}"
    )
