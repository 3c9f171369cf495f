"""Copies of remote lists, so that a screen has something to show at once. May be deleted at any time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gencove_tui.model import GncvPath
from gencove_tui.store.database import Database
from gencove_tui.store.schema import CACHE

T = TypeVar("T")

CACHE_NAME = "cache.db"
KEEP = 200
"""How many lists of a kind are kept; the oldest go first."""


def _decode(kind: type[Any], value: Any) -> Any:
    if kind is GncvPath:
        return GncvPath(value)
    raise NotImplementedError(kind)


class Cache:
    """Remembers one list per kind and name. Not thread-safe.

    Presigned URLs must be taken out before a list is put in.
    """

    def __init__(self, folder: Path) -> None:
        self._db = Database(folder / CACHE_NAME, CACHE)

    def put(self, kind: str, name: str, items: tuple[Any, ...]) -> None:
        """Remember a list as it was answered just now."""
        body = msgspec.json.encode(items, enc_hook=str)
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

    def get(self, kind: str, name: str, item: type[T]) -> tuple[tuple[T, ...], datetime] | None:
        """The remembered list and its time; None when there is none or it is of another version's shape."""
        row = self._db.row("SELECT * FROM lists WHERE kind=? AND name=?", (kind, name))
        if row is None:
            return None
        try:
            items: tuple[T, ...] = msgspec.json.decode(row["body"], type=tuple[item, ...], dec_hook=_decode)  # type: ignore[valid-type]  # built at run time
        except msgspec.MsgspecError:
            return None
        return items, datetime.fromtimestamp(row["fetched"], UTC)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
