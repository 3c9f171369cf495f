"""The upload area: as a list with the newest first, as a tree of folders, as pairs of reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual import on

from gencove_tui.engine.words import plural
from gencove_tui.model import Upload
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.format import Cell, total_size
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.columns import Column
from gencove_tui.tui.widgets.pane import ListPane
from gencove_tui.tui.widgets.upload_cells import UploadCells
from gencove_tui.tui.widgets.upload_rows import Node, Pair, tree
from gencove_tui.tui.widgets.virtual_table import VirtualTable

LIST, TREE, PAIRS = "list", "tree", "pairs"
MODES = (LIST, TREE, PAIRS)
WORDS = 60
"""Cells from which the status has its word."""


class UploadsPane(ListPane[Upload]):
    """The files in the upload area."""

    NAME = "uploads"
    BINDINGS = bindings("uploads")
    KEEPS_MARKS = True
    GROUPS = MODES
    COLUMNS = (
        Column("Path", 34, flex=1, keep=100, cut="path"),
        Column("Sample", 14, keep=20),
        Column("Size", 8, keep=50, right=True),
        Column("Status", 11, keep=60),
        Column("Arrived", 7, keep=30, right=True),
    )
    LEFT = Column("Left", 7, keep=25, right=True)
    NARROW_COLUMNS = (
        Column("", 1, keep=90),
        Column("Path", 32, flex=1, keep=100, cut="path"),
        Column("Size", 8, keep=50, right=True),
        Column("Arrived", 7, keep=30, right=True),
    )
    """Beside other panes a path with its folder is worth more than the word for what the sign says."""
    PAIR_COLUMNS = (
        Column("Sample", 14, flex=2, keep=100, cut="middle"),
        Column("R1", 2, keep=80),
        Column("R2", 2, keep=80),
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
        self.cells = UploadCells(look)
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
        return self.cells.upload(item)

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
        if self._needs_whole and (view.rows is not before or (self._stopped and view.busy)):
            self._want_whole()

    def restore(self, *, cursor: str = "", text: str = "", sort: str = "", group: str = "") -> None:
        """Take up what was remembered."""
        super().restore(cursor=cursor, text=text, sort=sort, group=group)
        self._set_columns()

    def let_keep(self, days: int | None) -> None:
        """How long Gencove keeps uploads is known now."""
        if days != self.cells.retention:
            self.cells.retention = days
            self._set_columns()
            self._show_rows()

    @property
    def _needs_whole(self) -> bool:
        """Whether the newest few hundred aren't enough: in the other views, and for a filter."""
        return self.mode != LIST or (self._keep() is not None and self.view.rows.loaded < len(self.view.rows))

    @property
    def known(self) -> Rows[Upload]:
        """All of it, as far as it came, where a filter looks for something in the list."""
        if self.mode == LIST and self._needs_whole and self.everything is not None:
            return Rows.of(self.everything)
        return super().known

    def _want_whole(self) -> None:
        if self.view.fetched and self._asked_for is not self.view.rows:
            self._asked_for = self.view.rows
            self.under_way, self._stopped = True, ""
            self.post_message(Asked("load_uploads", (TREE if self.mode == LIST else self.mode,)))

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
            folded = frozenset() if self.filter_text else frozenset(self.cells.folded)
            self.face = Source(Rows.of(tree(kept, folded)), lambda node: node.path, self.cells.node)
        else:
            rows = [p for p in self.pairs or () if any(keep(u) for u in p.uploads)]
            self.face = Source(Rows.of(rows), lambda pair: pair.key, self.cells.pair)
        if waiting and not self.line_down:
            self.table.set_empty(self._stopped or "Loading…")
        else:
            self.table.set_empty("Not connected." if waiting else self._nothing())
        self.table.show(self.face)
        self._describe()

    def _set_filter(self, text: str, *, search: bool = True) -> None:
        super()._set_filter(text, search=search)
        if self._needs_whole:
            self._want_whole()

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
        if self.cells.retention:
            words.append(f"kept {plural(self.cells.retention, 'day')}")
        if self.under_way and self._needs_whole and not self.view.busy:
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

    def how_to_mark(self) -> str:
        """The tree holds all of it."""
        key = self.look.keys.key("uploads_view")
        return f"{key} shows the whole area as a tree." if self.mode == LIST else ""

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
        usual = self.NARROW_COLUMNS if self.cells.narrow else self.COLUMNS
        kept = (*usual, self.LEFT) if self.cells.retention else usual
        self.table.set_columns(self.PAIR_COLUMNS if self.mode == PAIRS else kept)

    def on_resize(self) -> None:
        """Other columns where there is room for few."""
        narrow = self.size.width < WORDS
        if narrow != self.cells.narrow:
            self.cells.narrow = narrow
            self._set_columns()
            self._show_rows()

    def action_unassigned(self) -> None:
        """Only what no sample uses, or all again."""
        self.unassigned = not self.unassigned
        self._show_rows()
        if self._needs_whole:
            self._want_whole()

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
            self.cells.folded ^= {row.path}
            self._show_rows()
            return
        facts = (
            tuple(fact for upload in self._uploads_of(row) for fact in self.cells.facts(upload))
            if row
            else ()
        )
        if facts:
            self.post_message(
                self.FactsAsked("Upload", facts, copyable="\n".join(u.path for u in self._uploads_of(row)))
            )

    def action_copy(self) -> None:
        """Copy paths: of what is marked, or of what is under the cursor."""
        if uploads := self.meant():
            many = f"{len(uploads)} paths, {total_size([u.size for u in uploads])}"
            self.post_message(
                self.CopyAsked(
                    "\n".join(u.path for u in uploads), "the upload's path" if len(uploads) == 1 else many
                )
            )
