"""Events: both forms read, and only believed when they are signed."""

import contextlib
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencove_tui.api.errors import ApiProblem
from gencove_tui.api.webhooks import SIGNATURE_HEADER, WebhookProblem, parse, verify
from gencove_tui.model import SampleQuery

from .conftest import project_id, until

SECRET = "s3cr3t"
BODY = b'[{"event_type": "x"}]'
NOW = 1_700_000_000


def header(body=BODY, stamp=str(NOW), secret=SECRET):
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha512).hexdigest()
    return f"t={stamp},v1={digest}"


class TestReading:
    def test_the_form_of_v2(self):
        body = json.dumps(
            [
                {
                    "event_id": "e1",
                    "event_type": "analysis_complete_v2",
                    "timestamp": "2026-03-01T10:00:00Z",
                    "payload": {
                        "project": {"id": "p1"},
                        "samples": [
                            {"id": "s1", "client_id": "c\x1b[1m", "last_status": {"status": "succeeded"}},
                            {"client_id": "without an id"},
                            None,
                        ],
                        "batch": {"id": "b1", "url": "https://x.example/a?X-Amz-Signature=secret"},
                    },
                },
                {"event_type": "something_new"},
            ]
        ).encode()
        first, second = parse(body)
        assert (first.id, first.type, first.project_id) == ("e1", "analysis_complete_v2", "p1")
        assert [(s.id, s.client_id, s.status) for s in first.samples] == [("s1", "c\ufffd[1m", "succeeded")]
        assert first.timestamp.hour == 10
        assert first.brings_results
        assert first.extra == {"batch": {"id": "b1", "url": "https://x.example/a?…"}}
        assert (second.type, second.samples, second.brings_results) == ("something_new", (), False)

    def test_the_form_of_v1(self):
        data = {"project_id": 1, "sample_id": 2, "external_id": "sample_100003", "participating": True}
        body = {"event": "project_sample_join", "data": data | {"jwt_log": "eyJ.a.b"}}
        (event,) = parse(json.dumps(body).encode())
        assert (event.type, event.project_id) == ("project_sample_join", "1")
        assert [(s.id, s.client_id) for s in event.samples] == [("2", "sample_100003")]
        assert event.extra == {"participating": True}
        assert not event.brings_results
        (ready,) = parse(b'{"event": "project_sample_results_ready", "data": {"sample_id": 2}}')
        assert ready.brings_results
        (test,) = parse(b'{"event": "test"}')
        assert (test.type, test.samples) == ("test", ())

    @pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b'"x"', b"7", b"[{}]", b'{"event": null}'])
    def test_what_is_no_event(self, body):
        with pytest.raises(WebhookProblem):
            parse(body)

    @given(body=st.binary(max_size=80))
    def test_anything_is_an_event_or_a_problem(self, body):
        with contextlib.suppress(WebhookProblem):
            parse(body)


class TestBelieving:
    @pytest.mark.parametrize(
        "written",
        [
            header(),
            header().replace(",", ", "),
            header().replace("v1=", 'v1="') + '"',
            header() + ",v2=abc",
            "v1=00," + header(),
        ],
    )
    def test_a_right_signature(self, written):
        verify(SECRET, written, BODY, now=NOW + 60)

    @pytest.mark.parametrize(
        "written",
        [
            "",
            "t=1",
            f"t={NOW}",
            header().partition(",")[2],
            header().replace("v1=", "v2="),
            header(secret="other"),
            header(body=BODY + b" "),
            header()[:-1],
            header().upper().replace("T=", "t=").replace("V1=", "v1="),
            header() + ",t=5",
            header(stamp="١٢٣"),
            "t=x,v1=é",
        ],
    )
    def test_a_wrong_one(self, written):
        with pytest.raises(WebhookProblem):
            verify(SECRET, written, BODY, now=NOW)

    @pytest.mark.parametrize("now", [NOW + 301, NOW - 301])
    def test_one_of_another_time(self, now):
        with pytest.raises(WebhookProblem, match="clock"):
            verify(SECRET, header(), BODY, now=now)
        verify(SECRET, header(), BODY, now=now, tolerance=None)
        verify(SECRET, header(), BODY, now=now, tolerance=400)

    def test_no_secret(self):
        with pytest.raises(WebhookProblem):
            verify("", header(secret=""), BODY, now=NOW)


@pytest.fixture
def listener():
    """A web server that keeps what it is sent."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers.get(SIGNATURE_HEADER, ""), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    thread.join()
    server.server_close()


class TestSubscriptions:
    async def test_from_subscribing_to_a_believed_event(self, v2, listener):
        url, received = listener
        trio = await project_id(v2, "Trio")
        kinds = {kind.key for kind in await v2.subscriptions.event_types()}
        assert "analysis_complete_v2" in kinds
        made = await v2.subscriptions.create(trio, url, ["analysis_complete_v2"], name="lab")
        assert (made.target, made.project_id) == (url, trio)
        secret = await v2.subscriptions.new_secret(made.id)
        stored = await v2.subscriptions.one(made.id)
        assert (stored.protocol, stored.has_secret, stored.name) == ("webhook", True, "lab")
        assert [s.id for s in await v2.subscriptions.listing(trio)] == [made.id]

        async def heard():
            return bool(received)

        await v2.subscriptions.test(made.id, "analysis_complete_v2")
        await until(heard, "the test event arrives")
        signature, body = received[0]
        verify(secret, signature, body)
        assert parse(body)[0].type == "analysis_complete_v2"

        async def noted():
            page = await v2.subscriptions.notifications(made.id)
            return all(note.response_status == 200 for note in page.items) and page.items

        await until(noted, "the answer is noted")
        note = (await v2.subscriptions.notifications(made.id)).items[0]
        detail = await v2.subscriptions.notification(note.id)
        assert detail.response_message == "thanks"
        assert detail.payload_url
        assert detail.payload_url not in repr(detail)
        await v2.subscriptions.delete(made.id)
        assert await v2.subscriptions.listing(trio) == ()

    async def test_a_finished_sample_is_told(self, v2, listener):
        url, received = listener
        trio = await project_id(v2, "Trio")
        made = await v2.subscriptions.create(trio, url, ["analysis_complete_v2"])
        secret = await v2.subscriptions.new_secret(made.id)

        async def heard():
            return any(parse(body)[0].samples for _, body in received)

        await until(heard, "a sample is told to be finished")
        signature, body = received[-1]
        verify(secret, signature, body)
        (told,) = parse(body)[0].samples
        found = (await v2.samples(trio, SampleQuery(search=told.id))).items[0]
        assert (found.client_id, found.status) == (told.client_id, told.status)

    async def test_a_target_that_is_none_is_refused(self, v2):
        with pytest.raises(ApiProblem):
            await v2.subscriptions.create(await project_id(v2, "Trio"), "nowhere", ["analysis_complete_v2"])

    async def test_v1_tries_a_new_webhook_at_once(self, v1, listener):
        url, received = listener
        trio = await project_id(v1, "Trio")
        await v1.edit_project(trio, {"webhook_url": url})

        async def heard():
            return bool(received)

        await until(heard, "the test event arrives")
        (event,) = parse(received[0][1])
        assert (event.type, event.project_id) == ("test", trio)
