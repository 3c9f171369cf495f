"""Two transfers that want the same file, and other ways in which one could spoil another."""

import asyncio
import os
import resource
import sqlite3
from pathlib import Path

from gencove_tui.engine.watch import scan_folder
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import DownloadSource, GncvPath, TransferState, Wish
from tests.dialects import both_dialects
from tests.engine.conftest import running_engine
from tests.engine.test_downloads import queue
from tests.engine.test_uploads import PLACE, finished
from tests.files import large
from tests.waiting import until


@both_dialects
async def test_of_two_files_for_one_place_the_second_is_refused(engine, ledger, sandbox, tmp_path):
    sandbox.faults.set("s3-latency=0.3")
    one = write_pair(tmp_path / "one", "A", 1, 300, seed=1).r1
    two = write_pair(tmp_path / "two", "A", 1, 400, seed=2).r1
    with ledger.write():
        first = ledger.transfers.add_upload(str(one), PLACE + "A.fastq.gz", one.stat().st_size)
        second = ledger.transfers.add_upload(str(two), PLACE + "A.fastq.gz", two.stat().st_size)
    assert (await until(finished(ledger, first), "the first")).state is TransferState.DONE
    refused = await until(finished(ledger, second), "the second")
    assert refused.state is TransferState.FAILED
    assert "already holds another file" in refused.problem
    assert sandbox.upload_bytes(PLACE + "A.fastq.gz") == one.read_bytes()


async def test_of_two_downloads_to_one_file_the_second_finds_it_there(
    engine,
    ledger,
    sandbox,
    tmp_path,
    wanted,
):
    deliverable = wanted[1].deliverables[0]
    with ledger.write():
        target, first = queue(ledger, tmp_path, wanted, deliverable)
        _, second = queue(ledger, tmp_path, wanted, deliverable)
    assert (await until(finished(ledger, first), "the first")).state is TransferState.DONE
    assert (await until(finished(ledger, second), "the second")).state is TransferState.SKIPPED
    assert target.exists()


async def test_a_broken_file_leaves_nothing_behind(settings, ledger, sandbox, tmp_path):
    path = large(tmp_path, 40 << 20, seed=3)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 7)
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    async with running_engine(settings):
        failed = await until(finished(ledger, transfer), "the failure")
    assert failed.state is TransferState.FAILED
    assert not sandbox.open_multiparts()
    assert sandbox.upload_bytes(PLACE + path.name) is None


async def test_cancelling_a_failure_takes_its_parts_back(settings, ledger, sandbox, tmp_path):
    path = large(tmp_path, 40 << 20, seed=3)
    transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    sandbox.faults.set("s3-denied@99+2")  # the object is begun, then the keys are good for nothing more
    async with running_engine(settings):
        failed = await until(finished(ledger, transfer), "the failure")
        assert failed.state is TransferState.FAILED
        sandbox.faults.clear()
        assert sandbox.open_multiparts()
        ledger.transfers.wish([transfer], Wish.CANCEL)
        await until(lambda: not sandbox.open_multiparts(), "the store to forget the parts")
    assert ledger.transfers.get(transfer).state is TransferState.CANCELLED


async def test_a_clean_up_that_gets_no_answer_stops_nobody(settings, ledger, sandbox, fastq_pair, tmp_path):
    path = large(tmp_path, 40 << 20, seed=3)
    sandbox.faults.set("s3-latency=1:BIG")
    slow = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
    async with running_engine(settings):
        await until(lambda: ledger.transfers.journal(slow).multipart_id, "the multipart")
        sandbox.faults.clear()
        sandbox.faults.set("s3-latency=20")
        ledger.transfers.wish([slow], Wish.CANCEL)
        await until(lambda: ledger.transfers.get(slow).state is TransferState.CANCELLED, "the end", 10)
        sandbox.faults.clear()
        quick = fastq_pair[0]
        other = ledger.transfers.add_upload(str(quick), PLACE + quick.name, quick.stat().st_size)
        done = await until(finished(ledger, other), "another upload meanwhile", 15)
        assert done.state is TransferState.DONE


async def test_a_name_that_is_not_utf_8_fails_once_and_clearly(engine, ledger, sandbox, tmp_path, wanted):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    Path(folder).mkdir()
    deliverable = wanted[1].deliverables[0]
    target = f"{folder}/{deliverable.name}"
    Path(target).write_bytes(b"mine")
    source = DownloadSource(
        project_id=wanted[0],
        sample_id=wanted[1].id,
        file_type=deliverable.file_type,
        file_id=deliverable.id,
    )
    transfer = ledger.transfers.add_download(target, "s/x", source, None)
    failed = await until(finished(ledger, transfer), "the failure")
    assert failed.state is TransferState.FAILED
    assert failed.attempts == 1


async def test_a_ledger_that_is_locked_at_the_start_of_a_transfer_loses_no_place(
    settings, ledger, sandbox, tmp_path, monkeypatch
):
    monkeypatch.setattr("gencove_tui.store.database.BUSY_SECONDS", 0.05)
    paths = [write_pair(tmp_path / str(n), f"S{n}", n, 50, seed=n).r1 for n in range(1, 7)]
    async with running_engine(settings):
        await until(lambda: ledger.engine.read().pid, "the engine to be at work")
        ids = [ledger.transfers.add_upload(str(p), PLACE + p.name, p.stat().st_size) for p in paths]
        blocker = sqlite3.connect(settings.state_folder / "ledger.db", isolation_level=None, timeout=10)
        blocker.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(1.5)  # the length of the lock is the fault itself
        blocker.execute("ROLLBACK")
        for transfer in ids:
            ended = await until(finished(ledger, transfer), "every upload")
            assert ended.state in (TransferState.DONE, TransferState.SKIPPED), ended.problem


def test_a_scan_of_many_folders_needs_few_descriptors(tmp_path):
    for number in range(300):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "a_R1.fastq.gz").write_bytes(b"x")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 40, hard))
    try:
        assert sum(1 for _ in scan_folder(str(tmp_path))) == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_rule_that_is_widened_takes_what_it_left_out(settings, ledger, sandbox, tmp_path):
    folder = tmp_path / "run"
    write_pair(folder, "A", 1, 100, seed=1)
    place = GncvPath(PLACE)
    number = ledger.rules.put(str(folder), place, settle=0.1, files=("!*_R2_*",))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(number) == {"uploaded": 1, "ignored": 1}, "R1 alone")
        ledger.rules.put(str(folder), place, settle=0.1)
        await until(lambda: ledger.rules.counts(number) == {"uploaded": 2}, "R2 as well")


async def test_an_empty_file_is_left_out_until_it_is_not(settings, ledger, sandbox, tmp_path):
    folder = tmp_path / "run"
    path = write_pair(folder, "A", 1, 100, seed=1).r1
    data = path.read_bytes()
    path.write_bytes(b"")
    number = ledger.rules.put(str(folder), GncvPath(PLACE), settle=0.1)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(number).get("ignored") == 1, "the empty one left out")
        path.write_bytes(data)
        await until(lambda: ledger.rules.counts(number).get("uploaded") == 2, "both")
