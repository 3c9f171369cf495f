"""HTTP to one host: pool, timeouts, retries where they are harmless, and errors that a person can act on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from gencove_tui import __version__
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.text import clean, moment
from gencove_tui.config import url_complaint

_TRIES = 3
_LONGEST_PAUSE = 20.0
"""Seconds that a retry inside one call may take; what needs longer is the caller's to schedule."""
_RETRIED = frozenset({Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED, Kind.SERVER})
_LARGEST_REPLY = 256 << 20


class Reply:
    """An answer with a 2xx status."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    def json(self) -> Any:
        """The decoded body. Raises ``ApiProblem`` when it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ApiProblem(
                Kind.BAD_REPLY,
                "Gencove's answer can't be read",
                "it is not JSON" if self.body else "it is empty",
                "Try again later; check that the host is Gencove's API.",
            ) from error


class Transport:
    """Requests to one host with one key, which goes nowhere else. Close it with ``aclose``.

    Raises ``ApiProblem`` and nothing else.
    """

    def __init__(
        self, host: str, authorization: str, *, timeout: float = 60.0, connect_timeout: float = 10.0
    ) -> None:
        if complaint := url_complaint(host):
            raise ApiProblem(
                Kind.INSECURE, "That host can't be used", complaint, "Give one like https://api.gencove.com."
            )
        self.host = host.rstrip("/")
        headers = {"User-Agent": f"gencove-tui/{__version__}", "Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=connect_timeout, pool=timeout),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8),
            follow_redirects=False,  # the key must not follow to another host
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
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
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        repeatable: bool = False,
    ) -> Reply:
        """Any request. ``path`` begins with a slash and is joined to the host as it is."""
        tries = _TRIES if repeatable else 1
        for attempt in range(1, tries + 1):
            try:
                return await self._once(method, path, query, body)
            except ApiProblem as problem:
                pause = problem.retry_after
                if pause is None:
                    pause = 0.4 * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
                if attempt == tries or problem.kind not in _RETRIED or pause > _LONGEST_PAUSE:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _once(self, method: str, path: str, query: Mapping[str, str | int] | None, body: Any) -> Reply:
        content = None if body is None else msgspec.json.encode(body, enc_hook=str)
        headers = {} if content is None else {"Content-Type": "application/json"}
        try:
            answer = await self._client.request(
                method, self.host + path, params=query or None, content=content, headers=headers
            )
        except httpx.TimeoutException as error:
            raise ApiProblem(
                Kind.TIMEOUT,
                f"{self.host} does not answer",
                "it took too long",
                "It is tried again by itself.",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise ApiProblem(
                Kind.UNREACHABLE,
                f"Can't reach {self.host}",
                _cause(error),
                "Check the network and the host's name.",
            ) from error
        if len(answer.content) > _LARGEST_REPLY:
            raise ApiProblem(Kind.BAD_REPLY, "Gencove's answer is too large", "", "Ask for less at a time.")
        if answer.is_success:
            return Reply(answer.status_code, answer.content, answer.headers)
        raise problem_of(self.host, answer.status_code, answer.content, answer.headers)


def _cause(error: Exception) -> str:
    text = clean(str(error))
    if "Name or service not known" in text or "getaddrinfo" in text or "name resolution" in text:
        return "there is no such host, or no network"
    if "refused" in text or "All connection attempts failed" in text:
        return "nothing listens there"
    if "CERTIFICATE" in text.upper():
        return "its certificate can't be trusted"
    return "the connection failed"


# --- errors in bodies ----------------------------------------------------------------------------------


def problem_of(host: str, status: int, body: bytes, headers: Mapping[str, str]) -> ApiProblem:
    """The problem that a non-2xx answer tells of (api-v1 §6, api-v2 §3)."""
    try:
        data = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        data = None
    why = message_in(data)
    after = _retry_after(headers)
    if status == 401:
        return ApiProblem(
            Kind.UNAUTHORIZED,
            f"{host} refused the API key",
            why,
            "Check the key in the dashboard's Settings, then run: gencove-tui login",
        )
    if status == 403:
        return ApiProblem(
            Kind.FORBIDDEN,
            "Your account may not do this",
            why,
            "Ask the project's owner, or Gencove's support, for permission.",
        )
    if status == 404:
        return ApiProblem(
            Kind.NOT_FOUND,
            "Gencove does not know this",
            why,
            "It may be gone or not yours; refresh the list.",
        )
    if status == 409:
        return ApiProblem(
            Kind.CONFLICT, "Gencove refused this as a conflict", why, "Refresh, then try again."
        )
    if status == 429:
        return ApiProblem(
            Kind.RATE_LIMITED,
            "Gencove asks to go slower",
            why,
            "It is tried again by itself.",
            retry_after=after,
        )
    if status == 503 and isinstance(data, dict) and data.get("maintenance"):
        until = moment(data.get("maintenance_eta"))
        when = f"until about {until:%Y-%m-%d %H:%M} UTC" if until else "for a while"
        return ApiProblem(
            Kind.MAINTENANCE,
            f"Gencove is under maintenance {when}",
            clean(str(data.get("maintenance_message") or "")),
            "It is tried again by itself.",
            retry_after=after,
            until=until,
        )
    if status >= 500:
        return ApiProblem(
            Kind.SERVER,
            "Gencove's server has a problem",
            why or f"status {status}",
            "It is tried again by itself.",
            retry_after=after,
        )
    if status >= 400:
        return ApiProblem(
            Kind.INVALID,
            "Gencove refused the request",
            why or f"status {status}",
            "Correct it, then try again.",
        )
    return ApiProblem(
        Kind.BAD_REPLY,
        f"{host} gave an unexpected answer",
        f"status {status}",
        "Check that the host is Gencove's API.",
    )


def message_in(data: Any) -> str:
    """The words in an error body of any documented form; empty when there are none."""
    if isinstance(data, str):
        return clean(data)[:500]
    if isinstance(data, list):
        return "; ".join(filter(None, (message_in(item) for item in data[:5])))
    if isinstance(data, dict):
        for key in ("message_details", "detail", "message", "description", "error"):
            if data.get(key):
                return message_in(data[key])
        for key, value in list(data.items())[:5]:
            if text := message_in(value):
                return f"{clean(str(key))}: {text}"
    return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After") or headers.get("retry-after")
    if not text:
        return None
    try:
        return max(0.0, min(float(text), 86400.0))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
