"""The clock of the machine is set by a day, both ways, while transfers wait and keys age."""

import datetime
import sys
import time as real_time
import types

import pytest

from gencove_tui.model import TransferState
from tests.faults.watching import Upload, add_download, ended, reached
from tests.files import large
from tests.waiting import until

DAY = 86400.0
PLACE = "gncv://lab/run-1/"


class Clock:
    """The wall clock as the package sees it; the sandbox keeps the true time."""

    def __init__(self, monkeypatch):
        self.shift = 0.0
        clock = self
        stand_in = types.ModuleType("time")
        stand_in.__dict__.update(vars(real_time))
        stand_in.time = lambda: real_time.time() + clock.shift

        class Shifted(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.datetime.now(tz) + datetime.timedelta(seconds=clock.shift)

        for path, module in list(sys.modules.items()):
            if path.startswith("gencove_tui.") and ".sandbox" not in path:
                if vars(module).get("time") is real_time:
                    monkeypatch.setattr(module, "time", stand_in)
                if vars(module).get("datetime") is datetime.datetime:
                    monkeypatch.setattr(module, "datetime", Shifted)


@pytest.fixture
def clock(monkeypatch):
    import gencove_tui.api.s3_client  # noqa: F401 - loaded late otherwise, with the true time

    return Clock(monkeypatch)


@pytest.mark.parametrize("shift", [DAY, -DAY], ids=["forward", "back"])
async def test_a_waiting_transfer_outlives_a_clock_that_is_set(
    clock, everywhere, engine, ledger, sandbox, fastq_pair, shift
):
    everywhere("backoff", lambda attempt: 2.0 if attempt else 0.0)
    sandbox.faults.set("s3-bad-signature")
    upload = Upload(ledger, sandbox, fastq_pair[0], PLACE + fastq_pair[0].name)
    await reached(upload, TransferState.WAITING)
    clock.shift = shift
    sandbox.faults.clear()
    done = await ended(upload, "the upload after the clock was set")
    assert done.state is TransferState.DONE, done.problem
    upload.check_done()


@pytest.mark.parametrize("shift", [DAY, -DAY], ids=["forward", "back"])
async def test_a_transfer_in_the_middle_outlives_a_clock_that_is_set(
    clock, everywhere, engine, ledger, sandbox, tmp_path, shift
):
    everywhere("SMALLEST_MULTIPART", 5 << 20)
    sandbox.faults.set("s3-rate=6M")
    path = large(tmp_path, 12 << 20, seed=2)
    upload = Upload(ledger, sandbox, path, PLACE + path.name)
    await until(lambda: any(p.etag for p in ledger.transfers.parts(upload.id)), "a first part")
    clock.shift = shift
    done = await ended(upload, "the upload after the clock was set")
    assert done.state is TransferState.DONE, done.problem
    upload.check_done()
    assert sandbox.requests.parts_sent() == 3, "nothing goes again only because of the clock"


@pytest.mark.parametrize("shift", [DAY, -DAY], ids=["forward", "back"])
async def test_a_download_in_the_middle_outlives_a_clock_that_is_set(
    clock, engine, ledger, sandbox, wanted, tmp_path, shift
):
    sandbox.faults.set("rate=400k")
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    await until(lambda: any(p.bytes_done for p in ledger.transfers.parts(moved.id)), "first bytes")
    clock.shift = shift
    sandbox.faults.clear()
    sandbox.faults.set("cut@1")
    done = await ended(moved, "the download after the clock was set")
    assert done.state is TransferState.DONE, done.problem
    moved.check_done()


@pytest.mark.parametrize("shift", [DAY, -DAY], ids=["forward", "back"])
async def test_a_waiting_download_outlives_a_clock_that_is_set(
    clock, engine, ledger, sandbox, wanted, tmp_path, shift
):
    sandbox.faults.set("expire-urls")  # after which it would wait for a minute
    moved = add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")
    await reached(moved, TransferState.WAITING)
    clock.shift = shift
    sandbox.faults.clear()
    done = await ended(moved, "the download after the clock was set")
    assert done.state is TransferState.DONE, done.problem
    moved.check_done()


async def test_keys_that_expired_while_the_clock_said_otherwise_are_renewed(
    clock, engine, ledger, sandbox, fastq_pair
):
    clock.shift = -DAY
    first = Upload(ledger, sandbox, fastq_pair[0], PLACE + fastq_pair[0].name)
    assert (await ended(first, "an upload with a late clock")).state is TransferState.DONE
    sandbox.expire_credentials()
    second = Upload(ledger, sandbox, fastq_pair[1], PLACE + fastq_pair[1].name)
    done = await ended(second, "an upload with keys that only seem good")
    assert done.state is TransferState.DONE, done.problem
    second.check_done()
