"""How a transfer's life is told: its state in the ledger, and an event for people and machines."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gencove_tui.engine.loop.record import note_end, record_end
from gencove_tui.engine.outcome import LONGEST_WAIT, TransferFailed, TransferWaits, backoff, reason_of
from gencove_tui.errors import Problem
from gencove_tui.model import Direction, Transfer, TransferState
from gencove_tui.store.ledger import Ledger

_TOLD_ONE_BY_ONE = 20


def name_of(transfer: Transfer) -> str:
    """What people call a transfer."""
    if transfer.direction is Direction.DOWNLOAD:
        return transfer.remote
    return transfer.local_path.rsplit("/", 1)[-1]


def _named(transfer: Transfer, error: Problem) -> str:
    """What is wrong with a transfer, which many errors name themselves."""
    name, reason = name_of(transfer), reason_of(error)
    return reason if reason.startswith(name) else f"{name}: {reason}"


class Telling:
    """Writes how transfers end, wait and follow wishes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def ended_well(self, transfer: Transfer, state: TransferState, seconds: float) -> None:
        """DONE or SKIPPED."""
        with self._ledger.write():
            self._ledger.transfers.set_state(transfer.id, state)
            after = self._ledger.transfers.get(transfer.id) or transfer
            self.tell(
                after,
                str(state),
                _words(after, state),
                bytes=after.size,
                seconds=round(seconds, 3),
                sha256=after.checksum,
                crc32=after.crc32,
            )
            record_end(self._ledger, after, state)

    def failed(self, transfer: Transfer, error: TransferFailed) -> None:
        """For good, unless the user acts."""
        with self._ledger.write():
            self._ledger.transfers.set_state(
                transfer.id, TransferState.FAILED, problem=reason_of(error), remedy=error.remedy
            )
            self.tell(transfer, "failed", _named(transfer, error), remedy=error.remedy)
            record_end(self._ledger, transfer, TransferState.FAILED, reason_of(error))

    def waits(self, transfer: Transfer, error: TransferWaits, *, silently: bool = False) -> None:
        """To be tried again; a wait that repeats is told once."""
        with self._ledger.write(durable=False):
            current = self._ledger.transfers.get(transfer.id) or transfer
            delay = error.delay if error.delay is not None else backoff(current.attempts)
            self._ledger.transfers.set_state(
                transfer.id,
                TransferState.WAITING,
                problem=reason_of(error),
                remedy=error.remedy,
                retry_at=time.time() + min(delay, LONGEST_WAIT),
            )
            if current.attempts <= 1 and not silently:
                self.tell(transfer, "waiting", _named(transfer, error), remedy=error.remedy)

    def followed(self, transfers: Sequence[Transfer], word: str) -> None:
        """Paused or cancelled as wished; many at once are told in one line, the audit log has each."""
        if word == "cancelled":
            with self._ledger.write():
                for transfer in transfers:
                    note_end(self._ledger, transfer, TransferState.CANCELLED)
        if len(transfers) > _TOLD_ONE_BY_ONE:
            self._ledger.events.add(f"transfers.{word}", f"{word} {len(transfers)} transfers")
            return
        for transfer in transfers:
            self.tell(transfer, word, f"{word} {name_of(transfer)}")

    def tell(self, transfer: Transfer, what: str, message: str, **data: str | int | float | None) -> None:
        """Add one event about a transfer."""
        self._ledger.events.add(
            f"{transfer.direction}.{what}",
            message,
            {"local": transfer.local_path, "remote": transfer.remote, **data},
            transfer_id=transfer.id,
            rule_id=transfer.rule_id,
        )


def _words(transfer: Transfer, state: TransferState) -> str:
    match transfer.direction, state:
        case Direction.UPLOAD, TransferState.DONE:
            return f"uploaded {name_of(transfer)} to {transfer.remote}"
        case Direction.UPLOAD, _:
            proof = "same checksum" if transfer.verified else "same size, the store tells no checksum"
            return f"{transfer.remote} is there already, {proof}"
        case _, TransferState.DONE:
            proof = "sha256 verified" if transfer.verified else "no checksum known"
            return f"downloaded {transfer.remote}, {proof}"
        case _:
            proof = "same sha256" if transfer.verified else "same size, no checksum known"
            return f"{transfer.local_path} is there already, {proof}"
