"""Deliveries over a real socket: believed, noted once, and shown to every screen."""

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from gencove_tui.config import resolve
from gencove_tui.store.ledger import Ledger

SECRET = "shhh"
EVENT = [
    {
        "event_id": "e-1",
        "event_type": "analysis_complete_v2",
        "timestamp": "2026-11-24T10:00:00Z",
        "payload": {
            "project": {"id": "p-1"},
            "samples": [{"id": "s-1", "client_id": "NA12878", "last_status": {"status": "succeeded"}}],
        },
    }
]


def signed(body, secret=SECRET, moment=None):
    stamp = str(int(moment or time.time()))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha512).hexdigest()
    return f"t={stamp},v1={mac}"


@pytest.fixture
def listener():
    process = subprocess.Popen(
        [sys.executable, "-m", "gencove_tui", "webhook", "listen", "--port", "0"],
        env={**os.environ, "GENCOVE_WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    yield line.split()[2]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)


def deliver(url, body, signature):
    headers = {"Content-Type": "application/json"} | ({"Gencove-Signature": signature} if signature else {})
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def events():
    with Ledger(resolve().state_folder) as ledger:
        return [event for event in ledger.events.newest(10) if event.kind.startswith("webhook.")]


def test_a_signed_delivery_is_noted_once_however_often_it_comes(listener):
    body = json.dumps(EVENT).encode()
    assert deliver(listener, body, signed(body)) == 200
    assert deliver(listener, body, signed(body)) == 200
    (event,) = events()
    assert event.kind == "webhook.analysis_complete_v2"
    assert "NA12878" in event.message
    assert event.data["sample_ids"] == ["s-1"]


def test_v1_deliveries_of_any_type_are_noted(listener):
    body = json.dumps({"event": "project_sample_join", "data": {"project_id": 1, "sample_id": 2}}).encode()
    assert deliver(listener, body, signed(body)) == 200
    assert [event.kind for event in events()] == ["webhook.project_sample_join"]


@pytest.mark.parametrize(
    "signature",
    ["", "t=1", signed(b"other"), signed(json.dumps(EVENT).encode(), secret="wrong"),
     signed(json.dumps(EVENT).encode(), moment=time.time() - 3600)],
    ids=["none", "incomplete", "of another body", "of another secret", "an hour old"],
)  # fmt: skip
def test_what_can_not_be_believed_is_refused_and_not_noted(listener, signature):
    assert deliver(listener, json.dumps(EVENT).encode(), signature) == 401
    assert events() == []


def test_what_can_not_be_read_is_refused(listener):
    assert deliver(listener, b"<html>", signed(b"<html>")) == 400
    assert events() == []


@pytest.mark.parametrize(("secret", "code"), [(SECRET, 0), ("wrong", 1)])
def test_verifying_by_hand(secret, code):
    body = json.dumps(EVENT).encode()
    result = subprocess.run(
        [sys.executable, "-m", "gencove_tui", "webhook", "verify", secret, signed(body), body.decode()],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == code
    assert ("valid" in result.stdout) is (code == 0)
    assert "Traceback" not in result.stderr
