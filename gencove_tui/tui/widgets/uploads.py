"""The upload area: as a list with the newest first, as a tree of folders, as pairs of reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from textual import on

from gencove_tui.model import Upload
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.format import Cell, Tone, clean, day, duration, moment, plural, size, total_size
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.states import upload_status
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.upload_rows import Node, Pair, tree
from gencove_tui.tui.widgets.virtual_table import VirtualTable

LIST, TREE, PAIRS = "list", "tree", "pairs"
MODES = (LIST, TREE, PAIRS)
SOON = timedelta(days=2)
"""Time left below which it is shown as a warning."""


class UploadsPane(ListPane[Upload]):
    """The files in the upload area."""

    NAME = "uploads"
    BINDINGS = bindings("uploads")
    KEEPS_MARKS = True
    GROUPS = MODES
    COLUMNS = (
        Column("Path", 26, flex=1, keep=100, cut="path"),
        Column("Sample", 14, keep=20),
        Column("Size", 8, keep=50, right=True),
        Column("Status", 11, keep=60),
        Column("Arrived", 7, keep=30, right=True),
    )
    KEPT_COLUMNS = (*COLUMNS, Column("Left", 7, keep=25, right=True))
    PAIR_COLUMNS = (
        Column("Sample", 14, flex=2, keep=100, cut="middle"),
        Column("R1", 10, keep=80),
        Column("R2", 10, keep=80),
        Column("State", 12, keep=90),
        Column("Folder", 12, flex=2, keep=40, cut="middle"),
    )

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.everything: tuple[Upload, ...] | None = None
        """The whole upload area, for the tree; None until it came."""
        self.pairs: tuple[Pair, ...] | None = None
        self.unassigned = False
        """Whether only what no sample uses is shown."""
        self.retention: int | None = None
        """Days for which Gencove keeps an upload, where it says so."""
        self.folded: set[str] = set()
        self.face: Source[Any] = self.source
        """What the table shows: the list itself, nodes of the tree, or pairs."""
        self._asked_for: Rows[Upload] | None = None
        self.under_way = False
        """Whether the whole upload area is under way, for the tree or the pairs."""
        self._stopped = ""
        """Why it isn't under way any more, though it never came."""
        self._marked: dict[str, tuple[Upload, ...]] = {}

    @property
    def mode(self) -> str:
        """``list``, ``tree`` or ``pairs``."""
        return self.group or LIST

    # --- rows --------------------------------------------------------------------------

    def key_of(self, item: Upload) -> str:
        """Its path: v1 has no ids, and a path is there once."""
        return item.path

    def cells_of(self, item: Upload) -> tuple[Cell, ...]:
        """Path, what is known of the sample, size, status, arrival, time left."""
        now = self.look.clock()
        return (
            Cell(clean(item.path.key)),
            Cell(clean(f"{item.client_id} {item.read}".strip()), Tone.DIM),
            Cell(size(item.size, "?"), Tone.DIM),
            self._status(item),
            Cell(day(item.created, now), Tone.DIM),
            self._left(item.created, now),
        )

    def _status(self, upload: Upload) -> Cell:
        if upload.sample_id:
            return Cell(f"{self.look.glyphs.on} assigned", Tone.DIM)
        return upload_status(upload.status, self.look.glyphs)

    def _left(self, created: datetime | None, now: datetime) -> Cell:
        if created is None or not self.retention:
            return Cell("")
        left = created + timedelta(days=self.retention) - now
        if left.total_seconds() <= 0:
            return Cell("expired", Tone.WARN)
        return Cell(duration(left.total_seconds()), Tone.WARN if left < SOON else Tone.DIM)

    def _node_cells(self, node: Node) -> tuple[Cell, ...]:
        indent = "  " * min(node.depth, 12)
        if not node.is_folder:
            cells = self.cells_of(node.uploads[0])
            return (Cell(f"{indent}  {clean(node.name)}"), *cells[1:])
        glyphs, now = self.look.glyphs, self.look.clock()
        sign = glyphs.folded if node.path in self.folded else glyphs.unfolded
        free = sum(not upload.sample_id for upload in node.uploads)
        return (
            Cell(f"{indent}{sign} {clean(node.name)}/", Tone.STRONG),
            Cell(plural(len(node.uploads), "file"), Tone.DIM),
            Cell(size(node.size, "?"), Tone.DIM),
            Cell(f"{free:,} free" if free else "assigned", Tone.DIM),
            Cell(day(node.newest, now), Tone.DIM),
            self._left(node.newest, now),
        )

    def _pair_cells(self, pair: Pair) -> tuple[Cell, ...]:
        glyphs = self.look.glyphs
        missing = Cell(f"{glyphs.warn} missing", Tone.WARN)
        single = pair.r2 is None
        if pair.sample_id:
            state = Cell(f"{glyphs.on} assigned", Tone.DIM)
        elif any(upload.status not in ("", "succeeded") for upload in pair.uploads):
            state = Cell(f"{glyphs.busy} arriving", Tone.BUSY)
        elif single or pair.r1 is None:
            state = Cell(f"{glyphs.half} one read", Tone.WARN)
        else:
            state = Cell(f"{glyphs.good} paired", Tone.GOOD)
        return (
            Cell(clean(pair.client_id) or "(none)"),
            missing if pair.r1 is None else upload_status(pair.r1.status, glyphs),
            missing if pair.r2 is None else upload_status(pair.r2.status, glyphs),
            state,
            Cell(clean(pair.folder), Tone.DIM),
        )

    def text_of(self, item: Upload) -> str:
        """Path, client id and status."""
        return f"{item.path} {item.client_id} {item.status}"

    def empty_text(self) -> str:
        """How to fill it."""
        if self.unassigned:
            return f"Nothing is unassigned. {self.look.keys.key('unassigned')} shows all."
        return f"The upload area is empty.\n{self.look.keys.key('upload')} uploads a file or folder."

    # --- data in -----------------------------------------------------------------------

    def show(self, view: ListView[Upload]) -> None:
        """Show this state of the list; the other views are asked for anew when it changed."""
        before = self.view.rows
        super().show(view)
        if self._stopped and view.busy:
            self._asked_for = None  # the user asks again
        if self.mode != LIST and (view.rows is not before or (self._stopped and view.busy)):
            self._want_whole()

    def restore(self, *, cursor: str = "", text: str = "", sort: str = "", group: str = "") -> None:
        """Take up what was remembered."""
        super().restore(cursor=cursor, text=text, sort=sort, group=group)
        self._set_columns()

    def let_keep(self, days: int | None) -> None:
        """How long Gencove keeps uploads is known now."""
        if days != self.retention:
            self.retention = days
            self._set_columns()
            self._show_rows()

    def _want_whole(self) -> None:
        if self.view.fetched and self._asked_for is not self.view.rows:
            self._asked_for = self.view.rows
            self.under_way, self._stopped = True, ""
            self.post_message(Asked("load_uploads", (self.mode,)))

    def end_loading(self, why: str = "") -> None:
        """It came, or won't."""
        self.under_way, self._stopped = False, why
        self._show_rows()

    def show_everything(self, uploads: Sequence[Upload]) -> None:
        """The whole upload area came."""
        self.everything = tuple(uploads)
        self.end_loading()

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        """All pairs came."""
        self.pairs = tuple(pairs)
        self.end_loading()

    def _show_rows(self) -> None:
        if self.mode == LIST:
            super()._show_rows()
            self.face = self.source
            return
        self.source = Source(self.view.rows, self.key_of, self.cells_of, self._keep())
        keep = self._keep() or (lambda _: True)
        waiting = self.everything is None if self.mode == TREE else self.pairs is None
        if self.mode == TREE:
            kept = [upload for upload in self.everything or () if keep(upload)]
            # A filter shows what it finds, also below folded folders.
            folded = frozenset() if self.filter_text else frozenset(self.folded)
            self.face = Source(Rows.of(tree(kept, folded)), lambda node: node.path, self._node_cells)
        else:
            rows = [p for p in self.pairs or () if any(keep(u) for u in p.uploads)]
            self.face = Source(Rows.of(rows), lambda pair: pair.key, self._pair_cells)
        self.table.set_empty((self._stopped or "Loading…") if waiting else self._nothing())
        self.table.show(self.face)
        self._describe()

    def _keep(self) -> Callable[[Upload], bool] | None:
        typed = super()._keep()
        if not self.unassigned:
            return typed
        return lambda upload: not upload.sample_id and (typed is None or typed(upload))

    def note(self) -> str:
        """The view, and whether only a part is shown."""
        words = [] if self.mode == LIST else [self.mode]
        if self.unassigned:
            words.append("unassigned only")
        if self.retention:
            words.append(f"kept {plural(self.retention, 'day')}")
        if self.under_way and self.mode != LIST and not self.view.busy:
            words.append(f"loading… {self.look.keys.key('back')} stops")
        return ", ".join(words)

    def rows_in_view(self) -> tuple[int, int]:
        """First and last row of the list that the user sees; its beginning in the other views."""
        return super().rows_in_view() if self.mode == LIST else (0, 0)

    # --- rows the user means -----------------------------------------------------------

    def _uploads_of(self, row: Any) -> tuple[Upload, ...]:
        return (row,) if isinstance(row, Upload) else row.uploads

    def current(self) -> Upload | None:
        """The upload under the cursor: of a pair the first; none on a folder."""
        row = self.face.item(self.table.cursor) if len(self.face) else None
        if row is None or (isinstance(row, Node) and row.is_folder):
            return None
        return self._uploads_of(row)[0]

    def meant(self) -> tuple[Upload, ...]:
        """All uploads that are marked, or else those under the cursor: of a folder, all below it."""
        if self.table.marks:
            found = {u.path: u for key in self.table.marks for u in self._marked.get(key, ())}
            return tuple(found.values())
        row = self.face.item(self.table.cursor) if len(self.face) else None
        return () if row is None else self._uploads_of(row)

    @on(VirtualTable.MarksChanged)
    def _keep_marked(self) -> None:
        kept = {}
        for key in self.table.marks:
            row = self.face.by_key(key)
            kept[key] = self._marked.get(key, ()) if row is None else self._uploads_of(row)
        self._marked = kept

    def in_view(self, upload: Upload) -> bool:
        """Whether the list as it is filtered now holds it, as far as it is loaded."""
        keep = self._keep()
        return keep is None or keep(upload)

    # --- deeds -------------------------------------------------------------------------

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        event.stop()

    def action_uploads_view(self) -> None:
        """List, tree, pairs."""
        following = MODES[(MODES.index(self.mode) + 1) % len(MODES)]
        self.group = "" if following == LIST else following
        self.table.clear_marks()
        self._set_columns()
        if following != LIST:
            self._asked_for = None
            self._want_whole()
        self._show_rows()

    def _set_columns(self) -> None:
        usual = self.KEPT_COLUMNS if self.retention else self.COLUMNS
        self.table.set_columns(self.PAIR_COLUMNS if self.mode == PAIRS else usual)

    def action_unassigned(self) -> None:
        """Only what no sample uses, or all again."""
        self.unassigned = not self.unassigned
        self._show_rows()

    def action_assign(self) -> None:
        """Assign what is meant to a project."""
        self._ask("assign")

    def action_delete_uploads(self) -> None:
        """Delete what is meant."""
        self._ask("delete_uploads")

    def _ask(self, deed: str) -> None:
        if uploads := self.meant():
            self.post_message(Asked(deed, uploads))
        else:
            self.post_message(self.Said("No upload is chosen"))

    @on(VirtualTable.Opened)
    def action_open(self) -> None:
        """Fold a folder; else show all that is known about the upload under the cursor."""
        row = self.face.item(self.table.cursor) if len(self.face) else None
        if isinstance(row, Node) and row.is_folder:
            self.folded ^= {row.path}
            self._show_rows()
            return
        facts = tuple(fact for upload in self._uploads_of(row) for fact in self._facts(upload)) if row else ()
        if facts:
            self.post_message(
                self.FactsAsked("Upload", facts, copyable="\n".join(u.path for u in self._uploads_of(row)))
            )

    def _facts(self, upload: Upload) -> list[tuple[str, Cell]]:
        return [
            ("Path", Cell(clean(upload.path), Tone.STRONG)),
            ("Size", Cell(size(upload.size, "not known"))),
            ("Status", upload_status(upload.status, self.look.glyphs)),
            ("Arrived", Cell(moment(upload.created))),
            ("Time left", self._left(upload.created, self.look.clock())),
            ("Client id", Cell(clean(upload.client_id))),
            ("Read", Cell(clean(upload.read))),
            ("Sample", Cell(clean(upload.sample_id) or "not assigned, as far as is known")),
            ("sha256", Cell(clean(upload.checksum_sha256))),
            ("Upload id", Cell(clean(upload.id))),
            *((clean(name), Cell(clean(str(value)), Tone.DIM)) for name, value in upload.extra.items()),
        ]

    def action_copy(self) -> None:
        """Copy paths: of what is marked, or of what is under the cursor."""
        if uploads := self.meant():
            many = f"{len(uploads)} paths, {total_size([u.size for u in uploads])}"
            self.post_message(
                self.CopyAsked(
                    "\n".join(u.path for u in uploads), "the upload's path" if len(uploads) == 1 else many
                )
            )
