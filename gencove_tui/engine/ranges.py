"""Fetching an object behind a presigned URL in ranges, each resumed at its byte (transfer-anchors §3.5)."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from gencove_tui.engine.disks import Disk
from gencove_tui.engine.outcome import DiskAway, DiskFull, StartOver, TransferWaits, backoff, first_error
from gencove_tui.engine.patience import Patience
from gencove_tui.engine.progress import Meter
from gencove_tui.engine.room import room_in
from gencove_tui.engine.trouble import disk_problem
from gencove_tui.engine.web import UrlExpired, content_range, get
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Direction, Part
from gencove_tui.store.schema import SMALL

T = TypeVar("T")

log = logging.getLogger(__name__)

RANGE = 64 << 20
"""Bytes per range of a large file; smaller files come in one."""
_RANGES_AT_ONCE = 4
"""Of one file at the most, so that it leaves slots to the others."""
_GROW_SECONDS = 1.0
_QUICK = 40 << 20
"""Bytes per second. A connection as quick as this needs no others beside it: they would only cost CPU."""
_TRIES = 4
"""Tries of one range without a byte of progress before the transfer waits."""
_CHECKPOINT_SECONDS = 5.0
"""How often what was written is brought to the disk itself and noted as safe from a power cut."""
_AGAIN = "It is tried again by itself."


class NotWritten(Exception):
    """The disk did not take a piece. No ``OSError``, of which some are what a broken connection gives."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class OtherSize(Exception):
    """The object has another size than was said."""


def plan_ranges(size: int) -> list[Part]:
    """The ranges of an object, numbered from 1, without gaps."""
    return [
        Part(number=number, offset=offset, length=min(RANGE, size - offset))
        for number, offset in enumerate(range(0, size, RANGE), start=1)
    ]


class Ranges:
    """Fetches one object into one file. ``look_up`` gives a fresh URL, at first and when one expired."""

    def __init__(
        self,
        work: Work,
        transfer_id: int,
        disk: Disk,
        path: Path,
        look_up: Callable[[], Awaitable[str]],
        patience: Patience,
    ) -> None:
        self._work = work
        self._patience = patience
        self._transfer_id = transfer_id
        self._disk = disk
        self._path = path
        self._look_up = look_up
        self._ledger = work.ledger.transfers
        self._own_slots = asyncio.Semaphore(1)
        self._renewing = asyncio.Lock()
        self.url = ""
        self.inode: int | None = None
        """Of the file that was written, where that tells it from others."""
        self._size = 0
        self._etag = ""

    async def probe(self) -> tuple[int, str]:
        """Size and ETag of the object. (HEAD would need another signature.)"""

        async def ask() -> tuple[int, str]:
            async with get(self._work.web(), self.url, {"Range": "bytes=0-0"}) as reply:
                etag = reply.headers.get("ETag", "")
                if reply.status == 416:  # an empty object has no byte 0
                    return 0, etag
                if reply.status == 206:
                    return content_range(reply)[2], etag
                if reply.content_length is None:
                    raise TransferWaits("The store does not tell the file's size", "", _AGAIN)
                return reply.content_length, etag

        return await self._patiently(ask)

    async def fetch(self, size: int, etag: str, parts: list[Part], meter: Meter) -> None:
        """Bring all parts to the disk. An empty ``etag`` is learnt from the first answer and noted.

        Raises ``OtherSize`` when that answer tells another size, ``Problem``, or ``StartOver``.
        """
        self._size, self._etag = size, etag
        output = await self._disk.soon(partial(Output, self._path), undo=Output.close)
        try:
            self._own(output, parts)
            for part in parts:
                meter.set(part.number, part.bytes_done)
            async with asyncio.TaskGroup() as outer:
                checkpoints = outer.create_task(self._keep_safe(output, parts, meter))
                growth = outer.create_task(self._grow(meter))
                async with asyncio.TaskGroup() as fetching:
                    for part in parts:
                        if part.bytes_done < part.length:
                            fetching.create_task(self._fetch(output, part, meter))
                checkpoints.cancel()
                growth.cancel()
            await self._sync(output, meter)
        except BaseExceptionGroup as group:
            failure = first_error(group)
            if isinstance(failure, NotWritten):
                failure = failure.error
            if isinstance(failure, OSError | DiskAway):
                raise self._distrusted(failure, meter) from failure
            raise failure from None
        except (OSError, DiskAway) as error:
            raise self._distrusted(error, meter) from error
        finally:
            self._disk.drop(output.close)

    def _own(self, output: Output, parts: list[Part]) -> None:
        """Note which file is written. It is locked by now, so that what was begun is sure to be in it."""
        if not self._disk.keeps_inodes:
            return
        known = self._ledger.journal(self._transfer_id).inode
        if known not in (None, output.inode) and any(part.bytes_done for part in parts):
            raise StartOver("another program replaced the file in which it was begun")
        self.inode = output.inode
        self._ledger.note_inode(self._transfer_id, output.inode)

    def _distrusted(self, error: OSError | DiskAway, meter: Meter) -> Problem:
        """A disk that failed once may have dropped what it took before: only what was synced counts now."""
        self._ledger.note(self._transfer_id, boot="")
        if isinstance(error, DiskAway):
            return error
        return disk_problem(self._path, error, self._size - meter.bytes_done)

    async def _sync(self, output: Output, meter: Meter) -> None:
        await self._patience.run(output.sync, lambda: meter.bytes_done)
        self._work.room.proved(self._path.parent)

    async def _grow(self, meter: Meter) -> None:
        """Open further connections as long as each is slow, as over long distances."""
        for streams in range(1, _RANGES_AT_ONCE):
            before = meter.bytes_done
            await asyncio.sleep(_GROW_SECONDS)
            if meter.bytes_done - before < streams * _QUICK * _GROW_SECONDS:
                self._own_slots.release()

    async def _keep_safe(self, output: Output, parts: list[Part], meter: Meter) -> None:
        """Note now and then what would survive a power cut, and stop before the disk is full."""
        safe: dict[int, int] = {}
        while True:
            await asyncio.sleep(_CHECKPOINT_SECONDS)
            written = {part.number: meter.position(part.number) for part in parts}
            moved = [
                (number, position) for number, position in written.items() if safe.get(number) != position
            ]
            if not moved:
                continue
            await self._sync(output, meter)
            self._ledger.note_synced(self._transfer_id, moved)
            safe = written
            left = self._size - meter.bytes_done
            if left and (free := await self._disk.soon(partial(room_in, self._path.parent))) < 0:
                raise DiskFull(self._path.parent, left, max(0, free), hit=True)

    async def _fetch(self, output: Output, part: Part, meter: Meter) -> None:
        """One range, from the byte where it stopped last."""
        done = part.bytes_done
        last = part.offset + part.length - 1
        size = self._size

        async def ask() -> None:
            nonlocal done
            first = part.offset + done
            headers = {"Range": f"bytes={first}-{last}"}
            if self._etag:
                headers["If-Match"] = self._etag
            async with get(self._work.web(), self.url, headers) as reply:
                if reply.status == 206:
                    told = content_range(reply)
                    if told[2] != size:
                        raise OtherSize
                    if told != (first, last, size):
                        raise TransferWaits("The store sent another range than asked for", "", _AGAIN)
                elif not (reply.status == 200 and first == 0 and last + 1 == size == reply.content_length):
                    raise TransferWaits(f"The store answered {reply.status} to a range", "", _AGAIN)
                if reply.content_length not in (None, last + 1 - first):
                    raise TransferWaits("The store sent another length than asked for", "", _AGAIN)
                if not self._etag and (etag := reply.headers.get("ETag", "")):
                    self._etag = etag
                    self._ledger.note(self._transfer_id, etag=etag)
                async for piece in reply.content.iter_any():
                    if len(piece) > part.length - done:
                        raise TransferWaits("The store sent more bytes than asked for", "", _AGAIN)
                    await self._allowed(len(piece))
                    await self._write(output, piece, part.offset + done)
                    done += len(piece)
                    meter.set(part.number, done)
            if done < part.length:
                raise TransferWaits("The connection ended early", f"at byte {part.offset + done}", _AGAIN)

        async with self._own_slots, self._work.lanes.of(Direction.DOWNLOAD, small=size < SMALL):
            await self._patiently(ask, lambda: done)

    async def _write(self, output: Output, piece: bytes, offset: int) -> None:
        try:
            if self._disk.is_network:
                # It may hang. A local disk takes it sooner than a thread would.
                await self._disk.soon(partial(output.write, piece, offset))
            else:
                output.write(piece, offset)
        except OSError as error:
            raise NotWritten(error) from error

    async def _allowed(self, count: int) -> None:
        """Wait until so many bytes may move."""
        while count:
            count -= await self._work.limiter.take(Direction.DOWNLOAD, count)

    async def _patiently(self, ask: Callable[[], Awaitable[T]], moved: Callable[[], int] = lambda: 0) -> T:
        """Ask again a few times, from where it stopped; any progress starts the count anew."""
        tries = 0
        refused = 0
        before = moved()
        while True:
            url = self.url
            try:
                return await ask()
            except UrlExpired:
                refused += 1
                if refused > 2 and moved() == before:
                    raise TransferWaits(
                        "The store refuses even a fresh URL", "it was refused again", _AGAIN, delay=60.0
                    ) from None
                await self._renew(url)
            except (DiskAway, DiskFull):
                raise
            except TransferWaits:
                tries = 1 if moved() != before else tries + 1
                if tries >= _TRIES:
                    raise
                await asyncio.sleep(min(backoff(tries), 5.0))
            before = moved()

    async def _renew(self, expired: str) -> None:
        """One fresh URL for all ranges of the file, however many of them noticed."""
        async with self._renewing:
            if self.url == expired:
                self.url = await self._look_up()


class Output:
    """The file that is written, locked against others' writing. All of it may wait for a disk."""

    def __init__(self, path: Path) -> None:
        """Raises ``Problem`` when it can't be opened or somebody else writes it."""
        self._busy = threading.Lock()
        self._open = True
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise disk_problem(path, error) from error
        try:
            _take_alone(self.descriptor, path)
            self.inode = os.fstat(self.descriptor).st_ino
        except BaseException:
            os.close(self.descriptor)
            raise

    def write(self, piece: bytes, offset: int) -> None:
        """Write at an offset; nothing once it is closed, when a late thread's bytes would go elsewhere."""
        view = memoryview(piece)
        with self._busy:
            while view and self._open:
                written = os.pwrite(self.descriptor, view, offset)
                view = view[written:]
                offset += written

    def sync(self) -> None:
        """Bring what was written to the disk itself; closing it meanwhile doesn't wait for that."""
        with self._busy:
            if not self._open:
                return
            descriptor = os.dup(self.descriptor)
        try:
            os.fdatasync(descriptor) if hasattr(os, "fdatasync") else os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Close it, after a write that is going on."""
        with self._busy:
            self._open = False
            os.close(self.descriptor)


def take_away(path: Path, ours: int | None) -> None:
    """Remove a file that was written in part, whatever its state. May wait for a disk.

    Raises ``TransferWaits`` when it isn't the one with the inode ``ours`` and somebody else writes it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except OSError:  # which it is taken away in spite of
        path.unlink(missing_ok=True)
        return
    try:
        if os.fstat(descriptor).st_ino != ours:
            _take_alone(descriptor, path)
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _take_alone(descriptor: int, path: Path) -> None:
    """Lock the file for as long as it is open: another profile's engine may have the same target."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TransferWaits(
            f"Another engine writes {path}",
            "it downloads to the same place, or the disk still holds what an earlier try gave it",
            _AGAIN,
            delay=30.0,
        ) from error
    except OSError as error:  # a file system without locks: the inode is compared at the end
        log.info("%s can't be locked: %s", path, error)
