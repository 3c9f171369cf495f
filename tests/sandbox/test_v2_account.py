"""v2: keys, logins, one-time codes, and who the account is."""

import httpx
import pytest

from gencove_tui.sandbox.tokens import one_time_code

ACCOUNT = {"email": "lab@example.org", "password": "sandbox-password"}


def with_auth(sandbox, value: str) -> httpx.Response:
    return httpx.get(f"{sandbox.host}/api/v2/user/", headers={"Authorization": value})


@pytest.mark.parametrize(
    "header", ["", "Api-Key", "Api-Key wrong", "GENCOVE-API-KEY {key}", "Basic {key}", "Bearer a.b.c"]
)
def test_anything_but_a_good_key_is_401(sandbox, header):
    answer = with_auth(sandbox, header.format(key=sandbox.api_key))
    assert answer.status_code == 401
    assert "detail" in answer.json()


def test_a_bad_token_is_worded_as_recorded(sandbox):
    body = with_auth(sandbox, "Bearer a.b.c").json()
    assert body["code"] == "token_not_valid"
    assert body["messages"][0].keys() == {"token_class", "token_type", "message"}


def test_a_revoked_key_is_refused(sandbox, v2, v1):
    sandbox.revoke_key()
    assert v2.get("/user/").status_code == v1.get("/welcome-api-key").status_code == 401


def test_logging_in_refreshing_and_out(sandbox, v2):
    assert v2.post("/jwt-create/", json=ACCOUNT | {"password": "x"}).status_code == 401
    tokens = v2.post("/jwt-create/", json=ACCOUNT).json()
    assert with_auth(sandbox, f"Bearer {tokens['access']}").status_code == 200
    assert with_auth(sandbox, f"Bearer {tokens['refresh']}").status_code == 401
    refresh = {"refresh": tokens["refresh"]}
    fresh = v2.post("/jwt-refresh/", json=refresh).json()
    assert fresh.keys() == {"access"}
    assert with_auth(sandbox, f"Bearer {fresh['access']}").status_code == 200
    assert v2.post("/jwt-verify/", json={"token": fresh["access"]}).status_code == 200
    assert v2.post("/jwt-logout/", json=refresh).status_code == 200
    assert v2.post("/jwt-refresh/", json=refresh).status_code == 401


def test_access_tokens_expire(sandbox, v2):
    sandbox.account.tokens.access_seconds = -1
    tokens = v2.post("/jwt-create/", json=ACCOUNT).json()
    assert with_auth(sandbox, f"Bearer {tokens['access']}").status_code == 401
    sandbox.account.tokens.access_seconds = 300
    again = v2.post("/jwt-refresh/", json={"refresh": tokens["refresh"]}).json()["access"]
    assert with_auth(sandbox, f"Bearer {again}").status_code == 200


def test_one_time_codes(sandbox, v2):
    secret = v2.post("/mfa-setup/", json={"device_type": "generator"}).json()["secret"]
    assert not v2.get("/mfa-status/").json()["has_mfa_device"]
    assert v2.post("/mfa-validate/", json={"token": "x"}).status_code == 400
    code = one_time_code(secret, sandbox.clock.now())
    backups = v2.post("/mfa-validate/", json={"token": code}).json()["backup_tokens"]
    assert v2.get("/mfa-status/").json()["has_mfa_device"]
    needed = v2.post("/jwt-create/", json=ACCOUNT)
    assert (needed.status_code, needed.json()) == (401, {"otp_token": ["Please enter your OTP token."]})
    assert v2.post("/jwt-create/", json=ACCOUNT | {"otp_token": "000000x"}).status_code == 401
    code = one_time_code(secret, sandbox.clock.now())
    assert v2.post("/jwt-create/", json=ACCOUNT | {"otp_token": code}).status_code == 200
    once = ACCOUNT | {"backup_token": backups[0]}
    assert [v2.post("/jwt-create/", json=once).status_code for _ in range(2)] == [200, 401]
    assert v2.delete("/mfa-disable/").status_code == 204
    assert v2.post("/jwt-create/", json=ACCOUNT).status_code == 200


def test_keys_are_made_named_and_revoked(sandbox, v2):
    made = v2.post("/user-api-keys/", json={"name": "sequencer"}).json()
    assert with_auth(sandbox, f"Api-Key {made['key']}").status_code == 200
    place = f"/user-api-keys/{made['id']}"
    assert v2.patch(place, json={"revoked": True}).json()["revoked"]
    assert with_auth(sandbox, f"Api-Key {made['key']}").status_code == 401
    assert v2.patch(place, json={"revoked": False}).status_code == 400
    rows = v2.get("/user-api-keys/").json()["results"]
    assert [(r["name"], r["revoked"]) for r in rows] == [("first", False), ("sequencer", True)]
    assert made["key"] not in v2.get("/user-api-keys/").text


def test_account_and_settings(v2):
    assert v2.patch("/user/", json={"name": "Ada"}).json()["name"] == v2.get("/user/").json()["name"] == "Ada"
    assert v2.patch("/organization/", json={"name": "Lab"}).json()["name"] == "Lab"
    assert v2.get("/organization-users/", params={"search": "ADA"}).json()["meta"]["count"] == 1
    assert v2.get("/organization-users/", params={"search": "nobody"}).json()["meta"]["count"] == 0
    v2.patch("/user-config/", json={"theme": "dark"})
    assert v2.patch("/user-config/", json={"rows": 50}).json() == {"theme": "dark", "rows": 50}
    assert v2.get("/user-config/").json() == {"theme": "dark", "rows": 50}
    user = v2.get("/user/").json()["id"]
    assert v2.get(f"/user-projects/{user}").json()["meta"]["count"] == 6
    for kind in ("organization", "project"):
        assert v2.get(f"/roles/{kind}").json()["meta"]["count"] > 0


def test_sharing(v2, project):
    herd = project("Herd 17, Angus")["id"]
    body = {"project": herd, "share_level": "viewer", "shared_with_user_emails": ["a@example.org"]}
    made = v2.post("/project-shares/", json=body).json()
    assert made["last_status"]["status"] == "shared"
    assert v2.post(f"/project-share-revoke/{made['id']}", json={"id": made["id"]}).status_code == 201
    assert v2.get(f"/project-shares/{made['id']}").json()["last_status"]["status"] == "revoked"
    assert v2.get("/project-shares/").json()["meta"]["count"] == 1
    assert v2.post("/project-shares/", json=body | {"share_level": "king"}).status_code == 400
    assert v2.get(f"/project-users/{herd}").json()["meta"]["count"] == 1
    assert v2.post("/project-share-exit/", json={"project_ids": [herd]}).status_code == 200
    assert v2.post("/project-share-exit/", json={"project_ids": [herd]}).status_code == 400
