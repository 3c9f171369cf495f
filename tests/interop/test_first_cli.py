"""The first official client (1.0.1), which speaks v1 and uploads through the AWS command line."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gencove_tui.fastq.generate import write_pair

from .conftest import install

pytestmark = [pytest.mark.interop, pytest.mark.long, pytest.mark.timeout(900)]

FIRST = "1.0.1"


@pytest.fixture(scope="session")
def first(request) -> Path:
    """Its executable, next to that of awscli; ``$GENCOVE_V1_CLI`` names one that is installed already."""
    given = os.environ.get("GENCOVE_V1_CLI")
    if given:
        return Path(given)
    folder = request.config.cache.mkdir(f"gencove-{FIRST}-py{sys.version_info.minor}")
    return install(folder, f"gencove=={FIRST}", "awscli") / "gencove"


@pytest.fixture
def run(first, sandbox, tmp_path):
    def run(*words: object) -> str:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GENCOVE_", "AWS_"))}
        environment = kept | {
            "GENCOVE_HOST": sandbox.host,
            "GENCOVE_API_KEY": sandbox.api_key,
            "AWS_ENDPOINT_URL_S3": sandbox.s3_endpoint,
            "PATH": f"{first.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
        }
        result = subprocess.run(
            [first, *map(str, words)], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run


@pytest.fixture
def trio(sandbox) -> int:
    with sandbox.state.lock:
        return next(p.number for p in sandbox.state.projects.values() if p.name == "Trio validation")


def test_raw_data_as_csv_and_json(run, trio, tmp_path):
    (tmp_path / "ids").write_text("NA12878\nnobody\n")
    run("project", "raw_data", trio, "ids", "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["external_id"] for row in found] == ["NA12878"]
    assert httpx.get(found[0]["vcf_url_s3"]).status_code == 200
    (tmp_path / "numbers").write_text(found[0]["sample_id"])
    run("project", "raw_data", trio, "numbers", "out.json", "--id-type", "sample", "--output-format", "json")
    rows = json.loads((tmp_path / "out.json").read_text())
    assert [str(row["sample_id"]) for row in rows] == [found[0]["sample_id"]]
    (tmp_path / "none").write_text("\n")
    run("project", "raw_data", trio, "none", "all.json", "--output-format", "json")
    assert len(json.loads((tmp_path / "all.json").read_text())) >= 3


def test_the_upload_area(run, sandbox, tmp_path):
    write_pair(tmp_path / "fastq", "FIRST", 1, 200, seed=1)
    files = {path.name: path.read_bytes() for path in (tmp_path / "fastq").iterdir()}
    sandbox.faults.set("backoff=1@1")
    run("upload", "sync", "fastq", "gncv://first/")
    for name, data in files.items():
        assert sandbox.upload_bytes(f"gncv://first/{name}") == data
    name = min(files)
    run("upload", "cp", f"fastq/{name}", "gncv://first/copy_R1.fastq.gz")
    listed = run("upload", "ls", "gncv://first/")
    assert {line.split()[-1] for line in listed.splitlines() if line} >= {*files, "copy_R1.fastq.gz"}
    run("upload", "rm", "gncv://first/copy_R1.fastq.gz")
    assert sandbox.upload_bytes("gncv://first/copy_R1.fastq.gz") is None
    assert "copy_R1" not in run("upload", "ls", "gncv://first/")
