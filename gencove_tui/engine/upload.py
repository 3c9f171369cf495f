"""Uploading one file: checked while it is read, sent in parts, visible only when all of it is right.

Every act on the remote side is noted in the ledger before and after, so that a start after a crash at any
point knows what to do (design: one ledger).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from gencove_tui.api.s3 import FileBody, S3Problem, StoredObject
from gencove_tui.engine.insist import body_of, insist, send
from gencove_tui.engine.leftovers import abort_multipart, clear_orphans
from gencove_tui.engine.localfile import LocalFile
from gencove_tui.engine.mates import note_reads
from gencove_tui.engine.merged import open_local, sha256_of_all
from gencove_tui.engine.outcome import StartOver, TransferFailed, TransferWaits
from gencove_tui.engine.partwise import PartwiseUpload, s3_crc32
from gencove_tui.engine.progress import Meter
from gencove_tui.engine.scan import SMALLEST_MULTIPART, Scan, plan_parts
from gencove_tui.engine.short import StillShort
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.fastq.integrity import BrokenFastq, CheckLevel, FastqCheck, crc32_combine
from gencove_tui.model import Direction, GncvPath, Part, Transfer, TransferState, Upload, UploadTarget
from gencove_tui.store.transfers import Journal, Multipart

_FIRST_DELAY = 0.25
_LOOK_AGAIN_SECONDS = 5.0
"""How old may be what is known of the path when the object is about to appear there."""
_CONFIRM_SECONDS = 600.0
"""How long Gencove may take to notice a finished upload before the transfer waits and asks again later."""


class Taken(TransferFailed):
    """The path holds another file."""


class UploadJob:
    """One attempt at one upload. ``all_sent`` is called once nothing is left but to wait for Gencove."""

    def __init__(self, work: Work, transfer: Transfer, all_sent: Callable[[], None] = lambda: None) -> None:
        self._work = work
        self._transfer = transfer
        self._path = GncvPath(transfer.remote)
        self._ledger = work.ledger.transfers
        self._all_sent = all_sent
        self._disk = work.disks.of(transfer.local_path)
        self._scan: Scan | None = None
        self._stopped = threading.Event()
        self._looked = 0.0

    async def run(self) -> TransferState:
        """Bring the file up; returns DONE or SKIPPED.

        Raises ``TransferFailed`` or another ``Problem`` with the reason, ``StartOver`` when the file changed.
        """
        file = await self._disk.soon(partial(open_local, self._transfer), undo=LocalFile.close)
        short = StillShort(self._work.ledger, self._transfer)
        try:
            if short.known is not None:
                short.check(same=await self._disk.soon(short.is_same))
            return await self._run(file)
        except BrokenFastq as problem:
            if (waits := short.wait_for(problem)) is not None:
                raise waits from problem
            raise
        finally:
            self._stopped.set()  # a thread that still reads the file ends at its next piece
            if self._scan is not None:
                self._scan.stop()
            self._disk.drop(file.close)

    async def _run(self, file: LocalFile) -> TransferState:
        journal = self._ledger.journal(self._transfer.id)
        if journal.identity is not None and journal.identity != file.identity:
            await self.abandon()
            journal = self._ledger.journal(self._transfer.id)

        self._looked = time.monotonic()
        target = await self._work.api.begin_upload(self._path)
        # Nothing is done on its strength before the next durable note, which brings it to the disk as well.
        with self._work.ledger.write(durable=False):
            self._ledger.note_identity(self._transfer.id, file.identity)
            self._ledger.note(
                self._transfer.id, bucket=target.bucket, object_key=target.key, upload_id=target.upload_id
            )
        meter = self._work.board.open(self._transfer.id, file.size)
        try:
            if await self._is_there(file, target, meter):
                meter.keep({1: file.size})
                return TransferState.DONE if journal.completing else TransferState.SKIPPED
            if file.size < SMALLEST_MULTIPART:
                sent = await self._send_whole(file, target, meter, journal)
            else:
                parts = PartwiseUpload(self._work, self._transfer, self._disk, file, target, meter)
                taken = partial(self._taken, file, target, meter)
                sent = await parts.send(self._open_scan(file), journal, taken)
            if not sent:
                await self.abandon()
                meter.keep({1: file.size})
                return TransferState.SKIPPED
            self._all_sent()
            await self._confirm(target, file.size)
            meter.keep({1: file.size})
        except (BrokenFastq, Taken):
            # No repeat makes use of what was sent of it.
            with contextlib.suppress(Problem):
                await self.abandon()
            meter.keep({})
            raise
        except BaseException:
            # Only what the store has in full is kept: what was on its way goes again.
            with contextlib.suppress(Problem):
                held = self._ledger.parts(self._transfer.id)
                meter.keep({part.number: part.length for part in held if part.etag})
            raise
        finally:
            self._work.board.close(self._transfer.id)
        return TransferState.DONE

    async def _is_there(self, file: LocalFile, target: UploadTarget, meter: Meter) -> bool:
        """Whether the path already holds this file. Raises ``Taken`` when it holds another."""
        if target.upload_id and target.status and target.status != "succeeded":
            return False  # api-v2 §10: the answer to beginning it tells as much
        return await self._is_there_now(file, target, meter)

    async def _is_there_now(self, file: LocalFile, target: UploadTarget, meter: Meter) -> bool:
        """The same, whatever was told before."""
        self._looked = time.monotonic()
        existing = await self._work.api.upload(target)
        if existing is None or not _visible(existing, target):
            return False
        held = await self._stored(target)
        size = existing.size if existing.size is not None or held is None else held.size
        if size is not None and size != file.size:
            raise self._conflict(f"it has {size} bytes there and {file.size} here")
        journal = self._ledger.journal(self._transfer.id)
        # After a crash in the last step it may be our own, whose checksum was noted before it was sent.
        ours = journal.crc32 if journal.completing and journal.upload_id == target.upload_id else ""
        kept = held.crc32 if held is not None else ""
        if existing.checksum_sha256:
            sha256 = await self._disk.run(lambda: sha256_of_all(file, self._stopped))
            if sha256 != existing.checksum_sha256.lower():
                raise self._conflict("it has the same size, but another sha256")
            self._ledger.note(self._transfer.id, checksum=sha256, verified=True)
        elif known := kept or (self._ledger.last_crc32(self._path) if not ours else ""):
            crc32 = ours or await self._crc32_of(file, meter)
            if crc32 != known:
                raise self._conflict("it has the same size, but another checksum")
            self._ledger.note(self._transfer.id, crc32=crc32, verified=bool(kept))
        elif size is None:
            raise self._conflict("neither its size nor its checksum can be known, so it may be another file")
        await self._disk.soon(file.check_unchanged)
        return True

    async def _taken(self, file: LocalFile, target: UploadTarget, meter: Meter) -> bool:
        """Whether somebody else has brought the same file there meanwhile; ``Taken`` when it is another."""
        if time.monotonic() - self._looked < _LOOK_AGAIN_SECONDS:
            return False
        return await self._is_there_now(file, target, meter)

    async def _stored(self, target: UploadTarget) -> StoredObject | None:
        """The object behind a finished upload, where the keys allow a look."""
        s3 = await self._work.s3()
        try:
            return await insist(s3, lambda: s3.head(target.bucket, target.key))
        except S3Problem as problem:
            if problem.retryable:
                raise
            return None

    async def _crc32_of(self, file: LocalFile, meter: Meter) -> str:
        self._ledger.set_state(self._transfer.id, TransferState.VERIFYING)
        scan = self._open_scan(file, CheckLevel.NONE)
        crc = 0
        for part in plan_parts(file.size, SMALLEST_MULTIPART):
            crc = crc32_combine(crc, await scan.next(self._disk, part), part.length)
            meter.set(part.number, part.length)
        return s3_crc32(crc)

    def _conflict(self, why: str) -> Taken:
        return Taken(
            f"{self._path} already holds another file",
            why,
            "Upload to another folder, or delete the remote file first. Nothing was overwritten.",
        )

    # --- small files -----------------------------------------------------------------------------

    async def _send_whole(
        self, file: LocalFile, target: UploadTarget, meter: Meter, journal: Journal
    ) -> bool:
        """Send it in one request; False when somebody else has brought the same there meanwhile."""
        part = Part(number=1, offset=0, length=file.size)
        checksum, summary = await self._open_scan(file).whole(self._disk, part, file.check_unchanged)
        crc32 = s3_crc32(checksum)
        note_reads(self._work.ledger, self._transfer.id, file.path, summary)
        s3 = await self._work.s3()
        if journal.completing and await self._arrived_before(target, file.size, crc32):
            return True

        def put(body: FileBody) -> Awaitable[str]:
            return s3.put(target.bucket, target.key, body, file.size, crc32=crc32)

        async with self._work.lanes.of(Direction.UPLOAD, small=True) as lane:
            if not journal.completing and await self._taken(file, target, meter):
                return False
            self._ledger.note(self._transfer.id, completing=True, crc32=crc32)
            try:
                await send(s3, lane, partial(body_of, self._work, self._disk, file, part, meter), put)
            except S3Problem as problem:
                if not problem.retryable:  # refused: what may appear there later is not ours
                    self._ledger.note(self._transfer.id, completing=False)
                raise
        return True

    async def _arrived_before(self, target: UploadTarget, size: int, crc32: str) -> bool:
        """Whether a request before a crash did store the object, which Gencove may not have noticed yet."""
        held = await self._stored(target)
        return held is not None and held.size == size and held.crc32 == crc32

    # --- shared ------------------------------------------------------------------------------------

    def _open_scan(self, file: LocalFile, level: CheckLevel | None = None) -> Scan:
        level = CheckLevel(self._transfer.check) if level is None else level
        if self._scan is not None:
            self._scan.stop()
        self._scan = Scan(file.open_reader(), FastqCheck(level, Path(file.path).name))
        return self._scan

    async def _confirm(self, target: UploadTarget, size: int) -> None:
        """Wait until Gencove has noticed the object (v2: status ``succeeded``; api-v2 §10)."""
        deadline = time.monotonic() + _CONFIRM_SECONDS
        delay = _FIRST_DELAY
        while True:
            upload = await self._work.api.upload(target)
            late = time.monotonic() > deadline
            # What was failed before this attempt is so until Gencove has looked again.
            if upload is not None and upload.status == "failed" and (late or target.status != "failed"):
                self._ledger.restart(self._transfer.id)  # a retry has to send it anew
                raise TransferFailed(
                    f"Gencove refused {target.path}",
                    "its status is failed",
                    "Check the file; a retry will upload it again.",
                )
            if upload is not None and _arrived(upload, target, size):
                return
            if delay == _FIRST_DELAY:  # often the first answer says it already: one commit less
                self._ledger.set_state(self._transfer.id, TransferState.VERIFYING)
            if late:
                raise TransferWaits(
                    f"Gencove has not confirmed {self._path} yet",
                    "the bytes are there, its status is not",
                    "It is asked again by itself.",
                )
            await asyncio.sleep(delay)
            delay = min(delay * 1.6, 10.0)

    async def abandon(self) -> None:
        """Forget and take back what was sent."""
        journal = self._ledger.journal(self._transfer.id)
        if journal.multipart_id:
            await abort_multipart(
                self._work, Multipart(journal.multipart_id, journal.bucket, journal.object_key)
            )
        elif journal.object_key and self._ledger.parts(self._transfer.id):
            await clear_orphans(self._work, journal.bucket, journal.object_key)
        self._ledger.restart(self._transfer.id)

    def gave_up(self, reason: StartOver) -> Problem:
        """What to say when even a clean second run had to start over."""
        return TransferWaits(
            f"{self._transfer.local_path} can't be uploaded yet",
            str(reason),
            "It is tried again by itself once the file stands still.",
            delay=30.0,
        )


def _visible(upload: Upload, target: UploadTarget) -> bool:
    """Whether Gencove counts the upload as there. v1 keeps no status: being listed is enough."""
    return upload.status == "succeeded" or not target.upload_id


def _arrived(upload: Upload, target: UploadTarget, size: int) -> bool:
    if not _visible(upload, target):
        return False
    if upload.size is not None and upload.size != size:
        raise TransferFailed(
            f"{target.path} has the wrong size in the upload area",
            f"{upload.size} bytes there, {size} here",
            "Delete the remote file and retry.",
        )
    return True
