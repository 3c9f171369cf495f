"""What a running transfer needs from the engine around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    s3: Callable[[], Awaitable[S3Area]]
    """The upload area's store, opened at first use."""
    web: Callable[[], aiohttp.ClientSession]
    """For presigned URLs, opened at first use."""
