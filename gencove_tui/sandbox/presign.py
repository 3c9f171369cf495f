"""Presigned URLs for deliverables, in the form that S3 gives them (api-v2 §9)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

BUCKET = "gencove-sandbox-results"
LIFE_SECONDS = 2 * 24 * 3600
"""As v1 documents it (api-v1 §4); v2 doesn't say."""
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Refusal:
    """Why a presigned request is refused."""

    code: str
    message: str
    extra: tuple[tuple[str, str], ...] = ()


class Signer:
    """Makes and checks presigned GET URLs below ``base``."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self.base = ""

    def url(self, s3_path: str, name: str, now: float, life: float) -> str:
        """A URL that gives ``s3_path`` as a download called ``name`` for ``life`` seconds."""
        moment = datetime.fromtimestamp(now, UTC)
        path = f"/{BUCKET}/{quote(s3_path)}"
        query = {
            "response-content-disposition": f"attachment; filename={name}",
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"ASIASANDBOXRESULTS00/{moment:%Y%m%d}/us-east-1/s3/aws4_request",
            "X-Amz-Date": moment.strftime(_STAMP),
            "X-Amz-Expires": f"{life:g}",
            "X-Amz-Security-Token": "c2FuZGJveC90b2tlbi93aXRoK3NpZ25z+/==",
            "X-Amz-SignedHeaders": "host",
        }
        query["X-Amz-Signature"] = self._signature("GET", path, query)
        return f"{self.base}{path}?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in query.items())

    def check(self, method: str, raw_path: str, raw_query: str, now: float) -> Refusal | None:
        """None when the request may pass. ``raw_path`` and ``raw_query`` are as they came over the wire."""
        query = {}
        for pair in raw_query.split("&"):
            name, _, value = pair.partition("=")
            query[unquote(name)] = unquote(value)
        given = query.pop("X-Amz-Signature", None)
        if given is None:
            return Refusal("AccessDenied", "Access Denied")
        expected = self._signature(method, quote(unquote(raw_path)), query)
        if not hmac.compare_digest(given, expected):
            return Refusal(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
            )
        issued = datetime.strptime(query["X-Amz-Date"], _STAMP).replace(tzinfo=UTC).timestamp()
        expires = issued + float(query["X-Amz-Expires"])
        # The stamp has whole seconds; a URL never lives shorter than it says.
        return expired(query["X-Amz-Expires"], expires, now) if now >= expires + 1 else None

    def _signature(self, method: str, path: str, query: dict[str, str]) -> str:
        text = "\n".join((method, path, *(f"{k}={query[k]}" for k in sorted(query))))
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def expired(life: str, expires: float, now: float) -> Refusal:
    """The refusal of a URL that was good once."""
    return Refusal(
        "AccessDenied",
        "Request has expired",
        (("X-Amz-Expires", life), ("Expires", _zulu(expires)), ("ServerTime", _zulu(now))),
    )


def _zulu(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
