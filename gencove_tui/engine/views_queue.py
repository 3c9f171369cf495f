"""What a desk offers about the queue of transfers as a whole, and about one transfer in depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from gencove_tui.model import Event, Part, Transfer, Wish
from gencove_tui.store.transfers import Place


class TransferDetail(Struct, frozen=True, kw_only=True):
    """One transfer with its history."""

    transfer: Transfer
    parts: tuple[Part, ...] = ()
    """Parts of a multipart upload or ranges of a download; none where the file goes in one piece."""
    events: tuple[Event, ...] = ()
    """What the log still knows about it, newest first."""


class QueueDesk(Protocol):
    """The part of a desk that arranges the queue. Async methods raise ``errors.Problem`` only."""

    def transfer_detail(self, transfer_id: int) -> TransferDetail | None:
        """All that the ledger knows about one transfer; None once it was cleared."""
        ...

    async def change_priority(self, transfer_ids: Sequence[int], by: int) -> frozenset[int]:
        """Raise or lower the priority of each; higher numbers start first, 0 is the usual.

        Returns the priorities that they have then.
        """
        ...

    async def move_in_queue(self, transfer_ids: Sequence[int], place: Place) -> None:
        """Move transfers among those of the same priority."""
        ...

    async def wish_all(self, wish: Wish) -> int:
        """Wish the same of all unfinished transfers; returns of how many."""
        ...

    @property
    def bandwidth(self) -> int | None:
        """The limit in force for the sum of all transfers, bytes per second; None is no limit."""
        ...

    async def set_bandwidth(self, bytes_per_second: int | None) -> None:
        """Limit the sum of all transfers from now on; None lifts the limit."""
        ...
