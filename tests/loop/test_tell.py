"""What is told: status file, audit log and its export, and how long events are kept."""

import csv
import io
import json
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gencove_tui.cli import cli
from gencove_tui.engine import disks
from gencove_tui.engine.disks import Disks
from gencove_tui.engine.loop import status as status_module
from gencove_tui.engine.loop.export import as_csv, as_json, moment_from
from gencove_tui.engine.loop.status import StatusFile, status_path
from gencove_tui.engine.loop.words import loop_view
from gencove_tui.engine.mounts import Mount, mounts
from gencove_tui.errors import InputProblem
from gencove_tui.model import LoopState
from tests.loop.conftest import put_rule, uploaded
from tests.waiting import until_blocking


@pytest.fixture
def dialect():
    return "v2"


@pytest.fixture
def status(ledger, settings, rule, wants, tmp_path):
    """Writes and reads the rule's status file."""
    file = StatusFile(
        ledger,
        Disks(),
        settings.state_folder,
        ledger.rules.get(rule),
        wants(project_id="p", status_file=str(tmp_path / "out" / "status.json")),
    )

    def read(**how):
        file.write(**how)
        own = status_path(settings.state_folder, rule).read_text()
        assert (tmp_path / "out" / "status.json").read_text() == own
        return json.loads(own)

    return read


def test_the_status_file_says_what_is_done_and_waited_for(status, ledger, sandbox, rule):
    assert status()["state"] == "ok"
    number = uploaded(sandbox, ledger, rule, "A")
    uploaded(sandbox, ledger, rule, "B", state=LoopState.DELIVERED)
    found = status()
    assert (found["samples"]["ready"], found["samples"]["delivered"]) == (1, 1)
    assert [waits["client_id"] for waits in found["waits_for"]] == ["A"]
    ledger.loop.move([number], LoopState.HELD, reason="look at it", remedy="do this")
    found = status()
    assert found["state"] == "attention"
    assert found["waits_for"][0]["reason"] == "look at it"
    ledger.loop.set_problem(rule, "the project is gone", "name another")
    found = status()
    assert (found["state"], found["text"], found["remedy"]) == (
        "problem",
        "the project is gone",
        "name another",
    )
    assert status(running=False)["state"] == "stopped"
    ledger.rules.set_active(rule, False)
    assert status()["state"] == "paused"


def test_a_status_file_that_can_not_be_written_stops_nothing(ledger, settings, rule, wants, tmp_path):
    (tmp_path / "file").write_text("")
    wanted = wants(status_file=str(tmp_path / "file" / "status.json"))
    StatusFile(ledger, Disks(), settings.state_folder, ledger.rules.get(rule), wanted).write()
    assert status_path(settings.state_folder, rule).exists()


def test_a_status_file_on_a_disk_that_hangs_holds_up_nobody(
    ledger, settings, rule, wants, tmp_path, monkeypatch
):
    place = tmp_path / "lab" / "status.json"
    monkeypatch.setattr(disks, "mounts", lambda: [*mounts(), Mount(str(place.parent), "0:99", "nfs4")])
    back, begun, real = threading.Event(), [], status_module.replace

    def hanging(path, body):
        if path == place:
            assert threading.current_thread() is not threading.main_thread()
            begun.append(path)
            back.wait()
        real(path, body)

    monkeypatch.setattr(status_module, "replace", hanging)
    file = StatusFile(
        ledger, Disks(), settings.state_folder, ledger.rules.get(rule), wants(status_file=str(place))
    )
    own = status_path(settings.state_folder, rule)
    for problem in ("one", "two", "three"):
        ledger.loop.set_problem(rule, problem)
        file.write()
        assert json.loads(own.read_text())["text"] == problem
    until_blocking(lambda: begun, "the writing")
    assert len(begun) == 1
    back.set()
    until_blocking(lambda: file.write() or (place.exists() and "three" in place.read_text()), "the newest")


def test_a_rule_in_one_line(ledger, sandbox, rule):
    assert loop_view(ledger, rule).text == "no samples yet"
    uploaded(sandbox, ledger, rule, "A", state=LoopState.ANALYSING)
    uploaded(sandbox, ledger, rule, "B", state=LoopState.DELIVERED)
    assert loop_view(ledger, rule).text == "1 being analysed, 1 delivered"
    for client_id in ("C", "D"):
        uploaded(sandbox, ledger, rule, client_id, state=LoopState.COLLECTING)
    assert loop_view(ledger, rule).text.startswith("2 wait for their mates, 1 being analysed")


@pytest.fixture
def audited(ledger, rule):
    ledger.audit.add(
        "upload",
        rule_id=rule,
        local_path="/run/" + os.fsdecode(b"\xff") + "_R1.fastq.gz",
        remote='gncv://lab/"a", b_R1.fastq.gz',
        bytes=12,
        checksum="crc32:AAAA",
        client_id="A",
    )
    ledger.audit.add("download", "failed", remote="B/b.vcf.gz", sample_id="s-2", detail="no disk")


def test_the_audit_log_goes_out_as_csv_and_json(ledger, audited):
    rows = list(csv.DictReader(io.StringIO("".join(as_csv(ledger.audit.entries())))))
    assert [(r["act"], r["outcome"], r["bytes"]) for r in rows] == [
        ("upload", "done", "12"),
        ("download", "failed", ""),
    ]
    assert rows[0]["remote"] == 'gncv://lab/"a", b_R1.fastq.gz'
    assert "@" in rows[0]["who"]
    assert rows[0]["profile"] == "default"
    same = json.loads("".join(as_json(ledger.audit.entries())))
    assert [r["detail"] for r in same] == ["", "no disk"]
    assert json.loads("".join(as_json(()))) == []


def test_the_audit_log_is_narrowed(ledger, audited, rule):
    def acts(**how):
        return [entry.act for entry in ledger.audit.entries(**how)]

    assert acts(rule_id=rule) == ["upload"]
    assert acts(act="download") == ["download"]
    assert acts(search="s-2") == ["download"]
    assert acts(since=datetime.now(UTC) + timedelta(hours=1)) == []
    assert acts(until=datetime.now(UTC) + timedelta(hours=1)) == ["upload", "download"]
    assert [entry.act for entry in ledger.audit.newest(5)] == ["download", "upload"]


def test_long_logs_are_read_whole(ledger):
    with ledger.write():
        for number in range(2100):
            ledger.audit.add("upload", remote=str(number))
    assert [e.remote for e in ledger.audit.entries()] == [str(n) for n in range(2100)]


@pytest.mark.parametrize("text", ["2026-03-01", "2026-03-01T08:00", "2026-03-01T08:00+02:00", "7d", "90m"])
def test_times_as_people_type_them(text):
    assert moment_from(text) < datetime.now(UTC)


def test_no_time_is_said():
    with pytest.raises(InputProblem, match="not a time"):
        moment_from("soon")


def test_the_command_exports_to_a_file_or_to_stdout(ledger, audited, rule, tmp_path):
    out = tmp_path / "audit.json"
    run = CliRunner().invoke(cli, ["audit", "export", "--json", "-o", str(out)])
    assert run.exit_code == 0, run.output
    assert len(json.loads(out.read_text())) == 2
    run = CliRunner().invoke(cli, ["audit", "export", "--rule", str(rule), "--since", "1h"])
    assert run.exit_code == 0, run.output
    assert len(run.output.splitlines()) == 2
    run = CliRunner().invoke(cli, ["audit", "export", "--rule", "no such"])
    assert run.exit_code == 2
    assert "no rule" in run.output


def test_the_command_tells_and_releases_samples(ledger, sandbox, rule, tmp_path):
    put_rule(ledger, tmp_path / "run", project="p")
    number = uploaded(sandbox, ledger, rule, "A", state=LoopState.HELD)
    ledger.loop.move([number], LoopState.HELD, reason="two files claim to be R1", remedy="Assign it by hand.")
    run = CliRunner().invoke(cli, ["loop", "status"])
    assert run.exit_code == 3
    assert "1 needs you" in run.output
    assert "held: A: two files claim to be R1. Assign it by hand." in run.output
    assert "[stopped]" in run.output  # no engine lives here
    run = CliRunner().invoke(cli, ["loop", "samples"])
    assert "A" in run.output
    assert CliRunner().invoke(cli, ["loop", "release", str(number)]).exit_code == 0
    assert ledger.loop.get(number).state is LoopState.READY
    assert CliRunner().invoke(cli, ["loop", "release", str(number)]).exit_code == 3


def test_events_are_forgotten_in_time_and_the_audit_log_is_not(ledger, audited):
    for number in range(30):
        ledger.events.add("x.y", str(number))
    assert ledger.events.prune(keep=10) == 20
    assert [e.message for e in ledger.events.newest(99)] == [str(n) for n in range(29, 19, -1)]
    last = ledger.events.last_id()
    assert ledger.events.prune(days=-1) == 9
    assert ledger.events.last_id() == last
    assert ledger.audit.count() == 2
