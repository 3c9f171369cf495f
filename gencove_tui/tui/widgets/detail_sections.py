"""What the detail pane lists beside files: quality control, status history, metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from gencove_tui.engine.words import plural
from gencove_tui.model import Capability, SampleStatus
from gencove_tui.tui.format import ASCII, Cell, Glyphs, Tone, clean, moment
from gencove_tui.tui.json_text import json_text
from gencove_tui.tui.states import in_words, sample_status
from gencove_tui.tui.widgets.columns import Column

if TYPE_CHECKING:
    from gencove_tui.api.v2.quality import QualityControl

FILES = "files"
TITLES = {FILES: "Files", "qc": "QC", "history": "History", "metadata": "Metadata"}
NEEDS = {
    "qc": Capability.QUALITY_CONTROLS,
    "history": Capability.STATUS_HISTORY,
    "metadata": Capability.METADATA,
}
COLUMNS = {
    "qc": (
        Column("Metric", 16, flex=1, keep=100),
        Column("Measured", 10, flex=1, keep=90, right=True),
        Column("Expected", 10, keep=80, right=True),
        Column("Outcome", 9, keep=95),
    ),
    "history": (
        Column("When", 16, keep=90),
        Column("Status", 12, keep=100),
        Column("Note", 14, flex=1, keep=50),
    ),
    "metadata": (Column("JSON", 20, flex=1),),
}
MOST_NAME = 60
"""Cells that names of metrics may take before the others had their share."""
MOST_FIGURE = 24
"""Cells that a column of figures or of measured words may fill."""
FIGURE = tuple("-0123456789")
"""What a figure begins with."""
MOST_LINES = 2000
"""Lines of metadata that are shown."""
Row = tuple[str, tuple[Cell, ...], tuple[tuple[str, Cell], ...]]
"""Key, cells, and all that is known about it."""


def available(capabilities: frozenset[Capability]) -> tuple[str, ...]:
    """The sections that this dialect can fill."""
    return (FILES, *(name for name, needed in NEEDS.items() if needed in capabilities))


def value(number: float | None, text: str = "") -> str:
    """A measured or expected value; a dash where there is none."""
    if number is None:
        return clean(text) or "–"
    whole = abs(number) >= 1000 or number == int(number)
    return f"{number:,.0f}" if whole and abs(number) < 1e15 else f"{number:.4g}"


def expected(control: QualityControl, glyphs: Glyphs) -> str:
    """The limit with its direction."""
    if control.expected is None:
        return "–"
    signs = {"min": ">= ", "max": "<= "} if glyphs is ASCII else {"min": "≥ ", "max": "≤ "}
    sign = signs.get(control.type.type, "")
    return sign + value(control.expected)


def outcome(word: str, glyphs: Glyphs) -> Cell:
    """Passed, failed, skipped, or whatever Gencove says."""
    known = {
        "succeeded": (glyphs.good, "passed", Tone.GOOD),
        "failed": (glyphs.bad, "failed", Tone.BAD),
        "skipped": (glyphs.skipped, "skipped", Tone.DIM),
    }
    glyph, shown, tone = known.get(word, (glyphs.neutral, in_words(word) or "unknown", Tone.PLAIN))
    return Cell(f"{glyph} {shown}", tone)


def rows(section: str, found: Any, glyphs: Glyphs) -> list[Row]:
    """The section as rows of a table."""
    if section == "qc":
        return _quality(found, glyphs)
    if section == "history":
        return _history(found, glyphs)
    return _metadata(found)


def _quality(controls: Sequence[QualityControl], glyphs: Glyphs) -> list[Row]:
    order = {"failed": 0, "succeeded": 1}
    found: list[Row] = []
    for number, control in enumerate(sorted(controls, key=lambda c: order.get(c.status, 2))):
        name = clean(control.type.name or control.type.key)
        said = outcome(control.status, glyphs)
        tone = Tone.BAD if control.status == "failed" else Tone.PLAIN
        cells = (
            Cell(name, tone),
            Cell(value(control.measured, control.text), tone),
            Cell(expected(control, glyphs), Tone.DIM),
            said,
        )
        facts = (
            ("Metric", Cell(name, Tone.STRONG)),
            ("Key", Cell(clean(control.type.key))),
            ("Outcome", said),
            ("Measured", Cell(value(control.measured, control.text))),
            ("Expected", Cell(expected(control, glyphs))),
            ("About", Cell(clean(control.type.description_markdown))),
        )
        found.append((f"qc{number}", cells, facts))
    return found


def _history(steps: Sequence[SampleStatus], glyphs: Glyphs) -> list[Row]:
    found: list[Row] = []
    for number, step in enumerate(steps):
        said = sample_status(step.status, glyphs)
        minute = moment(step.created).rpartition(":")[0]
        cells = (Cell(minute, Tone.DIM), said, Cell(clean(step.note)))
        facts = (
            ("Status", said),
            ("When", Cell(moment(step.created))),
            ("Note", Cell(clean(step.note))),
        )
        found.append((f"step{number}", cells, facts))
    return found


def _metadata(data: Any) -> list[Row]:
    if data is None:
        return []
    lines = [clean(line) for line in json_text(data).split("\n")]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"… and {len(lines) - MOST_LINES:,} more lines"]
    return [(f"line{n}", (Cell(line),), (("Line", Cell(line)),)) for n, line in enumerate(lines)]


def columns(section: str, found: Sequence[Row]) -> tuple[Column, ...]:
    """The columns of a section: those with figures as wide as the longest, for a cut figure misleads.

    Words that were measured can be cut, and leave their room to the names of the metrics.
    """
    if section == "history":
        when, status, note = COLUMNS[section]
        return when, status.wishing(_longest(found, 1), MOST_FIGURE), note
    if section != "qc":
        return COLUMNS[section]
    metric, measured, limit, end = COLUMNS["qc"]
    return (
        metric.wishing(_longest(found, 0), MOST_NAME),
        measured.for_texts(_longest(found, 1, figures=True), MOST_FIGURE),
        limit.for_texts(_longest(found, 2), MOST_FIGURE),
        end.wishing(_longest(found, 3), MOST_FIGURE),
    )


def _longest(found: Sequence[Row], place: int, *, figures: bool = False) -> int:
    """Cells of the longest text of a column, or of its longest figure."""
    texts = (row[1][place].text for row in found)
    return max((cell_len(text) for text in texts if text[:1] in FIGURE or not figures), default=0)


def summary(section: str, found: Any) -> str:
    """A section in a few words, for the border."""
    if section == "qc":
        return _quality_summary([control.status for control in found])
    if section == "history":
        return plural(len(found), "step") if found else ""
    return ""


def _quality_summary(outcomes: Sequence[str]) -> str:
    failed, passed = outcomes.count("failed"), outcomes.count("succeeded")
    if not outcomes:
        return ""
    checks = plural(len(outcomes), "check")
    if failed:
        return f"{checks}, {failed:,} failed"
    return f"{checks}, all passed" if passed == len(outcomes) else f"{checks}, {passed:,} passed"


def empty(section: str, enter: str) -> str:
    """What to say when a section has nothing; ``enter`` is the key that opens."""
    return {
        "qc": "No QC metrics: the analysis isn't that far, or it has none.",
        "history": "No history.",
        "metadata": f"No metadata. {enter} adds some.",
    }[section]
