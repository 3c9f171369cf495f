"""The gates that a file must pass by what it is called and by where it is (transfer-anchors §3.1, §5.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from gencove_tui.engine.watch.patterns import why_left_out
from gencove_tui.fastq.markers import MarkerLevel, RunState, run_state
from gencove_tui.fastq.names import is_index_read, is_undetermined, parse_name, temporary_name, why_not
from gencove_tui.model import RuleTerms

EMPTY = "it is empty"
MARKED_SETTLE = 30.0
"""Seconds of standing still that are enough once a marker says that the FASTQ files are complete."""


def wanted(rule: RuleTerms, relative: str) -> str:
    """Why a rule doesn't take a file of that path below its folder; empty when it does."""
    name = relative.rsplit("/", 1)[-1]
    if any(part.startswith(".") for part in relative.split("/")) or temporary_name(name):
        return "a temporary or hidden name"
    if reason := why_not(name):
        return reason
    if reason := why_left_out(rule.files, relative):
        return reason
    parsed = parse_name(name)
    if parsed is not None and is_index_read(parsed) and not rule.index_reads:
        return "an index read"
    if parsed is not None and is_undetermined(parsed) and not rule.undetermined:
        return "reads without a sample"
    if not relative.isprintable():
        return "its name can't be a gncv:// path: it is not valid UTF-8 or holds control characters"
    return ""


class Surroundings:
    """What stands around the FASTQ files of one look, asked once per folder."""

    def __init__(self, rule: RuleTerms, top: str, signs: set[str]) -> None:
        self._rule = rule
        self._top = top
        self._signs = signs
        self._known: dict[str, RunState] = {}

    def of(self, relative: str) -> RunState:
        """The run that a file belongs to, and its markers."""
        folder = relative.rpartition("/")[0]
        if folder not in self._known:
            marker = "" if self._rule.marker in ("auto", "none") else self._rule.marker
            self._known[folder] = run_state(relative, self._signs.__contains__, name=self._top, marker=marker)
        return self._known[folder]


class Gate(Struct, frozen=True):
    """What the surroundings say about one file."""

    state: str = ""
    """``ignored`` or ``waiting``; empty when the file may pass."""
    reason: str = ""
    marked: bool = False
    """A marker says that the FASTQ files are complete."""
    overdue: bool = False
    """It passes only because the marker did not come in time."""


_PASSES = Gate()


def marker_gate(rule: RuleTerms, run: RunState, first_seen: datetime, now: datetime) -> Gate:
    """Whether markers let a file pass."""
    if rule.marker == "none":
        return _PASSES
    if run.superseded:
        return Gate("ignored", "a later analysis of the same run stands beside it")
    if run.level is MarkerLevel.FASTQ:
        return Gate(marked=True)
    if rule.marker != "auto":
        return Gate("waiting", f"waiting for {rule.marker}")
    if run.root is None or run.level is MarkerLevel.RUN:
        return _PASSES
    until = min(first_seen, now) + timedelta(hours=rule.marker_hours)
    if now >= until:
        return Gate(overdue=True)
    words = f"{until.astimezone():%Y-%m-%d %H:%M}"
    return Gate("waiting", f"waiting for the run's marker, such as CopyComplete.txt, until {words} at most")
