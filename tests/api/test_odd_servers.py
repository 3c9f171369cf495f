"""Servers that answer well-formed nonsense: nothing is lost, repeated blindly, or waited for without end."""

import json

import pytest

from gencove_tui.api import text
from gencove_tui.api.changes import SampleFollower
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.v2 import sheet as module
from gencove_tui.api.v2.client import GencoveV2
from gencove_tui.api.v2.sheet import AssignmentUnclear, SheetRead, SheetRow

from .scripted import answer


@pytest.fixture
async def api(server, monkeypatch):
    monkeypatch.setattr(module.SampleSheet, "ask_after", (0.0,))
    connection = GencoveV2(server.url, "key")
    yield connection
    await connection.aclose()


def row(number):
    read = SheetRead(upload_id=f"u{number}", path=f"gncv://run/{number}_R1.fastq.gz")
    return SheetRow(client_id=f"c{number}", r1=read)


def written(number, sample=""):
    upload = {"upload": f"u{number}", "destination_path": f"gncv://run/{number}_R1.fastq.gz"}
    return {"client_id": f"c{number}", "fastq": {"r1": upload}, "sample": sample}


def posts(server):
    return [asked for asked in server.asked if asked.method == "POST"]


def listed(*rows):
    return answer(200, {"meta": {"count": len(rows)}, "results": list(rows)})


@pytest.mark.parametrize(
    "reply", [{}, {"uploads": None}, {"uploads": []}, {"uploads": [written(1, "s1")]}, []]
)
async def test_a_reply_that_leaves_rows_out_is_not_taken_for_done(api, server, reply):
    """The sheet is asked, and knows both."""

    def decide(asked):
        if asked.method == "POST":
            return answer(200, reply)
        found = "status=assigned" in asked.target
        return listed(*([written(1, "s1"), written(2, "s2")] if found else []))

    server.decide = decide
    made = await api.sheet.assign("p", [row(1), row(2)])
    assert {one.sample_id for one in made} == {"s1", "s2"}
    assert len(posts(server)) == 1


async def test_only_what_is_left_is_sent_again(api, server):
    sent = []

    def decide(asked):
        if asked.method == "POST":
            names = [one["client_id"] for one in json.loads(asked.body)["uploads"]]
            sent.append(names)
            return answer(200, {"uploads": [written(name[1:], f"s{name[1:]}") for name in names[:1]]})
        done = {name for names in sent for name in names[:1]}
        rows = [written(n, f"s{n}") if f"c{n}" in done else written(n) for n in (1, 2)]
        return listed(*[r for r in rows if bool(r["sample"]) is ("status=assigned" in asked.target)])

    server.decide = decide
    made = await api.sheet.assign("p", [row(1), row(2)])
    assert sorted(one.sample_id for one in made) == ["s1", "s2"]
    assert sent == [["c1", "c2"], ["c2"]]


async def test_a_wait_of_an_hour_is_the_callers_business(api, server):
    server.script = [answer(429, None, Retry_After="3600")]
    with pytest.raises(ApiProblem) as caught:
        await api.sheet.assign("p", [row(1)])
    assert (caught.value.kind, caught.value.retry_after) == (Kind.RATE_LIMITED, 3600.0)
    assert len(server.asked) == 1


async def test_oddly_absolute_paths_are_asked_about_too(api, server):
    server.script = [listed()]
    odd = SheetRow(client_id="o", r1=SheetRead(upload_id="o", path="gncv:///run/o_R1.fastq.gz"))
    assert await api.sheet.assigned([row(1), odd]) == ((), ())
    with pytest.raises(AssignmentUnclear):
        await api.sheet.assign("p", [row(1), odd], ask_first=True)
    assert posts(server) == []


@pytest.mark.parametrize("never", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:03+00:00"])
async def test_a_change_in_the_year_one_is_none(api, server, never):
    assert text.moment(never) is None
    server.script = [listed({"id": "s", "modified": never})]
    follower = SampleFollower(api, "p")
    await follower.look()
    assert [sample.id for sample in (await follower.look()).samples] in ([], ["s"])


@pytest.mark.parametrize("secret", ["\x1b]0;owned\x07", "", None, 5, "a\nb"])
async def test_a_secret_that_can_not_be_shown_is_no_secret(api, server, secret):
    server.script = [answer(200, {"secret": secret, "key": secret, "id": "1"})]
    for ask in (api.subscriptions.new_secret("s"), api.people.new_key("n")):
        with pytest.raises(ApiProblem) as caught:
            await ask
        assert caught.value.kind is Kind.BAD_REPLY
