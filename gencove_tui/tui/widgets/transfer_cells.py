"""What the list of transfers says of how far each has got."""

from __future__ import annotations

from gencove_tui.model import Transfer, TransferState
from gencove_tui.tui.format import Cell, Glyphs, Tone, bar
from gencove_tui.tui.queue_order import LIVE


def has_begun(item: Transfer) -> bool:
    """Whether a transfer that has not ended has anything to show for it."""
    return item.state in LIVE or (item.bytes_done > 0 and not item.state.is_final)


def progress_cell(item: Transfer, width: int, glyphs: Glyphs) -> Cell:
    """The bar of what has begun, and before it a priority that is not the usual one."""
    priority = f"{item.priority:+d}" if item.priority and not item.state.is_final else ""
    if not has_begun(item):
        in_words = f"prio {priority}"
        return Cell(in_words if priority and len(in_words) <= width else priority, Tone.ACCENT)
    tone = Tone.BUSY if item.state is TransferState.RUNNING else Tone.DIM
    fraction = item.bytes_done / item.size if item.size else 0.0
    if not priority:
        return Cell(bar(fraction, width, glyphs), tone)
    priority += " "
    filled = bar(fraction, max(0, width - len(priority)), glyphs)
    return Cell(priority + filled, tone, ((priority, Tone.ACCENT), (filled, tone)))
