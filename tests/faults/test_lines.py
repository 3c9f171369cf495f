"""No line at all: unknown hosts, refused connections. Offline is a state that ends by itself."""

import socket

import pytest

from gencove_tui.config import HOST_VARIABLE, S3_VARIABLE, resolve
from gencove_tui.model import TransferState
from tests.engine.conftest import running_engine
from tests.faults.watching import Upload, add_download, ended, told
from tests.files import large
from tests.waiting import until

PLACE = "gncv://lab/run-1/"
MIB = 1 << 20


@pytest.fixture
def both(everywhere, ledger, sandbox, wanted, tmp_path):
    """An upload in parts and a download in ranges, about to be queued: call it."""
    everywhere("SMALLEST_MULTIPART", 5 * MIB)
    everywhere("RANGE", 200_000)
    everywhere("SMALL", 1)
    everywhere("STALL_SECONDS", 5.0)  # what was in flight when the line went is given up soon

    def both():
        path = large(tmp_path, 12 * MIB, seed=5)
        return (
            Upload(ledger, sandbox, path, PLACE + path.name),
            add_download(ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz"),
        )

    return both


async def both_done(moved):
    for one in moved:
        done = await ended(one, "the end once the line is back")
        assert done.state is TransferState.DONE, done.problem
        one.check_done()


async def offline(ledger):
    # That of a store which was in use at that moment may come first.
    notice = await until(
        lambda: "Offline" in (told := ledger.engine.read().notice) and told, "the notice of the lost line"
    )
    assert "by themselves" in notice


@pytest.mark.parametrize("when", ["before", "in the middle"])
async def test_a_server_that_is_down_for_a_while(engine, ledger, sandbox, both, when):
    if when == "before":
        await until(lambda: ledger.engine.read().pid, "the engine")
        sandbox.unplug()
        moved = both()
    else:
        sandbox.faults.set("s3-rate=6M", "rate=200k")
        moved = both()
        await until(
            lambda: all(any(p.bytes_done for p in ledger.transfers.parts(one.id)) for one in moved), "a start"
        )
        sandbox.unplug()
    await offline(ledger)
    for one in moved:
        one.check_not_done()
        assert one.look().state is not TransferState.FAILED
    kinds = [event.kind for event in ledger.events.after(0, 100_000)]
    assert kinds.count("offline") == 1, "told once, however many transfers wait"
    sandbox.faults.clear()
    sandbox.plug_in()
    await both_done(moved)
    await until(lambda: not ledger.engine.read().notice, "the notice to go")


async def test_an_engine_that_starts_without_a_line(settings, ledger, sandbox, both):
    moved = both()
    sandbox.unplug()
    async with running_engine(settings):
        await until(lambda: ledger.engine.read().pid, "the engine")
        await offline(ledger)
        assert {one.look().state for one in moved} <= {TransferState.QUEUED, TransferState.WAITING}
        sandbox.plug_in()
        await both_done(moved)
        await until(lambda: not ledger.engine.read().notice, "the notice to go")


class Resolver:
    """The operating system's look-up of names, under our control."""

    def __init__(self, monkeypatch):
        self.works = True
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host, *arguments, **options):
        if host in ("localhost", b"localhost"):
            if not self.works:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            host = "127.0.0.1"
        return self._real(host, *arguments, **options)


@pytest.fixture
def by_name(sandbox, environment, monkeypatch):
    """Settings in which every host has a name that must be looked up, also those of presigned URLs."""
    sandbox.account.signer.base = sandbox.host.replace("127.0.0.1", "localhost")
    return resolve(
        environment={
            **environment,
            HOST_VARIABLE: sandbox.host.replace("127.0.0.1", "localhost"),
            S3_VARIABLE: sandbox.s3_endpoint.replace("127.0.0.1", "localhost"),
        }
    )


@pytest.fixture
def settings(by_name):
    return by_name


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_names_that_can_not_be_looked_up_for_a_while(
    settings, ledger, sandbox, both, fastq_pair, monkeypatch
):
    resolver = Resolver(monkeypatch)
    async with running_engine(settings):
        before = Upload(ledger, sandbox, fastq_pair[0], PLACE + fastq_pair[0].name)
        await ended(before, "an upload while all is well")
        resolver.works = False
        sandbox.faults.set("drop")  # connections that stood already would need no look-up
        sandbox.unplug()
        moved = both()
        await offline(ledger)
        assert "no such host, or no network" in ledger.engine.read().notice
        sandbox.plug_in()
        assert all(one.look().state is not TransferState.DONE for one in moved)
        sandbox.faults.clear()
        resolver.works = True
        await both_done(moved)


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_only_the_stores_can_not_be_looked_up(settings, ledger, sandbox, both, monkeypatch):
    """The API answers, the stores' names don't resolve: waiting with the reason, not offline, not failed."""
    resolver = Resolver(monkeypatch)
    sandbox.account.signer.base = sandbox.host.replace("127.0.0.1", "stores.invalid")
    async with running_engine(settings):
        moved = both()[1]
        waiting = await until(
            lambda: (t := moved.look()).state is TransferState.WAITING and t, "the download to wait"
        )
        assert "no connection" in waiting.problem
        assert "by itself" in waiting.remedy
        assert "download.waiting" in told(ledger, moved.id)
        sandbox.account.signer.base = sandbox.host
        ledger.transfers.wake([moved.id])
        done = await ended(moved, "the download")
    assert resolver.works
    assert done.state is TransferState.DONE, done.problem
    moved.check_done()
