"""Raw data as the documented table: one row per sample, with presigned URLs (api-v1 §4)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from gencove_tui.api.v1_wire import RAW_DATA_COLUMNS
from gencove_tui.model import Sample

_COLUMN_OF = {
    "alignment-bam": "bam_url_s3",
    "alignment-bai": "bai_url_s3",
    "impute-vcf": "vcf_url_s3",
    "impute-tbi": "tbi_url_s3",
    "impute-csi": "csi_url_s3",
    "ancestry-json": "ancestry_url_s3",
    "kraken-report": "microbiome_url_s3",
    "traits-json": "traits_url_s3",
}
"""Where a file type of v2 belongs; the table has no column for others."""


_URL = "_url_s3"


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    JSON = "json"


def row_of(sample: Sample) -> dict[str, Any]:
    """A sample with its deliverables as a row; file types without a documented column keep their own name."""
    row: dict[str, Any] = {"external_id": sample.client_id, "sample_id": sample.id}
    for file in sample.deliverables or ():
        if file.url is not None:
            row[_COLUMN_OF.get(file.file_type, f"{file.file_type}{_URL}")] = file.url
    return row


def as_csv(rows: Iterable[Mapping[str, Any]], *, header: bool = True) -> str:
    """The documented columns in the documented order, empty where a sample lacks a file."""
    out = io.StringIO()
    writer = csv.writer(out)
    if header:
        writer.writerow(RAW_DATA_COLUMNS)
    for row in rows:
        writer.writerow("" if row.get(name) is None else row[name] for name in RAW_DATA_COLUMNS)
    return out.getvalue()


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """The same columns: a list of objects, with null where a sample lacks a file."""
    table = [{name: row.get(name) for name in RAW_DATA_COLUMNS} for row in rows]
    return msgspec.json.format(msgspec.json.encode(table), indent=2).decode()


def without_column(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The kinds of files in these rows that the table has no column for."""
    found = {name for row in rows for name in row if name.endswith(_URL) and row[name]}
    return tuple(sorted(name.removesuffix(_URL) for name in found.difference(RAW_DATA_COLUMNS)))


def as_text(rows: Iterable[Mapping[str, Any]], form: Format, *, header: bool = True) -> str:
    """The table in this format."""
    return as_csv(rows, header=header) if form is Format.CSV else as_json(rows)
