"""A dry run that knows what the rule has seen to before."""

import json
import os

import pytest
from click.testing import CliRunner

from gencove_tui.cli import cli
from gencove_tui.engine.watch import dry_run, recall
from gencove_tui.engine.watch.dry_run import Memory
from gencove_tui.engine.watch.look import Look, look_through
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import TransferState, WatchedFile
from tests.watch.conftest import PLACE, RUN, terms


@pytest.fixture
def rule(ledger, folder):
    return ledger.rules.get(ledger.rules.put_terms(terms(folder, settle=60.0), "lab"))


def note(ledger, rule, path, state="queued", **values):
    """Write that the rule has seen a file as it is now."""
    found = next(file for file in look_through(rule.folder).files if file.path == str(path))
    ledger.rules.put_file(
        WatchedFile(
            rule_id=rule.id,
            path=found.path,
            size=found.size,
            mtime_ns=found.mtime_ns,
            inode=found.inode,
            ctime_ns=found.ctime_ns,
            state=state,
            **values,
        )
    )


def upload(ledger, rule, path, state, **values):
    """Write that an upload of a file came to that."""
    number = ledger.transfers.add_upload(str(path), PLACE + path.name, path.stat().st_size, rule_id=rule.id)
    ledger.transfers.set_state(number, state, **values)
    note(ledger, rule, path, transfer_id=number)
    return number


def tried(ledger, rule, changed=None):
    result = dry_run(changed or rule, rule.name, recall(ledger, changed or rule, rule.name))
    return result, {file.path: file for file in result.files}


def test_it_tells_what_went_up_what_failed_and_what_is_on_its_way(ledger, rule, folder):
    done, there = write_pair(folder, "DONE", 1, 20, seed=1)
    failed, moving = write_pair(folder, "MORE", 2, 20, seed=2)
    given_up, cleared = write_pair(folder, "PAST", 3, 20, seed=3)
    write_pair(folder, "NEW", 4, 20, seed=4)
    upload(ledger, rule, done, TransferState.DONE)
    upload(ledger, rule, there, TransferState.SKIPPED)
    upload(ledger, rule, failed, TransferState.FAILED, problem="it is damaged", remedy="Copy it again.")
    upload(ledger, rule, moving, TransferState.RUNNING)
    upload(ledger, rule, given_up, TransferState.CANCELLED)
    upload(ledger, rule, cleared, TransferState.DONE)
    ledger.transfers.clear_finished()
    upload(ledger, rule, done, TransferState.DONE)
    upload(ledger, rule, failed, TransferState.FAILED, problem="it is damaged", remedy="Copy it again.")

    result, files = tried(ledger, rule)
    assert len(result.taken) == 2
    assert {file.path.split("_")[0] for file in result.taken} == {"NEW"}
    assert (files[done.name].deed, files[done.name].remote) == ("done", None)
    assert PLACE + done.name in files[done.name].reason
    assert files[cleared.name].deed == "done"
    assert (files[failed.name].deed, files[failed.name].remedy) == ("failed", "Copy it again.")
    assert "damaged" in files[failed.name].reason
    assert files[moving.name].deed == "going"
    assert "cancelled" in files[given_up.name].reason
    assert result.left == 1
    assert result.before == "3 done, 1 on the way, 1 failed"
    assert "60 s" in result.condition
    assert "read only then" in result.condition


def test_a_version_that_nobody_knows_counts_as_new(ledger, rule, folder):
    one, two = write_pair(folder, "A", 1, 20, seed=1)
    upload(ledger, rule, one, TransferState.DONE)
    upload(ledger, rule, two, TransferState.FAILED, problem="it is incomplete")
    one.write_bytes(one.read_bytes() + two.read_bytes())
    status = two.stat()
    two.write_bytes(two.read_bytes())
    os.utime(two, ns=(status.st_atime_ns, status.st_mtime_ns))  # as copiers do: only its ctime tells
    result, _ = tried(ledger, rule)
    assert [file.path for file in result.taken] == [one.name, two.name]
    assert result.before == ""


def test_another_shape_of_the_rule_doesnt_send_again_what_went_up(ledger, rule, folder):
    one, two = write_pair(folder, "A", 1, 20, seed=1)
    upload(ledger, rule, one, TransferState.DONE)
    _, files = tried(ledger, rule, terms(folder, files=("!*_R1_*",)))
    assert files[one.name].deed == "done"
    assert files[two.name].deed == "take"


def test_renamed_files_are_known(ledger, rule, folder):
    (folder / "runA").mkdir()
    one, two = write_pair(folder / "runA", "A", 1, 20, seed=1)
    for path in (one, two):
        upload(ledger, rule, path, TransferState.DONE)
    (folder / "runA").rename(folder / "runB")
    result, files = tried(ledger, rule)
    assert result.taken == ()
    assert "when it was called runA/" in files[f"runB/{one.name}"].reason


def test_what_waits_or_needs_somebody_keeps_its_reason(ledger, rule, folder):
    for number in (1, 2):
        write_pair(folder, f"P_{number}", number, 20, seed=number)
    _, before = tried(ledger, rule)
    held = next(iter(before.values()))
    for path in folder.iterdir():
        note(ledger, rule, path, "held", reason=before[path.name].reason, remedy=before[path.name].remedy)
    _, after = tried(ledger, rule)
    assert after == before
    assert (held.deed, "hyphens" in held.remedy) == ("leave", True)


def test_a_marker_shortens_what_is_waited_for(ledger, rule, folder):
    write_pair(folder / RUN, "B", 2, 20, seed=2)
    (folder / RUN / "Logs").mkdir()
    (folder / RUN / "Logs" / "FastqComplete.txt").touch()
    assert "30 s;" in tried(ledger, rule)[0].condition
    write_pair(folder, "A", 1, 20, seed=1)
    assert "60 s, or 30 s where a marker" in tried(ledger, rule)[0].condition


def test_a_paused_rule_and_an_emptied_folder_are_said(ledger, rule, folder):
    pair = write_pair(folder, "A", 1, 20, seed=1)
    for path in pair:
        note(ledger, rule, path, "settling")
        path.unlink()
    ledger.rules.set_active(rule.id, False)
    notices = " ".join(tried(ledger, rule)[0].notices)
    assert "empty all at once" in notices
    assert "paused" in notices


def test_nothing_is_remembered_of_a_rule_that_never_was(ledger, folder):
    assert recall(ledger, terms(folder), "other") == Memory()
    assert recall(ledger, terms(folder)) == Memory()


def test_after_a_run_the_commands_count_only_what_is_new(environment, folder, ledger):
    def run(*arguments, code=0):
        result = CliRunner(env=environment).invoke(cli, list(map(str, arguments)))
        assert result.exit_code == code, result.output
        return result.output

    one, two = write_pair(folder, "A", 1, 20, seed=1)
    damaged = folder / "BAD_S2_L001_R1_001.fastq.gz"
    damaged.write_bytes(b"no gzip at all, whatever its name says")
    run("watch", folder, PLACE, "--headless", "--once", "--settle", "0.2", code=3)
    write_pair(folder, "B", 3, 20, seed=3)
    output = run("watch", folder, PLACE, "--dry-run", "--settle", "5")
    assert "2 of 5 files would be taken, each once it has stood still for 5 s" in output
    assert f"done   {one.name}: it went up to {PLACE}{one.name}" in output
    assert f"failed {damaged.name}" in output
    assert "seen to before: 2 done, 1 failed" in output
    states = [
        json.loads(line) for line in run("watch", folder, PLACE, "--dry-run", "--json").splitlines()[:5]
    ]
    assert [line["state"] for line in states] == ["done", "done", "failed", "take", "take"]
    assert two.name in output
    assert ledger.rules.all() == []


def test_a_look_that_is_given_up_ends_at_once(folder):
    write_pair(folder, "A", 1, 20, seed=1)
    assert look_through(str(folder)).files
    assert look_through(str(folder), look=Look(given_up=True)).files == []
