"""Which Gencove the first screen begins with: the key goes nowhere but to the host that was chosen."""

from __future__ import annotations

import pytest

from gencove_tui.cli.screen import _connect
from gencove_tui.config import HOME_VARIABLE, remember, resolve
from gencove_tui.tui.connect import ConnectApp, Doors


@pytest.fixture
def offered(monkeypatch, tmp_path):
    """The host that a first screen for a profile offers."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.delenv("GENCOVE_HOST", raising=False)
    monkeypatch.delenv("GENCOVE_API_KEY", raising=False)
    shown: list[Doors] = []
    monkeypatch.setattr(ConnectApp, "run", lambda self, **_: shown.append(self.doors))

    def look(profile: str, host: str | None = None, opened: str = "default") -> str:
        assert _connect(resolve(opened, host=host, may_be_new=True), profile) is None
        return shown[-1].host

    return look


def test_without_a_word_it_is_found_out(offered):
    assert offered("default") == ""


def test_a_host_that_was_named_is_the_one(offered, monkeypatch):
    assert offered("default", "http://127.0.0.1:8011") == "http://127.0.0.1:8011"
    monkeypatch.setenv("GENCOVE_HOST", "http://127.0.0.1:8012")
    assert offered("default") == "http://127.0.0.1:8012"


def test_another_profile_begins_with_its_own(offered, tmp_path):
    remember(resolve(may_be_new=True).where.config_file, "lab", host="http://127.0.0.1:8013")
    assert offered("lab", "http://127.0.0.1:8011") == "http://127.0.0.1:8013"
    assert offered("new", "http://127.0.0.1:8011") == ""
