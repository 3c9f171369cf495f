"""Uploading one file: checked while it is read, sent in parts, visible only when all of it is right.

Every act on the remote side is noted in the ledger before and after, so that a start after a crash at any
point knows what to do (design: one ledger).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from gencove_tui.api.s3 import FileBody, S3Area, S3Problem
from gencove_tui.engine.guards import unless_stalled
from gencove_tui.engine.localfile import LocalFile
from gencove_tui.engine.outcome import StartOver, TransferFailed, TransferWaits, backoff, first_error
from gencove_tui.engine.progress import Meter
from gencove_tui.engine.scan import SMALLEST_MULTIPART, Scan, part_size_for, plan_parts
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.fastq.integrity import CheckLevel, FastqCheck, crc32_combine
from gencove_tui.model import GncvPath, Part, Transfer, TransferState, Upload, UploadTarget
from gencove_tui.store.transfers import Journal

T = TypeVar("T")

_TRIES = 4
"""Quick tries of one request before the whole transfer waits."""
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_CONFIRM_SECONDS = 600.0
"""How long Gencove may take to notice a finished upload before the transfer waits and asks again later."""


def s3_crc32(value: int) -> str:
    """A CRC32 as S3 writes it: big-endian, base64."""
    return base64.b64encode(struct.pack(">I", value)).decode()


def _crc32_of(text: str) -> int:
    value: int = struct.unpack(">I", base64.b64decode(text))[0]
    return value


class UploadJob:
    """One attempt at one upload."""

    def __init__(self, work: Work, transfer: Transfer) -> None:
        self._work = work
        self._transfer = transfer
        self._path = GncvPath(transfer.remote)
        self._ledger = work.ledger.transfers
        self._scan: Scan | None = None

    async def run(self) -> TransferState:
        """Bring the file up; returns DONE or SKIPPED.

        Raises ``TransferFailed`` or another ``Problem`` with the reason, ``StartOver`` when the file changed.
        """
        with LocalFile(self._transfer.local_path) as file:
            journal = self._ledger.journal(self._transfer.id)
            if journal.identity is not None and journal.identity != file.identity:
                if journal.multipart_id:
                    await self._abort(journal)
                self._ledger.restart(self._transfer.id)
                journal = self._ledger.journal(self._transfer.id)
            self._ledger.note_identity(self._transfer.id, file.identity)

            target = await self._work.api.begin_upload(self._path)
            self._ledger.note(
                self._transfer.id, bucket=target.bucket, object_key=target.key, upload_id=target.upload_id
            )
            if await self._is_there(target, file.size):
                return TransferState.DONE if journal.completing else TransferState.SKIPPED
            meter = self._work.board.open(self._transfer.id, file.size)
            try:
                if file.size < SMALLEST_MULTIPART:
                    await self._send_whole(file, target, meter)
                else:
                    await self._send_in_parts(file, target, meter, journal)
                await self._confirm(target, file.size)
            except BaseException:
                # Only what the store has in full is kept: what was on its way goes again.
                with contextlib.suppress(Problem):
                    held = self._ledger.parts(self._transfer.id)
                    meter.keep({part.number: part.length for part in held if part.etag})
                raise
            finally:
                if self._scan is not None:
                    self._scan.stop()
                self._work.board.close(self._transfer.id)
        return TransferState.DONE

    async def _is_there(self, target: UploadTarget, size: int) -> bool:
        """Whether the path already holds this file. Raises ``TransferFailed`` when it holds another."""
        existing = await self._work.api.upload(target)
        if existing is None or not _visible(existing, target):
            return False
        if existing.size is None or existing.size == size:
            return True
        raise TransferFailed(
            f"{self._path} already holds another file",
            f"it has {existing.size} bytes there and {size} here",
            "Upload to another folder, or delete the remote file first. Nothing was overwritten.",
        )

    # --- small files -----------------------------------------------------------------------------

    async def _send_whole(self, file: LocalFile, target: UploadTarget, meter: Meter) -> None:
        part = Part(number=1, offset=0, length=file.size)
        scan = self._open_scan(file)
        crc = await self._work.in_thread(partial(scan.read, part))
        await self._work.in_thread(scan.finish)
        file.check_unchanged()
        self._ledger.note(self._transfer.id, completing=True)
        s3 = await self._work.s3()
        async with self._work.slots:

            async def send() -> None:
                body = FileBody(file.descriptor, 0, file.size, lambda position: meter.set(1, position))
                put = s3.put(target.bucket, target.key, body, file.size, crc32=s3_crc32(crc))
                await unless_stalled(put, lambda: meter.bytes_done)

            await self._patiently(s3, send)

    # --- large files -------------------------------------------------------------------------------

    async def _send_in_parts(
        self, file: LocalFile, target: UploadTarget, meter: Meter, journal: Journal
    ) -> None:
        s3 = await self._work.s3()
        same_place = (journal.bucket, journal.object_key) == (target.bucket, target.key)
        if journal.multipart_id and same_place:
            multipart_id, part_size = journal.multipart_id, journal.part_size
            parts = await self._reconcile(s3, target, multipart_id)
        else:
            part_size = part_size_for(file.size)
            parts = plan_parts(file.size, part_size)
            self._ledger.set_parts(self._transfer.id, parts)
            multipart_id = await self._patiently(s3, lambda: s3.create_multipart(target.bucket, target.key))
            self._ledger.note(
                self._transfer.id, multipart_id=multipart_id, part_size=part_size, completing=False
            )
        if not (journal.completing and all(part.etag for part in parts)):
            await self._send_missing(s3, file, target, multipart_id, parts, meter)
            parts = self._ledger.parts(self._transfer.id)
        self._ledger.set_state(self._transfer.id, TransferState.VERIFYING)
        file.check_unchanged()
        whole = 0
        for part in parts:
            whole = crc32_combine(whole, _crc32_of(part.crc32), part.length)
        self._ledger.note(self._transfer.id, completing=True)
        try:
            await self._patiently(
                s3,
                lambda: s3.complete(
                    target.bucket, target.key, multipart_id, parts, full_crc32=s3_crc32(whole)
                ),
            )
        except S3Problem as error:
            if error.code in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall"):
                raise StartOver("the store holds other parts than were sent") from error
            if error.code != "NoSuchUpload":
                raise
            # Completed earlier, the reply lost? Then the object is there, whether or not Gencove knows yet.
            held = await s3.head(target.bucket, target.key)
            if held is None or held.size != file.size:
                raise StartOver("the store no longer knows the upload") from error

    async def _reconcile(self, s3: S3Area, target: UploadTarget, multipart_id: str) -> list[Part]:
        """The ledger's parts, brought in line with what the store says it has."""
        parts = self._ledger.parts(self._transfer.id)
        try:
            stored = await self._patiently(s3, lambda: s3.list_parts(target.bucket, target.key, multipart_id))
        except S3Problem as error:
            if error.code == "NoSuchUpload":
                if self._ledger.journal(self._transfer.id).completing:
                    return parts  # perhaps completed: `complete` will tell
                raise StartOver("the store no longer knows the upload") from error
            if error.code in ("AccessDenied", "MethodNotAllowed", "NotImplemented"):
                return parts  # the policy forbids looking: the ledger has to do
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

    async def _send_missing(
        self,
        s3: S3Area,
        file: LocalFile,
        target: UploadTarget,
        multipart_id: str,
        parts: list[Part],
        meter: Meter,
    ) -> None:
        scan = self._open_scan(file)
        for part in parts:
            if part.etag and part.crc32:
                meter.set(part.number, part.length)
        try:
            async with asyncio.TaskGroup() as sending:
                for part in parts:
                    crc = s3_crc32(await self._work.in_thread(partial(scan.read, part)))
                    if part.etag and part.crc32 == crc:
                        continue
                    await self._work.slots.acquire()
                    task = sending.create_task(
                        self._send_part(s3, file, target, multipart_id, part, crc, meter)
                    )
                    # Not in the task itself: one that is cancelled before it begins would keep its slot.
                    task.add_done_callback(lambda _: self._work.slots.release())
                await self._work.in_thread(scan.finish)
        except BaseExceptionGroup as group:
            raise first_error(group) from None

    async def _send_part(
        self,
        s3: S3Area,
        file: LocalFile,
        target: UploadTarget,
        multipart_id: str,
        part: Part,
        crc32: str,
        meter: Meter,
    ) -> None:
        """Send one part and note it."""
        reached = 0

        def moved(position: int) -> None:
            nonlocal reached
            reached = position
            meter.set(part.number, position)

        async def send() -> str:
            body = FileBody(file.descriptor, part.offset, part.length, moved)
            request = s3.upload_part(
                target.bucket, target.key, multipart_id, part.number, body, part.length, crc32=crc32
            )
            return await unless_stalled(request, lambda: reached)

        try:
            etag = await self._patiently(s3, send)
        except S3Problem as error:
            if error.code == "NoSuchUpload":
                raise StartOver("the store no longer knows the upload") from error
            raise
        self._ledger.finish_part(self._transfer.id, part.number, etag=etag, crc32=crc32)

    # --- shared ------------------------------------------------------------------------------------

    def _open_scan(self, file: LocalFile) -> Scan:
        self._scan = Scan(file.descriptor, FastqCheck(CheckLevel.FULL))
        return self._scan

    async def _patiently(self, s3: S3Area, act: Callable[[], Awaitable[T]]) -> T:
        """Make one request, again a few times where a repeat may help, with fresh keys where they expired."""
        for attempt in range(1, _TRIES + 1):
            try:
                return await act()
            except S3Problem as error:
                if attempt == _TRIES or not error.retryable:
                    raise
                if error.code in _EXPIRED:
                    await s3.refresh()
                    continue
                await asyncio.sleep(min(backoff(attempt), 5.0))
        raise AssertionError("unreachable")

    async def _confirm(self, target: UploadTarget, size: int) -> None:
        """Wait until Gencove has noticed the object (v2: status ``succeeded``; api-v2 §10)."""
        self._ledger.set_state(self._transfer.id, TransferState.VERIFYING)
        deadline = time.monotonic() + _CONFIRM_SECONDS
        delay = 0.25
        while True:
            upload = await self._work.api.upload(target)
            if upload is not None and _arrived(upload, target, size):
                return
            if time.monotonic() > deadline:
                raise TransferWaits(
                    f"Gencove has not confirmed {self._path} yet",
                    "the bytes are there, its status is not",
                    "It is asked again by itself.",
                )
            await asyncio.sleep(delay)
            delay = min(delay * 1.6, 10.0)

    async def _abort(self, journal: Journal) -> None:
        s3 = await self._work.s3()
        with contextlib.suppress(S3Problem):  # the store's life-cycle rule clears what we can't
            await s3.abort(journal.bucket, journal.object_key, journal.multipart_id)

    async def abandon(self) -> None:
        """Forget and take back what was sent."""
        journal = self._ledger.journal(self._transfer.id)
        if journal.multipart_id:
            await self._abort(journal)
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
    if upload.status == "failed":
        raise TransferFailed(
            f"Gencove refused {target.path}",
            "its status turned to failed",
            "Check the file; then upload it again.",
        )
    if not _visible(upload, target):
        return False
    if upload.size is not None and upload.size != size:
        raise TransferFailed(
            f"{target.path} has the wrong size in the upload area",
            f"{upload.size} bytes there, {size} here",
            "Delete the remote file and retry.",
        )
    return True
