"""Downloading one deliverable: in ranges, resumable at the byte, verified before it has its name.

Data goes to ``NAME.part``. What is on disk is noted in the ledger, so that a start after a crash carries on.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from gencove_tui.engine.outcome import StartOver, TransferFailed, TransferWaits, backoff, first_error
from gencove_tui.engine.progress import Meter
from gencove_tui.engine.targets import PART_SUFFIX
from gencove_tui.engine.web import UrlExpired, content_range, get
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Deliverable, DownloadSource, Part, Transfer, TransferState

T = TypeVar("T")

RANGE = 64 << 20
"""Bytes per range of a large file; smaller files come in one."""
_RANGES_AT_ONCE = 4
"""Of one file, so that it leaves slots to the others."""
_TRIES = 4
"""Tries of one range without a byte of progress before the transfer waits."""
_HASH_PIECE = 1 << 20
_AGAIN = "It is tried again by itself."


class DownloadJob:
    """One attempt at one download."""

    def __init__(self, work: Work, transfer: Transfer) -> None:
        if transfer.source is None:
            raise ValueError("a download needs a source")
        self._work = work
        self._transfer = transfer
        self._source: DownloadSource = transfer.source
        self._target = Path(transfer.local_path)
        self._partial = self._target.with_name(self._target.name + PART_SUFFIX)
        self._ledger = work.ledger.transfers
        self._url = ""
        self._checksum = ""
        self._renewing = asyncio.Lock()
        self._own_slots = asyncio.Semaphore(_RANGES_AT_ONCE)
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
        if self._target.exists():
            return await self._compare_existing(deliverable)
        self._make_folder()
        size, etag = await self._probe()
        journal = self._ledger.journal(self._transfer.id)
        parts = self._ledger.parts(self._transfer.id)
        if not parts or journal.etag != etag or not self._partial.exists():
            self._begin_anew(size, etag)
            parts = self._ledger.parts(self._transfer.id)
        self._check_space(size, sum(part.bytes_done for part in parts))
        meter = self._work.board.open(self._transfer.id, size, keeps_parts=True)
        try:
            await self._fetch_all(size, etag, parts, meter)
            self._ledger.set_state(self._transfer.id, TransferState.VERIFYING)
            await self._work.in_thread(lambda: self._verify_and_name(size))
        finally:
            self._work.board.close(self._transfer.id)
        self._ledger.note(self._transfer.id, checksum=self._checksum, verified=bool(self._checksum))
        return TransferState.DONE

    async def abandon(self) -> None:
        """Forget and remove what was fetched."""
        self._stopped.set()
        if self._ledger.parts(self._transfer.id):  # else the file beside the target is not ours
            self._partial.unlink(missing_ok=True)
        self._ledger.restart(self._transfer.id)

    def gave_up(self, reason: StartOver) -> Problem:
        """What to say when even a clean second run had to start over."""
        return TransferFailed(
            f"{self._transfer.remote} does not arrive intact",
            str(reason),
            "Retry later. The bytes are kept beside it as .bad; if it stays so, contact Gencove's support.",
        )

    # --- before the bytes ----------------------------------------------------------------------------

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
        self._url = found.url
        return found

    async def _compare_existing(self, deliverable: Deliverable) -> TransferState:
        """A file of that name is there already: the same one is fine, another one is never touched."""
        present = await self._work.in_thread(lambda: self._target.stat().st_size)
        size = deliverable.size
        if size is None:
            size, _ = await self._probe()
        same = present == size
        if same and self._checksum:
            same = await self._work.in_thread(lambda: sha256_of(self._target)) == self._checksum
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
        self._partial.unlink(missing_ok=True)
        return TransferState.SKIPPED

    def _begin_anew(self, size: int, etag: str) -> None:
        self._partial.unlink(missing_ok=True)
        self._ledger.restart(self._transfer.id)
        self._ledger.note(self._transfer.id, etag=etag, size=size)
        self._ledger.set_parts(
            self._transfer.id,
            [
                Part(number=number, offset=offset, length=min(RANGE, size - offset))
                for number, offset in enumerate(range(0, size, RANGE), start=1)
            ],
        )

    def _make_folder(self) -> None:
        folder = self._target.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_problem(folder, error) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise disk_problem(folder, PermissionError(errno.EACCES, "permission denied"))

    def _check_space(self, size: int, have: int) -> None:
        usage = shutil.disk_usage(self._target.parent)
        # A reserve of 2 GiB or 1 %, but no more than a tenth of a small disk.
        reserve = min(max(usage.total // 100, 2 << 30), usage.total // 10)
        free = max(0, usage.free - reserve)
        if size - have > free:
            raise TransferWaits(
                f"Not enough room in {self._target.parent}",
                f"{size - have} bytes are needed, {free} are free above the reserve",
                "Make room; it carries on by itself.",
                delay=30.0,
            )

    async def _probe(self) -> tuple[int, str]:
        """Size and ETag of the object. (HEAD would need another signature; transfer-anchors §3.5.)"""

        async def ask() -> tuple[int, str]:
            async with get(self._work.web(), self._url, {"Range": "bytes=0-0"}) as reply:
                etag = reply.headers.get("ETag", "")
                if reply.status == 416:  # an empty object has no byte 0
                    return 0, etag
                if reply.status == 206:
                    return content_range(reply)[2], etag
                if reply.content_length is None:
                    raise TransferWaits("The store does not tell the file's size", "", _AGAIN)
                return reply.content_length, etag

        return await self._patiently(ask)

    # --- the bytes -----------------------------------------------------------------------------------

    async def _fetch_all(self, size: int, etag: str, parts: list[Part], meter: Meter) -> None:
        try:
            descriptor = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise disk_problem(self._partial, error) from error
        try:
            for part in parts:
                meter.set(part.number, part.bytes_done)
            async with asyncio.TaskGroup() as fetching:
                for part in parts:
                    if part.bytes_done < part.length:
                        fetching.create_task(self._fetch(descriptor, size, etag, part, meter))
            await asyncio.shield(self._work.in_thread(lambda: os.fsync(descriptor)))
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        finally:
            os.close(descriptor)

    async def _fetch(self, descriptor: int, size: int, etag: str, part: Part, meter: Meter) -> None:
        """One range, from the byte where it stopped last."""
        done = part.bytes_done
        last = part.offset + part.length - 1

        async def ask() -> None:
            nonlocal done
            first = part.offset + done
            headers = {"Range": f"bytes={first}-{last}"}
            if etag:
                headers["If-Match"] = etag
            async with get(self._work.web(), self._url, headers) as reply:
                if reply.status == 206:
                    if content_range(reply) != (first, last, size):
                        raise TransferWaits("The store sent another range than asked for", "", _AGAIN)
                elif not (reply.status == 200 and first == 0 and last + 1 == size == reply.content_length):
                    raise TransferWaits(f"The store answered {reply.status} to a range", "", _AGAIN)
                async for piece in reply.content.iter_any():
                    if len(piece) > part.length - done:
                        raise TransferWaits("The store sent more bytes than asked for", "", _AGAIN)
                    _write(descriptor, piece, part.offset + done, self._partial)
                    done += len(piece)
                    meter.set(part.number, done)
            if done < part.length:
                raise TransferWaits("The connection ended early", f"at byte {part.offset + done}", _AGAIN)

        async with self._own_slots, self._work.slots:
            await self._patiently(ask, lambda: done)

    async def _patiently(self, ask: Callable[[], Awaitable[T]], moved: Callable[[], int] = lambda: 0) -> T:
        """Ask again a few times, from where it stopped; any progress starts the count anew."""
        tries = 0
        refused = 0
        before = moved()
        while True:
            url = self._url
            try:
                return await ask()
            except UrlExpired:
                refused += 1
                if refused > 2 and moved() == before:
                    raise TransferWaits(
                        "The store refuses even a fresh URL", "it answered 403 again", _AGAIN, delay=60.0
                    ) from None
                await self._renew(url)
            except TransferWaits:
                tries = 1 if moved() != before else tries + 1
                if tries >= _TRIES:
                    raise
                await asyncio.sleep(min(backoff(tries), 5.0))
            before = moved()

    async def _renew(self, expired: str) -> None:
        """One fresh URL for all ranges of the file, however many of them noticed."""
        async with self._renewing:
            if self._url == expired:
                await self._look_up()

    # --- after the bytes -------------------------------------------------------------------------------

    def _verify_and_name(self, size: int) -> None:
        """Length, sha256, then the real name; runs in a thread."""
        present = self._partial.stat().st_size
        if present != size:
            raise StartOver(f"there are {present} bytes on disk instead of {size}")
        bad = self._target.with_name(self._target.name + ".bad")
        if self._checksum and (found := sha256_of(self._partial, self._stopped)) != self._checksum:
            self._partial.replace(bad)
            raise StartOver(f"the sha256 is {found} instead of {self._checksum}")
        if self._stopped.is_set():
            raise InterruptedError
        if self._target.exists():
            raise TransferFailed(
                f"{self._target} appeared while it was downloaded",
                "another program made it",
                "Move it away, then retry. Nothing was overwritten.",
            )
        self._partial.replace(self._target)
        _sync_folder(self._target.parent)
        bad.unlink(missing_ok=True)


def sha256_of(path: Path, stopped: threading.Event | None = None) -> str:
    """sha256 of a file, hexadecimal. Raises ``InterruptedError`` when stopped meanwhile."""
    with path.open("rb", buffering=0) as file:
        digest = hashlib.sha256()
        while piece := file.read(_HASH_PIECE):
            if stopped is not None and stopped.is_set():
                raise InterruptedError
            digest.update(piece)
    return digest.hexdigest()


def disk_problem(path: Path, error: OSError) -> Problem:
    """What a failed write means: a full disk ends by itself, everything else needs the user."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TransferWaits(
            f"The disk of {path.parent} is full", "", "Make room; it carries on by itself.", delay=30.0
        )
    return TransferFailed(
        f"Can't write {path}", error.strerror or str(error), "Choose a folder that you may write to; retry."
    )


def _write(descriptor: int, piece: bytes, offset: int, path: Path) -> None:
    view = memoryview(piece)
    try:
        while view:
            written = os.pwrite(descriptor, view, offset)
            view = view[written:]
            offset += written
    except OSError as error:
        raise disk_problem(path, error) from error


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems can't sync a folder; the file itself is safe
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
