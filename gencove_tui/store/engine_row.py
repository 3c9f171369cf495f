"""What the engine tells everybody, and what everybody may tell the engine."""

from __future__ import annotations

from msgspec import Struct

from gencove_tui.store.database import Database


class EngineRow(Struct, frozen=True):
    """The ledger's only row about the engine. Whether it lives is told by its lock, not by this."""

    pid: int | None
    version: str
    notice: str
    stop_wanted: bool


class EngineRows:
    """Reads and writes the engine's row."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def read(self) -> EngineRow:
        """The row as it stands."""
        row = self._db.row("SELECT * FROM engine")
        if row is None:
            return EngineRow(None, "", "", False)
        return EngineRow(row["pid"], row["version"], row["notice"], bool(row["stop_wanted"]))

    def enter(self, pid: int, version: str) -> None:
        """The engine says that it has started."""
        with self._db.write() as connection:
            connection.execute("UPDATE engine SET pid=?, version=?, notice='', stop_wanted=0", (pid, version))

    def leave(self) -> None:
        """The engine says that it has stopped."""
        with self._db.write() as connection:
            connection.execute("UPDATE engine SET pid=NULL, notice='', stop_wanted=0")

    def set_notice(self, notice: str) -> None:
        """Something the engine wants everybody to know; empty when there is nothing any more."""
        with self._db.write(durable=False) as connection:
            connection.execute("UPDATE engine SET notice=? WHERE notice != ?", (notice, notice))

    def want_stop(self) -> None:
        """Ask the engine to stop."""
        with self._db.write() as connection:
            connection.execute("UPDATE engine SET stop_wanted=1")
