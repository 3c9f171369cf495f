"""The other side, over TLS: Gencove's few answers, an S3 that drops what it gets, and results to fetch.

``python -m tests.bench.cloud FOLDER CERTIFICATE KEY`` serves, on one free port that it prints: Gencove's v2
API below ``/api/v2``, the files of FOLDER below ``/results``, and an S3 endpoint (path style) elsewhere.
Bodies of uploads are counted and dropped; after ``PUT /bench/check`` their CRC32 is compared with the header.
A plain threaded server: it must cost little beside the clients that are measured.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.bench.fakes import Gencove

_PIECE = 256 << 10


@dataclass
class Stored:
    size: int
    etag: str
    crc32: str = ""


@dataclass
class Bucket:
    """What the S3 endpoint was sent: sizes only."""

    objects: dict[str, Stored] = field(default_factory=dict)
    multiparts: dict[str, dict[int, Stored]] = field(default_factory=dict)
    received: int = 0
    wrong: int = 0
    check: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def etag(self) -> str:
        return f'"bench-{os.urandom(8).hex()}"'


class Request:
    """One request; its body is still on the line."""

    def __init__(self, line: Line, head: bytes) -> None:
        first, *rest = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = first.split(" ", 2)
        self.headers = {k.lower(): v.strip() for k, _, v in (row.partition(":") for row in rest)}
        split = urlsplit(self.target)
        self.path = unquote(split.path)
        self.query = {k: v[0] for k, v in parse_qs(split.query, keep_blank_values=True).items()}
        self.line = line

    def body(self, take: Callable[[memoryview], None]) -> int:
        """Read the body to its end; returns its length."""
        if self.headers.get("expect", "").lower() == "100-continue":
            self.line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in self.headers.get("transfer-encoding", ""):
            total = 0
            while length := int(self.line.until(b"\r\n").split(b";")[0], 16):
                self.line.exactly(length, take)
                self.line.until(b"\r\n")
                total += length
            while self.line.until(b"\r\n"):
                pass
            return total
        length = int(self.headers.get("content-length", 0))
        self.line.exactly(length, take)
        return length

    def answer(self, status: int, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> None:
        rows = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
        rows += [f"{name}: {value}" for name, value in headers]
        self.line.send("\r\n".join([*rows, "", ""]).encode("latin-1") + body)


class Line:
    """A connection with what was read too far."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection
        self._ahead = b""
        self._room = memoryview(bytearray(_PIECE))

    def send(self, data: bytes | memoryview) -> None:
        self._connection.sendall(data)

    def until(self, mark: bytes) -> bytes:
        """Up to a mark, which is dropped. Raises ``EOFError`` when the peer is gone."""
        while mark not in self._ahead:
            piece = self._connection.recv(_PIECE)
            if not piece:
                raise EOFError
            self._ahead += piece
        found, _, self._ahead = self._ahead.partition(mark)
        return found

    def exactly(self, length: int, take: Callable[[memoryview], None]) -> None:
        piece, self._ahead = self._ahead[:length], self._ahead[length:]
        take(memoryview(piece))
        length -= len(piece)
        while length:
            got = self._connection.recv_into(self._room[: min(length, _PIECE)])
            if not got:
                raise EOFError
            take(self._room[:got])
            length -= got


class Cloud:
    """Answers requests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bucket = Bucket()
        self._gencove = Gencove(folder, self._status)
        self._next = iter(range(1, 1 << 60))

    def _status(self, key: str) -> int | None:
        found = self._bucket.objects.get(f"/{key}")
        return found.size if found else None

    def answer(self, request: Request) -> None:
        if request.path.startswith("/api/"):
            text = bytearray()
            request.body(lambda piece: text.extend(piece))
            host = request.headers["host"]
            status, reply = self._gencove.answer(request.method, request.path, bytes(text), host)
            request.answer(status, reply, (("Content-Type", "application/json"),))
        elif request.path.startswith("/bench/"):
            self._control(request)
        elif request.path.startswith("/results/") and request.method in ("GET", "HEAD"):
            self._file(request)
        else:
            self._s3(request)

    def _control(self, request: Request) -> None:
        """``PUT`` empties the area, ``check`` also asks for checks; ``routes`` brings routes instead."""
        bucket = self._bucket
        text = bytearray()
        request.body(lambda piece: text.extend(piece))
        with bucket.lock:
            if request.path == "/bench/routes":
                self._gencove.routes = json.loads(text)
            elif request.method == "PUT":
                bucket.check = request.path == "/bench/check"
                bucket.objects.clear()
                bucket.multiparts.clear()
                bucket.received = bucket.wrong = 0
                self._gencove.forget()
            sizes = [stored.size for stored in bucket.objects.values()]
            told = {"received": bucket.received, "wrong": bucket.wrong, "sizes": sizes}
        request.answer(200, json.dumps(told).encode())

    # --- results ----------------------------------------------------------------------------------------

    def _file(self, request: Request) -> None:
        path = self._folder / request.path.removeprefix("/results/")
        if not path.is_file():
            request.answer(404)
            return
        size = path.stat().st_size
        first, last, status = 0, size - 1, 200
        headers = [("Accept-Ranges", "bytes"), ("ETag", f'"{size:x}"')]
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", "")):
            first, status = int(match[1]), 206
            last = min(size - 1, int(match[2] or size))
            headers.append(("Content-Range", f"bytes {first}-{last}/{size}"))
        rows = [f"HTTP/1.1 {status} X", f"Content-Length: {last + 1 - first}"]
        rows += [f"{name}: {value}" for name, value in headers]
        request.line.send("\r\n".join([*rows, "", ""]).encode())
        if request.method == "HEAD":
            return
        with path.open("rb", buffering=0) as file:
            while first <= last:
                piece = os.pread(file.fileno(), min(_PIECE, last + 1 - first), first)
                request.line.send(piece)
                first += len(piece)

    # --- S3 ------------------------------------------------------------------------------------------------

    def _s3(self, request: Request) -> None:
        key, query, bucket = request.path, request.query, self._bucket
        upload = query.get("uploadId", "")
        if request.method == "PUT":
            stored = self._receive(request)
            if stored is None:
                self._xml(request, 400, "Error", "<Code>BadDigest</Code>")
                return
            with bucket.lock:
                if upload:
                    bucket.multiparts[upload][int(query["partNumber"])] = stored
                else:
                    bucket.objects[key] = stored
            request.answer(200, b"", (("ETag", stored.etag),))
            return
        request.body(lambda piece: None)
        with bucket.lock:
            if request.method == "POST" and "uploads" in query:
                upload = f"upload-{next(self._next)}"
                bucket.multiparts[upload] = {}
                reply = ("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")
            elif request.method == "POST" and upload in bucket.multiparts:
                parts = bucket.multiparts.pop(upload)
                stored = Stored(sum(part.size for part in parts.values()), bucket.etag())
                bucket.objects[key] = stored
                reply = ("CompleteMultipartUploadResult", f"<ETag>{escape(stored.etag)}</ETag>")
            elif request.method == "GET" and upload in bucket.multiparts:
                reply = ("ListPartsResult", _parts(bucket.multiparts[upload]))
            elif request.method == "DELETE":
                bucket.multiparts.pop(upload, None)
                reply = ("", "")
            elif request.method == "HEAD" and key in bucket.objects:
                held = bucket.objects[key]
                request.line.send(
                    f"HTTP/1.1 200 X\r\nContent-Length: {held.size}\r\nETag: {held.etag}\r\n"
                    "Last-Modified: Tue, 24 Nov 2026 12:00:00 GMT\r\n\r\n".encode()
                )
                return
            elif request.method == "GET" and key.count("/") == 1:
                reply = ("ListBucketResult", "<IsTruncated>false</IsTruncated><KeyCount>0</KeyCount>")
            else:
                reply = None
        if request.method == "HEAD":
            request.answer(200 if key.count("/") == 1 else 404)
        elif reply is None:
            self._xml(request, 404, "Error", "<Code>NoSuchUpload</Code>")
        elif request.method == "DELETE":
            request.answer(204)
        else:
            self._xml(request, 200, *reply)

    def _xml(self, request: Request, status: int, name: str, inner: str) -> None:
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{inner}</{name}>'
        request.answer(status, text.encode(), (("Content-Type", "application/xml"),))

    def _receive(self, request: Request) -> Stored | None:
        """Take a body in; None when it isn't what its checksum says."""
        bucket = self._bucket
        given = request.headers.get("x-amz-checksum-crc32", "")
        crc, check = 0, bucket.check and bool(given)

        def take(piece: memoryview) -> None:
            nonlocal crc
            bucket.received += len(piece)  # a little wrong when threads race, and only a gauge
            if check:
                crc = zlib.crc32(piece, crc)

        size = request.body(take)
        if check and base64.b64encode(struct.pack(">I", crc)).decode() != given:
            bucket.wrong += 1
            return None
        return Stored(int(request.headers.get("x-amz-decoded-content-length", size)), bucket.etag(), given)


def _parts(parts: dict[int, Stored]) -> str:
    rows = [
        f"<Part><PartNumber>{number}</PartNumber><Size>{part.size}</Size><ETag>{escape(part.etag)}</ETag>"
        + (f"<ChecksumCRC32>{part.crc32}</ChecksumCRC32></Part>" if part.crc32 else "</Part>")
        for number, part in sorted(parts.items())
    ]
    return "<IsTruncated>false</IsTruncated>" + "".join(rows)


def _serve(cloud: Cloud, plain: socket.socket, context: ssl.SSLContext) -> None:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        with context.wrap_socket(plain, server_side=True) as connection:
            line = Line(connection)
            while True:
                cloud.answer(Request(line, line.until(b"\r\n\r\n")))
    except (OSError, EOFError):
        return  # the client is gone


def main(folder: str, certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    cloud = Cloud(Path(folder))
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            plain, _ = listening.accept()
            threading.Thread(target=_serve, args=(cloud, plain, context), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
