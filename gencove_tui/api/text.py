"""From JSON of any shape to the model's values: tolerant, and harmless on a screen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_QUERY = re.compile(r"(?P<place>https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")
_DEEPEST = 20
_FIRST_YEAR = 1900
_EPOCH_SECONDS = (1_000_000_000, 10_000_000_000)


def clean(text: str) -> str:
    """The text with control characters, terminal escapes and direction overrides shown as ``\ufffd``.

    Line breaks and tabs become a blank, so that every text is one line. Everything that a server says passes
    here before it enters the model.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub("\ufffd", _BREAKS.sub(" ", text))


def string(value: Any) -> str:
    """A text of anything: numbers and booleans as they are written, null and containers as nothing."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(str(value))


def integer(value: Any) -> int | None:
    """A whole number that is not negative; also from its digits. None for everything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        return int(value) if 0 <= value < 2**63 and value.is_integer() else None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
    return value if isinstance(value, int) and 0 <= value < 2**63 else None


def number(value: Any) -> float | None:
    """A number, also from its digits; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if -1e300 < found < 1e300 else None


def boolean(value: Any) -> bool | None:
    """True or false; None for everything else."""
    return value if isinstance(value, bool) else None


def moment(value: Any) -> datetime | None:
    """A time in either of Gencove's forms (api-v2 §8) or as Unix seconds, in UTC; one without a zone is taken
    as UTC. None for everything else, and for the year 1, which some programs write for "never".
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = _EPOCH_SECONDS
        return datetime.fromtimestamp(value, UTC) if low <= value < high else None
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        found = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year >= _FIRST_YEAR else None


def sha256(value: Any) -> str:
    """A sha256 in lower-case hexadecimal; anything else is empty."""
    text = string(value).lower()
    return text if len(text) == 64 and all(c in "0123456789abcdef" for c in text) else ""


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else []


def strings(value: Any) -> tuple[str, ...]:
    """The texts of a JSON array, without the empty ones."""
    return tuple(filter(None, map(string, sequence(value))))


def rest(data: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The fields that this version doesn't know, verbatim but harmless: the queries of URLs, which may be
    signed, are left out.
    """
    return {clean(key): harmless(value) for key, value in data.items() if key not in known}


def harmless(value: Any, depth: int = 0) -> Any:
    """Any JSON with clean texts and without the queries of URLs."""
    if isinstance(value, str):
        if "://" in value:
            value = _QUERY.sub(r"\g<place>?…", value)
        return clean(value)
    if isinstance(value, list | dict):
        if depth > _DEEPEST:
            return None
        if isinstance(value, list):
            return [harmless(item, depth + 1) for item in value]
        return {clean(str(key)): harmless(item, depth + 1) for key, item in value.items()}
    return value


def file_name(url: str) -> str:
    """The default file name of a presigned URL: what its Content-Disposition would say, else its last
    component (api-v2 §9). Not made safe for a file system.
    """
    try:
        parts = urlsplit(url)
        disposition = parse_qs(parts.query).get("response-content-disposition", [""])[0]
    except ValueError:
        return ""
    return disposition_name(disposition) or clean(unquote(parts.path.rsplit("/", 1)[-1]))


def disposition_name(disposition: str) -> str:
    """The file name in a Content-Disposition; empty when there is none."""
    match = re.search(r"filename=(\"[^\"]*\"|'[^']*'|[^;]+)", disposition)
    return clean(match.group(1).strip().strip("\"'")) if match else ""
