"""What the ledger keeps through a power cut, and what a long queue costs."""

import pytest

from gencove_tui.model import Direction, DownloadSource, TransferState, Wish
from gencove_tui.store.ledger import Ledger

SOURCE = DownloadSource(project_id="p", sample_id="s", file_type="impute-vcf", file_id="f")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def commits(ledger):
    """SQLite's level of synchronisation at the end of each transaction: 2 is FULL, 1 is NORMAL."""
    levels = []
    connection = ledger.transfers._db._connection

    def look(statement):
        if statement == "COMMIT":
            levels.append(level[0])
        elif statement.startswith("PRAGMA synchronous="):
            level[0] = statement.partition("=")[2]

    level = ["FULL" if connection.execute("PRAGMA synchronous").fetchone()[0] == 2 else "NORMAL"]
    connection.set_trace_callback(look)
    return levels


def test_what_permits_an_act_and_what_ends_one_survive_a_power_cut(ledger, commits):
    transfer = ledger.transfers.add_upload("/a", "gncv://a", 1)
    ledger.transfers.note(transfer, bucket="b", object_key="k", completing=True, crc32="AAAAAA==")
    ledger.transfers.set_state(transfer, TransferState.DONE)
    ledger.transfers.wish([transfer], Wish.CANCEL)
    assert len(commits) >= 4
    assert set(commits) == {"FULL"}


def test_progress_that_the_store_knows_as_well_costs_no_flush(ledger, commits):
    transfer = ledger.transfers.add_upload("/a", "gncv://a", 1)
    commits.clear()
    ledger.transfers.set_state(transfer, TransferState.RUNNING, count_attempt=True)
    ledger.engine.read()
    assert commits == ["NORMAL"]


def test_a_step_costs_the_same_in_a_long_queue(tmp_path):
    def work(length):
        """Instructions of SQLite's machine for the queries of one step, in hundreds."""
        ticks = [0]

        def tick():
            ticks[0] += 1

        with Ledger(tmp_path / str(length)) as ledger, ledger.write(durable=False):
            add_many(ledger, length)
            connection = ledger.transfers._db._connection
            connection.set_progress_handler(tick, 100)
            step(ledger)
            connection.set_progress_handler(None, 0)
        return ticks[0]

    short, long = work(1000), work(10_000)
    assert long <= 2 * short + 5


def add_many(ledger, length):
    for number in range(length):
        upload = ledger.transfers.add_upload(f"/{number}", f"gncv://{number}", 1 << (number % 30))
        download = ledger.transfers.add_download(f"/out/{number}", str(number), SOURCE, 1 << (number % 30))
        if number % 4 == 1:
            ledger.transfers.set_state(upload, TransferState.DONE)
        elif number % 4 == 2:
            ledger.transfers.set_state(upload, TransferState.WAITING, retry_at=2e9 + 60)
        elif number % 4 == 3:
            ledger.transfers.set_state(download, TransferState.FAILED)


def step(ledger):
    queue = ledger.transfers
    queue.follow_at_rest(())
    queue.unwanted()
    queue.wake_waiting(2e9)
    queue.next_retry()
    for direction in Direction:
        for small in (True, False):
            assert len(queue.runnable(direction, 36, small=small)) == 36
