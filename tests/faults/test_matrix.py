"""One fault a row: each ends with the right bytes or a clear word, never in silence or in a wrong file."""

import hashlib
from pathlib import Path

import pytest

from gencove_tui.model import DownloadSource, TransferState
from tests.engine.test_downloads import queue
from tests.engine.test_uploads import PLACE, finished
from tests.files import large
from tests.waiting import until

MIB = 1 << 20

UPLOAD_FAULTS = [
    "s3-slowdown@3",
    "s3-500@3",
    "s3-drop@2",
    "s3-lost@2",
    "s3-bad-digest@1",
    "s3-complete-lost@1",
    "s3-complete-error@1",
    "expire-credentials@2",
    "429@2",
    "500@2",
    "503@2",
    "502@1",
    "drop@2",
    "lost@1",
    "empty@1",
    "broken-json@1",
    "no-status@1",
    "nulls@6",
    "maintenance=1@1",
]


@pytest.mark.parametrize("fault", UPLOAD_FAULTS)
@pytest.mark.parametrize("size", ["small", "parts"])
async def test_an_upload_through_a_fault_arrives_identical(
    engine, ledger, sandbox, tmp_path, fastq_pair, fault, size
):
    path = fastq_pair[0] if size == "small" else large(tmp_path, 40 * MIB, seed=9)
    sandbox.faults.set(fault)
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    done = await until(finished(ledger, transfer), f"the end of an upload through {fault}")
    assert done.state is TransferState.DONE, f"{done.problem} {done.remedy}"
    arrived = sandbox.upload_bytes(PLACE + path.name)
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(path.read_bytes()).digest()


DOWNLOAD_FAULTS = [
    "cut@3",
    "corrupt@1",
    "changed@1",
    "no-ranges",
    "expire-urls@2",
    "drop@2",
    "429@2",
    "500@2",
    "503@1",
    "502@1",
    "empty@1",
    "broken-json@1",
    "maintenance=1@1",
]


@pytest.mark.parametrize("fault", DOWNLOAD_FAULTS)
async def test_a_download_through_a_fault_arrives_identical(
    engine,
    ledger,
    sandbox,
    tmp_path,
    wanted,
    dialect,
    fault,
):
    if fault == "corrupt@1" and dialect == "v1":
        pytest.skip("without a checksum nobody can tell")
    deliverable = max(wanted[1].deliverables, key=lambda d: d.size or 0)
    sandbox.faults.set(fault)
    target, transfer = queue(ledger, tmp_path / "out", wanted, deliverable)
    done = await until(finished(ledger, transfer), f"the end of a download through {fault}")
    assert done.state is TransferState.DONE, f"{done.problem} {done.remedy}"
    sandbox.faults.clear()
    again, second = queue(ledger, tmp_path / "clean", wanted, deliverable)
    clean = await until(finished(ledger, second), "a download without a fault")
    assert clean.state is TransferState.DONE
    assert target.read_bytes() == again.read_bytes()
    assert not Path(f"{target}.part").exists()


async def test_a_refused_key_waits_and_goes_on_once_it_is_accepted(engine, ledger, sandbox, fastq_pair):
    path = fastq_pair[0]
    sandbox.faults.set("401")
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    waiting = await until(
        lambda: (t := ledger.transfers.get(transfer)).state is TransferState.WAITING and t, "the wait"
    )
    assert "refused the API key" in waiting.problem
    assert "gencove-tui login" in waiting.remedy
    sandbox.faults.clear()
    done = await until(finished(ledger, transfer), "the upload")
    assert done.state is TransferState.DONE


async def test_a_denied_store_fails_clearly(engine, ledger, sandbox, fastq_pair):
    path = fastq_pair[0]
    sandbox.faults.set("s3-denied")
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    failed = await until(finished(ledger, transfer), "the failure")
    assert failed.state is TransferState.FAILED
    assert failed.problem
    assert failed.remedy


async def test_a_sample_that_is_gone_fails_clearly(engine, ledger, sandbox, tmp_path, wanted):
    source = DownloadSource(project_id=wanted[0], sample_id="999999", file_type="vcf")
    transfer = ledger.transfers.add_download(str(tmp_path / "x"), "x/x", source, None)
    failed = await until(finished(ledger, transfer), "the failure")
    assert failed.state is TransferState.FAILED
    assert failed.remedy
