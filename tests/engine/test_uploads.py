"""Uploads over real sockets against the sandbox, in both dialects."""

import gzip
import hashlib

import pytest

from gencove_tui.model import FINAL_STATES, TransferState, Wish
from tests.dialects import both_dialects
from tests.engine.conftest import running_engine
from tests.files import large
from tests.waiting import until

PLACE = "gncv://lab/run-1/"


def finished(ledger, transfer_id):
    def look():
        transfer = ledger.transfers.get(transfer_id)
        return transfer if transfer.state in FINAL_STATES else None

    return look


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@both_dialects
async def test_a_small_file_arrives_identical(engine, ledger, sandbox, fastq_pair):
    path = fastq_pair[0]
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    done = await until(finished(ledger, transfer), "the upload")
    assert done.state is TransferState.DONE, done.problem
    assert done.bytes_done == done.size == path.stat().st_size
    assert sha256(sandbox.upload_bytes(PLACE + path.name)) == sha256(path.read_bytes())


@both_dialects
async def test_a_large_file_goes_in_parts_and_arrives_identical(engine, ledger, sandbox, tmp_path):
    path = large(tmp_path, 40 << 20, seed=3)
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    done = await until(finished(ledger, transfer), "the upload")
    assert done.state is TransferState.DONE, done.problem
    assert [part.bytes_done for part in ledger.transfers.parts(transfer)] == [
        part.length for part in ledger.transfers.parts(transfer)
    ]
    assert len(ledger.transfers.parts(transfer)) == -(-path.stat().st_size // (16 << 20))
    assert sha256(sandbox.upload_bytes(PLACE + path.name)) == sha256(path.read_bytes())


@both_dialects
async def test_the_same_file_again_is_skipped_and_another_is_never_overwritten(
    engine, ledger, sandbox, fastq_pair
):
    path = fastq_pair[0]
    place = PLACE + path.name
    before = path.read_bytes()
    for expected in (TransferState.DONE, TransferState.SKIPPED):
        transfer = ledger.transfers.add_upload(str(path), place, path.stat().st_size)
        assert (await until(finished(ledger, transfer), "the upload")).state is expected
    path.write_bytes(before + before)
    transfer = ledger.transfers.add_upload(str(path), place, path.stat().st_size)
    refused = await until(finished(ledger, transfer), "the refusal")
    assert refused.state is TransferState.FAILED
    assert "already holds another file" in refused.problem
    assert "Nothing was overwritten" in refused.remedy
    assert sandbox.upload_bytes(place) == before


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda data: data[:-20], "truncated"),
        (lambda data: data + b"garbage", "garbage"),
        (lambda data: gzip.compress(b"@r\nACGT\n+\nIII\n"), ""),
        (lambda data: b"not gzip at all", ""),
    ],
    ids=["truncated", "trailing garbage", "broken record", "no gzip"],
)
async def test_a_broken_file_never_appears(engine, ledger, sandbox, fastq_pair, spoil, expected):
    path = fastq_pair[0]
    path.write_bytes(spoil(path.read_bytes()))
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    failed = await until(finished(ledger, transfer), "the refusal")
    assert failed.state is TransferState.FAILED
    assert failed.problem
    assert failed.remedy
    assert sandbox.upload_bytes(PLACE + path.name) is None


async def test_a_large_truncated_file_never_appears(engine, ledger, sandbox, tmp_path):
    path = large(tmp_path, 40 << 20, seed=3)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    failed = await until(finished(ledger, transfer), "the refusal")
    assert failed.state is TransferState.FAILED
    assert sandbox.upload_bytes(PLACE + path.name) is None


async def test_a_missing_file_fails_clearly_and_works_again_once_it_is_back(
    engine, ledger, sandbox, fastq_pair
):
    path = fastq_pair[0]
    data = path.read_bytes()
    path.unlink()
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, len(data))
    failed = await until(finished(ledger, transfer), "the failure")
    assert failed.state is TransferState.FAILED
    assert "is gone" in failed.problem
    path.write_bytes(data)
    ledger.transfers.wish([transfer], Wish.RUN)
    done = await until(
        lambda: ledger.transfers.get(transfer).state is TransferState.DONE, "the retried upload"
    )
    assert done
    assert sandbox.upload_bytes(PLACE + path.name) == data


async def test_pause_keeps_parts_and_resume_sends_only_the_rest(
    everywhere, settings, ledger, sandbox, tmp_path
):
    everywhere("SMALLEST_MULTIPART", 5 << 20)
    path = large(tmp_path, 35 << 20, seed=4)
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    async with running_engine(settings):
        await until(lambda: any(p.etag for p in ledger.transfers.parts(transfer)), "a first part")
        ledger.transfers.wish([transfer], Wish.PAUSE)
        await until(lambda: ledger.transfers.get(transfer).state is TransferState.PAUSED, "the pause")
        kept = sum(1 for p in ledger.transfers.parts(transfer) if p.etag)
        assert sandbox.upload_bytes(PLACE + path.name) is None
        held = sum(p.length for p in ledger.transfers.parts(transfer) if p.etag)
        assert ledger.transfers.get(transfer).bytes_done == held, "what is shown as moved is kept"
        sandbox.requests.clear()
        ledger.transfers.wish([transfer], Wish.RUN)
        done = await until(finished(ledger, transfer), "the upload")
    assert done.state is TransferState.DONE, done.problem
    assert sandbox.requests.parts_sent() <= len(ledger.transfers.parts(transfer)) - kept
    assert sha256(sandbox.upload_bytes(PLACE + path.name)) == sha256(path.read_bytes())


async def test_cancel_takes_the_parts_back(everywhere, settings, ledger, sandbox, tmp_path):
    everywhere("SMALLEST_MULTIPART", 5 << 20)
    path = large(tmp_path, 35 << 20, seed=4)
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    async with running_engine(settings):
        await until(lambda: any(p.etag for p in ledger.transfers.parts(transfer)), "a first part")
        ledger.transfers.wish([transfer], Wish.CANCEL)
        await until(lambda: ledger.transfers.get(transfer).state is TransferState.CANCELLED, "the end")
        await until(lambda: not sandbox.open_multiparts(), "the store to forget the parts")
        await until(lambda: not ledger.transfers.parts(transfer), "the ledger to forget them too")
    assert sandbox.upload_bytes(PLACE + path.name) is None
