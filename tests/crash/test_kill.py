"""``kill -9`` on real engine processes in mid-file: afterwards every byte is right and none is sent twice."""

import hashlib
import os
import signal
import subprocess
import sys

import pytest

from gencove_tui.config import resolve
from gencove_tui.engine.locks import engine_lives
from gencove_tui.model import FINAL_STATES, TransferState
from gencove_tui.store.ledger import Ledger
from tests.files import large
from tests.waiting import until_blocking

pytestmark = pytest.mark.crash

PLACE = "gncv://lab/run-1/"
MIB = 1 << 20


def start(environment):
    return subprocess.Popen([sys.executable, "-m", "gencove_tui", "engine"], env=environment)


@pytest.mark.long  # the windows and the kill loop say the same in small
def test_an_upload_survives_kill_9_and_sends_no_finished_part_again(environment, sandbox, tmp_path):
    path = large(tmp_path, 130 * MIB, seed=5)
    place = PLACE + path.name
    with (tmp_path / "app" / "config" / "config.toml").open("a") as config:
        config.write("parts_at_once = 2\n")
    settings = resolve(environment=environment)
    sandbox.faults.set("s3-latency=0.1")
    engine = None
    with Ledger(settings.state_folder) as ledger:
        transfer = ledger.transfers.add_upload(str(path), place, path.stat().st_size)

        def finished_parts():
            return [p for p in ledger.transfers.parts(transfer) if p.etag]

        kills = 0
        try:
            for wanted in (2, 4, 6):
                engine = start(environment)
                until_blocking(
                    lambda wanted=wanted: (
                        len(finished_parts()) >= wanted
                        or ledger.transfers.get(transfer).state in FINAL_STATES
                    ),
                    f"{wanted} finished parts",
                )
                os.kill(engine.pid, signal.SIGKILL)
                engine.wait()
                kills += 1
                assert sandbox.upload_bytes(place) is None, "nothing half-finished may be visible"
            sandbox.faults.clear()
            engine = start(environment)
            until_blocking(lambda: ledger.transfers.get(transfer).state in FINAL_STATES, "the end")
        finally:
            if engine is not None:
                engine.terminate()
                engine.wait()
        done = ledger.transfers.get(transfer)
        assert done.state is TransferState.DONE, done.problem
        total = len(ledger.transfers.parts(transfer))
    assert kills == 3
    arrived = sandbox.upload_bytes(place)
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(path.read_bytes()).digest()
    # Only parts in flight at a kill may be sent again.
    assert sandbox.requests.parts_sent() <= total + kills * settings.options.parts_at_once


def test_a_stopped_engine_leaves_at_once_and_keeps_its_progress(environment, sandbox, tmp_path):
    path = large(tmp_path, 130 * MIB, seed=6)
    settings = resolve(environment=environment)
    sandbox.faults.set("s3-latency=0.2")
    with Ledger(settings.state_folder) as ledger:
        transfer = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size)
        engine = start(environment)
        until_blocking(lambda: any(p.etag for p in ledger.transfers.parts(transfer)), "a first part")
        engine.terminate()
        assert engine.wait(timeout=10) == 0
        assert not engine_lives(settings.state_folder)
        assert ledger.transfers.get(transfer).state is TransferState.QUEUED
        assert any(p.etag for p in ledger.transfers.parts(transfer))
