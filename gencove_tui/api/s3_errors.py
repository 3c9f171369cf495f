"""What the upload area's store may answer instead of doing what it was asked."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gencove_tui.api.errors import ApiProblem, Kind

if TYPE_CHECKING:
    import aiohttp

CONNECTION = "Connection"
"""Our own code where no answer came at all."""

UNREACHED = "Unreached"
"""Our own code where no connection could be made, so that nothing was sent."""

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
"""Codes that mean: fetch new keys."""

REFUSED_KEYS = EXPIRED | {"InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
"""Codes that new keys may mend: ours may have been withdrawn before their time."""

_SLOW = frozenset(
    {"SlowDown", "ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequests"}
)
_TRANSIENT = (
    frozenset(
        {
            "RequestTimeout",
            "InternalError",
            "ServiceUnavailable",
            "BadDigest",
            "IncompleteBody",
            "OperationAborted",
        }
    )
    | EXPIRED
    | _SLOW
)
_KINDS = {
    "AccessDenied": Kind.FORBIDDEN,
    "AllAccessDisabled": Kind.FORBIDDEN,
    "403": Kind.FORBIDDEN,
    "InvalidAccessKeyId": Kind.UNAUTHORIZED,
    "SignatureDoesNotMatch": Kind.UNAUTHORIZED,
    "InvalidToken": Kind.UNAUTHORIZED,
    "NoSuchKey": Kind.NOT_FOUND,
    "NoSuchBucket": Kind.NOT_FOUND,
    "NoSuchUpload": Kind.NOT_FOUND,
    "404": Kind.NOT_FOUND,
    "PreconditionFailed": Kind.CONFLICT,
}
_REMEDIES = {
    Kind.FORBIDDEN: "Check that uploads are enabled for your account; ask Gencove's support.",
    Kind.UNAUTHORIZED: "It is tried again with new upload credentials.",
    Kind.NOT_FOUND: "Refresh the upload area; the file may be gone.",
    Kind.CONFLICT: "Refresh, then try again.",
    Kind.INVALID: "Check the file's name and size, then try again.",
}


class S3Problem(ApiProblem):
    """A request to the store failed; ``code`` is S3's own word, ``CONNECTION`` or ``UNREACHED``.

    ``retryable``: the same request may succeed if repeated, where ``code`` is in ``EXPIRED`` with new keys.
    """

    def __init__(
        self, what: str, code: str, *, kind: Kind, retryable: bool, why: str = "", remedy: str = ""
    ) -> None:
        remedy = remedy or ("It is tried again by itself." if retryable else _REMEDIES.get(kind, ""))
        super().__init__(kind, what, why or f"S3 says {code}", remedy, perhaps_done=retryable)
        self.code = code
        self.retryable = retryable


def refused(what: str, code: str, status: int) -> S3Problem:
    """The problem that an error answer tells of."""
    word = code or str(status)
    if code == "RequestTimeTooSkewed":
        return S3Problem(
            what,
            code,
            kind=Kind.SERVER,
            retryable=False,
            why="this machine's clock differs too much from the store's",
            remedy="Set the clock (NTP); it goes on by itself then.",
        )
    # 501 is a server error by number only: the store doesn't do this, today or tomorrow.
    retryable = code in _TRANSIENT or (status >= 500 and status != 501) or status == 429
    if code in _SLOW:
        kind = Kind.RATE_LIMITED
    else:
        kind = _KINDS.get(word, Kind.SERVER if retryable else Kind.INVALID)
    return S3Problem(what, word, kind=kind, retryable=retryable)


def not_the_store(what: str) -> S3Problem:
    """The problem of an answer that can't be the store's, such as a proxy's or a login page."""
    return S3Problem(
        what,
        "Answer",
        kind=Kind.UNREACHABLE,
        retryable=True,
        why="something else than the store answered, perhaps a proxy or a login page",
    )


def unreachable(what: str, host: str) -> S3Problem:
    """The problem of a connection that ended before an answer came."""
    return S3Problem(
        what,
        CONNECTION,
        kind=Kind.UNREACHABLE,
        retryable=True,
        why=f"the store at {host} closed the connection or did not answer",
    )


def unreached(what: str, host: str, why: str) -> S3Problem:
    """The problem of a connection that could not be made."""
    return S3Problem(
        what,
        UNREACHED,
        kind=Kind.UNREACHABLE,
        retryable=True,
        why=f"the store at {host} can't be reached: {why}",
        remedy=f"It is tried again by itself. If it stays so, ask whether a firewall lets you to {host}.",
    )


def no_answer(what: str, error: BaseException, endpoint: str) -> S3Problem:
    """The problem behind an error that isn't the store's own; a URL's query never gets into it."""
    import aiohttp
    from botocore.exceptions import ConnectTimeoutError, ProxyConnectionError, SSLError

    told: dict[str, Any] = getattr(error, "kwargs", {})
    # With the bucket in front, as the connection was tried: it is what a firewall knows.
    host = urlsplit(str(told.get("endpoint_url") or endpoint)).netloc
    cause = told.get("error")
    if isinstance(error, ConnectTimeoutError):
        return unreached(what, host, "no answer, as where a firewall drops what is sent")
    if isinstance(error, ProxyConnectionError):
        return unreached(what, host, "the proxy can't be reached or refuses")
    if isinstance(error, SSLError):
        return unreached(what, host, "its certificate is not trusted, or something else answers in its place")
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return unreached(what, host, "its name is not known here")
    if isinstance(cause, aiohttp.ClientConnectorError):
        return unreached(what, host, "connection refused" if _is_refusal(cause) else "no connection")
    return unreachable(what, host)


def _is_refusal(error: aiohttp.ClientConnectorError) -> bool:
    # Several addresses that fail alike come as one error without a number.
    return isinstance(error.os_error, ConnectionRefusedError) or error.os_error.errno == errno.ECONNREFUSED
