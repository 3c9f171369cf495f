"""What disks, people and copiers do to a watched folder in mid-work: nothing is lost, nothing sent twice."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from gencove_tui.engine import core
from gencove_tui.engine.watch import look, sorting, watcher, watchers
from gencove_tui.engine.watch.look import look_through
from gencove_tui.engine.watch.root import EMPTY_NOW, why_away
from gencove_tui.fastq.generate import write_large, write_pair
from gencove_tui.model import GncvPath, TransferState, WatchedFile
from tests.engine.conftest import running_engine
from tests.waiting import until
from tests.watch.conftest import PLACE, terms

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def put(ledger, folder, **changes):
    return ledger.rules.put_terms(terms(folder, **changes))


def is_at_work(ledger):
    return any(transfer.state is TransferState.RUNNING for transfer in ledger.transfers.listing(100))


async def test_a_disk_that_goes_away_under_a_queue_costs_no_file(settings, ledger, sandbox, folder):
    whole = [path for n in range(8) for path in write_pair(folder, f"N{n}", n + 1, 300, seed=n)]
    rule = put(ledger, folder)
    sandbox.faults.set("s3-rate=20000")
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule).get("uploaded"), "the first")
        away = folder.rename(folder.parent / "away")
        folder.mkdir()
        (folder / "not-mounted.txt").touch()
        await until(lambda: ledger.rules.get(rule).problem == EMPTY_NOW, "the pause")
        sandbox.faults.clear()
        await until(lambda: not is_at_work(ledger), "the end of what was at work")
        assert "gone" not in ledger.rules.counts(rule)
        (folder / "not-mounted.txt").unlink()
        folder.rmdir()
        away.rename(folder)
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 16}, "all of them")
    assert ledger.transfers.count() == 16
    assert all(sandbox.upload_bytes(PLACE + path.name) == path.read_bytes() for path in whole)


async def test_a_file_that_is_away_for_a_moment_while_it_goes_up_goes_up_once(
    settings, ledger, sandbox, folder, tmp_path
):
    (folder / "notes.txt").touch()
    path = tmp_path / "B_S1_L001_R1_001.fastq.gz"
    write_large(path, 12 << 20, seed=3)
    sandbox.faults.set("s3-rate=1M")
    here = path.rename(folder / path.name)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: is_at_work(ledger), "the upload")
        here.rename(path)
        await until(lambda: ledger.rules.counts(rule).get("gone"), "that it is missed")
        path.rename(here)
        await until(lambda: ledger.rules.counts(rule).get("queued"), "that it is back")
        sandbox.faults.clear()
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 1}, "the upload's end")
    assert ledger.transfers.count() == 1


async def test_a_renamed_run_folder_is_not_uploaded_again(settings, ledger, sandbox, folder):
    batch = folder / "batch1"
    write_pair(batch, "A", 1, 50, seed=1)
    late = write_pair(batch, "B", 2, 50, seed=2)[1].rename(folder.parent / "late")
    rule = put(ledger, folder, destination=GncvPath("gncv://{run}/"))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 3}, "the uploads")
        batch.rename(folder / "batch1_done")
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 3, "gone": 3}, "the new names")
        late.rename(folder / "batch1_done" / "B_S2_L001_R2_001.fastq.gz")
        await until(lambda: ledger.rules.counts(rule).get("uploaded") == 4, "the mate that came later")
    assert sandbox.upload_bytes("gncv://batch1/B_S2_L001_R2_001.fastq.gz")
    assert ledger.transfers.count() == 4
    assert ledger.loop.counts(rule) == {"uploaded": 2}


async def test_files_that_wait_in_the_queue_follow_their_new_names(settings, ledger, sandbox, folder):
    batch = folder / "batch1"
    pair = [path.name for path in write_pair(batch, "A", 1, 50, seed=1)]
    rule = put(ledger, folder, destination=GncvPath("gncv://{run}/"))
    sandbox.faults.set("503")
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"queued": 2}, "the queue")
        batch.rename(folder / "batch1_done")
        await until(lambda: ledger.rules.counts(rule).get("gone") == 2, "the new names")
        sandbox.faults.clear()
        await until(lambda: ledger.rules.counts(rule).get("uploaded") == 2, "the uploads")
    assert ledger.transfers.count() == 2
    assert all(sandbox.upload_bytes(f"gncv://batch1/{name}") for name in pair)


async def test_a_writer_that_sets_back_the_time_is_followed_after_a_refusal(
    settings, ledger, sandbox, folder
):
    path = write_pair(folder, "A", 1, 400, seed=1)[0]
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(whole) // 2)
        file.write(bytes(len(whole) - len(whole) // 2))  # laid out in full, half of it written
    os.utime(path, (10**9, 10**9))
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"waiting": 1, "uploaded": 1}, "the refusal")
        with path.open("r+b") as file:
            file.write(whole)
        os.utime(path, (10**9, 10**9))
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the upload")
    assert sandbox.upload_bytes(PLACE + path.name) == whole
    assert ledger.transfers.count() == 2


def seen(folder, name, state):
    path = f"{folder}/{name}"
    return {path: WatchedFile(rule_id=1, path=path, size=1, mtime_ns=1, inode=1, state=state)}


@pytest.mark.parametrize(
    ("state", "same_place", "expected"),
    [
        ("queued", True, ""),  # purged after its upload, as labs do
        ("queued", False, EMPTY_NOW),  # what shows is the place where the disk was mounted
        ("settling", True, EMPTY_NOW),
        ("settling", False, EMPTY_NOW),
    ],
)
def test_an_empty_folder_is_believed_only_where_that_harms_nothing(folder, state, same_place, expected):
    now = look_through(str(folder))
    last = now.root if same_place else (0, 0)
    assert why_away(now, seen(folder, "A_R1.fastq.gz", state), (), last, str(folder)) == expected


def test_a_rule_that_is_pointed_to_a_new_empty_folder_misses_nothing(folder):
    known = seen("/elsewhere", "A_R1.fastq.gz", "settling")
    assert why_away(look_through(str(folder)), known, (), (0, 0), str(folder)) == ""


async def test_what_kind_of_disk_it_is_is_asked_again_when_another_is_mounted(
    settings, ledger, folder, monkeypatch
):
    kinds = iter([False, True])
    monkeypatch.setattr(watcher, "is_network", lambda *_: next(kinds))
    monkeypatch.setattr(watcher, "NETWORK_SECONDS", 1.0)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.status(rule).looked, "a look")
        assert not ledger.rules.status(rule).polling
        folder.rename(folder.parent / "below")
        folder.mkdir()
        write_pair(folder, "A", 1, 50, seed=1)
        await until(lambda: ledger.rules.status(rule).polling, "the network disk")


async def test_a_mate_follows_the_first_wherever_the_rule_points_meanwhile(settings, ledger, sandbox, folder):
    one, two = write_pair(folder, "P1_A01", 1, 50, seed=1)
    late = two.rename(folder.parent / two.name)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 1}, "R1")
    name = ledger.rules.get(rule).name
    ledger.rules.put_terms(terms(folder, destination=GncvPath("gncv://elsewhere/"), hyphens=True), name)
    late.rename(two)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "R2")
    assert sandbox.upload_bytes(PLACE + one.name)
    assert sandbox.upload_bytes(PLACE + "P1_R2.fastq.gz") == two.read_bytes()
    assert ledger.loop.counts(rule) == {"uploaded": 1}


async def test_inode_numbers_of_64_bits_are_no_trouble(settings, ledger, folder, monkeypatch):
    write_pair(folder, "A", 1, 50, seed=1)
    found = look._found

    def large(entry):
        seen = found(entry)
        status = os.stat_result((0, 2**64 - 5, 0, 0, 0, 0, 0, 0, 0, 0))
        return structs.replace(seen, inode=status.st_ino & look.LARGEST_NUMBER)

    monkeypatch.setattr(look, "_found", large)
    assert large(next(os.scandir(folder))).inode < 2**63
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")


async def test_a_mistake_of_ours_is_shown_at_the_rule_and_told_once(settings, ledger, folder, monkeypatch):
    write_pair(folder, "A", 1, 50, seed=1)
    broken = [0]
    sort = sorting.Sorter.sort

    def failing(self, *given):
        broken[0] += 1
        if broken[0] <= 2:
            raise ZeroDivisionError
        return sort(self, *given)

    monkeypatch.setattr(sorting.Sorter, "sort", failing)
    monkeypatch.setattr(watchers, "backoff", lambda _: 0.1)
    monkeypatch.setattr(core, "_STEP_AT_LEAST", 0.2)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.get(rule).problem == watchers.MISTAKE, "the problem")
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")
    assert ledger.rules.get(rule).problem == ""
    kinds = [event.kind for event in ledger.events.newest(100)]
    assert kinds.count("watch.problem") == kinds.count("watch.recovered") == 1


def test_a_name_that_is_used_again_begins_anew(ledger, folder):
    rule = put(ledger, folder)
    old = WatchedFile(
        rule_id=rule,
        path="/run/A_R1.fastq.gz",
        size=1,
        mtime_ns=1,
        inode=1,
        state="queued",
        first_seen=LONG_AGO,
    )
    for again, kept in (
        (structs.replace(old, inode=2), True),
        (structs.replace(old, size=2, state="settling"), False),
    ):
        ledger.rules.put_files([old])
        ledger.rules.put_files([structs.replace(again, first_seen=None)])
        found = ledger.rules.files(rule)[old.path]
        assert (found.first_seen == LONG_AGO) is kept
        ledger.rules.drop_files(rule, [old.path])


async def test_rules_of_folders_in_one_another_are_told(settings, ledger, folder):
    (folder / "sub").mkdir()
    outer = put(ledger, folder)
    put(ledger, folder / "sub")
    async with running_engine(settings):
        await until(lambda: ledger.rules.status(outer).notices, "the notice")
    assert "go up twice" in ledger.rules.status(outer).notices[0]


async def test_what_people_may_expect_to_go_up_is_named(settings, ledger, folder, tmp_path):
    for name in ("a.fastq", "b.fastq", "c_R1.fastq.ora", "d.fastq.gz.part"):
        (folder / name).touch()
    (tmp_path / "run1").mkdir()
    (folder / "run1").symlink_to(tmp_path / "run1")
    rule = put(ledger, folder)
    async with running_engine(settings):
        notices = await until(lambda: ledger.rules.status(rule).notices, "the notices")
    assert [notice.split(" ")[0] for notice in notices] == ["run1", "a.fastq", "c_R1.fastq.ora"]


async def test_a_folder_whose_own_name_is_not_utf_8_is_watched(settings, ledger, sandbox, tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/run\xff"))
    pair = write_pair(folder, "A", 1, 50, seed=1)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")
    assert sandbox.upload_bytes(PLACE + pair[0].name) == pair[0].read_bytes()
    assert ledger.loop.counts(rule) == {"uploaded": 1}


async def test_notices_are_asked_for_anew_when_folders_come(settings, ledger, folder, monkeypatch):
    asked = []

    async def listen(*given):
        asked.append(given)
        given[3]("the system has no notices left" if len(asked) > 1 else "")
        await asyncio.Event().wait()

    monkeypatch.setattr(watcher, "listen", listen)
    monkeypatch.setattr(watcher, "_LISTEN_AGAIN_SECONDS", 0.0)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.status(rule).looked, "a look")
        assert not ledger.rules.status(rule).polling
        (folder / "run" / "sub").mkdir(parents=True)
        await until(lambda: ledger.rules.status(rule).polling, "that the limit shows")
    assert "no notices left" in ledger.rules.status(rule).notices[0]
