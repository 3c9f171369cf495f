"""Receiving an object's or a part's body: into a file, checked against every checksum that came with it."""

from __future__ import annotations

import base64
import hashlib
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gencove_tui.sandbox.s3_server import Body, HangUp, Reset
from gencove_tui.sandbox.s3_store import crc32_text

_PIECE = 1 << 20


class BadDigest(Exception):
    """The body isn't what its checksum says; the argument names the S3 error code."""


@dataclass
class Received:
    """A body that arrived whole."""

    path: Path
    size: int
    md5: str
    crc32: str


class _Chunks:
    """Takes the framing of ``aws-chunked`` bodies off; keeps the trailing headers."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.trailers: dict[str, str] = {}

    def _line(self) -> bytes:
        line = bytearray()
        while not line.endswith(b"\r\n"):
            byte = self._body.read(1)
            if not byte:
                break
            line += byte
        return bytes(line).strip()

    def __iter__(self) -> Iterator[bytes]:
        while size := int(self._line().partition(b";")[0] or b"0", 16):
            while size:
                data = self._body.read(min(_PIECE, size))
                size -= len(data)
                yield data
            self._line()
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            self.trailers[name.lower()] = value.strip()


@dataclass(frozen=True)
class Trouble:
    """What happens while a body is read."""

    rate: float | None = None
    """Bytes per second."""
    cut_at: int | None = None
    """After more than so many bytes the connection is closed."""
    reset_at: int | None = None
    stall_at: int | None = None
    """After so many bytes nothing more is read or answered."""

    def strike(self, body: Body, size: int) -> None:
        """Do what is due once ``size`` bytes were read; raises ``HangUp`` when that ends the request."""
        if self.cut_at is not None and size > self.cut_at:
            raise HangUp
        if self.reset_at is not None and size > self.reset_at:
            raise Reset
        if self.stall_at is not None and size >= self.stall_at:
            body.fall_silent()


def receive(environ: dict[str, Any], path: Path, trouble: Trouble) -> Received:
    """Write a request's body to ``path``.

    Raises ``HangUp`` where ``trouble`` asks for it, ``BadDigest`` when a checksum doesn't fit; nothing is
    left at ``path`` then.
    """
    body: Body = environ["wsgi.input"]
    chunked = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STREAMING-")
    chunks = _Chunks(body)
    md5, sha256, crc = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    wants_sha = _wants_sha256(environ)
    size = 0
    try:
        with path.open("wb") as file:
            trouble.strike(body, 0)
            for data in chunks if chunked else iter(lambda: body.read(_PIECE), b""):
                file.write(data)
                md5.update(data)
                crc = zlib.crc32(data, crc)
                if wants_sha:
                    sha256.update(data)
                size += len(data)
                trouble.strike(body, size)
                if trouble.rate:
                    time.sleep(len(data) / trouble.rate)
        received = Received(path, size, md5.hexdigest(), crc32_text(crc))
        _check(environ, chunks.trailers, received, md5.digest(), sha256.digest() if wants_sha else None)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return received


def _wants_sha256(environ: dict[str, Any]) -> bool:
    signed = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    return len(signed) == 64 or "HTTP_X_AMZ_CHECKSUM_SHA256" in environ


def _check(
    environ: dict[str, Any], trailers: dict[str, str], got: Received, md5: bytes, sha256: bytes | None
) -> None:
    crc32 = environ.get("HTTP_X_AMZ_CHECKSUM_CRC32") or trailers.get("x-amz-checksum-crc32")
    if crc32 is not None and crc32 != got.crc32:
        raise BadDigest("BadDigest")
    stated = environ.get("HTTP_CONTENT_MD5")
    if stated is not None and stated != base64.b64encode(md5).decode():
        raise BadDigest("BadDigest")
    if sha256 is not None:
        signed = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
        if len(signed) == 64 and signed != sha256.hex():
            raise BadDigest("XAmzContentSHA256Mismatch")
        header = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
        if header is not None and header != base64.b64encode(sha256).decode():
            raise BadDigest("BadDigest")
