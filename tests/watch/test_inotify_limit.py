"""Under a real limit of the system's notices: a rule says so, looks by itself, and loses nothing."""

import shutil
import subprocess
import sys

import pytest

from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import GncvPath
from tests.waiting import until_blocking
from tests.watch.conftest import terms

LIMIT = 8
LIMITED = f'echo {LIMIT} > /proc/sys/user/max_inotify_watches && exec "$@"'
ENGINE = """
from gencove_tui.cli import cli
from gencove_tui.engine.watch import watcher
watcher.LOCAL_SECONDS, watcher._LISTEN_AGAIN_SECONDS = 0.5, 0.5
cli(["engine"])
"""


def within_limits(*command):
    """The command in a user namespace of its own, where such a limit hurts nobody else."""
    return ["unshare", "--user", "--map-root-user", "sh", "-c", LIMITED, "sh", *command]


@pytest.fixture
def engine(environment):
    """A real engine that may have few notices."""
    if shutil.which("unshare") is None or subprocess.run(within_limits("true"), check=False).returncode:
        pytest.skip("no user namespaces here")
    process = subprocess.Popen(within_limits(sys.executable, "-c", ENGINE), env=environment)
    yield process
    process.terminate()
    process.wait(60)


def test_more_folders_than_the_system_gives_notices_for(ledger, sandbox, tmp_path, engine):
    def uploaded(rule, count):
        until_blocking(lambda: ledger.rules.counts(rule) == {"uploaded": count}, "the uploads")

    def watch(name):
        place = GncvPath(f"gncv://{name}/{{relpath}}/")
        return ledger.rules.put_terms(terms(tmp_path / name, destination=place, file_system="local"), name)

    write_pair(tmp_path / "few" / "run1", "A", 1, 20, seed=1)
    few = watch("few")
    uploaded(few, 2)
    assert not ledger.rules.status(few).polling

    # The usual case: runs come until there are too many folders.
    for number in range(2, 4 + LIMIT):
        (tmp_path / "few" / f"run{number}").mkdir()
    last = tmp_path / "few" / f"run{number}"
    write_pair(last, "B", 2, 20, seed=2)
    uploaded(few, 4)
    until_blocking(lambda: ledger.rules.status(few).polling, "that it polls")
    assert any("max_user_watches" in notice for notice in ledger.rules.status(few).notices)
    write_pair(last, "C", 3, 20, seed=3)
    uploaded(few, 6)

    # Too many from the beginning.
    for number in range(4 + LIMIT):
        (tmp_path / "many" / f"run{number}").mkdir(parents=True)
    many = watch("many")
    until_blocking(lambda: ledger.rules.status(many).polling, "that it polls")
    pair = write_pair(tmp_path / "many" / f"run{number}", "D", 4, 20, seed=4)
    uploaded(many, 2)
    for path in pair:
        assert sandbox.upload_bytes(f"gncv://many/run{number}/{path.name}") == path.read_bytes()
    told = [event.message for event in ledger.events.newest(1000) if event.kind == "watch.notice"]
    assert len([word for word in told if "max_user_watches" in word]) == 2
