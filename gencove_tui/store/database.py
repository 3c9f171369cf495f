"""One SQLite file: opening, migrating forward, and transactions that several processes share."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gencove_tui.errors import Problem

BUSY_SECONDS = 10.0
"""How long a write waits for another process's transaction before it gives up."""


class LedgerProblem(Problem):
    """SQLite can't do its work now: a full disk, or a lock that somebody keeps. It may pass by itself."""


class DamagedFile(Problem):
    """What lies there is no database, or one whose bytes were lost."""


_PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


def _passes(error: Exception) -> bool:
    """Whether it may end by itself: a lock that somebody keeps, a full disk, a disk that is away."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _PASSING
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _damaged(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    return code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def printable(text: str) -> str:
    """The text without undecodable bytes, so that it can be stored and shown anywhere."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Database:
    """A connection to one file, in WAL mode, migrated to the newest schema.

    Not thread-safe: open one per thread. Raises ``Problem`` when the file can't be opened or was written by a
    newer version, ``DamagedFile`` when it is not a database.
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode=WAL")
            # While foreign keys are off a migration may replace a table that others refer to.
            self._migrate(migrations)
            self._connection.execute("PRAGMA foreign_keys=ON")
        except (OSError, sqlite3.Error) as error:
            if _damaged(error):
                raise DamagedFile(
                    f"Can't open {path}",
                    str(error),
                    "Put a good copy of it back, or move it away: an empty one is begun then.",
                ) from error
            kind = LedgerProblem if _passes(error) else Problem
            raise kind(
                f"Can't open {path}", str(error), "Check the folder's permissions and free space."
            ) from error
        self._durable = True
        self._connection.execute("PRAGMA synchronous=FULL")

    def _migrate(self, migrations: Sequence[str]) -> None:
        connection = self._connection
        if self._version() == len(migrations):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = self._version()  # another process may have migrated while we waited
            if version > len(migrations):
                raise Problem(
                    f"{self.path} was written by a newer gencove-tui",
                    f"its schema is {version}, this version knows {len(migrations)}",
                    "Upgrade gencove-tui: pip install -U gencove-tui.",
                )
            for script in migrations[version:]:
                for statement in script.split(";"):
                    if statement.strip():
                        connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(migrations)}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing. Raises ``Problem`` when the file can't be written.

        ``durable`` survives a power cut once this returns; without it only a crash of the process.
        Nested use joins the outer transaction.
        """
        connection = self._connection
        if connection.in_transaction:
            yield connection
            return
        with self._told():
            if durable is not self._durable:
                connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def read(self) -> Iterator[None]:
        """All that is read inside is of one moment, whatever others write meanwhile. For reading only."""
        with self._told():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # some errors have rolled back already
            self._connection.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's trouble (a full disk, a lock that is never given back) as a ``Problem``."""
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerProblem(
                f"Can't use {self.path}",
                str(error),
                "Check the disk's free space and the folder's permissions.",
            ) from error

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._told():
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row of a query."""
        with self._told():
            found: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return found

    def changed_elsewhere(self) -> int:
        """A number that moves when another connection has committed; costs microseconds."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def own_changes(self) -> int:
        """A number that moves when this connection has changed a row."""
        return self._connection.total_changes

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
