"""Map files: the official format, and clear words where the official client stumbles."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencove_tui.errors import InputProblem
from gencove_tui.fastq.map_csv import parse_map

HEAD = "client_id,r_notation,path\n"


def test_rows_of_one_read_are_joined_in_order() -> None:
    entries = parse_map(
        (
            HEAD
            + "s1,R1,d/s1_L001_R1.fastq.gz\ns1,r2,d/s1_L001_R2.fastq.gz\n\n"
            + "s1,r1,d/s1_L002_R1.fastq.gz\ns1,R2,d/s1_L002_R2.fastq.gz\ns2,R1,x.fq.bgz\n"
        ).encode()
    )
    assert [(e.client_id, e.read, e.sources, e.line, e.name) for e in entries] == [
        ("s1", "R1", ("d/s1_L001_R1.fastq.gz", "d/s1_L002_R1.fastq.gz"), 2, "s1_R1.fastq.gz"),
        ("s1", "R2", ("d/s1_L001_R2.fastq.gz", "d/s1_L002_R2.fastq.gz"), 3, "s1_R2.fastq.gz"),
        ("s2", "R1", ("x.fq.bgz",), 7, "s2_R1.fastq.gz"),
    ]
    assert not any(e.is_url for e in entries)


def test_columns_by_name_with_bom_blanks_crlf_and_extras() -> None:
    content = b'\xef\xbb\xbf Path ,note,R_Notation,CLIENT_ID\r\n"a, b.fastq.gz",x,R1, s1 \r\n'
    (entry,) = parse_map(content)
    assert (entry.client_id, entry.read, entry.sources) == ("s1", "R1", ("a, b.fastq.gz",))


def test_urls() -> None:
    url = "https://h.example/x_R1.fastq.gz?X-Amz-Signature=secret"
    (entry,) = parse_map(f"{HEAD}s1,R1,{url}\n".encode())
    assert entry.is_url
    assert entry.sources == (url,)
    assert "secret" not in repr(entry)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("", "no rows"),
        ("s_1,R1,a.fastq.gz\n", "line 2: .*underscore"),
        ("s/1,R1,a.fastq.gz\n", "line 2: .*part of a name"),
        ("s1,R3,a.fastq.gz\n", "line 2: r_notation is 'R3'"),
        ("s1,R1,a.fastq\n", "line 2: .*not named like a FASTQ"),
        ("s1,R1\n", "line 2 has no path"),
        ("s1,R1,a.fastq.gz\n,R2,b.fastq.gz\n", "line 3 has no client_id"),
        ("s1,R1,a.fastq.gz\ns1,R2,a.fastq.gz\n", "line 3 names the same path as line 2"),
        ("s1,R1,a.fastq.gz\ns1,R2,https://h/b.fastq.gz\n", "line 3: paths and URLs are mixed"),
        ("s1,R1,https://h/a.fastq.gz\ns1,R1,https://h/b.fastq.gz\n", "line 3: a second URL"),
        ("s1,R1,https://h/a.FASTQ.gz?k=secret\n", "line 2: the URL"),
        ("s1,R2,a.fastq.gz\n", "0 files for R1 and 1 for R2"),
        ("s1,R1,a.fq.gz\ns1,R1,b.fq.gz\ns1,R2,c.fq.gz\n", "2 files for R1 and 1 for R2"),
    ],
)
def test_errors_name_the_line(rows: str, why: str) -> None:
    with pytest.raises(InputProblem, match=why) as caught:
        parse_map((HEAD + rows).encode())
    assert "secret" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "content", [b"", b"s1,R1,a.fastq.gz\n", b"client_id,path\n", b"\xff\xfe\x00", b'"a\n']
)
def test_not_a_map_file(content: bytes) -> None:
    with pytest.raises(InputProblem, match=r"x\.fastq-map\.csv can't be used"):
        parse_map(content, "x.fastq-map.csv")


@given(st.binary(max_size=60), st.text(alphabet='client_d,R12.fastqgz"\n:/ ', max_size=60))
def test_any_bytes_give_entries_or_a_clear_error(junk: bytes, text: str) -> None:
    for content in (junk, text.encode(), HEAD.encode() + text.encode(), HEAD.encode() + junk):
        with contextlib.suppress(InputProblem):
            assert parse_map(content)


def test_a_file_counts_once_however_it_is_spelt():
    rows = b"client_id,r_notation,path\nX,R1,A_R1.fastq.gz\nX,R1,./sub/../A_R1.fastq.gz\n"
    with pytest.raises(InputProblem, match="same path"):
        parse_map(rows)
    (entry,) = parse_map(b"client_id,r_notation,path\nX,R1,https://x.example//a_R1.fastq.gz\n")
    assert entry.sources == ("https://x.example//a_R1.fastq.gz",)
