"""Limits and weekly timetables as people write them."""

from datetime import datetime

import pytest

from gencove_tui.config.bandwidth import limit_at, parse_limit, parse_slots

MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "limit"),
    [("20M", 20 * MIB), ("1.5g", 3 << 29), ("500 KiB/s", 500 << 10), ("off", 0), ("2048", 2048)],
)
def test_limits_are_read_as_people_write_them(text, limit):
    assert parse_limit(text) == limit


@pytest.mark.parametrize("text", ["", "fast", "-5M", "5T", "12", "M"])
def test_what_is_no_limit_is_said_with_an_example(text):
    with pytest.raises(ValueError, match=r"20M|1K"):
        parse_limit(text)


def test_the_first_slot_that_holds_counts():
    slots = parse_slots(["5M mon-fri 08:00-18:00", "off sat,sun", "20M"])
    at = {
        "monday morning": (datetime(2026, 11, 23, 9, 0), 5 * MIB),
        "monday evening": (datetime(2026, 11, 23, 18, 0), 20 * MIB),
        "sunday": (datetime(2026, 11, 22, 9, 0), 0),
        "friday noon": (datetime(2026, 11, 27, 12, 0), 5 * MIB),
    }
    assert {name: limit_at(slots, when) for name, (when, _) in at.items()} == {
        name: limit for name, (_, limit) in at.items()
    }


def test_hours_may_go_past_midnight_and_days_past_sunday():
    (slot,) = parse_slots("1M fri-mon 22:00-06:00")
    assert limit_at([slot], datetime(2026, 11, 27, 23, 0)) == MIB  # Friday night
    assert limit_at([slot], datetime(2026, 11, 24, 5, 59)) == MIB  # Tuesday before six is Monday's night
    assert limit_at([slot], datetime(2026, 11, 24, 6, 0)) == 0
    assert limit_at([slot], datetime(2026, 11, 25, 23, 0)) == 0


@pytest.mark.parametrize("text", ["5M someday", "5M 8-18", "5M 08:00-08:00", "5M 25:00-26:00"])
def test_a_wrong_timetable_is_quoted(text):
    with pytest.raises(ValueError, match="5M"):
        parse_slots([text])


def test_no_text_is_no_limit():
    assert limit_at(parse_slots(""), datetime(2026, 1, 1)) == 0
