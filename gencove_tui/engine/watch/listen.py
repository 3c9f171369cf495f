"""Notices from the operating system. They only shorten the wait for the next look, which finds all anyway."""

from __future__ import annotations

import asyncio
import errno
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import watchfiles
from watchfiles._rust_notify import RustNotify

from gencove_tui.fastq.map_csv import MAP_SUFFIX
from gencove_tui.fastq.markers import MARKER_NAMES
from gencove_tui.fastq.names import is_fastq

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 60.0
"""Before notices are asked for again after they failed."""
_TOGETHER_MS, _STEP_MS, _LONGEST_MS = 1600, 200, 5000
"""For so long notices are gathered at most, for so long after the last one; and so long none is awaited."""
_POLL_MS = 300
"""Of no effect, since the library is never asked to poll."""


async def listen(
    folder: str,
    marker: str,
    nudge: Callable[[], None],
    failed: Callable[[str], None],
    on_disk: Callable[[Callable[[], RustNotify]], Awaitable[RustNotify]],
) -> None:
    """Call ``nudge`` whenever something came that a look would like to see; until cancelled.

    ``failed`` hears why there are no notices, and an empty text once there are. ``on_disk`` does what may
    wait for the disk, as asking for notices of all folders below does.
    """
    names = MARKER_NAMES | {marker.rsplit("/", 1)[-1]}
    while True:
        try:
            with await on_disk(partial(RustNotify, [folder], False, False, _POLL_MS, True, False)) as notices:
                failed("")
                await _hear(notices, names, nudge)
        except Exception as error:  # noqa: BLE001 - whatever the library stumbles over: the looks go on without it
            log.info("no notices for %s: %r", folder, error)
            failed(_in_words(error))
        await asyncio.sleep(_AGAIN_SECONDS)


async def _hear(notices: RustNotify, names: frozenset[str], nudge: Callable[[], None]) -> None:
    stop = threading.Event()
    thread = ThreadPoolExecutor(1, thread_name_prefix="notices")
    wait = partial(notices.watch, _TOGETHER_MS, _STEP_MS, _LONGEST_MS, stop)
    try:
        while True:
            changes = await asyncio.get_running_loop().run_in_executor(thread, wait)
            if not isinstance(changes, set):
                continue  # nothing came so far
            # A file that grows gives thousands of notices a second; only new names are worth a look.
            added = (path for change, path in changes if change == watchfiles.Change.added)
            if any(_matters(path.rsplit("/", 1)[-1], names) for path in added):
                nudge()
    finally:
        stop.set()
        thread.shutdown(wait=False)


def _matters(name: str, names: frozenset[str]) -> bool:
    """Whether a look should follow at once; what has no ending may be a folder that was moved in."""
    return is_fastq(name) or name.endswith(MAP_SUFFIX) or name in names or "." not in name


def _in_words(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    text = str(error)
    if number in (errno.ENOSPC, errno.EMFILE) or "limit" in text.lower() or "os error 28" in text:
        return (
            "the system has no notices left (fs.inotify.max_user_watches), so the folder is only looked"
            " through now and then"
        )
    return "the system gives no notices here, so the folder is only looked through now and then"
