"""Filters and orders that are asked of Gencove: as fields to fill in, as queries, as words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import structs

from gencove_tui.model import ProjectQuery, SampleQuery
from gencove_tui.tui.screens.form import Field

_AGO = re.compile(r"(\d{1,5})\s*([hdw])", re.IGNORECASE)
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
DATE_HINT = "2025-03-01, or 7d ago"

SAMPLE_ORDERS = {
    "newest": ("", False),
    "changed": ("modified", True),
    "client id": ("client_id", False),
    "status": ("status", False),
    "oldest": ("created", False),
}
"""Names of orders with what is asked for; the first is the server's own."""
PROJECT_ORDERS = {
    "newest": ("", False),
    "name": ("name", False),
    "changed": ("modified", True),
    "samples": ("sample_count", True),
}

_STATUS = (
    ("", "any"), ("running", "running"), ("completed", "completed, with or without success"),
    ("succeeded", "succeeded"), ("failed", "failed"),
)  # fmt: skip
_ARCHIVE = (
    ("", "any"), ("available", "available"), ("archived", "archived"),
    ("restore_requested", "restore requested"),
)  # fmt: skip
_HIDDEN = (("", "without hidden ones"), ("hidden", "only hidden ones"), ("all", "with hidden ones"))
_PROJECT_STATUS = (("", "any"), ("running", "with running samples"), ("completed", "all completed"))
_DATES = ("created_after", "created_before", "modified_after", "modified_before")


def parse_moment(text: str, now: datetime) -> datetime | None:
    """A day at its local midnight, or a span before ``now``; None for nothing.

    Raises ``ValueError`` with words for people.
    """
    text = text.strip()
    if not text:
        return None
    if match := _AGO.fullmatch(text.lower().removesuffix("ago").strip()):
        return now - int(match[1]) * _SPANS[match[2].lower()]
    try:
        return datetime.strptime(text, "%Y-%m-%d").astimezone()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no date: write it like {DATE_HINT}.") from None


def _shown(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d")


def sample_fields(query: SampleQuery, *, whole: bool) -> tuple[Field, ...]:
    """The filters of samples; ``whole`` where the dialect knows hidden and archived ones."""
    more = (
        Field("archive_status", "Archive", query.archive_status, _ARCHIVE),
        Field("hidden_status", "Hidden", query.hidden_status, _HIDDEN),
    )
    return (
        Field("status", "Status", query.status, _STATUS),
        *(more if whole else ()),
        *(
            Field(name, name.replace("_", " ").capitalize(), _shown(getattr(query, name)), hint=DATE_HINT)
            for name in _DATES
        ),
    )


def sample_query(values: Mapping[str, str], before: SampleQuery, now: datetime) -> SampleQuery:
    """The filters of ``values`` in the order of ``before``. Raises ``ValueError`` about a bad date."""
    return SampleQuery(
        status=values["status"],
        archive_status=values.get("archive_status", ""),
        hidden_status=values.get("hidden_status", ""),
        created_after=parse_moment(values["created_after"], now),
        created_before=parse_moment(values["created_before"], now),
        modified_after=parse_moment(values["modified_after"], now),
        modified_before=parse_moment(values["modified_before"], now),
        sort_by=before.sort_by,
        descending=before.descending,
    )


def describe_samples(query: SampleQuery) -> str:
    """The filters in a few words; nothing for none."""
    words = []
    if query.status:
        words.append(query.status)
    if query.archive_status:
        words.append(query.archive_status.replace("_", " "))
    if query.hidden_status:
        words.append("with hidden" if query.hidden_status == "all" else "only hidden")
    for name in _DATES:
        if (moment := getattr(query, name)) is not None:
            words.append(f"{name.replace('_', ' ')} {_shown(moment)}")
    return ", ".join(words)


def project_fields(query: ProjectQuery) -> tuple[Field, ...]:
    """The filters of projects."""
    return (
        Field("status", "Status", query.status, _PROJECT_STATUS),
        Field("hidden_status", "Hidden", query.hidden_status, _HIDDEN),
    )


def project_query(values: Mapping[str, str], before: ProjectQuery) -> ProjectQuery:
    """The filters of ``values`` in the order of ``before``."""
    return structs.replace(before, status=values["status"], hidden_status=values["hidden_status"])


def describe_projects(query: ProjectQuery) -> str:
    """The filters in a few words; nothing for none."""
    words = [query.status] if query.status else []
    if query.hidden_status:
        words.append("with hidden" if query.hidden_status == "all" else "only hidden")
    return ", ".join(words)
