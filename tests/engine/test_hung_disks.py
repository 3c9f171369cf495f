"""A disk that hangs, as a network disk does whose server is away: it holds up only its own transfers."""

import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from gencove_tui.engine import disks, guards, localfile, ranges
from gencove_tui.engine.disks import Disk, Disks
from gencove_tui.engine.mounts import NOWHERE, Mount, mount_of
from gencove_tui.engine.outcome import TransferWaits
from gencove_tui.model import TransferState, Wish
from tests.engine.conftest import running_engine
from tests.engine.test_downloads import queue
from tests.engine.test_manners import events, upload
from tests.engine.test_uploads import finished
from tests.files import large
from tests.hanging import hang_in
from tests.waiting import until

MIB = 1 << 20
LOCAL = Mount("/", "8:1", "ext4")
NFS = Mount("/mnt/lab", "0:50", "nfs4")


@pytest.fixture
def dialect():
    return "v2"


@pytest.mark.parametrize("deed", ["open", "stat", "pread"])
async def test_uploads_from_a_disk_that_hangs(settings, ledger, sandbox, fastq_pair, away, monkeypatch, deed):
    folder, back = away
    ids = []
    for number in range(6):  # more than there are threads
        (folder / str(number)).mkdir()
        stuck = large(folder / str(number), 1 * MIB, seed=number)
        ids.append(await upload(ledger, stuck, f"gncv://lab/{number}/{stuck.name}"))
    hang_in(monkeypatch, away, Path if deed == "stat" else os, deed)

    def waits():
        return [t for i in ids if (t := ledger.transfers.get(i)).state is TransferState.WAITING]

    async with running_engine(settings):
        waiting = await until(waits, "a wait")
        assert "does not answer" in waiting[0].problem
        assert str(folder) in waiting[0].problem
        other = await upload(ledger, fastq_pair[0], "gncv://lab/other.fastq.gz")
        assert (await until(finished(ledger, other), "the other")).state is TransferState.DONE
        back.set()
        ledger.transfers.wake(ids)
        for number in ids:
            assert (await until(finished(ledger, number), "the end")).state is TransferState.DONE


@pytest.mark.parametrize(("module", "deed"), [(ranges.os, "open"), (os, "pwrite")])
async def test_downloads_to_a_disk_that_hangs(
    settings, ledger, sandbox, wanted, tmp_path, away, monkeypatch, module, deed
):
    folder, back = away
    entered = hang_in(monkeypatch, away, module, deed)
    async with running_engine(settings):
        target, stuck = queue(ledger, folder / "out", wanted, wanted[1].deliverables[0])
        await until(lambda: entered, "the disk to hang")
        _, other = queue(ledger, tmp_path / "out", wanted, wanted[1].deliverables[1])
        assert (await until(finished(ledger, other), "the other")).state is TransferState.DONE
        waiting = await until(
            lambda: (t := ledger.transfers.get(stuck)).state is TransferState.WAITING and t, "the wait"
        )
        assert "does not answer" in waiting.problem
        assert not target.exists()
        back.set()
        ledger.transfers.wake([stuck])
        done = await until(finished(ledger, stuck), "the end")
    assert done.state is TransferState.DONE, done.problem
    assert target.stat().st_size == done.size


@pytest.mark.parametrize("deed", ["fdatasync", "link"])
async def test_what_a_disk_has_taken_is_waited_for_with_words(
    settings, ledger, sandbox, wanted, tmp_path, away, monkeypatch, deed
):
    folder, back = away
    entered = hang_in(monkeypatch, away, os, deed)
    found = wanted[1].deliverables
    async with running_engine(settings):
        # More than there are threads for the disk, and than places for downloads.
        stuck = [queue(ledger, folder / str(n), wanted, found[0]) for n in range(6)]

        def told():
            rows = [ledger.transfers.get(i) for _, i in stuck]
            return rows if all("does not answer since" in row.problem for row in rows) else None

        for row in await until(told, "the words of each"):
            assert row.state in (TransferState.RUNNING, TransferState.VERIFYING)
            assert str(folder) in row.problem
        assert entered
        assert str(folder) in ledger.engine.read().notice
        assert len(events(ledger, "download.delayed")) == 6
        _, other = queue(ledger, tmp_path / "out", wanted, found[1])
        assert (await until(finished(ledger, other), "the other")).state is TransferState.DONE
        (_, paused), (gone, cancelled), *rest = stuck
        ledger.transfers.wish([paused], Wish.PAUSE)
        ledger.transfers.wish([cancelled], Wish.CANCEL)
        await until(lambda: ledger.transfers.get(paused).state is TransferState.PAUSED, "the pause")
        await until(
            lambda: ledger.transfers.get(cancelled).state is TransferState.CANCELLED, "the cancelling"
        )
        back.set()
        for target, transfer in rest:
            done = await until(finished(ledger, transfer), "the end")
            assert done.state is TransferState.DONE, done.problem
            assert target.stat().st_size == done.size
        await until(lambda: not ledger.engine.read().notice, "the end of the notice")
        ledger.transfers.wish([paused], Wish.RUN)
        ledger.transfers.wake([paused])
        assert (await until(finished(ledger, paused), "the end")).state is TransferState.DONE
    if deed == "fdatasync":
        assert not gone.exists()


async def test_an_engine_leaves_a_disk_that_hangs_to_itself(settings, ledger, wanted, away, monkeypatch):
    folder, back = away
    entered = hang_in(monkeypatch, away, os, "fdatasync")
    async with running_engine(settings):
        target, stuck = queue(ledger, folder, wanted, wanted[1].deliverables[0])
        await until(lambda: entered, "the disk to hang")
    assert ledger.transfers.get(stuck).state is TransferState.QUEUED, "it goes on at the next start"
    back.set()
    async with running_engine(settings):
        assert (await until(finished(ledger, stuck), "the end")).state is TransferState.DONE
    assert target.exists()


async def test_a_slow_disk_that_moves_is_not_called_silent(monkeypatch):
    monkeypatch.setattr(guards, "STALL_SECONDS", 0.2)
    disk, go, told = Disk(LOCAL), threading.Event(), []
    still = [True]
    waiting = asyncio.create_task(disk.finished(go.wait, lambda: 0 if still[0] else len(told), told.append))
    await until(lambda: told, "the words")
    assert told[0] is not None
    still[0] = False  # bytes move again
    await until(lambda: None in told, "their end")
    go.set()
    await waiting
    disk.leave()


async def test_what_nobody_waits_for_any_more_is_undone(monkeypatch):
    monkeypatch.setattr(guards, "STALL_SECONDS", 0.2)
    back, undone = threading.Event(), []
    disk = Disk(NFS)
    with pytest.raises(TransferWaits, match="/mnt/lab does not answer"):
        await disk.soon(lambda: back.wait() and "a file", undo=undone.append)
    assert undone == []
    back.set()
    await until(lambda: undone == ["a file"], "the undoing")
    disk.leave()


async def test_a_long_read_that_moves_or_stands_in_line_is_none_that_hangs(monkeypatch):
    monkeypatch.setattr(guards, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(disks, "_THREADS", 1)
    disk, go, steps = Disk(LOCAL), threading.Event(), iter(range(1 << 30))
    first = asyncio.create_task(disk.run(go.wait, lambda: next(steps)))
    behind = asyncio.create_task(disk.run(lambda: "read", lambda: 0))
    await asyncio.sleep(0.6)  # three times the patience; a slower machine only makes it longer
    assert not first.done()
    assert not behind.done()
    go.set()
    assert await behind == "read"
    await first
    disk.leave()


def test_the_mount_of_a_path_is_found_without_touching_network_disks(tmp_path, monkeypatch):
    (tmp_path / "data").symlink_to(tmp_path / "far" / "runs")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    far = Mount(str(tmp_path / "far"), "0:7", "fuse.sshfs")
    mounted = [LOCAL, NFS, far]
    touched = []
    real = Path.readlink

    def readlink(self):
        touched.append(str(self))
        return real(self)

    monkeypatch.setattr(Path, "readlink", readlink)
    assert mount_of(str(tmp_path / "data" / "run1" / "x.fq.gz"), mounted) == far
    assert mount_of(str(tmp_path / "data" / ".." / "x"), mounted) == far
    assert mount_of("/mnt/lab/x", mounted) == NFS
    assert mount_of("/mnt/labor/x", mounted) == LOCAL
    assert mount_of(str(tmp_path / "loop" / "x"), mounted) == LOCAL
    assert mount_of("/anything", []) == NOWHERE
    assert not [path for path in touched if path.startswith((far.point, NFS.point + "/"))]


def test_each_mount_is_one_disk(monkeypatch):
    monkeypatch.setattr(disks, "mounts", lambda: [LOCAL, NFS])
    known = Disks()
    assert known.of("/mnt/lab/a") is known.of("/mnt/lab/b/c")
    assert known.of("/mnt/lab/a") is not known.of("/home/x")
    assert known.of("/mnt/lab/a").is_network
    assert not known.of("/home/x").is_network


async def test_a_file_replaced_while_its_disk_is_away_is_no_changed_file(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"x")
    file = localfile.LocalFile(str(path))

    def gone(self):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "stat", gone)
    with pytest.raises(TransferWaits, match="Stale"):
        file.check_unchanged()
    file.close()
