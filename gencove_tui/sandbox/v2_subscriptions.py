"""v2: webhooks and e-mails about what happens in a project (api-v2 §14)."""

from __future__ import annotations

import re
import secrets
from typing import Any

from gencove_tui.sandbox.calls import Call, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.hooks import EVENT_TYPES
from gencove_tui.sandbox.records import Notification, Subscription

routes = Routes("/api/v2")
_TARGET = re.compile(r"https?://\S+|[^@\s]+@[^@\s]+\.[^@\s]+")


def _subscription(call: Call) -> Subscription:
    found = call.account.hooks.subscriptions.get(call.params["subscription_id"])
    if found is None:
        raise not_found()
    return found


def _object(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "name": subscription.name,
        "project": subscription.project_id,
        "target": subscription.target,
        "protocol": subscription.protocol,
        "event_types": list(subscription.event_types),
        "has_secret": bool(subscription.secret),
    }


@routes("GET", "/project-subscription-event-types/")
def event_types(call: Call) -> Reply:
    """What one can subscribe to."""
    return call.page(list(EVENT_TYPES.items()), lambda row: {"key": row[0], "description": row[1]})


@routes("GET", "/project-subscriptions/{project_id}")
def subscriptions(call: Call) -> Reply:
    """The subscriptions of a project."""
    project = call.project()
    rows = [s for s in call.account.hooks.subscriptions.values() if s.project_id == project.id]
    return call.page(rows, _object)


@routes("POST", "/project-subscriptions/{project_id}")
def subscribe(call: Call) -> Reply:
    """Subscribe a URL or an e-mail address to some kinds of events."""
    project = call.project()
    target = call.text("target", 255)
    if not _TARGET.fullmatch(target):
        raise invalid(target="Enter a valid URL or email address.")
    wanted = call.ids("event_types")
    for word in wanted:
        if word not in EVENT_TYPES:
            raise invalid(event_types=f'"{word}" is not a valid choice.')
    made = Subscription(call.state.new_id(), project.id, target, tuple(wanted), call.text("name", 255, ""))
    call.account.hooks.subscriptions[made.id] = made
    body = {"id": made.id, "name": made.name, "target": made.target, "event_types": list(made.event_types)}
    return Reply(201, body)


@routes("GET", "/project-subscription-details/{subscription_id}")
def subscription(call: Call) -> Reply:
    """One subscription."""
    return Reply(200, _object(_subscription(call)))


@routes("DELETE", "/project-subscription-details/{subscription_id}")
def unsubscribe(call: Call) -> Reply:
    """End a subscription."""
    del call.account.hooks.subscriptions[_subscription(call).id]
    return Reply(204)


@routes("POST", "/project-subscription-secret/{subscription_id}")
def secret(call: Call) -> Reply:
    """Make a new secret for signing; it is shown this once."""
    found = _subscription(call)
    found.secret = secrets.token_hex(16)
    return Reply(200, {"secret": found.secret})


@routes("POST", "/project-subscription-test/{subscription_id}")
def test(call: Call) -> Reply:
    """Send a dummy event."""
    found = _subscription(call)
    fields = call.fields()
    word = fields.get("event_type") or found.event_types[0]
    if not isinstance(word, str) or word not in EVENT_TYPES:
        raise invalid(event_type=f'"{word}" is not a valid choice.')
    call.account.hooks.send(found, word, [], retry=fields.get("retry") is True)
    return Reply(202)


def _notification_row(notification: Notification) -> dict[str, Any]:
    return {
        "id": notification.id,
        "created": iso(notification.created),
        "response_status": notification.response_status,
        "notification_event_type": notification.event_type,
    }


@routes("GET", "/project-subscription-notifications/{subscription_id}")
def notifications(call: Call) -> Reply:
    """What a subscription was told, newest first."""
    found = _subscription(call)
    rows = [n for n in call.account.hooks.notifications.values() if n.subscription_id == found.id]
    return call.page(rows[::-1], _notification_row)


@routes("GET", "/notifications/{notification_id}")
def notification(call: Call) -> Reply:
    """One notification with its answer and its payload."""
    found = call.account.hooks.notifications.get(call.params["notification_id"])
    if found is None:
        raise not_found()
    body = {
        **_notification_row(found),
        "response_message": found.response_message,
        "payload_url": call.account.url(found.payload),
    }
    return Reply(200, body)
