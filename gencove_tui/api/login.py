"""Logging in by e-mail address and password, where an API key isn't at hand (api-v1 §2, api-v2 §2)."""

from __future__ import annotations

import uuid
from typing import Any

from msgspec import Struct

from gencove_tui.api.connect import dialect_of
from gencove_tui.api.credentials import Session
from gencove_tui.api.errors import ApiProblem, Kind, bad_reply, problem_of
from gencove_tui.api.transport import Reply, Transport
from gencove_tui.model import Dialect

_UNAUTHORIZED = 401
_AGAIN = "Log in again."


class OneTimeCodeNeeded(ApiProblem):
    """The account has a second factor: log in again with a one-time or backup code."""

    def __init__(self, why: str) -> None:
        super().__init__(
            Kind.UNAUTHORIZED,
            "This account needs a one-time code",
            why,
            "Give the code that your authenticator shows, or a backup code.",
        )


class Login(Struct, frozen=True, kw_only=True):
    """A login at one host. A secret: its repr shows the host only.

    ``refresh`` is what to keep for ``resume``; ``access`` lives for minutes.
    """

    host: str
    dialect: Dialect
    refresh: str
    access: str

    def __repr__(self) -> str:
        return f"Login(host={self.host!r})"

    def __rich_repr__(self) -> Any:
        yield "host", self.host

    def credential(self) -> Session:
        """For ``connect``: renews itself when the access token is refused."""
        scheme = "JWT" if self.dialect is Dialect.V1 else "Bearer"
        return Session(scheme, self.access, lambda: _access(self.host, self.dialect, self.refresh))


async def log_in(
    host: str,
    email: str,
    password: str,
    *,
    dialect: Dialect | None = None,
    code: str = "",
    backup_code: str = "",
    device: str = "",
) -> Login:
    """Log in at a host, which is asked for its dialect unless known.

    ``code`` or ``backup_code`` where v2 asks for one: without it ``OneTimeCodeNeeded`` is raised. ``device``
    names this machine to v1, which ends the other logins of the same device. Raises ``ApiProblem``.
    """
    dialect = dialect or await dialect_of(host)
    host = host.rstrip("/")
    body = {"email": email, "password": password}
    if dialect is Dialect.V1:
        body["device_uuid"] = device or str(uuid.getnode())
        data = await _ask(host, "/login", body, "The e-mail address or password is wrong")
        refresh = _token(data, "refresh_token")
        return await resume(host, refresh, dialect=dialect)
    if backup_code:
        body["backup_token"] = backup_code
    elif code:
        body["otp_token"] = code
    data = await _ask(host, "/api/v2/jwt-create/", body, "The e-mail address or password is wrong")
    return Login(host=host, dialect=dialect, refresh=_token(data, "refresh"), access=_token(data, "access"))


async def resume(host: str, refresh: str, *, dialect: Dialect | None = None) -> Login:
    """A login from a refresh token that was kept. Raises ``ApiProblem`` when it has ended."""
    dialect = dialect or await dialect_of(host)
    host = host.rstrip("/")
    return Login(host=host, dialect=dialect, refresh=refresh, access=await _access(host, dialect, refresh))


async def log_out(login: Login) -> None:
    """Make the login's refresh token useless. Raises ``ApiProblem`` when it was already."""
    if login.dialect is Dialect.V1:
        await _ask(login.host, "/logout", {"refresh_token": login.refresh}, "The login has ended already")
    else:
        body = {"refresh": login.refresh}
        await _ask(login.host, "/api/v2/jwt-logout/", body, "The login has ended already")


async def _access(host: str, dialect: Dialect, refresh: str) -> str:
    if dialect is Dialect.V1:
        # The filler is what the original client sends; whether it is needed is unknown (api-v1 §2).
        body = {"refresh_token": refresh, "empty": "e"}
        return _token(await _ask(host, "/auth", body, "The login has ended"), "access_token")
    data = await _ask(host, "/api/v2/jwt-refresh/", {"refresh": refresh}, "The login has ended")
    return _token(data, "access")


async def _ask(host: str, path: str, body: dict[str, str], refusal: str) -> dict[str, Any]:
    http = Transport(host)
    try:
        reply = await http.exchange("POST", path, body)
    finally:
        await http.aclose()
    if reply.is_success:
        return reply.object("the login")
    problem = problem_of(host, reply.status, reply.body, reply.headers)
    if reply.status == _UNAUTHORIZED:
        if _asks_for_code(reply):
            raise OneTimeCodeNeeded(problem.why.removeprefix("otp_token: "))
        raise ApiProblem(Kind.UNAUTHORIZED, refusal, problem.why, _AGAIN)
    raise problem


def _asks_for_code(reply: Reply) -> bool:
    try:
        return "otp_token" in reply.object("the login")
    except ApiProblem:
        return False


def _token(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        raise bad_reply("the login", f"$.{key}")
    return value
