"""Promises of the engine that nothing else would notice the breach of."""

from datetime import datetime

import pytest

from gencove_tui.api.s3_errors import unreachable
from gencove_tui.config import resolve
from gencove_tui.engine import core, insist, localfile, pace, ranges
from gencove_tui.engine.limits import Limiter
from gencove_tui.engine.progress import Board
from gencove_tui.model import DownloadSource, Part, TransferState, Wish
from tests.engine.conftest import running_engine
from tests.engine.test_downloads import queue
from tests.engine.test_manners import events
from tests.engine.test_manners import upload as add_upload
from tests.engine.test_uploads import finished
from tests.files import large
from tests.waiting import until

MIB = 1 << 20


async def test_a_download_reaches_the_disk_before_it_has_its_name(
    engine, ledger, wanted, tmp_path, monkeypatch
):
    found = wanted[1].deliverables[0]
    target = tmp_path / "out" / (found.name or found.file_type)
    seen = []

    def note(module, name, what):
        real = getattr(module, name)

        def noted(*arguments):
            seen.append((what, target.exists()))
            return real(*arguments)

        monkeypatch.setattr(module, name, noted)

    note(ranges.os, "fdatasync", "data")
    note(localfile, "sync_folder", "folder")
    _, transfer = queue(ledger, target.parent, wanted, found)
    assert (await until(finished(ledger, transfer), "the download")).state is TransferState.DONE
    assert ("data", False) in seen, "the bytes, while the file has no name yet"
    assert seen[-1] == ("folder", True), "then the name"


async def test_the_ledger_never_lags_far_behind_what_a_fast_line_brings(ledger):
    source = DownloadSource(project_id="p", sample_id="s", file_type="bam", file_id="f")
    transfer = ledger.transfers.add_download("/out/x", "x", source, 1 << 30)
    ledger.transfers.set_parts(transfer, [Part(number=1, offset=0, length=1 << 30)])
    board = Board(ledger)
    meter = board.open(transfer, 1 << 30, keeps_parts=True)
    meter.set(1, 15 * MIB)
    assert not board.far.is_set()
    meter.set(1, 17 * MIB)
    assert board.far.is_set(), "not only twice a second"
    board.write()
    assert not board.far.is_set()
    assert ledger.transfers.parts(transfer)[0].bytes_done == 17 * MIB
    meter.set(1, 18 * MIB)
    assert not board.far.is_set()


async def test_the_weekly_timetable_is_followed_as_time_goes_by(
    environment, ledger, sandbox, tmp_path, monkeypatch
):
    config = tmp_path / "app" / "config" / "config.toml"
    config.write_text(config.read_text() + "bandwidth = ['1M mon-fri 08:00-18:00', 'off']\n")
    limiters = []

    class Noted(Limiter):
        def __init__(self):
            super().__init__()
            limiters.append(self)

    class Clock:
        today = datetime(2026, 11, 24, 12, 0)  # a Tuesday

        @classmethod
        def now(cls):
            return cls.today

    monkeypatch.setattr(core, "Limiter", Noted)
    monkeypatch.setattr(core, "datetime", Clock)
    async with running_engine(resolve(environment=environment)):
        await until(lambda: limiters and limiters[0].rate == MIB, "the limit of working hours")
        Clock.today = datetime(2026, 11, 24, 19, 0)
        await until(lambda: limiters[0].rate is None, "the evening")
        ledger.controls.set_bandwidth(2 * MIB)
        await until(lambda: limiters[0].rate == 2 * MIB, "what a person chose instead")


async def test_a_store_that_is_away_is_named_and_the_notice_ends_by_itself(
    environment, ledger, sandbox, tmp_path, dialect
):
    config = tmp_path / "app" / "config" / "config.toml"
    right = config.read_text()
    config.write_text(right.replace(sandbox.s3_endpoint, "http://127.0.0.1:1"))
    transfer = await add_upload(ledger, large(tmp_path, MIB, seed=1))
    async with running_engine(resolve(environment=environment)):
        await until(lambda: "127.0.0.1:1 can't be reached" in ledger.engine.read().notice, "the notice")
        assert ledger.transfers.get(transfer).state is not TransferState.FAILED
        ledger.transfers.wish([transfer], Wish.PAUSE)
        await until(lambda: not ledger.engine.read().notice, "its end, when nothing waits for the store")
        ledger.transfers.wish([transfer], Wish.RUN)
    config.write_text(right)
    async with running_engine(resolve(environment=environment)):
        assert (await until(finished(ledger, transfer), "the upload")).state is TransferState.DONE
        assert ledger.engine.read().notice == ""


@pytest.mark.parametrize(("failures", "fetched"), [(1, 0), (2, 1), (3, 1)])
async def test_keys_whose_refusal_was_lost_with_its_connection_are_renewed(monkeypatch, failures, fetched):
    monkeypatch.setattr(insist, "backoff", lambda _: 0.0)
    tries, fresh = [], []

    class Store:
        async def refresh(self):
            fresh.append(len(tries))

    async def act():
        tries.append(1)
        if len(tries) <= failures:
            raise unreachable("Can't store part 1", "s3")
        return "etag"

    assert await insist.insist(Store(), act) == "etag"
    assert len(fresh) == fetched


async def test_a_check_that_is_slower_than_the_line_is_told_once(
    engine, ledger, sandbox, tmp_path, monkeypatch
):
    monkeypatch.setattr(pace, "_WORTH_SAYING_SECONDS", 0.0)
    monkeypatch.setattr(pace.Pace, "judge", judged_as_starved(pace.Pace.judge))
    path = large(tmp_path, 40 * MIB, seed=1)
    transfer = await add_upload(ledger, path)
    assert (await until(finished(ledger, transfer), "the upload")).state is TransferState.DONE
    (told,) = events(ledger, "upload.pace")
    assert "slower than the line" in told.message
    assert "lower check level" in told.message


def judged_as_starved(judge):
    """The line had nothing to do nearly all of the time."""

    def starved(self):
        self._starved = self._clock() - self._began
        judge(self)

    return starved
