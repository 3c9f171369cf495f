"""Logging in with e-mail address and password, in both dialects."""

import pytest

from gencove_tui.api.connect import connect
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.login import OneTimeCodeNeeded, log_in, log_out, resume
from gencove_tui.model import Dialect

from .scripted import answer

EMAIL, PASSWORD = "lab@example.org", "sandbox-password"


@pytest.fixture(params=list(Dialect))
def spoken(request):
    return request.param


@pytest.fixture
async def login(sandbox, spoken):
    return await log_in(sandbox.host, EMAIL, PASSWORD, dialect=spoken, device="device-1")


async def test_a_login_works_like_a_key(login, sandbox):
    api = await connect(login.host, login.credential(), dialect=login.dialect)
    assert (await api.projects()).items
    await api.check_key()
    await api.aclose()
    assert login.access not in repr(login)
    assert login.refresh not in repr(login)


async def test_an_expired_token_is_renewed_without_anybody_noticing(login, sandbox):
    sandbox.account.tokens.access_seconds = -1.0
    short = await resume(login.host, login.refresh, dialect=login.dialect)
    sandbox.account.tokens.access_seconds = 300.0
    api = await connect(short.host, short.credential(), dialect=short.dialect)
    sandbox.requests.clear()
    assert (await api.projects()).items
    assert [r.status for r in sandbox.requests] == [401, 200, 200]
    await api.aclose()


async def test_a_login_that_ended_says_so(login, sandbox):
    await log_out(login)
    with pytest.raises(ApiProblem) as caught:
        await resume(login.host, login.refresh, dialect=login.dialect)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert "Log in again" in caught.value.remedy
    with pytest.raises(ApiProblem):
        await log_out(login)


async def test_a_wrong_password_is_told(sandbox, spoken):
    with pytest.raises(ApiProblem) as caught:
        await log_in(sandbox.host, EMAIL, "wrong", dialect=spoken)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert "password is wrong" in caught.value.what
    assert not isinstance(caught.value, OneTimeCodeNeeded)


async def test_the_dialect_is_found_out(sandbox):
    assert (await log_in(sandbox.host + "/", EMAIL, PASSWORD)).dialect is Dialect.V2


async def test_a_one_time_code_is_asked_for(sandbox):
    with sandbox.state.lock:
        sandbox.state.otp = "123456"
        sandbox.state.backup_codes = {"87654321"}
    with pytest.raises(OneTimeCodeNeeded) as caught:
        await log_in(sandbox.host, EMAIL, PASSWORD, dialect=Dialect.V2)
    assert "enter your OTP" in caught.value.why
    with pytest.raises(OneTimeCodeNeeded, match="Invalid"):
        await log_in(sandbox.host, EMAIL, PASSWORD, dialect=Dialect.V2, code="000000")
    assert await log_in(sandbox.host, EMAIL, PASSWORD, dialect=Dialect.V2, code="123456")
    assert await log_in(sandbox.host, EMAIL, PASSWORD, dialect=Dialect.V2, backup_code="87654321")


@pytest.mark.parametrize(
    "body", [{}, {"refresh": None, "access": "x"}, {"refresh": "a b", "access": "c"}, []]
)
async def test_an_odd_answer_is_one_clear_problem(server, body):
    server.script = [answer(200, body)]
    with pytest.raises(ApiProblem) as caught:
        await log_in(server.url, EMAIL, PASSWORD, dialect=Dialect.V2)
    assert caught.value.kind is Kind.BAD_REPLY


async def test_the_server_in_trouble_is_not_a_wrong_password(server):
    server.script = [answer(503, {"maintenance": True, "maintenance_eta": "2022-10-21T17:00:00"})]
    with pytest.raises(ApiProblem) as caught:
        await log_in(server.url, EMAIL, PASSWORD, dialect=Dialect.V2)
    assert caught.value.kind is Kind.MAINTENANCE
