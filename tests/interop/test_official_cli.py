"""The official client against the sandbox: what it can do there is what it does at Gencove."""

import csv
import hashlib
import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from gencove_tui.api.v2.client import GencoveV2
from gencove_tui.engine.document import metadata_file, qc_file
from gencove_tui.fastq.generate import write_pair
from gencove_tui.sandbox.hooks import sign
from tests.waiting import until_blocking

pytestmark = [pytest.mark.interop, pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def run(official, sandbox, tmp_path):
    """Run an official command in an empty folder; returns what it printed on standard output."""

    def run(*words: object, fails: bool = False, account: bool = False) -> str:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GENCOVE_", "AWS_"))}
        access = {"GENCOVE_API_KEY": sandbox.api_key}
        if account:
            access = {"GENCOVE_EMAIL": "lab@example.org", "GENCOVE_PASSWORD": "sandbox-password"}
        environment = (
            kept
            | access
            | {
                "GENCOVE_HOST": sandbox.host,
                "GENCOVE_LOCALSTACK_S3_ENDPOINT": sandbox.s3_endpoint,
                "HOME": str(tmp_path),
            }
        )
        result = subprocess.run(
            [official, *map(str, words)], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip
        assert bool(result.returncode) is fails, result.stdout + result.stderr
        return result.stdout + result.stderr if fails else result.stdout

    return run


@pytest.fixture
def project(sandbox):
    """The v2 id of a project of the demo."""

    def project(name: str) -> str:
        with sandbox.state.lock:
            return next(p.id for p in sandbox.state.projects.values() if p.name == name)

    return project


@pytest.fixture
def sample(sandbox):
    def sample(client_id: str) -> str:
        with sandbox.state.lock:
            found = (s for p in sandbox.state.projects.values() for s in p.samples.values())
            return next(s.id for s in found if s.client_id == client_id)

    return sample


def rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_projects_and_samples_are_listed(run, project):
    listed = rows(run("projects", "list"))
    assert {row[2] for row in listed} >= {"Trio validation", "Cardio cohort 2026"}
    assert {row[3] for row in listed} >= {"Human low-pass GRCh38 v3.2", "Canine trait panel"}
    samples = rows(run("projects", "list-samples", project("Cardio cohort 2026")))
    assert len(samples) == 23
    assert {row[3] for row in samples} == {"succeeded", "failed qc", "failed"}


def test_a_login_by_password_works_as_well(run, project):
    assert len(rows(run("projects", "list", account=True))) == 6


def test_a_wrong_key_is_refused(run):
    assert "ERROR" in run("projects", "list", "--api-key", "wrong", fails=True)


def test_a_folder_is_uploaded_assigned_and_analysed(run, sandbox, project, tmp_path):
    pairs = [write_pair(tmp_path / "fastq", name, n, 200, seed=n) for n, name in enumerate(("UP1", "UP2"), 1)]
    run("upload", tmp_path / "fastq", "gncv://official/", "--run-project-id", project("New study"))
    for path in (path for pair in pairs for path in pair):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert sandbox.upload_sha256(f"gncv://official/{path.name}") == digest

    def finished():
        listed = rows(run("projects", "list-samples", project("New study")))
        return {row[2] for row in listed if row[3] in ("succeeded", "failed qc")} >= {"UP1", "UP2"}

    until_blocking(finished, "the analysis of what was uploaded")
    assigned = run("uploads", "list", "--search", "gncv://official/", "--status", "assigned")
    assert assigned.count("gncv://official/") == 4
    sandbox.requests.clear()
    run("upload", tmp_path / "fastq", "gncv://official/")
    assert sandbox.requests.count("PUT", port="s3") == 0


def test_a_prefix_is_run(run, sandbox, project):
    run("projects", "run-prefix", project("New study"), "gncv://run-2026-11/CC-0025")
    with sandbox.state.lock:
        found = sandbox.account.uploads.sheet("assigned", "gncv://run-2026-11/CC-0025")
        assert [row.client_id for row in found] == ["CC-0025"]


def test_a_sample_is_downloaded_with_checksums(run, sample, tmp_path):
    wanted = sample("NA12878")
    run("download", "out", "--sample-ids", wanted, "--checksums")
    folder = tmp_path / "out" / "NA12878" / wanted
    listed = sorted(p.name.removeprefix(wanted) for p in folder.iterdir())
    assert {".bam", ".vcf.gz", "_R1.fastq.gz", "_qc.json", "_metadata.json"} <= set(listed)
    for path in folder.glob("*.sha256"):
        digest, name = path.read_text().split()
        assert hashlib.sha256((folder / name.lstrip("*")).read_bytes()).hexdigest() == digest
    some = tmp_path / "some"
    run("download", some, "--sample-ids", wanted, "--file-types", "impute-vcf", "--no-progress")
    assert [p.name for p in some.rglob("*") if p.is_file()] == [f"{wanted}.vcf.gz"]


async def test_documents_are_the_same_bytes_as_ours(run, sandbox, sample, tmp_path):
    wanted = sample("NA12878")
    run("samples", "set-metadata", wanted, "--json", '{"Ort": "Köln", "n": [1, null, 2.50]}')
    run("download", "out", "--sample-ids", wanted, "--file-types", "qc,metadata", "--no-progress")
    theirs = tmp_path / "out" / "NA12878" / wanted
    api = GencoveV2(sandbox.host, sandbox.api_key)
    try:
        quality = await api.quality.document(wanted)
        metadata = await api.sample_facts.metadata(wanted)
    finally:
        await api.aclose()
    assert qc_file(quality) == (theirs / f"{wanted}_qc.json").read_bytes()
    assert metadata_file(metadata) == (theirs / f"{wanted}_metadata.json").read_bytes()


def test_archived_samples_are_left_out(run, project, tmp_path):
    run("download", "out", "--project-id", project("Biobank pilot 2024"), "--file-types", "sex-json")
    assert len(list((tmp_path / "out").rglob("*.json"))) == 2


def test_file_types(run, project):
    assert {"impute-vcf", "qc", "metadata"} <= {row[0] for row in rows(run("file-types"))}
    some = run("file-types", "--project-id", project("Herd 17, Angus"))
    assert "kraken-report" in some
    assert "cnv-pdf" not in some


def test_reports(run, project, tmp_path):
    run("reports", "project-qc", project("Cardio cohort 2026"), "--output-filename", "qc.csv",
        "--columns", "client_id,snps_min")  # fmt: skip
    with (tmp_path / "qc.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 23
    run("reports", "monthly-usage", "--from", "2026-01", "--to", "2026-02", "--output-filename", "use.csv")
    assert len((tmp_path / "use.csv").read_text().splitlines()) == 3


def test_batches(run, project, tmp_path):
    herd = project("Herd 17, Angus")
    assert "illuminahd" in run("projects", "list-batch-types", herd)
    made = rows(run("projects", "create-batch", herd, "--batch-type", "illuminahd", "--batch-name", "June"))
    batch = made[0][0]
    until_blocking(lambda: f"{batch}\t" in run("projects", "list-batches", herd), "the batch to be listed")
    until_blocking(
        lambda: "succeeded" in next(r for r in rows(run("projects", "list-batches", herd)) if r[0] == batch),
        "the batch",
    )
    run("projects", "get-batch", batch, "--output-filename", "report.zip", "--no-progress")
    assert (tmp_path / "report.zip").read_bytes()[:2] == b"PK"


def test_the_merged_vcf(run, project, tmp_path):
    herd = project("Herd 17, Angus")
    run("projects", "create-merged-vcf", herd)
    until_blocking(lambda: "success" in run("projects", "status-merged-vcf", herd), "the merge")
    run("projects", "get-merged-vcf", herd, "--output-filename", "m.vcf.bgz", "--no-progress")
    assert (tmp_path / "m.vcf.bgz").read_bytes()[:2] == b"\x1f\x8b"
    run("projects", "get-jointcalled-vcf", herd, "--no-progress")
    run("projects", "get-reference-genome", project("Cardio cohort 2026"), "genome", "--no-progress")
    assert any((tmp_path / "genome").iterdir())


def test_hiding_metadata_and_restoring(run, sandbox, project, sample):
    cohort, one = project("Cardio cohort 2026"), sample("CC-0001")
    run("projects", "hide-samples", cohort, "--sample-ids", one)
    assert one not in run("projects", "list-samples", cohort)
    run("projects", "unhide-samples", cohort, "--sample-ids", one)
    assert one in run("projects", "list-samples", cohort)
    run("projects", "hide", cohort)
    assert cohort not in run("projects", "list")
    run("projects", "unhide", cohort)
    run("samples", "set-metadata", one, "--json", '{"seen": [1, null]}')
    assert json.loads(run("samples", "get-metadata", one)) == {"seen": [1, None]}
    run("projects", "restore-samples", project("Biobank pilot 2024"))
    until_blocking(
        lambda: "archived" not in run("projects", "list-samples", project("Biobank pilot 2024")),
        "the restore",
    )


def test_importing_copying_cancelling_and_deleting(run, project, sample):
    study, source = project("New study"), sample("AUS840003100")
    run("projects", "import-existing-samples", study, "--sample-ids", source)
    run("projects", "copy-existing-samples", study, "--sample-ids", source)
    listed = [r for r in rows(run("projects", "list-samples", study)) if r[2] == "AUS840003100"]
    assert len(listed) == 2
    run("projects", "delete-samples", study, "--sample-ids", ",".join(r[1] for r in listed))
    assert "AUS840003100" not in run("projects", "list-samples", study)
    assert "ERROR" in run("projects", "cancel-samples", study, "--sample-ids", source, fails=True)


def test_pipelines_and_a_new_project(run):
    pipeline = rows(run("projects", "list-pipelines"))[0][0]
    capability = rows(run("projects", "list-pipeline-capabilities", pipeline))[0][0]
    made = run("projects", "create", "official", capability)
    assert "official" in made
    listed = next(r for r in rows(run("projects", "list")) if r[2] == "official")
    run("projects", "delete", listed[1])
    assert "official" not in run("projects", "list")


def test_manifests_and_imports(run, sandbox, project, tmp_path):
    template = httpx.get(f"{sandbox.host}/api/v2/sample-manifests-csv-template/").content
    (tmp_path / "manifest.csv").write_bytes(template)
    study = project("New study")
    run("projects", "create-sample-manifest", study, tmp_path / "manifest.csv")
    (tmp_path / "manifests").mkdir()
    run("projects", "get-sample-manifests", study, "manifests")
    assert any(p.read_bytes() == template for p in (tmp_path / "manifests").rglob("*.csv"))
    assert "NovaSeq run 12" in run("basespace", "projects", "list")
    assert "BS-P1" in run("basespace", "biosamples", "list", "480002")
    run("basespace", "projects", "import", "480002", study)
    run("s3", "import", "s3://lab/run-9/", study)
    assert {"BS-P1", "run-9-1"} <= {r[2] for r in rows(run("projects", "list-samples", study))}
    run("s3", "autoimports", "create", study, "s3://lab/run-9/")
    assert "s3://lab/run-9/" in run("s3", "autoimports", "list")


def test_a_signature_is_verified(run):
    payload = '[{"event_id": "1"}]'
    run("webhooks", "verify", "secret", sign("secret", payload.encode(), 1_700_000_000), payload)
    run("webhooks", "verify", "other", sign("secret", payload.encode(), 1_700_000_000), payload, fails=True)


def test_the_client_survives_what_it_says_it_survives(run, sandbox, sample):
    wanted = sample("NA12891")
    sandbox.faults.set("429@1:/samples/", "maintenance@1:/projects/")
    run("download", "out", "--sample-ids", wanted, "--file-types", "sex-json", "--no-progress")
    assert "maintenance" in run("projects", "list", fails=True).lower()
    sandbox.faults.clear()


def test_the_sample_file(run, sample, tmp_path):
    target = Path(tmp_path / "traits.json")
    run("samples", "download-file", sample("NA12892"), "traits-json", target, "--no-progress")
    assert json.loads(target.read_text())["traits"]
