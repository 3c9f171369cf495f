"""What proves to a host who asks: an API key, or a login that renews itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from gencove_tui.api.errors import ApiProblem, Kind


class Credential(Protocol):
    """Goes into the ``Authorization`` header of every request to one host."""

    @property
    def name(self) -> str:
        """What it is, for people to read."""
        ...

    def header(self) -> str:
        """The header's value; empty for none."""
        ...

    async def renew(self, refused: str) -> bool:
        """Replace what was refused (401); False when that can't be done. ``refused`` is the old header."""
        ...


class Nobody:
    """No credential: for asking what a host is, and for logging in."""

    name = "empty login"

    def header(self) -> str:
        """Nothing."""
        return ""

    async def renew(self, refused: str) -> bool:  # noqa: ARG002 - protocol
        """Nothing to renew."""
        return False


class ApiKey:
    """A key from the dashboard. ``scheme`` is the dialect's word before it (api-v1 §2, api-v2 §1).

    Raises ``ApiProblem`` when the key can't be one, before anything is sent.
    """

    name = "API key"

    def __init__(self, scheme: str, key: str) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ApiProblem(
                Kind.UNAUTHORIZED,
                "This can't be an API key" if key else "There is no API key",
                "it holds blanks or odd characters" if key else "",
                "Copy it from the dashboard's Settings, then run: gencove-tui login",
            )
        self._header = f"{scheme} {key}"

    def header(self) -> str:
        """Scheme and key."""
        return self._header

    async def renew(self, refused: str) -> bool:  # noqa: ARG002 - protocol
        """A refused key is refused for good."""
        return False

    def __repr__(self) -> str:
        return "ApiKey(…)"


class Session:
    """A login: a short-lived access token, and how to get the next one.

    ``refresh`` returns a new access token; it is called once for any number of requests that were refused
    with the same token.
    """

    name = "login"

    def __init__(self, scheme: str, access: str, refresh: Callable[[], Awaitable[str]]) -> None:
        self._scheme = scheme
        self._access = access
        self._refresh = refresh
        self._renewing = asyncio.Lock()

    def header(self) -> str:
        """Scheme and access token."""
        return f"{self._scheme} {self._access}"

    async def renew(self, refused: str) -> bool:
        """Fetch a new access token unless another request just did."""
        async with self._renewing:
            if self.header() == refused:
                self._access = await self._refresh()
            return True

    def __repr__(self) -> str:
        return "Session(…)"
