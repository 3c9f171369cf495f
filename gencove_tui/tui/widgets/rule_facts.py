"""Watch rules, their files and the logs in words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING

from gencove_tui.engine.loop.words import STATE_WORDS
from gencove_tui.engine.views import RuleView
from gencove_tui.engine.views_watch import RuleDetail
from gencove_tui.engine.words import plural
from gencove_tui.model import AuditEntry, Event, WatchedFile, WatchRule
from gencove_tui.tui.format import Cell, Tone, age, clean, moment, sentences, size
from gencove_tui.tui.rule_words import Names, in_form_words, in_labels
from gencove_tui.tui.states import rule_state
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact

if TYPE_CHECKING:
    from gencove_tui.engine.watch.dry_run import DryFile, DryRun

SHOWN = 200
"""Lines of a dry run that are listed before the rest is counted."""


def rule_facts(view: RuleView, look: Look, names: Names) -> list[Fact]:
    """All that is known about a rule."""
    rule, status = view.rule, view.status
    troubled = Tone.WARN if view.samples_problem else Tone.PLAIN
    settle = f"when a file hasn't changed for {rule.settle:g} s"
    looked = (
        f"{age(status.looked, look.clock())}, {plural(status.files, 'FASTQ file')}" if status.looked else ""
    )
    return [
        Fact("Name", Cell(clean(rule.name))),
        Fact("State", rule_state(view, look.glyphs, look.clock()), long=True),
        Fact("Samples", Cell(names.within(view.samples, rule.project), troubled), long=True),
        Fact(
            "To do",
            Cell(in_form_words(names.within(view.samples_remedy, rule.project)), Tone.WARN),
            long=True,
        ),
        Fact("Folder", Cell(clean(rule.folder)), long=True),
        Fact("To", Cell(clean(rule.destination)), long=True),
        Fact("Files", Cell(", ".join(map(clean, rule.include)) or "every FASTQ"), long=True),
        Fact("But not", Cell(", ".join(map(clean, rule.exclude))), long=True),
        Fact("Complete", Cell(settle), long=True),
        Fact("Assigned to", Cell(names.of_project(rule.project) or "nothing"), long=True),
        Fact("Results", Cell(", ".join(map(clean, rule.deliver)) or "not fetched"), long=True),
        Fact("Results to", Cell(clean(rule.deliver_to)), long=True),
        Fact("Settling", _number(view.settling)),
        Fact("Waiting", _number(view.waiting)),
        Fact("Need you", _number(view.held, Tone.WARN)),
        Fact("Uploading", _number(view.queued)),
        Fact("Uploaded", _number(view.uploaded)),
        Fact("Failed", _number(view.failed, Tone.BAD)),
        Fact("Left out", _number(view.ignored)),
        Fact("Looked", Cell(looked)),
        Fact("Last file", Cell(clean(PurePath(view.last_name).name)), long=True),
        *_notices(status.notices),
    ]


def _number(files: int, tone: Tone = Tone.PLAIN) -> Cell:
    """How many files; none is not worth a word."""
    return Cell(f"{files:,}" if files else "", tone)


def _notices(notices: Iterable[str]) -> list[Fact]:
    return [
        Fact("Notice", Cell(sentences([in_form_words(clean(notice))]), Tone.WARN), long=True)
        for notice in notices
    ]


def waiting_facts(detail: RuleDetail, look: Look) -> list[Fact]:
    """What each file waits for, and since when."""
    facts = []
    for file in detail.pending:
        seen = f" (seen {age(file.first_seen, look.clock())})" if file.first_seen else ""
        text = f"{clean(file.reason) or 'must stand still'}{seen}"
        tone = Tone.WARN if file.state == "held" else Tone.PLAIN
        remedy = in_form_words(clean(file.remedy))
        facts.append(Fact(_short(file, detail.rule), Cell(sentences((text, remedy)), tone), long=True))
    return facts


def ignored_facts(detail: RuleDetail) -> list[Fact]:
    """Which files are left out, and why."""
    return [Fact(_short(file, detail.rule), Cell(clean(file.reason)), long=True) for file in detail.ignored]


def _short(file: WatchedFile, rule: WatchRule) -> str:
    return clean(os.path.relpath(file.path, rule.folder))


def sample_facts(detail: RuleDetail, names: Names) -> list[Fact]:
    """How each sample of a rule fares."""
    facts = []
    for sample in detail.samples:
        project_id = sample.project_id or detail.rule.project
        reason, remedy = (
            in_form_words(names.within(text, project_id)) for text in (sample.reason, sample.remedy)
        )
        state = STATE_WORDS[sample.state]
        text = sentences((f"{state}: {reason}", remedy)) if reason or remedy else state
        facts.append(Fact(clean(sample.client_id) or clean(sample.sample_id), Cell(text), long=True))
    return facts


def dry_run_facts(found: DryRun, look: Look) -> list[Fact]:
    """What a rule would do, file by file: trouble first, what is done already last."""
    glyphs = look.glyphs
    marks = {
        "failed": (f"{glyphs.bad} failed: ", Tone.BAD),
        "held": (f"{glyphs.warn} ", Tone.WARN),
        "going": (f"{glyphs.busy} ", Tone.DIM),
        "leave": (f"{glyphs.skipped} ", Tone.DIM),
        "done": (f"{glyphs.good} ", Tone.DIM),
    }
    order = ("failed", "held", "take", "going", "leave", "done")

    def deed(file: DryFile) -> str:
        """As the engine calls it; what needs somebody apart from what may well be left."""
        return "held" if file.deed in ("leave", "going") and file.remedy else file.deed

    facts = _notices(found.notices)
    for file in sorted(found.files, key=lambda file: order.index(deed(file)))[:SHOWN]:
        if file.remote is not None:
            cell = Cell(f"{glyphs.up} {size(file.size)} to {clean(file.remote)}", Tone.GOOD)
        else:
            mark, tone = marks[deed(file)]
            remedy = in_form_words(clean(file.remedy))
            text = sentences((clean(file.reason), remedy)) if remedy else clean(file.reason)
            cell = Cell(f"{mark}{text}", tone)
        facts.append(Fact(clean(file.path), cell, long=True))
    if len(found.files) > SHOWN:
        facts.append(Fact("", Cell(f"and {len(found.files) - SHOWN:,} more files"), long=True))
    return facts


_DATA_NAMES = {
    "remedy": "To do",
    "client_id": "Client id",
    "sample_id": "Sample",
    "project_id": "Project",
    "client_ids": "Client ids",
    "folder": "In",
    "path": "File",
    "local": "Here",
    "remote": "There",
    "files": "Files",
    "bytes": "Size",
    "seconds": "Took",
}
"""What the data of an event are called; the others by their own names."""


def event_facts(event: Event, names: Names) -> tuple[tuple[str, Cell], ...]:
    """All that the log knows about an event."""
    return (
        ("What", Cell(names.event(event))),
        ("When", Cell(moment(event.time))),
        ("Transfer", Cell("" if event.transfer_id is None else str(event.transfer_id))),
        ("Watch rule", Cell(names.of_rule(event.rule_id))),
        *(
            (
                _DATA_NAMES.get(name, clean(name).replace("_", " ").capitalize()),
                Cell(_datum(name, value, names), Tone.WARN if name == "remedy" else Tone.DIM),
            )
            for name, value in event.data.items()
        ),
        ("Kind", Cell(clean(event.kind), Tone.DIM)),
    )


def _datum(name: str, value: object, names: Names) -> str:
    if value is None:
        return ""
    if name == "project_id":
        return named_project(str(value), names)
    if name == "bytes" and isinstance(value, int):
        return f"{size(value)} ({value:,} bytes)"
    if name == "seconds":
        return f"{value} s"
    if isinstance(value, list):
        return ", ".join(clean(str(item)) for item in value)
    return in_form_words(clean(str(value)))


def named_project(project_id: str, names: Names) -> str:
    """A project's name together with its id, for whoever must find it elsewhere."""
    if not project_id:
        return ""
    name = names.of_project(project_id)
    return name if name == clean(project_id) else f"{name} ({clean(project_id)})"


def audit_facts(entry: AuditEntry, names: Names) -> tuple[tuple[str, Cell], ...]:
    """All that the audit log knows about an act."""
    return (
        ("Act", Cell(f"{clean(entry.act)}, {clean(entry.outcome)}")),
        ("When", Cell(moment(entry.time))),
        ("Who", Cell(clean(entry.who))),
        ("Here", Cell(clean(entry.local_path))),
        ("There", Cell(clean(entry.remote))),
        ("Size", Cell("" if entry.bytes is None else f"{size(entry.bytes)} ({entry.bytes:,} bytes)")),
        ("Checksum", Cell(clean(entry.checksum))),
        ("Verified", Cell("yes" if entry.verified else "")),
        ("Sample", Cell(clean(entry.sample_id))),
        ("Client id", Cell(clean(entry.client_id))),
        ("Project", Cell(named_project(entry.project_id, names))),
        ("Watch rule", Cell(names.of_rule(entry.rule_id))),
        ("Detail", Cell(in_labels(entry.detail) if entry.act == "rule" else clean(entry.detail))),
    )
