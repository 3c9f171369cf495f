"""``gencove-tui engine stop|restart|status``, and an engine of another version."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys

from gencove_tui import __version__
from gencove_tui.config import resolve
from gencove_tui.engine.locks import Holder, engine_holder, engine_lives, take_engine_lock
from gencove_tui.engine.spawn import restart_engine, stop_engine
from gencove_tui.store.ledger import Ledger
from tests.waiting import until_blocking

OLD = "import gencove_tui\ngencove_tui.__version__ = '0.0.1'\n"


def run(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "gencove_tui", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


def started(engines, settings, **how):
    engine = engines.start(**how)

    def holds():
        assert engine.poll() is None, engine.communicate()[1]
        holder = engine_holder(settings.state_folder)
        return holder and holder.pid == engine.pid

    until_blocking(holds, "the engine")
    return engine


def test_stop_and_status(idle_engines, idle_home):
    settings = resolve(environment=idle_home)
    assert run(idle_home, "engine", "status").returncode == 3
    engine = started(idle_engines, settings)
    status = run(idle_home, "engine", "status")
    assert status.returncode == 0
    assert f"pid {engine.pid}, version {__version__}" in status.stdout
    assert run(idle_home, "engine", "stop").returncode == 0
    assert engine.wait() == 0
    again = run(idle_home, "engine", "stop")
    assert again.returncode == 0
    assert "No engine runs" in again.stdout


def test_an_engine_of_another_version_is_told_of_and_restarted(engines, environment, settings, fastq_pair):
    old = started(engines, settings, code=OLD, TEST_MARK="")
    assert "engine restart" in run(environment, "engine", "status").stdout
    upload = run(environment, "upload", str(fastq_pair[0]), "gncv://a/")
    assert upload.returncode == 0, upload.stderr
    assert f"The engine that runs is version 0.0.1, this is {__version__}" in upload.stderr
    assert "gencove-tui engine restart" in upload.stderr
    restarted = run(environment, "engine", "restart")
    assert restarted.returncode == 0, restarted.stderr
    assert old.wait() == 0
    assert f"version {__version__}" in restarted.stdout
    assert "0.0.1" not in restarted.stdout
    assert run(environment, "engine", "stop").returncode == 0


def test_a_foreground_engine_names_the_one_that_is_in_its_way(idle_engines, idle_home):
    old = started(idle_engines, resolve(environment=idle_home), code=OLD, TEST_MARK="")
    refused = run(idle_home, "engine")
    assert refused.returncode == 1
    assert f"pid {old.pid}" in refused.stderr
    assert "version 0.0.1" in refused.stderr
    assert "engine restart" in refused.stderr


async def test_restart_starts_one_where_none_lived(environment, settings):
    process = await restart_engine(settings)
    assert engine_holder(settings.state_folder).pid == process.pid
    await stop_engine(settings.state_folder)
    assert process.wait() == 0


def test_stop_hands_over_to_a_service_that_stands_in_line(idle_engines, idle_home, manager):
    settings = resolve(environment=idle_home)
    engine = started(idle_engines, settings)
    service = idle_engines.start("--wait", NOTIFY_SOCKET=manager.address)
    manager.wait_for("STATUS=waiting until another engine ends")
    assert run(idle_home, "engine", "stop").returncode == 0
    assert engine.wait() == 0
    manager.wait_for("READY=1")
    assert service.poll() is None
    assert engine_holder(settings.state_folder).pid == service.pid
    told = run(idle_home, "engine", "stop")
    assert service.wait() == 0
    assert "systemctl --user start gencove-tui-default.service" in told.stdout


async def test_an_engine_starts_whatever_modules_lie_in_the_folder(
    environment, settings, tmp_path, monkeypatch
):
    (tmp_path / "click.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    process = await restart_engine(settings)
    await stop_engine(settings.state_folder)
    assert process.wait() == 0


def test_a_new_key_reaches_the_engine_that_runs(engines, environment, settings, sandbox, fastq_pair):
    """A service runs for months; keys are replaced meanwhile."""
    key_file = settings.where.key_file("default")
    key_file.write_text("0123456789abcdef0123456789abcdef0123\n")
    engine = started(engines, settings)
    login = subprocess.run(
        [sys.executable, "-m", "gencove_tui", "login"],
        env=environment,
        input=sandbox.api_key + "\n",
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert login.returncode == 0, login.stderr
    assert engine.wait() == 0
    assert "was started anew" in login.stdout
    upload = run(environment, "upload", str(fastq_pair[0]), "gncv://a/")
    assert upload.returncode == 0, upload.stderr
    assert run(environment, "engine", "stop").returncode == 0


async def test_only_who_holds_the_lock_gets_a_signal(idle_home):
    """A pid that is left over in ledger or lock file may belong to anybody by now."""
    settings = resolve(environment=idle_home)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        with Ledger(settings.state_folder) as ledger:
            ledger.engine.enter(bystander.pid, "0.0.1")
        card = f'{{"pid":{bystander.pid},"host":"{socket.gethostname()}","version":"1","started":1}}'
        (settings.state_folder / "engine.lock").write_text(card)
        assert engine_holder(settings.state_folder) is None
        await stop_engine(settings.state_folder)
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()


def test_an_engine_on_another_machine_is_asked_through_the_ledger(engines, settings, monkeypatch):
    engine = started(engines, settings)
    until_blocking(lambda: _row(settings).pid == engine.pid, "its row")
    monkeypatch.setattr("socket.gethostname", lambda: "another-machine")

    def never(*_):
        raise AssertionError("a signal to a process of another machine")

    monkeypatch.setattr(os, "kill", never)
    asyncio.run(stop_engine(settings.state_folder))
    assert engine.wait() == 0


def _row(settings):
    with Ledger(settings.state_folder) as ledger:
        return ledger.engine.read()


async def test_the_holder_writes_who_it_is_into_the_lock_file(tmp_path):
    (tmp_path / "engine.lock").write_text("left over")
    lock = await take_engine_lock(tmp_path, "1.2.3", service=True)
    with lock:
        holder = engine_holder(tmp_path)
        assert isinstance(holder, Holder)
        assert (holder.pid, holder.version, holder.service) == (os.getpid(), "1.2.3", True)
        assert holder.is_here
    assert engine_holder(tmp_path) is None
    assert not engine_lives(tmp_path)


def test_the_start_is_logged_in_words(idle_engines, idle_home):
    settings = resolve(environment=idle_home)
    engine = started(idle_engines, settings)
    log = settings.state_folder / "engine.log"
    until_blocking(lambda: log.exists() and "no connection yet" in log.read_text(), "the log")
    assert re.search(rf"engine {re.escape(__version__)} started, pid {engine.pid}; nothing", log.read_text())
