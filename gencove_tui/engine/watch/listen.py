"""Notices from the operating system. They only shorten the wait for the next look, which finds all anyway."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable

import watchfiles

from gencove_tui.fastq.map_csv import MAP_SUFFIX
from gencove_tui.fastq.markers import MARKER_NAMES
from gencove_tui.fastq.names import is_fastq

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 60.0
"""Before notices are asked for again after they failed."""


async def listen(folder: str, marker: str, nudge: Callable[[], None], failed: Callable[[str], None]) -> None:
    """Call ``nudge`` whenever something came that a look would like to see; until cancelled.

    ``failed`` hears why there are no notices, and an empty text once there are.
    """
    names = MARKER_NAMES | {marker.rsplit("/", 1)[-1]}
    while True:
        try:
            failed("")
            # A file that grows gives thousands of notices a second; only new names are worth a look.
            async for changes in watchfiles.awatch(
                folder,
                step=200,
                rust_timeout=5000,
                watch_filter=lambda change, path: (
                    change is watchfiles.Change.added and _matters(path.rsplit("/", 1)[-1], names)
                ),
            ):
                if changes:
                    nudge()
        except Exception as error:  # noqa: BLE001 - whatever the library stumbles over: the looks go on without it
            log.info("no notices for %s: %r", folder, error)
            failed(_in_words(error))
        await asyncio.sleep(_AGAIN_SECONDS)


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
