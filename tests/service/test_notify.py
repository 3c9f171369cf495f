"""Readiness, status and watchdog, from real engine processes to a real socket."""

import os
import signal
import socket
import subprocess

import pytest

from gencove_tui.config import resolve
from gencove_tui.engine.locks import engine_holder
from gencove_tui.engine.notify import Notifier
from gencove_tui.store.ledger import Ledger
from tests.waiting import until_blocking

HUNG_LOOP = """
from gencove_tui.engine.scheduler import Scheduler
step = Scheduler.step
async def hangs(self):
    if MARK.with_suffix(".now").exists():
        hang()
    await step(self)
Scheduler.step = hangs
"""


def test_an_engine_tells_that_it_is_ready_lives_and_stops(engines, manager, settings):
    engine = engines.start(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="300000")
    manager.wait_for("READY=1")
    manager.wait_for("STATUS=nothing to do")
    holder = engine_holder(settings.state_folder)
    assert (holder.pid, holder.service, holder.is_here) == (engine.pid, True, True)
    beats = len(manager.wait_for("WATCHDOG=1"))
    until_blocking(lambda: manager.listen().count("WATCHDOG=1") > beats + 2, "more signs of life")
    engine.terminate()
    assert engine.wait() == 0
    assert "STOPPING=1" in manager.listen()


def test_it_is_ready_while_its_host_can_not_be_reached(idle_engines, manager):
    engine = idle_engines.start(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="300000")
    manager.wait_for("READY=1")
    manager.wait_for("STATUS=no connection yet")
    beats = manager.listen().count("WATCHDOG=1")
    until_blocking(lambda: manager.listen().count("WATCHDOG=1") > beats + 2, "signs of life while offline")
    assert engine.poll() is None


def test_a_hung_main_loop_goes_silent(engines, manager, tmp_path):
    mark = tmp_path / "hung"
    engine = engines.start(
        code=HUNG_LOOP, NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="100000", TEST_MARK=str(mark)
    )
    manager.wait_for("WATCHDOG=1")
    mark.with_suffix(".now").touch()
    until_blocking(mark.exists, "the loop to hang")
    manager.listen()
    heard = len(manager.heard)
    with pytest.raises(subprocess.TimeoutExpired):
        engine.wait(1)  # ten times the span in which systemd would want a sign
    assert manager.listen()[heard:] == []


def test_what_is_told_is_one_line_and_told_once(manager):
    notifier = Notifier(manager.address)
    notifier.status("2 running,\n1 failed")
    notifier.status("2 running,\n1 failed")
    notifier.beat()  # no watchdog was asked for
    assert manager.listen() == ["STATUS=2 running, 1 failed"]
    notifier.close()


def test_signs_of_life_come_thrice_as_often_as_they_must(manager):
    now = 100.0
    notifier = Notifier(manager.address, 30.0, clock=lambda: now)
    for _ in range(61):
        notifier.beat()
        now += 0.5
    assert len(manager.listen()) == 4
    notifier.close()


def test_the_manager_is_found_by_the_environment(manager):
    asked = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}
    notifier = Notifier.from_environment(asked)
    notifier.beat()
    assert manager.listen() == ["WATCHDOG=1"]
    for_another = Notifier.from_environment({**asked, "WATCHDOG_PID": "1"})
    for_another.beat()
    assert manager.listen() == ["WATCHDOG=1"]
    notifier.close()
    for_another.close()


def test_without_a_manager_or_after_its_end_nothing_is_sent_and_nothing_fails(tmp_path):
    silent = Notifier.from_environment({})
    assert not silent.listens
    silent.ready()
    gone = Notifier(str(tmp_path / "gone"), 1.0)
    gone.ready()
    gone.beat()
    gone.close()


def test_an_address_in_the_abstract_namespace_is_understood():
    name = f"gencove-tui-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        notifier = Notifier("@" + name)
        notifier.ready()
        assert listening.recv(100) == b"READY=1"
        notifier.close()


def test_the_status_counts_what_there_is(engines, manager, settings, tmp_path):
    with Ledger(settings.state_folder) as ledger:
        ledger.transfers.add_upload(str(tmp_path / "missing_R1.fastq.gz"), "gncv://a/missing_R1.fastq.gz", 10)
        engines.start(NOTIFY_SOCKET=manager.address)
        manager.wait_for("STATUS=1 failed")


def test_a_service_takes_over_when_the_other_engine_ends(idle_engines, idle_home, manager):
    folder = resolve(environment=idle_home).state_folder
    first = idle_engines.start()
    until_blocking(lambda: engine_holder(folder), "the first engine")
    refused = idle_engines.start()
    _, said = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert f"pid {first.pid}" in said
    service = idle_engines.start("--wait", NOTIFY_SOCKET=manager.address)
    manager.wait_for("STATUS=waiting until another engine ends")
    assert "READY=1" not in manager.listen()
    first.send_signal(signal.SIGKILL)
    manager.wait_for("READY=1")
    assert engine_holder(folder).pid == service.pid
