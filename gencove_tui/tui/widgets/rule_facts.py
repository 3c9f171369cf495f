"""Watch rules, their files and the logs in words."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from gencove_tui.engine.loop.words import STATE_WORDS
from gencove_tui.engine.views import RuleView
from gencove_tui.engine.views_watch import RuleDetail
from gencove_tui.model import AuditEntry, Event, LoopSample
from gencove_tui.tui.format import Cell, Tone, age, clean, moment, plural, size
from gencove_tui.tui.states import rule_state
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact

if TYPE_CHECKING:
    from gencove_tui.engine.watch.dry_run import DryRun

SHOWN = 200
"""Lines of a dry run that are listed before the rest is counted."""


def rule_facts(view: RuleView, look: Look) -> list[Fact]:
    """All that is known about a rule."""
    rule, status = view.rule, view.status
    troubled = Tone.WARN if view.samples_problem else Tone.PLAIN
    settle = f"when a file hasn't changed for {rule.settle:g} s"
    looked = f"{age(status.looked, look.clock())}, {plural(status.files, 'FASTQ')}" if status.looked else ""
    return [
        Fact("Name", Cell(clean(rule.name))),
        Fact("State", rule_state(view, look.glyphs, look.clock()), long=True),
        Fact("Samples", Cell(clean(view.samples), troubled), long=True),
        Fact("To do", Cell(clean(view.samples_remedy), Tone.WARN), long=True),
        Fact("Folder", Cell(clean(rule.folder)), long=True),
        Fact("To", Cell(clean(rule.destination)), long=True),
        Fact("Files", Cell(", ".join(map(clean, rule.include)) or "every FASTQ"), long=True),
        Fact("But not", Cell(", ".join(map(clean, rule.exclude))), long=True),
        Fact("Complete", Cell(settle), long=True),
        Fact("Assigned to", Cell(clean(rule.project) or "nothing"), long=True),
        Fact("Results", Cell(", ".join(map(clean, rule.deliver)) or "not fetched"), long=True),
        Fact("Results to", Cell(clean(rule.deliver_to)), long=True),
        Fact("Growing", Cell(str(view.settling))),
        Fact("Waiting", Cell(str(view.waiting))),
        Fact("Need you", Cell(str(view.held), Tone.WARN if view.held else Tone.PLAIN)),
        Fact("Uploading", Cell(str(view.queued))),
        Fact("Uploaded", Cell(str(view.uploaded))),
        Fact("Failed", Cell(str(view.failed))),
        Fact("Ignored", Cell(str(view.ignored))),
        Fact("Looked", Cell(looked)),
        Fact("Last file", Cell(clean(PurePath(view.last_name).name)), long=True),
        *(Fact("Notice", Cell(clean(notice), Tone.WARN), long=True) for notice in status.notices),
    ]


def waiting_facts(detail: RuleDetail, look: Look) -> list[Fact]:
    """What each file waits for, and since when."""
    return [
        Fact(
            clean(PurePath(file.path).name),
            Cell(
                " ".join(
                    filter(
                        None,
                        (
                            clean(file.reason) or "must stand still",
                            f"(seen {age(file.first_seen, look.clock())})" if file.first_seen else "",
                            clean(file.remedy),
                        ),
                    )
                ),
                Tone.WARN if file.state == "held" else Tone.PLAIN,
            ),
            long=True,
        )
        for file in detail.pending
    ]


def sample_facts(samples: tuple[LoopSample, ...]) -> list[Fact]:
    """How each sample of a rule fares."""
    return [
        Fact(
            clean(sample.client_id) or clean(sample.sample_id),
            Cell(
                ": ".join(
                    filter(None, (STATE_WORDS[sample.state], clean(sample.reason), clean(sample.remedy)))
                )
            ),
            long=True,
        )
        for sample in samples
    ]


def dry_run_facts(found: DryRun, look: Look) -> list[Fact]:
    """What a rule would do, file by file, those that would go first."""
    glyphs = look.glyphs
    facts = [Fact("Notice", Cell(clean(notice), Tone.WARN), long=True) for notice in found.notices]
    rest = [file for file in found.files if file.remote is None]
    for file in (*found.taken, *rest)[:SHOWN]:
        if file.remote is not None:
            text = f"{glyphs.good} {size(file.size)} to {clean(file.remote)}"
            text += f", {clean(file.reason)}" if file.reason else ""
            cell = Cell(text, Tone.GOOD)
        else:
            cell = Cell(f"{glyphs.skipped} {clean(file.reason)} {clean(file.remedy)}".rstrip(), Tone.DIM)
        facts.append(Fact(clean(file.path), cell, long=True))
    if len(found.files) > SHOWN:
        facts.append(Fact("", Cell(f"and {len(found.files) - SHOWN:,} more files"), long=True))
    return facts


def event_facts(event: Event) -> tuple[tuple[str, Cell], ...]:
    """All that the log knows about an event."""
    return (
        ("What", Cell(clean(event.message))),
        ("Kind", Cell(clean(event.kind))),
        ("When", Cell(moment(event.time))),
        ("Transfer", Cell("" if event.transfer_id is None else str(event.transfer_id))),
        ("Watch rule", Cell("" if event.rule_id is None else str(event.rule_id))),
        *((clean(name), Cell(clean(str(value)), Tone.DIM)) for name, value in event.data.items()),
    )


def audit_facts(entry: AuditEntry) -> tuple[tuple[str, Cell], ...]:
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
        ("Project", Cell(clean(entry.project_id))),
        ("Detail", Cell(clean(entry.detail))),
    )
