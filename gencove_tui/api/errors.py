"""The remote side's errors: one family, told apart by kind, each with what to do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from gencove_tui.errors import Problem


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
    ) -> None:
        super().__init__(what, why, remedy)
        self.kind = kind
        self.retry_after = retry_after
        self.until = until


class Unsupported(ApiProblem):
    """The dialect can't do this."""

    def __init__(self, what: str) -> None:
        super().__init__(
            Kind.UNSUPPORTED, what, "this API can't do it", "Use the dashboard, or a host that speaks API v2."
        )
