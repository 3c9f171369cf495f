"""Serves deliverables behind presigned URLs, with ranges and conditions, as S3 does."""

from __future__ import annotations

import asyncio
import re
from email.utils import formatdate
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gencove_tui.sandbox.file_faults import instead, plan_body, s3_error, send, spoil_range
from gencove_tui.sandbox.presign import BUCKET, Refusal, Signer, expired
from gencove_tui.sandbox.records import StoredFile
from gencove_tui.sandbox.state import State
from gencove_tui.sandbox.traffic import Traffic

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class FileServer:
    """The bucket of results."""

    def __init__(self, state: State, signer: Signer, traffic: Traffic) -> None:
        self._state = state
        self._signer = signer
        self._traffic = traffic

    async def __call__(self, request: Request) -> Response:
        """Answer a GET or HEAD of ``/gencove-sandbox-results/…``."""
        raw_path = request.scope["raw_path"].decode("latin-1")
        refusal = self._refusal(request, raw_path)
        if refusal is not None:
            return s3_error(403, refusal.code, refusal.message, refusal.extra)
        path = unquote(raw_path).removeprefix(f"/{BUCKET}/")
        with self._state.lock:
            file = self._state.file_at(path)
        if file is None:
            return s3_error(404, "NoSuchKey", "The specified key does not exist.")
        return await asyncio.to_thread(self._answer, request, file)

    def _refusal(self, request: Request, raw_path: str) -> Refusal | None:
        now = self._state.clock.now()
        refusal = self._signer.check(request.method, raw_path, request.scope["query_string"].decode(), now)
        if refusal is None and self._state.faults.hit("expire-urls", raw_path):
            return expired("0", now, now)
        return refusal

    def _answer(self, request: Request, file: StoredFile) -> Response:
        faults, size = self._state.faults, file.content.size
        spoilt = instead(faults, file.kind)
        if spoilt is not None:
            return spoilt
        etag = file.etag
        if faults.hit("changed", file.kind):
            etag = '"00000000000000000000000000000000"'
        wanted_etag = request.headers.get("if-match")
        if wanted_etag not in (None, "*", etag):
            return s3_error(412, "PreconditionFailed", "At least one of the pre-conditions did not hold")
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": etag,
            "Last-Modified": formatdate(file.created, usegmt=True),
            "Content-Type": "binary/octet-stream",
            "Content-Disposition": request.query_params.get("response-content-disposition", ""),
        }
        start, length, status = 0, size, 200
        asked = request.headers.get("range")
        if_range = request.headers.get("if-range")
        whole = if_range is not None and if_range not in (etag, headers["Last-Modified"])
        if asked and not whole and not faults.hit("no-ranges", file.kind):
            span = parse_range(asked, size)
            if span is None:
                return s3_error(
                    416, "InvalidRange", "The requested range is not satisfiable",
                    (("ActualObjectSize", str(size)),), {"Content-Range": f"bytes */{size}"},
                )  # fmt: skip
            start, length = spoil_range(faults, file.kind, headers, span, size)
            status = 206
        plan = plan_body(faults, file.kind, length)
        headers["Content-Length"] = str(plan.length)
        if faults.hit("gzip-encoding", file.kind):
            headers["Content-Encoding"] = "gzip"
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        pieces = file.content.read(start, length)
        body = send(request, plan, pieces, self._traffic.key(file.s3_path).count_sent)
        return StreamingResponse(body, status_code=status, headers=headers)


def parse_range(text: str, size: int) -> tuple[int, int] | None:
    """First byte and length of a ``Range`` header; None when it can't be satisfied (RFC 9110 §14.1)."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return (0, size) if size else None
    first, last = match[1], match[2]
    if not first:
        count = min(int(last or 0), size)
        return (size - count, count) if count else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    return (start, end - start + 1) if start <= end else None
