"""The upload area's S3 store: the few calls that uploading needs, cheap and with honest progress.

Measured choices (perf-probes §3): no payload signing over TLS, a CRC32 header that the caller computed
instead of a trailer, bodies as async iterators of 256 KiB pieces, and a fixed send buffer, so that what
counts as sent is nearly what has left. The client library makes each request once: repeating is the engine's
business.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.model import Credentials, Part

PIECE = 256 << 10
"""Bytes handed to the connection at a time."""
_SEND_BUFFER = 512 << 10
_REFRESH_EARLY = timedelta(minutes=5)
_REGION = "us-east-1"
"""Gencove names no region (api-v2 §20); S3 redirects from here."""

_TRANSIENT = frozenset(
    {
        "SlowDown",
        "RequestTimeout",
        "InternalError",
        "ServiceUnavailable",
        "ThrottlingException",
        "BadDigest",
        "IncompleteBody",
        "500",
        "502",
        "503",
        "504",
        "ExpiredToken",
        "ExpiredTokenException",
        "TokenRefreshRequired",
        "RequestTimeTooSkewed",
    }
)
_KINDS = {
    "AccessDenied": Kind.FORBIDDEN,
    "403": Kind.FORBIDDEN,
    "NoSuchKey": Kind.NOT_FOUND,
    "NoSuchBucket": Kind.NOT_FOUND,
    "NoSuchUpload": Kind.NOT_FOUND,
    "404": Kind.NOT_FOUND,
}


class S3Problem(ApiProblem):
    """A request to the store failed; ``code`` is S3's own word, or ``Connection``."""

    def __init__(self, what: str, code: str, *, kind: Kind, retryable: bool, why: str = "") -> None:
        super().__init__(
            kind, what, why or f"S3 says {code}", "It is tried again by itself." if retryable else ""
        )
        self.code = code
        self.retryable = retryable


class StoredPart(Struct, frozen=True):
    """A part that the store holds."""

    size: int
    etag: str
    crc32: str
    """Base64, or empty where the store keeps none."""


class StoredObject(Struct, frozen=True):
    """An object in the store."""

    key: str
    size: int
    etag: str
    modified: datetime | None = None


class FileBody:
    """A piece of an open file as a request body.

    Each iteration begins anew and reports its own position to ``moved``, so that a repeat never counts twice.
    """

    def __init__(self, descriptor: int, offset: int, length: int, moved: Callable[[int], None]) -> None:
        self._descriptor = descriptor
        self._offset = offset
        self._length = length
        self._moved = moved
        self._position = 0

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """For the client library's checks; the bytes themselves go out by iteration."""
        wanted = self._length - self._position if size < 0 else min(size, self._length - self._position)
        piece = os.pread(self._descriptor, wanted, self._offset + self._position)
        self._position += len(piece)
        return piece

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Move as in a file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = base + position
        return self._position

    def tell(self) -> int:
        """Position as in a file."""
        return self._position

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        position = 0
        self._moved(0)
        while position < self._length:
            wanted = min(PIECE, self._length - position)
            piece = os.pread(self._descriptor, wanted, self._offset + position)
            if not piece:
                raise S3Problem(
                    "The file became shorter while it was sent",
                    "IncompleteBody",
                    kind=Kind.CONFLICT,
                    retryable=False,
                    why="another program changed it",
                )
            yield piece
            position += len(piece)
            self._moved(position)
            await asyncio.sleep(0)  # a fast line would otherwise keep the loop for a whole part


def _socket(address: Any) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    made.setblocking(False)
    return made


class S3Area:
    """Requests to the upload area with temporary keys that renew themselves. Use as an async context manager.

    Every method raises ``S3Problem``, or the ``ApiProblem`` of the credentials' provider.
    """

    def __init__(
        self,
        credentials: Callable[[], Awaitable[Credentials]],
        *,
        endpoint_url: str | None = None,
        connections: int = 64,
    ) -> None:
        self._provider = credentials
        self._endpoint = endpoint_url
        self._connections = connections
        self._open = AsyncExitStack()
        self._renewing = asyncio.Lock()
        self._client: Any = None
        self._expires: datetime | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def refresh(self) -> None:
        """Fetch new keys now, as after ``ExpiredToken``; many callers at once cause one fetch."""
        stale = self._client
        async with self._renewing:
            if self._client is stale:
                await self._renew()

    async def _renew(self) -> None:
        from aiobotocore.config import AioConfig
        from aiobotocore.session import get_session

        keys = await self._provider()
        config = AioConfig(
            connector_args={"socket_factory": _socket, "keepalive_timeout": 30},
            signature_version="s3v4",
            connect_timeout=30,
            read_timeout=300,
            max_pool_connections=self._connections,
            retries={"total_max_attempts": 1, "mode": "standard"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={
                "payload_signing_enabled": False,
                "addressing_style": "path" if self._endpoint else "auto",
            },
        )
        session = get_session()
        # Only the keys that Gencove gave: nobody's ~/.aws may leak into a lab's upload.
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        # The old client stays open for the requests that are still on their way.
        self._client = await self._open.enter_async_context(
            session.create_client(
                "s3",
                region_name=_REGION,
                endpoint_url=self._endpoint,
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.token or None,
                config=config,
            )
        )
        self._expires = keys.expires

    async def _call(self, what: str, method: str, **arguments: Any) -> Any:
        async with self._renewing:
            due = self._expires is not None and datetime.now(UTC) > self._expires - self._margin()
            if self._client is None or due:
                await self._renew()
            client = self._client
        import aiohttp
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return await getattr(client, method)(**arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            retryable = code in _TRANSIENT or status >= 500
            kind = _KINDS.get(code, Kind.SERVER if retryable else Kind.INVALID)
            raise S3Problem(what, code or str(status), kind=kind, retryable=retryable) from error
        except (BotoCoreError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise S3Problem(
                what,
                "Connection",
                kind=Kind.UNREACHABLE,
                retryable=True,
                why="the store can't be reached or closed the connection",
            ) from error

    def _margin(self) -> timedelta:
        """Keys that live only minutes are used to nearly their end."""
        return _REFRESH_EARLY if self._endpoint is None else timedelta(seconds=1)

    async def put(self, bucket: str, key: str, body: FileBody, length: int, *, crc32: str) -> str:
        """Store an object in one request; returns its ETag. ``crc32`` is base64."""
        reply = await self._call(
            f"Can't store {key}",
            "put_object",
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentLength=length,
            ChecksumCRC32=crc32,
        )
        return str(reply.get("ETag", ""))

    async def create_multipart(self, bucket: str, key: str) -> str:
        """Begin an object of parts; returns the multipart's id."""
        reply = await self._call(
            f"Can't begin {key}",
            "create_multipart_upload",
            Bucket=bucket,
            Key=key,
            ChecksumAlgorithm="CRC32",
            ChecksumType="FULL_OBJECT",
        )
        return str(reply["UploadId"])

    async def upload_part(
        self,
        bucket: str,
        key: str,
        multipart_id: str,
        number: int,
        body: FileBody,
        length: int,
        *,
        crc32: str,
    ) -> str:
        """Store one part; returns its ETag."""
        reply = await self._call(
            f"Can't store part {number} of {key}",
            "upload_part",
            Bucket=bucket,
            Key=key,
            UploadId=multipart_id,
            PartNumber=number,
            Body=body,
            ContentLength=length,
            ChecksumCRC32=crc32,
        )
        return str(reply.get("ETag", ""))

    async def list_parts(self, bucket: str, key: str, multipart_id: str) -> dict[int, StoredPart]:
        """The parts that the store holds, by number."""
        found: dict[int, StoredPart] = {}
        marker = 0
        while True:
            reply = await self._call(
                f"Can't list the parts of {key}",
                "list_parts",
                Bucket=bucket,
                Key=key,
                UploadId=multipart_id,
                PartNumberMarker=marker,
            )
            for part in reply.get("Parts", ()):
                found[int(part["PartNumber"])] = StoredPart(
                    int(part["Size"]), str(part["ETag"]), str(part.get("ChecksumCRC32") or "")
                )
            following = int(reply.get("NextPartNumberMarker") or 0)
            if not reply.get("IsTruncated") or following <= marker:
                return found
            marker = following

    async def complete(
        self, bucket: str, key: str, multipart_id: str, parts: Sequence[Part], *, full_crc32: str
    ) -> str:
        """Make the object of its parts visible; returns its ETag. ``full_crc32`` is of the whole object."""
        reply = await self._call(
            f"Can't complete {key}",
            "complete_multipart_upload",
            Bucket=bucket,
            Key=key,
            UploadId=multipart_id,
            ChecksumCRC32=full_crc32,
            ChecksumType="FULL_OBJECT",
            MultipartUpload={
                "Parts": [
                    {"PartNumber": part.number, "ETag": part.etag, "ChecksumCRC32": part.crc32}
                    for part in parts
                ]
            },
        )
        return str(reply.get("ETag", ""))

    async def abort(self, bucket: str, key: str, multipart_id: str) -> None:
        """Throw the parts of a multipart away."""
        await self._call(
            f"Can't abort {key}", "abort_multipart_upload", Bucket=bucket, Key=key, UploadId=multipart_id
        )

    async def head(self, bucket: str, key: str) -> StoredObject | None:
        """Size and ETag of an object; None when there is none."""
        try:
            reply = await self._call(f"Can't look at {key}", "head_object", Bucket=bucket, Key=key)
        except S3Problem as problem:
            if problem.kind is Kind.NOT_FOUND:
                return None
            raise
        return StoredObject(key, int(reply["ContentLength"]), str(reply["ETag"]), reply.get("LastModified"))

    async def list_objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        """All objects whose key begins with ``prefix``."""
        found: list[StoredObject] = []
        arguments: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
        while True:
            reply = await self._call("Can't list the upload area", "list_objects_v2", **arguments)
            found.extend(
                StoredObject(
                    str(item["Key"]), int(item["Size"]), str(item.get("ETag", "")), item.get("LastModified")
                )
                for item in reply.get("Contents", ())
            )
            if not reply.get("IsTruncated"):
                return found
            arguments["ContinuationToken"] = reply["NextContinuationToken"]

    async def list_multiparts(self, bucket: str, key: str) -> list[str]:
        """Ids of unfinished multiparts of exactly this key."""
        reply = await self._call(
            f"Can't list the uploads of {key}", "list_multipart_uploads", Bucket=bucket, Prefix=key
        )
        return [str(item["UploadId"]) for item in reply.get("Uploads", ()) if item["Key"] == key]

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object."""
        await self._call(f"Can't delete {key}", "delete_object", Bucket=bucket, Key=key)
