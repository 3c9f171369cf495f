"""Webhooks of both dialects, received for real."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from tests.waiting import until_blocking


class Receiver(HTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hook"
        self.received = []
        self.answers = []

    def events(self) -> list[dict]:
        return [event for body, _ in self.received for event in _listed(json.loads(body))]


def _listed(value):
    return value if isinstance(value, list) else [value]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((body, self.headers.get("Gencove-Signature")))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def subscribe(v2, project):
    def subscribe(target: str, *events: str, name: str = "Trio validation") -> str:
        body = {"target": target, "event_types": list(events), "name": "mine"}
        return v2.post(f"/project-subscriptions/{project(name)['id']}", json=body).json()["id"]

    return subscribe


def test_an_event_is_signed_delivered_and_noted(v2, receiver, subscribe):
    subscription = subscribe(receiver.url, "analysis_complete_v2")
    secret = v2.post(f"/project-subscription-secret/{subscription}").json()["secret"]
    assert v2.get(f"/project-subscription-details/{subscription}").json()["has_secret"]
    assert v2.post(f"/project-subscription-test/{subscription}", json={}).status_code == 202
    until_blocking(lambda: receiver.received, "the test event")
    body, header = receiver.received[0]
    moment, signature = (part.partition("=")[2] for part in header.split(","))
    expected = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha512).hexdigest()
    assert signature == expected
    event = json.loads(body)[0]
    assert event.keys() == {"event_id", "event_type", "timestamp", "payload"}

    def note():
        rows = v2.get(f"/project-subscription-notifications/{subscription}").json()["results"]
        return v2.get(f"/notifications/{rows[0]['id']}").json()

    until_blocking(lambda: note()["response_status"] == 200, "the answer to be noted")
    assert note()["response_message"] == "thanks"
    assert httpx.get(note()["payload_url"]).content == body


def test_samples_that_end_are_told(v2, receiver, subscribe, samples):
    subscribe(receiver.url, "analysis_complete_v2")
    subscribe(receiver.url, "samples_restored", name="Biobank pilot 2024")
    until_blocking(
        lambda: (
            {"HG003", "HG004"} <= {s["client_id"] for e in receiver.events() for s in e["payload"]["samples"]}
        ),
        "the samples that were running",
    )
    ended = receiver.events()[0]["payload"]["samples"][0]
    assert ended["last_status"]["status"] in ("succeeded", "failed qc")
    assert receiver.received[0][1] is None


def test_restored_samples_and_batches_are_told(v2, receiver, subscribe, project):
    biobank, herd = project("Biobank pilot 2024")["id"], project("Herd 17, Angus")["id"]
    subscribe(receiver.url, "samples_restored", name="Biobank pilot 2024")
    subscribe(receiver.url, "batch_final_report_complete_v2", name="Herd 17, Angus")
    v2.post(f"/project-restore-samples/{biobank}", json={"sample_ids": []})
    v2.post(f"/project-batches/{herd}", json={"name": "x", "batch_type": "illuminahd", "sample_ids": []})
    until_blocking(
        lambda: (
            {e["event_type"] for e in receiver.events()}
            == {"samples_restored", "batch_final_report_complete_v2"}
        ),
        "both events",
    )


def test_a_refused_delivery_is_tried_again(v2, receiver, subscribe):
    receiver.answers = [500, 503]
    subscription = subscribe(receiver.url, "analysis_complete", name="Dog kits")
    v2.post(f"/project-subscription-test/{subscription}", json={"retry": True})
    until_blocking(lambda: len(receiver.received) == 3, "the third try")
    assert len({body for body, _ in receiver.received}) == 1


def test_nothing_leaves_for_strangers(v2, subscribe):
    subscription = subscribe("https://example.org/hook", "analysis_complete_v2")
    v2.post(f"/project-subscription-test/{subscription}", json={})
    rows = v2.get(f"/project-subscription-notifications/{subscription}").json()["results"]
    assert rows[0]["response_status"] is None
    mail = subscribe("someone@example.org", "analysis_complete_v2")
    assert v2.get(f"/project-subscription-details/{mail}").json()["protocol"] == "email"


def test_subscriptions_end_and_bad_ones_never_begin(v2, project, subscribe):
    subscription = subscribe("someone@example.org", "analysis_complete_v2")
    place = f"/project-subscription-details/{subscription}"
    assert v2.delete(place).status_code == 204
    assert v2.get(place).status_code == 404
    trio = f"/project-subscriptions/{project('Trio validation')['id']}"
    assert v2.get(trio).json()["meta"]["count"] == 0
    for body in (
        {"target": "nowhere", "event_types": ["analysis_complete"]},
        {"target": "a@b.cc", "event_types": []},
        {"target": "a@b.cc", "event_types": ["x"]},
    ):
        assert v2.post(trio, json=body).status_code == 400
    assert v2.get("/project-subscription-event-types/").json()["meta"]["count"] == 7


def test_v1_tells_an_enabled_project(v1, receiver):
    trio = next(p for p in v1.get("/projects").json()["projects"] if p["name"] == "Trio validation")
    v1.put(f"/projects/{trio['id']}", json={"webhook_url": receiver.url})
    until_blocking(lambda: receiver.events(), "the test event")
    assert receiver.events()[0]["event"] == "test"
    until_blocking(
        lambda: any(e["event"] == "project_sample_results_ready" for e in receiver.events()), "a result"
    )
    data = receiver.events()[-1]["data"]
    assert data["project_id"] == trio["id"]
    assert isinstance(data["sample_id"], int)
