import os
import signal
import subprocess
import sys

from gencove_tui.engine.locks import anybody_looks, engine_lives, engine_lock, take_engine_lock, viewer_lock
from tests.waiting import until_blocking

HOLD = """
import sys, time
from pathlib import Path
from gencove_tui.engine.locks import engine_lock
assert engine_lock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_one_engine_per_profile_and_the_lock_dies_with_its_process(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        assert engine_lives(tmp_path)
        assert not engine_lock(tmp_path).acquire()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        until_blocking(lambda: not engine_lives(tmp_path), "the lock to be free")
        with engine_lock(tmp_path) as lock:
            assert lock.acquire()
    finally:
        holder.kill()
        holder.communicate()


def test_any_number_of_screens_look_on(tmp_path):
    assert not anybody_looks(tmp_path)
    with viewer_lock(tmp_path) as one, viewer_lock(tmp_path) as two:
        assert one.acquire()
        assert two.acquire()
        assert anybody_looks(tmp_path)
        one.release()
        assert anybody_looks(tmp_path)
    assert not anybody_looks(tmp_path)


async def test_a_second_engine_gives_up(tmp_path):
    with engine_lock(tmp_path) as first:
        first.acquire()
        assert await take_engine_lock(tmp_path, "1.0", patience=0.1) is None
    second = await take_engine_lock(tmp_path, "1.0", patience=0.1)
    assert second is not None
    second.release()
