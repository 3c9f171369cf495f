"""What is repeated and what isn't, what a refusal becomes, and where the key goes."""

import asyncio
import subprocess
import sys

import pytest

from gencove_tui import __version__
from gencove_tui.api import transport as module
from gencove_tui.api.credentials import ApiKey, Session
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.transport import Form, Transport, component

from .scripted import Answer, answer


@pytest.fixture
async def http(server):
    transport = Transport(server.url, ApiKey("Api-Key", "secret-key"), timeout=5)
    yield transport
    await transport.aclose()


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were asked for, none of them waited for."""
    asked = []

    async def sleep(seconds):
        asked.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked


async def problem_from(awaitable) -> ApiProblem:
    with pytest.raises(ApiProblem) as caught:
        await awaitable
    return caught.value


async def test_the_key_and_the_agent_go_along(http, server):
    await http.get("/x", {"a": 1, "b": "ä&"})
    asked = server.asked[0]
    assert asked.headers["authorization"] == "Api-Key secret-key"
    assert asked.headers["user-agent"] == f"gencove-tui/{__version__}"
    assert asked.target == "/x?a=1&b=%C3%A4%26"


@pytest.mark.parametrize(
    "failure", [answer(500), answer(502, b"<html>"), answer(504), answer(429), Answer(drop=True)]
)
async def test_a_get_is_repeated_on_what_passes(http, server, pauses, failure):
    server.script = [failure, failure, answer(200, {"good": 1})]
    assert (await http.get("/x")).json() == {"good": 1}
    assert len(server.asked) == 3
    assert len(pauses) == 2


@pytest.mark.parametrize("failure", [answer(500), answer(429), Answer(drop=True)])
async def test_a_post_that_starts_work_is_sent_once(http, server, pauses, failure):
    server.script = [failure]
    await problem_from(http.post("/work", {"x": 1}))
    assert len(server.asked) == 1


async def test_a_harmless_post_is_repeated(http, server, pauses):
    server.script = [answer(503), answer(201, {"id": "1"})]
    assert (await http.post("/begin", {"x": 1}, repeatable=True)).status == 201
    assert [asked.body for asked in server.asked] == [b'{"x":1}', b'{"x":1}']


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418])
async def test_a_refusal_is_not_repeated(http, server, pauses, status):
    server.script = [answer(status, {"detail": "No."})]
    problem = await problem_from(http.get("/x"))
    assert len(server.asked) == 1
    assert "No." in str(problem)


async def test_retry_after_is_honoured(http, server, pauses):
    server.script = [answer(429, None, Retry_After="7"), answer(200, {})]
    await http.get("/x")
    assert pauses == [7.0]


async def test_a_long_retry_after_is_the_callers_business(http, server, pauses):
    server.script = [answer(429, None, Retry_After="600")]
    problem = await problem_from(http.get("/x"))
    assert (problem.kind, problem.retry_after, pauses) == (Kind.RATE_LIMITED, 600.0, [])


async def test_maintenance_is_told_with_its_end_and_not_waited_for(http, server, pauses):
    body = {"maintenance": True, "maintenance_eta": "2022-10-21 17:00:00", "maintenance_message": "Upgrade"}
    server.script = [answer(503, body, Retry_After="3600")]
    problem = await problem_from(http.get("/x"))
    assert problem.kind is Kind.MAINTENANCE
    assert problem.until is not None
    assert problem.until.hour == 17
    assert "Upgrade" in problem.why
    assert pauses == []


async def test_redirects_are_not_followed(http, server):
    server.script = [answer(302, None, Location="http://elsewhere.example/")]
    problem = await problem_from(http.get("/x"))
    assert problem.kind is Kind.BAD_REPLY
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", b'{"cut":', b"[" * 5000])
async def test_a_good_status_without_json_is_one_clear_problem(http, server, body):
    server.script = [answer(200, body)]
    reply = await http.get("/x")
    with pytest.raises(ApiProblem) as caught:
        reply.json()
    assert caught.value.kind is Kind.BAD_REPLY


async def test_json_with_lone_surrogates_and_nan_is_read(http, server):
    server.script = [answer(200, b'{"a": "\\ud800", "b": NaN}')]
    assert (await http.get("/x")).json()["a"] == "\ud800"


async def test_a_reply_beyond_all_measure_is_refused(http, server, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_REPLY", 1000)
    server.script = [answer(200, b"x" * 2000)]
    assert (await problem_from(http.get("/x"))).kind is Kind.BAD_REPLY


async def test_silence_times_out(server, pauses):
    server.script = [Answer(hang=True)]
    http = Transport(server.url, timeout=0.05)
    problem = await problem_from(http.get("/x"))
    assert problem.kind is Kind.TIMEOUT
    assert problem.perhaps_done
    assert len(server.asked) == 3
    await http.aclose()


async def test_nothing_listening_is_unreachable_and_certainly_not_done(server, pauses):
    await server.stop()
    http = Transport(server.url)
    problem = await problem_from(http.post("/x", {}))
    assert problem.kind is Kind.UNREACHABLE
    assert not problem.perhaps_done
    assert "nothing listens there" in problem.why
    await http.aclose()


async def test_a_cut_connection_may_have_done_it(http, server, pauses):
    server.script = [Answer(drop=True)]
    assert (await problem_from(http.post("/work", {}))).perhaps_done


async def test_cancelling_ends_the_request_at_once(http, server):
    server.script = [Answer(hang=True)]
    task = asyncio.create_task(http.get("/x"))
    while not server.asked:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.gone.wait(), 10)


@pytest.mark.parametrize(
    "host", ["http://api.gencove.com", "ftp://x", "api.gencove.com", "https://user:pw@api.gencove.com", ""]
)
def test_the_key_goes_over_https_only(host):
    with pytest.raises(ApiProblem) as caught:
        Transport(host, ApiKey("Api-Key", "k"))
    assert caught.value.kind is Kind.INSECURE


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "clé", "\x1b"])
def test_what_can_not_be_a_key_is_said_before_anything_is_sent(key):
    with pytest.raises(ApiProblem) as caught:
        ApiKey("Api-Key", key)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert "login" in caught.value.remedy


async def test_a_proxy_of_the_environment_is_not_asked_for_loopback(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    http = Transport(server.url)
    assert (await http.get("/x")).status == 200
    await http.aclose()


def test_secrets_are_in_no_repr():
    async def refresh():
        return ""

    assert "hush" not in repr(ApiKey("Api-Key", "hush"))
    assert "hush" not in repr(Session("Bearer", "hush", refresh))


@pytest.mark.parametrize("odd", ["", ".", ".."])
def test_an_id_that_is_none_is_refused(odd):
    with pytest.raises(ApiProblem):
        component(odd)


def test_an_id_stays_one_component():
    assert component("../a?b#c/ä") == "..%2Fa%3Fb%23c%2F%C3%A4"


async def test_a_file_goes_as_a_form(http, server):
    await http.request("POST", "/x", form=Form("sample_manifest", "plate.csv", b"a,b"))
    asked = server.asked[0]
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="sample_manifest"; filename="plate.csv"' in asked.body
    assert b"a,b" in asked.body


class TestLogins:
    async def test_a_refused_token_is_renewed_once_for_many_requests(self, server):
        fetched = []

        async def refresh():
            fetched.append(1)
            await asyncio.sleep(0.01)
            return "new"

        def decide(asked):
            good = asked.headers["authorization"] == "Bearer new"
            return answer(200, {}) if good else answer(401, {"detail": "expired"})

        server.decide = decide
        http = Transport(server.url, Session("Bearer", "old", refresh))
        await asyncio.gather(*(http.post("/x", {}) for _ in range(5)))
        assert fetched == [1]
        assert len(server.asked) == 10
        await http.aclose()

    async def test_a_token_that_stays_refused_is_not_renewed_for_ever(self, server):
        async def refresh():
            return "new"

        server.script = [answer(401, {"detail": "no"})]
        http = Transport(server.url, Session("Bearer", "old", refresh))
        problem = await problem_from(http.get("/x"))
        assert problem.kind is Kind.UNAUTHORIZED
        assert "login" in problem.what
        assert len(server.asked) == 2
        await http.aclose()


def test_the_protocol_and_its_errors_load_no_http_library():
    script = (
        "import sys, gencove_tui.api.protocol, gencove_tui.api.errors, gencove_tui.api.connect;"
        "print([m for m in ('httpx', 'aiohttp', 'botocore', 'anyio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_connection_loads_no_command_line_of_the_http_library():
    code = "import sys, gencove_tui.api.transport; sys.exit(bool({'rich', 'pygments'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
