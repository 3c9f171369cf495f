"""Runs one command and writes what it cost; a program of its own: ``python -I -S launch.py RESULT COMMAND…``.

Linux counts the memory of whoever started a process into that process's peak. So whoever starts must be
small: this file imports next to nothing and is started without site packages.

RESULT gets one line of JSON: ``wall``, ``cpu`` (user + system) in seconds, ``memory`` (peak of the largest
process) in MiB, ``code``. All three are those of the command and its children. SIGTERM goes through to the
command; SIGUSR1 reaches it as SIGKILL.
"""

import json
import os
import signal
import sys
import time


def main(result: str, command: list[str]) -> None:
    began = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    signal.signal(signal.SIGUSR1, lambda *_: os.kill(child, signal.SIGKILL))
    _, status, used = os.wait4(child, 0)
    cost = {
        "wall": time.perf_counter() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10),
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would cost memory
        json.dump(cost, file)


main(sys.argv[1], sys.argv[2:])
