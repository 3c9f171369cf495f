"""Closing a client's connection without an answer, from inside an ASGI application."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORTS: dict[tuple[Any, Any], asyncio.Transport] = {}


class TrackedProtocol(H11Protocol):
    """uvicorn's protocol, which also remembers each connection's transport by its two addresses."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        """Remember the transport."""
        super().connection_made(transport)
        _TRANSPORTS[_ends(self.client, self.server)] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        super().connection_lost(exc)
        _TRANSPORTS.pop(_ends(self.client, self.server), None)


def _ends(client: Any, server: Any) -> tuple[Any, Any]:
    return tuple(client or ()), tuple(server or ())


def hang_up(scope: Any) -> None:
    """Cut the connection that a request came on."""
    transport = _TRANSPORTS.get(_ends(scope.get("client"), scope.get("server")))
    if transport is not None:
        transport.abort()
