"""What the sandbox was asked: a log of requests and counters for S3, for tests to assert on."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request to the API port or the S3 port."""

    port: str
    """``api`` or ``s3``."""
    method: str
    path: str
    query: str
    status: int
    """HTTP status; 0 when the connection was closed without a reply."""
    body_bytes: int = 0
    range: str = ""
    """The ``Range`` header, as it came."""


@dataclass
class KeyTraffic:
    """What happened to one S3 key."""

    puts: int = 0
    creates: int = 0
    parts: Counter[int] = field(default_factory=Counter)
    """Part number → times that it was stored."""
    completes: int = 0
    aborts: int = 0
    deletes: int = 0
    bytes_received: int = 0
    """Body bytes that were stored; refused and cut bodies don't count."""
    bytes_sent: int = 0
    """Body bytes handed to a downloading client, by a deliverable's place in the bucket of results."""

    def count_sent(self, count: int) -> None:
        """Note bytes handed to a downloading client."""
        self.bytes_sent += count


class Traffic:
    """The request log. Iterating gives the requests in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log: list[Request] = []
        self._keys: dict[str, KeyTraffic] = {}

    def __iter__(self) -> Iterator[Request]:
        with self._lock:
            return iter(list(self._log))

    def __len__(self) -> int:
        return len(self._log)

    def clear(self) -> None:
        """Forget the log and all counters."""
        with self._lock:
            self._log.clear()
            self._keys.clear()

    def add(self, request: Request) -> None:
        """Note a request."""
        with self._lock:
            self._log.append(request)

    def count(self, method: str = "", path: str = "", status: int | None = None, port: str = "") -> int:
        """How many requests had this method, a path that contains ``path``, this status and this port."""
        return sum(
            (not method or r.method == method)
            and path in r.path
            and (status is None or r.status == status)
            and (not port or r.port == port)
            for r in self
        )

    def key(self, name: str) -> KeyTraffic:
        """The counters of an S3 key."""
        with self._lock:
            return self._keys.setdefault(name, KeyTraffic())

    def parts_sent(self, name: str = "") -> int:
        """How many parts were stored, repeats included, for one key or for all."""
        with self._lock:
            return sum(sum(k.parts.values()) for n, k in self._keys.items() if not name or n == name)

    def bytes_received(self, name: str = "") -> int:
        """How many body bytes were stored, repeats included, for one S3 key or for all."""
        with self._lock:
            return sum(k.bytes_received for n, k in self._keys.items() if not name or n == name)
