"""``gencove-tui doctor``: what is in the way is found and said, and no key is shown."""

import json
import time
from email.utils import formatdate

import pytest
from click.testing import CliRunner

from gencove_tui.cli import cli, doctor
from gencove_tui.config import HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE
from tests.dialects import BOTH


@pytest.fixture(params=BOTH)
def dialect(request):
    """The two are asked in other ways."""
    return request.param


@pytest.fixture
def examined(environment, monkeypatch):
    """The findings of one run, by what they are about, and its exit code."""

    def run(*arguments):
        for name in (HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE):
            if name in environment:
                monkeypatch.setenv(name, environment[name])
        result = CliRunner().invoke(cli, ["doctor", "--json", *arguments])
        found = [json.loads(line) for line in result.stdout.splitlines()]
        return {finding["about"]: finding for finding in found}, result.exit_code, result.output

    return run


def test_all_is_well_and_no_key_is_shown(examined, sandbox, dialect):
    found, code, text = examined()
    assert code == 0, text
    assert {"program", "profile", "state", "downloads", "key", "Gencove", "uploads", "store"} <= set(found)
    assert {finding["state"] for finding in found.values()} <= {"ok", "warning"}
    assert f"API {dialect}" in found["Gencove"]["words"]
    assert sandbox.s3_endpoint in found["store"]["words"]
    assert sandbox.api_key not in text


def test_a_refused_key_is_said_with_what_to_do(examined, sandbox):
    sandbox.faults.set("401")
    found, code, _ = examined()
    assert code == doctor.SOME_FAILED
    assert found["Gencove"]["state"] == "failed"
    assert "login" in found["Gencove"]["remedy"]


def test_a_host_that_is_away_is_told_apart_from_a_store_that_is(examined, environment, sandbox, tmp_path):
    config = tmp_path / "app" / "config" / "config.toml"
    config.write_text(config.read_text().replace(sandbox.s3_endpoint, "http://127.0.0.1:1"))
    found, code, _ = examined()
    assert code == doctor.SOME_FAILED
    assert found["Gencove"]["state"] == "ok"
    assert found["store"]["state"] == "failed"
    assert "http://127.0.0.1:1" in found["store"]["words"]


def test_a_clock_that_is_off_is_noticed(examined, monkeypatch):
    hour_ago = formatdate(time.time() - 3600)
    monkeypatch.setattr(doctor, "parsedate_to_datetime", _parsed(hour_ago))
    found, code, _ = examined()
    assert code == doctor.SOME_FAILED
    assert "ahead of" in found["clock"]["words"]


def _parsed(text):
    from email.utils import parsedate_to_datetime

    return lambda _: parsedate_to_datetime(text)


def test_a_local_gencove_without_a_store_is_said_before_anything_goes_astray(examined, sandbox, tmp_path):
    config = tmp_path / "app" / "config" / "config.toml"
    config.write_text(config.read_text().replace(f"s3_endpoint = '{sandbox.s3_endpoint}'\n", ""))
    found, code, _ = examined()
    assert code == doctor.SOME_FAILED
    assert "s3_endpoint" in found["store"]["remedy"]


def test_a_folder_that_can_not_be_written_is_said(examined, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda place, _: "downloads" not in str(place))
    (tmp_path / "downloads").mkdir()
    found, code, _ = examined()
    assert code == doctor.SOME_FAILED
    assert found["downloads"]["state"] == "failed"
