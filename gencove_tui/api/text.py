"""From JSON of any shape to the model's values: tolerant, and harmless on a screen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def clean(text: str) -> str:
    """The text with control characters, terminal escapes and direction overrides shown as ``\ufffd``."""
    return _HARMFUL.sub("\ufffd", text)


def string(value: Any) -> str:
    """A text of anything: numbers and booleans as they are written, null and containers as nothing."""
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


def boolean(value: Any) -> bool | None:
    """True or false; None for everything else."""
    return value if isinstance(value, bool) else None


def moment(value: Any) -> datetime | None:
    """A time in either of Gencove's forms (api-v2 §8), in UTC; one without a zone is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else []


def rest(data: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The fields that this version doesn't know, with harmless texts; presigned URLs left out."""
    return {clean(key): _harmless(value) for key, value in data.items() if key not in known}


def _harmless(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return "(presigned URL)" if "X-Amz-Signature" in value else clean(value)
    if depth > 20:
        return None
    if isinstance(value, list):
        return [_harmless(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): _harmless(item, depth + 1) for key, item in value.items()}
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
    match = re.search(r"filename=(\"[^\"]*\"|'[^']*'|[^;]+)", disposition)
    name = match.group(1).strip().strip("\"'") if match else unquote(parts.path.rsplit("/", 1)[-1])
    return clean(name)
