"""Numbers, times and names as short text of known width, and the glyphs that go with them."""

from __future__ import annotations

import locale
import math
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

KIB = 1024
BYTE_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that move the cursor, hide, reorder, or can't be encoded."""


class Tone(StrEnum):
    """What a piece of text means; the theme decides how that looks."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    BUSY = "busy"
    ACCENT = "accent"


class Cell(NamedTuple):
    """A piece of text and its meaning."""

    text: str
    tone: Tone = Tone.PLAIN
    pieces: tuple[tuple[str, Tone], ...] = ()
    """Where parts of the text mean different things: together they are the text. Used while it fits."""


class Glyphs(NamedTuple):
    """The signs beside words, in one character set."""

    good: str
    bad: str
    warn: str
    busy: str
    queued: str
    paused: str
    waiting: str
    checking: str
    cancelled: str
    skipped: str
    neutral: str
    up: str
    down: str
    on: str
    off: str
    half: str
    cursor: str
    cursor_away: str
    """The cursor of a list that doesn't have the keyboard."""
    mark: str
    assigned: str
    """Used by a sample."""
    ellipsis: str
    missing: str
    separator: str
    bar_full: str
    bar_low: str
    """Full, but lower: bars in row upon row don't grow into a wall."""
    bar_lower: str
    """Under way, on the same line."""
    bar_lowest: str
    """Not begun, on the same line."""
    bar_empty: str
    bar_eighths: str
    """Partly filled cells from the emptiest to the fullest; may be empty."""
    checked: str
    unchecked: str
    half_full: str
    spark: str
    """Heights of a small chart, from the lowest."""
    folded: str
    unfolded: str


UNICODE = Glyphs(
    good="✓",
    bad="✗",
    warn="!",
    busy="▸",
    queued="·",
    paused="‖",
    waiting="↻",
    checking="≈",
    cancelled="⊘",
    skipped="=",
    neutral="◦",
    up="↑",
    down="↓",
    on="●",
    off="○",
    half="◐",
    cursor="▌",
    cursor_away="▏",
    mark="●",
    assigned="→",
    ellipsis="…",
    missing="·",
    separator="│",
    bar_full="█",
    bar_low="▄",
    bar_lower="▂",
    bar_lowest="▁",
    bar_empty="░",
    bar_eighths="▏▎▍▌▋▊▉",
    checked="☑",
    unchecked="☐",
    half_full="▒",
    spark="▁▂▃▄▅▆▇█",
    folded="▸",
    unfolded="▾",
)
ASCII = Glyphs(
    good="+",
    bad="x",
    warn="!",
    busy=">",
    queued=".",
    paused="=",
    waiting="@",
    checking="~",
    cancelled="-",
    skipped="=",
    neutral="o",
    up="^",
    down="v",
    on="*",
    off="o",
    half="%",
    cursor=">",
    cursor_away=":",
    mark="*",
    assigned="&",
    ellipsis="~",
    missing=".",
    separator="|",
    bar_full="#",
    bar_low="#",
    bar_lower="-",
    bar_lowest=".",
    bar_empty=".",
    bar_eighths="",
    checked="[x]",
    unchecked="[ ]",
    half_full="-",
    spark="_.-=*#",
    folded="+",
    unfolded="-",
)


def glyphs_for(ascii_only: bool | None = None) -> Glyphs:
    """The signs to use; None asks the locale whether the terminal takes UTF-8.

    Not ``getpreferredencoding``: in the C locale Python decides for UTF-8 whatever the terminal takes.
    """
    if ascii_only is None:
        encoding = locale.getencoding().lower().replace("-", "")
        ascii_only = encoding != "utf8"
    return ASCII if ascii_only else UNICODE


def number(value: float) -> str:
    """At most three significant digits: ``1.42``, ``14.2``, ``142``."""
    if value < 9.995:
        return f"{value:.2f}"
    if value < 99.95:
        return f"{value:.1f}"
    return f"{value:.0f}"


def size(count: int | None, unknown: str = "–") -> str:
    """Bytes in binary units, ``1.40 GiB``; ``unknown`` where the size is not known."""
    if count is None:
        return unknown
    if count < KIB:
        return f"{count} B"
    value = float(count)
    for unit in BYTE_UNITS:
        value /= KIB
        # 1023.6 would print as "1024 KiB": the next unit reads better.
        if value < 999.5 or unit == BYTE_UNITS[-1]:
            return f"{number(value)} {unit}"
    raise AssertionError("unreachable: the last unit always returns")


def total_size(counts: Sequence[int | None]) -> str:
    """A sum of bytes; honest where some or all of them are not known."""
    known = [count for count in counts if count is not None]
    if len(known) == len(counts):
        return size(sum(known))
    return f"over {size(sum(known))}" if known else "size unknown"


def rate(per_second: float) -> str:
    """Bytes per second, ``12.3 MiB/s``; empty when nothing moves."""
    return f"{size(int(per_second))}/s" if per_second >= 1 else ""


def duration(seconds: float | None) -> str:
    """A span in six cells at most, ``1h 05m``; empty when unknown or endless."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return ""
    whole = math.ceil(seconds)
    if whole < MINUTE:
        return f"{whole}s"
    if whole < 10 * MINUTE:
        return f"{whole // MINUTE}m {whole % MINUTE:02d}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m"
    if whole < 10 * HOUR:
        return f"{whole // HOUR}h {whole % HOUR // MINUTE:02d}m"
    if whole < DAY:
        return f"{whole // HOUR}h"
    days = whole // DAY
    return f"{days}d {whole % DAY // HOUR:02d}h" if days < 10 else f"{min(days, 999)}d"


def age(then: datetime | None, now: datetime) -> str:
    """How long ago in words of one unit, ``3 min ago``; it changes once a minute at most."""
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h ago"
    days = int(seconds // DAY)
    return "1 day ago" if days == 1 else f"{days} days ago"


def local(when: datetime) -> datetime:
    """A moment by the clock on the wall; the first and last days that there are have none and stay as is.

    Servers write such days where they mean never.
    """
    try:
        return when.astimezone()
    except (OverflowError, ValueError, OSError):
        return when


def since(then: datetime, now: datetime) -> str:
    """How old something is that should be newer: ``3 min ago``, but of the last minute the very time."""
    word = age(then, now)
    return f"of {local(then):%H:%M:%S}" if word == "just now" else word


def day(when: datetime | None, now: datetime) -> str:
    """A moment as short as it stays clear: ``14:05`` today, ``03 Mar`` of late, else ``2024-03-03``."""
    if when is None:
        return ""
    then, here = local(when), local(now)
    if then.date() == here.date():
        return then.strftime("%H:%M")
    if abs(here - then) < timedelta(days=300):
        return then.strftime("%d %b")
    return then.strftime("%Y-%m-%d")


def moment(when: datetime | None) -> str:
    """A moment in full, local time, to the second."""
    return local(when).strftime("%Y-%m-%d %H:%M:%S") if when else ""


def count(value: int | None) -> str:
    """A whole number with thin grouping, ``100,000``."""
    return "" if value is None else f"{value:,}"


def sentences(parts: Iterable[str]) -> str:
    """Pieces of text one after the other, each with a stop at its end."""
    return " ".join(
        part if part.endswith((".", "!", "?", "…", ":")) else f"{part}." for part in parts if part
    )


def bar(fraction: float, width: int, glyphs: Glyphs) -> str:
    """A progress bar as text of exactly ``width`` cells. Full only at 1, empty only at 0."""
    fraction = min(1.0, max(0.0, fraction))
    steps = len(glyphs.bar_eighths) + 1
    filled = int(fraction * width * steps)
    if fraction > 0:
        filled = max(1, filled)
    full, part = divmod(filled, steps)
    text = glyphs.bar_full * full
    if part:
        text += glyphs.bar_eighths[part - 1] if glyphs.bar_eighths else glyphs.bar_full
    return (text + glyphs.bar_empty * (width - len(text)))[:width]


def sparkline(values: Iterable[float], glyphs: Glyphs) -> str:
    """Values as a row of small columns, the highest in full; nothing at all is a blank."""
    found = list(values)
    most = max(found, default=0.0)
    if most <= 0:
        return " " * len(found)
    steps = len(glyphs.spark)
    return "".join(
        " " if value <= 0 else glyphs.spark[min(steps - 1, int(value / most * steps))] for value in found
    )


def percent(done: int, total: int | None) -> str:
    """Four cells at most; ``100%`` only when all is done, empty when the total is not known."""
    if total is None:
        return ""
    if total == 0:
        return "100%"
    return f"{min(100, done * 100 // total)}%"


def clean(text: str) -> str:
    """Text from outside as one harmless line.

    Tabs and line breaks become blanks. Control and formatting characters and bytes that could not be
    decoded become ``\N{REPLACEMENT CHARACTER}``; emoji selectors go, for terminals disagree on their width.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_clean_character, text))


@lru_cache(maxsize=2048)
def _clean_character(character: str) -> str:
    if character in "\t\n\r\v\f":
        return " "
    if "\ufe00" <= character <= "\ufe0f":
        return ""
    return REPLACEMENT if unicodedata.category(character) in INVISIBLE else character
