"""v2: API keys, second factors, settings, roles and sharing (api-v2 §2, §6, §7)."""

from __future__ import annotations

import uuid
from typing import Any

from gencove_tui.sandbox import v2_account
from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid, not_found
from gencove_tui.sandbox.clock import iso
from gencove_tui.sandbox.query import select_projects
from gencove_tui.sandbox.records import ApiKey, Share
from gencove_tui.sandbox.tokens import new_otp_secret, one_time_code
from gencove_tui.sandbox.v2_projects import project_object

routes = Routes("/api/v2")
_ROLES = {"organization": ("owner", "member"), "project": ("owner", "analyst", "viewer")}
_LEVELS = ("viewer", "analyst")


def _key_row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.key[:8],
        "expiry_date": key.expiry_date,
        "has_expired": False,
        "revoked": key.revoked,
        "ip_range": key.ip_range,
    }


@routes("GET", "/user-api-keys/")
def api_keys(call: Call) -> Reply:
    """The account's keys, without the keys themselves."""
    return call.page(call.state.api_keys, _key_row)


@routes("POST", "/user-api-keys/")
def new_api_key(call: Call) -> Reply:
    """Make a key; it is shown this once."""
    fields = call.fields()
    made = ApiKey(
        call.state.new_id(), str(uuid.uuid4()), call.text("name", 50), call.state.clock.now(),
        expiry_date=fields.get("expiry_date"), ip_range=fields.get("ip_range"),
    )  # fmt: skip
    call.state.api_keys.append(made)
    row = _key_row(made)
    return Reply(201, {"key": made.key} | {k: row[k] for k in row if k not in ("has_expired", "revoked")})


@routes("PATCH", "/user-api-keys/{key_id}")
def edit_api_key(call: Call) -> Reply:
    """Rename or revoke a key; a revoked key never works again."""
    found = next((k for k in call.state.api_keys if k.id == call.params["key_id"]), None)
    if found is None:
        raise not_found()
    found.name = call.text("name", 50, found.name)
    revoked = call.fields().get("revoked", found.revoked)
    if not isinstance(revoked, bool):
        raise invalid(revoked="Must be a valid boolean.")
    if found.revoked and not revoked:
        raise invalid(revoked="A revoked key can't be restored.")
    found.revoked = revoked
    return Reply(200, _key_row(found))


@routes("GET", "/mfa-status/")
def mfa_status(call: Call) -> Reply:
    """Does the account need one-time codes?"""
    return Reply(200, {"has_mfa_device": call.state.needs_otp})


@routes("POST", "/mfa-setup/")
def mfa_setup(call: Call) -> Reply:
    """Begin with a generator of one-time codes."""
    if call.text("device_type") not in ("generator", "yubikey"):
        raise invalid(device_type="Not a valid choice.")
    call.state.otp_offered = new_otp_secret()
    url = f"otpauth://totp/Gencove:{call.state.email}?secret={call.state.otp_offered}&issuer=Gencove"
    return Reply(201, {"secret": call.state.otp_offered, "config_url": url})


@routes("POST", "/mfa-validate/")
def mfa_validate(call: Call) -> Reply:
    """Prove that the generator works; from then on logins need its codes."""
    state = call.state
    if not state.otp_offered or call.text("token") != one_time_code(state.otp_offered, state.clock.now()):
        raise invalid(token="Invalid token.")  # noqa: S106 - a message
    state.otp_secret, state.otp_offered = state.otp_offered, ""
    state.backup_codes = {f"{state.dice.randrange(10**8):08d}" for _ in range(10)}
    return Reply(201, {"backup_tokens": sorted(state.backup_codes)})


@routes("DELETE", "/mfa-disable/")
def mfa_disable(call: Call) -> Reply:
    """Log in without one-time codes again."""
    call.state.otp = None
    call.state.otp_secret = ""
    return Reply(204)


@routes("GET", "/user-config/")
def user_config(call: Call) -> Reply:
    """Free settings of the user."""
    return Reply(200, call.account.user_config)


@routes("PATCH", "/user-config/")
def edit_user_config(call: Call) -> Reply:
    """Change some free settings."""
    call.account.user_config |= call.fields()
    return Reply(200, call.account.user_config)


@routes("PATCH", "/organization/")
def edit_organization(call: Call) -> Reply:
    """Rename the organization."""
    call.state.organization_name = call.text("name", default=call.state.organization_name)
    return v2_account.organization(call)


@routes("GET", "/user-projects/{user_id}")
def user_projects(call: Call) -> Reply:
    """The projects that a user sees."""
    if call.params["user_id"] != call.state.user_id:
        raise not_found()
    return call.page(select_projects(call), lambda p: project_object(call, p))


@routes("GET", "/roles/{applies_to}")
def roles(call: Call) -> Reply:
    """The roles that there are for an organization or a project."""
    names = _ROLES.get(call.params["applies_to"])
    if names is None:
        raise not_found()
    return call.page(names, lambda name: {"name": name, "permissions": []})


@routes("GET", "/project-users/{project_id}")
def project_users(call: Call) -> Reply:
    """Who may see a project."""
    call.project()
    row = {
        "id": call.state.user_id,
        "email": call.state.email,
        "is_active": True,
        "name": call.state.user_name,
        "roles": v2_account.roles(call),
        "is_support": False,
    }
    return call.page([row], dict)


def _share_object(call: Call, share: Share) -> dict[str, Any]:
    return {
        "id": share.id,
        "project": share.project_id,
        "shared_with_org": "",
        "shared_with_org_name": "",
        "shared_with_user_email": share.email,
        "shared_by_user_email": call.state.email,
        "share_level": share.level,
        "last_status": {
            "id": share.last_status.id,
            "status": share.last_status.status,
            "note": share.last_status.note,
            "created": iso(share.last_status.created),
        },
    }


def _share(call: Call) -> Share:
    found = call.account.shares.get(call.params["share_id"])
    if found is None:
        raise not_found()
    return found


@routes("GET", "/project-shares/")
def shares(call: Call) -> Reply:
    """All shares, newest first."""
    return call.page(list(call.account.shares.values())[::-1], lambda s: _share_object(call, s))


@routes("POST", "/project-shares/")
def share(call: Call) -> Reply:
    """Share a project with people outside the organization."""
    project = call.state.projects.get(call.text("project"))
    level = call.text("share_level")
    emails = call.ids("shared_with_user_emails")
    if project is None:
        raise invalid(project="Invalid pk - object does not exist.")
    if level not in _LEVELS:
        raise invalid(share_level=f'"{level}" is not a valid choice.')
    if not all("@" in email for email in emails):
        raise invalid(shared_with_user_emails="Enter a valid email address.")
    made = [Share(call.state.new_id(), project.id, e, level, call.state.status("shared")) for e in emails]
    call.account.shares |= {one.id: one for one in made}
    return Reply(201, _share_object(call, made[0]))


@routes("GET", "/project-shares/{share_id}")
def one_share(call: Call) -> Reply:
    """One share."""
    return Reply(200, _share_object(call, _share(call)))


@routes("POST", "/project-share-revoke/{share_id}")
def revoke_share(call: Call) -> Reply:
    """End a share."""
    found = _share(call)
    found.last_status = call.state.status("revoked")
    return Reply(201, {"id": found.id})


@routes("POST", "/project-share-exit/")
def exit_share(call: Call) -> Reply:
    """Leave projects that others shared."""
    projects = [call.state.projects.get(project_id) for project_id in call.ids("project_ids")]
    if not all(project is not None and project.is_shared for project in projects):
        raise Refused(400, {"project_ids": ["All projects must be shared with you."]})
    for project in projects:
        if project is not None:
            project.is_shared = False
    return Reply(200)
