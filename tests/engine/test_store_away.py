"""A store that can't be reached, as behind a firewall: told at the first try, asked by one probe."""

import asyncio
import socket
import time

import pytest

from gencove_tui.api.s3_errors import S3Problem, unreached
from gencove_tui.config import resolve
from gencove_tui.engine import insist, line
from gencove_tui.engine.line import STORE, Line
from gencove_tui.engine.notices import Notices
from gencove_tui.engine.outcome import judged
from gencove_tui.model import TransferState, Wish
from tests.engine.conftest import running_engine
from tests.engine.test_manners import events
from tests.engine.test_manners import upload as add_upload
from tests.engine.test_uploads import finished
from tests.files import large
from tests.waiting import until

AWAY = unreached("Can't store the file", "s3.example", "connection refused")


@pytest.fixture
def dialect():
    return "v2"


class Store:
    """Answers only once it is told to."""

    def __init__(self):
        self.up = False
        self.asked = 0

    async def ask(self):
        self.asked += 1
        if not self.up:
            raise AWAY


@pytest.fixture
async def away(ledger, monkeypatch):
    """A line to a store that is away, with one upload that has met it; the next try is far off."""
    monkeypatch.setattr(line, "backoff", lambda attempt: 1e6)
    monkeypatch.setattr(line, "_LONGEST_REST", 500.0)
    store, back = Store(), asyncio.Event()
    transfer = ledger.transfers.add_upload("/a", "gncv://a", 1)
    ledger.transfers.set_state(transfer, TransferState.WAITING, retry_at=time.time() + 1)
    watched = Line(store.ask, STORE, ledger, Notices(ledger), back.set)
    watched.lost(transfer, judged(AWAY))
    yield watched, store, transfer, back
    await watched.stop()


async def test_row_notice_and_event_say_host_reason_and_time(ledger, away):
    watched, _, transfer, _ = away
    row = ledger.transfers.get(transfer)
    assert row.state is TransferState.WAITING
    assert row.problem == "Can't store the file: the store at s3.example can't be reached: connection refused"
    assert "firewall" in row.remedy
    at = f"{row.retry_at.astimezone():%H:%M:%S}"
    assert ledger.engine.read().notice.endswith(f"Next try at {at}.")
    (told,) = events(ledger, "uploads.waiting")
    assert "s3.example" in told.message
    assert at in told.message
    other = ledger.transfers.add_upload("/b", "gncv://b", 1)
    ledger.transfers.set_state(other, TransferState.WAITING, retry_at=time.time() + 1)
    watched.lost(other, judged(AWAY))
    assert ledger.transfers.get(other).retry_at == row.retry_at, "one probe for all"
    assert len(events(ledger, "uploads.waiting")) == 1


async def test_a_wish_to_try_again_is_followed_at_once(ledger, away):
    watched, store, transfer, back = away
    watched.hurry()
    await asyncio.sleep(0)
    assert store.asked == 0, "nobody wished it"
    ledger.transfers.wish([transfer], Wish.RUN)
    watched.hurry()
    await until(lambda: store.asked == 1, "the probe")
    row = await until(
        lambda: (t := ledger.transfers.get(transfer)).state is TransferState.WAITING and t, "the rest"
    )
    assert "can't be reached" in row.problem, "the wish had taken the reason away"
    store.up = True
    ledger.transfers.wish([transfer], Wish.RUN)
    watched.hurry()
    await asyncio.wait_for(back.wait(), 30)
    assert not watched.is_down
    assert ledger.transfers.get(transfer).state is TransferState.QUEUED
    assert ledger.engine.read().notice == ""
    assert len(events(ledger, "uploads.recovered")) == 1


async def test_nobody_is_asked_when_nobody_waits(ledger, away):
    watched, store, transfer, back = away
    watched.drop([transfer])
    await asyncio.wait_for(back.wait(), 30)
    assert not watched.is_down
    assert store.asked == 0
    assert ledger.engine.read().notice == ""
    assert not events(ledger, "uploads.recovered")


async def test_a_closed_port_is_told_after_one_try_and_holds_the_queue(
    environment, ledger, sandbox, tmp_path, monkeypatch
):
    monkeypatch.setattr(line, "_LONGEST_REST", 0.2)
    config = tmp_path / "app" / "config" / "config.toml"
    with socket.socket() as kept:  # bound and not listening: refused
        kept.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{kept.getsockname()[1]}"
        right = config.read_text()
        config.write_text(right.replace(sandbox.s3_endpoint, f"http://{host}"))
        first = await add_upload(ledger, large(tmp_path, 100_000, seed=1))
        async with running_engine(resolve(environment=environment)):
            row = await until(
                lambda: (t := ledger.transfers.get(first)).state is TransferState.WAITING and t, "the wait"
            )
            assert row.attempts == 1
            assert f"the store at {host} can't be reached: connection refused" in row.problem
            await until(lambda: host in ledger.engine.read().notice, "the notice")
            (tmp_path / "other").mkdir()
            second = await add_upload(
                ledger, large(tmp_path / "other", 100_000, seed=2), "gncv://lab/2.fq.gz"
            )
            notice = ledger.engine.read().notice
            await until(lambda: ledger.engine.read().notice != notice, "the next try")
            assert ledger.transfers.get(first).attempts == 1, "the probe asks, not the transfer"
            assert ledger.transfers.get(second).attempts == 0
            assert not events(ledger, "upload.waiting"), "told once for all"
    config.write_text(right)
    async with running_engine(resolve(environment=environment)):
        for transfer in (first, second):
            assert (await until(finished(ledger, transfer), "the upload")).state is TransferState.DONE


@pytest.mark.parametrize(("beside", "tries"), [(False, 1), (True, 2)])
async def test_giving_up_early_never_costs_what_is_on_its_way_beside(monkeypatch, beside, tries):
    monkeypatch.setattr(insist, "backoff", lambda _: 0.0)
    made = []

    async def act():
        made.append(1)
        raise AWAY

    with pytest.raises(S3Problem):
        await insist.insist(None, act, beside=beside)
    assert len(made) == tries
