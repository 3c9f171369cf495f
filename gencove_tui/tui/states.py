"""States as glyph, word and tone, so that colour is never the only sign."""

from __future__ import annotations

from datetime import datetime

from gencove_tui.engine.loop.record import analysis_failed, analysis_succeeded
from gencove_tui.engine.loop.words import ASK_FOR_SOMEBODY, ended_in_words, moving_in_words
from gencove_tui.engine.views import Online, RuleView
from gencove_tui.engine.words import plural
from gencove_tui.fastq.names import client_id
from gencove_tui.model import Direction, Sample, Transfer, TransferState
from gencove_tui.tui.format import Cell, Glyphs, Tone, age, clean

ARCHIVED = "archived"
"""What Gencove calls a sample whose files have to be asked back first (api-v2 §12)."""
FAILED_QC = "failed qc"
SUCCEEDED = "succeeded"
_UNDER_WAY = frozenset({"running", "scheduled", "queued"})


def in_words(word: str) -> str:
    """A status as people say it: ``consumer_awaiting_kit_order`` is ``awaiting kit order``."""
    return clean(word).replace("_", " ").removeprefix("consumer ")


def sample_status(word: str, glyphs: Glyphs) -> Cell:
    """A sample's status. The set is open (api-v2 §5): an unknown word is shown in its own words."""
    known = {
        SUCCEEDED: (glyphs.good, Tone.GOOD),
        "failed": (glyphs.bad, Tone.BAD),
        FAILED_QC: (glyphs.warn, Tone.WARN),
        "running": (glyphs.busy, Tone.BUSY),
        "scheduled": (glyphs.queued, Tone.DIM),
        "queued": (glyphs.queued, Tone.DIM),
        "disabled": (glyphs.cancelled, Tone.DIM),
        "cancelled": (glyphs.cancelled, Tone.DIM),
    }
    if not word:
        return Cell("")
    glyph, tone = known.get(word.lower(), (glyphs.neutral, Tone.PLAIN))
    return Cell(f"{glyph} {in_words(word)}", tone)


def has_ended(word: str) -> bool:
    """Whether a sample's status means that its analysis is over, well or not."""
    return analysis_succeeded(word.lower()) or analysis_failed(word.lower())


def is_under_way(word: str) -> bool:
    """Whether a sample's status will be another one soon."""
    return word.lower() in _UNDER_WAY


def can_be_taken_over(sample: Sample) -> bool:
    """Whether a sample can be imported or copied: it has results, and they aren't archived (api-v2 §12)."""
    finished = sample.status.lower() in (SUCCEEDED, FAILED_QC)
    return finished and sample.archive_status in ("", "available", "restored")


def upload_status(word: str, glyphs: Glyphs) -> Cell:
    """An upload's status; empty in v1, where being listed is enough."""
    known = {
        "": (glyphs.good, "there", Tone.GOOD),
        "succeeded": (glyphs.good, "succeeded", Tone.GOOD),
        "failed": (glyphs.bad, "failed", Tone.BAD),
        "started": (glyphs.busy, "started", Tone.BUSY),
    }
    glyph, shown, tone = known.get(word.lower(), (glyphs.neutral, in_words(word), Tone.PLAIN))
    return Cell(f"{glyph} {shown}", tone)


def archive_status(word: str, glyphs: Glyphs) -> Cell:
    """Whether the files of a sample can be fetched at once; silent for the usual ``available``."""
    if word in ("", "available"):
        return Cell("")
    tone = Tone.WARN if word == ARCHIVED else Tone.BUSY
    return Cell(f"{glyphs.warn if word == ARCHIVED else glyphs.waiting} {in_words(word)}", tone)


def transfer_state(transfer: Transfer, glyphs: Glyphs) -> Cell:
    """Where a transfer stands, in one word."""
    if transfer.state is TransferState.RUNNING:
        if transfer.direction is Direction.UPLOAD:
            return Cell(f"{glyphs.up} sending", Tone.BUSY)
        return Cell(f"{glyphs.down} fetching", Tone.BUSY)
    table = {
        TransferState.QUEUED: (glyphs.queued, "queued", Tone.PLAIN),
        TransferState.VERIFYING: (glyphs.checking, "checking", Tone.BUSY),
        TransferState.DONE: (glyphs.good, "done", Tone.GOOD),
        TransferState.PAUSED: (glyphs.paused, "paused", Tone.WARN),
        TransferState.WAITING: (glyphs.waiting, "waiting", Tone.WARN),
        TransferState.FAILED: (glyphs.bad, "failed", Tone.BAD),
        TransferState.CANCELLED: (glyphs.cancelled, "cancelled", Tone.DIM),
        TransferState.SKIPPED: (glyphs.skipped, "skipped", Tone.DIM),
    }
    glyph, word, tone = table[transfer.state]
    return Cell(f"{glyph} {word}", tone)


def online(state: Online, glyphs: Glyphs) -> Cell:
    """The line to Gencove."""
    table = {
        Online.CONNECTING: (glyphs.half, Tone.BUSY),
        Online.ONLINE: (glyphs.on, Tone.GOOD),
        Online.OFFLINE: (glyphs.off, Tone.WARN),
        Online.MAINTENANCE: (glyphs.off, Tone.WARN),
        Online.REJECTED: (glyphs.bad, Tone.BAD),
    }
    glyph, tone = table[state]
    return Cell(f"{glyph} {state.value}", tone)


def rule_state(view: RuleView, glyphs: Glyphs, now: datetime) -> Cell:
    """What a watch rule is doing and waiting for, in words."""
    if not view.rule.active:
        return Cell(f"{glyphs.paused} paused", Tone.WARN)
    trouble = view.rule.problem or view.samples_problem
    if trouble:
        return Cell(f"{glyphs.bad} {clean(trouble)}", Tone.BAD)
    files, samples = _files_in_words(view, now), moving_in_words(view.sample_counts)
    ended = ended_in_words(view.sample_counts)
    uploaded = [f"{view.uploaded:,} uploaded"] if view.uploaded else []
    if files or samples:
        # What went up before is the least of it while others are on their way, or in trouble.
        parts = [*files, *([] if view.queued or view.held or view.failed else uploaded), *samples]
        bad = view.failed or view.held or any(view.sample_counts.get(state) for state in ASK_FOR_SOMEBODY)
        glyph, tone = (glyphs.warn, Tone.WARN) if bad else (glyphs.busy, Tone.BUSY)
        return Cell(f"{glyph} {', '.join(parts)}", tone)
    if uploaded or ended:
        return Cell(f"{glyphs.good} watching, {', '.join((*uploaded, *ended))}", Tone.GOOD)
    return Cell(f"{glyphs.on} watching, nothing yet", Tone.GOOD)


def _files_in_words(view: RuleView, now: datetime) -> list[str]:
    """What a rule's files wait for, or what is done with them, those that need somebody first."""
    parts = [plural(view.held, "file needs you", "files need you")] if view.held else []
    if view.failed:
        parts.append(f"{view.failed:,} failed")
    if view.status.lone:
        first, more = view.status.lone[0], len(view.status.lone) - 1
        others = f" and {more:,} more" if more else ""
        since = age(first.since, now).removesuffix(" ago")
        lasting = "" if since == "just now" else f", {since}"
        sample = client_id(first.sample) if view.rule.hyphens else first.sample
        parts.append(f"waiting for {first.missing} of {clean(sample)}{others}{lasting}")
    if view.queued:
        parts.append(f"uploading {view.queued:,}")
    if view.settling:
        parts.append(f"{view.settling:,} settling")
    if view.waiting and not view.status.lone:
        parts.append(f"{view.waiting:,} waiting")
    return parts
