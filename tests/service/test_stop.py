"""SIGTERM at bad moments: the engine leaves by itself, and what was moved stays moved."""

import asyncio
import contextlib
import socket
import sqlite3

from gencove_tui.cli.link import linker
from gencove_tui.config import resolve
from gencove_tui.engine.locks import engine_holder, engine_lives
from gencove_tui.model import DownloadSource, GncvPath, TransferState
from gencove_tui.store.ledger import Ledger
from tests.files import large
from tests.waiting import until_blocking

MIB = 1 << 20
PLACE = "gncv://lab/run-1/"

HUNG_READ = """
real_pread = os.pread
def pread(descriptor, length, offset):
    if offset >= 48 << 20 and threading.current_thread() is not threading.main_thread():
        hang()
    return real_pread(descriptor, length, offset)
os.pread = pread
"""
HUNG_SCANDIR = """
real_scandir = os.scandir
def scandir(path="."):
    if not isinstance(path, int) and os.fsdecode(path).endswith("/hung"):
        hang()
    return real_scandir(path)
os.scandir = scandir
"""
HUNG_HASH = """
import hashlib
real_sha256 = hashlib.sha256
class Hung:
    def __init__(self, *_, **__): pass
    def update(self, _): hang()
    def hexdigest(self): return ""
def sha256(*given, **named):
    in_thread = threading.current_thread() is not threading.main_thread()
    return Hung() if in_thread else real_sha256(*given, **named)
hashlib.sha256 = sha256
"""
HUNG_LOOKUP = """
import socket
def getaddrinfo(*_, **__): hang()
socket.getaddrinfo = getaddrinfo
"""
IMPATIENT = "import gencove_tui.store.database as database\ndatabase.BUSY_SECONDS = 0.2\n"


def stop(engine, state_folder):
    """SIGTERM; the engine must leave with 0 and let go of its lock."""
    engine.terminate()
    _, said = engine.communicate(timeout=90)
    assert engine.returncode == 0, said
    assert "Traceback" not in said
    assert not engine_lives(state_folder)


@contextlib.contextmanager
def dead_host():
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        server.settimeout(60)
        yield server, f"http://127.0.0.1:{server.getsockname()[1]}"


def test_while_it_connects_to_a_host_that_never_answers(idle_engines, idle_home):
    with dead_host() as (server, url):
        settings = resolve(host=url, environment=idle_home)
        engine = idle_engines.start(GENCOVE_HOST=url)
        connection, _ = server.accept()
        with connection:
            assert engine_lives(settings.state_folder)
            stop(engine, settings.state_folder)


def test_while_a_name_look_up_hangs(idle_engines, idle_home, tmp_path):
    mark = tmp_path / "mark"
    url = "https://gencove.invalid"
    settings = resolve(host=url, environment=idle_home)
    engine = idle_engines.start(code=HUNG_LOOKUP, GENCOVE_HOST=url, TEST_MARK=str(mark))
    until_blocking(mark.exists, "the look-up")
    stop(engine, settings.state_folder)


def uploading(ledger, path):
    return ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)


def finished_parts(ledger, transfer):
    return {part.number for part in ledger.transfers.parts(transfer) if part.etag}


def test_while_an_upload_stands_still(engines, sandbox, settings, tmp_path):
    path = large(tmp_path, 100 * MIB, seed=11)
    sandbox.faults.set("s3-latency=0.05")
    with Ledger(settings.state_folder) as ledger:
        transfer = uploading(ledger, path)
        engine = engines.start()
        until_blocking(lambda: finished_parts(ledger, transfer), "a first part")
        sandbox.faults.set("s3-latency=600")
        stop(engine, settings.state_folder)
        kept = finished_parts(ledger, transfer)
        assert kept
        assert ledger.transfers.get(transfer).state is TransferState.QUEUED
        sandbox.faults.clear()
        again = engines.start()
        until_blocking(lambda: ledger.transfers.get(transfer).state.is_final, "the end")
        assert ledger.transfers.get(transfer).state is TransferState.DONE
        stop(again, settings.state_folder)
    assert sandbox.upload_bytes(PLACE + path.name) == path.read_bytes()


def test_while_a_file_on_a_broken_disk_hangs_in_its_thread(engines, sandbox, settings, tmp_path):
    path = large(tmp_path, 100 * MIB, seed=12)
    mark = tmp_path / "mark"
    with Ledger(settings.state_folder) as ledger:
        transfer = uploading(ledger, path)
        engine = engines.start(code=HUNG_READ, TEST_MARK=str(mark))
        until_blocking(mark.exists, "the read that hangs")
        before = until_blocking(lambda: finished_parts(ledger, transfer), "a first part")
        stop(engine, settings.state_folder)
        assert before <= finished_parts(ledger, transfer)
        assert not ledger.transfers.get(transfer).state.is_final
        engines.start()
        until_blocking(lambda: ledger.transfers.get(transfer).state.is_final, "the end")
        assert ledger.transfers.get(transfer).state is TransferState.DONE
    assert sandbox.upload_bytes(PLACE + path.name) == path.read_bytes()


def a_result(settings):
    """Project, sample and deliverable of something that can be downloaded."""

    async def look():
        api = await linker(settings)()
        try:
            for project in (await api.projects()).items:
                for row in (await api.samples(project.id)).items:
                    if row.status == "succeeded" and row.archive_status != "archived":
                        sample = await api.sample(project.id, row.id)
                        for deliverable in sample.deliverables or ():
                            if deliverable.file_type == "impute-vcf":
                                return project.id, sample.id, deliverable
        finally:
            await api.aclose()
        raise AssertionError("no finished sample")

    return asyncio.run(look())


def test_while_a_thread_hashes_without_end(engines, settings, tmp_path):
    project_id, sample_id, deliverable = a_result(settings)
    source = DownloadSource(
        project_id=project_id,
        sample_id=sample_id,
        file_type=deliverable.file_type,
        file_id=deliverable.id,
    )
    target = tmp_path / "result.vcf.gz"
    mark = tmp_path / "mark"
    with Ledger(settings.state_folder) as ledger:
        transfer = ledger.transfers.add_download(str(target), "result.vcf.gz", source, None)
        engine = engines.start(code=HUNG_HASH, TEST_MARK=str(mark))
        until_blocking(mark.exists, "the hash")
        stop(engine, settings.state_folder)
        assert not target.exists()
        parts = ledger.transfers.parts(transfer)
        assert sum(part.bytes_done for part in parts) == sum(part.length for part in parts) > 0
        engines.start()
        until_blocking(lambda: ledger.transfers.get(transfer).state.is_final, "the end")
        assert ledger.transfers.get(transfer).state is TransferState.DONE
        assert target.stat().st_size == sum(part.length for part in parts)


def test_while_a_watched_folder_hangs(engines, settings, tmp_path):
    folder = tmp_path / "hung"
    folder.mkdir()
    mark = tmp_path / "mark"
    with Ledger(settings.state_folder) as ledger:
        ledger.rules.put(str(folder), GncvPath("gncv://a/"), settle=1.0)
    engine = engines.start(code=HUNG_SCANDIR, TEST_MARK=str(mark))
    until_blocking(mark.exists, "the look into the folder")
    stop(engine, settings.state_folder)


def test_a_ledger_that_is_locked_at_the_start_is_waited_for(engines, manager, settings):
    Ledger(settings.state_folder).close()
    blocker = sqlite3.connect(settings.state_folder / "ledger.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    engine = engines.start(code=IMPATIENT, NOTIFY_SOCKET=manager.address, TEST_MARK="")
    manager.wait_for("STATUS=waiting for the ledger")
    assert "can't be used yet" in (settings.state_folder / "engine.log").read_text()
    assert engine_holder(settings.state_folder).pid == engine.pid
    assert "READY=1" not in manager.listen()
    blocker.execute("ROLLBACK")
    blocker.close()
    manager.wait_for("READY=1")
    with Ledger(settings.state_folder) as ledger:
        assert ledger.engine.read().pid == engine.pid


def test_it_leaves_while_it_waits_for_a_locked_ledger(engines, manager, settings):
    Ledger(settings.state_folder).close()
    blocker = sqlite3.connect(settings.state_folder / "ledger.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    engine = engines.start(code=IMPATIENT, NOTIFY_SOCKET=manager.address, TEST_MARK="")
    manager.wait_for("STATUS=waiting for the ledger")
    stop(engine, settings.state_folder)
    blocker.close()


def test_it_leaves_while_somebody_keeps_the_ledger_locked_in_mid_work(engines, manager, settings):
    with Ledger(settings.state_folder):
        engine = engines.start(NOTIFY_SOCKET=manager.address)
        manager.wait_for("STATUS=nothing to do")
        blocker = sqlite3.connect(settings.state_folder / "ledger.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        stop(engine, settings.state_folder)
        blocker.close()
