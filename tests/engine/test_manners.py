"""What the engine does about limits, full disks, lost lines and files that are there already."""

import asyncio
import gzip
import hashlib
import json
import shutil
import time
from collections import namedtuple

import pytest

from gencove_tui.engine import line, room
from gencove_tui.engine.leftovers import OLD_SECONDS
from gencove_tui.engine.limits import Lanes, Limiter
from gencove_tui.engine.targets import QC, documents_of
from gencove_tui.model import Direction, DownloadSource, TransferState, Wish
from tests.dialects import both_dialects
from tests.engine.conftest import running_engine
from tests.engine.test_downloads import queue
from tests.engine.test_uploads import PLACE, finished
from tests.files import large
from tests.waiting import until

MIB = 1 << 20
Usage = namedtuple("Usage", "total used free")


def events(ledger, *kinds):
    return [event for event in reversed(ledger.events.newest(1000)) if event.kind in kinds]


async def upload(ledger, path, place=None, **options):
    return ledger.transfers.add_upload(str(path), place or PLACE + path.name, path.stat().st_size, **options)


# --- what is there already -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1000, 20 * MIB])
async def test_another_content_of_the_same_size_is_a_conflict(engine, ledger, sandbox, tmp_path, size):
    one, other = tmp_path / "one.fastq.gz", tmp_path / "other.fastq.gz"
    one.write_bytes(bytes(size))
    other.write_bytes(b"x" * size)
    first = await upload(ledger, one, PLACE + "a.fastq.gz", check="none")
    assert (await until(finished(ledger, first), "the upload")).state is TransferState.DONE
    same = await upload(ledger, one, PLACE + "a.fastq.gz", check="none")
    skipped = await until(finished(ledger, same), "the second upload")
    assert skipped.state is TransferState.SKIPPED
    assert "same checksum" in events(ledger, "upload.skipped")[0].message
    second = await upload(ledger, other, PLACE + "a.fastq.gz", check="none")
    refused = await until(finished(ledger, second), "the conflict")
    assert refused.state is TransferState.FAILED
    assert "already holds another file" in refused.problem
    assert "Nothing was overwritten" in refused.remedy
    assert sandbox.upload_bytes(PLACE + "a.fastq.gz") == bytes(size)


async def test_a_level_decides_how_closely_a_file_is_looked_at(engine, ledger, sandbox, tmp_path):
    no_gzip, no_fastq = tmp_path / "a_R1.fastq.gz", tmp_path / "b_R1.fastq.gz"
    no_gzip.write_bytes(b"not gzip at all")
    no_fastq.write_bytes(gzip.compress(b"neither name nor quality\n"))
    ends = {}
    for path in (no_gzip, no_fastq):
        for check in ("full", "gzip", "none"):
            transfer = await upload(ledger, path, f"{PLACE}{check}/{path.name}", check=check)
            ends[path.name[0], check] = (await until(finished(ledger, transfer), "the end")).state
    done, failed = TransferState.DONE, TransferState.FAILED
    assert ends == {
        ("a", "full"): failed,
        ("a", "gzip"): failed,
        ("a", "none"): done,
        ("b", "full"): failed,
        ("b", "gzip"): done,
        ("b", "none"): done,
    }
    assert sandbox.upload_bytes(f"{PLACE}none/a_R1.fastq.gz") == b"not gzip at all"


# --- limits ----------------------------------------------------------------------------------------------


async def test_small_files_flow_beside_large_ones(engine, ledger, sandbox, tmp_path, fastq_pair):
    sandbox.faults.set("s3-rate=2M")
    big = large(tmp_path, 40 * MIB, seed=1)
    slow = [await upload(ledger, big, f"{PLACE}{n}/{big.name}") for n in range(1)]
    await until(lambda: ledger.transfers.get(slow[0]).bytes_done, "the large file on its way")
    for path in fastq_pair:
        small = await upload(ledger, path)
        assert (await until(finished(ledger, small), "the small file")).state is TransferState.DONE
    assert not ledger.transfers.get(slow[0]).state.is_final
    ledger.transfers.wish(slow, Wish.CANCEL)
    await until(finished(ledger, slow[0]), "the cancel")


async def test_parts_and_small_files_have_lanes_of_their_own_in_each_direction():
    lanes = Lanes(2, Limiter())
    up = lanes.of(Direction.UPLOAD, small=False)
    await up.acquire()
    await up.acquire()
    assert up.locked()
    assert not lanes.of(Direction.UPLOAD, small=True).locked()
    assert not lanes.of(Direction.DOWNLOAD, small=False).locked()


async def test_the_limit_holds_for_the_sum_and_both_directions_get_their_turn(monkeypatch):
    now = 0.0
    real_sleep = asyncio.sleep

    async def sleep(seconds):
        nonlocal now
        now += seconds
        await real_sleep(0)

    limiter = Limiter(clock=lambda: now)
    limiter.rate = 1000
    monkeypatch.setattr("gencove_tui.engine.limits.asyncio.sleep", lambda s: sleep(s))
    moved = []

    async def stream(direction):
        for _ in range(20):
            await limiter.take(direction, 250)
            moved.append((now, direction))
            await real_sleep(0)

    crowd = (*[Direction.UPLOAD] * 4, *[Direction.DOWNLOAD] * 2)
    await asyncio.gather(*(stream(direction) for direction in crowd))
    assert now == pytest.approx(120 * 250 / 1000, rel=0.1)
    first = [direction for _, direction in moved[:20]]
    assert first.count(Direction.DOWNLOAD) == pytest.approx(10, abs=2)


async def test_lifting_the_limit_frees_those_that_wait():
    limiter = Limiter()
    limiter.rate = 1
    await limiter.take(Direction.UPLOAD, 1 << 30)  # in debt for many minutes
    waiting = asyncio.create_task(limiter.take(Direction.UPLOAD, 1))
    await asyncio.sleep(0)
    assert not waiting.done()
    limiter.rate = None
    await asyncio.wait_for(waiting, 30)


async def test_a_limit_from_the_ledger_is_followed_at_once(engine, ledger, sandbox, tmp_path):
    ledger.controls.set_bandwidth(1)
    path = large(tmp_path, 20 * MIB, seed=5)
    transfer = await upload(ledger, path)
    await until(lambda: ledger.transfers.get(transfer).state is TransferState.RUNNING, "the start")
    ledger.controls.set_bandwidth(0)
    done = await until(finished(ledger, transfer), "the end without a limit")
    assert done.state is TransferState.DONE
    assert sandbox.upload_bytes(PLACE + path.name) == path.read_bytes()


async def test_everything_can_be_paused_and_resumed_at_once(engine, ledger, sandbox, tmp_path, fastq_pair):
    sandbox.faults.set("s3-rate=1M")
    big = await upload(ledger, large(tmp_path, 30 * MIB, seed=1))
    await until(lambda: ledger.transfers.get(big).bytes_done, "the large file on its way")
    rest = [await upload(ledger, path, f"{PLACE}{n}/{path.name}") for n in range(3) for path in fastq_pair]
    ledger.transfers.wish_all(Wish.PAUSE)

    def resting():
        return {ledger.transfers.get(i).state for i in (big, *rest)} <= {
            TransferState.PAUSED,
            TransferState.DONE,
        }

    await until(resting, "the pause")
    assert ledger.transfers.get(big).state is TransferState.PAUSED
    sandbox.faults.clear()
    ledger.transfers.wish_all(Wish.RUN)
    for transfer in (big, *rest):
        assert (await until(finished(ledger, transfer), "the end")).state is TransferState.DONE


# --- full disks ------------------------------------------------------------------------------------------


async def test_a_full_disk_is_told_once_and_ends_by_itself(
    engine,
    ledger,
    sandbox,
    wanted,
    tmp_path,
    monkeypatch,
):
    free = {"bytes": 0}
    monkeypatch.setattr(room, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(
        room.shutil, "disk_usage", lambda _: Usage(1 << 40, 0, room.reserve(1 << 40) + free["bytes"])
    )
    queued = [queue(ledger, tmp_path / "out", wanted, d)[1] for d in wanted[1].deliverables]
    assert len(queued) > 1
    await until(lambda: events(ledger, "disk.full"), "the notice")
    notice = ledger.engine.read().notice
    assert "No room" in notice
    assert "go on by themselves" in notice
    free["bytes"] = 1 << 39
    for transfer in queued:
        assert (await until(finished(ledger, transfer), "the download")).state is TransferState.DONE
    assert len(events(ledger, "disk.full")) == 1
    assert len(events(ledger, "disk.room")) == 1
    assert events(ledger, "download.waiting", "download.failed") == []
    assert ledger.engine.read().notice == ""


async def test_a_file_larger_than_the_whole_disk_fails_and_holds_nobody_up(
    engine,
    ledger,
    wanted,
    tmp_path,
    monkeypatch,
):
    total = 4 * MIB  # more than any file but the BAM takes
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: Usage(total, 0, total))
    queued = [queue(ledger, tmp_path / "out", wanted, d)[1] for d in wanted[1].deliverables]
    ends = [await until(finished(ledger, transfer), "the end") for transfer in queued]
    too_large = [end for end in ends if end.state is TransferState.FAILED]
    assert len(too_large) >= 1
    assert all("too small" in end.problem for end in too_large)
    assert any(end.state is TransferState.DONE for end in ends)


# --- the line --------------------------------------------------------------------------------------------


async def test_being_offline_is_told_once_and_ends_by_itself(
    engine, ledger, sandbox, fastq_pair, tmp_path, monkeypatch
):
    monkeypatch.setattr(line, "_LONGEST_REST", 0.1)
    sandbox.faults.set("drop:/api/", "drop:/")
    queued = [await upload(ledger, path, f"{PLACE}{n}/{path.name}") for n in range(4) for path in fastq_pair]
    await until(lambda: events(ledger, "offline"), "the notice", patience=60)
    assert "Offline" in ledger.engine.read().notice
    sandbox.faults.clear()
    for transfer in queued:
        done = await until(finished(ledger, transfer), "the upload", patience=60)
        assert done.state is TransferState.DONE
    assert len(events(ledger, "offline")) == len(events(ledger, "online")) == 1
    assert ledger.engine.read().notice == ""


# --- what stays behind -----------------------------------------------------------------------------------


async def test_parts_that_nobody_finished_are_cleared_once_they_are_old(settings, ledger, sandbox, tmp_path):
    sandbox.faults.set("s3-rate=1M")
    async with running_engine(settings):
        transfer = await upload(ledger, large(tmp_path, 30 * MIB, seed=1))
        await until(sandbox.open_multiparts, "the multipart")
        await until(lambda: ledger.transfers.journal(transfer).multipart_id, "its note")
    sandbox.faults.clear()
    with ledger.write() as connection:
        connection.execute("UPDATE multiparts SET touched=?", (time.time() - OLD_SECONDS - 1,))
        connection.execute("UPDATE transfers SET wish='pause', state='paused'")
    async with running_engine(settings):
        await until(lambda: not sandbox.open_multiparts(), "the clearing")
        ledger.transfers.wish([transfer], Wish.RUN)
        assert (await until(finished(ledger, transfer), "a new start")).state is TransferState.DONE
    assert not sandbox.open_multiparts()


async def test_after_a_new_boot_only_what_reached_the_disk_is_trusted(
    settings,
    ledger,
    sandbox,
    wanted,
    tmp_path,
):
    largest = next(d for d in wanted[1].deliverables if d.file_type in ("bam", "alignment-bam"))
    sandbox.faults.set("rate=2M")
    async with running_engine(settings):
        target, transfer = queue(ledger, tmp_path, wanted, largest)

        def some():
            return sum(part.bytes_done for part in ledger.transfers.parts(transfer))

        await until(some, "some bytes")
    assert some() > sum(part.synced for part in ledger.transfers.parts(transfer))
    partial = target.with_name(target.name + ".gencove.part")
    partial.write_bytes(bytes(partial.stat().st_size))  # what a power cut may leave of unwritten pages
    ledger.transfers.note(transfer, boot="an earlier boot")
    sandbox.faults.clear()
    async with running_engine(settings):
        done = await until(finished(ledger, transfer), "the download")
    assert done.state is TransferState.DONE, done.problem
    whole = target.read_bytes()
    assert len(whole) == done.size
    assert whole.count(0) < len(whole) // 2
    if done.checksum:
        assert hashlib.sha256(whole).hexdigest() == done.checksum


# --- side files and documents ----------------------------------------------------------------------------


@both_dialects
async def test_a_side_file_can_be_checked_by_sha256sum(engine, ledger, wanted, tmp_path, dialect):
    project_id, sample = wanted
    found = min(sample.deliverables, key=lambda d: d.size or 1 << 60)
    source = DownloadSource(
        project_id=project_id, sample_id=sample.id, file_type=found.file_type, file_id=found.id
    )
    target = tmp_path / "result.bin"
    transfer = ledger.transfers.add_download(str(target), "x", source, None, side_file=True)
    assert (await until(finished(ledger, transfer), "the download")).state is TransferState.DONE
    side = tmp_path / "result.bin.sha256"
    assert side.exists() is (dialect == "v2")
    if side.exists():
        assert shutil.which("sha256sum")
        check = await asyncio.create_subprocess_exec("sha256sum", "-c", side.name, cwd=tmp_path)
        assert await check.wait() == 0


@both_dialects
async def test_quality_control_and_metadata_are_saved_as_json(engine, ledger, wanted, tmp_path, dialect):
    project_id, sample = wanted
    ends = []
    for _ in range(2):
        queued = []
        for document in documents_of(sample):
            source = DownloadSource(
                project_id=project_id, sample_id=sample.id, file_type=document.file_type, file_id=""
            )
            target = tmp_path / document.name
            queued.append(ledger.transfers.add_download(str(target), document.name, source, None))
        ends.append([(await until(finished(ledger, i), "the document")).state for i in queued])
    if dialect == "v1":
        assert ends == [[TransferState.FAILED] * 2] * 2
        return
    assert ends == [[TransferState.DONE] * 2, [TransferState.SKIPPED] * 2]
    quality = json.loads((tmp_path / f"{sample.id}_qc.json").read_text())
    assert {key for row in quality for key in row} == {"quality_control_type", "quality_control"}
    assert list(json.loads((tmp_path / f"{sample.id}_metadata.json").read_text())) == ["metadata"]


@both_dialects
async def test_a_document_that_is_there_stays_and_its_age_is_told(engine, ledger, wanted, tmp_path, dialect):
    if dialect == "v1":
        pytest.skip("v1 has no such documents")
    project_id, sample = wanted
    source = DownloadSource(project_id=project_id, sample_id=sample.id, file_type=QC, file_id="")
    target = tmp_path / "qc.json"
    target.write_text("[]")
    transfer = ledger.transfers.add_download(str(target), "qc", source, None)
    assert (await until(finished(ledger, transfer), "the document")).state is TransferState.SKIPPED
    assert target.read_text() == "[]"
    assert len(events(ledger, "download.older")) == 1
