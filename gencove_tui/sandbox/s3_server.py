"""A threaded WSGI server that keeps connections open, which werkzeug's own doesn't."""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BufferedIOBase
from typing import Any, NoReturn
from wsgiref.types import WSGIEnvironment

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from gencove_tui.sandbox.hangup import abort_on_close

log = logging.getLogger(__name__)

_DRAIN = 1 << 20
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HangUp(Exception):
    """Raised by the application to close the connection without a reply."""


class Reset(HangUp):
    """The same with a TCP reset: the client's next read or write fails."""


class Body:
    """The body of one request, which can't be read beyond its end.

    Reading raises ``HangUp`` when the client went away.
    """

    def __init__(
        self,
        source: BufferedIOBase,
        length: int,
        before_reading: Callable[[], None],
        connection: socket.socket,
    ) -> None:
        self._source = source
        self._before = before_reading
        self._connection = connection
        self.left = length

    def fall_silent(self) -> NoReturn:
        """Neither read nor answer until the client, or the server, has ended the connection."""
        watch = select.poll()
        # Without POLLRDHUP (macOS) the end is only seen when the server stops or the client resets.
        watch.register(self._connection, getattr(select, "POLLRDHUP", select.POLLHUP))
        while not watch.poll(1000):
            pass
        raise HangUp

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; all that is left when negative."""
        self._before()
        wanted = self.left if size < 0 else min(size, self.left)
        data = self._source.read(wanted) if wanted else b""
        if len(data) < wanted:
            raise HangUp
        self.left -= len(data)
        return data


class KeepAliveHandler(MotoRequestHandler):
    """Runs the application for every request of a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: KeepAliveServer

    def setup(self) -> None:
        """Note the connection, so that the server can end it."""
        super().setup()
        self.server.note(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.forget(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request and leave the connection ready for the next."""
        environ: WSGIEnvironment = self.make_environ()
        self._owes_continue = self.headers.get("Expect", "").lower() == "100-continue"
        body = Body(self.rfile, int(self.headers.get("Content-Length") or 0), self._continue, self.connection)
        if "Transfer-Encoding" not in self.headers:
            environ["wsgi.input"] = body
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            started[:] = [(status, headers)]
            return None

        try:
            reply: Iterable[bytes] = self.server.app(environ, start_response)
            content = b"".join(reply)
            status, headers = started[0]
            close = self._owes_continue or not _drained(body)
            self._send(status, headers, content, close)
        except Reset:
            self.close_connection = True
            abort_on_close(self.connection)
            self.connection.close()  # takes effect when the handler closes its files, before any polite end
        except (HangUp, ConnectionError, TimeoutError):
            self.close_connection = True
            with suppress(OSError):  # the client may have gone first
                self.connection.shutdown(socket.SHUT_RDWR)

    def _continue(self) -> None:
        if self._owes_continue:
            self._owes_continue = False
            self.connection.sendall(_CONTINUE)

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes, close: bool) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        has_length = False
        for name, value in headers:
            has_length |= name.lower() == "content-length"
            self.send_header(name, value)
        bodiless = self.command == "HEAD" or code in ("204", "304")
        if not has_length and not bodiless:
            self.send_header("Content-Length", str(len(content)))
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self.wfile.write(content)
        self.wfile.flush()

    def log(self, type: str, message: str, *args: object) -> None:
        """Stay silent: the sandbox keeps its own log."""


def _drained(body: Body) -> bool:
    """Read over what the application left of a short body; whether the next request can follow."""
    if body.left > _DRAIN:
        return False
    body.read()
    return True


class KeepAliveServer(ThreadedWSGIServer):
    """Accepts connections on a socket that is listening already, each served by a thread of its own."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket.socket, app: Any) -> None:
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, app, handler=KeepAliveHandler, fd=listening.fileno())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """To the log, never to the terminal: the demo's screen is drawn on it."""
        del request
        log.debug("a request of %s ended in an error", client_address, exc_info=True)

    def note(self, connection: socket.socket) -> None:
        """Remember an open connection."""
        with self._lock:
            self._connections.add(connection)

    def forget(self, connection: socket.socket) -> None:
        """A connection is about to close."""
        with self._lock:
            self._connections.discard(connection)

    def log(self, type: str, message: str, *args: object) -> None:
        """Stay silent: the sandbox keeps its own log."""

    def stop(self) -> None:
        """Stop accepting and cut every connection."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    # As when a process dies: a client that is sending must not wait for us to read on.
                    abort_on_close(connection)
                    connection.shutdown(socket.SHUT_RDWR)
