"""Moments in which a transfer must not be told done, be forgotten, or hold up the others."""

import asyncio
import fcntl
import os
import time

import pytest
from msgspec import structs

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine import line, ranges, upload
from gencove_tui.engine.line import HOST, Line
from gencove_tui.engine.notices import Notices
from gencove_tui.engine.outcome import DiskFull, TransferWaits
from gencove_tui.engine.web import UrlExpired, _judge
from gencove_tui.model import TransferState, Wish
from gencove_tui.store.database import LedgerProblem
from tests.dialects import both_dialects
from tests.engine.conftest import running_engine
from tests.engine.test_downloads import queue
from tests.engine.test_manners import events
from tests.engine.test_manners import upload as add_upload
from tests.engine.test_uploads import finished
from tests.files import large
from tests.waiting import until

MIB = 1 << 20


class Host:
    """Answers only once it is told to."""

    def __init__(self):
        self.up = False

    async def check_key(self):
        if not self.up:
            raise ApiProblem(Kind.UNREACHABLE, "no line")


async def test_a_ledger_that_is_busy_when_the_line_comes_back_only_delays_it(ledger, monkeypatch):
    monkeypatch.setattr(line, "backoff", lambda attempt: 0.01)
    monkeypatch.setattr(line, "_LEDGER_REST", 0.01)
    host, back = Host(), asyncio.Event()
    transfer = ledger.transfers.add_upload("/a", "gncv://a", 1)
    ledger.transfers.set_state(transfer, TransferState.WAITING, retry_at=time.time() + 600)
    probed = Line(host.check_key, HOST, ledger, Notices(ledger), back.set)
    probed.lost(transfer, TransferWaits("no line"))
    assert probed.is_down
    wake, failures = ledger.transfers.wake, iter([1, 1])

    def busy(ids):
        if next(failures, None):
            raise LedgerProblem("the ledger is locked")
        wake(ids)

    monkeypatch.setattr(ledger.transfers, "wake", busy)
    host.up = True
    await asyncio.wait_for(back.wait(), 30)
    assert not probed.is_down
    assert ledger.transfers.get(transfer).state is TransferState.QUEUED
    assert len(events(ledger, "online")) == 1
    assert ledger.engine.read().notice == ""


async def test_a_probe_that_breaks_leaves_nobody_waiting_for_it(ledger, monkeypatch):
    monkeypatch.setattr(line, "backoff", lambda attempt: 0.0)
    back = asyncio.Event()

    class Broken:
        async def check_key(self):
            raise RuntimeError("a mistake of ours")

    probed = Line(Broken().check_key, HOST, ledger, Notices(ledger), back.set)
    probed.lost(1, TransferWaits("no line"))
    await asyncio.wait_for(back.wait(), 30)
    assert not probed.is_down


async def test_a_notice_that_could_not_be_written_is_tried_again(ledger, monkeypatch):
    notices = Notices(ledger)
    write = ledger.engine.set_notice

    def busy(text):
        raise LedgerProblem("the ledger is locked")

    monkeypatch.setattr(ledger.engine, "set_notice", busy)
    with pytest.raises(LedgerProblem):
        notices.set("disk", "full")
    monkeypatch.setattr(ledger.engine, "set_notice", write)
    notices.set("disk", "full")
    assert ledger.engine.read().notice == "full"


async def test_an_upload_at_work_is_never_taken_for_a_leftover(ledger):
    transfer = ledger.transfers.add_upload("/a", "gncv://a", 1)
    ledger.transfers.begin_multipart(transfer, "m", "bucket", "key", part_size=5)
    ledger.transfers.set_state(transfer, TransferState.RUNNING)
    later = time.time() + 7 * 86400
    assert ledger.transfers.stale_multiparts(later, 0.0) == []
    ledger.transfers.set_state(transfer, TransferState.PAUSED)
    assert len(ledger.transfers.stale_multiparts(later, 0.0)) == 1
    with ledger.write() as connection:
        connection.execute("UPDATE multiparts SET touched=0")
    ledger.transfers.finish_part(transfer, 1, etag="e")
    assert ledger.transfers.stale_multiparts(time.time() - 60, 0.0) == []


@pytest.mark.parametrize("status", [400, 401, 403])
def test_any_refusal_of_a_presigned_url_asks_for_a_fresh_one(status):
    with pytest.raises(UrlExpired):
        _judge(status, "application/xml")


async def test_a_disk_that_fails_a_sync_is_not_trusted_with_what_it_took_before(
    settings, ledger, sandbox, wanted, tmp_path, monkeypatch
):
    real = os.fdatasync
    failing = {"left": 1}

    def sync(descriptor):
        if failing["left"]:
            failing["left"] -= 1
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(ranges.os, "fdatasync", sync)
    deliverable = next(d for d in wanted[1].deliverables if d.file_type in ("vcf", "impute-vcf"))
    async with running_engine(settings):
        target, transfer = queue(ledger, tmp_path, wanted, deliverable)
        await until(lambda: not failing["left"], "the sync that fails")
        failed = await until(finished(ledger, transfer), "the end")
        assert failed.state is TransferState.FAILED
        assert ledger.transfers.journal(transfer).boot == ""
        partial = target.with_name(target.name + ".gencove.part")
        partial.write_bytes(bytes(partial.stat().st_size))  # the pages that the disk dropped
        ledger.transfers.wish([transfer], Wish.RUN)
        done = await until(
            lambda: (t := finished(ledger, transfer)()) and t.state == "done" and t, "the retry"
        )
    content = target.read_bytes()
    assert len(content) == done.size
    assert content.strip(b"\0")[:2] == b"\x1f\x8b"


async def test_a_full_disk_asks_for_no_more_than_the_rest(tmp_path, ledger, monkeypatch):
    class Meter:
        bytes_done = 900

    fetched = ranges.Ranges.__new__(ranges.Ranges)
    fetched._ledger, fetched._path, fetched._size = ledger.transfers, tmp_path / "x", 1000
    fetched._transfer_id = ledger.transfers.add_upload("/a", "gncv://a", 1)
    problem = fetched._distrusted(OSError(28, "No space left on device"), Meter())
    assert isinstance(problem, DiskFull)
    assert problem.needed == 100


async def test_two_engines_never_write_one_partial_file(engine, ledger, sandbox, wanted, tmp_path):
    deliverable = wanted[1].deliverables[0]
    target = tmp_path / "out" / (deliverable.name or deliverable.file_type)
    target.parent.mkdir()
    partial = target.with_name(target.name + ".gencove.part")
    real = os.open

    def held(path, flags, *rest, **more):
        descriptor = real(path, flags, *rest, **more)
        if str(path) == str(partial):
            other = real(path, os.O_RDWR)
            fcntl.flock(other, fcntl.LOCK_EX)
            others.append(other)
        return descriptor

    others = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges.os, "open", held)
        _, transfer = queue(ledger, tmp_path / "out", wanted, deliverable)
        waiting = await until(
            lambda: (t := ledger.transfers.get(transfer)).state is TransferState.WAITING and t, "the wait"
        )
    assert "Another engine writes" in waiting.problem
    assert not target.exists()
    for other in others:
        os.close(other)
    ledger.transfers.wake([transfer])
    assert (await until(finished(ledger, transfer), "the end")).state is TransferState.DONE


@both_dialects
async def test_what_can_not_be_compared_is_not_called_the_same(
    engine, ledger, sandbox, tmp_path, monkeypatch
):
    path = large(tmp_path, 1 * MIB, seed=1)
    first = await add_upload(ledger, path)
    assert (await until(finished(ledger, first), "the upload")).state is TransferState.DONE
    ledger.transfers.clear_finished()  # nothing is known of it here any more

    async def no_look(self, target):
        return None

    monkeypatch.setattr(upload.UploadJob, "_stored", no_look)
    engine_api = type(engine._api)
    ask = engine_api.upload

    async def sizeless(self, target):
        found = await ask(self, target)
        return found and structs.replace(found, size=None, checksum_sha256="")

    monkeypatch.setattr(engine_api, "upload", sizeless)
    second = await add_upload(ledger, path)
    refused = await until(finished(ledger, second), "the conflict")
    assert refused.state is TransferState.FAILED
    assert "may be another file" in refused.problem


@pytest.mark.parametrize("dialect", ["v2"])
async def test_uploads_that_only_wait_for_gencove_hold_up_no_download(
    engine, ledger, sandbox, wanted, tmp_path, monkeypatch
):
    monkeypatch.setattr("gencove_tui.engine.scheduler._ASIDE_AT_ONCE", 1)
    sandbox.faults.set("no-s3-events")
    path, verifying = large(tmp_path, 1000, seed=1), TransferState.VERIFYING
    waits = await add_upload(ledger, path)
    await until(lambda: ledger.transfers.get(waits).state is verifying, "an upload that waits for Gencove")
    later = await add_upload(ledger, path, "gncv://lab/later.fastq.gz")
    _, transfer = queue(ledger, tmp_path / "out", wanted, wanted[1].deliverables[0])
    assert (await until(finished(ledger, transfer), "the download")).state is TransferState.DONE
    assert ledger.transfers.get(later).state is TransferState.QUEUED, "as many as may wait do"
