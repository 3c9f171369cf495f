"""Copies of remote lists, so that a screen has something to show at once. May be deleted at any time."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gencove_tui.errors import Problem
from gencove_tui.model import GncvPath
from gencove_tui.store.database import DamagedFile, Database
from gencove_tui.store.schema import CACHE

T = TypeVar("T")

log = logging.getLogger(__name__)

CACHE_NAME = "cache.db"
KEEP = 200
"""How many lists of a kind are kept; the oldest go first."""


def _decode(kind: type[Any], value: Any) -> Any:
    if kind is GncvPath:
        return GncvPath(value)
    raise NotImplementedError(kind)


def _items(body: bytes, item: type[T]) -> tuple[T, ...] | None:
    """What a list held; None where it is of another version's shape."""
    try:
        found: tuple[T, ...] = msgspec.json.decode(body, type=tuple[item, ...], dec_hook=_decode)  # type: ignore[valid-type]  # built at run time
    except msgspec.MsgspecError:
        return None
    return found


def _open(path: Path) -> Database:
    """The file, begun anew where it is damaged; in memory where none can be had."""
    try:
        try:
            return Database(path, CACHE)
        except DamagedFile as problem:
            log.warning("%s; it holds copies only and is begun anew", problem)
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            return Database(path, CACHE)
    except (Problem, OSError) as problem:
        log.warning("%s; remote lists are kept in memory only", problem)
        return Database(Path(":memory:"), CACHE)


class Cache:
    """Remembers one list per kind and name. Not thread-safe.

    Presigned URLs must be taken out before a list is put in. Trouble with the file raises nothing: what it
    holds can be asked again.
    """

    def __init__(self, folder: Path) -> None:
        self._db = _open(folder / CACHE_NAME)

    def put(self, kind: str, name: str, items: tuple[Any, ...]) -> None:
        """Remember a list as it was answered just now."""
        body = msgspec.json.encode(items, enc_hook=str)
        try:
            with self._db.write(durable=False) as connection:
                connection.execute(
                    "INSERT INTO lists VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET"
                    " fetched=excluded.fetched, body=excluded.body",
                    (kind, name, time.time(), body),
                )
                connection.execute(
                    "DELETE FROM lists WHERE kind=? AND name NOT IN"
                    " (SELECT name FROM lists WHERE kind=? ORDER BY fetched DESC LIMIT ?)",
                    (kind, kind, KEEP),
                )
        except Problem as problem:
            log.info("a copy of %s %s was not kept: %s", kind, name, problem)

    def get(self, kind: str, name: str, item: type[T]) -> tuple[tuple[T, ...], datetime] | None:
        """The remembered list and its time; None when there is none or it is of another version's shape."""
        for row in self._rows("SELECT * FROM lists WHERE kind=? AND name=?", (kind, name)):
            items = _items(row["body"], item)
            return None if items is None else (items, datetime.fromtimestamp(row["fetched"], UTC))
        return None

    def holding(self, kind: str, text: str, item: type[T], most: int) -> Iterator[tuple[str, tuple[T, ...]]]:
        """The newest lists, with their names, in which these letters stand somewhere.

        Capital and small letters are the same where they are of the Latin alphabet without accents.
        """
        for row in self._rows(
            "SELECT name, body FROM lists WHERE kind=? AND instr(lower(CAST(body AS TEXT)), lower(?)) > 0"
            " ORDER BY fetched DESC LIMIT ?",
            (kind, text, most),
        ):
            items = _items(row["body"], item)
            if items is not None:
                yield row["name"], items

    def _rows(self, sql: str, parameters: tuple[object, ...]) -> list[sqlite3.Row]:
        try:
            return self._db.rows(sql, parameters)
        except Problem as problem:
            log.info("copies of lists can't be read: %s", problem)
            return []

    def close(self) -> None:
        """Close the file."""
        self._db.close()
