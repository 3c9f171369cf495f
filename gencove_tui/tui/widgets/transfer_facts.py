"""Transfers in words: why one waits, how they stand in sum, all that is known about one."""

from __future__ import annotations

from gencove_tui.engine.views import Totals
from gencove_tui.engine.views_queue import TransferDetail
from gencove_tui.engine.words import plural
from gencove_tui.model import Direction, Transfer, TransferState, Wish
from gencove_tui.tui.format import Cell, Tone, bar, clean, duration, moment, percent, rate, sentences, size
from gencove_tui.tui.rule_words import Names
from gencove_tui.tui.states import transfer_state
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact

BAR = 24
"""Cells of the bar in the sheet."""


def trouble(item: Transfer) -> str:
    """Why a transfer waits or failed, and what to do about it; empty while all is well."""
    if item.state not in (TransferState.FAILED, TransferState.WAITING) or not item.problem:
        return ""
    again = ""
    if item.state is TransferState.WAITING and item.retry_at is not None:
        again = f"Next try at {moment(item.retry_at)[11:]}"
    return sentences((clean(item.problem), clean(item.remedy), again))


def counts_line(totals: Totals) -> str:
    """How many do what."""
    numbers = (
        (totals.running, "running"),
        (totals.queued, "queued"),
        (totals.waiting, "waiting"),
        (totals.paused, "paused"),
        (totals.failed, "failed"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in numbers if number)


def left_line(totals: Totals) -> str:
    """How much is left, and how long it will take."""
    if not totals.bytes_left:
        return ""
    left = f"{size(totals.bytes_left)} left"
    if not totals.unfinished:
        return left  # all of it is paused
    return f"{left}, {duration(totals.seconds_left) or 'time unknown'}"


def transfer_facts(detail: TransferDetail, look: Look, names: Names) -> tuple[Fact, ...]:
    """All that the ledger knows about a transfer; ``names`` knows what its rule is called."""
    item = detail.transfer
    moved = f"{size(item.bytes_done)} of {size(item.size)}"
    if item.size is not None:
        moved += f" ({item.bytes_done:,} of {item.size:,} bytes)"
    running = item.state is TransferState.RUNNING
    progress = ""
    if item.size:
        filled = bar(item.bytes_done / item.size, BAR, look.glyphs)
        progress = f"{filled} {percent(item.bytes_done, item.size)}"
    return (
        Fact("State", _state(item, look)),
        Fact("Why", Cell(trouble(item), Tone.WARN), long=True),
        Fact("Progress", Cell(progress, Tone.BUSY if running else Tone.DIM)),
        Fact("Moved", Cell(moved), long=True),
        Fact("Rate", Cell(rate(item.rate) if running else "")),
        Fact("Left", Cell(duration(item.eta))),
        Fact("Direction", Cell(item.direction.value)),
        Fact("Priority", Cell(f"{item.priority:+d}" if item.priority else "usual")),
        Fact("Here", Cell(clean(item.local_path)), long=True),
        Fact("There", Cell(clean(item.remote)), long=True),
        Fact("Attempts", Cell(plural(item.attempts, "try", "tries") if item.attempts else "")),
        Fact("Parts", Cell(_parts(detail))),
        Fact("sha256", Cell(clean(item.checksum)), long=True),
        Fact("CRC32", Cell(clean(item.crc32))),
        Fact("Verified", Cell(_verified(item)), long=True),
        Fact("Queued", Cell(moment(item.created))),
        Fact("Started", Cell(moment(item.started))),
        Fact("Finished", Cell(moment(item.finished))),
        Fact("Queued by", Cell("you" if item.rule_id is None else "a watch rule")),
        Fact("Watch rule", Cell(names.of_rule(item.rule_id))),
    )


def parts_map(detail: TransferDetail, width: int, look: Look) -> str:
    """One sign for each part, or for several where they are many: moved, moving or not begun."""
    parts, glyphs = detail.parts, look.glyphs
    if not parts:
        return ""
    per_sign = -(-len(parts) // (width * 3))
    signs = []
    for start in range(0, len(parts), per_sign):
        run = parts[start : start + per_sign]
        done, length = sum(p.bytes_done for p in run), sum(p.length for p in run)
        sign = glyphs.bar_full if done >= length else glyphs.missing if not done else glyphs.half_full
        signs.append(sign)
    return "".join(signs)


def _state(item: Transfer, look: Look) -> Cell:
    state = transfer_state(item, look.glyphs)
    if item.wish is Wish.PAUSE and not item.state.is_final and item.state is not TransferState.PAUSED:
        return Cell(f"{state.text}, about to pause", state.tone)
    if item.wish is Wish.CANCEL and not item.state.is_final:
        return Cell(f"{state.text}, being cancelled", state.tone)
    return state


def _parts(detail: TransferDetail) -> str:
    if not detail.parts:
        return ""
    done = sum(part.bytes_done >= part.length for part in detail.parts)
    each = max(part.length for part in detail.parts)
    return f"{done:,} of {len(detail.parts):,}, {size(each)} each"


def _verified(item: Transfer) -> str:
    if item.direction is Direction.UPLOAD or item.state is not TransferState.DONE:
        return ""
    return (
        "yes, the sha256 agrees with Gencove's"
        if item.verified
        else "length only: Gencove has no sha256 for it"
    )
