"""The disk that downloads go to: full or read-only. A full one is told once, and its end is noticed."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gencove_tui.config import HOME_VARIABLE, resolve
from gencove_tui.engine.targets import PART_SUFFIX
from gencove_tui.model import DownloadSource, TransferState, Wish
from gencove_tui.store.ledger import Ledger
from tests.engine.conftest import running_engine
from tests.faults.test_ledger_trouble import TROUBLE
from tests.faults.watching import Upload, add_download, ended, told
from tests.waiting import until

KINDS = ("impute-vcf", "alignment-bam")
MIB = 1 << 20


@pytest.fixture
def dialect():
    return "v2"  # its names of file types; nothing here differs in the other


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 20 MiB of its own; needs the right to mount one."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("may not mount a disk here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def queue(ledger, wanted):
    def queue(folder: Path) -> list[tuple[int, Path]]:
        queued = []
        for deliverable in wanted[1].deliverables:
            if deliverable.file_type not in KINDS:
                continue
            target = folder / deliverable.file_type
            source = DownloadSource(
                project_id=wanted[0],
                sample_id=wanted[1].id,
                file_type=deliverable.file_type,
                file_id=deliverable.id,
            )
            queued.append((ledger.transfers.add_download(str(target), target.name, source, None), target))
        return queued

    return queue


def fill(disk: Path) -> Path:
    """Write to a disk until nothing more goes; returns the file that takes the room."""
    ballast = disk / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, bytes(4096))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(descriptor)
    return ballast


def states(ledger, queued):
    return {ledger.transfers.get(number).state for number, _ in queued}


def notices(ledger):
    return [event for event in ledger.events.after(0, 100_000) if event.kind == "disk.full"]


async def all_done(ledger, queued):
    def look():
        found = [ledger.transfers.get(number) for number, _ in queued]
        assert not any(t.state is TransferState.FAILED for t in found), [t.problem for t in found]
        return all(t.state is TransferState.DONE for t in found)

    await until(look, "all downloads")
    for _, target in queued:
        assert target.stat().st_size > 0
        assert not Path(f"{target}{PART_SUFFIX}").exists()


async def test_a_disk_without_room_holds_all_downloads_with_one_notice(engine, ledger, queue, small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(17 * MIB))
    queued = queue(small_disk)
    notice = await until(lambda: ledger.engine.read().notice, "the notice")
    assert "No room in" in notice
    assert "by themselves" in notice
    big = queued[1 if queued[1][1].name == "alignment-bam" else 0]
    waiting = await until(
        lambda: (t := ledger.transfers.get(big[0])).state is TransferState.WAITING and t, "the wait"
    )
    assert "No room" in waiting.problem
    assert "Make room" in waiting.remedy
    assert len(notices(ledger)) == 1
    ballast.unlink()
    await all_done(ledger, queued)
    assert ledger.engine.read().notice == ""
    assert len(notices(ledger)) == 1
    for number, _ in queued:
        assert told(ledger, number)[-1] == "download.done"


async def test_a_disk_that_others_fill_meanwhile_is_waited_for(engine, ledger, sandbox, queue, small_disk):
    sandbox.faults.set("rate=3M")
    queued = queue(small_disk)
    await until(lambda: any(small_disk.glob(f"*{PART_SUFFIX}")), "the first bytes")
    ballast = fill(small_disk)
    await until(lambda: ledger.engine.read().notice, "the notice")
    sandbox.faults.clear()
    assert not states(ledger, queued) & {TransferState.FAILED}
    ballast.unlink()
    await all_done(ledger, queued)
    assert len(notices(ledger)) == 1
    assert ledger.engine.read().notice == ""


async def test_a_write_that_finds_no_room_is_made_again(engine, ledger, queue, tmp_path, monkeypatch):
    """The same without a disk of our own: the operating system's answer is put in its mouth."""
    real = os.pwrite
    full = True

    def write(descriptor, data, offset):
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", write)

    async def has_room(self, transfer_id, problem):
        return not full

    monkeypatch.setattr("gencove_tui.engine.room.Room._has_room", has_room)
    queued = queue(tmp_path / "out")
    await until(lambda: ledger.engine.read().notice, "the notice")
    assert "No room in" in ledger.engine.read().notice
    await until(lambda: TransferState.RUNNING not in states(ledger, queued), "the rest of all downloads")
    assert not states(ledger, queued) & {TransferState.FAILED}
    full = False
    await all_done(ledger, queued)
    assert len(notices(ledger)) == 1


async def test_a_disk_that_can_never_hold_the_file_is_said_at_once(
    engine, ledger, queue, tmp_path, monkeypatch
):
    usage = shutil.disk_usage(tmp_path)
    tiny = type(usage)(1000, 0, 1000)
    monkeypatch.setattr("gencove_tui.engine.room.shutil.disk_usage", lambda folder: tiny)
    queued = queue(tmp_path / "out")
    await until(lambda: states(ledger, queued) == {TransferState.FAILED}, "the refusals")
    for number, target in queued:
        failed = ledger.transfers.get(number)
        assert "too small" in failed.problem
        assert "larger disk" in failed.remedy
        assert not target.exists()


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES], ids=["read-only", "not allowed"])
async def test_a_folder_that_may_not_be_written_to_is_a_clear_failure(
    engine, ledger, queue, tmp_path, monkeypatch, code
):
    folder = tmp_path / "out"
    folder.mkdir()
    real = os.open

    def refuse(path, flags, *arguments, **options):
        if str(path).startswith(str(folder)) and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(code, os.strerror(code))
        return real(path, flags, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)  # root, whom tests may run as, may write everywhere
        queued = queue(folder)
        await until(lambda: states(ledger, queued) == {TransferState.FAILED}, "the refusals")
    for number, _ in queued:
        failed = ledger.transfers.get(number)
        assert "Can't write" in failed.problem
        assert os.strerror(code) in failed.problem
        assert "Choose a folder" in failed.remedy
    assert list(folder.iterdir()) == []
    ledger.transfers.wish([number for number, _ in queued], Wish.RUN)
    await all_done(ledger, queued)


async def test_a_disk_that_is_mounted_read_only(engine, ledger, queue, small_disk):
    if subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], capture_output=True).returncode:
        pytest.skip("may not mount a disk here")
    queued = queue(small_disk)
    await until(lambda: states(ledger, queued) == {TransferState.FAILED}, "the refusals")
    for number, _ in queued:
        assert "Can't write" in ledger.transfers.get(number).problem
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    ledger.transfers.wish([number for number, _ in queued], Wish.RUN)
    await all_done(ledger, queued)


@pytest.fixture
def profile_on(small_disk, environment):
    """The whole profile on the small disk."""
    home = small_disk / "app"
    shutil.copytree(environment[HOME_VARIABLE], home)
    return resolve(environment={**environment, HOME_VARIABLE: str(home)})


@pytest.mark.parametrize("direction", ["upload", "download"])
async def test_a_ledger_without_room_stops_nothing_for_good(
    profile_on, sandbox, fastq_pair, wanted, small_disk, tmp_path, caplog, direction
):
    """The ledger itself lies on the full disk: what was going on goes on once there is room."""
    with Ledger(profile_on.state_folder) as ledger:
        if direction == "upload":
            moved = Upload(ledger, sandbox, fastq_pair[0], "gncv://lab/full_R1.fastq.gz")
            sandbox.faults.set("s3-slowdown")
        else:
            moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
            sandbox.faults.set("file-slowdown")
        async with running_engine(profile_on):
            await until(lambda: moved.look().attempts, "the start")
            ballast = fill(small_disk)
            await until(lambda: any(words in caplog.text for words in TROUBLE), "the trouble")
            sandbox.faults.clear()
            ballast.unlink()
            done = await ended(moved, "the end once there is room")
    assert done.state in (TransferState.DONE, TransferState.SKIPPED), done.problem
    there = sandbox.upload_bytes(moved.place) if direction == "upload" else moved.target.read_bytes()
    assert there == moved.content


@pytest.mark.parametrize("disk", ["full", "read-only"])
async def test_an_upload_needs_no_room_beside_its_file_nor_may_it_write_there(
    engine, ledger, sandbox, fastq_pair, small_disk, disk
):
    path = Path(shutil.copy(fastq_pair[0], small_disk))
    if disk == "full":
        fill(small_disk)
    elif subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], capture_output=True).returncode:
        pytest.skip("may not mount a disk here")
    upload = Upload(ledger, sandbox, path, "gncv://lab/full_R1.fastq.gz")
    assert (await ended(upload, "the upload")).state is TransferState.DONE
    upload.check_done()
