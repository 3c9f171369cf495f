"""For plain terminals: those whose locale has no Unicode, and those whose user wants no colours.

The signs beside words come from ``format.Glyphs``; ``PlainSigns`` catches the rest: frames, scroll bars,
ellipses and arrows in sentences, and whatever Textual's own widgets draw. Letters in names stay as they are.

``NoColours`` keeps bold, dim, underlined and reversed, and sends no colour at all: what is left is legible
on whatever ground the terminal has. What colours alone said is said otherwise in ``no_colours.tcss``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome, NoColor

_SIGNS = {
    "…": "~", "·": "-", "–": "-", "—": "-", "×": "x", "←": "<", "→": ">", "↑": "^", "↓": "v", "≥": ">",
    "≤": "<", "●": "*", "○": "o", "✓": "+", "✗": "x", "▸": ">", "▾": "v", "▶": ">", "▼": "v", "“": '"',
    "”": '"', "‘": "'", "’": "'", "─": "-", "━": "-", "═": "=", "│": "|", "┃": "|", "║": "|",
    "\N{REPLACEMENT CHARACTER}": "?",
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


PLAIN_SIGNS = PlainSigns()
"""The one that is used: Textual remembers lines by their filter."""

FAINT = 4.0
"""Contrast below which a text is meant to stand back: frames, hints."""
DIM = Style(dim=True)


class NoColours(LineFilter):
    """Takes all colours away; what they held back becomes dim."""

    def __init__(self, muted: str) -> None:
        """``muted`` is the theme's colour for what stands back."""
        super().__init__()
        self._muted = Color.parse(muted)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments without colours."""
        return [
            segment
            if segment.style is None
            else segment._replace(style=_without_colours(segment.style, background, self._muted))
            for segment in segments
        ]


class Behind(LineFilter):
    """Takes away what would compete with a dialog: all of it is dim."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, dim."""
        del background
        return [segment._replace(style=DIM) for segment in segments]


BEHIND = Behind()


def plain_filters(app: App[Any], found: Sequence[LineFilter], *, ascii_only: bool) -> list[LineFilter]:
    """The line filters of an app, from those that Textual ``found`` right.

    Where the user wants no colours, Textual's own way leaves shades of grey on black, also where the
    terminal is white.
    """
    filters = list(found)
    if app.no_color:
        filters = [each for each in filters if not isinstance(each, (Monochrome, NoColor))]
        filters.append(_no_colours(app.theme_variables["foreground-muted"]))
    if ascii_only:
        filters.append(PLAIN_SIGNS)
    return filters


@lru_cache(maxsize=64)
def _no_colours(muted: str) -> NoColours:
    """The filter for a theme; the same one each time, for Textual remembers lines by their filter."""
    return NoColours(muted)


@lru_cache(maxsize=4096)
def _without_colours(style: Style, background: Color, muted: Color) -> Style:
    plain = style.without_color
    if style.meta:
        plain += Style.from_meta(style.meta)  # what a click there does
    if style.color is None or style.reverse or style.bold:
        return plain
    text = Color.from_rich_color(style.color)
    ground = background if style.bgcolor is None else Color.from_rich_color(style.bgcolor)
    if text.rgb == (ground + muted).rgb or _contrast(text, ground) < FAINT:
        return plain + DIM
    return plain


def _contrast(one: Color, other: Color) -> float:
    """From 1 to 21, as WCAG 2 counts it."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
