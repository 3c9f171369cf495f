"""Which host, which dialect: chosen by name, by knowledge, or by asking without showing the key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gencove_tui.api.credentials import Credential
from gencove_tui.api.errors import ApiProblem, Kind, message_in, problem_of
from gencove_tui.api.protocol import Gencove
from gencove_tui.config import url_complaint
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect

if TYPE_CHECKING:
    from gencove_tui.api.transport import Reply

ENVIRONMENTS = {
    "production": ("https://rest.gencove.com", Dialect.V1),
    "staging": ("https://rest-staging.gencove.com", Dialect.V1),
    "v2": ("https://api.gencove.com", Dialect.V2),
    "v2-eu": ("https://api.eu1.gencove.com", Dialect.V2),
}
"""Names for ``--env``, their hosts and what those speak (api-v1 §1, api-v2 §1)."""

_KNOWN = dict(ENVIRONMENTS.values())
_TRIED = ("production", "v2")
_PROBE_SECONDS = 10.0
_REFUSALS = (401, 403)


def environment_host(name: str) -> str:
    """The host of a named environment, or a URL as it is. Raises ``InputProblem`` for any other word."""
    if name in ENVIRONMENTS:
        return ENVIRONMENTS[name][0]
    if "://" in name:
        return name
    raise InputProblem(
        f"There is no environment {name!r}", f"known are {', '.join(ENVIRONMENTS)}", "Or give a URL."
    )


async def connect(
    host: str | None,
    credential: Credential | str,
    *,
    dialect: Dialect | None = None,
    s3_endpoint: str | None = None,
) -> Gencove:
    """A connection that speaks the host's dialect; whether the credential is accepted isn't tried here.

    ``credential`` is an API key as text, or a login (``api/login.py``), which names its own host. With no
    host, the documented v1 host is taken if it answers as Gencove, else v2's. The credential is sent to the
    chosen host only. Raises ``ApiProblem`` when no host answers as Gencove does.
    """
    if host is None:
        host, dialect = await _first_that_answers()
    elif url_complaint(host):
        raise ApiProblem(Kind.INSECURE, "That host can't be used", url_complaint(host), "Give an https URL.")
    host = host.rstrip("/")
    dialect = dialect or await dialect_of(host)
    if dialect is Dialect.V1:
        from gencove_tui.api.v1 import GencoveV1

        return GencoveV1(host, credential, s3_endpoint=s3_endpoint)
    from gencove_tui.api.v2.client import GencoveV2

    return GencoveV2(host, credential)


async def dialect_of(host: str) -> Dialect:
    """What a host speaks: known, or asked. Raises ``ApiProblem`` like ``probe``."""
    return _KNOWN.get(host.rstrip("/")) or await probe(host)


async def _first_that_answers() -> tuple[str, Dialect]:
    problems = []
    for name in _TRIED:
        host, expected = ENVIRONMENTS[name]
        try:
            if await probe(host) is expected:
                return host, expected
        except ApiProblem as problem:
            problems.append(problem)
    if problems:
        raise problems[-1]
    raise ApiProblem(
        Kind.BAD_REPLY, "No documented host answers as Gencove does", "", "Choose one with --host."
    )


async def probe(host: str) -> Dialect:
    """What a host speaks, asked without the key: each dialect refuses a stranger in its own place, in JSON.

    Raises ``ApiProblem`` when it can't be reached or answers like neither.
    """
    from gencove_tui.api.transport import Transport

    http = Transport(host, timeout=_PROBE_SECONDS)
    try:
        answers = await asyncio.gather(
            http.exchange("GET", "/api/v2/user/"), http.exchange("GET", "/welcome-api-key")
        )
    finally:
        await http.aclose()
    for answer, dialect in zip(answers, (Dialect.V2, Dialect.V1), strict=True):
        if _refuses_like_gencove(answer):
            return dialect
    for answer in answers:
        problem = problem_of(host, answer.status, answer.body, answer.headers)
        if problem.kind is Kind.MAINTENANCE:
            raise problem
    raise ApiProblem(
        Kind.BAD_REPLY,
        f"{host} does not answer as Gencove's API does",
        "neither v1's nor v2's addresses are known there",
        "Check the host; known ones are on `gencove-tui --help` under --env.",
    )


def _refuses_like_gencove(answer: Reply) -> bool:
    """A refusal in JSON. A web page that says 403 to everything is no Gencove."""
    if answer.status not in _REFUSALS:
        return False
    try:
        return bool(message_in(answer.object("a refusal")))
    except ApiProblem:
        return False
