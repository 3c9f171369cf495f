"""What a running transfer needs from the engine around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from gencove_tui.api.protocol import Gencove
from gencove_tui.engine.disks import Disks
from gencove_tui.engine.limits import Lanes, Limiter
from gencove_tui.engine.notices import Notices
from gencove_tui.engine.progress import Board
from gencove_tui.engine.room import Room
from gencove_tui.store.ledger import Ledger

if TYPE_CHECKING:
    import aiohttp

    from gencove_tui.api.s3 import S3Area

T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """Shared by all transfers of one engine."""

    api: Gencove
    ledger: Ledger
    board: Board
    lanes: Lanes
    """Requests in flight over all files."""
    limiter: Limiter
    """Bytes per second over all files."""
    disks: Disks
    """Local ones, each with threads of its own."""
    room: Room
    """On the disks of downloads."""
    notices: Notices
    threads: Executor
    """For all but transfers, which use those of their disk."""
    s3: Callable[[], Awaitable[S3Area]]
    """The upload area's store, opened at first use."""
    web: Callable[[], aiohttp.ClientSession]
    """For presigned URLs, opened at first use."""

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Run something that reads a disk or counts bytes away from the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, function)
