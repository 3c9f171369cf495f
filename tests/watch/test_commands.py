"""``watch`` and ``rules`` as typed."""

import json
import sqlite3

import pytest
from click.testing import CliRunner

from gencove_tui.cli import cli
from gencove_tui.engine.watch import dry_run
from gencove_tui.engine.watch.folder_lock import FolderLock
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import GncvPath
from gencove_tui.store.ledger import LEDGER_NAME, Ledger
from gencove_tui.store.schema import LEDGER
from tests.watch.conftest import PLACE, RUN, terms


@pytest.fixture
def run(environment):
    def invoke(*arguments, code=0):
        result = CliRunner(env=environment).invoke(cli, list(map(str, arguments)))
        assert result.exit_code == code, result.output
        return result.output

    return invoke


def lines(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_a_dry_run_says_what_would_be_taken_and_why_not_the_rest(run, folder, ledger):
    write_pair(folder, "A", 1, 20, seed=1)
    write_pair(folder / RUN, "B", 2, 20, seed=2)
    for name in ("x_I1.fastq.gz", "raw.fastq", "c.fastq.ora", "empty_R1.fastq.gz"):
        (folder / name).touch()
    found = {line["path"]: line for line in lines(run("watch", folder, PLACE, "--dry-run", "--json"))}
    assert found["A_S1_L001_R1_001.fastq.gz"]["remote"] == PLACE + "A_S1_L001_R1_001.fastq.gz"
    for path, reason in {
        f"{RUN}/B_S2_L001_R1_001.fastq.gz": "marker",
        "x_I1.fastq.gz": "index",
        "raw.fastq": "not compressed",
        "c.fastq.ora": "ORA",
        "empty_R1.fastq.gz": "empty",
    }.items():
        assert found[path]["remote"] is None
        assert reason in found[path]["reason"]
    assert "take   A_S1" in run("watch", folder, PLACE, "--dry-run")
    assert ledger.rules.all() == []


def test_a_dry_run_of_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputProblem, match="Can't look into") as raised:
        dry_run(terms(tmp_path / "nowhere"))
    assert raised.value.why == "the folder isn't there"


def test_rules_are_added_listed_shown_switched_checked_and_removed(run, folder, ledger):
    write_pair(folder, "P_1", 1, 20, seed=1)
    write_pair(folder, "P_2", 2, 20, seed=2)
    run(
        "rules",
        "add",
        "lab",
        folder,
        "gncv://{run}/",
        "--include",
        "*",
        "--exclude",
        "*_I1_*",
        "--settle",
        "60",
    )
    rule = ledger.rules.named("lab")
    assert (rule.files, rule.settle, rule.network_settle) == (("*", "!*_I1_*"), 60, 60)
    assert "lab" in run("rules", "list")
    assert lines(run("rules", "list", "--json"))[0]["destination"] == "gncv://{run}/"
    run("rules", "pause", "lab")
    assert not ledger.rules.named("lab").active
    assert "paused" in run("rules", "show", "lab")
    run("rules", "resume", "lab")
    assert lines(run("rules", "show", "lab", "--json"))[0]["waits"] == []
    assert "hyphens" in run("rules", "check", "lab")
    run("rules", "hyphens", "lab")
    assert "take   P_1" in run("rules", "check", "lab")
    run("rules", "remove", "lab")
    assert ledger.rules.all() == []
    assert "no watch rule" in run("rules", "show", "lab", code=2)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [("--settle", "-1", "settle_seconds"), ("--metadata", "{", "not JSON"), ("--name", "a b", "can't name")],
)
def test_what_was_typed_wrong_is_named(run, folder, option, value, expected):
    assert expected in run("watch", folder, PLACE, "--headless", option, value, code=2)


def test_a_headless_rule_is_gone_when_its_command_ends(run, folder, ledger, sandbox):
    pair = write_pair(folder, "A", 1, 20, seed=1)
    output = run("watch", folder, PLACE, "--headless", "--once", "--json")
    assert {line["event"] for line in lines(output)} >= {"watch.seen", "watch.queued", "upload.done"}
    assert ledger.rules.all() == []
    assert sandbox.upload_bytes(PLACE + pair[0].name) == pair[0].read_bytes()


def test_what_was_left_is_said_at_the_end(run, folder):
    for number in (1, 2):
        write_pair(folder, f"P_{number}", number, 20, seed=number)
    assert "hyphens" in run("watch", folder, PLACE, "--headless", "--once", code=3)


def test_a_folder_that_another_engine_watches_is_refused(run, folder, settings):
    theirs = FolderLock(str(folder), settings.where.state / "elsewhere")
    assert theirs.take()
    assert "another engine" in run("watch", folder, PLACE, "--headless", "--once", code=1)
    theirs.release()


def test_a_lock_moves_to_the_folder_that_took_the_name(folder, tmp_path):
    lock = FolderLock(str(folder), tmp_path / "locks")
    assert lock.take()
    folder.rename(tmp_path / "old")
    folder.mkdir()
    assert lock.take()
    assert not FolderLock(str(folder), tmp_path / "others").take()
    lock.release()


def test_rules_and_files_of_the_first_version_come_along(tmp_path):
    path = tmp_path / LEDGER_NAME
    with sqlite3.connect(path) as old:
        old.executescript(LEDGER[0])
        old.execute(
            "INSERT INTO rules (folder, destination, include, exclude, settle) VALUES (?, ?, ?, ?, 7)",
            (b"/data/run", "gncv://a/", '["*"]', '["x*"]'),
        )
        old.execute(
            "INSERT INTO transfers (direction, local_path, remote, state, rule_id, created)"
            " VALUES ('upload', x'2f61', 'gncv://a/a', 'done', 1, 0)"
        )
        old.execute("INSERT INTO watched_files VALUES (1, x'2f61', 5, 6, 7, 'queued', '', 1, 0)")
        old.execute("PRAGMA user_version=1")
    old.close()
    with Ledger(tmp_path) as ledger:
        rule = ledger.rules.get(1)
        assert (rule.folder, rule.destination, rule.settle) == ("/data/run", GncvPath("gncv://a/"), 7)
        assert rule.files == ("*", "!x*")
        assert ledger.rules.counts(1) == {"uploaded": 1}
        assert ledger.transfers.get(1).rule_id == 1
        assert ledger.rules.put("/b", GncvPath("gncv://b/"), settle=1) == 2


def test_the_rules_of_the_ledger_are_shown_and_go_on_where_the_file_is_broken(run, folder, ledger, settings):
    run("rules", "add", "lab", folder, "gncv://a/", "--settle", "60", "--project", "p1")
    config = settings.where.config_file
    config.write_text(config.read_text().replace("project =", "projekt ="))
    output = run("rules", "list")
    assert "lab" in output
    assert "stay as they were" in output
    assert "lab" in run("loop", "status", code=3)
    assert "projekt" in run("rules", "add", "lab", folder, "gncv://a/", code=2)
    assert ledger.rules.named("lab").project == "p1"


def test_the_audit_log_tells_who_changed_a_rule(run, folder, ledger):
    run("rules", "add", "lab", folder, "gncv://a/")
    run("rules", "add", "lab", folder, "gncv://a/", "--project", "p1")
    run("rules", "hyphens", "lab")
    run("rules", "remove", "lab")
    told = [entry for entry in ledger.audit.entries() if entry.act == "rule"]
    assert [entry.detail for entry in told] == [
        "lab made", "lab changed: project", "lab changed: hyphens", "lab removed"
    ]  # fmt: skip
    assert told[1].project_id == "p1"
    assert all("@" in entry.who for entry in told)


def test_a_rule_that_is_written_anew_says_what_it_no_longer_has(run, folder):
    run("rules", "add", "lab", folder, "gncv://a/", "--project", "p1", "--merge-lanes")
    output = run("rules", "add", "lab", folder, "gncv://a/")
    assert "project is at its default" in output
    assert "merge_lanes is at its default" in output


def test_the_name_of_a_lasting_rule_is_not_borrowed(run, folder, ledger):
    run("rules", "add", "lab", folder, "gncv://a/")
    assert "--name lab is taken" in run(
        "watch", folder, "gncv://a/", "--headless", "--once", "--name", "lab", code=2
    )
    assert ledger.rules.named("lab").from_file


def test_one_engine_may_know_a_folder_by_two_names(folder, tmp_path):
    (tmp_path / "alias").symlink_to(folder)
    held = {}
    one, two = (FolderLock(str(path), tmp_path / "locks", held) for path in (folder, tmp_path / "alias"))
    assert one.take()
    assert two.take()
    one.release()
    assert two.take()
    assert not FolderLock(str(folder), tmp_path / "others").take()
    two.release()


def test_samples_that_failed_or_need_somebody_count_at_the_end(run, folder, ledger, monkeypatch):
    write_pair(folder, "A", 1, 20, seed=1)[1].unlink()
    output = run("watch", folder, PLACE, "--headless", "--once", "--project", "p1", code=3)
    assert "1 in the upload area, 0 failed" in output
    assert "samples: 1 waits for its mate" in output
    assert "left: A: waits for its mate" in output
