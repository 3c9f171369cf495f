"""What goes wrong on purpose with a deliverable: another answer in its place, or a body that is not right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gencove_tui.sandbox.faults import Faults
from gencove_tui.sandbox.hangup import end_politely, hang_up, reset, until_gone

WEB_PAGE = (
    "<!DOCTYPE html><html><head><title>Guest network</title></head>"
    "<body><h1>Please log in</h1><p>Accept the terms of use to go on.</p></body></html>"
)
_FLUSH_SECONDS = 0.05


def instead(faults: Faults, kind: str) -> Response | None:
    """The answer that comes in place of a file of this kind; None when the file itself does."""
    if faults.hit("html", kind):
        return HTMLResponse(WEB_PAGE)
    if faults.hit("redirect", kind):
        return Response(status_code=302, headers={"Location": "/guest-network/login"})
    if faults.hit("error-body", kind):
        return s3_error(200, "InternalError", "We encountered an internal error. Please try again.")
    if faults.hit("gone", kind):
        return s3_error(404, "NoSuchKey", "The specified key does not exist.")
    if faults.hit("file-expired", kind):
        return s3_error(400, "ExpiredToken", "The provided token has expired.")
    if faults.hit("file-500", kind):
        return s3_error(500, "InternalError", "We encountered an internal error. Please try again.")
    if faults.hit("file-slowdown", kind):
        return s3_error(503, "SlowDown", "Please reduce your request rate.")
    return None


def spoil_range(
    faults: Faults, kind: str, headers: dict[str, str], span: tuple[int, int], size: int
) -> tuple[int, int]:
    """Write ``Content-Range`` of ``span`` (first byte, length), perhaps a false one; returns what to send."""
    start, length = span
    if faults.hit("wrong-range", kind):
        if start:
            start -= 1
        elif length < size:
            start += 1
        else:
            length -= 1
    total = size + 1 if faults.hit("wrong-total", kind) else size
    if not faults.hit("no-content-range", kind):
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{total}"
    return start, length


@dataclass(frozen=True)
class BodyPlan:
    """How a body of some length goes wrong, by bytes; None where it doesn't."""

    length: int
    """Bytes that Content-Length states and that are sent, unless something below comes between."""
    wrong_at: int | None = None
    cut_at: int | None = None
    reset_at: int | None = None
    short_at: int | None = None
    stall_at: int | None = None
    rate: float | None = None
    """Bytes per second."""

    def trouble_at(self) -> int | None:
        """The byte before which the first trouble with the connection comes."""
        places = (self.cut_at, self.reset_at, self.short_at, self.stall_at)
        return min((place for place in places if place is not None), default=None)


def plan_body(faults: Faults, kind: str, length: int) -> BodyPlan:
    """What shall happen to this body; counts the faults."""
    middle = length // 2
    stall = faults.value("stall", kind)
    times = faults.value("wrong-length", kind)
    return BodyPlan(
        length=length if times is None else round(length * times),
        wrong_at=middle if faults.hit("corrupt", kind) else None,
        cut_at=middle if faults.hit("cut", kind) else None,
        reset_at=middle if faults.hit("reset", kind) else None,
        short_at=middle if faults.hit("short", kind) else None,
        stall_at=None if stall is None else round(length * min(stall, 1.0)),
        rate=faults.value("rate", kind),
    )


async def send(
    request: Request, plan: BodyPlan, pieces: Iterator[bytes], count: Callable[[int], None]
) -> AsyncIterator[bytes]:
    """The body, as planned; ``count`` gets the length of everything that was sent."""
    end = plan.trouble_at()
    sent = 0
    async for data in _paced(plan, pieces):
        if end is not None and sent + len(data) >= end:
            yield data[: end - sent]
            count(end - sent)
            await _break_off(request, plan, end)
            return
        yield data
        count(len(data))
        sent += len(data)


async def _break_off(request: Request, plan: BodyPlan, end: int) -> None:
    # What was sent so far shall arrive before the trouble does.
    await asyncio.sleep(_FLUSH_SECONDS)
    if plan.stall_at == end:
        await until_gone(request.scope)
    elif plan.reset_at == end:
        reset(request.scope)
    elif plan.short_at == end:
        end_politely(request.scope)
        await until_gone(request.scope)
    else:
        hang_up(request.scope)


async def _paced(plan: BodyPlan, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The bytes of the file at the planned rate, up to the planned length, with a wrong one where planned."""
    sent = 0
    for piece in _of_length(pieces, plan.length):
        step = len(piece) if not plan.rate else max(1024, min(len(piece), int(plan.rate / 20)))
        for low in range(0, len(piece), step):
            data = piece[low : low + step]
            if plan.wrong_at is not None and sent <= plan.wrong_at < sent + len(data):
                at = plan.wrong_at - sent
                data = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
            yield data
            sent += len(data)
            # At least a turn of the loop, so that a client that went away is noticed.
            await asyncio.sleep(len(data) / plan.rate if plan.rate else 0)


def _of_length(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    """The pieces cut off, or filled up with zeros, at ``length`` bytes."""
    left = length
    for piece in pieces:
        if left <= 0:
            return
        yield piece[:left]
        left -= len(piece)
    while left > 0:
        yield bytes(min(left, 256 << 10))
        left -= 256 << 10


def s3_error(
    status: int,
    code: str,
    message: str,
    extra: tuple[tuple[str, str], ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """An error as S3 writes it."""
    fields = (
        ("Code", code),
        ("Message", message),
        *extra,
        ("RequestId", "SANDBOX0000000"),
        ("HostId", "sandbox"),
    )
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    return Response(body, status_code=status, headers=headers, media_type="application/xml")
