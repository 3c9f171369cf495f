"""Users, roles, sharing, API keys and second factors (api-v2 §2, §6, §7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import bad_reply
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import boolean, mapping, string, strings
from gencove_tui.api.transport import component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import Topic, nothing_to_do, words
from gencove_tui.model import Account, Organization, Page, Project, ProjectQuery, SampleStatus


class Person(Struct, frozen=True, kw_only=True):
    """A user of the organization or of a project."""

    id: str
    email: str = ""
    name: str = ""
    active: bool | None = None
    has_second_factor: bool | None = None
    role: str = ""


class Role(Struct, frozen=True, kw_only=True):
    """What a role allows."""

    name: str
    permissions: tuple[str, ...] = ()


class Share(Struct, frozen=True, kw_only=True):
    """A project that somebody outside the organization may see."""

    id: str
    project_id: str = ""
    shared_with: str = ""
    """E-mail address, or the organization's name."""
    shared_by: str = ""
    level: str = ""
    """``viewer`` or ``analyst``."""
    status: SampleStatus
    """``shared``, ``exited`` or ``revoked``."""


class KeyRecord(Struct, frozen=True, kw_only=True):
    """An API key as the server remembers it: never the key itself."""

    id: str
    name: str = ""
    prefix: str = ""
    """Its first characters, to tell keys apart."""
    expiry_date: str = ""
    expired: bool = False
    revoked: bool = False
    ip_range: Any = None


class NewKey(Struct, frozen=True, kw_only=True):
    """A key that was just made. ``key`` is a secret and shown this once: the repr leaves it out."""

    record: KeyRecord
    key: str

    def __repr__(self) -> str:
        return f"NewKey({self.record!r})"

    def __rich_repr__(self) -> Any:
        yield "record", self.record


class SecondFactor(Struct, frozen=True, kw_only=True):
    """The beginning of a second factor. A secret: its repr shows nothing."""

    secret: str
    config_url: str
    """``otpauth://`` address for an authenticator, usually drawn as a QR code."""

    def __repr__(self) -> str:
        return "SecondFactor(…)"

    def __rich_repr__(self) -> Any:
        yield from ()


class People(Topic):
    """Who may do what."""

    async def rename(self, name: str) -> Account:
        """``PATCH /user/``: the user's own name."""
        return wire.account((await self._http.patch("/user/", {"name": name})).object("the user"))

    async def settings(self) -> dict[str, Any]:
        """``GET /user-config/``: free keys and values that belong to the user, verbatim."""
        return await self._http.object("/user-config/")

    async def set_settings(self, changes: dict[str, Any]) -> dict[str, Any]:
        """``PATCH /user-config/``: change some of them; returns all."""
        return (await self._http.patch("/user-config/", changes)).object("the settings")

    async def rename_organization(self, name: str) -> Organization:
        """``PATCH /organization/``."""
        reply = await self._http.patch("/organization/", {"name": name})
        return wire.organization(reply.object("the organization"))

    async def projects_of(
        self, user_id: str, query: ProjectQuery = ProjectQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Project]:
        """``GET /user-projects/U``: the projects that a user sees."""
        path = f"/user-projects/{component(user_id)}"
        return await self._http.page(path, wire.project, words(query), offset=offset, limit=limit)

    async def users(self, search: str = "", *, offset: int = 0, limit: int = PAGE) -> Page[Person]:
        """``GET /organization-users/``: by name, e-mail address or id."""
        query = {"search": search} if search else {}
        return await self._http.page("/organization-users/", person, query, offset=offset, limit=limit)

    async def project_users(
        self, project_id: str, search: str = "", *, offset: int = 0, limit: int = PAGE
    ) -> Page[Person]:
        """``GET /project-users/U``: who may see a project."""
        query = {"search": search} if search else {}
        path = f"/project-users/{component(project_id)}"
        return await self._http.page(path, person, query, offset=offset, limit=limit)

    async def roles(self, applies_to: str = "project") -> tuple[Role, ...]:
        """``GET /roles/…``: the roles in an ``organization`` or a ``project``."""
        return await self._http.every(f"/roles/{component(applies_to)}", _role)

    # --- sharing -------------------------------------------------------------------------------------

    async def shares(self, *, offset: int = 0, limit: int = PAGE) -> Page[Share]:
        """``GET /project-shares/``: a window on all shares."""
        return await self._http.page("/project-shares/", share, offset=offset, limit=limit)

    async def share(self, project_id: str, emails: Sequence[str], level: str = "viewer") -> Share:
        """``POST /project-shares/``: let these people see a project.

        ``level`` is ``viewer`` or ``analyst``.
        """
        if not emails:
            raise nothing_to_do("Nobody to share with")
        body = {"project": project_id, "share_level": level, "shared_with_user_emails": list(emails)}
        return share((await self._http.post("/project-shares/", body)).object("the share"))

    async def revoke_share(self, share_id: str) -> None:
        """``POST /project-share-revoke/U``: end a share."""
        await self._http.post(f"/project-share-revoke/{component(share_id)}", {})

    async def leave(self, project_ids: Sequence[str]) -> None:
        """``POST /project-share-exit/``: leave projects that others shared."""
        if not project_ids:
            raise nothing_to_do("No project to leave")
        await self._http.post("/project-share-exit/", {"project_ids": list(project_ids)})

    # --- API keys ------------------------------------------------------------------------------------

    async def keys(self) -> tuple[KeyRecord, ...]:
        """``GET /user-api-keys/``: the user's keys, without the keys themselves."""
        return await self._http.every("/user-api-keys/", key_record)

    async def new_key(self, name: str, *, expiry_date: str = "") -> NewKey:
        """``POST /user-api-keys/``: make a key; ``expiry_date`` is ``YYYY-MM-DD`` or empty for never."""
        body = {"name": name} | ({"expiry_date": expiry_date} if expiry_date else {})
        data = (await self._http.post("/user-api-keys/", body)).object("the new key")
        key = data.get("key")
        if not isinstance(key, str) or not key or not key.isprintable():
            raise bad_reply("the new key", "$.key")
        return NewKey(record=key_record(data), key=key)

    async def revoke_key(self, key_id: str) -> KeyRecord:
        """``PATCH /user-api-keys/U``: make a key useless for good."""
        reply = await self._http.patch(f"/user-api-keys/{component(key_id)}", {"revoked": True})
        return key_record(reply.object("the key"))

    # --- second factor -------------------------------------------------------------------------------

    async def has_second_factor(self) -> bool:
        """``GET /mfa-status/``: whether a login needs a one-time code."""
        return bool(boolean((await self._http.object("/mfa-status/")).get("has_mfa_device")))

    async def begin_second_factor(self, device: str = "generator") -> SecondFactor:
        """``POST /mfa-setup/``: ``generator`` or ``yubikey``; ``confirm_second_factor`` completes it."""
        data = (await self._http.post("/mfa-setup/", {"device_type": device})).object("the second factor")
        secret, url = data.get("secret"), data.get("config_url")
        return SecondFactor(
            secret=secret if isinstance(secret, str) else "", config_url=url if isinstance(url, str) else ""
        )

    async def confirm_second_factor(self, code: str) -> tuple[str, ...]:
        """``POST /mfa-validate/``: prove that it works; returns backup codes, shown this once."""
        reply = await self._http.post("/mfa-validate/", {"token": code})
        return strings(reply.object("the second factor").get("backup_tokens"))

    async def end_second_factor(self) -> None:
        """``DELETE /mfa-disable/``."""
        await self._http.delete("/mfa-disable/")


def person(data: dict[str, Any]) -> Person:
    """A row of ``/organization-users/`` or ``/project-users/U``."""
    return Person(
        id=string(data.get("id")),
        email=string(data.get("email")),
        name=string(data.get("name")),
        active=boolean(data.get("is_active")),
        has_second_factor=boolean(data.get("has_mfa_device")),
        role=wire.role(data),
    )


def _role(data: dict[str, Any]) -> Role:
    return Role(name=string(data.get("name")), permissions=strings(data.get("permissions")))


def share(data: dict[str, Any]) -> Share:
    """A row of ``/project-shares/``."""
    return Share(
        id=string(data.get("id")),
        project_id=string(data.get("project")),
        shared_with=string(data.get("shared_with_user_email")) or string(data.get("shared_with_org_name")),
        shared_by=string(data.get("shared_by_user_email")),
        level=string(data.get("share_level")),
        status=wire.status_step(mapping(data.get("last_status"))),
    )


def key_record(data: dict[str, Any]) -> KeyRecord:
    """A row of ``/user-api-keys/``."""
    return KeyRecord(
        id=string(data.get("id")),
        name=string(data.get("name")),
        prefix=string(data.get("prefix")),
        expiry_date=string(data.get("expiry_date")),
        expired=bool(boolean(data.get("has_expired"))),
        revoked=bool(boolean(data.get("revoked"))),
        ip_range=data.get("ip_range"),
    )
