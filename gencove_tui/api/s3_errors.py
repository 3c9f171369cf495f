"""What the upload area's store may answer instead of doing what it was asked."""

from __future__ import annotations

from gencove_tui.api.errors import ApiProblem, Kind

CONNECTION = "Connection"
"""Our own code where no answer came at all."""

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
    """A request to the store failed; ``code`` is S3's own word, or ``CONNECTION``.

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
    """The problem of a connection that failed before an answer came."""
    return S3Problem(
        what,
        CONNECTION,
        kind=Kind.UNREACHABLE,
        retryable=True,
        why=f"the store at {host} can't be reached or closed the connection",
    )
