"""Filters and orders that are asked of Gencove: as fields to fill in, as queries, as words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import structs

from gencove_tui.model import ProjectQuery, SampleQuery
from gencove_tui.tui.format import local
from gencove_tui.tui.screens.form import Field

_AGO = re.compile(r"(\d{1,5})\s*([hdw])", re.IGNORECASE)
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%d %H:%M"
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

Q = TypeVar("Q", SampleQuery, ProjectQuery)

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


def in_order(query: Q, orders: Mapping[str, tuple[str, bool]], name: str) -> Q:
    """The same query in the order of that name; in the server's own where there is no such order."""
    sort_by, descending = orders.get(name, ("", False))
    return structs.replace(query, sort_by=sort_by, descending=descending)


def parse_moment(text: str, now: datetime) -> datetime | None:
    """A day at its local midnight, a minute of it, or a span before ``now``; None for nothing.

    Raises ``ValueError`` with words for people.
    """
    text = text.strip()
    if not text:
        return None
    if match := _AGO.fullmatch(text.lower().removesuffix("ago").strip()):
        return now - int(match[1]) * _SPANS[match[2].lower()]
    try:
        return datetime.strptime(text, _MINUTE if ":" in text else _DAY).astimezone()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no date: write it like {DATE_HINT}.") from None


def _shown(moment: datetime | None) -> str:
    """A day, with the minute where that isn't its midnight."""
    if moment is None:
        return ""
    here = local(moment)
    return here.strftime(_MINUTE if (here.hour, here.minute) != (0, 0) else _DAY)


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
    """The filters of ``values`` in the order of ``before``. Raises ``ValueError`` about a bad date.

    What was shown of a moment and left as it was stands for that moment, to the second.
    """

    def moment(name: str) -> datetime | None:
        known: datetime | None = getattr(before, name)
        return known if values[name] == _shown(known) else parse_moment(values[name], now)

    return SampleQuery(
        status=values["status"],
        archive_status=values.get("archive_status", ""),
        hidden_status=values.get("hidden_status", ""),
        created_after=moment("created_after"),
        created_before=moment("created_before"),
        modified_after=moment("modified_after"),
        modified_before=moment("modified_before"),
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
