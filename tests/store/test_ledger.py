import multiprocessing
import sqlite3
import time

import pytest
from msgspec import structs

from gencove_tui.errors import Problem
from gencove_tui.model import (
    Direction,
    DownloadSource,
    GncvPath,
    Part,
    Project,
    TransferState,
    Upload,
    WatchedFile,
    Wish,
)
from gencove_tui.store.cache import Cache
from gencove_tui.store.database import Database
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.transfers import Identity, Place

SOURCE = DownloadSource(project_id="p", sample_id="s", file_type="impute-vcf", file_id="f")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "state") as opened:
        yield opened


def test_a_transfer_comes_back_as_it_went_in(ledger):
    up = ledger.transfers.add_upload("/data/\udcff_R1.fastq.gz", "gncv://a/x_R1.fastq.gz", 10)
    down = ledger.transfers.add_download("/out/x.vcf.gz", "x/x.vcf.gz", SOURCE, None)
    upload, download = ledger.transfers.get(up), ledger.transfers.get(down)
    assert upload.local_path == "/data/\udcff_R1.fastq.gz"
    assert (upload.direction, upload.state, upload.size) == (Direction.UPLOAD, TransferState.QUEUED, 10)
    assert (download.source, download.size) == (SOURCE, None)


def test_runnable_goes_by_priority_then_age_and_heeds_retry_times(ledger):
    first, second, urgent = (
        ledger.transfers.add_upload(f"/{n}", f"gncv://{n}", 1, priority=p)
        for n, p in (("a", 0), ("b", 0), ("c", 5))
    )
    ledger.transfers.set_state(second, TransferState.WAITING, problem="offline", retry_at=1000.0)

    def order(now, excluding=()):
        ledger.transfers.wake_waiting(now)
        return [t.id for t in ledger.transfers.runnable(Direction.UPLOAD, 10, excluding, small=True)]

    assert order(999.0) == [urgent, first]
    assert order(1000.0) == [urgent, first, second]
    assert order(1000.0, [first]) == [urgent, second]
    assert ledger.transfers.runnable(Direction.DOWNLOAD, 10, small=True) == []
    assert ledger.transfers.runnable(Direction.UPLOAD, 10, small=False) == []


def test_a_clock_that_was_set_back_by_a_day_lets_nobody_sleep_for_a_day(ledger):
    only = ledger.transfers.add_upload("/a", "gncv://a", 1)
    day = 86400.0
    ledger.transfers.set_state(only, TransferState.WAITING, retry_at=2 * day + 60)
    assert ledger.transfers.wake_waiting(2 * day) == 0
    assert ledger.transfers.wake_waiting(day) == 1
    assert ledger.transfers.get(only).state is TransferState.QUEUED


def test_large_and_small_files_stand_in_lines_apart(ledger):
    large = ledger.transfers.add_upload("/large", "gncv://large", 16 << 20)
    small = ledger.transfers.add_upload("/small", "gncv://small", (16 << 20) - 1)
    unknown = ledger.transfers.add_download("/d", "S1/x.vcf", SOURCE, None)
    assert [t.id for t in ledger.transfers.runnable(Direction.UPLOAD, 9, small=False)] == [large]
    assert [t.id for t in ledger.transfers.runnable(Direction.UPLOAD, 9, small=True)] == [small]
    assert [t.id for t in ledger.transfers.runnable(Direction.DOWNLOAD, 9, small=False)] == [unknown]


def test_the_queue_can_be_reordered_and_priorities_come_first(ledger):
    a, b, c, d = (ledger.transfers.add_upload(f"/{n}", f"gncv://{n}", 1) for n in "abcd")

    def order():
        return [t.id for t in ledger.transfers.runnable(Direction.UPLOAD, 9, small=True)]

    ledger.transfers.move([c, d], Place.TOP)
    assert order() == [c, d, a, b]
    ledger.transfers.move([d], Place.UP)
    assert order() == [d, c, a, b]
    ledger.transfers.move([d, c], Place.DOWN)
    assert order() == [a, d, c, b]
    ledger.transfers.move([a], Place.BOTTOM)
    assert order() == [d, c, b, a]
    ledger.transfers.set_priority([a], 1)
    assert order() == [a, d, c, b]
    assert ledger.transfers.change_priority([b, a], 1) == {1, 2}
    assert ledger.transfers.change_priority([b], 2) == {3}
    assert order() == [b, a, d, c]
    assert ledger.transfers.change_priority([b, 99], -3) == {0}
    assert ledger.transfers.change_priority([99], 1) == frozenset()
    assert order() == [a, d, c, b]
    assert [t.id for t in ledger.transfers.listing(9)] == [a, d, c, b]


def test_what_is_at_rest_follows_a_wish_for_all_in_one_step(ledger):
    a, b, moving = (ledger.transfers.add_upload(f"/{n}", f"gncv://{n}", 1) for n in "abc")
    ledger.transfers.set_state(moving, TransferState.RUNNING)
    assert ledger.transfers.wish_all(Wish.PAUSE) == 3
    paused, cancelled = ledger.transfers.follow_at_rest([moving])
    assert ({t.id for t in paused}, cancelled) == ({a, b}, [])
    assert [t.id for t in ledger.transfers.unwanted()] == [moving]
    ledger.transfers.note(b, multipart_id="m")
    ledger.transfers.wish([a, b], Wish.CANCEL)
    _, cancelled = ledger.transfers.follow_at_rest([moving])
    assert [t.id for t in cancelled] == [a]  # b has left something in the store, to be cleared by the engine
    assert {t.id for t in ledger.transfers.unwanted()} == {b, moving}


def test_multiparts_are_remembered_until_they_are_finished(ledger):
    a = ledger.transfers.add_upload("/a", "gncv://a", 1)
    ledger.transfers.begin_multipart(a, "m1", "bucket", "key", part_size=5)
    assert ledger.transfers.stale_multiparts(0.0, 0.0) == []
    (stale,) = ledger.transfers.stale_multiparts(time.time() + 1, 0.0)
    assert (stale.multipart_id, stale.bucket, stale.object_key) == ("m1", "bucket", "key")
    ledger.transfers.forget_multipart("m1")
    assert ledger.transfers.stale_multiparts(time.time() + 1, 0.0) == []


def test_the_limit_of_all_transfers_is_kept(ledger):
    assert ledger.controls.read().bandwidth is None
    ledger.controls.set_bandwidth(5_000_000)
    assert ledger.controls.read().bandwidth == 5_000_000
    with pytest.raises(ValueError, match="negative"):
        ledger.controls.set_bandwidth(-1)


def test_wishes_are_seen_by_the_engine_and_run_revives_a_failure(ledger):
    a, b = (ledger.transfers.add_upload(f"/{n}", f"gncv://{n}", 1) for n in "ab")
    ledger.transfers.wish([a], Wish.PAUSE)
    ledger.transfers.wish([b], Wish.CANCEL)
    assert {t.id for t in ledger.transfers.unwanted()} == {a, b}
    ledger.transfers.set_state(a, TransferState.PAUSED)
    ledger.transfers.set_state(b, TransferState.CANCELLED)
    assert ledger.transfers.unwanted() == []
    assert ledger.transfers.runnable(Direction.UPLOAD, 9, small=True) == []
    ledger.transfers.wish([a, b], Wish.RUN)
    assert [t.state for t in ledger.transfers.runnable(Direction.UPLOAD, 9, small=True)] == [
        TransferState.QUEUED
    ] * 2


def test_recovery_requeues_what_was_moving_and_keeps_its_parts(ledger):
    a = ledger.transfers.add_upload("/a", "gncv://a", 40)
    ledger.transfers.note_identity(a, Identity(40, 7, 9))
    ledger.transfers.note(a, multipart_id="m", part_size=20)
    ledger.transfers.set_parts(a, [Part(number=1, offset=0, length=20), Part(number=2, offset=20, length=20)])
    ledger.transfers.finish_part(a, 1, etag='"e"', crc32="AAAA")
    ledger.transfers.set_state(a, TransferState.RUNNING)
    assert ledger.transfers.recover() == 1
    assert ledger.transfers.get(a).state is TransferState.QUEUED
    journal = ledger.transfers.journal(a)
    assert (journal.identity, journal.multipart_id, journal.part_size) == (Identity(40, 7, 9), "m", 20)
    one, two = ledger.transfers.parts(a)
    assert (one.bytes_done, one.etag, one.crc32) == (20, '"e"', "AAAA")
    assert (two.bytes_done, two.etag) == (0, "")


def test_starting_over_forgets_every_trace_of_the_old_attempt(ledger):
    a = ledger.transfers.add_upload("/a", "gncv://a", 40)
    ledger.transfers.note_identity(a, Identity(40, 7, 9))
    ledger.transfers.note(a, multipart_id="m", part_size=20, completing=True)
    ledger.transfers.set_parts(a, [Part(number=1, offset=0, length=40)])
    ledger.transfers.restart(a)
    journal = ledger.transfers.journal(a)
    assert (journal.identity, journal.multipart_id, journal.completing) == (None, "", False)
    assert ledger.transfers.parts(a) == []


def test_noting_anything_but_a_journal_column_is_a_mistake(ledger):
    a = ledger.transfers.add_upload("/a", "gncv://a", 1)
    with pytest.raises(ValueError, match="state"):
        ledger.transfers.note(a, state="done")


def test_clearing_forgets_successes_and_keeps_failures_in_sight(ledger):
    ids = [ledger.transfers.add_upload(f"/{n}", f"gncv://{n}", 1) for n in range(4)]
    states = (TransferState.DONE, TransferState.FAILED, TransferState.CANCELLED, TransferState.QUEUED)
    for transfer_id, state in zip(ids, states, strict=True):
        ledger.transfers.set_state(transfer_id, state)
    assert ledger.transfers.clear_finished() == 2
    assert {t.state for t in ledger.transfers.listing(10)} == {TransferState.FAILED, TransferState.QUEUED}


def test_the_listing_shows_moving_then_queued_then_newest_finished(ledger):
    old, new, queued, moving = (ledger.transfers.add_upload(f"/{n}", f"gncv://{n}", 1) for n in range(4))
    ledger.transfers.set_state(old, TransferState.DONE)
    ledger.transfers.set_state(new, TransferState.DONE)
    ledger.transfers.set_state(moving, TransferState.RUNNING)
    assert [t.id for t in ledger.transfers.listing(10)] == [moving, queued, new, old]


def test_a_failed_transaction_leaves_nothing(ledger):
    def fail_half_way():
        with ledger.write():
            ledger.transfers.add_upload("/a", "gncv://a", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert ledger.transfers.count() == 0


def test_changes_by_others_and_by_oneself_move_the_version(tmp_path):
    with Ledger(tmp_path) as mine, Ledger(tmp_path) as other:
        before = mine.version()
        assert mine.version() == before
        other.transfers.add_upload("/a", "gncv://a", 1)
        after = mine.version()
        assert after != before
        mine.transfers.add_upload("/b", "gncv://b", 1)
        assert mine.version() != after


def test_a_rule_is_one_per_folder_and_destination_and_waking_it_keeps_its_files(ledger):
    rule = ledger.rules.put("/run", GncvPath("gncv://a/"), settle=5)
    ledger.rules.put_file(
        WatchedFile(
            rule_id=rule, path="/run/x.fastq.gz", size=1, mtime_ns=2, inode=3, state="ignored", reason="r"
        )
    )
    ledger.rules.set_active(rule, False)
    assert ledger.rules.put("/run", GncvPath("gncv://a/"), settle=7) == rule
    assert ledger.rules.get(rule).active
    assert ledger.rules.get(rule).settle == 7
    assert ledger.rules.files(rule)["/run/x.fastq.gz"].reason == "r"
    assert ledger.rules.put("/run", GncvPath("gncv://b/"), settle=7) != rule


def test_rule_counts_follow_the_transfers(ledger):
    rule = ledger.rules.put("/run", GncvPath("gncv://a/"), settle=5)
    states = {"a": TransferState.DONE, "b": TransferState.FAILED, "c": TransferState.RUNNING}
    for name, state in states.items():
        transfer = ledger.transfers.add_upload(f"/run/{name}", f"gncv://a/{name}", 1, rule_id=rule)
        ledger.transfers.set_state(transfer, state)
        ledger.rules.put_file(
            WatchedFile(
                rule_id=rule,
                path=f"/run/{name}",
                size=1,
                mtime_ns=1,
                inode=1,
                state="queued",
                transfer_id=transfer,
            )
        )
    assert ledger.rules.counts(rule) == {"uploaded": 1, "failed": 1, "queued": 1}
    assert ledger.transfers.unfinished_for_rule(rule) == 1
    ledger.transfers.clear_finished()
    assert ledger.rules.counts(rule)["uploaded"] == 1


def test_events_keep_order_and_survive_odd_text(ledger):
    ledger.events.add("a", "first \udcff", {"path": "/\udcff", "n": 1})
    ledger.events.add("b", "second")
    assert [e.kind for e in ledger.events.newest(9)] == ["b", "a"]
    first = ledger.events.after(0)[0]
    assert first.data == {"path": "/?", "n": 1}
    assert [e.kind for e in ledger.events.after(first.id)] == ["b"]
    assert ledger.events.last_id() == first.id + 1


def test_a_ledger_of_a_newer_version_is_refused_untouched(tmp_path):
    Ledger(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.db") as raw:
        raw.execute("PRAGMA user_version=99")
    with pytest.raises(Problem) as caught:
        Ledger(tmp_path)
    assert "newer gencove-tui" in caught.value.what


def test_a_file_that_is_no_database_is_a_clear_problem(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"not a database at all, sorry" * 10)
    with pytest.raises(Problem, match="Can't open"):
        Ledger(tmp_path)


def test_migrations_run_once_each_and_in_order(tmp_path):
    path = tmp_path / "x.db"
    one = "CREATE TABLE t (a)"
    Database(path, (one,)).close()
    migrated = Database(path, (one, "ALTER TABLE t ADD COLUMN b DEFAULT 5; INSERT INTO t (a) VALUES (1)"))
    assert tuple(migrated.row("SELECT a, b FROM t")) == (1, 5)
    migrated.close()
    again = Database(path, (one, "ALTER TABLE t ADD COLUMN b DEFAULT 5; INSERT INTO t (a) VALUES (1)"))
    assert len(again.rows("SELECT * FROM t")) == 1


def _add_many(folder, start, go):
    go.wait()
    with Ledger(folder) as ledger:
        for n in range(50):
            ledger.transfers.add_upload(f"/{start + n}", "gncv://x", 1)


def test_several_processes_create_and_write_one_ledger(tmp_path):
    context = multiprocessing.get_context("spawn")
    go = context.Event()
    writers = [context.Process(target=_add_many, args=(tmp_path, n * 1000, go)) for n in range(4)]
    for writer in writers:
        writer.start()
    go.set()
    for writer in writers:
        writer.join(60)
    assert [w.exitcode for w in writers] == [0] * 4
    with Ledger(tmp_path) as ledger:
        assert ledger.transfers.count() == 200


def test_the_cache_returns_lists_with_their_time_and_forgets_other_shapes(tmp_path):
    cache = Cache(tmp_path)
    project = Project(id="1", name="Wheat", extra={"odd": [1, None]})
    cache.put("projects", "", (project,))
    items, fetched = cache.get("projects", "", Project)
    assert items == (project,)
    assert fetched.timestamp() == pytest.approx(time.time(), abs=60)
    upload = Upload(path=GncvPath("gncv://a/b"))
    cache.put("uploads", "", (upload,))
    assert cache.get("uploads", "", Upload)[0] == (upload,)
    assert cache.get("projects", "other", Project) is None
    assert cache.get("projects", "", Upload) is None


def test_a_transfer_knows_its_eta_only_while_it_runs(ledger):
    a = ledger.transfers.add_upload("/a", "gncv://a", 100)
    ledger.transfers.set_state(a, TransferState.RUNNING)
    ledger.transfers.progress([(a, 40, 100, 20.0)])
    running = ledger.transfers.get(a)
    assert running.eta == pytest.approx(3.0)
    assert structs.replace(running, state=TransferState.PAUSED).eta is None
    assert structs.replace(running, rate=0.0).eta is None


def test_a_lock_that_is_kept_is_a_clear_problem_and_ends_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("gencove_tui.store.database.BUSY_SECONDS", 0.05)
    with Ledger(tmp_path) as ledger:
        blocker = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(Problem, match="locked"):
            ledger.transfers.add_upload("/a", "gncv://a", 1)
        blocker.execute("ROLLBACK")
        ledger.transfers.add_upload("/a", "gncv://a", 1)
        assert ledger.transfers.count() == 1
