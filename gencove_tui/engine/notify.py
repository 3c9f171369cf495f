"""Telling systemd how the engine fares (sd_notify(3)): ready, what it does, still alive, stopping."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Self


class Notifier:
    """Sends datagrams to the service manager; without one every call does nothing.

    ``watchdog``: seconds within which the manager wants to hear of the main loop; 0 when it doesn't.
    """

    def __init__(
        self, address: str = "", watchdog: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # A leading @ stands for Linux's abstract namespace.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._beat_every = watchdog / 3
        self._clock = clock
        self._beaten = -watchdog
        self._status = ""
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The one that the service manager asks for by $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID."""
        watchdog = 0.0
        if environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
            with contextlib.suppress(ValueError):
                watchdog = int(environment.get("WATCHDOG_USEC", "0")) / 1e6
        return cls(environment.get("NOTIFY_SOCKET", ""), watchdog)

    @property
    def listens(self) -> bool:
        """Whether anybody wants to know."""
        return self._socket is not None

    def ready(self) -> None:
        """The engine holds its lock and its loop runs."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``; sent when it changed."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={' '.join(text.split())}")

    def beat(self) -> None:
        """The main loop has come round. Cheap: most calls send nothing."""
        if self._beat_every and self._clock() - self._beaten >= self._beat_every:
            self._beaten = self._clock()
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The engine is about to end."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Nothing is sent after this."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._socket is not None:
            # A manager that doesn't take the message must not hold up the work.
            with contextlib.suppress(OSError):
                self._socket.sendto(message.encode(), self._address)
