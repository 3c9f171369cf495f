"""Which host and which dialect, and that a stranger never sees the key."""

import pytest

from gencove_tui.api import connect as module
from gencove_tui.api.connect import connect, environment_host, probe
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.protocol import Gencove
from gencove_tui.api.v1 import GencoveV1
from gencove_tui.api.v2.client import GencoveV2
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect
from gencove_tui.sandbox import Sandbox

from .scripted import Scripted, answer

METHODS = [name for name in vars(Gencove) if not name.startswith("_")]


def refusing(path, body, otherwise=404):
    return lambda asked: answer(401, body) if asked.path == path else answer(otherwise, b"")


@pytest.mark.parametrize(
    ("path", "body", "dialect"),
    [
        ("/api/v2/user/", {"detail": "Authentication credentials were not provided."}, Dialect.V2),
        ("/welcome-api-key", {"message": "Unauthorized", "message_details": "No key"}, Dialect.V1),
    ],
)
async def test_an_unknown_host_is_asked_without_the_key(server, path, body, dialect):
    server.decide = refusing(path, body)
    api = await connect(server.url + "/", "secret-key")
    assert api.dialect is dialect
    assert api.host == server.url
    assert server.asked
    assert not any("authorization" in asked.headers for asked in server.asked)
    await api.aclose()


@pytest.mark.parametrize(
    "reply",
    [answer(403, b"<html>Forbidden</html>"), answer(404, {"detail": "x"}), answer(200, {}), answer(401, b"")],
)
async def test_a_host_that_is_no_gencove_is_said_to_be_none(server, reply):
    server.script = [reply]
    with pytest.raises(ApiProblem) as caught:
        await connect(server.url, "secret-key")
    assert caught.value.kind is Kind.BAD_REPLY
    assert "--env" in caught.value.remedy


async def test_maintenance_is_not_taken_for_a_strange_host(server):
    server.script = [answer(503, {"maintenance": True, "maintenance_eta": None})]
    with pytest.raises(ApiProblem) as caught:
        await probe(server.url)
    assert caught.value.kind is Kind.MAINTENANCE


@pytest.mark.parametrize("dialect", [Dialect.V1, Dialect.V2])
def test_the_sandbox_is_recognised(dialect):
    import asyncio

    with Sandbox(scenario="empty", dialects=(str(dialect),)) as sandbox:
        assert asyncio.run(probe(sandbox.host)) is dialect


async def test_without_a_host_the_documented_one_is_tried_first(server, monkeypatch):
    other = Scripted()
    await other.start()
    both = {"production": (server.url, Dialect.V1), "v2": (other.url, Dialect.V2)}
    monkeypatch.setattr(module, "ENVIRONMENTS", both)
    server.decide = refusing("/welcome-api-key", {"message": "Unauthorized"})
    other.decide = refusing("/api/v2/user/", {"detail": "Who?"})
    assert (await connect(None, "secret-key")).host == server.url
    assert other.asked == []
    server.decide = refusing("/nothing", {})
    assert (await connect(None, "secret-key")).host == other.url
    await server.stop()
    assert (await connect(None, "secret-key")).dialect is Dialect.V2
    other.decide = refusing("/nothing", {})
    with pytest.raises(ApiProblem):
        await connect(None, "secret-key")
    assert not any("authorization" in asked.headers for asked in (*server.asked, *other.asked))
    await other.stop()


async def test_plain_http_beyond_this_machine_is_refused_before_anything_is_sent():
    with pytest.raises(ApiProblem) as caught:
        await connect("http://gencove.example", "secret-key")
    assert caught.value.kind is Kind.INSECURE


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("production", "https://rest.gencove.com"),
        ("staging", "https://rest-staging.gencove.com"),
        ("v2", "https://api.gencove.com"),
        ("v2-eu", "https://api.eu1.gencove.com"),
        ("https://my.example", "https://my.example"),
    ],
)
async def test_environments_have_names(name, host):
    assert environment_host(name) == host


def test_an_unknown_environment_names_the_known_ones():
    with pytest.raises(InputProblem, match="v2-eu"):
        environment_host("prod")


@pytest.mark.parametrize("host", ["https://rest.gencove.com", "https://api.eu1.gencove.com/"])
async def test_known_hosts_are_not_asked(host):
    api = await connect(host, "secret-key")
    assert api.dialect is (Dialect.V1 if "rest" in host else Dialect.V2)
    assert api.host == host.rstrip("/")
    await api.aclose()


@pytest.mark.parametrize("kind", [GencoveV1, GencoveV2])
def test_each_dialect_has_every_method(kind):
    assert [name for name in METHODS if not hasattr(kind, name)] == []
