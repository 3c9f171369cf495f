"""The file under upload changes, goes away or can't be read: never a wrong file in the upload area."""

import asyncio
import contextlib
import errno
import os

import pytest

from gencove_tui.model import TransferState, Wish
from tests.faults.watching import Upload, ended, reached, told
from tests.files import large
from tests.waiting import until

PLACE = "gncv://lab/run-1/big_R1.fastq.gz"
MIB = 1 << 20
FAILED, DONE = TransferState.FAILED, TransferState.DONE


@pytest.fixture
async def sending(everywhere, engine, ledger, sandbox, tmp_path):
    """An upload of three parts of which one has arrived, and whose others go on slowly."""
    everywhere("SMALLEST_MULTIPART", 5 * MIB)
    sandbox.faults.set("s3-rate=6M")
    upload = Upload(ledger, sandbox, large(tmp_path, 12 * MIB, seed=5), PLACE)
    await until(lambda: any(part.bytes_done for part in ledger.transfers.parts(upload.id)), "a first part")
    return upload


def member() -> bytes:
    """A whole gzip member of reads, which may follow another."""
    from gencove_tui.fastq.generate import compress

    return compress(b"@more\nACGT\n+\nFFFF\n")


async def put_right(upload: Upload, content: bytes) -> None:
    """The file is as it should be again: a retry brings it up, and nothing else is there."""
    upload.path.unlink(missing_ok=True)
    upload.path.write_bytes(content)
    upload.content = content
    upload.sandbox.faults.clear()
    upload.ledger.transfers.wish([upload.id], Wish.RUN)
    await until(lambda: upload.look().state is DONE, "the retried upload")
    upload.check_done()


async def failed_with(upload: Upload, *words: str) -> None:
    failed = await ended(upload, "the failure")
    assert failed.state is FAILED
    assert all(word in failed.problem for word in words), failed.problem
    assert failed.remedy
    assert told(upload.ledger, upload.id)[-1] == "upload.failed"
    assert upload.sandbox.upload_bytes(PLACE) is None
    await until(lambda: not upload.sandbox.open_multiparts(), "the parts to be taken back")


async def test_a_source_that_is_deleted(sending):
    content = sending.content
    sending.path.unlink()
    await failed_with(sending, "is gone")
    await put_right(sending, content)


async def test_a_source_that_is_cut_short(sending):
    content = sending.content
    os.truncate(sending.path, len(content) - 100)
    await failed_with(sending, "incomplete")
    await put_right(sending, content)


async def test_a_source_that_is_emptied(sending):
    content = sending.content
    os.truncate(sending.path, 0)
    await failed_with(sending, "is empty")
    await put_right(sending, content)


async def test_a_source_that_has_grown_goes_up_as_it_is_now(sending):
    with sending.path.open("ab") as file:
        file.write(member())
    sending.content = sending.path.read_bytes()
    assert (await ended(sending, "the upload")).state is DONE
    sending.check_done()


async def test_a_source_that_keeps_growing_waits_until_it_stands_still(sending):
    more = member()

    async def grow():
        while True:
            with sending.path.open("ab") as file:
                file.write(more)
            await asyncio.sleep(0.02)

    growing = asyncio.create_task(grow())
    waiting = await reached(sending, TransferState.WAITING)
    assert "changed" in waiting.problem
    assert "stands still" in waiting.remedy
    assert sending.sandbox.upload_bytes(PLACE) is None
    growing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await growing
    sending.content = sending.path.read_bytes()
    sending.sandbox.faults.clear()
    sending.ledger.transfers.wake([sending.id])
    assert (await ended(sending, "the upload")).state is DONE
    sending.check_done()


async def test_a_source_that_is_replaced_by_another_of_the_same_size(sending, tmp_path):
    status = sending.path.stat()
    (tmp_path / "other").mkdir()
    other = large(tmp_path / "other", 12 * MIB, seed=6)
    data = other.read_bytes()[: len(sending.content)]
    # The same length and the same time of change: only the inode tells.
    other.write_bytes(_fitted(data, len(sending.content)))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(sending.path)
    sending.content = sending.path.read_bytes()
    sending.sandbox.faults.clear()
    assert (await ended(sending, "the upload")).state is DONE
    sending.check_done()


def _fitted(data: bytes, size: int) -> bytes:
    """Whole gzip members of exactly ``size`` bytes: the last one is an empty one with a long comment."""
    head = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
    tail = b"\0\x03\0" + bytes(8)
    ends = [at for at in _members(data) if at <= size - len(head) - len(tail)]
    kept = data[: ends[-1]]
    return kept + head + b"x" * (size - len(kept) - len(head) - len(tail)) + tail


def _members(data: bytes) -> list[int]:
    """Where the gzip members of a generated file end; all but the time field of their headers is alike."""
    length = data.index(data[:4], 4)
    return list(range(length, len(data) + 1, length))


async def test_a_source_that_is_only_touched_is_sent_once_more(sending):
    os.utime(sending.path)
    assert (await ended(sending, "the upload")).state is DONE
    sending.check_done()


async def test_a_source_that_may_not_be_read(engine, ledger, sandbox, fastq_pair, monkeypatch):
    path = fastq_pair[0]
    real = os.open

    def refuse(name, *arguments, **options):
        if name == str(path):
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return real(name, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)  # root, whom tests may run as, may read everything
        upload = Upload(ledger, sandbox, path, PLACE)
        await failed_with(upload, "Can't read", "Permission denied")
    assert "permissions" in upload.look().remedy
    await put_right(upload, upload.content)


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE], ids=["disk", "network folder"])
async def test_a_source_whose_disk_fails_in_the_middle(
    engine, ledger, sandbox, fastq_pair, monkeypatch, code
):
    """A disk that is broken needs somebody; a server that is away comes back by itself."""
    real = os.pread

    def fail(descriptor, count, offset):
        if os.path.sameopenfile(descriptor, watched.fileno()):
            raise OSError(code, os.strerror(code))
        return real(descriptor, count, offset)

    with fastq_pair[0].open("rb") as watched, monkeypatch.context() as patched:
        patched.setattr(os, "pread", fail)
        upload = Upload(ledger, sandbox, fastq_pair[0], PLACE)
        if code == errno.EIO:
            await failed_with(upload, "Can't read", os.strerror(code))
        else:
            await until(lambda: "upload.waiting" in told(ledger, upload.id), "the wait")
            assert not upload.look().state.is_final
    if code == errno.EIO:
        await put_right(upload, upload.content)
    else:
        done = await ended(upload, "the end once it is back")
        assert done.state is TransferState.DONE, done.problem
        upload.check_done()
