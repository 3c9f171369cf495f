"""Downloads over real sockets against the sandbox, in both dialects."""

import hashlib
from pathlib import Path

import pytest

from gencove_tui.engine.web import proxy_for
from gencove_tui.model import DownloadSource, TransferState
from tests.dialects import BOTH
from tests.engine.test_uploads import finished
from tests.waiting import until


@pytest.fixture(params=BOTH)
def dialect(request):
    """Only one of the two knows checksums."""
    return request.param


def queue(ledger, folder, wanted, deliverable):
    project_id, sample = wanted
    target = folder / (deliverable.name or deliverable.file_type)
    source = DownloadSource(
        project_id=project_id, sample_id=sample.id, file_type=deliverable.file_type, file_id=deliverable.id
    )
    return target, ledger.transfers.add_download(str(target), f"{sample.id}/{target.name}", source, None)


async def test_every_deliverable_arrives_and_is_verified_where_a_checksum_is_known(
    engine, ledger, sandbox, wanted, tmp_path, dialect
):
    queued = [queue(ledger, tmp_path / "out", wanted, d) for d in wanted[1].deliverables]
    assert queued
    for target, transfer in queued:
        done = await until(finished(ledger, transfer), "the download")
        assert done.state is TransferState.DONE, done.problem
        content = target.read_bytes()
        assert done.size == done.bytes_done == len(content)
        if done.verified:
            assert done.checksum == hashlib.sha256(content).hexdigest()
        assert done.verified is (dialect == "v2" and bool(done.checksum))
        assert not Path(f"{target}.part").exists()


async def test_a_file_that_is_there_is_skipped_and_another_one_is_not_overwritten(
    engine, ledger, wanted, tmp_path
):
    deliverable = wanted[1].deliverables[0]
    for expected in (TransferState.DONE, TransferState.SKIPPED):
        target, transfer = queue(ledger, tmp_path, wanted, deliverable)
        assert (await until(finished(ledger, transfer), "the download")).state is expected
    target.write_bytes(b"mine")
    _, transfer = queue(ledger, tmp_path, wanted, deliverable)
    refused = await until(finished(ledger, transfer), "the refusal")
    assert refused.state is TransferState.FAILED
    assert "differs" in refused.problem
    assert target.read_bytes() == b"mine"


async def test_a_wrong_checksum_never_gets_the_real_name(engine, ledger, sandbox, wanted, tmp_path, dialect):
    if dialect == "v1":
        pytest.skip("v1 knows no checksums")
    sandbox.faults.set("wrong-checksum")
    target, transfer = queue(ledger, tmp_path, wanted, wanted[1].deliverables[0])
    failed = await until(finished(ledger, transfer), "the failure")
    assert failed.state is TransferState.FAILED
    assert "sha256" in failed.problem
    assert not target.exists()
    assert Path(f"{target}.bad").exists()


async def test_an_expired_url_is_renewed(engine, ledger, sandbox, wanted, tmp_path):
    sandbox.faults.set("expire-urls@1")
    target, transfer = queue(ledger, tmp_path, wanted, wanted[1].deliverables[0])
    done = await until(finished(ledger, transfer), "the download")
    assert done.state is TransferState.DONE, done.problem
    assert target.exists()


async def test_a_folder_that_can_not_be_made_is_a_clear_failure(engine, ledger, wanted, tmp_path):
    (tmp_path / "file").write_text("in the way")
    _, transfer = queue(ledger, tmp_path / "file" / "sub", wanted, wanted[1].deliverables[0])
    failed = await until(finished(ledger, transfer), "the failure")
    assert failed.state is TransferState.FAILED
    assert "Can't write" in failed.problem
    assert (tmp_path / "file").read_text() == "in the way"


def test_downloads_go_through_the_proxy_of_the_environment_but_never_on_loopback(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    assert proxy_for("https://bucket.s3.amazonaws.com/x?y") == "http://proxy.example:3128"
    assert proxy_for("https://inside.example/x") is None
    assert proxy_for("http://127.0.0.1:9000/x") is None
