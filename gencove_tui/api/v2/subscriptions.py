"""Subscriptions: who is told what happens in a project, by webhook or e-mail (api-v2 §14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import bad_reply
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import boolean, integer, mapping, moment, string, strings
from gencove_tui.api.transport import component
from gencove_tui.api.v2.http import Topic
from gencove_tui.model import FileType, Page


class Subscription(Struct, frozen=True, kw_only=True):
    """An address that is told about some kinds of events."""

    id: str
    name: str = ""
    project_id: str = ""
    target: str = ""
    """A URL or an e-mail address."""
    protocol: str = ""
    """``webhook`` or ``email``."""
    event_types: tuple[str, ...] = ()
    has_secret: bool | None = None


class Notification(Struct, frozen=True, kw_only=True):
    """One thing that was told, and what the other side answered."""

    id: str
    event_type: str = ""
    created: datetime | None = None
    response_status: int | None = None
    response_message: str = ""
    """Only in a detail."""
    payload_url: str | None = None
    """Presigned, so a secret. Only in a detail."""

    def __repr__(self) -> str:
        return f"Notification({self.id!r}, {self.event_type!r}, response_status={self.response_status!r})"

    def __rich_repr__(self) -> Any:
        yield from ((n, getattr(self, n)) for n in self.__struct_fields__ if n != "payload_url")


class Subscriptions(Topic):
    """Webhooks and e-mails of projects."""

    async def event_types(self) -> tuple[FileType, ...]:
        """``GET /project-subscription-event-types/``: keys and descriptions."""
        return await self._http.every("/project-subscription-event-types/", _event_type)

    async def listing(self, project_id: str) -> tuple[Subscription, ...]:
        """``GET /project-subscriptions/U``: all of a project's."""
        return await self._http.every(f"/project-subscriptions/{component(project_id)}", subscription)

    async def create(
        self, project_id: str, target: str, event_types: Sequence[str], *, name: str = ""
    ) -> Subscription:
        """``POST /project-subscriptions/U``: tell ``target`` (a URL or an e-mail address) about events."""
        body: dict[str, Any] = {"target": target, "event_types": list(event_types)}
        if name:
            body["name"] = name
        reply = await self._http.post(f"/project-subscriptions/{component(project_id)}", body)
        return subscription({"project": project_id} | reply.object("the subscription"))

    async def one(self, subscription_id: str) -> Subscription:
        """``GET /project-subscription-details/U``."""
        path = f"/project-subscription-details/{component(subscription_id)}"
        return subscription(await self._http.object(path))

    async def delete(self, subscription_id: str) -> None:
        """``DELETE /project-subscription-details/U``."""
        await self._http.delete(f"/project-subscription-details/{component(subscription_id)}")

    async def new_secret(self, subscription_id: str) -> str:
        """``POST /project-subscription-secret/U``: a new secret for signatures, shown this once.

        The old one is useless from then on, so this is never repeated by itself.
        """
        path = f"/project-subscription-secret/{component(subscription_id)}"
        secret = (await self._http.post(path, {})).object("the secret").get("secret")
        if not isinstance(secret, str) or not secret or not secret.isprintable():
            raise bad_reply("the secret", "$.secret")
        return secret

    async def test(self, subscription_id: str, event_type: str = "", *, retry: bool = False) -> None:
        """``POST /project-subscription-test/U``: send a made-up event; ``retry`` when it isn't taken."""
        body: dict[str, Any] = {"retry": retry}
        if event_type:
            body["event_type"] = event_type
        await self._http.post(f"/project-subscription-test/{component(subscription_id)}", body)

    async def notifications(
        self, subscription_id: str, *, offset: int = 0, limit: int = PAGE
    ) -> Page[Notification]:
        """``GET /project-subscription-notifications/U``: a window on what was told."""
        path = f"/project-subscription-notifications/{component(subscription_id)}"
        return await self._http.page(path, notification, offset=offset, limit=limit)

    async def notification(self, notification_id: str) -> Notification:
        """``GET /notifications/U``: one of them with the answer and where its payload is."""
        return notification(await self._http.object(f"/notifications/{component(notification_id)}"))


def _event_type(data: dict[str, Any]) -> FileType:
    return FileType(key=string(data.get("key")), description=string(data.get("description")))


def subscription(data: dict[str, Any]) -> Subscription:
    """A row of ``/project-subscriptions/U``, or the answer to making one."""
    identity = string(data.get("id"))
    if not identity:
        raise bad_reply("a subscription", "$.id")
    return Subscription(
        id=identity,
        name=string(data.get("name")),
        project_id=string(data.get("project")),
        target=string(data.get("target")),
        protocol=string(data.get("protocol")),
        event_types=strings(data.get("event_types")),
        has_secret=boolean(data.get("has_secret")),
    )


def notification(data: dict[str, Any]) -> Notification:
    """A row of ``/project-subscription-notifications/U`` or a detail."""
    identity = string(data.get("id"))
    if not identity:
        raise bad_reply("a notification", "$.id")
    url = mapping(data).get("payload_url")
    return Notification(
        id=identity,
        event_type=string(data.get("notification_event_type")),
        created=moment(data.get("created")),
        response_status=integer(data.get("response_status")),
        response_message=string(data.get("response_message")),
        payload_url=url if isinstance(url, str) and url else None,
    )
