"""v1: accounts and login tokens, the optional second way in (api-v1 §2)."""

from __future__ import annotations

from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes

routes = Routes()


def _field(call: Call, name: str) -> str:
    value = call.body.get(name) if isinstance(call.body, dict) else None
    if not isinstance(value, str) or not value:
        raise Refused(400, {"message": "Invalid request", "message_details": f"{name} is required."})
    return value


def _refuse(details: str) -> Refused:
    return Refused(401, {"message": "Unauthorized", "message_details": details})


def _new_session(call: Call) -> Reply:
    device = str(call.body.get("device_uuid", ""))
    tokens = call.account.tokens
    old = call.account.v1_sessions.get(device)
    if old:
        tokens.end(old)
    token = call.account.v1_sessions[device] = tokens.issue("refresh")
    return Reply(200, {"refresh_token": token})


@routes("POST", "/register", open=True)
def register(call: Call) -> Reply:
    """Nobody can register here: the sandbox has one account."""
    email = _field(call, "email")
    details = "The e-mail address is taken." if email == call.state.email else "Registration is closed."
    raise Refused(400, {"message": "Can't register", "message_details": details})


@routes("POST", "/login", open=True)
def login(call: Call) -> Reply:
    """A refresh token; ends the other sessions of the same device."""
    if (_field(call, "email"), _field(call, "password")) != (call.state.email, call.state.password):
        raise _refuse("Wrong e-mail or password.")
    return _new_session(call)


@routes("POST", "/logout", open=True)
def logout(call: Call) -> Reply:
    """End a refresh token."""
    if not call.account.tokens.end(_field(call, "refresh_token")):
        raise _refuse("The token is invalid or expired.")
    return Reply(200, {"message": "Logged out."})


@routes("POST", "/auth", open=True)
def auth(call: Call) -> Reply:
    """A short-lived token for a refresh token."""
    if call.account.tokens.claims(_field(call, "refresh_token"), "refresh") is None:
        raise _refuse("The token is invalid or expired.")
    return Reply(200, {"access_token": call.account.tokens.issue("access")})


@routes("PUT", "/password")
def password(call: Call) -> Reply:
    """Change the password; ends all sessions but the new one."""
    new = _field(call, "new_password")
    if _field(call, "password") != call.state.password:
        raise _refuse("Wrong password.")
    if new != _field(call, "new_password_confirm"):
        raise Refused(400, {"message": "Invalid request", "message_details": "The passwords differ."})
    call.state.password = new
    for token in call.account.v1_sessions.values():
        call.account.tokens.end(token)
    return _new_session(call)


@routes("POST", "/password/forgot", open=True)
def forgot(call: Call) -> Reply:
    """Ask for a letter with a link."""
    _field(call, "email")
    return Reply(200, {"message": "If the account exists, an e-mail was sent."})


@routes("PUT", "/confirm/{confirm_id}", open=True)
def confirm(_call: Call) -> Reply:
    """Confirm an e-mail address."""
    return Reply(200, {"message": "Confirmed."})


@routes("GET", "/frontend_version_min", open=True)
def frontend_version(_call: Call) -> Reply:
    """The oldest dashboard that still works."""
    return Reply(200, {"version": "1.0.0"})
