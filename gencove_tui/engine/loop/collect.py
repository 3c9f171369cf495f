"""From uploaded reads to complete samples: mates, single ends, and lone mates that are reported once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from gencove_tui.engine.loop.mates import Mate, mate_here
from gencove_tui.engine.loop.record import NO_PROJECT, RELEASED, complete, contradiction, is_pair, tell
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.names import client_id, gencove_client_id
from gencove_tui.model import GncvPath, LoopSample, LoopState
from gencove_tui.store.database import printable
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.loop import FAR_AHEAD

_LONE = "lone"
SLOW = timedelta(days=7)
"""After which a sample that is still at Gencove is reported."""
_SLOW_TOLD = "slow"
_LONGEST = timedelta(days=1)
"""After which a mate is reported that is here and still only needs time."""


def collect(ledger: Ledger, rule_id: int, wants: Wants, *, thorough: bool = True) -> None:
    """Move complete samples on, and report mates that have been alone for too long.

    ``thorough``: look also at those that were reported, of which there may be very many.
    """
    if not wants.project_id:
        _take_back(ledger, rule_id)
    alone: list[LoopSample] = []
    waiting = (LoopState.COLLECTING,)
    for sample in (
        ledger.loop.samples(rule_id, waiting) if thorough else ledger.loop.untold(rule_id, waiting, _LONE)
    ):
        if is_pair(sample):
            complete(ledger, sample, wants.project_id)
        elif sample.reads() and _has_waited(ledger, sample, wants):
            alone.append(sample)
    if not alone:
        return
    moving = {(path.folder, gencove_client_id(path.name)) for path in ledger.loop.on_their_way(rule_id)}
    looked = ledger.rules.status(rule_id).looked
    for sample in alone:
        _judge_alone(ledger, sample, wants, looked, (sample.folder, sample.client_id) in moving)


def _take_back(ledger: Ledger, rule_id: int) -> None:
    """The rule names no project any more: what is not assigned yet stays where it is, for a person to see."""
    left = ledger.loop.samples(rule_id, (LoopState.READY, LoopState.TO_ASSIGN))
    ledger.loop.move([sample.id for sample in left], LoopState.UPLOADED, reason=NO_PROJECT)


def _has_waited(ledger: Ledger, sample: LoopSample, wants: Wants) -> bool:
    """Whether a mate has been alone for too long."""
    now = datetime.now(UTC)
    since = sample.created or now
    if since > now + timedelta(seconds=FAR_AHEAD):
        ledger.loop.begin_anew(sample.id)
        return False
    # A clock that was set back a little has nobody wait for less.
    return (now - since).total_seconds() >= wants.mate_seconds


def _judge_alone(
    ledger: Ledger, sample: LoopSample, wants: Wants, looked: datetime | None, moving: bool
) -> None:
    """One read is there for long. ``looked``: when the folder was looked through last; ``moving``: whether
    another upload of that id is under way.
    """
    since = sample.created or datetime.now(UTC)
    mate = mate_here(ledger, sample)
    if mate is not None and (mate.obstacle or datetime.now(UTC) - since > _LONGEST):
        _report(ledger, sample, mate)
    elif mate is None and not moving:
        if not wants.single_end or {file.read for file in sample.reads()} != {"R1"}:
            _report(ledger, sample, None)
        elif looked is not None and looked >= since + timedelta(seconds=wants.mate_seconds):
            # Only a look since then can tell that no mate came: the engine may have been off meanwhile.
            complete(ledger, sample, wants.project_id)


def report_unsent(ledger: Ledger, rule_id: int, wants: Wants) -> None:
    """Report, once each, files that have waited on disk for their mate for too long and so never went up.

    Mates of what did go up are ``collect``'s matter.
    """
    now = datetime.now(UTC)
    far = timedelta(seconds=FAR_AHEAD)
    overdue = {
        f"{mates.folder}/{mates.sample}".lstrip("/"): mates
        for mates in ledger.rules.status(rule_id).lone
        if (now - mates.since).total_seconds() >= wants.mate_seconds or mates.since > now + far
    }
    told = ledger.loop.rule(rule_id).lone_told
    if not overdue and not told:
        return
    sent = {sample.client_id for sample in ledger.loop.samples(rule_id, (LoopState.COLLECTING,))}
    here = {
        key
        for key, mates in overdue.items()
        if sent.isdisjoint((client_id(mates.sample), gencove_client_id(mates.sample)))
    }
    if told == here:
        return
    with ledger.write():
        for key in sorted(here - told):
            mates = overdue[key]
            ledger.events.add(
                "sample.lone",
                f"{key}: {mates.missing} has not come",
                {
                    "sample": mates.sample,
                    "folder": mates.folder,
                    "missing": mates.missing,
                    "since": mates.since,
                },
                rule_id=rule_id,
            )
        ledger.loop.set_lone_told(rule_id, here)


def report_slow(ledger: Ledger, rule_id: int) -> None:
    """Report, once each, samples that Gencove has had for so long that something may be wrong there."""
    states = (LoopState.ANALYSING, LoopState.RESTORING)
    long_ago = (datetime.now(UTC) - SLOW).timestamp()
    for sample in ledger.loop.untold(rule_id, states, _SLOW_TOLD, long_ago):
        doing = "in the analysis" if sample.state is LoopState.ANALYSING else "on its way out of the archive"
        reason = f"{doing} for more than {SLOW.days} days ({sample.status or 'no status'})"
        with ledger.write():
            ledger.loop.move(
                [sample.id],
                sample.state,
                reason=reason,
                remedy="Look at it in Gencove, or ask Gencove's support; the rule goes on when it ends.",
                retry_at=sample.retry_at.timestamp() if sample.retry_at else None,
            )
            ledger.loop.note_told([sample.id], _SLOW_TOLD)
            tell(ledger, sample.id, "sample.slow", reason)


def _report(ledger: Ledger, sample: LoopSample, mate: Mate | None) -> None:
    """Say once why a sample is not complete, and again when that is another reason."""
    reads = sample.reads()
    missing = "R2" if reads[0].read == "R1" else "R1"
    remedy = ""
    if mate is None:
        reason = f"{missing} has not come; there is only {', '.join(GncvPath(f.name).name for f in reads)}"
    else:
        reason = f"{missing} is here as {printable(PurePath(mate.path).name)} but did not go up"
        reason += f": {mate.obstacle}" if mate.obstacle else " yet"
        remedy = "Mend that file, or take it away from the folder; the rule notices."
    if ledger.loop.told(sample.id) == (told := f"{_LONE}: {reason}"):
        return
    with ledger.write():
        ledger.loop.move([sample.id], LoopState.COLLECTING, reason=reason, remedy=remedy)
        ledger.loop.note_told([sample.id], told)
        tell(ledger, sample.id, "sample.lone", reason, remedy=remedy)


def releasable(ledger: Ledger, rule_id: int) -> tuple[LoopSample, ...]:
    """What ``release`` would let go on, oldest first: what needs a person, and what was left unassigned."""
    rule = ledger.rules.get(rule_id)
    if rule is None or not rule.project:
        return ()
    return tuple(ledger.loop.samples(rule_id, (LoopState.HELD, LoopState.UPLOADED)))


def release(ledger: Ledger, number: int) -> bool:
    """A person says that a held sample, or one that was uploaded before the rule named a project, may go on.

    Returns whether there was anything to release. The next look of the rule's loop takes it from there.
    Raises ``InputProblem`` when its files can't be one pair, since nobody said which of them to take.
    """
    with ledger.write():
        sample = ledger.loop.get(number)
        if sample is None or sample.state not in (LoopState.HELD, LoopState.UPLOADED):
            return False
        rule = ledger.rules.get(sample.rule_id)
        if rule is None or not rule.project:
            return False
        if not sample.sample_id and (why := contradiction(ledger, sample)):
            raise InputProblem(
                f"{sample.client_id} can't be assigned from here",
                why,
                "Assign the right pair by hand in Gencove.",
            )
        ledger.audit.add(
            "release",
            rule_id=sample.rule_id,
            client_id=sample.client_id,
            sample_id=sample.sample_id,
            project_id=sample.project_id or rule.project,
            detail=sample.reason,
        )
        if sample.sample_id:  # assigned: what is held is its delivery
            ledger.loop.move([number], LoopState.RESULTS)
        elif is_pair(sample) or sample.state is LoopState.UPLOADED:
            ledger.loop.move([number], LoopState.READY)
        else:
            ledger.loop.move([number], LoopState.COLLECTING)
        ledger.loop.note_told([number], RELEASED)
        tell(ledger, number, "sample.released", "goes on, as you said")
        return True
