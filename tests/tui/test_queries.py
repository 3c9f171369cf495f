"""Filters as fields, queries and words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gencove_tui.model import SampleQuery
from gencove_tui.tui.queries import describe_samples, parse_moment, sample_fields, sample_query

NOW = datetime(2025, 3, 14, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [("7d", timedelta(days=7)), ("7d ago", timedelta(days=7)), ("12H", timedelta(hours=12)),
     (" 2 w ", timedelta(weeks=2))],
)  # fmt: skip
def test_spans_are_counted_back_from_now(text: str, span: timedelta) -> None:
    assert parse_moment(text, NOW) == NOW - span


def test_a_day_begins_at_its_local_midnight() -> None:
    assert parse_moment("2025-03-01", NOW) == datetime(2025, 3, 1, tzinfo=UTC)
    assert parse_moment("2025-03-01 14:05", NOW) == datetime(2025, 3, 1, 14, 5, tzinfo=UTC)
    assert parse_moment("  ", NOW) is None


@pytest.mark.parametrize("text", ["soon", "2025-02-30", "1", "-3d", "99999999d", "0001-01-01T"])
def test_what_is_no_date_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        parse_moment(text, NOW)


def test_fields_and_query_agree() -> None:
    query = SampleQuery(
        status="failed", hidden_status="all", created_after=datetime(2025, 3, 1, tzinfo=UTC), sort_by="status"
    )
    values = {field.key: field.value for field in sample_fields(query, whole=True)}
    assert sample_query(values, query, NOW) == query
    assert describe_samples(query) == "failed, with hidden, created after 2025-03-01"
    assert describe_samples(SampleQuery(sort_by="status")) == ""


def test_a_span_is_the_same_moment_when_the_form_is_taken_again() -> None:
    now = NOW.replace(second=17, microsecond=5)
    values = {field.key: field.value for field in sample_fields(SampleQuery(), whole=True)}
    query = sample_query({**values, "created_after": "2h ago"}, SampleQuery(), now)
    assert describe_samples(query) == "created after 2025-03-14 08:30"
    later = now + timedelta(days=7)
    again = {field.key: field.value for field in sample_fields(query, whole=True)}
    assert sample_query(again, query, later) == query
    assert sample_query({**again, "created_after": "2025-03-14 08:31"}, query, later) != query


def test_a_dialect_that_knows_no_archive_is_not_asked_for_it() -> None:
    keys = {field.key for field in sample_fields(SampleQuery(), whole=False)}
    assert "archive_status" not in keys
    assert "status" in keys
