"""Files, folders and pairs of the upload area in words and signs, row by row."""

from __future__ import annotations

from datetime import datetime, timedelta

from gencove_tui.engine.words import plural
from gencove_tui.model import Upload
from gencove_tui.tui.format import Cell, Tone, clean, day, duration, moment, size, total_size
from gencove_tui.tui.json_text import in_words
from gencove_tui.tui.states import upload_status
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.upload_columns import UploadColumns
from gencove_tui.tui.widgets.upload_rows import Node, Pair

SOON = timedelta(days=2)
"""Time left below which it is shown as a warning."""


def assignable(upload: Upload) -> bool:
    """Whether a sample could be made of it now: it has arrived, and none uses it."""
    return not upload.sample_id and upload.status in ("", "succeeded")


def folder_size(node: Node, *, narrow: bool) -> str:
    """How large a folder is with all below it, as far as is known."""
    sizes = [upload.size for upload in node.uploads]
    if all(length is None for length in sizes):
        return "?"
    return total_size(sizes).replace("over ", ">") if narrow else total_size(sizes)


class UploadCells:
    """What the columns show."""

    def __init__(self, look: Look, columns: UploadColumns) -> None:
        self.look = look
        self.columns = columns
        self.folded: set[str] = set()
        """Paths of the tree's folders that are shut."""

    def upload(self, item: Upload) -> tuple[Cell, ...]:
        """Path, what is known of the sample, size, status, arrival, time left."""
        sample = clean(f"{item.client_id} {item.read}".strip())
        arrived = day(item.created, self.look.clock())
        left = self._left(item.created)
        length = size(item.size, "?")
        return self._line(Cell(clean(item.path.key)), sample, length, self._status(item), arrived, left)

    def _line(
        self, path: Cell, sample: str, length: str, status: Cell, arrived: str, left: Cell
    ) -> tuple[Cell, ...]:
        """What the columns show that there is room for."""
        length_cell, arrived_cell = Cell(length, Tone.DIM), Cell(arrived, Tone.DIM)
        if self.columns.narrow:
            sign = Cell(status.text[:1], status.tone)
            return sign, path, length_cell, arrived_cell, left
        samples = (Cell(sample, Tone.DIM),) if self.columns.samples else ()
        return path, *samples, length_cell, status, arrived_cell, left

    def _status(self, upload: Upload) -> Cell:
        if upload.sample_id:
            return Cell(f"{self.look.glyphs.assigned} assigned", Tone.DIM)
        return upload_status(upload.status, self.look.glyphs)

    def _left(self, created: datetime | None) -> Cell:
        if created is None or not self.columns.retention:
            return Cell("")
        left = created + timedelta(days=self.columns.retention) - self.look.clock()
        if left.total_seconds() <= 0:
            return Cell("expired", Tone.WARN)
        return Cell(duration(left.total_seconds()), Tone.WARN if left < SOON else Tone.DIM)

    def node(self, node: Node) -> tuple[Cell, ...]:
        """A folder of the tree, or a file in it."""
        indent = "  " * min(node.depth, 12)
        arrived = day(node.newest, self.look.clock())
        if not node.is_folder:
            upload = node.uploads[0]
            sample = clean(f"{upload.client_id} {upload.read}".strip())
            path = Cell(f"{indent}{clean(node.name)}")
            status, left = self._status(upload), self._left(upload.created)
            return self._line(path, sample, size(upload.size, "?"), status, arrived, left)
        glyphs = self.look.glyphs
        sign = glyphs.folded if node.path in self.folded else glyphs.unfolded
        free = sum(assignable(upload) for upload in node.uploads)
        name, files = f"{indent}{sign} {clean(node.name)}/", f"  {plural(len(node.uploads), 'file')}"
        if self.columns.narrow and free:
            files += f", {free:,} free"
        return self._line(
            Cell(name + files, Tone.STRONG, ((name, Tone.STRONG), (files, Tone.DIM))),
            "",
            folder_size(node, narrow=self.columns.narrow),
            self._folder_status(node, free),
            arrived,
            self._left(node.oldest),
        )

    def _folder_status(self, node: Node, free: int) -> Cell:
        """What there is to do in a folder, or else to know about what nobody can assign."""
        glyphs, unused = self.look.glyphs, [u.status for u in node.uploads if not u.sample_id]
        if free:
            return Cell(f"  {free:,} free", Tone.DIM)
        if failed := unused.count("failed"):
            return Cell(f"{glyphs.bad} {failed:,} failed", Tone.BAD)
        return (
            Cell(f"{glyphs.busy} arriving", Tone.BUSY)
            if unused
            else Cell(f"{glyphs.assigned} assigned", Tone.DIM)
        )

    def pair(self, pair: Pair) -> tuple[Cell, ...]:
        """Sample, a sign for each read, a word for both, folder."""
        glyphs = self.look.glyphs
        reads = (("R1", pair.r1), ("R2", pair.r2))
        failed = [name for name, read in reads if read is not None and read.status == "failed"]
        if pair.sample_id:
            state = Cell(f"{glyphs.assigned} assigned", Tone.DIM)
        elif failed:
            state = Cell(f"{glyphs.bad} {failed[0]} failed", Tone.BAD)
        elif any(upload.status not in ("", "succeeded") for upload in pair.uploads):
            state = Cell(f"{glyphs.busy} arriving", Tone.BUSY)
        elif pair.r1 is None or pair.r2 is None:
            state = Cell(f"{glyphs.half} {'R2' if pair.r1 is None else 'R1'} only", Tone.WARN)
        else:
            state = Cell(f"{glyphs.good} paired", Tone.GOOD)
        return (
            Cell(clean(pair.client_id) or "(none)"),
            self._read(pair.r1),
            self._read(pair.r2),
            state,
            Cell(clean(pair.folder), Tone.DIM),
        )

    def _read(self, upload: Upload | None) -> Cell:
        """One read of a pair as a sign; the state beside it has the word."""
        if upload is None:
            return Cell(self.look.glyphs.warn, Tone.WARN)
        status = upload_status(upload.status, self.look.glyphs)
        return Cell(status.text[:1], status.tone)

    def facts(self, upload: Upload) -> list[tuple[str, Cell]]:
        """All that is known of a file."""
        return [
            ("Path", Cell(clean(upload.path), Tone.STRONG)),
            ("Size", Cell(size(upload.size, "not known"))),
            ("Status", upload_status(upload.status, self.look.glyphs)),
            ("Arrived", Cell(moment(upload.created))),
            ("Time left", self._left(upload.created)),
            ("Client id", Cell(clean(upload.client_id))),
            ("Read", Cell(clean(upload.read))),
            ("Sample", Cell(clean(upload.sample_id) or "not assigned, as far as is known")),
            ("sha256", Cell(clean(upload.checksum_sha256))),
            ("Upload id", Cell(clean(upload.id))),
            *((clean(name), Cell(clean(in_words(value)), Tone.DIM)) for name, value in upload.extra.items()),
        ]
