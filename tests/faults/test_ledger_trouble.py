"""The ledger itself in trouble: the engine waits and goes on, and no transfer is lost."""

import sqlite3

from gencove_tui.model import TransferState
from tests.engine.conftest import running_engine
from tests.engine.test_uploads import PLACE, finished
from tests.waiting import until


async def test_a_ledger_that_is_locked_for_a_while_stops_nothing(
    settings, ledger, sandbox, fastq_pair, monkeypatch, caplog
):
    monkeypatch.setattr("gencove_tui.store.database.BUSY_SECONDS", 0.05)
    path = fastq_pair[0]
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    blocker = sqlite3.connect(settings.state_folder / "ledger.db", isolation_level=None)
    async with running_engine(settings):
        await until(lambda: ledger.transfers.get(transfer).state is not TransferState.QUEUED, "the start")
        blocker.execute("BEGIN IMMEDIATE")
        ledger_trouble = "can't be used now"
        await until(lambda: ledger_trouble in caplog.text or "Can't use" in caplog.text, "the trouble", 20)
        blocker.execute("ROLLBACK")
        done = await until(finished(ledger, transfer), "the upload")
    assert done.state in (TransferState.DONE, TransferState.SKIPPED), done.problem
    assert sandbox.upload_bytes(PLACE + path.name) == path.read_bytes()
