"""Lines and limits so slow that a connection waits long for its turn: slow is neither stalled nor idle."""

import asyncio
import contextlib
import itertools
import socket
from urllib.parse import urlsplit

import pytest

from gencove_tui.config import S3_VARIABLE, resolve
from gencove_tui.engine import guards, limits
from gencove_tui.engine.limits import Lane, Limiter
from gencove_tui.model import Direction, TransferState
from tests.engine.conftest import running_engine
from tests.engine.test_manners import upload
from tests.engine.test_uploads import finished
from tests.files import large
from tests.waiting import until

KIB = 1 << 10


class SlowLine:
    """A way to the store that carries so many bytes per second for the sum of all connections."""

    def __init__(self, url, rate):
        self._to = urlsplit(url)
        self.rate = rate
        self._turn = asyncio.Lock()
        self.pieces = []
        """Connection and size of everything that went up, in order."""
        self._numbers = itertools.count()

    @contextlib.asynccontextmanager
    async def open(self):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * KIB)
        listening.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(self._serve, sock=listening, limit=4 * KIB)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.close()

    async def _serve(self, reader, writer):
        number = next(self._numbers)
        back_reader, back_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
        down = asyncio.create_task(self._copy(back_reader, writer))
        await self._copy(reader, back_writer, number)
        await down

    async def _copy(self, reader, writer, number=None):
        with contextlib.suppress(OSError):
            while data := await reader.read(4 * KIB):
                if number is not None:
                    async with self._turn:
                        await asyncio.sleep(len(data) / self.rate)
                    self.pieces.append((number, len(data)))
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def line(sandbox):
    made = SlowLine(sandbox.s3_endpoint, rate=200 * KIB)
    async with made.open() as url:
        made.url = url
        yield made


@pytest.fixture
def settings(line, environment, sandbox):
    return resolve(environment={**environment, S3_VARIABLE: line.url})


async def through(settings, ledger, tmp_path, files):
    """So many files of some 200 KiB go up at once; returns their bytes."""
    ids = []
    for number in range(files):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = large(folder, KIB, seed=number)
        ids.append(await upload(ledger, path, f"gncv://lab/{number}/{path.name}"))
    async with running_engine(settings):
        ends = [await until(finished(ledger, transfer), "the end") for transfer in ids]
    assert {end.state for end in ends} == {TransferState.DONE}
    assert {end.attempts for end in ends} == {1}
    return sum(end.size for end in ends)


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_slow_line_shared_by_many_is_no_stall(settings, ledger, line, tmp_path, monkeypatch):
    """Each is through only after far more than the patience, and hears nothing in between."""
    monkeypatch.setattr(guards, "STALL_SECONDS", 6.0)
    size = await through(settings, ledger, tmp_path, files=12)
    assert sum(length for _, length in line.pieces) < size + 12 * 100 * KIB, "nothing went twice"


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_under_a_low_limit_no_body_waits_for_the_turns_of_others(settings, ledger, line, tmp_path):
    ledger.controls.set_bandwidth(100 * KIB)
    line.rate = 100_000 * KIB
    await through(settings, ledger, tmp_path, files=4)
    bodies = [number for number, length in line.pieces if length > 2 * KIB]
    assert len(list(itertools.groupby(bodies))) <= 4


def test_a_lane_is_as_wide_as_the_limit_allows():
    limiter = Limiter()
    lane = Lane(6, limiter)
    assert lane.places == 6
    for rate, places in ((10 << 20, 6), (256 * KIB, 4), (100 * KIB, 1), (1, 1)):
        limiter.rate = rate
        assert lane.places == places


async def test_a_stall_halves_a_lane_and_success_widens_it_again():
    lane = Lane(6, Limiter())
    for _ in range(6):
        await lane.acquire()
    lane.stalled()
    assert lane.places == 3
    waiting = asyncio.create_task(lane.acquire())
    await asyncio.sleep(0)
    for _ in range(3):
        lane.release()
        await asyncio.sleep(0)
        assert not waiting.done()
    lane.carried()
    await asyncio.wait_for(waiting, 30)
    for _ in range(9):
        lane.carried()
    assert lane.places == 6
    for _ in range(9):
        lane.stalled()
    assert lane.places == 1


async def test_a_place_given_to_one_who_leaves_goes_to_the_next():
    lane = Lane(1, Limiter())
    await lane.acquire()
    leaving, next_one = asyncio.create_task(lane.acquire()), asyncio.create_task(lane.acquire())
    await asyncio.sleep(0)
    lane.release()
    leaving.cancel()
    await asyncio.wait_for(next_one, 30)
    third = asyncio.create_task(lane.acquire())
    await asyncio.sleep(0)
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)
    lane.release()
    assert not lane.locked()


async def test_all_that_wait_may_leave_at_once():
    lane = Lane(1, Limiter())

    async def hold():
        async with lane:
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hold()) for _ in range(4)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * 4
    assert not lane.locked()
    await asyncio.wait_for(lane.acquire(), 30)


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_stop_under_a_low_limit_fails_nothing(settings, ledger, sandbox, tmp_path, fastq_pair):
    ledger.controls.set_bandwidth(20 * KIB)
    ids = [
        await upload(ledger, path, f"gncv://lab/{number}/{path.name}")
        for number in range(3)
        for path in fastq_pair
    ]
    async with running_engine(settings):
        await until(
            lambda: any(ledger.transfers.get(i).state is TransferState.RUNNING for i in ids), "a start"
        )
        await until(lambda: any(ledger.transfers.get(i).bytes_done for i in ids), "bytes")
    assert {ledger.transfers.get(i).state for i in ids} <= {TransferState.QUEUED, TransferState.DONE}


async def test_a_raised_limit_lets_the_waiting_in():
    limiter = Limiter()
    limiter.rate = 1
    lanes = limits.Lanes(2, limiter)
    lane = lanes.of(Direction.UPLOAD, small=False)
    await lane.acquire()
    waiting = asyncio.create_task(lane.acquire())
    await asyncio.sleep(0)
    assert not waiting.done()
    limiter.rate = None
    lanes.follow()
    await asyncio.wait_for(waiting, 30)


async def test_a_long_piece_takes_its_bytes_in_turns():
    limiter = Limiter()
    limiter.rate = 80 * KIB
    assert await limiter.take(Direction.DOWNLOAD, 1 << 20) == 10 * KIB
    limiter.rate = None
    assert await limiter.take(Direction.DOWNLOAD, 1 << 20) == 1 << 20
