"""The copies of remote lists: trouble with their file reaches nobody, since they can be asked again."""

from __future__ import annotations

import sqlite3

import pytest

from gencove_tui.model import Project
from gencove_tui.store.cache import CACHE_NAME, Cache
from gencove_tui.store.database import DamagedFile
from gencove_tui.store.ledger import Ledger

WHEAT = (Project(id="1", name="Wheat"),)


def test_a_damaged_file_is_begun_anew(tmp_path):
    (tmp_path / CACHE_NAME).write_bytes(b"garbage" * 1000)
    Cache(tmp_path).put("projects", "", WHEAT)
    found = Cache(tmp_path).get("projects", "", Project)
    assert found is not None
    assert found[0] == WHEAT


def test_where_no_file_can_be_had_the_copies_live_as_long_as_the_process(tmp_path):
    (tmp_path / "taken").write_text("a file in the folder's place")
    cache = Cache(tmp_path / "taken")
    cache.put("projects", "", WHEAT)
    assert cache.get("projects", "", Project)[0] == WHEAT
    assert Cache(tmp_path / "taken").get("projects", "", Project) is None


def test_a_file_that_a_newer_version_wrote_is_left_to_it(tmp_path):
    Cache(tmp_path).put("projects", "", WHEAT)
    with sqlite3.connect(tmp_path / CACHE_NAME) as newer:
        newer.execute("PRAGMA user_version=999")
    assert Cache(tmp_path).get("projects", "", Project) is None
    with sqlite3.connect(tmp_path / CACHE_NAME) as newer:
        assert newer.execute("SELECT count(*) FROM lists").fetchone() == (1,)


def test_a_copy_that_cant_be_written_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("gencove_tui.store.database.BUSY_SECONDS", 0.05)
    cache = Cache(tmp_path)
    blocker = sqlite3.connect(tmp_path / CACHE_NAME, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    cache.put("projects", "", WHEAT)
    blocker.execute("ROLLBACK")
    assert cache.get("projects", "", Project) is None
    cache.put("projects", "", WHEAT)
    assert cache.get("projects", "", Project)[0] == WHEAT


def test_a_damaged_ledger_is_never_begun_anew_by_itself(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(DamagedFile, match="move it away"):
        Ledger(tmp_path)
    assert (tmp_path / "ledger.db").read_bytes() == b"garbage" * 1000


def test_lists_are_found_by_what_they_hold(tmp_path):
    cache = Cache(tmp_path)
    cache.put("projects", "a", WHEAT)
    cache.put("projects", "b", (Project(id="2", name='Rye 100% "_"'),))
    cache.put("samples", "c", WHEAT)
    assert [name for name, _ in cache.holding("projects", "wHEAT", Project, 9)] == ["a"]
    assert [name for name, _ in cache.holding("projects", "100%", Project, 9)] == ["b"]
    assert list(cache.holding("projects", "%", Project, 0)) == []
    assert [items for _, items in cache.holding("projects", "e", Project, 1)] == [
        (Project(id="2", name='Rye 100% "_"'),)  # the newest
    ]
