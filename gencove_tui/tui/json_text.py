"""JSON for people to read and change: letters of every script as they are, what acts on a terminal not."""

from __future__ import annotations

import json
from typing import Any


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """``value`` as JSON that means the same and holds nothing but line breaks and printable characters."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def in_words(value: Any) -> str:
    """A field that this version doesn't know, in a line: words as they are, switches by name, else JSON."""
    if isinstance(value, str) or value is None:
        return value or ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value and isinstance(value, list) and all(map(_is_pair, value)):
        return ", ".join(f"{one['key']}: {in_words(one['value'])}" for one in value)
    return json_text(value, indent=None)


def _is_pair(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"key", "value"}
