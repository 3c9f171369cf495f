"""A file that ends too early may still be being written elsewhere: it is waited for, and not for ever."""

import time

import pytest

from gencove_tui.engine import short
from gencove_tui.engine.outcome import TransferFailed, TransferWaits
from gencove_tui.engine.scan import Scan
from gencove_tui.engine.short import StillShort
from gencove_tui.engine.watch import dry_run, recall
from gencove_tui.fastq.broken import BrokenFastq
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import TransferState, Wish
from gencove_tui.store.short_files import PATIENCE
from tests.engine.conftest import running_engine
from tests.waiting import until
from tests.watch.conftest import PLACE, RUN, terms
from tests.watch.test_dry_run import note

CUT = BrokenFastq.cut("A_R1.fastq.gz", "it stops in the middle")


@pytest.fixture
def looks_often(monkeypatch):
    monkeypatch.setattr(short, "_FIRST", 0.01)
    monkeypatch.setattr(short, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(short, "_SOONEST", 0.05)


@pytest.fixture
def reads(monkeypatch):
    """How often a file was read from its first byte."""
    counted, read = [], Scan.read

    def counting(scan, part):
        if part.offset == 0:
            counted.append(part)
        return read(scan, part)

    monkeypatch.setattr(Scan, "read", counting)
    return counted


def lone(folder, **more):
    path, other = write_pair(folder, "A", 1, 400, seed=1, **more)
    other.unlink()
    return path, path.read_bytes()


async def test_it_is_read_once_looked_at_often_and_taken_when_it_is_whole(
    settings, ledger, sandbox, folder, looks_often, reads
):
    path, whole = lone(folder)
    path.write_bytes(whole[:-60])
    rule = ledger.rules.put_terms(terms(folder))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"waiting": 1}, "the wait")
        (transfer,) = ledger.transfers.listing(10)
        (waiting,) = ledger.rules.pending(rule)
        assert "incomplete" in waiting.reason
        assert "looked at again at" in waiting.reason
        assert "copy it again" in waiting.remedy
        await until(lambda: ledger.short.get(transfer.id).looks > 2, "more looks")
        assert len(reads) == 1
        trial = dry_run(terms(folder), "run", recall(ledger, terms(folder)))
        assert (trial.taken, trial.before) == ((), "1 on the way")
        with path.open("ab") as file:
            file.write(whole[-60:])
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 1}, "the upload")
    assert sandbox.upload_bytes(PLACE + path.name) == whole
    assert ledger.transfers.count() == 1
    kinds = [event.kind for event in ledger.events.newest(100)]
    assert kinds.count("upload.waiting") == 1
    assert "upload.failed" not in kinds


async def test_a_marker_ends_the_wait_and_a_new_version_is_taken_still(
    settings, ledger, sandbox, folder, looks_often, reads
):
    path, whole = lone(folder / RUN)
    path.write_bytes(whole[:-60])
    rule = ledger.rules.put_terms(terms(folder, marker_hours=0.0))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"waiting": 1}, "the wait")
        (folder / RUN / "Logs").mkdir()
        (folder / RUN / "Logs" / "FastqComplete.txt").touch()
        await until(lambda: ledger.rules.counts(rule) == {"failed": 1}, "the end")
        ((_, why, remedy),) = ledger.rules.failed(rule)
        assert "a marker says that it is complete" in why
        assert remedy
        assert len(reads) == 1
        path.write_bytes(whole)
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 1}, "the upload")
    assert ledger.transfers.count() == 1


async def test_nothing_comes_any_more_after_a_day(settings, ledger, folder, looks_often, reads, monkeypatch):
    path, whole = lone(folder)
    path.write_bytes(whole[:-60])
    rule = ledger.rules.put_terms(terms(folder))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"waiting": 1}, "the wait")
        now = time.time
        monkeypatch.setattr(short.time, "time", lambda: now() + PATIENCE)
        await until(lambda: ledger.rules.counts(rule) == {"failed": 1}, "the end")
    ((_, why, _),) = ledger.rules.failed(rule)
    assert "not changed for 24 h" in why
    assert len(reads) == 1


async def test_whoever_asks_for_it_has_it_read_at_once(settings, ledger, folder, reads):
    path, whole = lone(folder)
    path.write_bytes(whole[:-60])
    rule = ledger.rules.put_terms(terms(folder))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"waiting": 1}, "the wait")
        (transfer,) = ledger.transfers.listing(10)
        ledger.transfers.wish([transfer.id], Wish.RUN)
        await until(lambda: len(reads) == 2, "another reading")
        await until(lambda: ledger.short.get(transfer.id).reads == 2, "its end")


async def test_what_is_damaged_is_not_waited_for(settings, ledger, folder):
    path, whole = lone(folder)
    path.write_bytes(whole[:200] + b"\x55" * 400 + whole[600:])
    rule = ledger.rules.put_terms(terms(folder))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"failed": 1}, "the end")


def queued(ledger, folder):
    """A rule, and an upload of one file of it that was begun once."""
    path, _ = lone(folder)
    rule = ledger.rules.get(ledger.rules.put_terms(terms(folder), "lab"))
    number = ledger.transfers.add_upload(str(path), PLACE + path.name, 5, rule_id=rule.id)
    note(ledger, rule, path, transfer_id=number)
    ledger.transfers.set_state(number, TransferState.RUNNING, count_attempt=True)
    return path, rule, ledger.transfers.get(number)


def test_each_reading_in_vain_makes_the_next_one_wait_longer(ledger, folder):
    _, _, transfer = queued(ledger, folder)
    delays = []
    for _ in range(9):
        StillShort(ledger, transfer).wait_for(CUT)
        ledger.short.read_anew(transfer.id)
        now = StillShort(ledger, transfer)
        if now.known.read_from:
            with pytest.raises(TransferWaits, match="changed since"):
                now.check(same=False)
        else:
            now.check(same=False)  # may be read
        delays.append(round(max(0.0, now.known.read_from - time.time()) / 60))
    assert delays == [0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_a_version_that_grows_is_left_to_its_watcher_and_read_where_there_is_none(ledger, folder):
    path, rule, transfer = queued(ledger, folder)
    StillShort(ledger, transfer).wait_for(CUT)
    assert StillShort(ledger, transfer).is_same()
    path.write_bytes(b"more")
    grown = StillShort(ledger, transfer)
    assert not grown.is_same()
    with pytest.raises(TransferWaits, match="must stand still"):
        grown.check(same=False)
    ledger.rules.set_active(rule.id, False)
    grown.check(same=False)
    assert not ledger.short.get(transfer.id).stands


def test_one_without_a_rule_fails_at_once(ledger, folder):
    path, _ = lone(folder)
    transfer = ledger.transfers.get(ledger.transfers.add_upload(str(path), PLACE + path.name, 5))
    assert StillShort(ledger, transfer).wait_for(CUT) is None


def test_what_was_waited_for_in_vain_is_forgotten(ledger, folder):
    _, _, transfer = queued(ledger, folder)
    StillShort(ledger, transfer).wait_for(CUT)
    ledger.short.nothing_comes([transfer.id])
    with pytest.raises(TransferFailed, match="is incomplete"):
        StillShort(ledger, transfer).check(same=True)
    assert ledger.short.get(transfer.id) is None
