"""Which columns the upload area has: those that there is room for and that would hold something."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from gencove_tui.model import Upload
from gencove_tui.tui.format import Glyphs
from gencove_tui.tui.states import upload_status
from gencove_tui.tui.widgets.columns import Column

SUM, SHORT_SUM = 13, 9
"""Cells of the longest sum of sizes that is ``over`` something, in words and with a sign."""
MOST_STATUS = 22
"""Cells that the word for a status may take."""

SIGN = Column("", 1, keep=90)
PATH = Column("Path", 34, flex=1, keep=100, cut="path")
SHORT_PATH = Column("Path", 31, flex=1, keep=100, cut="path")
"""Beside other panes a path with its folder is worth more than the word for what the sign says."""
SAMPLE = Column("Sample", 14, keep=20)
SIZE = Column("Size", 8, keep=50, right=True)
STATUS = Column("Status", 11, keep=60)
ARRIVED = Column("Arrived", 10, keep=30, right=True)
KEPT = (Column("Arrived", 7, keep=30, right=True), Column("Left", 7, keep=25, right=True))
"""Where nothing is kept for long, no arrival is so old that it needs its year."""
PAIR_COLUMNS = (
    Column("Sample", 14, flex=2, keep=100, cut="middle"),
    Column("R1", 2, keep=80),
    Column("R2", 2, keep=80),
    Column("State", 12, keep=90),
    Column("Folder", 12, flex=2, keep=40, cut="middle"),
)


class UploadColumns:
    """What there is to show of the uploads, and in how much room."""

    def __init__(self) -> None:
        self.narrow = False
        """Whether a sign stands for the word of the status."""
        self.retention: int | None = None
        """Days for which Gencove keeps an upload, where it says so."""
        self.samples = True
        """Whether the sample has a column, where there is room for its words."""
        self._dated = True
        self._status = 0

    def measure(self, listed: Sequence[Upload], glyphs: Glyphs) -> None:
        """Nobody needs a column without anything: API v1 may know neither samples nor arrivals."""
        self._dated = not listed or any(upload.created is not None for upload in listed)
        self.samples = not listed or any(upload.client_id for upload in listed)
        words = {upload.status for upload in listed}
        self._status = max((cell_len(upload_status(word, glyphs).text) for word in words), default=0)

    def of_files(self, *, incomplete: bool) -> tuple[Column, ...]:
        """Of the list and the tree; ``incomplete`` where sums of sizes are ``over`` something."""
        length = SIZE
        if incomplete:
            longest = SHORT_SUM if self.narrow else SUM
            length = SIZE.for_texts(longest, longest)
        arrived = (KEPT if self.retention else (ARRIVED,)) if self._dated else ()
        if self.narrow:
            return SIGN, SHORT_PATH, length, *arrived
        status = STATUS.wishing(self._status, MOST_STATUS)
        return PATH, *((SAMPLE,) if self.samples else ()), length, status, *arrived
