"""Telling subscribers what happened: v2's signed events and v1's single webhook (api-v2 §14, api-v1 §7)."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.content import Content
from gencove_tui.sandbox.records import Notification, Project, Sample, StoredFile, Subscription
from gencove_tui.sandbox.state import State

EVENT_TYPES = {
    "analysis_complete_v2": "Analysis of samples ended",
    "batch_final_report_complete_v2": "The report of a batch is ready",
    "samples_restored": "Samples came back from the archive",
    "analysis_complete": "Analysis of samples ended (older form)",
    "batch_final_report": "The report of a batch is ready (older form)",
    "explorer_s3_hot_storage_exceeded": "Explorer uses more hot storage than agreed",
    "explorer_s3_cold_storage_exceeded": "Explorer uses more cold storage than agreed",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TRIES = 3
_PAUSE_SECONDS = 2.0
_PATIENCE_SECONDS = 10.0


@dataclass
class _Letter:
    """A POST that is on its way."""

    url: str
    body: bytes
    headers: dict[str, str]
    notification: Notification | None
    tries: int


class Hooks:
    """The subscriptions of the account and the delivery of their events, in a thread of its own.

    Only loopback addresses are delivered to: the sandbox never reaches out.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.subscriptions: dict[str, Subscription] = {}
        self.notifications: dict[str, Notification] = {}
        self._letters: queue.Queue[_Letter | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        state.listeners.append(self._on_sample)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread = threading.Thread(target=self._deliver_all, name="sandbox-hooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop delivering."""
        self._letters.put(None)
        if self._thread is not None:
            self._thread.join(5)

    def _on_sample(self, event: str, sample: Sample) -> None:
        project = self._state.projects[sample.project_id]
        words = {"finished": ("analysis_complete_v2", "analysis_complete"), "restored": ("samples_restored",)}
        for word in words[event]:
            self.tell(word, project, [sample])
        if event == "finished" and self._state.file_kinds(sample):
            data = {
                "project_id": project.number,
                "sample_id": sample.number,
                "external_id": sample.client_id,
            }
            self.send_v1(project, "project_sample_results_ready", data)

    def tell(
        self, event_type: str, project: Project, samples: Sequence[Sample], batch_id: str | None = None
    ) -> None:
        """Tell everyone who subscribed to this kind of event in this project."""
        for subscription in list(self.subscriptions.values()):
            if subscription.project_id == project.id and event_type in subscription.event_types:
                self.send(subscription, event_type, samples, batch_id)

    def send(
        self,
        subscription: Subscription,
        event_type: str,
        samples: Sequence[Sample],
        batch_id: str | None = None,
        retry: bool = True,
    ) -> Notification:
        """Send one event to one subscriber and note it."""
        now = self._state.clock.now()
        payload: dict[str, Any] = {
            "project": {"id": subscription.project_id},
            "samples": [
                {"id": s.id, "client_id": s.client_id, "last_status": {"status": s.status}} for s in samples
            ],
        }
        if batch_id is not None:
            payload["batch"] = {"id": batch_id}
        event = {
            "event_id": self._state.new_id(),
            "event_type": event_type,
            "timestamp": iso(now),
            "payload": payload,
        }
        body = json.dumps([event]).encode()
        notification = self._note(subscription, event_type, body, now)
        if subscription.protocol == "webhook":
            headers = {"Content-Type": "application/json"}
            if subscription.secret:
                headers["Gencove-Signature"] = sign(subscription.secret, body, int(now))
            tries = _TRIES if retry else 1
            self._post(_Letter(subscription.target, body, headers, notification, tries))
        return notification

    def send_v1(self, project: Project, event: str, data: dict[str, Any]) -> None:
        """Send an event in v1's form to the project's webhook, if it has one and is enabled."""
        if project.webhook_url and project.v1.get("enabled"):
            body = json.dumps({"event": event, "data": data}).encode()
            headers = {"Content-Type": "application/json"}
            self._post(_Letter(project.webhook_url, body, headers, None, _TRIES))

    def _note(self, subscription: Subscription, event_type: str, body: bytes, now: float) -> Notification:
        notification_id = self._state.new_id()
        file = StoredFile(
            notification_id, subscription.id, "payload", f"{notification_id}.json",
            f"notifications/{notification_id}.json", now, lambda: Content(body),
        )  # fmt: skip
        self._state.add_file(file)
        note = Notification(notification_id, subscription.id, event_type, now, file)
        self.notifications[note.id] = note
        return note

    def _post(self, letter: _Letter) -> None:
        if urlsplit(letter.url).hostname in _LOOPBACK:
            self._letters.put(letter)
        elif letter.notification is not None:
            letter.notification.response_message = "The sandbox delivers to loopback addresses only."

    def _deliver_all(self) -> None:
        while (letter := self._letters.get()) is not None:
            status, message = _deliver(letter)
            if letter.notification is not None:
                with self._state.lock:
                    letter.notification.response_status = status
                    letter.notification.response_message = message
            letter.tries -= 1
            if letter.tries and (status is None or status >= 300):
                again = letter
                with self._state.lock:
                    self._state.clock.after(_PAUSE_SECONDS, lambda it=again: self._letters.put(it))  # type: ignore[misc] # mypy can't infer a lambda's defaults


def _deliver(letter: _Letter) -> tuple[int | None, str]:
    request = urllib.request.Request(  # noqa: S310 - _post lets only http(s) to loopback through
        letter.url, data=letter.body, headers=letter.headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - as above
            return answer.status, answer.read(1000).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read(1000).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        return None, str(error)


def sign(secret: str, body: bytes, moment: int) -> str:
    """The ``Gencove-Signature`` header of a body (api-v2 §14)."""
    message = f"{moment}.".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha512).hexdigest()
    return f"t={moment},v1={digest}"
