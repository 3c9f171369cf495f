"""A large file on its way up in parts: resumed at the part, put together only when all of it is right."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
from collections.abc import Awaitable, Callable
from functools import partial

from gencove_tui.api.s3 import FileBody, S3Area, S3Problem, StoredObject
from gencove_tui.engine.disks import Disk
from gencove_tui.engine.insist import body_of, insist, send
from gencove_tui.engine.leftovers import clear_orphans
from gencove_tui.engine.limits import Lane
from gencove_tui.engine.localfile import LocalFile
from gencove_tui.engine.mates import note_reads
from gencove_tui.engine.outcome import StartOver, first_error
from gencove_tui.engine.pace import Pace
from gencove_tui.engine.progress import Meter
from gencove_tui.engine.scan import Scan, part_size_for, plan_parts
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.fastq.integrity import crc32_combine
from gencove_tui.model import Direction, Part, Transfer, TransferState, UploadTarget
from gencove_tui.store.transfers import Journal, Multipart

_NO_LOOK = frozenset({"AccessDenied", "MethodNotAllowed", "NotImplemented"})
"""The policy or the store doesn't tell what it has: the ledger has to do."""
_OTHER_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
_GONE = "the store no longer knows the upload"


def s3_crc32(value: int) -> str:
    """A CRC32 as S3 writes it: big-endian, base64."""
    return base64.b64encode(struct.pack(">I", value)).decode()


def _crc32_of(text: str) -> int:
    value: int = struct.unpack(">I", base64.b64decode(text))[0]
    return value


class PartwiseUpload:
    """One attempt at bringing one open file up in parts."""

    def __init__(
        self,
        work: Work,
        transfer: Transfer,
        disk: Disk,
        file: LocalFile,
        target: UploadTarget,
        meter: Meter,
    ) -> None:
        self._work = work
        self._transfer = transfer
        self._disk = disk
        self._file = file
        self._target = target
        self._meter = meter
        self._ledger = work.ledger.transfers
        self._multipart_id = ""

    async def send(self, scan: Scan, journal: Journal, taken: Callable[[], Awaitable[bool]]) -> bool:
        """Send what is missing, while ``scan`` reads and checks the file, and put the object together.

        ``taken`` is asked before that whether somebody else has brought the same there; then it is False.
        Raises ``BrokenFastq`` or another ``Problem``; ``StartOver`` when the file or the parts changed.
        """
        s3 = await self._work.s3()
        parts = await self._planned(s3, journal)
        if not (journal.completing and all(part.etag and part.crc32 for part in parts)):
            await self._send_missing(s3, scan, parts)
            parts = self._ledger.parts(self._transfer.id)
        self._ledger.set_state(self._transfer.id, TransferState.VERIFYING)
        await self._disk.soon(self._file.check_unchanged)
        if not journal.completing and await taken():
            return False
        await self._complete(s3, parts)
        self._ledger.forget_multipart(self._multipart_id)
        return True

    # --- before the bytes ----------------------------------------------------------------------------

    async def _planned(self, s3: S3Area, journal: Journal) -> list[Part]:
        """The parts of the file, with what the store has of them already."""
        target = self._target
        if journal.multipart_id and (journal.bucket, journal.object_key) == (target.bucket, target.key):
            self._multipart_id = journal.multipart_id
            self._ledger.touch_multipart(self._multipart_id)
            return await self._reconciled(s3)
        # Planned, but not begun as far as is known: a crash or a lost reply may have left one begun.
        begun = bool(self._ledger.parts(self._transfer.id))
        part_size = part_size_for(self._file.size)
        parts = plan_parts(self._file.size, part_size)
        self._ledger.set_parts(self._transfer.id, parts)

        async def create() -> str:
            nonlocal begun
            if begun:
                await clear_orphans(self._work, target.bucket, target.key)
            begun = True
            return await s3.create_multipart(target.bucket, target.key)

        creating = asyncio.ensure_future(insist(s3, create))
        try:
            # Shielded: a store that has begun one tells its id to somebody, or it would stay there.
            self._multipart_id = await asyncio.shield(creating)
        except asyncio.CancelledError:
            creating.add_done_callback(self._leave)
            raise
        self._ledger.begin_multipart(
            self._transfer.id, self._multipart_id, target.bucket, target.key, part_size=part_size
        )
        return parts

    def _leave(self, creating: asyncio.Future[str]) -> None:
        """Nobody waits for it any more: it is aborted with the next leftovers."""
        if not creating.cancelled() and creating.exception() is None:
            with contextlib.suppress(Problem):
                self._ledger.leave_multipart(
                    Multipart(creating.result(), self._target.bucket, self._target.key)
                )

    async def _reconciled(self, s3: S3Area) -> list[Part]:
        """The ledger's parts, brought in line with what the store says it has."""
        target = self._target
        parts = self._ledger.parts(self._transfer.id)
        try:
            stored = await insist(s3, lambda: s3.list_parts(target.bucket, target.key, self._multipart_id))
        except S3Problem as error:
            if error.code == "NoSuchUpload":
                if self._ledger.journal(self._transfer.id).completing:
                    return parts  # perhaps completed: that will tell
                raise StartOver(_GONE) from error
            if error.code in _NO_LOOK:
                return parts
            raise
        reconciled = []
        for part in parts:
            held = stored.get(part.number)
            if held is None or held.size != part.length:
                part = Part(number=part.number, offset=part.offset, length=part.length)
            elif held.etag != part.etag:
                # Sent but not noted before the crash. Its checksum is compared once the file is read again.
                part = Part(
                    number=part.number,
                    offset=part.offset,
                    length=part.length,
                    etag=held.etag,
                    crc32=held.crc32 or "",
                )
            reconciled.append(part)
        self._ledger.set_parts(self._transfer.id, reconciled)
        return reconciled

    # --- the bytes -----------------------------------------------------------------------------------

    async def _send_missing(self, s3: S3Area, scan: Scan, parts: list[Part]) -> None:
        lane = self._work.lanes.of(Direction.UPLOAD, small=False)
        pace = Pace(self._work, self._transfer)
        for part in parts:
            if part.etag and part.crc32:
                self._meter.set(part.number, part.length)
        try:
            async with asyncio.TaskGroup() as sending:
                for part in parts:
                    with pace.reading(part.length, idle=not lane.locked()):
                        crc32 = s3_crc32(await scan.next(self._disk, part))
                    if part.etag and part.crc32 == crc32:
                        continue
                    await lane.acquire()
                    task = sending.create_task(self._send_part(s3, lane, part, crc32))
                    # Not in the task itself: one that is cancelled before it begins would keep its slot.
                    task.add_done_callback(lambda _: lane.release())
                summary = await self._disk.run(scan.finish)
                note_reads(self._work.ledger, self._transfer.id, self._transfer.local_path, summary)
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        pace.judge()

    async def _send_part(self, s3: S3Area, lane: Lane, part: Part, crc32: str) -> None:
        """Send one part and note it."""

        def upload(body: FileBody) -> Awaitable[str]:
            target = self._target
            return s3.upload_part(
                target.bucket, target.key, self._multipart_id, part.number, body, part.length, crc32=crc32
            )

        try:
            body = partial(body_of, self._work, self._disk, self._file, part, self._meter)
            etag = await send(s3, lane, body, upload, beside=True)
        except S3Problem as error:
            if error.code == "NoSuchUpload":
                raise StartOver(_GONE) from error
            if error.code == "IncompleteBody" and not error.retryable:  # the body's own word, not the store's
                raise StartOver("the file became shorter while it was sent") from error
            raise
        self._ledger.finish_part(self._transfer.id, part.number, etag=etag, crc32=crc32)

    # --- after the bytes -------------------------------------------------------------------------------

    async def _complete(self, s3: S3Area, parts: list[Part]) -> None:
        target = self._target
        whole = 0
        for part in parts:
            whole = crc32_combine(whole, _crc32_of(part.crc32), part.length)
        crc32 = s3_crc32(whole)
        self._ledger.note(self._transfer.id, completing=True, crc32=crc32)
        try:
            await insist(
                s3,
                lambda: s3.complete(target.bucket, target.key, self._multipart_id, parts, full_crc32=crc32),
            )
        except S3Problem as error:
            if error.code in _OTHER_PARTS:
                raise StartOver("the store holds other parts than were sent") from error
            if error.code != "NoSuchUpload":
                if not error.retryable:  # refused: what may appear there later is not ours
                    self._ledger.note(self._transfer.id, completing=False)
                raise
            # Completed earlier, the reply lost? Then the object is there, whether or not Gencove knows yet.
            held = await self._stored(s3)
            if held is None or held.size != self._file.size or held.crc32 not in ("", crc32):
                raise StartOver(_GONE) from error

    async def _stored(self, s3: S3Area) -> StoredObject | None:
        """The object, or None where there is none or the keys don't allow a look."""
        try:
            return await insist(s3, lambda: s3.head(self._target.bucket, self._target.key))
        except S3Problem as problem:
            if problem.retryable:
                raise
            return None
