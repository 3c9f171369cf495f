"""Uploads through one fault a row: the right bytes or a clear word, never silence, never a wrong file."""

import pytest

from gencove_tui.model import TransferState, Wish
from tests.engine.conftest import running_engine
from tests.faults.watching import STALL, Row, Upload, cells, ended, name_of, reached, through
from tests.files import large
from tests.waiting import until

PLACE = "gncv://lab/run-1/"
MIB = 1 << 20
WAITING, FAILED = TransferState.WAITING, TransferState.FAILED
ONE, PARTS, V2 = ("one",), ("several",), ("v2",)
BY_ITSELF = "by itself"

ROWS = [
    # The line and the store.
    Row("s3-reset@2"),
    Row("s3-drop@2"),
    Row("s3-stall@1", always=True),
    Row("s3-stall=0@1", dialects=V2),
    Row("s3-silent@1", dialects=V2),
    Row("s3-rate=8M", shapes=PARTS, dialects=V2),
    Row("s3-slowdown@3"),
    Row("s3-500@3", always=True),
    Row("s3-timeout@2", dialects=V2),
    Row("s3-html@2", dialects=V2),
    Row("s3-bad-digest@1", always=True),
    Row("s3-lost@2", always=True),
    Row("s3-create-lost@1", shapes=PARTS),
    Row("s3-complete-lost@1", shapes=PARTS),
    Row("s3-complete-error@1", shapes=PARTS),
    # Keys.
    Row("expire-credentials@2", always=True),
    Row("expire-credentials@2+2", shapes=PARTS),
    Row("expire-credentials=1 s3-rate=6M", shapes=PARTS, dialects=V2),
    Row("s3-expired-403@1", dialects=V2),
    Row("s3-invalid-token@1"),
    Row("s3-invalid-token@1+2", shapes=PARTS, dialects=V2),
    Row("s3-bad-signature@1"),
    Row("s3-unknown-key@1", dialects=V2),
    # The API.
    Row("429@2", shapes=ONE),
    Row("500@2", shapes=ONE),
    Row("502@1", shapes=ONE),
    Row("503@2", shapes=ONE),
    Row("drop@2", shapes=ONE),
    Row("lost@1", shapes=ONE),
    Row("empty@1", shapes=ONE),
    Row("broken-json@1", shapes=ONE),
    Row("portal@1", shapes=ONE),
    Row("nulls@6", shapes=ONE),
    Row("no-status@1", shapes=ONE, dialects=V2),
    Row("backoff=2", shapes=ONE, dialects=("v1",)),
    Row("maintenance=1@1", shapes=ONE),
    # What does not pass while one waits.
    Row("s3-slowdown", WAITING, "SlowDown", BY_ITSELF, dialects=V2, always=True),
    Row("s3-500", WAITING, "InternalError", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("s3-drop", WAITING, "closed the connection", BY_ITSELF, dialects=V2),
    Row("s3-stall", WAITING, "no byte moved", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("s3-html", WAITING, "", BY_ITSELF, dialects=V2),
    Row("s3-bad-digest", WAITING, "BadDigest", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("s3-bad-signature", WAITING, "SignatureDoesNotMatch", "new upload credentials", dialects=V2),
    Row("s3-invalid-token", WAITING, "InvalidToken", "new upload credentials", shapes=ONE, dialects=V2),
    Row("expire-credentials", WAITING, "ExpiredToken", BY_ITSELF, dialects=V2),
    Row("s3-skewed", WAITING, "clock", "Set the clock"),
    Row("s3-complete-error", WAITING, "InternalError", BY_ITSELF, shapes=PARTS, dialects=V2),
    Row("s3-denied", FAILED, "AccessDenied", "support", always=True),
    Row("upload-fails@1", FAILED, "refused .*failed", "upload it again", dialects=V2),
    Row("401", WAITING, "refused the API key", "gencove-tui login", shapes=ONE),
    Row("403", FAILED, "may not do this", "permission", shapes=ONE),
    Row("500", WAITING, "server has a problem", BY_ITSELF, shapes=ONE),
    Row("503", WAITING, "server has a problem", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("429", WAITING, "go slower", BY_ITSELF, shapes=ONE, dialects=V2),
    Row("maintenance=1", WAITING, "under maintenance", BY_ITSELF, shapes=ONE),
    Row("drop", WAITING, "Can't reach", "network", shapes=ONE),
    Row("portal", WAITING, "can't be read", "Gencove's API", shapes=ONE),
]


def test_no_row_stands_there_twice():
    assert len({row.fault for row in ROWS}) == len(ROWS)


@pytest.fixture
def cell(request):
    return request.param


@pytest.fixture
def dialect(cell):
    return cell[2]


@pytest.fixture
def source(cell, everywhere, tmp_path, fastq_pair):
    """A file of the row's shape: one that goes in one request, or one of three parts."""
    everywhere("SMALLEST_MULTIPART", 5 * MIB)
    return fastq_pair[0] if cell[1] == "one" else large(tmp_path, 12 * MIB, seed=9)


@pytest.mark.parametrize("cell", cells(ROWS), ids=name_of, indirect=True)
async def test_an_upload(cell, source, everywhere, engine, ledger, sandbox):
    row = cell[0]
    if "stall" in row.fault or "silent" in row.fault or "rate" in row.fault:
        everywhere("STALL_SECONDS", STALL)
    sandbox.faults.set(*row.specs)
    upload = Upload(ledger, sandbox, source, PLACE + source.name)
    await through(row, upload, sandbox.faults)
    key = sandbox.object_key(upload.place)
    if row.fault.startswith("s3-rate"):
        assert sandbox.requests.parts_sent(key) == 3, "slow is not stalled: no part goes twice"
    if "invalid" in row.fault or "signature" in row.fault or "expire" in row.fault or "key" in row.fault:
        asked = sandbox.requests.count(path="credentials", status=200)
        # In the middle of a large body the refusal may be lost with its connection: it is just sent again.
        assert asked >= 2 or cell[1] == "several", "no fresh keys were fetched"


@pytest.mark.parametrize("cell", cells([Row("no-s3-events", dialects=V2)]), ids=name_of, indirect=True)
async def test_an_upload_that_gencove_does_not_notice_waits_and_is_not_sent_again(
    cell, source, everywhere, engine, ledger, sandbox
):
    everywhere("_CONFIRM_SECONDS", 0.2)
    sandbox.faults.set("no-s3-events")
    upload = Upload(ledger, sandbox, source, PLACE + source.name)
    waiting = await reached(upload, WAITING)
    assert "has not confirmed" in waiting.problem
    assert "by itself" in waiting.remedy
    key = sandbox.object_key(upload.place)
    sent = sandbox.requests.bytes_received(key)
    sandbox.faults.clear()
    with sandbox.state.lock:
        sandbox.account.uploads.object_created(key, len(upload.content))
    done = await ended(upload, "the confirmation")
    assert done.state is TransferState.DONE, done.problem
    upload.check_done()
    assert sandbox.requests.bytes_received(key) == sent == len(upload.content)


@pytest.mark.parametrize("cell", cells([Row("s3-no-lists", shapes=PARTS)]), ids=name_of, indirect=True)
async def test_an_upload_goes_on_where_the_store_does_not_let_us_look(
    cell, source, settings, ledger, sandbox
):

    sandbox.faults.set("s3-no-lists", "s3-rate=8M")
    upload = Upload(ledger, sandbox, source, PLACE + source.name)
    async with running_engine(settings):
        await until(lambda: any(p.etag for p in ledger.transfers.parts(upload.id)), "a first part")
    held = [part.number for part in ledger.transfers.parts(upload.id) if part.etag]
    sandbox.faults.clear("s3-rate")
    sandbox.requests.clear()
    async with running_engine(settings):
        done = await ended(upload, "the rest")
    assert done.state is TransferState.DONE, done.problem
    upload.check_done()
    sent = sandbox.requests.key(sandbox.object_key(upload.place)).parts
    assert not any(sent[number] for number in held), "a noted part was sent again"


@pytest.mark.parametrize(
    "cell",
    cells([Row("s3-slowdown", shapes=PARTS), Row("s3-stall", shapes=PARTS)]),
    ids=name_of,
    indirect=True,
)
async def test_a_cancelled_upload_leaves_nothing_in_the_store(
    cell, source, everywhere, engine, ledger, sandbox
):

    everywhere("STALL_SECONDS", STALL)
    upload = Upload(ledger, sandbox, source, PLACE + source.name)
    await until(lambda: upload.look() and sandbox.open_multiparts(), "the beginning")
    sandbox.faults.set(f"{cell[0].fault}@3")
    ledger.transfers.wish([upload.id], Wish.CANCEL)
    await ended(upload, "the cancellation")
    await until(lambda: not sandbox.open_multiparts(), "the store to forget the parts")
    assert sandbox.upload_bytes(upload.place) in (None, upload.content)
