"""The ledger itself in trouble: the engine waits and goes on, and no transfer is lost."""

import sqlite3

import pytest

from gencove_tui.model import TransferState
from tests.engine.conftest import running_engine
from tests.faults.watching import Upload, add_download, ended
from tests.waiting import until

TROUBLE = ("can't be used now", "Can't use")
"""What the log says of a ledger that is locked or has no room."""


@pytest.fixture
def blocker(settings):
    """Another program's connection to the ledger."""
    connection = sqlite3.connect(settings.state_folder / "ledger.db", isolation_level=None)
    yield connection
    connection.close()


async def test_a_ledger_that_is_locked_for_a_while_stops_nothing(
    settings, ledger, sandbox, fastq_pair, monkeypatch, caplog, blocker
):
    monkeypatch.setattr("gencove_tui.store.database.BUSY_SECONDS", 0.05)
    upload = Upload(ledger, sandbox, fastq_pair[0], f"gncv://lab/run-1/{fastq_pair[0].name}")
    async with running_engine(settings):
        await until(lambda: upload.look().state is not TransferState.QUEUED, "the start")
        blocker.execute("BEGIN IMMEDIATE")
        await until(lambda: any(words in caplog.text for words in TROUBLE), "the trouble")
        blocker.execute("ROLLBACK")
        done = await ended(upload, "the upload")
    assert done.state in (TransferState.DONE, TransferState.SKIPPED), done.problem
    assert sandbox.upload_bytes(upload.place) == upload.content


async def test_a_download_through_a_ledger_that_is_locked_for_a_while(
    settings, ledger, sandbox, wanted, tmp_path, monkeypatch, caplog, blocker
):
    monkeypatch.setattr("gencove_tui.store.database.BUSY_SECONDS", 0.05)
    sandbox.faults.set("rate=400k")
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    async with running_engine(settings):
        await until(lambda: any(p.bytes_done for p in ledger.transfers.parts(moved.id)), "first bytes")
        blocker.execute("BEGIN IMMEDIATE")
        sandbox.faults.clear()
        await until(lambda: any(words in caplog.text for words in TROUBLE), "the trouble")
        blocker.execute("ROLLBACK")
        done = await ended(moved, "the download")
    assert done.state is TransferState.DONE, done.problem
    moved.check_done()
