"""Which paths a rule takes: shell patterns in order, the last that matches wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


def why_left_out(patterns: Sequence[str], relative: str) -> str:
    """Why the patterns don't take a path relative to the rule's folder; empty when they do.

    ``!`` in front leaves out. With patterns that take in, whatever none of them matches is left out.
    """
    decided: str | None = None
    for pattern in patterns:
        if _compiled(pattern.removeprefix("!")).fullmatch(relative):
            decided = pattern
    if decided is None:
        takes_in = any(not pattern.startswith("!") for pattern in patterns)
        return "no include pattern matches" if takes_in else ""
    return f"the exclude pattern {decided[1:]} matches" if decided.startswith("!") else ""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """``*`` and ``?`` stay within a folder, ``**`` does not; a closing slash means all that is below."""
    if pattern.endswith("/"):
        pattern += "**"
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    text = ""
    position = 0
    pattern = pattern.removeprefix("/")
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**/"):
            text += "(?:.*/)?"
            position += 3
        elif rest.startswith("**"):
            text += ".*"
            position += 2
        elif match := re.match(r"\[(!?)(\]?[^\]]*)\]", rest):
            inner = match[2].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            text += f"[{'^' if match[1] else ''}{inner}]"
            position += match.end()
        else:
            text += {"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0]))
            position += 1
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))
