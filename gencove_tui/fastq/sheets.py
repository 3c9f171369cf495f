"""Illumina sample sheets, versions 1 and 2, read for cross-checks (transfer-anchors §5.3).

Sheets come out of spreadsheet programs and human hands, so a byte order mark, CRLF, other separators,
trailing commas and missing last cells are taken as they come.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from gencove_tui.errors import InputProblem

_DATA = ("bclconvert_data", "data")
"""Sections that hold the samples, the preferred one first."""
_SECTION = re.compile(r"\s*\"?\[(?P<name>[^\]]+)\]")
_SEPARATORS = ",;\t"
_NEEDED = "sample_id"


class SheetRow(Struct, frozen=True, kw_only=True):
    """One line of the data section. A sample on several lanes or indexes has several."""

    sample_id: str
    sample_name: str = ""
    lane: int | None = None
    project: str = ""
    index: str = ""
    index2: str = ""
    line: int = 0
    """Line of the sheet, from 1."""


class SampleSheet(Struct, frozen=True, kw_only=True):
    """A sheet as far as it matters here."""

    version: int
    """1 or 2."""
    run_name: str
    """RunName (version 2) or Experiment Name (version 1); often empty."""
    rows: tuple[SheetRow, ...]


class CrossCheck(Struct, frozen=True, kw_only=True):
    """Where a sheet and the files on disk disagree."""

    without_files: tuple[str, ...]
    """Sample ids of the sheet for which no file was found, in the sheet's order."""
    without_rows: tuple[str, ...]
    """Samples found in file names that no row of the sheet names."""


def parse_sheet(content: bytes, name: str = "The sample sheet") -> SampleSheet:
    """Read a sheet; ``name`` is what errors call it.

    Raises ``InputProblem`` with the line where there is no data section, no Sample_ID column, a row without
    a sample id, or a lane that is no number.
    """
    lines = re.split("\r\n|\n|\r", _text(content, name))
    sections = _sections(lines)
    header = dict(_pairs(lines, sections.get("header"), name))
    found = next((section for section in _DATA if section in sections), "")
    if not found:
        raise InputProblem(
            f"{name} can't be used",
            "it has neither a [Data] nor a [BCLConvert_Data] section",
            "Use the sheet that the run was converted with.",
        )
    version_2 = found == "bclconvert_data" or header.get("fileformatversion") == "2"
    run_name = header.get("runname" if version_2 else "experiment name", "")
    return SampleSheet(
        version=2 if version_2 else 1,
        run_name=run_name,
        rows=tuple(_rows(lines, sections[found], name)),
    )


def cross_check(sheet: SampleSheet, samples: Iterable[str]) -> CrossCheck:
    """Compare a sheet with the sample ids that file names hold (``FastqName.sample``).

    A row counts as found under its Sample_ID or its Sample_Name. Converters write some characters as
    hyphens, so everything but letters and digits is compared as one.
    """
    on_disk = {_plain(sample): sample for sample in samples}
    without_files: dict[str, None] = {}
    named: set[str] = set()
    for row in sheet.rows:
        keys = {_plain(text) for text in (row.sample_id, row.sample_name) if text}
        named |= keys
        if keys.isdisjoint(on_disk):
            without_files[row.sample_id] = None
    return CrossCheck(
        without_files=tuple(without_files),
        without_rows=tuple(sample for key, sample in sorted(on_disk.items()) if key not in named),
    )


def _text(content: bytes, name: str) -> str:
    if b"\0" in content:
        raise InputProblem(
            f"{name} can't be read", "it is not plain text", "Save it as CSV, not as Unicode text or Excel."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Spreadsheet programs on Windows; any byte has a meaning there.
        return content.decode("latin-1")


def _sections(lines: list[str]) -> dict[str, range]:
    """Name in lower case → line numbers, from 0, between this section's heading and the next."""
    starts = [
        (number, match["name"].strip().lower())
        for number, line in enumerate(lines)
        if (match := _SECTION.match(line))
    ]
    ends = [number for number, _ in starts[1:]] + [len(lines)]
    return {name: range(start + 1, end) for (start, name), end in zip(starts, ends, strict=False)}


def _cells(lines: list[str], numbers: range, name: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, split into stripped cells, with their number from 0."""
    separator = ""
    for number in numbers:
        line = lines[number]
        if not line.strip(_SEPARATORS + ' "'):
            continue
        separator = separator or max(_SEPARATORS, key=line.count)
        try:
            cells = next(csv.reader([line], delimiter=separator))
        except csv.Error as error:
            raise InputProblem(
                f"{name} can't be used", f"line {number + 1}: {error}", "Save it as CSV."
            ) from None
        yield number, [cell.strip() for cell in cells]


def _pairs(lines: list[str], numbers: range | None, name: str) -> Iterator[tuple[str, str]]:
    for _, cells in _cells(lines, numbers or range(0), name):
        yield cells[0].lower(), cells[1] if len(cells) > 1 else ""


def _rows(lines: list[str], numbers: range, name: str) -> Iterator[SheetRow]:
    columns: list[str] = []
    for number, cells in _cells(lines, numbers, name):
        if not columns:
            columns = [cell.lower() for cell in cells]
            if _NEEDED not in columns:
                raise InputProblem(
                    f"{name} can't be used",
                    f"line {number + 1} should name the columns and has no Sample_ID",
                    "Add a Sample_ID column.",
                )
            continue
        row = dict(zip(columns, cells, strict=False))
        if not row.get(_NEEDED):
            raise InputProblem(
                f"{name} can't be used",
                f"line {number + 1} has no Sample_ID",
                "Fill it in or remove the line.",
            )
        yield SheetRow(
            sample_id=row[_NEEDED],
            sample_name=row.get("sample_name", ""),
            lane=_lane(row.get("lane", ""), number + 1, name),
            project=row.get("sample_project", ""),
            index=row.get("index", ""),
            index2=row.get("index2", ""),
            line=number + 1,
        )


def _lane(text: str, line: int, name: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InputProblem(f"{name} can't be used", f"line {line} has the lane {text!r}", "Write a number.")
    return int(text)


def _plain(sample: str) -> str:
    return re.sub(r"[^0-9a-z]+", "-", sample.casefold())
