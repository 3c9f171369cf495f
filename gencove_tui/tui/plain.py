"""For terminals whose locale has no Unicode: every sign that the screen draws by itself, in ASCII.

The signs beside words come from ``format.Glyphs``; this catches the rest: frames, scroll bars, ellipses and
arrows in sentences, and whatever Textual's own widgets draw. Letters in names stay as they are.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = {
    "…": "~", "·": "-", "–": "-", "—": "-", "×": "x", "←": "<", "→": ">", "↑": "^", "↓": "v", "≥": ">",
    "≤": "<", "●": "*", "○": "o", "✓": "+", "✗": "x", "▸": ">", "▾": "v", "▶": ">", "▼": "v", "“": '"',
    "”": '"', "‘": "'", "’": "'", "─": "-", "━": "-", "═": "=", "│": "|", "┃": "|", "║": "|",
}  # fmt: skip
PLAIN = str.maketrans(
    {
        **{chr(code): "+" for code in range(0x2500, 0x2580)},
        **{chr(code): "#" for code in range(0x2580, 0x25A0)},
        **_SIGNS,
    }
)
"""One cell for one cell, so that nothing moves."""


class PlainSigns(LineFilter):
    """Draws every line with the signs of ``PLAIN``."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in plain signs."""
        del background
        return [
            segment if segment.text.isascii() else segment._replace(text=segment.text.translate(PLAIN))
            for segment in segments
        ]
