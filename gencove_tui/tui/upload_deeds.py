"""What is done with the upload area."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from typing import TYPE_CHECKING

from gencove_tui.engine.desk_remote import common_folder
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import GNCV, Capability, Dialect, GncvPath, Upload
from gencove_tui.tui.format import clean, size, total_size
from gencove_tui.tui.remote_doer import RemoteDoer
from gencove_tui.tui.screens.confirm import Hit
from gencove_tui.tui.widgets.projects import project_name
from gencove_tui.tui.widgets.upload_rows import Tree, pairs_of_names, pairs_of_sheet
from gencove_tui.tui.widgets.uploads import PAIRS

if TYPE_CHECKING:
    from gencove_tui.api.v2.sheet import SheetRow

MOST = 20_000
"""Uploads, or pairs, that the tree and the pairs are made of."""
PAGE = 200


class UploadDeeds(RemoteDoer):
    """Whole views of it, assigning, deleting."""

    async def load_uploads(self, mode: str) -> None:
        """All of it, for the tree or the pairs."""
        try:
            await self._load_uploads(mode)
        except Problem as problem:
            self.uploads.end_loading(clean(str(problem)))
            raise

    async def _load_uploads(self, mode: str) -> None:
        if mode == PAIRS and self.can(Capability.SAMPLE_SHEET):
            self.uploads.show_pairs(pairs_of_sheet(await self._sheet(GncvPath(GNCV), "all")))
            return
        uploads = await self.desk.every_upload(most=MOST)
        if mode == PAIRS:
            self.uploads.show_pairs(pairs_of_names(uploads))
        else:
            self.uploads.show_everything(await asyncio.to_thread(Tree, uploads))  # sorting takes its time
        if len(uploads) == MOST:
            self.say(f"Only the newest {MOST:,} files are in this view.", severity="warning")

    async def _sheet(self, prefix: GncvPath, status: str) -> tuple[SheetRow, ...]:
        found: dict[frozenset[str], SheetRow] = {}
        offset = 0
        while offset < MOST:
            page = (await self.desk.sheet_rows(prefix, status=status, offset=offset, limit=PAGE)).page
            found.update((row.upload_ids, row) for row in page.items)
            offset += len(page.items)
            if not page.items or not page.more:
                break
        return tuple(found.values())

    async def assign(self, *uploads: Upload) -> None:
        """Make samples of uploads in a project, after asking."""
        self.needs(
            Capability.ASSIGN,
            "Open the project on Gencove's dashboard and add the uploads there.",
        )
        free = [upload for upload in uploads if not upload.sample_id]
        if not free:
            raise Problem("Nothing to assign", "a sample uses all of these already", "")
        ids = {upload.id for upload in free}
        folder = common_folder([upload.path for upload in free])
        sheet = await self.working("Looking up the pairs", lambda _: self._sheet(folder, "unassigned"))
        rows = [row for row in sheet if row.upload_ids & ids]
        if not rows:
            raise Problem(
                "Gencove has not paired these files yet",
                "none of them is in its sample sheet",
                "Wait until their status is succeeded, and look at the names: they need R1 or R2.",
            )
        number = plural(len(rows), "sample")
        project = await self.pick(f"Assign {number} to which project?")
        if project is None:
            return
        name = project_name(project)
        body = [f"Makes {number} in {name} and starts their analysis, which costs money."]
        if alone := sum(row.r1 is None or row.r2 is None for row in rows):
            body.append(f"{plural(alone, 'sample')} with one read only: is the mate still on its way?")
        covered = {upload_id for row in rows for upload_id in row.upload_ids}
        if left := len([upload for upload in free if upload.id not in covered]):
            body.append(f"{plural(left, 'file')} left out: not in Gencove's sample sheet.")
        unseen = {u.id for u in free if not self.uploads.in_view(u)}
        if hidden := sum(bool(row.upload_ids & unseen) for row in rows):
            body.append(f"{hidden:,} of them are not in the list as it is filtered now.")
        hits = [_hit(row, unseen) for row in rows]
        verb = f"Assign {number}"
        if not await self.sure(f"{verb} to {name}", body, hits, verb=verb):
            return
        done = await self.working(
            f"Assigning {number} to {name}", lambda _: self.desk.assign(project.id, rows), changes=True
        )
        self.say(f"Assigned {plural(done, 'sample')} to {name}.")
        self.uploads.table.clear_marks()
        for feed in ("uploads", "samples", "projects"):
            self.refresher.nudge(feed)

    async def delete_uploads(self, *uploads: Upload) -> None:
        """Delete what no sample uses, after asking."""
        self.needs(Capability.DELETE_UPLOADS)
        free = [upload for upload in uploads if not upload.sample_id]
        kept = len(uploads) - len(free)
        if not free:
            raise Problem("Nothing to delete", "a sample uses all of these", "Delete the samples first.")
        number = plural(len(free), "upload")
        v1 = self.desk.connection.dialect is Dialect.V1
        body = [
            "This API doesn't tell which files a sample uses: make sure that none of these is needed."
            if v1
            else "For good, and Gencove doesn't allow these paths again."
        ]
        if kept:
            body.append(f"{plural(kept, 'file')} left out: a sample uses them.")
        hits = [
            Hit(
                clean(upload.path.key),
                size(upload.size, "?"),
                "" if self.uploads.in_view(upload) else "not in view",
            )
            for upload in free
        ]
        if hidden := sum(not self.uploads.in_view(upload) for upload in free):
            body.append(f"{hidden:,} of them are marked but not in the list as it is filtered now.")
        title = f"Delete {number}, {total_size([u.size for u in free])}"
        if not await self.sure(title, body, hits, verb=f"Delete {number}"):
            return
        gone = await self.working(
            f"Deleting {number}", lambda _: self.desk.delete_uploads(free), changes=True
        )
        if gone < len(free):
            self.say(f"Deleted {gone:,} of {number}; Gencove kept the rest.", severity="warning")
        else:
            self.say(f"Deleted {number}.")
        self.uploads.table.clear_marks()
        self.refresher.nudge("uploads")


def _hit(row: SheetRow, unseen: Set[str]) -> Hit:
    first, *others = (clean(read.path.rpartition("/")[2]) for read in row.reads)
    # Both names differ in one letter: R2 says as much as its name, and nothing gets cut.
    names = f"{first} + R2" if others else first
    missing = [name for name, read in (("R1", row.r1), ("R2", row.r2)) if read is None]
    notes = [f"no {name}" for name in missing[:1]]
    if row.upload_ids & unseen:
        notes.append("not in view")
    return Hit(clean(row.client_id) or "(none)", names, ", ".join(notes))
