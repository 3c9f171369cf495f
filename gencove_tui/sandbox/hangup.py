"""What a server can do to a client's connection instead of answering, from inside an ASGI application."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True)
class _Connection:
    transport: asyncio.Transport
    gone: asyncio.Event


_CONNECTIONS: dict[tuple[Any, Any], _Connection] = {}


class TrackedProtocol(H11Protocol):
    """uvicorn's protocol, which also remembers each connection by its two addresses."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        """Remember the connection."""
        super().connection_made(transport)
        _CONNECTIONS[_ends(self.client, self.server)] = _Connection(transport, asyncio.Event())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        connection = _CONNECTIONS.pop(_ends(self.client, self.server), None)
        if connection is not None:
            connection.gone.set()


def _ends(client: Any, server: Any) -> tuple[Any, Any]:
    return tuple(client or ()), tuple(server or ())


def _connection(scope: Any) -> _Connection | None:
    return _CONNECTIONS.get(_ends(scope.get("client"), scope.get("server")))


def hang_up(scope: Any) -> None:
    """Cut the connection that a request came on."""
    if (connection := _connection(scope)) is not None:
        connection.transport.abort()


def end_politely(scope: Any) -> None:
    """Close the connection after what was sent so far, as a server does that believes it is done."""
    if (connection := _connection(scope)) is not None:
        connection.transport.close()


def reset(scope: Any) -> None:
    """Reset the connection: the client's next read fails."""
    if (connection := _connection(scope)) is not None:
        abort_on_close(connection.transport.get_extra_info("socket"))
        connection.transport.abort()


def abort_on_close(connection: socket.socket) -> None:
    """Let the close of a socket reset the connection instead of ending it in good order."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def until_gone(scope: Any) -> None:
    """Say nothing until the connection has ended."""
    if (connection := _connection(scope)) is not None:
        await connection.gone.wait()
