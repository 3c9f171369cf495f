"""File names: what they say here and what Gencove would make of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencove_tui.fastq.names import (
    FastqName,
    Form,
    client_id,
    gencove_client_id,
    gencove_read,
    is_fastq,
    is_index_read,
    is_undetermined,
    parse_name,
    temporary_name,
    why_not,
)


@pytest.mark.parametrize(
    ("name", "sample", "s_number", "lane", "read", "segment", "form"),
    [
        ("NA12878_S1_L001_R1_001.fastq.gz", "NA12878", 1, 1, "R1", 1, Form.ILLUMINA),
        ("P1_A01_S12_R2_001.fastq.gz", "P1_A01", 12, None, "R2", 1, Form.ILLUMINA),
        ("Undetermined_S0_L002_R1_001.fastq.gz", "Undetermined", 0, 2, "R1", 1, Form.ILLUMINA),
        ("S1_S1_L001_I1_001.fastq.gz", "S1", 1, 1, "I1", 1, Form.ILLUMINA),
        ("A_R1_R1.fastq.gz", "A_R1", None, None, "R1", None, Form.SHORT),
        ("A_S1_L001_R1_002.fastq.gz", "A", 1, 1, "R1", 2, Form.ILLUMINA),
        ("A-1_S3_R1_001.fastq.gz", "A-1", 3, None, "R1", 1, Form.ILLUMINA),
        ("Blood_S4_L000_R2.fastq.gz", "Blood", 4, 0, "R2", None, Form.ILLUMINA),
        ("umi_S2_L003_R3_001.fastq.gz", "umi", 2, 3, "R3", 1, Form.ILLUMINA),
        ("SAMPLE3_R1_L001.fastq.gz", "SAMPLE3", None, 1, "R1", None, Form.ILLUMINA),
        ("SAMPLE1_R2.FASTQ.GZ", "SAMPLE1", None, None, "R2", None, Form.SHORT),
        ("x.y_r1.fq.bgz", "x.y", None, None, "R1", None, Form.SHORT),
        ("V350012_L01_23_2.fq.gz", "V350012_L01_23", None, None, "R2", None, Form.NUMBERED),
        ("lib.R1.fastq.gz", "lib", None, None, "R1", None, Form.DOTTED),
        ("lib_F.fastq.gz", "lib", None, None, "R1", None, Form.DIRECTION),
        ("lib_r.fastq.gz", "lib", None, None, "R2", None, Form.DIRECTION),
        ("run/Project_S1_R2/A_S1_S2_R1_001.fq.gz", "A_S1", 2, None, "R1", 1, Form.ILLUMINA),
    ],
)
def test_known_forms(
    name: str,
    sample: str,
    s_number: int | None,
    lane: int | None,
    read: str,
    segment: int | None,
    form: Form,
) -> None:
    parsed = parse_name(name)
    assert parsed is not None
    assert (parsed.sample, parsed.s_number, parsed.lane) == (sample, s_number, lane)
    assert (parsed.read, parsed.segment, parsed.form) == (read, segment, form)
    assert name.endswith(parsed.suffix)


@pytest.mark.parametrize(
    "name",
    [
        "sample.fastq.gz",
        "_R1.fastq.gz",
        ".fastq.gz",
        "A_R1.fastq",
        "A_R4.fastq.gz",
        "A_1.txt",
        "",
        "A_R1\n.fastq.gz",
    ],
)
def test_names_that_tell_no_read(name: str) -> None:
    assert parse_name(name) is None


sample_ids = st.text(alphabet=st.sampled_from("abXYZ019-._ åR"), min_size=1, max_size=12).filter(
    lambda text: not text.endswith("_")
)


@given(
    sample=sample_ids,
    s_number=st.integers(0, 9999),
    lane=st.none() | st.integers(0, 999),
    read=st.sampled_from(["R1", "R2", "R3", "I1", "I2"]),
    segment=st.none() | st.integers(0, 999),
    suffix=st.sampled_from([".fastq.gz", ".fq.gz", ".fastq.bgz", ".Fq.bGz"]),
)
def test_names_round_trip(
    sample: str, s_number: int, lane: int | None, read: str, segment: int | None, suffix: str
) -> None:
    """Whatever the sample id looks like, the parts after its S number come back as they were written."""
    name = f"{sample}_S{s_number}"
    name += "" if lane is None else f"_L{lane:03}"
    name += f"_{read}" + ("" if segment is None else f"_{segment:03}") + suffix
    assert parse_name(name) == FastqName(
        sample=sample,
        s_number=s_number,
        lane=lane,
        read=read,
        segment=segment,
        suffix=suffix,
        form=Form.ILLUMINA,
    )


@given(st.text(max_size=40))
def test_no_name_is_too_odd(name: str) -> None:
    for text in (name, f"{name}.fastq.gz", f"{name}_R1.fastq.gz"):
        parsed = parse_name(text)
        assert parsed is None or parsed.sample
        temporary_name(text)
        gencove_client_id(text)
        gencove_read(text)
        assert why_not(text) or is_fastq(text)


def test_what_is_a_fastq() -> None:
    for name in ("a.fastq.gz", "a.FASTQ.GZ", "dir/a.fq.bgz", "a.b.fq.gz"):
        assert is_fastq(name)
        assert why_not(name) == ""
    for name in ("a.fastq", "a.gz", "a.fastq.gz.part", ".fastq.gz", "a.fastq.ora"):
        assert not is_fastq(name)
        assert why_not(name)
    assert "ORA" in why_not("a.fastq.ora")
    assert "not compressed" in why_not("a.fq")


@pytest.mark.parametrize(
    "name",
    [
        ".A_R1.fastq.gz.x8Dq2a",
        ".syncthing.A_R1.fastq.gz.tmp",
        "~syncthing~A_R1.fastq.gz.tmp",
        "A_R1.fastq.gz~",
        "A_R1.fastq.gz.tmp",
        "A_R1.fastq.gz.part",
        "A_R1.fastq.gz.partial",
        "A_R1.fastq.gz.FilePart",
        "A_R1.fastq.gz.crdownload",
        "run/.A_R1.fastq.gz",
    ],
)
def test_temporary_names(name: str) -> None:
    assert temporary_name(name)
    assert why_not(name)


def test_a_finished_name_is_not_temporary() -> None:
    assert not temporary_name("~run/part_R1.fastq.gz")


def test_index_and_undetermined() -> None:
    index = parse_name("A_S1_L001_I2_001.fastq.gz")
    lost = parse_name("Undetermined_S0_R1_001.fastq.gz")
    plain = parse_name("A_S1_R1_001.fastq.gz")
    assert index
    assert lost
    assert plain
    assert is_index_read(index)
    assert not is_index_read(plain)
    assert is_undetermined(lost)
    assert not is_undetermined(plain)


def test_what_gencove_takes() -> None:
    assert gencove_client_id("P1_A01_S12_L001_R1_001.fastq.gz") == "P1"
    assert gencove_client_id("gncv/x/SAMPLE3_R1_L001.fastq.gz") == "SAMPLE3"
    assert gencove_client_id("lonely.fastq.gz") == "lonely"
    assert gencove_read("P1_A01_S12_L001_R2_001.fastq.gz") == "R2"
    assert gencove_read("V350_L01_23_2.fq.gz") == ""
    assert gencove_read("A_R1_S1_R2_001.fastq.gz") == ""
    assert client_id("P1_A01") == "P1-A01"


@given(sample_ids)
def test_a_mapped_id_reaches_gencove_whole(sample: str) -> None:
    name = f"{client_id(sample)}_R1.fastq.gz"
    assert gencove_client_id(name) == client_id(sample)
    assert gencove_read(name) == "R1"
