"""Keys and login tokens: who may call (api-v1 §2, api-v2 §2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from gencove_tui.sandbox.calls import Reply
from gencove_tui.sandbox.state import State

ACCESS_SECONDS = 300.0
REFRESH_SECONDS = 24 * 3600.0
_BAD_TOKEN = {
    "detail": "Given token not valid for any token type",
    "code": "token_not_valid",
    "messages": [
        {"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}
    ],
}


class Tokens:
    """Issues and checks JSON web tokens (HS256), and checks API keys."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._secret = secrets.token_bytes(32)
        self._ended: set[str] = set()
        self.access_seconds = ACCESS_SECONDS
        """Life of access tokens; tests shorten it."""

    def issue(self, kind: str) -> str:
        """A new token; ``kind`` is ``access`` or ``refresh``."""
        life = self.access_seconds if kind == "access" else REFRESH_SECONDS
        claims = {
            "token_type": kind,
            "exp": self._state.clock.now() + life,
            "jti": secrets.token_hex(16),
            "user_id": self._state.user_id,
        }
        head = f"{_HEADER}.{_b64(json.dumps(claims).encode())}"
        return f"{head}.{self._sign(head)}"

    def claims(self, token: str, kind: str = "") -> dict[str, Any] | None:
        """What a token says; None when it is forged, expired, ended or of another kind."""
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(head).encode(), signature.encode()):
            return None
        body = head.partition(".")[2]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if claims["exp"] < self._state.clock.now() or claims["jti"] in self._ended:
            return None
        return claims if kind in ("", claims["token_type"]) else None

    def end(self, token: str) -> bool:
        """Make a refresh token useless; False when it was already."""
        claims = self.claims(token, "refresh")
        if claims is None:
            return False
        self._ended.add(claims["jti"])
        return True

    def refusal(self, authorization: str, v2: bool) -> Reply | None:
        """None when the request may pass, else 401 as the dialect words it."""
        scheme, _, credential = authorization.partition(" ")
        schemes = ("Api-Key", "Bearer") if v2 else ("GENCOVE-API-KEY", "JWT")
        if scheme == schemes[0] and self._state.accepts_key(credential.strip()):
            return None
        if scheme == schemes[1] and self.claims(credential.strip(), "access") is not None:
            return None
        if not v2:
            why = "Invalid API key." if credential else "Authentication credentials were not provided."
            return Reply(401, {"message": "Unauthorized", "message_details": why})
        if scheme == "Bearer":
            return Reply(401, _BAD_TOKEN)
        if scheme == "Api-Key":
            return Reply(401, {"detail": "Invalid API key."})
        return Reply(401, {"detail": "Authentication credentials were not provided."})

    def _sign(self, head: str) -> str:
        return _b64(hmac.new(self._secret, head.encode(), hashlib.sha256).digest())


def new_otp_secret() -> str:
    """A secret for a generator of one-time codes, in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def one_time_code(secret: str, now: float) -> str:
    """The six digits that a generator shows at a time (RFC 6238)."""
    counter = int(now // 30).to_bytes(8, "big")
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_HEADER = _b64(b'{"typ":"JWT","alg":"HS256"}')
