"""Every crash window by name (transfer-anchors §3.2): the engine dies exactly there, the next one goes on.

Afterwards each file is where it belongs, byte for byte and once, and nothing is left over. While it lasts
nothing half-finished is visible.
"""

import pytest

from gencove_tui.engine.scan import SMALLEST_MULTIPART
from gencove_tui.model import TransferState, Wish
from tests.crash.world import MIB, Sampler, partial
from tests.waiting import until_blocking

pytestmark = pytest.mark.crash


ALWAYS = ("multipart noted", "all parts noted", "put, reply lost", "bytes noted", "about to be named")
"""The windows that every run of the tests goes through, in v2."""


def windows(*names, both=()):
    """Each of these windows. Most take part in the long run only: see ``ALWAYS``, and ``both``, where the two
    dialects differ.
    """
    return pytest.mark.parametrize(
        ("dialect", "window"),
        [
            pytest.param("v2", name, marks=[] if name in (*ALWAYS, *both) else pytest.mark.long)
            for name in names
        ]
        + [pytest.param("v1", name, marks=[] if name in both else pytest.mark.long) for name in names],
    )


PARTS = 2 * SMALLEST_MULTIPART + MIB
SENT_AFTER_DEATH = 256 * 1024 + 2
"""Bytes that the sandbox may still give to a connection whose engine has just died, and a look or two."""


def traffic(world, item):
    return world.sandbox.requests.key(world.key(item))


@windows(
    "running noted",
    "target known, not noted",
    "target noted",
    "multipart about to begin",
    "multipart noted",
    "all parts noted",
    "about to complete",
    "not yet confirmed",
    "confirmed, not noted",
    "done noted",
)
def test_an_upload_in_parts_survives_a_window_without_sending_a_part_twice(world, window):
    item = world.upload(PARTS)
    with Sampler(world):
        world.dies_at(window)
        noted = {part.number for part in world.ledger.transfers.parts(item.transfer) if part.etag}
        before = dict(traffic(world, item).parts)
        world.finish()
    world.check()
    for number in noted:
        assert traffic(world, item).parts[number] == before[number], "a noted part was sent again"
    assert traffic(world, item).completes == 1


def test_a_multipart_begun_but_not_noted_leaves_no_orphan(world):
    """Window: after CreateMultipartUpload, before its id was saved."""
    item = world.upload(PARTS)
    with Sampler(world):
        world.dies_at("multipart begun, not noted")
        assert len(world.store.open_multiparts()) == 1
        world.finish()
    world.check()
    assert traffic(world, item).completes == 1


@windows("part sent, not noted", "second part sent, not noted", "part noted")
def test_a_part_sent_but_not_noted_is_found_in_the_store_again(world, window):
    """Window: after UploadPart, before its ETag was saved: ListParts tells, and nothing goes twice."""
    item = world.upload(PARTS)
    with Sampler(world):
        world.dies_at(window)
        world.finish()
    world.check()
    assert sum(traffic(world, item).parts.values()) <= 3 + world.settings.options.parts_at_once - 1
    assert traffic(world, item).parts[1] == 1


def test_a_lost_reply_to_complete_neither_repeats_the_upload_nor_fails_it(world):
    """Window: Complete was sent and carried out, its reply is lost with the process."""
    item = world.upload(PARTS)
    with Sampler(world):
        world.dies_at("completed, reply lost")
        sent = sum(traffic(world, item).parts.values())
        world.finish()
    world.check()
    assert traffic(world, item).completes == 1
    assert sum(traffic(world, item).parts.values()) == sent


def test_a_lost_reply_to_complete_before_gencove_has_noticed(world, dialect):
    """The same window, and Gencove says ``started`` all along: the store itself has to be asked."""
    if dialect == "v1":
        pytest.skip("v1 keeps no status of an upload")
    item = world.upload(PARTS)
    world.sandbox.faults.set("no-s3-events")
    with Sampler(world):
        world.dies_at("completed, reply lost")
        sent = sum(traffic(world, item).parts.values())
        engine = world.start()
        until_blocking(lambda: world.state(item) is TransferState.VERIFYING, "the wait for Gencove")
        world.kill(engine)
        # The notification comes late, but it comes.
        with world.sandbox.state.lock:
            world.sandbox.faults.clear()
            world.sandbox.account.uploads.object_created(world.key(item), item.size)
        world.finish()
    world.check()
    assert sum(traffic(world, item).parts.values()) == sent
    assert traffic(world, item).completes == 1


@windows(
    "target noted",
    "about to put",
    "put, reply lost",
    "not yet confirmed",
    "confirmed, not noted",
    both=("put, reply lost",),
)
def test_a_small_upload_survives_a_window(world, window):
    item = world.upload(200_000)
    with Sampler(world):
        world.dies_at(window)
        world.finish()
    world.check()
    if window in ("not yet confirmed", "confirmed, not noted"):
        assert traffic(world, item).puts == 1


@windows("about to abort", "aborted, not noted")
def test_a_file_that_changed_between_two_starts_is_sent_anew(world, window):
    """Windows: around taking back the parts of the file as it was."""
    item = world.upload(PARTS)
    with Sampler(world):
        world.dies_at("part noted")
        other = world.upload(PARTS, seed=2)
        item.path.write_bytes(other.path.read_bytes())
        item.size, item.sha256 = other.size, other.sha256
        world.dies_at(window)
        world.finish()
    world.check()


@windows(
    "running noted",
    "download planned",
    "bytes on disk, not noted",
    "bytes noted",
    "about to sync",
    "synced",
    "about to verify",
    "about to be named",
    "done noted",
)
def test_a_download_survives_a_window(world, window):
    [item] = world.download(20 * MIB)
    world.sandbox.faults.set("rate=20M")
    with Sampler(world):
        world.dies_at(window)
        noted = sum(part.bytes_done for part in world.ledger.transfers.parts(item.transfer))
        sent = world.sandbox.requests.key(item.remote).bytes_sent
        world.sandbox.faults.clear()
        world.finish()
    world.check()
    assert not partial(item).exists()
    if window != "done noted":
        again = world.sandbox.requests.key(item.remote).bytes_sent - sent
        assert again <= item.size - noted + SENT_AFTER_DEATH, "bytes that were noted were fetched again"


def test_a_download_that_has_its_name_but_no_note_is_recognised(world, dialect):
    """Window: the download is finished and not recorded: nothing is fetched again."""
    [item] = world.download(20 * MIB)
    with Sampler(world):
        world.dies_at("named, not noted")
        assert item.path.exists()
        sent = world.sandbox.requests.key(item.remote).bytes_sent
        world.finish()
    world.check()
    assert world.sandbox.requests.key(item.remote).bytes_sent - sent <= 1, "at most a look at its size"


def test_a_wrong_download_set_aside_before_the_note_of_it_is_fetched_anew(world, dialect):
    """Window: the sha256 was wrong, the bytes have their name ``.bad``, the ledger does not know yet."""
    if dialect == "v1":
        pytest.skip("v1 knows no checksums")
    world.download(2 * MIB)
    world.sandbox.faults.set("corrupt@2")
    with Sampler(world):
        world.dies_at("set aside as bad")
        world.finish()
    world.check()


@windows("about to abort", "aborted, not noted")
def test_a_cancel_that_was_cut_short_is_finished_by_the_next_engine(world, window):
    """Window: cancelled is noted, the parts are still in the store."""
    item = world.upload(6 * SMALLEST_MULTIPART)
    world.sandbox.faults.set("s3-rate=20M")
    with Sampler(world):
        world.dies_at("part noted")
        world.ledger.transfers.wish([item.transfer], Wish.CANCEL)
        world.dies_at(window)
        engine = world.start()
        until_blocking(
            lambda: (
                world.state(item) is TransferState.CANCELLED
                and not world.store.open_multiparts()
                and not world.ledger.transfers.parts(item.transfer)
            ),
            "the end of the clean-up",
        )
        engine.terminate()
        assert engine.wait(30) == 0
    assert world.store.sha256(world.key(item)) is None
