"""Sample sheets of both versions, as spreadsheet programs leave them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencove_tui.errors import InputProblem
from gencove_tui.fastq.sheets import CrossCheck, cross_check, parse_sheet

V1 = """[Header],,,,
IEMFileVersion,4,,,
Experiment Name,Plate 7,,,
[Reads],,,,
151,,,,
[Settings],,,,
[Data],,,,
Lane,Sample_ID,Sample_Name,index,Sample_Project
1,P1_A01,Mum,ACGTACGT,Family
2,P1_A01,Mum,ACGTACGT,Family
1,P1_A02,"Dad, older",TTGGCCAA
,,,,
[Other],,,,
x,y
"""
V2 = """[Header]
FileFormatVersion,2
RunName,Run 12
[BCLConvert_Settings]
SoftwareVersion,4.1.7
[BCLConvert_Data]
Sample_ID,Index,Index2
A,ACGT,TTTT
B,GGGG,CCCC
[Cloud_Data]
Sample_ID,ProjectName
Z,nothing
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_version_1(newline: str, bom: bytes) -> None:
    sheet = parse_sheet(bom + V1.replace("\n", newline).encode())
    assert (sheet.version, sheet.run_name) == (1, "Plate 7")
    assert [(r.sample_id, r.lane, r.line) for r in sheet.rows] == [
        ("P1_A01", 1, 9),
        ("P1_A01", 2, 10),
        ("P1_A02", 1, 11),
    ]
    assert sheet.rows[2].sample_name == "Dad, older"
    assert sheet.rows[2].project == ""
    assert sheet.rows[0].project == "Family"


def test_version_2() -> None:
    sheet = parse_sheet(V2.encode())
    assert (sheet.version, sheet.run_name) == (2, "Run 12")
    assert [(r.sample_id, r.index, r.index2) for r in sheet.rows] == [
        ("A", "ACGT", "TTTT"),
        ("B", "GGGG", "CCCC"),
    ]


def test_semicolons_and_foreign_encoding() -> None:
    sheet = parse_sheet("[Data];;\nSample_ID;Sample_Name;index\nA1;Grün, links;ACGT\n".encode("latin-1"))
    assert sheet.rows[0].sample_name == "Grün, links"
    assert sheet.rows[0].index == "ACGT"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a,b\n1,2\n", "neither"),
        (b"[Data]\nSample,index\nA,C\n", "line 2 .*no Sample_ID"),
        (b"[Data]\nSample_ID,index\nA,C\n,G\n", "line 4 has no Sample_ID"),
        (b"[Data]\nSample_ID,Lane\nA,one\n", "line 3 has the lane 'one'"),
        ("[Data]".encode("utf-16"), "not plain text"),
    ],
)
def test_errors_name_the_line(content: bytes, why: str) -> None:
    with pytest.raises(InputProblem, match=why):
        parse_sheet(content, "SampleSheet.csv")


def test_cross_check() -> None:
    sheet = parse_sheet(V1.encode())
    assert cross_check(sheet, ["P1-A01", "Dad--older"]) == CrossCheck(without_files=(), without_rows=())
    assert cross_check(sheet, ["Mum", "stranger"]) == CrossCheck(
        without_files=("P1_A02",), without_rows=("stranger",)
    )


@given(st.binary(max_size=60), st.text(alphabet='[]Dataa,;"\t\nSample_IDLne1', max_size=60))
def test_any_bytes_give_a_sheet_or_a_clear_error(junk: bytes, text: str) -> None:
    for content in (junk, text.encode(), b"[Data]\n" + text.encode(), b"[Data]\nSample_ID," + junk):
        with contextlib.suppress(InputProblem):
            assert parse_sheet(content).version in (1, 2)
