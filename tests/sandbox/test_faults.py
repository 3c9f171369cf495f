"""The grammar of faults, and that each does what it says, as often as it says."""

import httpx
import pytest

from gencove_tui.errors import InputProblem
from gencove_tui.sandbox.faults import KINDS, Faults, parse_fault

USER = "/user/"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("nonsense", "no such fault"),
        ("", "isn't written"),
        ("429@x", "isn't written"),
        ("latency", "needs a value"),
        ("latency=fast", "not a number"),
        ("latency=-1", "out of range"),
        ("latency=nan", "out of range"),
        ("429=7", "between 0 and 1"),
    ],
)
def test_a_bad_spec_says_what_is_wrong(spec, reason):
    with pytest.raises(InputProblem, match=reason) as raised:
        parse_fault(spec)
    assert raised.value.remedy


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_known_fault_can_be_asked_for(name):
    assert parse_fault(f"{name}=1@3+2:/path").kind is KINDS[name]


def test_a_bad_spec_among_good_ones_changes_nothing():
    faults = Faults(["429"])
    with pytest.raises(InputProblem):
        faults.set("503", "nonsense")
    with pytest.raises(InputProblem):
        faults.replace("nonsense")
    assert [fault.spec for fault in faults] == ["429"]


def test_count_skip_and_text_limit_a_fault():
    faults = Faults(["429@2+1:/samples/"])
    assert not faults.hit("429", "/projects/")
    assert [faults.hit("429", "/samples/x") for _ in range(5)] == [False, True, True, False, False]


def test_probabilities_repeat_with_the_seed():
    def rolls(seed):
        faults = Faults(["429=0.3"], seed)
        return [faults.hit("429") for _ in range(200)]

    assert rolls(1) == rolls(1) != rolls(2)
    assert 30 < sum(rolls(1)) < 90


def test_units_are_understood():
    assert Faults(["rate=4M"]).value("rate") == 4_000_000


@pytest.mark.parametrize(
    ("spec", "status"),
    [("401@1", 401), ("403@1", 403), ("429@1", 429), ("500@1", 500), ("502@1", 502), ("503@1", 503)],
)
def test_status_faults_strike_as_often_as_told(sandbox, v2, spec, status):
    sandbox.faults.set(spec)
    assert [v2.get(USER).status_code for _ in range(2)] == [status, 200]


def test_retry_after_is_stated(sandbox, v2):
    sandbox.faults.set("429@1", "retry-after=7")
    assert v2.get(USER).headers["Retry-After"] == "7"


def test_maintenance_has_its_body_and_eta(sandbox, v2, v1):
    sandbox.faults.set("maintenance=1800")
    for client, path in ((v2, USER), (v1, "/projects"), (v2, "/jwt-create/")):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1800"
        assert answer.json().keys() == {"maintenance", "maintenance_eta", "maintenance_message"}
    sandbox.faults.clear("maintenance")
    assert v2.get(USER).status_code == 200


def test_drop_does_nothing_and_lost_does_it_all(sandbox, v2):
    body = {"destination_path": "gncv://faults/x_R1.fastq.gz"}
    for spec, expected in (("drop@1", ""), ("lost@1", "started")):
        sandbox.faults.set(spec)
        with pytest.raises(httpx.RemoteProtocolError):
            v2.post("/uploads-post-data/", json=body)
        assert sandbox.upload_status(body["destination_path"]) == expected
    assert sandbox.requests.count("POST", "/uploads-post-data/", status=0) == 2


def test_broken_and_empty_bodies(sandbox, unchecked):
    sandbox.faults.set("broken-json@1", "empty@1+1")
    broken = unchecked.get(USER)
    assert broken.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        broken.json()
    assert unchecked.get(USER).content == b""


def test_nulls_spare_what_identifies_and_links(sandbox, unchecked, project):
    place = f"/project-samples/{project('Cardio cohort 2026')['id']}?limit=200"
    sandbox.faults.set("nulls")
    rows = unchecked.get(place).json()["results"]
    assert len(rows) == 23
    assert all(row["id"] for row in rows)
    assert any(value is None for row in rows for value in row.values())
    assert len({frozenset(row) for row in rows}) > 1


def test_latency_delays_but_answers(sandbox, v2):
    sandbox.faults.set("latency=0.05@1")
    assert v2.get(USER, timeout=5).status_code == 200


def test_faults_can_be_replaced_from_another_process(sandbox, v2):
    place = f"{sandbox.host}/sandbox/faults"
    assert httpx.post(place, json={"faults": ["429"]}).status_code == 200
    assert v2.get(USER).status_code == 429
    assert httpx.post(place, json={"faults": ["nonsense"]}).status_code in (400, 429)
    sandbox.faults.clear()
    assert httpx.post(place, json={"faults": ["nonsense"]}).status_code == 400
    assert v2.get(USER).status_code == 200
