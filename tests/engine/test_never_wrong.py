"""Others at work on the same files: never ``done`` with other bytes, never a silent overwrite."""

import asyncio
import errno
import os

import pytest
from aiobotocore.session import get_session
from botocore.config import Config
from msgspec import structs

from gencove_tui.api.errors import Kind
from gencove_tui.api.s3 import S3Area, S3Problem
from gencove_tui.cli.link import linker
from gencove_tui.engine import core, download, insist, leftovers, partwise, ranges, room, scheduler
from gencove_tui.engine import upload as uploading
from gencove_tui.model import DownloadSource, GncvPath, TransferState, Wish
from gencove_tui.store.database import LedgerProblem
from tests.dialects import both_dialects
from tests.engine.conftest import running_engine
from tests.engine.test_manners import events, upload
from tests.engine.test_uploads import finished
from tests.faults.watching import add_download
from tests.files import large
from tests.waiting import until

MIB = 1 << 20
FAILED, DONE, SKIPPED = TransferState.FAILED, TransferState.DONE, TransferState.SKIPPED
PLACE = "gncv://lab/run-1/"


async def brought_by_another(settings, sandbox, place, content):
    """Another client, which keeps no checksum, brings a file to a place."""
    api = await linker(settings)()
    try:
        target = await api.begin_upload(GncvPath(place))
        keys = await api.upload_credentials()
        store = get_session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=settings.s3_endpoint,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=Config(request_checksum_calculation="when_required", s3={"addressing_style": "path"}),
        )
        async with store as client:
            await client.put_object(Bucket=target.bucket, Key=target.key, Body=content)
        await until(lambda: sandbox.upload_bytes(place) == content, "the other's file")
        if target.upload_id:
            while (await api.upload(target)).status != "succeeded":
                pass
    finally:
        await api.aclose()


@both_dialects
@pytest.mark.parametrize("same", [False, True], ids=["another file", "the same file"])
async def test_what_others_brought_meanwhile_is_never_overwritten(
    settings, ledger, sandbox, tmp_path, monkeypatch, same
):
    monkeypatch.setattr(uploading, "_LOOK_AGAIN_SECONDS", 0.0)
    sent, go = asyncio.Event(), asyncio.Event()
    send = partwise.PartwiseUpload._send_missing

    async def send_and_wait(self, *given):
        await send(self, *given)
        sent.set()
        await go.wait()

    monkeypatch.setattr(partwise.PartwiseUpload, "_send_missing", send_and_wait)
    path = large(tmp_path, 17 * MIB, seed=1)
    place = PLACE + path.name
    other = path.read_bytes() if same else b"the other's"
    async with running_engine(settings):
        transfer = await upload(ledger, path, place)
        await asyncio.wait_for(sent.wait(), 60)
        await brought_by_another(settings, sandbox, place, other)
        go.set()
        end = await until(finished(ledger, transfer), "the end")
        await until(lambda: not sandbox.open_multiparts(), "the parts to be taken back")
    assert end.state is (SKIPPED if same else FAILED)
    assert same or "already holds another file" in end.problem
    assert sandbox.upload_bytes(place) == other


@pytest.mark.parametrize("looks", ["a list", "nothing"])
@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_after_a_refusal_what_appears_there_is_not_called_ours(
    settings, ledger, sandbox, tmp_path, monkeypatch, looks
):
    path = large(tmp_path, 1 * MIB, seed=1)
    place = PLACE + path.name
    sandbox.faults.set("s3-denied")
    async with running_engine(settings):
        transfer = await upload(ledger, path, place)
        assert (await until(finished(ledger, transfer), "the refusal")).state is FAILED
    sandbox.faults.clear()
    await brought_by_another(settings, sandbox, place, os.urandom(path.stat().st_size))

    async def head(self, bucket, key):
        if looks == "nothing":
            raise S3Problem("x", "AccessDenied", kind=Kind.FORBIDDEN, retryable=False)
        return next(item for item in await self.list_objects(bucket, key) if item.key == key)

    monkeypatch.setattr(S3Area, "head", head)
    ledger.transfers.wish([transfer], Wish.RUN)
    async with running_engine(settings):
        end = await until(finished(ledger, transfer), "the end")
    assert end.state in (FAILED, SKIPPED)
    assert not end.verified


@pytest.mark.parametrize("lists", ["may be listed", "may not be listed"])
@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_multipart_that_begins_while_it_is_cancelled_is_taken_back(
    settings, ledger, sandbox, tmp_path, monkeypatch, lists
):
    if lists == "may not be listed":
        sandbox.faults.set("s3-no-lists")
    begun, go = asyncio.Event(), asyncio.Event()
    create = S3Area.create_multipart

    async def create_and_wait(self, bucket, key):
        multipart_id = await create(self, bucket, key)
        begun.set()
        await go.wait()  # the reply is on its way
        return multipart_id

    monkeypatch.setattr(S3Area, "create_multipart", create_and_wait)
    async with running_engine(settings):
        transfer = await upload(ledger, large(tmp_path, 17 * MIB, seed=1))
        await asyncio.wait_for(begun.wait(), 60)
        ledger.transfers.wish([transfer], Wish.CANCEL)
        await until(lambda: ledger.transfers.get(transfer).state is TransferState.CANCELLED, "the cancel")
        await until(lambda: not ledger.transfers.parts(transfer), "the clean-up")
        assert bool(sandbox.open_multiparts()) is (lists == "may not be listed")
        go.set()
        await until(lambda: ledger.transfers.stale_multiparts(0.0, 1.0), "the note of it")
    async with running_engine(settings):
        await until(lambda: not sandbox.open_multiparts(), "the leftovers to be cleared")


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_cancel_while_the_store_is_away_is_made_good(
    settings, ledger, sandbox, tmp_path, monkeypatch
):
    monkeypatch.setattr(core, "_LEFTOVERS_SECONDS", 0.2)
    monkeypatch.setattr(leftovers, "UNUSED_SECONDS", 0.0)
    monkeypatch.setattr(insist, "_TRIES", 1)
    async with running_engine(settings):
        sandbox.faults.set("s3-rate=4M")
        transfer = await upload(ledger, large(tmp_path, 17 * MIB, seed=1))
        await until(sandbox.open_multiparts, "the multipart")
        await until(lambda: ledger.transfers.journal(transfer).multipart_id, "its note")
        sandbox.faults.set("s3-500")
        ledger.transfers.wish([transfer], Wish.CANCEL)
        await until(lambda: ledger.transfers.get(transfer).state is TransferState.CANCELLED, "the cancel")
        await until(lambda: not ledger.transfers.parts(transfer), "the clean-up that could not abort")
        assert sandbox.open_multiparts()
        sandbox.faults.clear()
        await until(lambda: not sandbox.open_multiparts(), "the leftovers to be cleared")


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_clean_up_that_failed_is_made_again(settings, ledger, sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "_CLEAN_UP_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr("gencove_tui.engine.core._STEP_AT_LEAST", 0.1)
    real, failing = uploading.UploadJob.abandon, iter([True, True])

    async def abandon(self):
        if next(failing, False):
            raise LedgerProblem("the ledger is locked")
        await real(self)

    monkeypatch.setattr(uploading.UploadJob, "abandon", abandon)
    async with running_engine(settings):
        sandbox.faults.set("s3-rate=4M")
        transfer = await upload(ledger, large(tmp_path, 17 * MIB, seed=1))
        await until(sandbox.open_multiparts, "the multipart")
        ledger.transfers.wish([transfer], Wish.CANCEL)
        await until(lambda: not ledger.transfers.parts(transfer), "the clean-up")
        assert not sandbox.open_multiparts()


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_cancel_that_meets_a_failure_is_not_lost(settings, ledger, sandbox, fastq_pair, monkeypatch):
    real = scheduler.Scheduler._end_badly

    def end_badly(self, transfer, error):
        ledger.transfers.wish([transfer.id], Wish.CANCEL)
        real(self, transfer, error)

    monkeypatch.setattr(scheduler.Scheduler, "_end_badly", end_badly)
    fastq_pair[0].write_bytes(b"no gzip")
    async with running_engine(settings):
        transfer = await upload(ledger, fastq_pair[0])
        end = await until(finished(ledger, transfer), "the end")
    assert end.state is TransferState.CANCELLED


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_an_upload_that_failed_before_and_fails_again_says_so(
    settings, ledger, sandbox, fastq_pair, monkeypatch
):
    monkeypatch.setattr(uploading, "_CONFIRM_SECONDS", 1.0)
    sandbox.faults.set("upload-fails")
    async with running_engine(settings):
        transfer = await upload(ledger, fastq_pair[0])
        for _ in range(2):
            failed = await until(finished(ledger, transfer), "the failure")
            assert failed.state is FAILED
            assert "refused" in failed.problem
            assert "retry" in failed.remedy
            ledger.transfers.wish([transfer], Wish.RUN)
            await until(lambda: ledger.transfers.get(transfer).state is not FAILED, "the retry")
        await until(finished(ledger, transfer), "the failure")
        sandbox.faults.clear()
        ledger.transfers.wish([transfer], Wish.RUN)
        await until(lambda: ledger.transfers.get(transfer).state is DONE, "the upload once it is accepted")


@pytest.fixture
def begun(settings, ledger, sandbox, wanted, tmp_path, monkeypatch):
    """A download with some ranges done, at rest: await it."""
    monkeypatch.setattr(ranges, "RANGE", 200_000)

    async def begun():
        moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
        sandbox.faults.set("rate=150k")
        async with running_engine(settings):
            await until(
                lambda: sum(part.bytes_done for part in ledger.transfers.parts(moved.id)) > 200_000, "some"
            )
            ledger.transfers.wish([moved.id], Wish.PAUSE)
            await until(lambda: ledger.transfers.get(moved.id).state is TransferState.PAUSED, "the pause")
        sandbox.faults.clear()
        return moved

    return begun


@pytest.mark.parametrize("what", ["replaced", "cut"])
@pytest.mark.parametrize("dialect", ["v1"], indirect=True)
async def test_a_partial_that_is_not_ours_any_more_is_not_trusted(settings, ledger, begun, what):
    moved = await begun()
    if what == "replaced":
        moved.partial.rename(moved.partial.with_name("elsewhere"))  # keeps its inode from being used again
        moved.partial.write_bytes(bytes(len(moved.content)))
    else:
        os.truncate(moved.partial, 5_000)
    ledger.transfers.wish([moved.id], Wish.RUN)
    async with running_engine(settings):
        assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert moved.target.read_bytes() == moved.content


@pytest.mark.parametrize("code", [errno.ETIMEDOUT, errno.ECONNRESET, errno.ESTALE])
@pytest.mark.parametrize("dialect", ["v1"], indirect=True)
async def test_a_disk_that_fails_once_like_a_line_is_not_trusted_with_what_it_took(
    settings, ledger, begun, monkeypatch, code
):
    moved = await begun()
    real, failing = os.pwrite, iter([True])

    def pwrite(descriptor, data, offset):
        if len(data) > 1000 and next(failing, False):  # not of a lock file
            os.ftruncate(descriptor, 0)
            os.ftruncate(descriptor, len(moved.content))  # what it had taken is gone
            raise OSError(code, os.strerror(code))
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    ledger.transfers.wish([moved.id], Wish.RUN)
    async with running_engine(settings):
        await until(lambda: events(ledger, "download.waiting"), "the wait")
        ledger.transfers.wake([moved.id])
        assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert moved.target.read_bytes() == moved.content


@pytest.mark.parametrize("dialect", ["v1"], indirect=True)
async def test_a_file_that_appears_right_before_ours_is_never_called_ours(
    settings, ledger, sandbox, wanted, tmp_path, monkeypatch
):
    real = download.give_name

    def give_name(partial, target):
        target.write_bytes(bytes(partial.stat().st_size))
        real(partial, target)

    monkeypatch.setattr(download, "give_name", give_name)
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    async with running_engine(settings):
        failed = await until(finished(ledger, moved.id), "the failure")
        assert failed.state is FAILED
        assert "appeared" in failed.problem
        ledger.transfers.wish([moved.id], Wish.RUN)
        await until(lambda: ledger.transfers.get(moved.id).state is SKIPPED, "the comparison")
    assert "no checksum known" in events(ledger, "download.skipped")[0].message


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_without_a_checksum_another_size_than_gencoves_is_told(
    engine, ledger, sandbox, wanted, tmp_path, monkeypatch
):
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    look_up = download.DownloadJob._look_up

    async def longer(self):
        found = await look_up(self)
        return structs.replace(found, size=found.size + 1)

    async def no_checksum(self, deliverable):
        return ""

    monkeypatch.setattr(download.DownloadJob, "_look_up", longer)
    monkeypatch.setattr("gencove_tui.api.v2.client.GencoveV2.checksum", no_checksum, raising=True)
    failed = await until(finished(ledger, moved.id), "the failure")
    assert failed.state is FAILED
    assert "another size" in failed.problem
    assert not moved.target.exists()


@pytest.mark.parametrize("theirs", ["a folder", "a text"])
@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_side_file_never_takes_the_place_of_anything(engine, ledger, wanted, tmp_path, theirs):
    project_id, sample = wanted
    found = min(sample.deliverables, key=lambda d: d.size or 1 << 60)
    source = DownloadSource(
        project_id=project_id, sample_id=sample.id, file_type=found.file_type, file_id=found.id
    )
    side = tmp_path / "r.bin.sha256"
    if theirs == "a folder":
        side.mkdir()
    else:
        side.write_text("my own notes")
    transfer = ledger.transfers.add_download(str(tmp_path / "r.bin"), "x", source, None, side_file=True)
    failed = await until(finished(ledger, transfer), "the end")
    assert failed.state is FAILED
    assert str(side) in failed.problem
    assert "r.bin itself is there and complete" in failed.remedy
    if theirs == "a folder":
        side.rmdir()
    else:
        assert side.read_text() == "my own notes"
        side.unlink()
    ledger.transfers.wish([transfer], Wish.RUN)
    await until(lambda: ledger.transfers.get(transfer).state in (DONE, SKIPPED), "the side file")
    assert side.read_text().endswith(" *r.bin\n")


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_quota_is_told_once_however_often_it_is_met(
    engine, ledger, sandbox, wanted, tmp_path, monkeypatch
):
    """The disk shows room, but takes nothing: only bytes written prove that there is room."""
    monkeypatch.setattr(room, "_LOOK_SECONDS", 0.02)
    real, met = os.pwrite, []

    def pwrite(descriptor, data, offset):
        if len(data) > 1000 and len(met) < 4:  # not of a lock file
            met.append(offset)
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert moved.target.read_bytes() == moved.content
    assert len(events(ledger, "disk.full")) == len(events(ledger, "disk.room")) == 1
    assert ledger.engine.read().notice == ""
