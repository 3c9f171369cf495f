"""uvicorn in a thread, ending at once when told to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import Any

import uvicorn

from gencove_tui.sandbox.hangup import TrackedProtocol


class ApiServer:
    """Serves an ASGI application on a socket that is listening already.

    uvicorn's own way out waits for up to 0.2 s, which adds up over many short-lived sandboxes.
    """

    def __init__(self, app: Any, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app, http=TrackedProtocol, ws="none", lifespan="off", log_config=None, log_level="critical",
            access_log=False, server_header=False, timeout_keep_alive=60,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._listening = listening
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None

    def run(self) -> None:
        """Serve until ``stop``; blocks."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        serving = asyncio.create_task(self._server.serve(sockets=[self._listening]))
        await self._ended.wait()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        for listener in getattr(self._server, "servers", ()):
            listener.close()
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        self._listening.close()

    def stop(self) -> None:
        """Stop accepting and cut every connection; from any thread."""
        self._started.wait(5)
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
