"""A disk that hangs, as a network disk does whose server is away: it holds up only its own transfers."""

import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from gencove_tui.engine import disks, guards, localfile, ranges
from gencove_tui.engine.disks import Disk, Disks
from gencove_tui.engine.mounts import NOWHERE, Mount, mount_of, mounts
from gencove_tui.engine.outcome import TransferWaits
from gencove_tui.model import TransferState
from tests.engine.conftest import running_engine
from tests.engine.test_downloads import queue
from tests.engine.test_manners import upload
from tests.engine.test_uploads import finished
from tests.files import large
from tests.waiting import until

MIB = 1 << 20
LOCAL = Mount("/", "8:1", "ext4")
NFS = Mount("/mnt/lab", "0:50", "nfs4")


@pytest.fixture
def dialect():
    return "v2"


@pytest.fixture
def away(tmp_path, monkeypatch):
    """A folder on a network disk of its own; ``away.set()`` lets go of what hangs there."""
    folder = tmp_path / "lab"
    folder.mkdir()
    here = [*mounts(), Mount(str(folder), "0:99", "nfs4")]
    monkeypatch.setattr(disks, "mounts", lambda: here)
    monkeypatch.setattr(guards, "STALL_SECONDS", 1.0)
    event = threading.Event()
    yield folder, event
    event.set()


def hang_in(monkeypatch, away, module, name, first=0):
    """Let a function of the system hang for what is in the folder; returns how often it was entered."""
    folder, back = away
    real, entered = getattr(module, name), []

    def hanging(what, *rest, **more):
        path = os.path.realpath(f"/proc/self/fd/{what}") if isinstance(what, int) else os.fspath(what)
        if str(path).startswith(str(folder)):
            entered.append(path)
            if len(entered) > first:
                assert threading.current_thread() is not threading.main_thread(), "the event loop hangs"
                back.wait()
        return real(what, *rest, **more)

    monkeypatch.setattr(module, name, hanging)
    return entered


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


@pytest.mark.parametrize(("module", "deed"), [(ranges.os, "open"), (os, "pwrite"), (os, "link")])
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
        if deed != "link":
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
