"""Presigned URLs: one GET, its status judged, its errors told apart (transfer-anchors §3.5)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import yarl

from gencove_tui.config import is_loopback
from gencove_tui.engine.guards import STALL_SECONDS
from gencove_tui.engine.outcome import StartOver, TransferFailed, TransferWaits

_RETRIED_BY_ITSELF = "It is tried again by itself."
_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/xml", "text/xml"})
"""What comes with status 200 to a request for a range and is no file; a file itself comes with 206."""


class UrlExpired(Exception):
    """The presigned URL is no longer good (any 403): a fresh one is needed."""


def web_session() -> aiohttp.ClientSession:
    """A session for presigned URLs: no deadline on a whole body, and bytes as they come."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=STALL_SECONDS),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
    )


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a URL (``HTTPS_PROXY``, ``NO_PROXY`` …); never for loopback.

    Not aiohttp's own look-up, which would send passwords of ``~/.netrc`` along as well.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)


@asynccontextmanager
async def get(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """A reply with status 200, 206 or 416; its body is still to be read.

    Redirects aren't followed. Raises ``UrlExpired`` on 403, ``StartOver`` on 412, ``TransferFailed`` on what
    no repeat mends, ``TransferWaits`` on the rest, also when the line fails while the body is read.
    """
    try:
        target = yarl.URL(url, encoded=True)
        if not target.host or target.scheme not in ("http", "https"):
            raise ValueError
    except ValueError:  # whose text may hold the signature
        raise TransferFailed(
            "Gencove gave a URL that can't be used",
            "it names no place on the web",
            "Retry later; if it stays so, contact Gencove's support.",
        ) from None
    try:
        # The URL goes out byte for byte: any re-quoting could break its signature.
        request = session.get(target, headers=headers, allow_redirects=False, proxy=proxy_for(url))
        async with request as reply:
            _judge(reply.status, reply.content_type)
            yield reply
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        # Only the class: an aiohttp error's text may hold the URL with its signature.
        raise TransferWaits("The download was interrupted", _plain(error), _RETRIED_BY_ITSELF) from error


def _judge(status: int, kind: str) -> None:
    if 300 <= status < 400 or (status == 200 and kind in _PAGES):
        raise TransferWaits(
            "A web page came in place of the file", "perhaps from a proxy or a login page", _RETRIED_BY_ITSELF
        )
    if status in (200, 206, 416):
        return
    if status in (400, 401, 403):  # 400 where the keys that signed it ended before the URL itself
        raise UrlExpired
    if status == 412:
        raise StartOver("the remote file changed")
    if status in (404, 410):
        raise TransferFailed(
            "The remote file is gone", f"the store answered {status}", "Refresh, then retry."
        )
    if status == 429 or status >= 500:
        raise TransferWaits("The store is busy", f"it answered {status}", _RETRIED_BY_ITSELF)
    raise TransferFailed(
        "The store gave an unexpected answer", f"status {status}", "Retry; if it stays so, contact support."
    )


def _plain(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no byte came for {STALL_SECONDS:.0f} s"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection"
    return "the connection ended early"


def content_range(reply: aiohttp.ClientResponse) -> tuple[int, int, int]:
    """First byte, last byte and total of a 206; raises ``TransferWaits`` when it doesn't say."""
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", reply.headers.get("Content-Range", ""))
    if match is None:
        raise TransferWaits("The store did not say which range it sent", "", _RETRIED_BY_ITSELF)
    first, last, total = map(int, match.groups())
    return first, last, total
