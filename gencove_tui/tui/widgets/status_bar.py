"""How the samples of a project stand, as a bar and as words."""

from __future__ import annotations

from gencove_tui.model import StatusCounts
from gencove_tui.tui.format import Cell, Glyphs, Tone


def parts(stats: StatusCounts) -> tuple[int, int, int, int]:
    """Succeeded, under way, failed, and the rest; unknown counts as none."""
    succeeded, failed = stats.succeeded or 0, stats.failed or 0
    moving = (stats.running or 0) + (stats.scheduled or 0)
    known = succeeded + moving + failed
    return succeeded, moving, failed, max(0, (stats.total or known) - known)


def status_bar(stats: StatusCounts, width: int, glyphs: Glyphs) -> Cell:
    """``▄▄▄▄▒▒x░``: succeeded in full, under way in half, failed by their own sign, the rest empty.

    Whatever isn't nothing gets a cell at least, where there is room. Empty for a project without samples.
    """
    values = parts(stats)
    total = sum(values)
    if not total or width < 4:
        return Cell("")
    cells = [value * width // total for value in values]
    for place, value in enumerate(values):
        if value and not cells[place]:
            cells[place] = 1
    while sum(cells) != width:
        # What is off by rounding is noticed least in the longest part.
        longest = max(range(4), key=lambda place: cells[place])
        cells[longest] += 1 if sum(cells) < width else -1
    signs = (glyphs.bar_low, glyphs.half_full, glyphs.bad, glyphs.bar_empty)
    tones = (Tone.GOOD, Tone.BUSY, Tone.BAD, Tone.DIM)
    pieces = tuple((sign * number, tone) for sign, number, tone in zip(signs, cells, tones, strict=True))
    return Cell("".join(text for text, _ in pieces), Tone.PLAIN, pieces)


def counts_text(stats: StatusCounts, glyphs: Glyphs) -> str:
    """``✓ 4 succeeded  ▸ 2 running  · 1 scheduled  ✗ 3 failed``."""
    shown = (
        (glyphs.good, stats.succeeded, "succeeded"),
        (glyphs.busy, stats.running, "running"),
        (glyphs.queued, stats.scheduled, "scheduled"),
        (glyphs.bad, stats.failed, "failed"),
    )
    return "  ".join(f"{sign} {value:,} {word}" for sign, value, word in shown if value)
