"""The audit log is searched the same way in view and on export: by words, in all that a line says."""

from __future__ import annotations

import pytest

from gencove_tui.store.ledger import Ledger


@pytest.fixture
def lines(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.audit.add("upload", local_path="/runs/S1_R1.fastq.gz", remote="gncv://run/S1_R1.fastq.gz")
        ledger.audit.add("assign", "failed", client_id="HG002", sample_id="abc", detail="Not enough credits")
        ledger.audit.add("download", local_path="/out/hg002.bam", remote="alignment-bam", client_id="HG002")
        yield ledger.audit


@pytest.mark.parametrize(
    ("search", "acts"),
    [
        ("", ["upload", "assign", "download"]),
        ("hg002", ["assign", "download"]),
        ("HG002 fail", ["assign"]),
        ("upload", ["upload"]),
        ("/runs/", ["upload"]),
        ("credits", ["assign"]),
        ("!HG002", ["upload"]),
        ("!hg002 bam", ["upload", "assign"]),
        ("!", ["upload", "assign", "download"]),
        ("100%", []),
    ],
)
def test_words_find_and_an_exclamation_mark_turns_it_round(lines, search, acts):
    assert [entry.act for entry in lines.entries(search=search)] == acts
    assert [entry.act for entry in lines.newest(10, search=search)] == acts[::-1]
