"""The upload area."""

from __future__ import annotations

from textual import on

from gencove_tui.model import Upload
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.format import Cell, Tone, clean, day, moment, size
from gencove_tui.tui.states import upload_status
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.virtual_table import VirtualTable


class UploadsPane(ListPane[Upload]):
    """The files in the upload area."""

    NAME = "uploads"
    BINDINGS = bindings("uploads")
    COLUMNS = (
        Column("Path", 24, flex=1, keep=100, cut="path"),
        Column("Sample", 14, keep=20),
        Column("Size", 8, keep=50, right=True),
        Column("Status", 11, keep=60),
        Column("Arrived", 7, keep=30, right=True),
    )

    def key_of(self, item: Upload) -> str:
        """Its path: v1 has no ids, and a path is there once."""
        return item.path

    def cells_of(self, item: Upload) -> tuple[Cell, ...]:
        """Path, what is known of the sample, size, status, arrival."""
        return (
            Cell(clean(item.path.key)),
            Cell(clean(f"{item.client_id} {item.read}".strip()), Tone.DIM),
            Cell(size(item.size), Tone.DIM),
            upload_status(item.status, self.look.glyphs),
            Cell(day(item.created, self.look.clock()), Tone.DIM),
        )

    def text_of(self, item: Upload) -> str:
        """Path, client id and status."""
        return f"{item.path} {item.client_id} {item.status}"

    def empty_text(self) -> str:
        """How to fill it."""
        return "The upload area is empty.\nu uploads a file or folder."

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Show all that is known about the upload under the cursor."""
        upload = self.current()
        if upload is None:
            return
        facts = [
            ("Path", Cell(clean(upload.path))),
            ("Size", Cell(size(upload.size))),
            ("Status", upload_status(upload.status, self.look.glyphs)),
            ("Arrived", Cell(moment(upload.created))),
            ("Client id", Cell(clean(upload.client_id))),
            ("Read", Cell(clean(upload.read))),
            ("Sample", Cell(clean(upload.sample_id) or "not assigned, as far as is known")),
            ("sha256", Cell(clean(upload.checksum_sha256))),
            ("Upload id", Cell(clean(upload.id))),
            *((clean(name), Cell(clean(str(value)), Tone.DIM)) for name, value in upload.extra.items()),
        ]
        self.post_message(self.FactsAsked("Upload", tuple(facts), copyable=upload.path))

    def action_copy(self) -> None:
        """Copy its path."""
        if (upload := self.current()) is not None:
            self.post_message(self.CopyAsked(upload.path, "the upload's path"))
