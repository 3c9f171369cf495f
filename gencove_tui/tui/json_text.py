"""JSON for people to read and change: letters of every script as they are, what acts on a terminal not."""

from __future__ import annotations

import json
from typing import Any


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """``value`` as JSON that means the same and holds nothing but line breaks and printable characters."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
