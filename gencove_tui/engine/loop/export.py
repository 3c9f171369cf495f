"""The audit log as CSV or JSON, line by line, however long it is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gencove_tui.errors import InputProblem
from gencove_tui.model import AuditEntry

COLUMNS = tuple(name for name in AuditEntry.__struct_fields__ if name != "id")
"""Columns of the CSV and fields of the JSON, in order."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """A header and a line for every entry, ended by CR LF as RFC 4180 has it."""
    yield _csv_line(COLUMNS)
    for entry in entries:
        values = _plain(entry)
        yield _csv_line("" if values[name] is None else values[name] for name in COLUMNS)


def as_json(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """An array with one object in a line for every entry."""
    start = "[\n"
    for entry in entries:
        yield start + msgspec.json.encode(_plain(entry)).decode()
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def _plain(entry: AuditEntry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in COLUMNS}
    values["time"] = entry.time.astimezone(UTC).isoformat(timespec="milliseconds")
    # A file name is bytes; what is no text in it is shown by a replacement sign.
    values["local_path"] = entry.local_path.encode("utf-8", "replace").decode("utf-8")
    return values


def _csv_line(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def moment_from(text: str, now: datetime | None = None) -> datetime:
    """A time that a person typed: ``2026-03-01``, ``2026-03-01T08:00``, or ``7d`` (ago; m, h, d or w).

    Without a zone it is local time. Raises ``InputProblem`` when it is none of these.
    """
    if match := re.fullmatch(r"(\d{1,6})([mhdw])", text.strip()):
        span = timedelta(**{_UNITS[match[2]]: int(match[1])})
        return (now or datetime.now(UTC)) - span
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InputProblem(
            f"{text!r} is not a time", "", "Write it like 2026-03-01, 2026-03-01T08:00, 12h or 7d."
        ) from error
