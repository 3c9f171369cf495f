"""Downloading one deliverable: in ranges, resumable at the byte, verified before it has its name.

Data goes to ``NAME.gencove.part``. What is on disk is noted in the ledger, so that a start after a crash
carries on.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import structs

from gencove_tui.engine.localfile import boot_id, give_name
from gencove_tui.engine.outcome import StartOver, TransferFailed, TransferWaits
from gencove_tui.engine.patience import Patience
from gencove_tui.engine.ranges import OtherSize, Ranges, plan_ranges, take_away
from gencove_tui.engine.targets import PART_SUFFIX
from gencove_tui.engine.trouble import disk_problem
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Deliverable, DownloadSource, Part, Transfer, TransferState
from gencove_tui.store.schema import SMALL
from gencove_tui.store.transfers import Journal

_HASH_PIECE = 1 << 20
_LONGEST_SIDE_FILE = 1000
"""Bytes: more than a checksum and a file's name take."""


class Appeared(TransferFailed):
    """Another program has made a file of the name."""


class DownloadJob:
    """One attempt at one download. ``aside`` hears whether it leaves its place, as while its disk hangs."""

    def __init__(
        self, work: Work, transfer: Transfer, aside: Callable[[bool], None] = lambda _: None
    ) -> None:
        if transfer.source is None:
            raise ValueError("a download needs a source")
        self._work = work
        self._transfer = transfer
        self._source: DownloadSource = transfer.source
        self._target = Path(transfer.local_path)
        self._partial = self._target.with_name(self._target.name + PART_SUFFIX)
        self._ledger = work.ledger.transfers
        self._disk = work.disks.of(self._target)
        self._checksum = ""
        self._hashed = 0
        self._patience = Patience(work, transfer, self._disk, aside)
        self._ranges = Ranges(work, transfer.id, self._disk, self._partial, self._fresh_url, self._patience)
        self._stopped = threading.Event()

    async def run(self) -> TransferState:
        """Fetch the file; returns DONE or SKIPPED. Raises ``Problem`` with the reason, or ``StartOver``."""
        try:
            return await self._run()
        except OSError as error:
            raise disk_problem(self._target, error) from error
        finally:
            self._stopped.set()  # a thread that still reads or names the file ends at its next piece

    async def _run(self) -> TransferState:
        deliverable = await self._look_up()
        self._checksum = (await self._work.api.checksum(deliverable)).lower()
        journal = self._ledger.journal(self._transfer.id)
        present, begun = await self._disk.soon(self._prepare)
        if present is not None:
            return await self._compare_existing(deliverable, journal, present)
        parts = self._left_by(journal, begun) if begun else []
        if not parts and deliverable.size and deliverable.size < SMALL:
            # One request less: what a probe would tell, the answer with the bytes tells as well.
            size, etag = deliverable.size, ""
        else:
            size, etag = await self._ranges.probe()
            self._compare_sizes(deliverable, size)
        if not parts or journal.etag != etag or sum(part.length for part in parts) != size:
            parts = await self._begin_anew(size, etag)
        try:
            await self._fetch(size, etag, parts)
        except OtherSize:
            size, etag = await self._ranges.probe()
            self._compare_sizes(deliverable, size)
            try:
                await self._fetch(size, etag, await self._begin_anew(size, etag))
            except OtherSize as error:
                raise TransferWaits(
                    "The store tells two sizes of the file", "", "It is tried again by itself."
                ) from error
        self._ledger.note(self._transfer.id, checksum=self._checksum, verified=bool(self._checksum))
        return TransferState.DONE

    async def _fetch(self, size: int, etag: str, parts: list[Part]) -> None:
        meter = self._work.board.open(self._transfer.id, size, keeps_parts=True)
        try:
            have = sum(part.bytes_done for part in parts)
            await self._work.room.claim(self._transfer.id, self._target.parent, size - have, meter)
            await self._ranges.fetch(size, etag, parts, meter)
            self._ledger.set_state(self._transfer.id, TransferState.VERIFYING)
            await self._disk.run(lambda: self._verify(size), self._how_far)
            self._ledger.note(self._transfer.id, completing=True)
            try:
                await self._patience.run(self._name)
            except Appeared:
                self._ledger.note(self._transfer.id, completing=False)  # what has the name is not ours
                raise
        finally:
            self._work.board.close(self._transfer.id)

    async def abandon(self) -> None:
        """Forget and remove what was fetched."""
        self._stopped.set()
        await self._remove_ours()
        self._ledger.restart(self._transfer.id)

    def gave_up(self, reason: StartOver) -> Problem:
        """What to say when even a clean second run had to start over."""
        return TransferFailed(
            f"{self._transfer.remote} does not arrive intact",
            str(reason),
            "Retry later. The bytes are kept beside it as .bad; if it stays so, contact Gencove's support.",
        )

    # --- before the bytes ----------------------------------------------------------------------------

    async def _fresh_url(self) -> str:
        await self._look_up()
        return self._ranges.url

    async def _look_up(self) -> Deliverable:
        """The deliverable, with a fresh URL noted."""
        source = self._source
        if source.sample_id:
            sample = await self._work.api.sample(source.project_id, source.sample_id)
            files = sample.deliverables or ()
        else:
            files = (await self._work.api.project(source.project_id)).deliverables
        for found in files:
            if (found.id == source.file_id) if source.file_id else (found.file_type == source.file_type):
                break
        else:
            raise TransferFailed(
                f"Gencove no longer lists {self._transfer.remote}",
                f"the sample has no {source.file_type} now",
                "Refresh the sample and choose again.",
            )
        if found.url is None:
            raise TransferFailed(
                f"{self._transfer.remote} can't be downloaded now",
                "it has no URL, as when a sample is archived",
                "Restore the sample, then retry.",
            )
        self._ranges.url = found.url
        return found

    async def _compare_existing(
        self, deliverable: Deliverable, journal: Journal, found: os.stat_result
    ) -> TransferState:
        """A file of that name is there already: the same one is fine, another one is never touched."""
        size, present = deliverable.size, found.st_size
        if size is None:
            size, _ = await self._ranges.probe()
        same = present == size
        if same and self._checksum:
            sha256 = await self._disk.run(lambda: self._sha256_of(self._target), self._how_far)
            same = sha256 == self._checksum
        if not same:
            raise TransferFailed(
                f"{self._target} is there already and differs from the remote file",
                f"it has {present} bytes, the remote {size}" if present != size else "its sha256 is another",
                "Move it away or choose another folder, then retry. Nothing was overwritten.",
            )
        self._ledger.note(
            self._transfer.id,
            size=size,
            bytes_done=size,
            checksum=self._checksum,
            verified=bool(self._checksum),
        )
        await self._remove_ours()
        await self._disk.soon(self._write_side_file)
        # Named right before a crash: then it is ours.
        ours = journal.completing and journal.inode in (None, found.st_ino)
        return TransferState.DONE if ours else TransferState.SKIPPED

    def _compare_sizes(self, deliverable: Deliverable, size: int) -> None:
        """Without a checksum the size is all that tells a whole file from a part of it."""
        if deliverable.size not in (None, size) and not self._checksum:
            raise TransferFailed(
                f"{self._transfer.remote} has another size in the store than Gencove says",
                f"{size} bytes instead of {deliverable.size}, and no checksum tells which is right",
                "Retry later; if it stays so, contact Gencove's support.",
            )

    def _left_by(self, journal: Journal, begun: os.stat_result) -> list[Part]:
        """The ranges of an earlier attempt, as far as they can be trusted; none when there is nothing."""
        parts = self._ledger.parts(self._transfer.id)
        if not parts or not journal.etag:
            return []
        same_boot = bool(journal.boot) and journal.boot == boot_id()
        # After a start of the machine only what had reached the disk itself is sure to be there.
        kept = parts if same_boot else [structs.replace(part, bytes_done=part.synced) for part in parts]
        written = max((part.offset + part.bytes_done for part in kept if part.bytes_done), default=0)
        if journal.inode not in (None, begun.st_ino) or begun.st_size < written:
            return []  # another file by that name, or what is left of ours
        if not same_boot:
            with self._work.ledger.write():
                self._ledger.set_parts(self._transfer.id, kept)
                self._ledger.note(self._transfer.id, boot=boot_id())
        return kept

    async def _begin_anew(self, size: int, etag: str) -> list[Part]:
        ours = self._ledger.journal(self._transfer.id).inode
        await self._disk.soon(partial(take_away, self._partial, ours))
        parts = plan_ranges(size)
        with self._work.ledger.write():
            self._ledger.restart(self._transfer.id)
            self._ledger.note(self._transfer.id, etag=etag, size=size, boot=boot_id())
            self._ledger.set_parts(self._transfer.id, parts)
        return parts

    def _prepare(self) -> tuple[os.stat_result | None, os.stat_result | None]:
        """Look at what has the name already; else make the folder and look at what was begun there."""
        with contextlib.suppress(FileNotFoundError):
            return self._target.stat(), None
        folder = self._target.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_problem(folder, error) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise disk_problem(folder, PermissionError(errno.EACCES, "permission denied"))
        with contextlib.suppress(FileNotFoundError):
            return None, self._partial.stat()
        return None, None

    async def _remove_ours(self) -> None:
        """Remove what was fetched, but no file that another program has put in its place."""
        if not self._ledger.parts(self._transfer.id):
            return
        ours = self._ledger.journal(self._transfer.id).inode

        def remove() -> None:
            with contextlib.suppress(FileNotFoundError, TransferWaits):
                if ours in (None, self._partial.stat().st_ino):
                    take_away(self._partial, ours)

        await self._disk.soon(remove)

    # --- after the bytes -------------------------------------------------------------------------------

    def _verify(self, size: int) -> None:
        """Length and sha256; runs in a thread."""
        present = self._partial.stat().st_size
        if present != size:
            raise StartOver(f"there are {present} bytes on disk instead of {size}")
        if self._checksum and (found := self._sha256_of(self._partial)) != self._checksum:
            self._partial.replace(self._bad)
            raise StartOver(f"the sha256 is {found} instead of {self._checksum}")
        if self._stopped.is_set():
            raise InterruptedError

    @property
    def _bad(self) -> Path:
        return self._target.with_name(self._target.name + ".bad")

    def _name(self) -> None:
        """The real name, which the file has only now; runs in a thread."""
        if self._ranges.inode not in (None, self._partial.stat().st_ino):
            raise StartOver("another program replaced the file while it was downloaded")
        try:
            give_name(self._partial, self._target)
        except FileExistsError as error:
            raise Appeared(
                f"{self._target} appeared while it was downloaded",
                "another program made it",
                "Move it away, then retry. Nothing was overwritten.",
            ) from error
        self._write_side_file()
        created = self._transfer.created
        if created and self._bad.exists() and self._bad.stat().st_mtime >= created.timestamp():
            self._bad.unlink()  # what this very transfer had kept of its first try

    def _write_side_file(self) -> None:
        """``NAME.sha256`` as ``sha256sum -c`` reads it and as Gencove serves it (api-v2 §9)."""
        if not (self._transfer.side_file and self._checksum):
            return
        side = self._target.with_name(self._target.name + ".sha256")
        name = os.fsencode(self._target.name)
        begun = side.with_name(side.name + PART_SUFFIX)
        try:
            with contextlib.suppress(FileNotFoundError), side.open("rb") as file:
                there = file.read(_LONGEST_SIDE_FILE)
                if there.startswith(self._checksum.encode()):
                    return
                if not re.fullmatch(rb"[0-9a-f]{64} [ *]" + re.escape(name) + rb"\r?\n?", there):
                    raise FileExistsError(errno.EEXIST, "another file has the name")
            with begun.open("wb") as file:
                file.write(self._checksum.encode() + b" *" + name + b"\n")
                file.flush()
                os.fsync(file.fileno())
            begun.replace(side)
        except OSError as error:
            problem = disk_problem(side, error)
            if isinstance(problem, TransferWaits):
                raise problem from error
            raise TransferFailed(
                f"Can't write {side}",
                error.strerror or str(error),
                f"{self._target.name} itself is there and complete. Move away what has the name; retry.",
            ) from error

    def _sha256_of(self, path: Path) -> str:
        """Hexadecimal; runs in a thread. Raises ``InterruptedError`` when stopped meanwhile."""
        with path.open("rb", buffering=0) as file:
            digest = hashlib.sha256()
            while piece := file.read(_HASH_PIECE):
                if self._stopped.is_set():
                    raise InterruptedError
                digest.update(piece)
                self._hashed += 1
        return digest.hexdigest()

    def _how_far(self) -> int:
        return self._hashed
