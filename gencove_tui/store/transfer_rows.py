"""Rows of the ledger's transfers as typed values."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from gencove_tui.model import Direction, DownloadSource, Part, Transfer, TransferState, Wish

LARGEST_NUMBER = 2**63 - 1
"""SQLite's; file systems whose inode numbers use all 64 bits are cut to it."""


class Identity(Struct, frozen=True):
    """Which version of a local file a transfer is about."""

    size: int
    mtime_ns: int
    inode: int


class Journal(Struct, frozen=True, kw_only=True):
    """What the engine noted about a transfer beyond what a screen shows."""

    identity: Identity | None
    """The local file as it was when the upload began; None before."""
    bucket: str
    object_key: str
    upload_id: str
    multipart_id: str
    part_size: int
    completing: bool
    """The request that makes the object visible was about to be sent, or was sent."""
    etag: str
    """The remote object as it was when the download began."""
    crc32: str
    """Uploads: of the whole file as S3 writes it, noted before the object was made visible."""
    inode: int | None
    """Downloads: of the file that the ranges were written to; None where that isn't known."""
    boot: str
    """Downloads: the boot of this machine in which the ranges were written; see ``localfile.boot_id``."""


def journal_from(row: sqlite3.Row) -> Journal:
    """The engine's notes in a row of ``transfers``."""
    known = row["mtime_ns"] is not None and row["size"] is not None
    return Journal(
        inode=row["inode"],
        identity=Identity(row["size"], row["mtime_ns"], row["inode"]) if known else None,
        bucket=row["bucket"],
        object_key=row["object_key"],
        upload_id=row["upload_id"],
        multipart_id=row["multipart_id"],
        part_size=row["part_size"],
        completing=bool(row["completing"]),
        etag=row["etag"],
        crc32=row["crc32"],
        boot=row["boot"],
    )


def moment(seconds: float | None) -> datetime | None:
    """A stored time as the model has it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def transfer_from(row: sqlite3.Row) -> Transfer:
    """A row of ``transfers`` as the model has it."""
    return Transfer(
        id=row["id"],
        direction=Direction(row["direction"]),
        local_path=os.fsdecode(row["local_path"]),
        remote=row["remote"],
        state=TransferState(row["state"]),
        wish=Wish(row["wish"]),
        size=row["size"],
        bytes_done=row["bytes_done"],
        rate=row["rate"],
        priority=row["priority"],
        attempts=row["attempts"],
        problem=row["problem"],
        remedy=row["remedy"],
        retry_at=moment(row["retry_at"]),
        verified=bool(row["verified"]),
        checksum=row["checksum"],
        source=msgspec.json.decode(row["source"], type=DownloadSource) if row["source"] else None,
        rule_id=row["rule_id"],
        check=row["check_level"],
        side_file=bool(row["side_file"]),
        crc32=row["crc32"],
        position=row["position"],
        sources=tuple(map(os.fsdecode, row["sources"].split(b"\0"))) if row["sources"] else (),
        created=moment(row["created"]),
        started=moment(row["started"]),
        finished=moment(row["finished"]),
    )


def part_from(row: sqlite3.Row) -> Part:
    """A row of ``parts`` as the model has it."""
    return Part(
        number=row["number"],
        offset=row["offset"],
        length=row["length"],
        bytes_done=row["bytes_done"],
        synced=row["synced"],
        etag=row["etag"],
        crc32=row["crc32"],
    )
