"""The objects behind the S3 port: moto's backend, with parts kept in files so that large uploads fit.

moto holds a whole object in memory several times while it completes a multipart upload; here parts are
written to files as they arrive, and a completed object is a view over the files of its parts.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import shutil
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isal import isal_zlib
from moto.s3.models import FakeKey, FakeMultipart, s3_backends

SMALLEST_PART = 5 * 1024 * 1024
"""S3 refuses a smaller part, unless it is the last."""
_ACCOUNTS = itertools.count(100_000_000_001)
_PIECE = 1 << 20


@dataclass
class StoredPart:
    """One part of a multipart upload, in a file of its own."""

    number: int
    path: Path
    size: int
    md5: str
    crc32: str
    modified: float


@dataclass
class Multipart:
    """An upload in parts that isn't completed yet."""

    id: str
    key: str
    parts: dict[int, StoredPart] = field(default_factory=dict)


class JoinedFile:
    """The files of all parts, one after another, as moto's keys want their bytes."""

    def __init__(self, parts: list[StoredPart]) -> None:
        self._parts = parts
        self._at = 0
        self.size = sum(part.size for part in parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position."""
        self._at = offset + (0, self._at, self.size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Bytes from the present position."""
        end = self.size if size < 0 else min(self.size, self._at + size)
        data = b"".join(self.pieces(self._at, end))
        self._at = max(self._at, end)
        return data

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end``, at most 1 MiB at a time."""
        position = 0
        for part in self._parts:
            low, high = max(start, position), min(end, position + part.size)
            if low < high:
                with part.path.open("rb") as file:
                    file.seek(low - position)
                    while low < high:
                        data = file.read(min(_PIECE, high - low))
                        low += len(data)
                        yield data
            position += part.size

    def close(self) -> None:
        """Remove the files."""
        for part in self._parts:
            part.path.unlink(missing_ok=True)


class Store:
    """One bucket in an account of its own, so that sandboxes in one process don't meet."""

    def __init__(self) -> None:
        self.account_id = str(next(_ACCOUNTS))
        self.bucket = f"gencove-sandbox-uploads-{self.account_id[-6:]}"
        self.folder = Path(tempfile.mkdtemp(prefix="gencove-sandbox-"))
        self.multiparts: dict[str, Multipart] = {}
        self._lock = threading.Lock()
        self._names = itertools.count()
        self._backend: Any = s3_backends[self.account_id]["aws"]
        self._backend.create_bucket(self.bucket, "us-east-1")

    def close(self) -> None:
        """Remove everything, in memory and on disk."""
        kinds: tuple[Any, ...] = (FakeKey, FakeMultipart)
        for instances in (kind.instances_tracked for kind in kinds):
            for item in instances:
                if item.account_id == self.account_id:
                    item.dispose()
            instances[:] = [item for item in instances if item.account_id != self.account_id]
        s3_backends.bucket_accounts.pop(self.bucket, None)
        self._backend.buckets.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_file(self) -> Path:
        """A path for bytes that arrive."""
        return self.folder / f"{next(self._names)}.bytes"

    # Objects

    def put(self, key: str, data: bytes) -> None:
        """Store an object from within the sandbox."""
        self._backend.put_object(self.bucket, key, data)

    def _object(self, key: str) -> Any:
        return self._backend.buckets[self.bucket].keys.get(key)

    def size(self, key: str) -> int | None:
        """The size of an object; None when there is none."""
        found = self._object(key)
        return None if found is None else int(found.contentsize)

    def data(self, key: str) -> bytes | None:
        """The bytes of an object; None when there is none."""
        found = self._object(key)
        return None if found is None else bytes(found.value)

    def sha256(self, key: str) -> str | None:
        """Hexadecimal sha256 of an object, read in pieces; None when there is none."""
        found = self._object(key)
        if found is None:
            return None
        digest = hashlib.sha256()
        with found.lock:
            found._value_buffer.seek(0)
            while piece := found._value_buffer.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def crc32(self, key: str) -> str:
        """CRC32 of an object as S3 writes it."""
        value = 0
        found = self._object(key)
        with found.lock:
            found._value_buffer.seek(0)
            while piece := found._value_buffer.read(_PIECE):
                value = zlib.crc32(piece, value)
        return crc32_text(value)

    def keys(self) -> list[str]:
        """The keys of all objects, sorted."""
        return sorted(self._backend.buckets[self.bucket].keys)

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        self._backend.delete_object(self.bucket, key)

    # Uploads in parts

    def multipart(self, upload_id: str) -> Multipart | None:
        """An upload in parts that a client has begun; None when it is unknown or over."""
        begun = self._backend.buckets[self.bucket].multiparts.get(upload_id)
        if begun is None:
            return None
        with self._lock:
            return self.multiparts.setdefault(upload_id, Multipart(upload_id, begun.key_name))

    def add_part(self, upload: Multipart, part: StoredPart) -> None:
        """Keep a part, instead of the one that had its number."""
        with self._lock:
            old = upload.parts.get(part.number)
            upload.parts[part.number] = part
        if old is not None:
            old.path.unlink(missing_ok=True)

    def complete(self, upload: Multipart, parts: list[StoredPart]) -> str:
        """Make an object of these parts; returns its ETag without quotes."""
        digest = hashlib.md5(b"".join(bytes.fromhex(p.md5) for p in parts), usedforsecurity=False)
        etag = f"{digest.hexdigest()}-{len(parts)}"
        # Seen by others only once it is whole, as S3 has it.
        key: Any = FakeKey(
            name=upload.key, bucket_name=self.bucket, value=b"", account_id=self.account_id,
            region_name="us-east-1", etag=etag,
        )  # fmt: skip
        joined = JoinedFile(parts)
        key._value_buffer.close()
        key._value_buffer = joined
        key.contentsize = joined.size
        self._backend.buckets[self.bucket].keys.setlist(upload.key, [key])
        self._end(upload, {part.number for part in parts})
        return etag

    def abort(self, upload_id: str) -> None:
        """Forget an upload in parts that the client gave up."""
        with self._lock:
            upload = self.multiparts.pop(upload_id, None)
        for part in upload.parts.values() if upload else ():
            part.path.unlink(missing_ok=True)

    def _end(self, upload: Multipart, used: set[int]) -> None:
        with self._lock:
            self.multiparts.pop(upload.id, None)
            self._backend.buckets[self.bucket].multiparts.pop(upload.id, None)
        for number, part in upload.parts.items():
            if number not in used:
                part.path.unlink(missing_ok=True)

    def open_multiparts(self) -> list[str]:
        """The keys of uploads in parts that are neither completed nor aborted."""
        return sorted(m.key_name for m in self._backend.buckets[self.bucket].multiparts.values())


def crc32_text(value: int) -> str:
    """A CRC32 as S3 writes it: base64 of four bytes."""
    return base64.b64encode(value.to_bytes(4, "big")).decode()


def whole_crc32(parts: Iterable[StoredPart]) -> str:
    """The CRC32 of all parts, one after another, as S3 writes that of a full object."""
    whole = 0
    for part in parts:
        value = int.from_bytes(base64.b64decode(part.crc32), "big")
        whole = isal_zlib.crc32_combine(whole, value, part.size)
    return crc32_text(whole)
