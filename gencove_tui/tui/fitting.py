"""Texts cut to a width in cells, so that what tells them apart stays: ends, middles, paths."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size

from gencove_tui.model import FASTQ_SUFFIXES, GNCV

LEAST_KIND = 8
"""Cells that the type of a file gets at least, where a sample's name is long."""
_READ = re.compile(r"(?P<sample>.+?)(_S\d+)?(_(?P<lane>L\d{3}_))?_?(?P<read>[RI][12])(_001)?")
"""A FASTQ as sequencers name it: what is left out says least."""


def fit(text: str, width: int, *, right: bool = False, cut: str = "end", ellipsis: str = "…") -> str:
    """``text`` in exactly ``width`` cells, padded or cut at its ``end`` or ``middle``, or as a ``path``.

    The text must be ``clean``. Wide and combining characters are never split.
    """
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length <= width:
        pad = " " * (width - length)
        return pad + text if right else text + pad
    if cut == "path":
        short = _short_result if _is_result(text) else _short_path
        text = short(text, width, ellipsis)
        return fit(text, width, right=right, cut="middle", ellipsis=ellipsis)
    room = width - cell_len(ellipsis)
    if room <= 0:
        return ellipsis[:width]
    if cut == "middle":
        head = _head(text, room // 2)
        tail = _tail(text, room - cell_len(head))
    else:
        head, tail = _head(text, room), ""
    shown = head + ellipsis + tail
    return shown + " " * (width - cell_len(shown))


def _is_result(text: str) -> bool:
    """Whether this is a sample and a type rather than a path; people name samples with slashes, too."""
    sample, _, kind = text.rpartition(" ")
    path = text.startswith(("/", GNCV)) or "/" in kind or _is_fastq(text)
    return bool(sample) and not path


def _is_fastq(name: str) -> bool:
    return name.lower().endswith(FASTQ_SUFFIXES)


def _short_result(name: str, width: int, ellipsis: str) -> str:
    """A sample and the type of a file, ``CC-0023 alignment-bam``: both tell rows apart, each by its ends."""
    sample, _, kind = name.rpartition(" ")
    room = max(min(cell_len(kind), LEAST_KIND), width - cell_len(sample) - 1)
    kind = fit(kind, room, cut="middle", ellipsis=ellipsis).rstrip()
    return f"{fit(sample, width - cell_len(kind) - 1, cut='middle', ellipsis=ellipsis).rstrip()} {kind}"


def _short_path(path: str, width: int, ellipsis: str) -> str:
    """The longest form of a path that fits, giving up a FASTQ ending, then its folders, the outer ones first.

    What tells files apart is the beginning of the name (sample, read) and the folder next to it; the ending
    is nearly always the same, and so is the ``_001`` before it. If nothing fits, the last form.
    """
    form = path
    for form in _forms(path, ellipsis):
        if cell_len(form) <= width:
            break
    return form


def _forms(path: str, ellipsis: str) -> Iterator[str]:
    folder, slash, name = path.rpartition("/")
    if not name:
        yield path
        return
    ending = next((suffix for suffix in FASTQ_SUFFIXES if name.lower().endswith(suffix)), "")
    stem = name[: -len(ending)] if ending else ""
    folders = folder.split("/") if slash else []
    before = "..." if ellipsis.isascii() else ellipsis  # "~/" would be somebody's home
    for gone in range(len(folders)):
        kept = "/".join((*([before] if gone else []), *folders[gone:]))
        yield f"{kept}/{name}"
        if stem:
            yield f"{kept}/{stem}{ellipsis}"
            yield f"{kept}/{stem.removesuffix('_001')}{ellipsis}"
    if folders:
        yield f"{before}/{name}"
    yield name
    if stem:
        yield stem + ellipsis
        yield stem
        yield stem.removesuffix("_001") + ellipsis
        yield stem.removesuffix("_001")
    if read := _READ.fullmatch(stem):
        yield f"{read['sample']}{ellipsis}{read['lane'] or ''}{read['read']}"
        yield f"{read['sample']}{ellipsis}{read['read']}"


def _head(text: str, width: int) -> str:
    """The longest beginning that fits, with the combining marks of its last character."""
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return text[:index]
    return text


def _tail(text: str, width: int) -> str:
    """The longest end that fits and doesn't start with a combining mark."""
    used = 0
    start = len(text)
    for index in range(len(text) - 1, -1, -1):
        cells = get_character_cell_size(text[index])
        if used + cells > width:
            break
        used += cells
        if cells:
            start = index
    return text[start:]
