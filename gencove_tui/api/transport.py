"""HTTP to one host: pool, timeouts, retries where they are harmless, and errors that a person can act on."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec
import stamina

from gencove_tui import __version__
from gencove_tui.api.credentials import Credential, Nobody
from gencove_tui.api.errors import ApiProblem, Kind, bad_reply, problem_of
from gencove_tui.api.pools import LIMITS, Pools
from gencove_tui.api.text import clean, disposition_name
from gencove_tui.config import is_loopback, url_complaint

_TRIES = 3
_LONGEST_PAUSE = 20.0
"""Seconds that a retry inside one call may take; what needs longer is the caller's to schedule."""
# Retries are told by the problem that remains; a screen must not be written over by a log line.
logging.getLogger("stamina").addHandler(logging.NullHandler())

_RETRIED = frozenset({Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED, Kind.SERVER})
_LARGEST_REPLY = 256 << 20
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 60.0
WORK_SECONDS = 120.0
"""How long a request that starts work may take; as patient as the official client (api-v2 §1)."""
_UNAUTHORIZED = 401

Query = Mapping[str, str | int | Sequence[str]]


def component(value: str) -> str:
    """An id as one path component, whatever it holds. Raises ``ApiProblem`` when it can't be one."""
    if value in ("", ".", ".."):
        raise ApiProblem(Kind.INVALID, "An id is missing", f"{value!r} is none", "Choose a row first.")
    return quote(value, safe="")


class Form(msgspec.Struct, frozen=True):
    """A file as the one field of a multipart form."""

    field: str
    file_name: str
    content: bytes


class Reply:
    """An answer: status, body as bytes, headers."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The decoded body. Raises ``ApiProblem`` when it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            pass
        try:
            return json.loads(self.body)  # takes lone surrogates and NaN, which some servers write
        except (ValueError, RecursionError) as error:
            raise ApiProblem(
                Kind.BAD_REPLY,
                "Gencove's answer can't be read",
                "it is not JSON" if self.body else "it is empty",
                "Try again later; check that the host is Gencove's API.",
            ) from error

    def object(self, what: str) -> dict[str, Any]:
        """The decoded body, which must be an object. Raises ``ApiProblem``."""
        data = self.json()
        if not isinstance(data, dict):
            raise bad_reply(what, "$")
        return data

    @property
    def file_name(self) -> str:
        """The name that the server proposes for the body; empty when it doesn't."""
        return disposition_name(self.headers.get("Content-Disposition", ""))


def _worth_a_repeat(error: Exception) -> bool | float:
    """Whether a repeat may help, and in how many seconds where the server said so."""
    if not isinstance(error, ApiProblem) or error.kind not in _RETRIED:
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= _LONGEST_PAUSE else False


class Transport:
    """Requests to one host with one credential, which goes nowhere else. Close it with ``aclose``.

    Raises ``ApiProblem`` and nothing else; a cancelled request ends at once.
    """

    def __init__(
        self,
        host: str,
        credential: Credential | None = None,
        *,
        timeout: float = _READ_SECONDS,
        connect_timeout: float = _CONNECT_SECONDS,
    ) -> None:
        if complaint := url_complaint(host):
            raise ApiProblem(
                Kind.INSECURE, "That host can't be used", complaint, "Give one like https://api.gencove.com."
            )
        self.host = host.rstrip("/")
        self._credential = credential or Nobody()
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        # Over plain http the key must not leave this machine, so no proxy of the environment is asked.
        here = self.host.startswith("http:") and is_loopback(urlsplit(self.host).hostname or "")
        self._pools = Pools(
            partial(
                httpx.AsyncClient,
                headers={"User-Agent": f"gencove-tui/{__version__}", "Accept": "application/json"},
                limits=LIMITS,
                follow_redirects=False,  # the key must not follow to another host
                trust_env=not here,
                verify=httpx.create_ssl_context(trust_env=not here),  # costly, so once for all
            )
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pools.aclose()

    async def get(self, path: str, query: Query | None = None) -> Reply:
        """GET; repeated on failures that pass."""
        return await self.request("GET", path, query=query, repeatable=True)

    async def post(self, path: str, body: Any, *, repeatable: bool = False) -> Reply:
        """POST JSON; repeated only when the caller says that a repeat is harmless."""
        return await self.request("POST", path, body=body, repeatable=repeatable)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        form: Form | None = None,
        repeatable: bool = False,
        timeout: float | None = None,
    ) -> Reply:
        """Any request. ``path`` begins with a slash and is joined to the host as it is.

        ``timeout`` is how long the server may stay silent, in seconds. A refused login is renewed once.
        """
        tries = stamina.retry_context(
            on=_worth_a_repeat,
            attempts=_TRIES if repeatable else 1,
            timeout=None,
            wait_initial=0.5,
            wait_max=_LONGEST_PAUSE,
            wait_jitter=0.5,
        )
        async for attempt in tries:
            with attempt:
                reply = await self._authorized(method, path, query, body, form, timeout)
                if reply.is_success:
                    return reply
                raise problem_of(
                    self.host, reply.status, reply.body, reply.headers, credential=self._credential.name
                )
        raise AssertionError("unreachable")

    async def exchange(self, method: str, path: str, body: Any = None) -> Reply:
        """One request, never repeated, answered with whatever status comes."""
        return await self._authorized(method, path, None, body, None, None)

    async def _authorized(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Any,
        form: Form | None,
        timeout: float | None,
    ) -> Reply:
        header = self._credential.header()
        reply = await self._once(method, path, query, body, form, timeout, header)
        if reply.status == _UNAUTHORIZED and await self._credential.renew(header):
            # Refused means not done, so this repeat is harmless for every method.
            renewed = self._credential.header()
            reply = await self._once(method, path, query, body, form, timeout, renewed)
        return reply

    async def _once(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Any,
        form: Form | None,
        timeout: float | None,
        header: str,
    ) -> Reply:
        limit = timeout or self._timeout
        headers = {"Authorization": header} if header else {}
        content = None if body is None else msgspec.json.encode(body, enc_hook=str)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            with self._pools.client() as client:
                request = client.build_request(
                    method,
                    self.host + path,
                    params=dict(query) if query else None,
                    content=content,
                    files={form.field: (form.file_name, form.content)} if form else None,
                    headers=headers,
                    timeout=httpx.Timeout(limit, connect=self._connect_timeout),
                )
                answer = await client.send(request, stream=True)
                try:
                    received = await _limited(answer)
                finally:
                    await answer.aclose()
        except httpx.TimeoutException as error:
            raise ApiProblem(
                Kind.TIMEOUT,
                f"{self.host} does not answer",
                "it took too long",
                "It is tried again by itself.",
                perhaps_done=not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout),
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise ApiProblem(
                Kind.UNREACHABLE,
                f"Can't reach {self.host}",
                _cause(error),
                "Check the network and the host's name.",
                perhaps_done=not isinstance(error, httpx.ConnectError | httpx.InvalidURL),
            ) from error
        return Reply(answer.status_code, received, answer.headers)


async def _limited(answer: httpx.Response) -> bytes:
    received = bytearray()
    async for piece in answer.aiter_bytes():
        received += piece
        if len(received) > _LARGEST_REPLY:
            raise ApiProblem(Kind.BAD_REPLY, "Gencove's answer is too large", "", "Ask for less at a time.")
    return bytes(received)


def _cause(error: Exception) -> str:
    text = clean(str(error))
    if "Name or service not known" in text or "getaddrinfo" in text or "name resolution" in text:
        return "there is no such host, or no network"
    if "refused" in text or "All connection attempts failed" in text:
        return "nothing listens there"
    if "CERTIFICATE" in text.upper():
        return "its certificate can't be trusted"
    return "the connection failed"
