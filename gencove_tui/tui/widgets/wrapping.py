"""Text in lines of a given width, with paths broken where an eye would break them."""

from __future__ import annotations

import re

from rich.cells import get_character_cell_size
from textual.content import Content

_WORDS = re.compile(r"\S+")
SEAMS = ("/", "_-.")
"""Characters after which a word that is too long may break: a path first of all between its folders."""


def wrapped(text: Content, width: int) -> list[Content]:
    """``text`` in lines of at most ``width`` cells, at least one line.

    It breaks at blanks. A word that is longer than a line begins one of its own where it can't begin a line
    anyway, and breaks after a slash, else at another seam, else anywhere.
    """
    plain = text.plain
    lines: list[Content] = []
    begin = 0
    for line in plain.split("\n"):
        lines.extend(text[start:end] for start, end in _spans(line, begin, max(1, width)))
        begin += len(line) + 1
    return lines


def _spans(line: str, begin: int, width: int) -> list[tuple[int, int]]:
    """Where each line of ``line`` starts and ends; ``begin`` is its place in the whole text."""
    spans: list[tuple[int, int]] = []
    start = end = 0
    """The line so far."""
    for word in _WORDS.finditer(line):
        if _fitting(line[start : word.end()], width) == word.end() - start:
            end = word.end()
            continue
        if end > start:
            spans.append((start, end))
        start, end = word.start(), word.end()
        while (fits := _fitting(line[start:end], width)) < end - start:
            cut = start + _seam(line[start : start + fits])
            spans.append((start, cut))
            start = cut
    if end > start or not spans:
        spans.append((start, end))
    return [(begin + first, begin + last) for first, last in spans]


def _fitting(text: str, width: int) -> int:
    """How many characters fit, at least one."""
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return max(1, index)
    return len(text)


def _seam(text: str) -> int:
    """After how many characters of ``text`` a word that goes on breaks best."""
    for seams in SEAMS:
        place = max(text.rfind(seam) for seam in seams) + 1
        if place > len(text) // 3:
            return place
    return len(text)
