"""Events that Gencove sends: reading both dialects' forms, and proving who sent them (api-v1 §7, api-v2 §14).

Both sets of event types are open: an unknown type is an event like any other.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from gencove_tui.api.text import mapping, moment, rest, string
from gencove_tui.errors import Problem

SIGNATURE_HEADER = "Gencove-Signature"
TOLERANCE = 300.0
"""Seconds that a signature may be old or ahead of this machine's clock."""
_RESULTS = frozenset(
    {
        "analysis_complete_v2",
        "analysis_complete",
        "samples_restored",
        "project_sample_results_ready",
    }
)
_NEVER_KEPT = frozenset({"project_id", "sample_id", "external_id", "jwt_log"})


class WebhookProblem(Problem):
    """A delivery that can't be believed or read."""


class EventSample(Struct, frozen=True, kw_only=True):
    """A sample that an event names."""

    id: str
    client_id: str = ""
    status: str = ""
    """Its status when the event was sent; empty when the event doesn't say."""


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened in a project."""

    type: str
    id: str = ""
    """v2's id of the event, the same when it is sent again; empty in v1."""
    timestamp: datetime | None = None
    project_id: str = ""
    samples: tuple[EventSample, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    """The rest of the payload, verbatim but harmless."""

    @property
    def brings_results(self) -> bool:
        """Whether deliverables of its samples may have become available."""
        return self.type in _RESULTS


def parse(body: bytes) -> tuple[Event, ...]:
    """The events of a delivery: v2's array, or v1's single object. Raises ``WebhookProblem``."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise WebhookProblem("The delivery can't be read", "it is not JSON") from None
    if isinstance(data, list):
        return tuple(_event_v2(mapping(row)) for row in data)
    if isinstance(data, dict) and "event_type" in data:
        return (_event_v2(data),)
    if isinstance(data, dict) and "event" in data:
        return (_event_v1(data),)
    raise WebhookProblem("The delivery can't be read", "it holds no event")


def _event_v2(data: dict[str, Any]) -> Event:
    kind = string(data.get("event_type"))
    if not kind:
        raise WebhookProblem("The delivery can't be read", "an event has no type")
    payload = mapping(data.get("payload"))
    samples = payload.get("samples")
    return Event(
        type=kind,
        id=string(data.get("event_id")),
        timestamp=moment(data.get("timestamp")),
        project_id=string(mapping(payload.get("project")).get("id")),
        samples=tuple(
            EventSample(
                id=identity,
                client_id=string(row.get("client_id")),
                status=string(mapping(row.get("last_status")).get("status")),
            )
            for row in map(mapping, samples if isinstance(samples, list) else ())
            if (identity := string(row.get("id")))
        ),
        extra=rest(payload, frozenset({"project", "samples"})),
    )


def _event_v1(data: dict[str, Any]) -> Event:
    kind = string(data.get("event"))
    if not kind:
        raise WebhookProblem("The delivery can't be read", "the event has no type")
    payload = mapping(data.get("data"))
    identity = string(payload.get("sample_id"))
    sample = EventSample(id=identity, client_id=string(payload.get("external_id")))
    return Event(
        type=kind,
        project_id=string(payload.get("project_id")),
        samples=(sample,) if identity else (),
        extra=rest(payload, _NEVER_KEPT),
    )


def verify(
    secret: str, header: str, body: bytes, *, now: float | None = None, tolerance: float | None = TOLERANCE
) -> None:
    """Prove that ``body``, byte for byte as received, was signed with ``secret``.

    ``header`` is ``t=<unix seconds>,v1=<hexadecimal>``; the signature is HMAC-SHA512 over ``t.body`` (api-v2
    §14). ``tolerance`` is in seconds, None accepts any age. Raises ``WebhookProblem``.
    """
    if not secret:
        raise WebhookProblem("The delivery can't be checked", "there is no secret", "Make one first.")
    stamps: list[str] = []
    signatures: list[str] = []
    for part in header.split(","):
        name, _, value = part.partition("=")
        value = value.strip().strip("\"'")
        if name.strip() == "t":
            stamps.append(value)
        elif name.strip() == "v1":
            signatures.append(value)
    if len(stamps) != 1 or not signatures or not stamps[0].isascii() or not stamps[0].isdigit():
        raise WebhookProblem("The delivery can't be believed", "its signature header is incomplete")
    message = stamps[0].encode() + b"." + body
    right = hmac.new(secret.encode(), message, hashlib.sha512).hexdigest()
    # All are compared, so that the time taken tells nothing.
    matches = [hmac.compare_digest(right.encode(), found.encode("utf-8", "replace")) for found in signatures]
    if not any(matches):
        raise WebhookProblem("The delivery can't be believed", "its signature is wrong")
    if tolerance is not None:
        age = (time.time() if now is None else now) - float(stamps[0][:20])
        if abs(age) > tolerance:
            when = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
            raise WebhookProblem(
                "The delivery can't be believed",
                f"its signature is {when}",
                "Check this machine's clock; someone may be repeating an old delivery.",
            )
