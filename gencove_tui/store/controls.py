"""What the user wants of all transfers together; followed by the engine at once."""

from __future__ import annotations

from msgspec import Struct

from gencove_tui.store.database import Database


class ControlsRow(Struct, frozen=True):
    """The ledger's only row of controls."""

    bandwidth: int | None
    """Bytes per second for the sum of all transfers; 0 is no limit; None follows the profile's settings."""


class Controls:
    """Reads and writes the controls."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def read(self) -> ControlsRow:
        """The row as it stands."""
        row = self._db.row("SELECT bandwidth FROM controls")
        return ControlsRow(row["bandwidth"] if row else None)

    def set_bandwidth(self, bytes_per_second: int | None) -> None:
        """Limit the sum of all transfers: 0 lifts the limit, None goes back to the profile's settings.

        Raises ``ValueError`` below 0.
        """
        if bytes_per_second is not None and bytes_per_second < 0:
            raise ValueError("a limit can't be negative")
        with self._db.write() as connection:
            connection.execute("UPDATE controls SET bandwidth=?", (bytes_per_second,))
