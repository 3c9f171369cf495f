"""The upload area's S3 store: the few calls that uploading needs, cheap and with honest progress.

Measured choices (perf-probes §3): no payload signing over TLS, a CRC32 header that the caller computed
instead of a trailer, bodies as async iterators of 256 KiB pieces, and a fixed send buffer, so that what
counts as sent is nearly what has left. The client library makes each request once: repeating is the engine's
business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from gencove_tui.api.errors import Kind
from gencove_tui.api.s3_body import PIECE, FileBody
from gencove_tui.api.s3_errors import (
    EXPIRED,
    REFUSED_KEYS,
    S3Problem,
    no_answer,
    not_the_store,
    refused,
)
from gencove_tui.errors import Problem
from gencove_tui.model import Credentials, Part

if TYPE_CHECKING:
    from gencove_tui.api.s3_client import RenewedCredentials

__all__ = [
    "EXPIRED",
    "PIECE",
    "REFUSED_KEYS",
    "FileBody",
    "S3Area",
    "S3Problem",
    "StoredObject",
    "StoredPart",
]


_DEEPEST_CAUSE = 20
_USUAL_PATIENCE = 60.0
"""Seconds for an answer."""
_PATIENCE = {"complete_multipart_upload": 300.0, "put_object": None, "upload_part": None}
"""Putting a large object together takes S3 minutes; whoever sends a body watches it move instead."""
_SIGNS = {
    "put_object": "ETag",
    "upload_part": "ETag",
    "complete_multipart_upload": "ETag",
    "head_object": "ETag",
    "create_multipart_upload": "UploadId",
}
"""What each answer of a store holds; without it, something else has answered."""


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
    crc32: str = ""
    """Base64 CRC32 of the whole object; empty where the store knows none."""


class S3Area:
    """Requests to the upload area with temporary keys that renew themselves. Use as an async context manager.

    ``credentials`` fetches the keys; ``endpoint_url`` is for stores other than Amazon's. Every method raises
    ``S3Problem``, or the ``Problem`` of fetching the keys or reading the body.
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
        self._opening = asyncio.Lock()
        self._client: Any = None
        self._keys: RenewedCredentials | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def refresh(self) -> None:
        """Fetch new keys now, as after ``ExpiredToken``; many callers at once cause one fetch."""
        if self._keys is not None:
            await self._keys.refresh(self._keys.latest)

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                from gencove_tui.api.s3_client import RenewedCredentials, open_client

                self._keys = RenewedCredentials(self._provider)
                self._client = await self._open.enter_async_context(
                    open_client(self._keys, self._endpoint, self._connections)
                )
            return self._client

    async def _call(self, what: str, method: str, **arguments: Any) -> Any:
        client = await self._opened()
        if self._keys is not None and self._keys.latest is None:
            await self._keys.current()  # which has a patience of its own
        import aiohttp
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
        from botocore.parsers import ResponseParserError

        try:
            async with asyncio.timeout(_PATIENCE.get(method, _USUAL_PATIENCE)):
                reply = await getattr(client, method)(**arguments)
            if (sign := _SIGNS.get(method)) and not reply.get(sign):
                raise not_the_store(what)
            return reply
        except ResponseParserError as error:
            raise not_the_store(what) from error
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            raise refused(what, code, status) from error
        except ParamValidationError as error:
            raise S3Problem(
                what, "InvalidArgument", kind=Kind.INVALID, retryable=False, why="the name can't be used"
            ) from error
        except (BotoCoreError, aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = _own_problem(error)
            if failure is None:
                raise no_answer(what, error, client.meta.endpoint_url) from error
        # The body's own problem came wrapped as a failed connection. Raised out here, lest the two cause each
        # other for ever.
        raise failure

    async def _ask(self, what: str, method: str, **arguments: Any) -> Any:
        """A request without a body: made once more with fresh keys when the old ones expired.

        An expired key answers HEAD with a bare 400, since a HEAD reply can't carry S3's own word.
        """
        try:
            return await self._call(what, method, **arguments)
        except S3Problem as problem:
            if problem.code not in REFUSED_KEYS and not (method == "head_object" and problem.code == "400"):
                raise
        await self.refresh()
        return await self._call(what, method, **arguments)

    async def put(self, bucket: str, key: str, body: FileBody, length: int, *, crc32: str) -> str:
        """Store an object in one request; returns its ETag. ``crc32`` is base64."""
        reply = await self._call(
            "Can't store the file",
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
        reply = await self._ask(
            "Can't begin to store the file",
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
            f"Can't store part {number} of the file",
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
            reply = await self._ask(
                "Can't ask which parts of the file are stored",
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
        reply = await self._ask(
            "Can't put the parts of the file together",
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
        await self._ask(
            "Can't throw the parts of the file away",
            "abort_multipart_upload",
            Bucket=bucket,
            Key=key,
            UploadId=multipart_id,
        )

    async def head(self, bucket: str, key: str) -> StoredObject | None:
        """Size, ETag and checksum of an object; None when there is none."""
        try:
            reply = await self._ask(
                "Can't look at the stored file",
                "head_object",
                Bucket=bucket,
                Key=key,
                ChecksumMode="ENABLED",
            )
        except S3Problem as problem:
            if problem.kind is Kind.NOT_FOUND:
                return None
            if problem.code != "403":
                raise
            # HEAD has no room for the reason, which may be an object that isn't there; a list says it.
            found = await self.list_objects(bucket, key)
            return next((item for item in found if item.key == key), None)
        whole = reply.get("ChecksumType") != "COMPOSITE" and "-" not in reply.get("ChecksumCRC32", "")
        return StoredObject(
            key,
            int(reply["ContentLength"]),
            str(reply["ETag"]),
            reply.get("LastModified"),
            str(reply.get("ChecksumCRC32", "")) if whole else "",
        )

    async def list_objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        """All objects whose key begins with ``prefix``."""
        found: list[StoredObject] = []
        arguments: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
        while True:
            reply = await self._ask("Can't list the upload area", "list_objects_v2", **arguments)
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
        found: list[str] = []
        arguments: dict[str, Any] = {"Bucket": bucket, "Prefix": key}
        while True:
            reply = await self._ask(
                "Can't ask for unfinished uploads of the file", "list_multipart_uploads", **arguments
            )
            found += [str(item["UploadId"]) for item in reply.get("Uploads", ()) if item["Key"] == key]
            if not reply.get("IsTruncated") or not reply.get("NextKeyMarker"):
                return found
            arguments["KeyMarker"] = reply["NextKeyMarker"]
            arguments["UploadIdMarker"] = reply.get("NextUploadIdMarker") or ""

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object."""
        await self._ask("Can't delete the file", "delete_object", Bucket=bucket, Key=key)


def _own_problem(error: BaseException) -> Problem | None:
    """The problem of ours that caused an error of the client library."""
    cause: BaseException | None = error
    for _ in range(_DEEPEST_CAUSE):
        if cause is None or isinstance(cause, Problem):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
