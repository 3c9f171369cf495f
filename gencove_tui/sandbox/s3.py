"""The S3 port: who may write, what goes wrong on purpose, and telling the upload area what arrived."""

from __future__ import annotations

import io
import json
import time
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.formparser import parse_form_data

from gencove_tui.sandbox.faults import Faults
from gencove_tui.sandbox.file_faults import WEB_PAGE
from gencove_tui.sandbox.s3_body import BadDigest, Received, Trouble, receive
from gencove_tui.sandbox.s3_server import HangUp
from gencove_tui.sandbox.s3_store import SMALLEST_PART, Multipart, Store, StoredPart, whole_crc32
from gencove_tui.sandbox.traffic import KeyTraffic, Request, Traffic
from gencove_tui.sandbox.uploads import UploadArea, form_signature

_Start = Callable[[str, list[tuple[str, str]]], Any]
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_PHRASES = {200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
            500: "Internal Server Error", 501: "Not Implemented", 503: "Slow Down"}  # fmt: skip
_MESSAGES = {
    "AccessDenied": "Access Denied",
    "BadDigest": "The checksum you specified did not match the calculated checksum.",
    "EntityTooSmall": "Your proposed upload is smaller than the minimum allowed size",
    "ExpiredToken": "The provided token has expired.",
    "InternalError": "We encountered an internal error. Please try again.",
    "InvalidAccessKeyId": "The AWS Access Key Id you provided does not exist in our records.",
    "InvalidPart": "One or more of the specified parts could not be found.",
    "InvalidPartOrder": "The list of parts was not in ascending order.",
    "InvalidToken": "The provided token is malformed or otherwise invalid.",
    "MalformedPOSTRequest": "The body of your POST request is not well-formed multipart/form-data.",
    "MalformedXML": "The XML you provided was not well-formed.",
    "NoSuchUpload": "The specified upload does not exist.",
    "NotImplemented": "The sandbox doesn't do this.",
    "RequestTimeTooSkewed": "The difference between the request time and the current time is too large.",
    "RequestTimeout": "Your socket connection to the server was not read from or written to in time.",
    "SignatureDoesNotMatch": "The request signature we calculated does not match.",
    "SlowDown": "Please reduce your request rate.",
    "XAmzContentSHA256Mismatch": "The provided 'x-amz-content-sha256' header does not match.",
}


_REFUSALS = (
    ("s3-slowdown", 503, "SlowDown"),
    ("s3-500", 500, "InternalError"),
    ("s3-denied", 403, "AccessDenied"),
    ("expire-credentials", 400, "ExpiredToken"),
    ("s3-expired-403", 403, "ExpiredToken"),
    ("s3-invalid-token", 400, "InvalidToken"),
    ("s3-bad-signature", 403, "SignatureDoesNotMatch"),
    ("s3-unknown-key", 403, "InvalidAccessKeyId"),
    ("s3-skewed", 403, "RequestTimeTooSkewed"),
    ("s3-timeout", 400, "RequestTimeout"),
)


class S3Error(Exception):
    """An error reply."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class S3Port:
    """The WSGI application of the S3 port."""

    def __init__(self, store: Store, area: UploadArea, faults: Faults, traffic: Traffic) -> None:
        self._store = store
        self._area = area
        self._faults = faults
        self._traffic = traffic
        self._moto: Any = create_backend_app("s3")

    def __call__(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        """Answer one request."""
        environ["sandbox.body"] = environ["wsgi.input"]  # moto may put another in its place
        path = unquote(environ["RAW_URI"].partition("?")[0])
        bucket, _, key = path.lstrip("/").partition("/")
        query = {k: v[0] for k, v in parse_qs(environ["QUERY_STRING"], keep_blank_values=True).items()}
        status = 0

        def start(line: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            nonlocal status
            status = int(line.split()[0])
            return start_response(line, headers)

        try:
            self._misbehave(key)
            if self._faults.hit("s3-html", key):
                return _web_page(environ, start)
            form = environ.get("CONTENT_TYPE", "").startswith("multipart/form-data")
            if environ["REQUEST_METHOD"] == "POST" and bucket == self._store.bucket and not key and form:
                return self._post_form(environ, start)
            self._authorize(environ, query)
            if bucket != self._store.bucket and bucket:
                raise S3Error(403, "AccessDenied")
            return self._answer(environ, start, key, query)
        except S3Error as error:
            return _xml(start, error.status, _error_xml(error.code, path))
        except BadDigest as error:
            return _xml(start, 400, _error_xml(str(error), path))
        except HangUp:
            status = 0
            raise
        finally:
            size = int(environ.get("CONTENT_LENGTH") or 0)
            logged = "&".join(name for name in query if not name.startswith("X-Amz"))
            self._traffic.add(Request("s3", environ["REQUEST_METHOD"], path, logged, status, size))

    def _misbehave(self, key: str) -> None:
        latency = self._faults.value("s3-latency", key)
        if latency:
            time.sleep(latency)
        for fault, status, code in _REFUSALS:
            if self._faults.hit(fault, key):
                raise S3Error(status, code)

    def _authorize(self, environ: dict[str, Any], query: dict[str, str]) -> None:
        """Only keys that the sandbox issued are accepted; signatures themselves aren't checked."""
        header = environ.get("HTTP_AUTHORIZATION", "")
        # The second pair of names is that of the older signature, which boto3 still presigns with.
        credential = query.get("X-Amz-Credential") or query.get("AWSAccessKeyId", "")
        if "Credential=" in header:
            credential = header.partition("Credential=")[2]
        if not credential:
            raise S3Error(403, "AccessDenied")
        state = self._area.state
        with state.lock:
            keys = self._area.keys.get(credential.partition("/")[0])
            if keys is None:
                raise S3Error(403, "InvalidAccessKeyId")
            tokens = {name.lower(): value for name, value in query.items()}
            token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN") or tokens.get("x-amz-security-token")
            if token != keys.token:
                raise S3Error(400, "InvalidToken")
            if keys.expires <= state.clock.now():
                raise S3Error(400, "ExpiredToken")

    def _post_form(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        """Take a file that a browser sends as a form (api-v2 §10)."""
        _, form, files = parse_form_data(environ)
        key, policy, upload = form.get("key", ""), form.get("policy", ""), files.get("file")
        if upload is None or not key:
            raise S3Error(400, "MalformedPOSTRequest")
        with self._area.state.lock:
            keys = self._area.keys.get(form.get("AWSAccessKeyId", ""))
        if keys is None:
            raise S3Error(403, "InvalidAccessKeyId")
        if form.get("signature") != form_signature(keys, policy):
            raise S3Error(403, "SignatureDoesNotMatch")
        if keys.expires <= self._area.state.clock.now() or json.loads(b64decode(policy))["key"] != key:
            raise S3Error(403, "AccessDenied")
        data = upload.read()
        self._store.put(key, data)
        self._count(key, len(data)).puts += 1
        self._arrived(key, len(data))
        start("204 No Content", [("Location", f"/{self._store.bucket}/{key}")])
        return []

    def _answer(
        self, environ: dict[str, Any], start: _Start, key: str, query: dict[str, str]
    ) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        looks = method == "HEAD" or (method == "GET" and query.keys() & {"uploadId", "uploads"})
        if looks and self._faults.hit("s3-no-lists", key or query.get("prefix", "")):
            raise S3Error(403, "AccessDenied")
        if key and method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in environ:
            raise S3Error(501, "NotImplemented")
        if "uploadId" in query:
            upload = self._store.multipart(query["uploadId"])
            if upload is None or upload.key != key:
                raise S3Error(404, "NoSuchUpload")
            if method == "PUT":
                return self._put_part(environ, start, upload, int(query.get("partNumber") or 0))
            if method == "GET":
                return self._list_parts(start, upload, query)
            if method == "POST":
                return self._complete(environ, start, upload)
        elif key and method == "PUT" and not query.keys() & {"acl", "tagging", "retention", "legal-hold"}:
            return self._put(environ, start, key)
        return self._pass_on(environ, start, key, query)

    def _body(self, environ: dict[str, Any], key: str) -> Received:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        stall = self._faults.value("s3-stall", key)
        trouble = Trouble(
            rate=self._faults.value("s3-rate", key),
            cut_at=length // 2 if self._faults.hit("s3-drop", key) else None,
            reset_at=length // 2 if self._faults.hit("s3-reset", key) else None,
            stall_at=None if stall is None else round(length * min(stall, 1.0)),
        )
        received = receive(environ, self._store.new_file(), trouble)
        if self._faults.hit("s3-bad-digest", key):
            received.path.unlink()
            raise BadDigest("BadDigest")
        return received

    def _put_part(
        self, environ: dict[str, Any], start: _Start, upload: Multipart, number: int
    ) -> Iterable[bytes]:
        received = self._body(environ, upload.key)
        part = StoredPart(number, received.path, received.size, received.md5, received.crc32, time.time())
        self._store.add_part(upload, part)
        counters = self._count(upload.key, received.size)
        counters.parts[number] += 1
        self._lose_reply(environ, upload.key)
        start(
            "200 OK",
            [("ETag", f'"{part.md5}"'), ("x-amz-checksum-crc32", part.crc32), ("Content-Length", "0")],
        )
        return []

    def _lose_reply(self, environ: dict[str, Any], key: str) -> None:
        if self._faults.hit("s3-lost", key):
            raise HangUp
        if self._faults.hit("s3-silent", key):
            environ["sandbox.body"].fall_silent()

    def _count(self, key: str, size: int) -> KeyTraffic:
        counters = self._traffic.key(key)
        with self._area.state.lock:
            counters.bytes_received += size
        return counters

    def _put(self, environ: dict[str, Any], start: _Start, key: str) -> Iterable[bytes]:
        received = self._body(environ, key)
        inner = dict(environ)
        with received.path.open("rb") as file:
            inner["wsgi.input"] = file
            inner["CONTENT_LENGTH"] = str(received.size)
            inner["HTTP_X_AMZ_CONTENT_SHA256"] = "UNSIGNED-PAYLOAD"
            for name in ("HTTP_X_AMZ_TRAILER", "HTTP_X_AMZ_DECODED_CONTENT_LENGTH"):
                inner.pop(name, None)
            status, headers, content = self._ask_moto(inner)
        received.path.unlink()
        if status == 200:
            self._count(key, received.size).puts += 1
            self._arrived(key, received.size)
            self._lose_reply(environ, key)
        start(f"{status} {_PHRASES.get(status, 'Status')}", headers)
        return [content]

    def _arrived(self, key: str, size: int) -> None:
        with self._area.state.lock:
            self._area.object_created(key, size)

    def _list_parts(self, start: _Start, upload: Multipart, query: dict[str, str]) -> Iterable[bytes]:
        after = int(query.get("part-number-marker") or 0)
        limit = min(int(query.get("max-parts") or 1000), 1000)
        rest = [upload.parts[n] for n in sorted(upload.parts) if n > after]
        page = rest[:limit]
        parts = "".join(
            f"<Part><PartNumber>{p.number}</PartNumber><LastModified>{_zulu(p.modified)}</LastModified>"
            f'<ETag>"{p.md5}"</ETag><Size>{p.size}</Size><ChecksumCRC32>{p.crc32}</ChecksumCRC32></Part>'
            for p in page
        )
        last = page[-1].number if page else 0
        truncated = "true" if len(rest) > len(page) else "false"
        body = (
            f'<ListPartsResult xmlns="{_NAMESPACE}"><Bucket>{self._store.bucket}</Bucket>'
            f"<Key>{escape(upload.key)}</Key><UploadId>{upload.id}</UploadId>"
            f"<PartNumberMarker>{after}</PartNumberMarker><NextPartNumberMarker>{last}</NextPartNumberMarker>"
            f"<MaxParts>{limit}</MaxParts><IsTruncated>{truncated}</IsTruncated>"
            f"<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>{parts}"
            "</ListPartsResult>"
        )
        return _xml(start, 200, body)

    def _complete(self, environ: dict[str, Any], start: _Start, upload: Multipart) -> Iterable[bytes]:
        parts = _named_parts(environ["wsgi.input"].read(), upload)
        if self._faults.hit("s3-complete-error", upload.key):
            return _xml(start, 200, _error_xml("InternalError", upload.key))
        told = environ.get("HTTP_X_AMZ_CHECKSUM_CRC32")
        of_all = environ.get("HTTP_X_AMZ_CHECKSUM_TYPE", "FULL_OBJECT") == "FULL_OBJECT"
        if told and of_all and told != whole_crc32(parts):
            raise S3Error(400, "BadDigest")
        etag = self._store.complete(upload, parts)
        self._traffic.key(upload.key).completes += 1
        self._arrived(upload.key, sum(part.size for part in parts))
        if self._faults.hit("s3-complete-lost", upload.key):
            raise HangUp
        body = (
            f'<CompleteMultipartUploadResult xmlns="{_NAMESPACE}"><Location>/{self._store.bucket}</Location>'
            f"<Bucket>{self._store.bucket}</Bucket><Key>{escape(upload.key)}</Key>"
            f'<ETag>"{etag}"</ETag></CompleteMultipartUploadResult>'
        )
        return _xml(start, 200, body)

    def _pass_on(
        self, environ: dict[str, Any], start: _Start, key: str, query: dict[str, str]
    ) -> Iterable[bytes]:
        """Let moto answer, and note what it did."""
        method = environ["REQUEST_METHOD"]
        doomed = [key] if method == "DELETE" and key and "uploadId" not in query else []
        if method == "POST" and "delete" in query:
            raw = environ["wsgi.input"].read()
            doomed = [e.text or "" for e in ET.fromstring(raw).iter() if e.tag.endswith("Key")]  # noqa: S314 - loopback clients only
            environ["wsgi.input"] = io.BytesIO(raw)
        status, headers, content = self._ask_moto(environ)
        if status < 300:
            if method == "POST" and "uploads" in query:
                self._traffic.key(key).creates += 1
                if self._faults.hit("s3-create-lost", key):
                    raise HangUp
            if method == "DELETE" and "uploadId" in query:
                self._store.abort(query["uploadId"])
                self._traffic.key(key).aborts += 1
            if method == "HEAD" and key and environ.get("HTTP_X_AMZ_CHECKSUM_MODE"):
                crc32 = self._store.crc32(key)
                headers += [("x-amz-checksum-crc32", crc32), ("x-amz-checksum-type", "FULL_OBJECT")]
            for name in doomed:
                self._traffic.key(name).deletes += 1
                with self._area.state.lock:
                    self._area.object_deleted(name)
        start(f"{status} {_PHRASES.get(status, 'Status')}", headers)
        return [content]

    def _ask_moto(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._store.account_id
        answer: list[tuple[str, list[tuple[str, str]]]] = []

        def start(line: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            answer[:] = [(line, headers)]

        reply = self._moto(environ, start)
        content = b"".join(reply)
        if hasattr(reply, "close"):
            reply.close()
        line, headers = answer[0]
        return int(line.split()[0]), headers, content


def _named_parts(raw: bytes, upload: Multipart) -> list[StoredPart]:
    """The parts that a Complete request lists, or the error that S3 gives."""
    try:
        root = ET.fromstring(raw)  # noqa: S314 - loopback clients only
    except ET.ParseError:
        raise S3Error(400, "MalformedXML") from None
    parts: list[StoredPart] = []
    for element in root:
        texts = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        part = upload.parts.get(int(texts.get("PartNumber") or 0))
        if part is None or texts.get("ETag", "").strip('"') != part.md5:
            raise S3Error(400, "InvalidPart")
        if texts.get("ChecksumCRC32", part.crc32) != part.crc32:
            raise S3Error(400, "InvalidPart")
        if parts and parts[-1].number >= part.number:
            raise S3Error(400, "InvalidPartOrder")
        parts.append(part)
    if not parts:
        raise S3Error(400, "MalformedXML")
    if any(part.size < SMALLEST_PART for part in parts[:-1]):
        raise S3Error(400, "EntityTooSmall")
    return parts


def _xml(start: _Start, status: int, body: str) -> Iterable[bytes]:
    content = b'<?xml version="1.0" encoding="UTF-8"?>\n' + body.encode()
    headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(content)))]
    start(f"{status} {_PHRASES.get(status, 'Status')}", headers)
    return [content]


def _error_xml(code: str, resource: str) -> str:
    return (
        f"<Error><Code>{code}</Code><Message>{escape(_MESSAGES.get(code, code))}</Message>"
        f"<Resource>{escape(resource)}</Resource><RequestId>SANDBOX0000000</RequestId></Error>"
    )


def _web_page(environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
    """What a guest network answers to everything, once it has the whole request."""
    while environ["wsgi.input"].read(1 << 20):
        pass
    content = WEB_PAGE.encode()
    start("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(content)))])
    return [content]


def _zulu(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
