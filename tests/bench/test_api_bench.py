"""What lists cost: decoding, first rows, browsing to the end, and looking again. Prints tables (``-s``).

The sandbox runs in a process of its own, so that memory and CPU measured here are the client's alone.
"""

import contextlib
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from gencove_tui.api.changes import SampleFollower
from gencove_tui.api.connect import connect
from gencove_tui.api.paging import pages
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import page_of
from gencove_tui.model import Dialect, SampleQuery

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]
SAMPLES = 100_000


@pytest.fixture(scope="module")
def large():
    """A sandbox with one project of 100,000 samples: its host and key."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gencove_tui", "sandbox", "--scenario", "large"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
async def api(large):
    connection = await connect(large["host"], large["api_key"], dialect=Dialect.V2)
    yield connection
    await connection.aclose()


class Traffic:
    """Requests and bytes of all HTTP clients of this process."""

    def __init__(self, monkeypatch):
        self.requests = 0
        self.received = 0
        send, read = httpx.AsyncClient.send, httpx.Response.aiter_bytes

        async def counted(client, request, **more):
            self.requests += 1
            return await send(client, request, **more)

        async def measured(response, *more):
            async for piece in read(response, *more):
                self.received += len(piece)
                yield piece

        monkeypatch.setattr(httpx.AsyncClient, "send", counted)
        monkeypatch.setattr(httpx.Response, "aiter_bytes", measured)


@pytest.fixture
def traffic(monkeypatch):
    return Traffic(monkeypatch)


class Meter:
    """Seconds and CPU milliseconds of a block."""

    def __enter__(self):
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu


def memory() -> float:
    """MiB of this process that are in memory now; its peak where the system doesn't tell."""
    with contextlib.suppress(OSError):
        pages_in_memory = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages_in_memory) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def show(title: str, rows: list[tuple[str, str]]) -> None:
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:<52} {value:>20}")


def median_ms(act, times: int = 50) -> float:
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1000


async def the_project(api) -> str:
    return (await api.projects()).items[0].id


async def test_decoding_a_page_of_200_samples(api, large):
    project = await the_project(api)
    async with httpx.AsyncClient(headers={"Authorization": f"Api-Key {large['api_key']}"}) as http:
        url = f"{large['host']}/api/v2/project-samples/{project}"
        body = (await http.get(url, params={"limit": 200})).content

    def ours():
        return page_of(msgspec.json.decode(body), lambda row: wire.sample(row, project), "samples")

    assert len(ours().items) == 200
    whole, parsed, standard = (
        median_ms(ours),
        median_ms(lambda: msgspec.json.decode(body)),
        median_ms(lambda: json.loads(body)),
    )
    show(
        f"A page of 200 samples, {len(body) / 1024:.0f} KiB",
        [
            ("bytes to model", f"{whole:.2f} ms"),
            ("of that, bytes to JSON", f"{parsed:.2f} ms"),
            ("each sample", f"{whole / 200 * 1000:.1f} µs"),
            ("json.loads alone, for comparison", f"{standard:.2f} ms"),
            ("ours / json.loads alone", f"{whole / standard:.2f}"),
        ],
    )


async def test_first_rows_of_a_large_project_come_with_one_request(api, traffic):
    project = await the_project(api)
    traffic.requests = traffic.received = 0
    with Meter() as cold:
        page = await api.samples(project)
    assert (page.total, len(page.items), page.more) == (SAMPLES, 200, True)
    assert traffic.requests == 1
    received = traffic.received
    with Meter() as warm:
        await api.samples(project, SampleQuery(sort_by="client_id"), offset=SAMPLES - 200)
    show(
        "First rows of 100,000 samples",
        [
            ("requests", "1"),
            ("received", f"{received / 1024:.0f} KiB"),
            ("first page (the sandbox makes its samples)", f"{cold.seconds * 1000:.0f} ms"),
            ("client CPU of it", f"{cold.cpu * 1000:.1f} ms"),
            ("last page, sorted by client id", f"{warm.seconds * 1000:.0f} ms"),
        ],
    )


@pytest.mark.parametrize("keep", [False, True], ids=["page by page", "all kept"])
async def test_browsing_a_large_project_to_its_end(api, traffic, keep):
    project = await the_project(api)
    await api.samples(project)
    traffic.requests = 0
    before = highest = memory()
    kept, seen = [], 0
    with Meter() as meter:
        async for page in pages(lambda offset, limit: api.samples(project, offset=offset, limit=limit)):
            seen += len(page.items)
            highest = max(highest, memory())
            if keep:
                kept.append(page.items)
    assert seen == SAMPLES
    assert traffic.requests == SAMPLES // 200
    assert len(kept) == (SAMPLES // 200 if keep else 0)
    show(
        f"Browsing 100,000 samples to their end, {'all kept' if keep else 'page by page'}",
        [
            ("requests", str(traffic.requests)),
            ("memory above the start, at most", f"{highest - before:.1f} MiB"),
            ("time, sandbox on the same machine", f"{meter.seconds:.1f} s"),
            ("client CPU", f"{meter.cpu:.1f} s"),
            ("client CPU of each request", f"{meter.cpu / traffic.requests * 1000:.1f} ms"),
        ],
    )


async def test_looking_again_at_a_large_project(api, traffic):
    project = await the_project(api)
    follower = SampleFollower(api, project)
    await follower.look()
    costs = []
    for _ in range(11):
        traffic.requests = traffic.received = 0
        with Meter() as meter:
            changes = await follower.look()
        assert changes.samples == ()
        costs.append((traffic.requests, traffic.received, meter.cpu))
    requests, received, cpu = (list(column) for column in zip(*costs, strict=True))
    assert max(requests) <= 2
    everything = SAMPLES // 200
    show(
        "Looking again at 100,000 samples, nothing changed",
        [
            ("requests, median", f"{statistics.median(requests):.0f}"),
            ("requests of eleven looks", f"{sum(requests)}"),
            ("received by a look, median", f"{statistics.median(received) / 1024:.1f} KiB"),
            ("client CPU of a look, median", f"{statistics.median(cpu) * 1000:.1f} ms"),
            ("reading it all instead", f"{everything} requests"),
        ],
    )


@pytest.mark.parametrize("changed", [1, 40, 450])
async def test_looking_again_costs_in_proportion_to_what_changed(api, traffic, changed):
    project = await the_project(api)
    newest = SampleQuery(hidden_status="all", sort_by="modified", descending=True)
    rows = await api.samples(project, newest, offset=changed, limit=1)
    follower = SampleFollower(api, project, since=rows.items[0].modified, count_every=SAMPLES)
    await follower.look()  # the first look also counts
    again = SampleFollower(api, project, since=rows.items[0].modified, count_every=SAMPLES)
    traffic.requests = 0
    found = await again.look()
    assert changed <= len(found.samples) <= changed + 10
    needed = -(-len(found.samples) // 200)
    assert traffic.requests <= needed + 1
    show(
        f"Looking again at 100,000 samples, {changed} changed",
        [("requests", str(traffic.requests)), ("rows", str(len(found.samples)))],
    )


def test_many_pages_are_decoded_without_growth():
    row = {"id": "x", "client_id": "y", "last_status": {"status": "succeeded"}, "new": ["a", "b"]}
    body = msgspec.json.encode({"meta": {"count": SAMPLES, "next": "n"}, "results": [row] * 200})

    def decode():
        page_of(msgspec.json.decode(body), wire.sample, "samples")

    for _ in range(50):
        decode()
    before = memory()
    with Meter() as meter:
        for _ in itertools.repeat(None, 500):
            decode()
    show(
        "Decoding 500 pages and dropping each",
        [("memory above the start", f"{memory() - before:.1f} MiB"), ("CPU", f"{meter.cpu:.2f} s")],
    )
