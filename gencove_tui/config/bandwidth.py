"""How much of the line transfers may use: a limit, or a weekly timetable of limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_DAY_MINUTES = 24 * 60


class Slot(Struct, frozen=True):
    """A limit for some days and hours; hours that end before they begin go on past midnight."""

    limit: int
    """Bytes per second; 0 is no limit."""
    days: frozenset[int] = frozenset(range(7))
    """0 is Monday. The day on which the hours begin."""
    begins: int = 0
    """Minutes after midnight."""
    ends: int = _DAY_MINUTES

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether it is about this minute of the week."""
        if self.begins < self.ends:
            return weekday in self.days and self.begins <= minute < self.ends
        yesterday = (weekday - 1) % 7
        return (weekday in self.days and minute >= self.begins) or (
            yesterday in self.days and minute < self.ends
        )


def limit_at(slots: Sequence[Slot], when: datetime) -> int:
    """Bytes per second at a local time; the first slot that holds counts. 0 is no limit."""
    minute = when.hour * 60 + when.minute
    return next((slot.limit for slot in slots if slot.holds(when.weekday(), minute)), 0)


def parse_limit(text: str) -> int:
    """Bytes per second of ``20M``, ``1.5G``, ``500K`` (binary units) or ``off``, which is 0.

    Raises ``ValueError`` with what is wrong.
    """
    if text.strip().lower() == "off":
        return 0
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?(?:/s)?", text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is not a limit; write it like 20M (MiB per second), 500K or off")
    limit = int(float(match.group(1)) * _UNITS[match.group(2)])
    if limit < 1024:
        raise ValueError(
            f"{text!r} is less than 1K, with which nothing would ever arrive; write off for none"
        )
    return limit


def parse_slots(texts: str | Sequence[str]) -> tuple[Slot, ...]:
    """A limit, or a timetable like ``["5M mon-fri 08:00-18:00", "off"]``. Raises ``ValueError``."""
    return tuple(_slot(text) for text in ([texts] if isinstance(texts, str) else texts) if text.strip())


def _slot(text: str) -> Slot:
    limit, *rest = text.split()
    days, begins, ends = frozenset(range(7)), 0, _DAY_MINUTES
    for word in rest:
        if ":" in word:
            begins, ends = _hours(word, text)
        else:
            days = _days(word, text)
    return Slot(parse_limit(limit), days, begins, ends)


def _days(word: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    for item in word.lower().split(","):
        first, _, last = item.partition("-")
        try:
            low, high = DAYS.index(first[:3]), DAYS.index((last or first)[:3])
        except ValueError:
            raise ValueError(f"{text!r}: {item!r} is no day; write mon-fri or sat,sun") from None
        found.update((low + step) % 7 for step in range((high - low) % 7 + 1))
    return frozenset(found)


def _hours(word: str, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", word)
    if match is None:
        raise ValueError(f"{text!r}: {word!r} are no hours; write 08:00-18:00")
    h1, m1, h2, m2 = map(int, match.groups())
    begins, ends = h1 * 60 + m1, h2 * 60 + m2
    if max(m1, m2) > 59 or begins >= _DAY_MINUTES or ends > _DAY_MINUTES or begins == ends:
        raise ValueError(f"{text!r}: {word!r} are no hours; write 08:00-18:00")
    return begins, ends
