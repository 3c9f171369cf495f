"""The remote side's errors: one family, told apart by kind, each with what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import msgspec

from gencove_tui.api.text import clean, moment
from gencove_tui.errors import Problem

_LONGEST_MESSAGE = 500
_DEEPEST = 8
_LONGEST_PAUSE = 86400.0


class Kind(StrEnum):
    """What sort of failure it was."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    INVALID = "invalid"
    CONFLICT = "conflict"
    RATE_LIMITED = "rate limited"
    MAINTENANCE = "maintenance"
    SERVER = "server"
    BAD_REPLY = "bad reply"
    UNSUPPORTED = "unsupported"
    INSECURE = "insecure"


class ApiProblem(Problem):
    """A request to Gencove or its store failed.

    ``retry_after`` is in seconds, where the server said so; ``until`` the end of a maintenance, where known.
    ``perhaps_done``: the request may have taken effect although no good answer came, so that it must not be
    repeated before asking.
    """

    def __init__(
        self,
        kind: Kind,
        what: str,
        why: str = "",
        remedy: str = "",
        *,
        retry_after: float | None = None,
        until: datetime | None = None,
        perhaps_done: bool = False,
    ) -> None:
        super().__init__(what, why, remedy)
        self.kind = kind
        self.retry_after = retry_after
        self.until = until
        self.perhaps_done = perhaps_done


class Unsupported(ApiProblem):
    """The dialect can't do this."""

    def __init__(self, what: str) -> None:
        super().__init__(
            Kind.UNSUPPORTED, what, "this API can't do it", "Use the dashboard, or a host that speaks API v2."
        )


class PartlyDone(ApiProblem):
    """Something that goes out in batches failed after the first ones were done.

    ``done`` holds the ids (of samples, uploads …) for which it did happen; the other fields are those of the
    failure. Repeat it for the rest only.
    """

    def __init__(self, failure: ApiProblem, done: Sequence[str]) -> None:
        super().__init__(
            failure.kind,
            failure.what,
            f"{failure.why or 'it failed'}; {len(done)} were done before that",
            failure.remedy,
            retry_after=failure.retry_after,
            until=failure.until,
            perhaps_done=failure.perhaps_done,
        )
        self.done = tuple(done)


def bad_reply(what: str, where: str) -> ApiProblem:
    """A reply without something that nothing can go on without; ``where`` is its JSON path."""
    return ApiProblem(
        Kind.BAD_REPLY,
        f"Gencove's answer about {what} can't be used",
        f"{where} is missing or odd",
        "Try again later; check that the host is Gencove's API.",
    )


_SAID_BY_ITSELF = "It is tried again by itself."
_ANSWERS: dict[int, tuple[Kind, str, str]] = {
    401: (
        Kind.UNAUTHORIZED,
        "{host} refused the {credential}",
        "Check the key in the dashboard's Settings, then run: gencove-tui login",
    ),
    403: (
        Kind.FORBIDDEN,
        "Your account may not do this",
        "The {credential} itself is good: ask the project's owner, or Gencove's support, for permission.",
    ),
    404: (
        Kind.NOT_FOUND,
        "Gencove does not know this",
        "It may be gone or not yours; refresh the list.",
    ),
    408: (Kind.TIMEOUT, "{host} waited too long for the request", _SAID_BY_ITSELF),
    409: (Kind.CONFLICT, "Gencove refused this as a conflict", "Refresh, then try again."),
    410: (Kind.NOT_FOUND, "This is gone", "Refresh the list."),
    413: (Kind.INVALID, "Gencove finds the request too large", "Do it in smaller portions."),
    429: (Kind.RATE_LIMITED, "Gencove asks to go slower", _SAID_BY_ITSELF),
    504: (Kind.TIMEOUT, "Gencove's server took too long", _SAID_BY_ITSELF),
}


def problem_of(
    host: str, status: int, body: bytes, headers: Mapping[str, str], *, credential: str = "API key"
) -> ApiProblem:
    """The problem that a non-2xx answer tells of (api-v1 §6, api-v2 §3).

    HTML and empty bodies are survived. ``credential`` names what was used to log in.
    """
    data = _decoded(body)
    why = message_in(data)
    if not why and body.lstrip()[:1] == b"<":
        why = f"a web page came with status {status}, perhaps from a proxy or firewall"
    after = _retry_after(headers)
    if status == 503 and isinstance(data, dict) and data.get("maintenance"):
        until = moment(data.get("maintenance_eta"))
        when = f"until about {until:%Y-%m-%d %H:%M} UTC" if until else "for a while"
        return ApiProblem(
            Kind.MAINTENANCE,
            f"Gencove is under maintenance {when}",
            message_in(data.get("maintenance_message")),
            _SAID_BY_ITSELF,
            retry_after=after,
            until=until,
        )
    kind, what, remedy = _ANSWERS.get(status) or _by_class(status)
    if kind is Kind.UNAUTHORIZED and credential != "API key":
        remedy = "Log in again."
    return ApiProblem(
        kind,
        what.format(host=host, credential=credential),
        why or ("" if status in _ANSWERS else f"status {status}"),
        remedy.format(host=host, credential=credential),
        retry_after=after,
        perhaps_done=status >= 500 or status == 408,
    )


def _by_class(status: int) -> tuple[Kind, str, str]:
    if status >= 500:
        return Kind.SERVER, "Gencove's server has a problem", _SAID_BY_ITSELF
    if status >= 400:
        return Kind.INVALID, "Gencove refused the request", "Correct it, then try again."
    return (
        Kind.BAD_REPLY,
        "{host} gave an unexpected answer",
        "Check that the host is Gencove's API.",
    )


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def message_in(data: Any, depth: int = 0) -> str:
    """The words in an error body of any documented form; empty when there are none."""
    if depth > _DEEPEST:
        return ""
    if isinstance(data, str):
        return clean(data)[:_LONGEST_MESSAGE].strip()
    if isinstance(data, list):
        return "; ".join(filter(None, (message_in(item, depth + 1) for item in data[:5])))
    if isinstance(data, dict):
        for key in ("message_details", "detail", "message", "description", "error", "non_field_errors"):
            if text := message_in(data.get(key), depth + 1):
                return text
        for key, value in list(data.items())[:5]:
            if text := message_in(value, depth + 1):
                return f"{clean(str(key))}: {text}"[:_LONGEST_MESSAGE]
    return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either form of the header; at most a day."""
    text = headers.get("Retry-After") or headers.get("retry-after")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else max(0.0, min(seconds, _LONGEST_PAUSE))
