"""Projects, samples, files, uploads and transfers by name, among all that this screen knows of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from gencove_tui.tui.actions import PANE_TITLES
from gencove_tui.tui.format import clean
from gencove_tui.tui.queue_order import Group, name_of
from gencove_tui.tui.screens.main import MainScreen
from gencove_tui.tui.widgets.projects import project_name
from gencove_tui.tui.widgets.sample_detail import DetailPane

MOST = 40
"""Things of one kind that are offered."""
LEAST = 2
"""Letters from which lists that aren't open are looked through."""
WHOLE, BEGINS, WITHIN, BESIDE = 1.0, 0.9, 0.6, 0.3
"""How good a match is: the very name, the beginning of its words, a part of it, something said beside it."""


class Thing(NamedTuple):
    """Something with a name, and the way to it."""

    kind: str
    name: str
    show: Callable[[], Any]
    match: float


def worth(name: str, words: Sequence[str]) -> float:
    """How well all these words, in small letters, are found in a name; 0 where one of them isn't."""
    name = name.casefold()
    if not all(word in name for word in words):
        return 0.0
    if name == " ".join(words):
        return WHOLE
    begins = all(any(_begins(name, at) for at in _places(name, word)) for word in words)
    return BEGINS if begins else WITHIN


def _places(name: str, word: str) -> Iterator[int]:
    at = name.find(word)
    while at >= 0:
        yield at
        at = name.find(word, at + 1)


def _begins(name: str, at: int) -> bool:
    return at == 0 or not name[at - 1].isalnum()


def things(screen: MainScreen, words: Sequence[str]) -> Iterator[Thing]:
    """What matches all words: what is loaded, a few of each kind, and samples that were seen lately."""
    yield from _rows(screen, words)
    yield from _files(screen, words)
    if max(map(len, words)) >= LEAST:
        yield from _elsewhere(screen, words)


def _rows(screen: MainScreen, words: Sequence[str]) -> Iterator[Thing]:
    names: dict[str, Callable[[Any], str]] = {
        "projects": project_name,
        "samples": lambda sample: clean(sample.client_id or sample.id),
        "uploads": lambda upload: clean(getattr(upload, "path", "")),
        "transfers": lambda row: row.name if isinstance(row, Group) else name_of(row),
    }
    for pane, name_of_item in names.items():
        listing = screen.list_pane(pane)
        found = 0
        for _, item in listing.view.rows.items():
            name = name_of_item(item)
            match = worth(name, words) or BESIDE * bool(worth(listing.text_of(item), words))
            if match:
                yield Thing(
                    PANE_TITLES[pane], name, partial(screen.show_row, pane, listing.key_of(item)), match
                )
                found += 1
                if found == MOST:
                    break


def _files(screen: MainScreen, words: Sequence[str]) -> Iterator[Thing]:
    """Deliverables of the open sample."""
    pane = screen.query_one(DetailPane)
    for _, (key, file) in pane.source.rows.items():
        name = clean(f"{file.file_type}  {file.name}".strip())
        if match := worth(name, words):
            yield Thing("Files", name, partial(screen.show_file, key), match)


def _elsewhere(screen: MainScreen, words: Sequence[str]) -> Iterator[Thing]:
    """Samples of projects that aren't open."""
    here = screen.refresher.project
    for project, sample in screen.desk.samples_seen(words, MOST):
        if here is not None and project.id == here.id:
            continue
        name = clean(sample.client_id or sample.id)
        match = worth(name, words) or BESIDE
        show = partial(screen.show_sample, project, sample.id)
        yield Thing("Samples", f"{name} in {project_name(project)}", show, match)
