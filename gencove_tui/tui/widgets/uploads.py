"""The upload area: as a list with the newest first, as a tree of folders, as pairs of reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from msgspec import structs
from textual import on

from gencove_tui.engine.words import plural
from gencove_tui.model import GncvPath, Upload
from gencove_tui.tui.actions import bindings
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.format import Cell, total_size
from gencove_tui.tui.rows import Rows, Source
from gencove_tui.tui.views import ListView, Look
from gencove_tui.tui.widgets.list_pane import ListPane
from gencove_tui.tui.widgets.upload_cells import UploadCells
from gencove_tui.tui.widgets.upload_columns import PAIR_COLUMNS, UploadColumns
from gencove_tui.tui.widgets.upload_rows import Node, Pair, Tree
from gencove_tui.tui.widgets.virtual_table import VirtualTable

LIST, TREE, PAIRS = "list", "tree", "pairs"
MODES = (LIST, TREE, PAIRS)
WORDS = 60
"""Cells from which the status has its word."""


def _with_size(upload: Upload, known: Upload | None) -> Upload:
    return upload if known is None or upload.size is not None else structs.replace(upload, size=known.size)


class UploadsPane(ListPane[Upload]):
    """The files in the upload area."""

    NAME = "uploads"
    BINDINGS = bindings("uploads")
    KEEPS_MARKS = True
    GROUPS = MODES
    COLUMNS = UploadColumns().of_files(incomplete=False)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.everything: Tree | None = None
        """The whole upload area, for the tree; None until it came."""
        self.pairs: tuple[Pair, ...] | None = None
        self.unassigned = False
        """Whether only what no sample uses is shown."""
        self.columns = UploadColumns()
        self.cells = UploadCells(look, self.columns)
        self.face: Source[Any] = self.source
        """What the table shows: the list itself, nodes of the tree, or pairs."""
        self._made_of: tuple[object, ...] = ()
        """What the rows of the tree or the pairs were made of."""
        self._asked_for: Rows[Upload] | None = None
        self._loading = ""
        """For which of the views the whole upload area is under way; empty while it isn't."""
        self._stopped = ""
        """Why it isn't under way any more, though it never came."""
        self._marked: dict[str, tuple[Upload, ...]] = {}
        self._incomplete = False
        """Whether the size of an upload in a folder isn't known, so that sums are ``over`` something."""

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
        super().show(view)
        if self._stopped and view.busy:
            self._asked_for = None  # the user asks again
        if self._needs_whole:
            self._want_whole()

    def restore(self, *, cursor: str = "", text: str = "", sort: str = "", group: str = "") -> None:
        """Take up what was remembered."""
        super().restore(cursor=cursor, text=text, sort=sort, group=group)
        self._set_columns()

    def let_keep(self, days: int | None) -> None:
        """How long Gencove keeps uploads is known now."""
        if days != self.columns.retention:
            self.columns.retention = days
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
            return Rows.of(self.everything.uploads)
        return super().known

    @property
    def under_way(self) -> bool:
        """Whether the whole upload area is under way, for the tree or the pairs."""
        return bool(self._loading)

    def _want_whole(self) -> None:
        """Ask for all of it if the list has changed.

        What is under way comes to its end first, or it would never come while files arrive: the next look
        at the list asks again.
        """
        wanted = PAIRS if self.mode == PAIRS else TREE
        if self.view.fetched and self._asked_for is not self.view.rows and self._loading != wanted:
            self._asked_for = self.view.rows
            self._loading, self._stopped = wanted, ""
            self.post_message(Asked("load_uploads", (wanted,)))

    def end_loading(self, why: str = "") -> None:
        """It came, or won't."""
        self._loading, self._stopped = "", why
        self._show_rows()

    def show_everything(self, area: Tree) -> None:
        """The whole upload area came."""
        self.everything = area
        self.end_loading()

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        """All pairs came."""
        self.pairs = tuple(pairs)
        self.end_loading()

    def _show_rows(self) -> None:
        self.columns.measure([upload for _, upload in self.known.items()], self.look.glyphs)
        self._set_columns()
        if self.mode == LIST:
            super()._show_rows()
            self.face, self._made_of = self.source, ()
            return
        self.source = Source(self.view.rows, self.key_of, self.cells_of, self._keep())
        whole = self.everything if self.mode == TREE else self.pairs
        # A filter shows what it finds, also below folded folders.
        folded = frozenset() if self.filter_text else frozenset(self.cells.folded)
        made_of = (self.mode, whole, self.filter_text, self.unassigned, folded)
        if made_of != self._made_of:
            self._made_of = made_of
            self.face = self._whole_face(folded)
            self._set_columns()
        waiting = whole is None
        if waiting and not self.line_down:
            self.table.set_empty(self._stopped or "Loading…")
        else:
            self.table.set_empty(self.not_connected if waiting else self._nothing())
        self.table.show(self.face)
        self._describe()

    def _whole_face(self, folded: Collection[str]) -> Source[Any]:
        """The tree, or the pairs, as far as they came."""
        keep = self._keep() or (lambda _: True)
        if self.mode == TREE:
            nodes = [] if self.everything is None else self.everything.rows(folded, keep)
            self._incomplete = any(
                u.size is None for node in nodes if node.is_folder and not node.depth for u in node.uploads
            )
            return Source(Rows.of(nodes), lambda node: node.key, self.cells.node)
        rows = [pair for pair in self.pairs or () if any(keep(upload) for upload in pair.uploads)]
        return Source(Rows.of(rows), lambda pair: pair.key, self.cells.pair)

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
        if self.columns.retention:
            words.append(f"kept {plural(self.columns.retention, 'day')}")
        if self.under_way and self._needs_whole and not self.view.busy:
            words.append(f"loading… {self.look.keys.key('back')} stops")
        return ", ".join(words)

    def rows_in_view(self) -> tuple[int, int]:
        """First and last row of the list that the user sees; its beginning in the other views."""
        return super().rows_in_view() if self.mode == LIST else (0, 0)

    def idle_actions(self) -> frozenset[str]:
        """Where only a part is shown, the way back to all of it stays."""
        return super().idle_actions() - ({"unassigned"} if self.unassigned else frozenset())

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
        else:
            row = self.face.item(self.table.cursor) if len(self.face) else None
            found = {} if row is None else {u.path: u for u in self._uploads_of(row)}
        fresh = self._freshest() if found else {}
        return tuple(fresh.get(path, upload) for path, upload in found.items())

    @on(VirtualTable.MarksChanged)
    def _keep_marked(self) -> None:
        kept = {}
        for key in self.table.marks:
            row = self.face.by_key(key) if key not in self._marked else None
            kept[key] = self._marked.get(key, ()) if row is None else self._uploads_of(row)
        self._marked = kept

    def _freshest(self) -> dict[GncvPath, Upload]:
        """All that is known of the upload area by path, as it was seen last in the view at hand."""
        listed = {upload.path: upload for _, upload in self.view.rows.items()}
        whole = {} if self.everything is None else {u.path: u for u in self.everything.uploads}
        if self.mode == LIST:
            return whole | listed
        if self.mode == PAIRS:  # which know no sizes
            known, paired = whole | listed, (u for pair in self.pairs or () for u in pair.uploads)
            whole = {u.path: _with_size(u, known.get(u.path)) for u in paired}
        return listed | whole

    @property
    def marked(self) -> int:
        """How many files are marked: of a folder all below it, of a pair both reads."""
        return len({upload.path for key in self.table.marks for upload in self._marked.get(key, ())})

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
        incomplete = self._incomplete and self.mode == TREE
        files = self.columns.of_files(incomplete=incomplete)
        self.table.set_columns(PAIR_COLUMNS if self.mode == PAIRS else files)

    def on_resize(self) -> None:
        """Other columns where there is room for few."""
        narrow = self.size.width < WORDS
        if narrow != self.columns.narrow:
            self.columns.narrow = narrow
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
