"""Downloads through one fault a row: the right bytes or a clear word, never silence, never a wrong file."""

from functools import partial

import pytest

from gencove_tui.model import TransferState, Wish
from gencove_tui.sandbox.content import Content
from tests.faults.watching import (
    STALL,
    Row,
    add_download,
    bytes_of,
    cells,
    ended,
    name_of,
    reached,
    stored_as,
    through,
    vcf_of,
)
from tests.waiting import until

WAITING, FAILED = TransferState.WAITING, TransferState.FAILED
ONE, SEVERAL, V1, V2 = ("one",), ("several",), ("v1",), ("v2",)
BY_ITSELF = "by itself"

ROWS = [
    # The line.
    Row("cut@3", always=True),
    Row("reset@2"),
    Row("short@2"),
    Row("stall@1", always=True),
    Row("stall=0@1", dialects=V2),
    Row("rate=2M", dialects=V2),
    # The store.
    Row("file-500@2", dialects=V2),
    Row("file-slowdown@3"),
    Row("changed@1", dialects=V2),
    Row("changed@1+1"),
    Row("no-ranges", shapes=ONE),
    Row("gzip-encoding"),
    # Answers that are not true.
    Row("wrong-range@1"),
    Row("wrong-range@1+1"),
    Row("wrong-total@1"),
    Row("wrong-total@2"),
    Row("wrong-total@1+1"),
    Row("wrong-length@2", always=True),
    Row("wrong-length=2@2"),
    Row("no-content-range@2"),
    Row("html@1", always=True),
    Row("html@2"),
    Row("html@1+1"),
    Row("error-body@2"),
    Row("redirect@2"),
    Row("corrupt@1", dialects=V2, always=True),
    Row("corrupt@1+1", dialects=V2),
    # URLs.
    Row("expire-urls@1", always=True),
    Row("expire-urls@2"),
    Row("expire-urls@1+2", shapes=SEVERAL),
    Row("file-expired@1"),
    Row("file-expired@2+1", shapes=SEVERAL, dialects=V2),
    Row("expire-urls=0 rate=400k@1", shapes=SEVERAL, dialects=V2),
    # The API.
    Row("429@2", shapes=ONE),
    Row("500@2", shapes=ONE),
    Row("502@1", shapes=ONE),
    Row("503@2", shapes=ONE),
    Row("drop@2", shapes=ONE),
    Row("empty@1", shapes=ONE),
    Row("broken-json@1", shapes=ONE),
    Row("portal@1", shapes=ONE),
    Row("maintenance=1@1", shapes=ONE),
    # What does not pass while one waits.
    Row("stall=0", WAITING, "interrupted: no byte came", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("cut", WAITING, "interrupted: the connection ended early", BY_ITSELF, dialects=V2),
    Row("file-slowdown", WAITING, "busy: it answered 503", BY_ITSELF, dialects=V2),
    Row("file-500", WAITING, "busy: it answered 500", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("html", WAITING, "", BY_ITSELF),
    Row("error-body", WAITING, "", BY_ITSELF),
    Row("redirect", WAITING, "", BY_ITSELF),
    Row("wrong-range", WAITING, "another range", BY_ITSELF, dialects=V2),
    Row("wrong-length", WAITING, "another length", BY_ITSELF, dialects=V2),
    Row("no-content-range", WAITING, "which range", BY_ITSELF, dialects=V2),
    Row("no-ranges", WAITING, "answered 200 to a range", BY_ITSELF, shapes=SEVERAL, dialects=V2),
    Row("file-expired", WAITING, "refuses even a fresh URL", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("expire-urls", WAITING, "refuses even a fresh URL", BY_ITSELF),
    Row("gone", FAILED, "is gone", "[Rr]etry", always=True),
    Row("wrong-checksum", FAILED, "sha256", "kept beside it as .bad", shapes=ONE, dialects=V2),
    Row("401", WAITING, "refused the API key", "gencove-tui login", shapes=ONE),
    Row("403", FAILED, "may not do this", "permission", shapes=ONE, dialects=V2),
    Row("500", WAITING, "server has a problem", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("maintenance=1", WAITING, "under maintenance", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("drop", WAITING, "Can't reach", "network", shapes=ONE),
    Row("portal", WAITING, "can't be read", "Gencove's API", shapes=ONE),
]


@pytest.fixture
def cell(request):
    return request.param


@pytest.fixture
def dialect(cell):
    return cell[2]


@pytest.fixture
def stored(sandbox, wanted):
    """The file behind the deliverable, as the sandbox keeps it."""
    return stored_as(sandbox, wanted[1], vcf_of(wanted[1]))


@pytest.fixture
def download(cell, everywhere, ledger, sandbox, wanted, tmp_path):
    """A download that is about to be queued: call it."""
    if cell[1] == "several":
        everywhere("RANGE", 200_000)
        everywhere("SMALL", 1)
    return partial(add_download, ledger, sandbox, wanted, tmp_path / "out" / "x.vcf.gz")


@pytest.mark.parametrize("cell", cells(ROWS), ids=name_of, indirect=True)
async def test_a_download(cell, download, everywhere, engine, ledger, sandbox):
    row = cell[0]
    if "stall" in row.fault or "rate" in row.fault:
        everywhere("STALL_SECONDS", STALL)
    sandbox.faults.set(*row.specs)
    await through(row, download(), sandbox.faults)
    if row.fault.startswith("expire-urls@"):
        assert sandbox.requests.count("GET", "/samples", status=200, port="api") >= 2, "no fresh URL"


@pytest.mark.parametrize("cell", cells([Row("replaced", shapes=SEVERAL)]), ids=name_of, indirect=True)
async def test_a_file_that_is_replaced_while_it_is_fetched_arrives_as_the_new_one(
    cell, download, engine, ledger, sandbox, stored
):
    sandbox.faults.set("rate=400k")
    moved = download()
    before = len(moved.content)
    await until(lambda: sandbox.requests.key(stored.s3_path).bytes_sent > before // 4, "a good part of it")
    with sandbox.state.lock:
        moved.content = bytes_of(stored)[::-1]
        stored._content = Content(moved.content)
        stored._sha256 = stored._md5 = ""
    sandbox.faults.set("cut@2")
    sandbox.faults.clear("rate")
    done = await ended(moved, "the new file")
    assert done.state is TransferState.DONE, done.problem
    moved.check_done()


@pytest.mark.parametrize("cell", cells([Row("cut", dialects=V2)]), ids=name_of, indirect=True)
async def test_only_the_missing_bytes_are_fetched_again(cell, download, engine, ledger, sandbox, stored):
    sandbox.faults.set("cut@1+1")
    moved = download()
    assert (await ended(moved, "the end")).state is TransferState.DONE
    moved.check_done()
    sent = sandbox.requests.key(stored.s3_path).bytes_sent
    # A line that is cut loses what was on its way; nothing that had arrived is asked for again.
    assert sent <= len(moved.content) + 2 * (256 << 10)


@pytest.mark.parametrize("cell", cells([Row("stall", dialects=V2)]), ids=name_of, indirect=True)
async def test_a_cancelled_download_leaves_nothing_in_the_folder(cell, download, engine, ledger, sandbox):
    sandbox.faults.set("stall")
    moved = download()
    await until(lambda: moved.look() and moved.partial.exists(), "the first bytes")
    ledger.transfers.wish([moved.id], Wish.CANCEL)
    await reached(moved, TransferState.CANCELLED)
    await until(lambda: not moved.partial.exists(), "the clean-up")
    assert list(moved.target.parent.iterdir()) == []
