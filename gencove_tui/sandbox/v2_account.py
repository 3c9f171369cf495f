"""v2: who am I, and logging in (api-v2 §2, §6)."""

from __future__ import annotations

from typing import Any

from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid
from gencove_tui.sandbox.tokens import one_time_code

routes = Routes("/api/v2")


def roles(call: Call) -> dict[str, Any]:
    """The account's role, as replies show it."""
    return {"organization": {"id": call.state.role_id, "name": "owner"}}


def _user(call: Call) -> dict[str, Any]:
    state = call.state
    return {
        "id": state.user_id,
        "email": state.email,
        "name": state.user_name,
        "uploads_enabled": True,
        "explorer_enabled": False,
        "created": "2021-09-03T13:54:00Z",
        "is_support": False,
    }


@routes("GET", "/user/")
def user(call: Call) -> Reply:
    """The user behind the key."""
    return Reply(200, _user(call))


def _edit_user(call: Call) -> Reply:
    call.state.user_name = call.text("name", default=call.state.user_name)
    return Reply(200, _user(call))


routes("PUT", "/user/")(_edit_user)
routes("PATCH", "/user/")(_edit_user)


@routes("GET", "/organization/")
def organization(call: Call) -> Reply:
    """The organization that owns projects and uploads."""
    state = call.state
    return Reply(
        200,
        {
            "id": state.organization_id,
            "name": state.organization_name,
            "expire_uploads_period_days": state.retention_days,
            "archive_period_days": 0,
            "archive_restore_period_days": 12,
            "roles": roles(call),
            "uploads_enabled": True,
            "delete_samples_enabled": state.delete_samples_enabled,
            "project_sharing_enabled": False,
            "account_on_hold": False,
            "organization_type": "enterprise",
        },
    )


@routes("GET", "/organization-users/")
def organization_users(call: Call) -> Reply:
    """The users of the organization."""
    state = call.state
    row = {
        "id": state.user_id,
        "email": state.email,
        "is_active": True,
        "has_mfa_device": state.needs_otp,
        "name": state.user_name,
        "roles": roles(call),
        "is_support": False,
    }
    search = call.query.get("search", "").lower()
    found = any(search in text.lower() for text in (state.email, state.user_name, state.user_id))
    return call.page([row] if found else [], dict)


@routes("POST", "/jwt-create/", open=True)
def jwt_create(call: Call) -> Reply:
    """Log in with e-mail and password, and a one-time code where the account has one."""
    state = call.state
    email, password = call.text("email"), call.text("password")
    if (email.lower(), password) != (state.email, state.password):
        raise Refused(401, {"detail": "No active account found with the given credentials"})
    if state.needs_otp:
        given = call.fields().get("otp_token") or call.fields().get("backup_token")
        if given is None:
            raise Refused(401, {"otp_token": ["Please enter your OTP token."]})
        generated = one_time_code(state.otp_secret, state.clock.now()) if state.otp_secret else None
        if given not in (state.otp, generated, *state.backup_codes):
            raise Refused(401, {"otp_token": ["Invalid OTP token."]})
        state.backup_codes.discard(given)
    tokens = call.account.tokens
    return Reply(200, {"refresh": tokens.issue("refresh"), "access": tokens.issue("access")})


@routes("POST", "/jwt-refresh/", open=True)
def jwt_refresh(call: Call) -> Reply:
    """A new access token for a refresh token."""
    if call.fields().get("refresh", "") is None:
        raise invalid(refresh="This field may not be null.")
    if call.account.tokens.claims(call.text("refresh", 2000), "refresh") is None:
        raise Refused(401, {"detail": "Token is invalid or expired", "code": "token_not_valid"})
    return Reply(200, {"access": call.account.tokens.issue("access")})


@routes("POST", "/jwt-verify/", open=True)
def jwt_verify(call: Call) -> Reply:
    """Is a token good?"""
    if call.account.tokens.claims(call.text("token", 2000)) is None:
        raise Refused(401, {"detail": "Token is invalid or expired", "code": "token_not_valid"})
    return Reply(200, {})


@routes("POST", "/jwt-logout/", open=True)
def jwt_logout(call: Call) -> Reply:
    """End a refresh token."""
    refresh = call.text("refresh", 2000)
    if not call.account.tokens.end(refresh):
        raise Refused(401, {"detail": "Token is invalid or expired", "code": "token_not_valid"})
    return Reply(200, {"refresh": refresh})
