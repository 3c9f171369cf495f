"""Raw data without a screen."""

import csv
import io
import json

import pytest

from gencove_tui.api.v1_wire import RAW_DATA_COLUMNS
from tests.cli.test_commands import assert_clear_problem, run
from tests.dialects import both_dialects


@pytest.fixture
def project(sandbox, dialect):
    with sandbox.state.lock:
        found = next(p for p in sandbox.state.projects.values() if p.name.startswith("Trio"))
        samples = sandbox.state.samples(found)
        ids = [(str(s.number) if dialect == "v1" else s.id, s.client_id) for s in samples]
        return (str(found.number) if dialect == "v1" else found.id), ids


@both_dialects
def test_all_samples_go_to_stdout_in_the_documented_columns(environment, project):
    project_id, samples = project
    result = run("raw-data", project_id, environment=environment)
    assert result.returncode == 0, result.stderr
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert tuple(rows[0]) == RAW_DATA_COLUMNS
    assert {row[0] for row in rows[1:]} <= {client_id for _, client_id in samples}
    assert len(rows) > 3


def test_chosen_samples_as_json_into_a_private_file(environment, project, tmp_path):
    project_id, samples = project
    wanted = [client_id for _, client_id in samples if client_id.startswith("NA1287")]
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(wanted) + "\n\n")
    out = tmp_path / "out" / "raw.json"
    result = run(
        "raw-data", project_id, "--ids-from", ids, "--external", "--format", "json", "-o", out,
        environment=environment,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert out.stat().st_mode & 0o077 == 0
    assert [row["external_id"] for row in json.loads(out.read_text())] == wanted


def test_ids_that_match_nothing_are_bad_input(environment, project):
    result = run("raw-data", project[0], "--external", "nobody", environment=environment)
    assert_clear_problem(result, "no external id matches")
