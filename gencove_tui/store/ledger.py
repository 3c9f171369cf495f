"""The ledger of one profile: one file, opened by the engine and by any number of screens."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType

from gencove_tui.store.audit import Audit
from gencove_tui.store.controls import Controls
from gencove_tui.store.database import Database
from gencove_tui.store.engine_row import EngineRows
from gencove_tui.store.events import Events
from gencove_tui.store.loop import Loop
from gencove_tui.store.rules import Rules
from gencove_tui.store.schema import LEDGER
from gencove_tui.store.short_files import ShortFiles
from gencove_tui.store.transfers import Transfers

LEDGER_NAME = "ledger.db"


class Ledger:
    """Everything durable about a profile's transfers. One instance per thread; use as a context manager."""

    def __init__(self, state_folder: Path) -> None:
        self._db = Database(state_folder / LEDGER_NAME, LEDGER)
        self.transfers = Transfers(self._db)
        self.rules = Rules(self._db)
        self.short = ShortFiles(self._db)
        self.events = Events(self._db)
        self.engine = EngineRows(self._db)
        self.controls = Controls(self._db)
        self.loop = Loop(self._db)
        self.audit = Audit(self._db, state_folder.name)

    def write(self, *, durable: bool = True) -> AbstractContextManager[Connection]:
        """Bundle several writes into one transaction."""
        return self._db.write(durable=durable)

    def read(self) -> AbstractContextManager[None]:
        """Bundle several looks, so that they see one moment."""
        return self._db.read()

    def version(self) -> tuple[int, int]:
        """Moves whenever anybody changed the ledger; costs microseconds."""
        return self._db.changed_elsewhere(), self._db.own_changes()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
