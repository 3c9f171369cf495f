"""Running a command's coroutine, and leaving promptly when it has ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

_GRACE_SECONDS = 0.5


class _Threads(ThreadPoolExecutor):
    """Threads that nobody waits for at the end: one may be in a name look-up or on a hung disk."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work; what runs is left alone."""
        del wait, cancel_futures
        super().shutdown(wait=False, cancel_futures=True)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Like ``asyncio.run``, but it doesn't wait for threads."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_Threads(thread_name_prefix="helper"))
        return runner.run(work)


def end_within(seconds: float) -> None:
    """End the process after so long, however it hangs. For work that is as safe cut short as finished."""

    def end() -> None:
        log.warning("did not end within %g s of the signal; left at once", seconds)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def leave(code: int | str | None) -> None:
    """End the process with ``sys.exit``'s ``code``; without threads that are still busy.

    Python itself would wait for them, for minutes where a network disk hangs. By now all that has to be
    written has been written.
    """
    deadline = time.monotonic() + _GRACE_SECONDS
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                break
    else:
        sys.exit(code)
    log.warning("left while thread %s was still busy", thread.name)
    if isinstance(code, str):
        print(code, file=sys.stderr)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
