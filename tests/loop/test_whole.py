"""From a FASTQ on disk to verified results on disk with no key pressed: one rule, one engine process."""

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gencove_tui.config import resolve
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import LoopState
from gencove_tui.sandbox import Sandbox
from gencove_tui.store.ledger import Ledger
from tests.dialects import both_dialects
from tests.loop.conftest import PLACE, PROJECT, put_rule, samples_of
from tests.waiting import until_blocking

pytestmark = pytest.mark.crash
RUN = "220102_A00001_0001_AHGV7DRXX"
CALLS = Path(RUN, "Data", "Intensities", "BaseCalls")
WANTED = {"v1": ("vcf", "bai"), "v2": ("impute-vcf", "alignment-bai")}
PIECES = 6


@pytest.fixture
def sandbox():
    with Sandbox(scenario="demo", speed=50) as running:
        yield running


def sequencer_files(elsewhere):
    """What a run leaves: two samples, and reads that nobody asked for; name → bytes."""
    named = {}
    for sample, number in (("NA1", 1), ("NA2", 2), ("Undetermined", 0)):
        for path in write_pair(elsewhere, sample, number, 400, seed=number):
            named[path.name] = path.read_bytes()
    named["NA1_S1_L001_I1_001.fastq.gz"] = named["NA1_S1_L001_R1_001.fastq.gz"]
    return named


def write_slowly(folder, named, meanwhile):
    """All files grow side by side, as they do while a run is converted."""
    folder.mkdir(parents=True)
    for piece in range(PIECES):
        for name, data in named.items():
            length = len(data) // PIECES + 1
            with (folder / name).open("ab") as file:
                file.write(data[piece * length : (piece + 1) * length])
        meanwhile()
        time.sleep(0.15)  # the sequencer's own pace


@both_dialects
def test_a_run_goes_all_the_way_by_itself(dialect, environment, sandbox, project, tmp_path):
    named = sequencer_files(tmp_path / "elsewhere")
    runs = tmp_path / "runs"
    (runs / RUN).mkdir(parents=True)
    (runs / RUN / "RunInfo.xml").write_text("<RunInfo/>")
    settings = resolve(environment=environment)
    with Ledger(settings.state_folder) as ledger:
        rule = put_rule(
            ledger,
            runs,
            project=project,
            metadata={"run": RUN},
            deliver=WANTED[dialect],
            deliver_to=str(tmp_path / "results"),
        )
        engine = subprocess.Popen([sys.executable, "-m", "gencove_tui", "engine"], env=environment)
        try:
            until_blocking(lambda: ledger.rules.scanned(rule), "the first look")
            write_slowly(runs / CALLS, named, meanwhile=lambda: no_transfer(ledger))
            (runs / RUN / "Logs").mkdir()
            (runs / RUN / "Logs" / "FastqComplete.txt").write_text("")
            if dialect == "v1":
                until_blocking(lambda: ledger.loop.counts(rule).get(LoopState.TO_ASSIGN) == 2, "the notice")
                sandbox.assign(PROJECT, PLACE)
            until_blocking(lambda: ledger.loop.counts(rule) == {LoopState.DELIVERED: 2}, "the results")
        finally:
            engine.terminate()
            engine.wait()

        right = {
            name: data for name, data in named.items() if "_I1_" not in name and not name.startswith("Undet")
        }
        with sandbox.state.lock:
            area = [u.path for u in sandbox.account.uploads.uploads.values() if u.path.startswith(PLACE)]
        assert sorted(path.rsplit("/", 1)[-1] for path in area) == sorted(right)
        for path in area:
            assert sandbox.upload_bytes(path) == right[path.rsplit("/", 1)[-1]]

        ours = {sample.client_id: sample for sample in ledger.loop.samples(rule)}
        for client_id, sample in ours.items():
            (theirs,) = samples_of(sandbox, client_id)
            assert sample.sample_id == (theirs.id if dialect == "v2" else str(theirs.number))
            assert {read.upload_id or read.name for read in sample.reads()} == (
                set(theirs.uploads.values()) if dialect == "v2" else {read.name for read in sample.reads()}
            )
            with sandbox.state.lock:
                right_sums = {file.content.sha256() for file in sandbox.state.sample_files(theirs)}
                metadata = theirs.metadata
            assert metadata == ({"run": RUN} if dialect == "v2" else None)
            for result in sample.results():
                digest = hashlib.sha256(Path(result.local_path).read_bytes()).hexdigest()
                assert digest in right_sums
                assert result.verified is (dialect == "v2")  # v1 knows no checksums

    told = audit(environment)
    assert [(line["act"], line["outcome"]) for line in told].count(("upload", "done")) == 4
    for line in told:
        assert line["profile"] == "default"
        assert "@" in line["who"]
        assert line["bytes"] > 0
        assert line["checksum"] or dialect == "v1"
    assert {line["remote"] for line in told if line["act"] == "assign"} == set(area)
    assert {line["sample_id"] for line in told if line["act"] != "upload"} == {
        sample.sample_id for sample in ours.values()
    }
    assert {line["local_path"] for line in told if line["act"] == "download"} == {
        result.local_path for sample in ours.values() for result in sample.results()
    }


def no_transfer(ledger):
    assert ledger.transfers.count() == 0, "nothing may go up while it is being written"


def audit(environment):
    """The audit log as its command exports it."""
    command = [sys.executable, "-m", "gencove_tui", "audit", "export", "--json"]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
