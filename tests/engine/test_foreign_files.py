"""Downloads beside the files of others: none is taken for ours, and none of theirs is touched."""

import errno
import fcntl
import hashlib
import os
from pathlib import Path

import pytest
from msgspec import structs

from gencove_tui.api.transport import Reply, Transport
from gencove_tui.engine import disks, download, room
from gencove_tui.engine.mounts import Mount, mounts
from gencove_tui.engine.outcome import TransferFailed
from gencove_tui.engine.room import Room
from gencove_tui.engine.web import get, web_session
from gencove_tui.model import DownloadSource, TransferState, Wish
from gencove_tui.store.database import LedgerProblem
from gencove_tui.store.journal import TransferJournal
from tests.engine.conftest import running_engine
from tests.engine.test_manners import events
from tests.engine.test_never_wrong import begun  # noqa: F401 - a fixture
from tests.engine.test_uploads import finished
from tests.faults.watching import add_download, stored_as, vcf_of
from tests.hanging import hang_in
from tests.waiting import until

DONE, FAILED, SKIPPED = TransferState.DONE, TransferState.FAILED, TransferState.SKIPPED
WAITING = TransferState.WAITING
ONLY_V1 = pytest.mark.parametrize("dialect", ["v1"], indirect=True)
"""Where no checksum tells right from wrong."""
ONLY_V2 = pytest.mark.parametrize("dialect", ["v2"], indirect=True)


def reached(ledger, transfer_id, state):
    def look():
        found = ledger.transfers.get(transfer_id)
        return found if found.state is state else None

    return look


def bytes_sent(sandbox, wanted):
    stored = stored_as(sandbox, wanted[1], vcf_of(wanted[1]))
    return sandbox.requests.key(stored.s3_path).bytes_sent


# --- what was begun --------------------------------------------------------------------------------------


@ONLY_V1
async def test_what_another_engine_writes_is_neither_removed_nor_written_to(
    settings, ledger, sandbox, wanted, tmp_path
):
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    moved.partial.parent.mkdir()
    moved.partial.write_bytes(b"another engine's")
    with moved.partial.open("rb+") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        async with running_engine(settings):
            waiting = await until(reached(ledger, moved.id, WAITING), "the wait")
        assert "Another engine writes" in waiting.problem
        assert moved.partial.read_bytes() == b"another engine's"
        assert os.path.samestat(moved.partial.stat(), os.fstat(theirs.fileno()))
    async with running_engine(settings):
        assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    moved.check_done()


@pytest.mark.parametrize("how", ["cancelled", "already there"])
@ONLY_V1
async def test_what_another_program_put_in_place_of_ours_stays(settings, ledger, begun, how):  # noqa: F811
    moved = await begun()
    moved.partial.rename(moved.partial.with_name("ours"))  # keeps its inode from being used again
    moved.partial.write_bytes(b"theirs")
    if how == "cancelled":
        ledger.transfers.wish([moved.id], Wish.CANCEL)
    else:
        moved.target.write_bytes(moved.content)
        ledger.transfers.wish([moved.id], Wish.RUN)
    async with running_engine(settings):
        await until(finished(ledger, moved.id), "the end")
        if how == "cancelled":
            await until(lambda: not ledger.transfers.parts(moved.id), "the clean-up")
    assert moved.partial.read_bytes() == b"theirs"


@ONLY_V1
async def test_what_is_replaced_between_the_look_and_the_lock_is_not_written_on(
    settings,
    ledger,
    begun,  # noqa: F811
    monkeypatch,
):
    moved = await begun()
    looked = download.DownloadJob._left_by

    def replaced(self, journal, found):
        if not moved.partial.with_name("ours").exists():
            moved.partial.rename(moved.partial.with_name("ours"))
            moved.partial.write_bytes(bytes(len(moved.content)))
        return looked(self, journal, found)

    monkeypatch.setattr(download.DownloadJob, "_left_by", replaced)
    ledger.transfers.wish([moved.id], Wish.RUN)
    async with running_engine(settings):
        assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert moved.target.read_bytes() == moved.content


@ONLY_V1
async def test_after_a_power_cut_a_shorter_file_is_good_for_what_had_been_synced(
    settings,
    ledger,
    sandbox,
    wanted,
    begun,  # noqa: F811
    monkeypatch,
):
    moved = await begun()
    first = ledger.transfers.parts(moved.id)[0]
    safe = first.bytes_done
    assert safe > 0
    ledger.transfers.note_synced(moved.id, [(first.number, safe)])
    os.truncate(moved.partial, safe)  # the rest never reached the disk
    monkeypatch.setattr(download, "boot_id", lambda: "the next boot")
    before = bytes_sent(sandbox, wanted)
    ledger.transfers.wish([moved.id], Wish.RUN)
    async with running_engine(settings):
        assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert moved.target.read_bytes() == moved.content
    again = bytes_sent(sandbox, wanted) - before
    assert again <= len(moved.content) - safe + 1, "what was safe is fetched again"


@ONLY_V1
async def test_where_inodes_tell_nothing_what_was_begun_is_gone_on_with(
    settings,
    ledger,
    sandbox,
    wanted,
    tmp_path,
    begun,  # noqa: F811
    monkeypatch,
):
    (tmp_path / "out").mkdir()
    here = [*mounts(), Mount(str(tmp_path / "out"), "0:99", "exfat")]
    monkeypatch.setattr(disks, "mounts", lambda: here)
    moved = await begun()
    content = moved.partial.read_bytes()
    moved.partial.rename(moved.partial.with_name("old"))
    moved.partial.write_bytes(content)  # under another number, as after a new mount
    before = bytes_sent(sandbox, wanted)
    ledger.transfers.wish([moved.id], Wish.RUN)
    async with running_engine(settings):
        assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert moved.target.read_bytes() == moved.content
    assert bytes_sent(sandbox, wanted) - before < len(moved.content) - 200_000


@ONLY_V2
async def test_a_disk_that_did_not_answer_is_not_trusted_with_what_it_had_not_synced(
    settings,
    ledger,
    sandbox,
    wanted,
    away,
    monkeypatch,
):
    folder, back = away
    hang_in(monkeypatch, away, os, "pwrite", first=1)
    moved = add_download(ledger, sandbox, wanted, folder / "out" / "x.vcf.gz")
    async with running_engine(settings):
        await until(reached(ledger, moved.id, WAITING), "the wait")
        assert ledger.transfers.journal(moved.id).boot == ""
        back.set()
        ledger.transfers.wake([moved.id])
        assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert moved.target.read_bytes() == moved.content


@ONLY_V1
async def test_a_ledger_in_trouble_leaves_no_lock_behind(
    engine, ledger, sandbox, wanted, tmp_path, monkeypatch
):
    real, failing = TransferJournal.note_inode, iter([True])

    def note_inode(self, transfer_id, inode):
        if next(failing, False):
            raise LedgerProblem("the ledger is locked")
        real(self, transfer_id, inode)

    monkeypatch.setattr(TransferJournal, "note_inode", note_inode)
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    waiting = await until(reached(ledger, moved.id, WAITING), "the wait")
    assert "ledger" in waiting.problem
    ledger.transfers.wake([moved.id])
    done = await until(lambda: (t := ledger.transfers.get(moved.id)).problem == "" and t, "the next attempt")
    assert done.state is not WAITING
    await until(reached(ledger, moved.id, DONE), "the end")


# --- the name --------------------------------------------------------------------------------------------


@ONLY_V1
async def test_a_file_of_that_name_and_size_is_ours_only_if_it_is_the_one_we_wrote(
    settings,
    ledger,
    begun,  # noqa: F811
):
    moved = await begun()
    ledger.transfers.note(moved.id, completing=True)  # right before the name was given
    moved.target.write_bytes(bytes(len(moved.content)))
    ledger.transfers.wish([moved.id], Wish.RUN)
    async with running_engine(settings):
        found = await until(finished(ledger, moved.id), "the end")
    assert found.state is SKIPPED
    assert not found.verified


@pytest.mark.parametrize("there", ["the same in other words", "of an older version", "of another file"])
@ONLY_V2
async def test_a_side_file_that_is_there(engine, ledger, wanted, tmp_path, there):
    found = min(wanted[1].deliverables, key=lambda d: d.size or 1 << 60)
    source = DownloadSource(
        project_id=wanted[0], sample_id=wanted[1].id, file_type=found.file_type, file_id=found.id
    )
    side, target = tmp_path / "r.bin.sha256", tmp_path / "r.bin"
    before = {
        "the same in other words": f"{found.checksum_sha256}  data/r.bin\n",
        "of an older version": f"{'a' * 64} *r.bin\n",
        "of another file": f"{'a' * 64}  q.bin\n",
    }[there]
    assert len(found.checksum_sha256) == 64
    side.write_text(before)
    transfer = ledger.transfers.add_download(str(target), "x", source, None, side_file=True)
    end = await until(finished(ledger, transfer), "the end")
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if there == "of an older version":
        assert side.read_text() == f"{digest} *r.bin\n"
    else:
        assert side.read_text() == before
    assert end.state is (FAILED if there == "of another file" else DONE)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


@ONLY_V2
async def test_a_side_file_without_room_is_written_later(engine, ledger, wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_LOOK_SECONDS", 0.02)
    found = min(wanted[1].deliverables, key=lambda d: d.size or 1 << 60)
    source = DownloadSource(
        project_id=wanted[0], sample_id=wanted[1].id, file_type=found.file_type, file_id=found.id
    )
    real, failing = Path.replace, iter([True, True])

    def replace(self, target):
        if str(target).endswith(".sha256") and next(failing, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    target = tmp_path / "r.bin"
    transfer = ledger.transfers.add_download(str(target), "x", source, None, side_file=True)
    assert (await until(finished(ledger, transfer), "the end")).state is DONE
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    assert (tmp_path / "r.bin.sha256").read_text() == f"{digest} *r.bin\n"
    await until(lambda: events(ledger, "disk.room"), "the end of the notice")
    assert len(events(ledger, "disk.full")) == len(events(ledger, "disk.room")) == 1


# --- disks that take nothing -----------------------------------------------------------------------------


class Quota:
    """A disk that shows room but takes nothing, as at a quota; ``lifted`` lets it take all."""

    def __init__(self, monkeypatch):
        self.met = 0
        self.lifted = False
        self.looks: list[int] = []
        """Before each further trial."""
        write, ran_out, has_room = os.pwrite, Room.ran_out, Room._has_room

        def pwrite(descriptor, data, offset):
            if self.lifted:
                return write(descriptor, data, offset)
            self.met += 1
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

        def noted(room, transfer_id, problem):
            ran_out(room, transfer_id, problem)
            self.looks.append(0)

        async def counted(room, transfer_id, problem):
            self.looks[-1] += 1
            return await has_room(room, transfer_id, problem)

        monkeypatch.setattr(os, "pwrite", pwrite)
        monkeypatch.setattr(Room, "ran_out", noted)
        monkeypatch.setattr(Room, "_has_room", counted)
        monkeypatch.setattr(room, "_LOOK_SECONDS", 1 / 64)  # adds up without a rest
        monkeypatch.setattr(room, "_LONGEST_REST", 5 / 64)


@pytest.fixture
def quota(monkeypatch):
    return Quota(monkeypatch)


@ONLY_V2
async def test_a_quota_is_met_ever_less_often_and_told_once(engine, ledger, sandbox, wanted, tmp_path, quota):
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    await until(lambda: quota.met >= 6, "some trials")
    assert quota.looks[:5] == [1, 2, 4, 5, 5]
    assert len(events(ledger, "disk.full")) == 1
    assert events(ledger, "disk.room") == []
    assert "No room" in ledger.engine.read().notice
    quota.lifted = True
    assert (await until(finished(ledger, moved.id), "the end")).state is DONE
    assert len(events(ledger, "disk.full")) == len(events(ledger, "disk.room")) == 1
    assert ledger.engine.read().notice == ""


@pytest.mark.parametrize("wish", [Wish.CANCEL, Wish.PAUSE])
@ONLY_V2
async def test_a_quota_that_nobody_meets_any_more_is_told_no_longer(
    engine, ledger, sandbox, wanted, tmp_path, quota, wish
):
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    await until(lambda: quota.met >= 2, "some trials")
    ledger.transfers.wish([moved.id], wish)
    await until(lambda: ledger.engine.read().notice == "", "the end of the notice")
    assert len(events(ledger, "disk.full")) == len(events(ledger, "disk.room")) == 1


@ONLY_V2
async def test_a_file_that_is_there_already_proves_no_room(
    engine, ledger, sandbox, wanted, tmp_path, quota, monkeypatch
):
    monkeypatch.setattr(room, "_LONGEST_REST", 1 / 64)
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    await until(lambda: quota.met >= 2, "some trials")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x.vcf.gz").write_bytes(moved.content)
    other = add_download(ledger, sandbox, wanted, tmp_path / "there" / "x.vcf.gz")
    assert (await until(finished(ledger, other.id), "the other")).state is SKIPPED
    met = quota.met
    await until(lambda: quota.met >= met + 2, "further trials")
    assert len(events(ledger, "disk.full")) == 1
    assert events(ledger, "disk.room") == []


# --- what Gencove says -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://store.example:99999/x?X-Amz-Signature=5ecret",
        "https://[::1/x?X-Amz-Signature=5ecret",
        "//store.example/x?X-Amz-Signature=5ecret",
        "ftp://store.example/x?X-Amz-Signature=5ecret",
        "x?X-Amz-Signature=5ecret",
        "",
    ],
)
async def test_a_url_that_can_not_be_used_is_said_without_its_signature(url):
    async with web_session() as session:
        with pytest.raises(TransferFailed, match="can't be used") as raised:
            async with get(session, url, {}):
                pass
    assert "5ecret" not in f"{raised.value} {raised.value.remedy} {raised.value.__cause__}"


@pytest.mark.parametrize("body", [b"<html>login</html>", b"", b"a" * 128, b"z" * 64 + b" *x\n"])
@ONLY_V2
async def test_an_answer_that_is_no_checksum_is_not_taken_for_there_is_none(
    engine, ledger, sandbox, wanted, tmp_path, monkeypatch, body
):
    real, look_up = Transport.request, download.DownloadJob._look_up

    async def request(self, method, path, *rest, **more):
        if path.endswith(".sha256") and spoilt:
            return Reply(200, body, {})
        return await real(self, method, path, *rest, **more)

    async def without_checksum(self):
        return structs.replace(await look_up(self), checksum_sha256="")

    spoilt = [True]
    monkeypatch.setattr(Transport, "request", request)
    monkeypatch.setattr(download.DownloadJob, "_look_up", without_checksum)
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    waiting = await until(reached(ledger, moved.id, WAITING), "the wait")
    assert "checksum" in waiting.problem
    assert not moved.target.exists()
    spoilt.clear()
    ledger.transfers.wake([moved.id])
    done = await until(finished(ledger, moved.id), "the end")
    assert done.state is DONE
    assert done.verified
