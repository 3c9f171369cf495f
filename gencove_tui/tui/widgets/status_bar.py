"""How the samples of a project stand, as a bar and as words."""

from __future__ import annotations

from gencove_tui.model import StatusCounts
from gencove_tui.tui.format import Cell, Glyphs, Tone
from gencove_tui.tui.widgets.facts import Fact


def parts(stats: StatusCounts) -> tuple[int, int, int, int]:
    """Succeeded, under way, failed, and the rest; unknown counts as none."""
    succeeded, failed = stats.succeeded or 0, stats.failed or 0
    moving = (stats.running or 0) + (stats.scheduled or 0)
    known = succeeded + moving + failed
    return succeeded, moving, failed, max(0, (stats.total or known) - known)


def _signs(glyphs: Glyphs) -> tuple[tuple[str, Tone], ...]:
    """The sign of each part, in the same order."""
    return (
        (glyphs.bar_low, Tone.GOOD),
        (glyphs.bar_lower, Tone.BUSY),
        (glyphs.bad, Tone.BAD),
        (glyphs.bar_lowest, Tone.DIM),
    )


def status_bar(stats: StatusCounts, width: int, glyphs: Glyphs) -> Cell:
    """``▄▄▄▄▂▂✗▁``: succeeded, under way lower, failed by their own sign, the rest as a line.

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
    pieces = tuple((sign * n, tone) for (sign, tone), n in zip(_signs(glyphs), cells, strict=True))
    return Cell("".join(text for text, _ in pieces), Tone.PLAIN, pieces)


def counts_text(stats: StatusCounts, glyphs: Glyphs) -> str:
    """``✓ 4 succeeded  ▸ 2 running  ✗ 3 failed or failed qc``: Gencove counts these together."""
    shown = (
        (glyphs.good, stats.succeeded, "succeeded"),
        (glyphs.busy, stats.running, "running"),
        (glyphs.queued, stats.scheduled, "scheduled"),
        (glyphs.bad, stats.failed, "failed or failed qc"),
    )
    return "  ".join(f"{sign} {value:,} {word}" for sign, value, word in shown if value)


def bar_signs(glyphs: Glyphs) -> list[Fact]:
    """What the parts of a project's bar mean."""
    meanings = ("succeeded", "running or scheduled", "failed or failed qc", "all others")
    return [_sign(sign * 3, tone, word) for (sign, tone), word in zip(_signs(glyphs), meanings, strict=True)]


def count_signs(glyphs: Glyphs) -> list[Fact]:
    """What the numbers below the list of samples count."""
    both = f"{glyphs.bad}{glyphs.warn}"
    return [
        _sign(glyphs.good, Tone.GOOD, "succeeded"),
        _sign(glyphs.busy, Tone.BUSY, "running"),
        _sign(glyphs.queued, Tone.DIM, "scheduled"),
        _sign(glyphs.bad, Tone.BAD, "failed"),
        _sign(glyphs.warn, Tone.WARN, "failed qc"),
        _sign(both, Tone.BAD, "failed or failed qc: Gencove counts them together, and not all are loaded"),
    ]


def _sign(sign: str, tone: Tone, meaning: str) -> Fact:
    meaning = f"  {meaning}"
    return Fact("", Cell(sign + meaning, Tone.PLAIN, ((sign, tone), (meaning, Tone.PLAIN))), long=True)
