"""From uploaded reads to complete samples: mates, single ends, and lone mates that are reported once."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from gencove_tui.engine.loop.record import complete, is_pair, tell
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.fastq.names import client_id, gencove_client_id
from gencove_tui.model import GncvPath, LoopSample, LoopState
from gencove_tui.store.ledger import Ledger

_LONE = "lone"


def collect(ledger: Ledger, rule_id: int, wants: Wants) -> None:
    """Move complete samples on, and report mates that have been alone for too long."""
    now = time.time()
    for sample in ledger.loop.samples(rule_id, (LoopState.COLLECTING,)):
        reads = {file.read for file in sample.reads()}
        waited = now - (sample.created.timestamp() if sample.created else now)
        if is_pair(sample):
            complete(ledger, sample, wants.project_id)
        elif reads and not 0 <= waited < wants.mate_seconds:
            alone = wants.single_end and reads == {"R1"}
            if (alone or ledger.loop.told(sample.id) != _LONE) and not ledger.loop.mate_on_its_way(sample):
                if alone:
                    complete(ledger, sample, wants.project_id)
                else:
                    _report(ledger, sample, reads)


def report_unsent(ledger: Ledger, rule_id: int, wants: Wants) -> None:
    """Report, once each, files that have waited on disk for their mate for too long and so never went up.

    Mates of what did go up are ``collect``'s matter.
    """
    now = datetime.now(UTC)
    overdue = {
        mates.sample: mates
        for mates in ledger.rules.status(rule_id).lone
        if not 0 <= (now - mates.since).total_seconds() < wants.mate_seconds
    }
    told = ledger.loop.rule(rule_id).lone_told
    if not overdue and not told:
        return
    sent = {sample.client_id for sample in ledger.loop.samples(rule_id, (LoopState.COLLECTING,))}
    here = {name for name in overdue if sent.isdisjoint((client_id(name), gencove_client_id(name)))}
    if told == here:
        return
    with ledger.write():
        for name in sorted(here - told):
            ledger.events.add(
                "sample.lone",
                f"{name}: {overdue[name].missing} has not come",
                {"sample": name, "missing": overdue[name].missing, "since": overdue[name].since},
                rule_id=rule_id,
            )
        ledger.loop.set_lone_told(rule_id, here)


def _report(ledger: Ledger, sample: LoopSample, reads: set[str]) -> None:
    missing = "R2" if "R1" in reads else "R1"
    names = ", ".join(GncvPath(file.name).name for file in sample.reads())
    reason = f"{missing} has not come; there is only {names}"
    with ledger.write():
        ledger.loop.move([sample.id], LoopState.COLLECTING, reason=reason)
        ledger.loop.note_told([sample.id], _LONE)
        tell(ledger, sample.id, "sample.lone", reason)


def release(ledger: Ledger, number: int) -> bool:
    """A person says that a held sample, or one that was uploaded before the rule named a project, may go on.

    Returns whether there was anything to release. The next look of the rule's loop takes it from there.
    """
    with ledger.write():
        sample = ledger.loop.get(number)
        if sample is None or sample.state not in (LoopState.HELD, LoopState.UPLOADED):
            return False
        rule = ledger.rules.get(sample.rule_id)
        if rule is None or not rule.project:
            return False
        if sample.sample_id:  # assigned: what is held is its delivery
            ledger.loop.move([number], LoopState.RESULTS)
        elif is_pair(sample) or sample.state is LoopState.UPLOADED:
            ledger.loop.move([number], LoopState.READY)
        else:
            ledger.loop.move([number], LoopState.COLLECTING)
        tell(ledger, number, "sample.released", "goes on, as you said")
        return True
