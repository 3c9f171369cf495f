"""The house themes. Glyph and word always say what a colour says; two themes do without red against green.

``…-clear`` use the blue and orange of the Okabe-Ito palette, which people with any of the common colour
deficiencies tell apart, in strong contrast.
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

from gencove_tui.config.lines import nearest
from gencove_tui.errors import InputProblem

DARK = Theme(
    name="gencove-dark",
    primary="#5aa9e6",
    secondary="#7fc8a9",
    accent="#f2b155",
    success="#58c4a3",
    warning="#f2b155",
    error="#ef7674",
    foreground="#d8dee6",
    background="#11161c",
    surface="#161c24",
    panel="#212a35",
    dark=True,
    variables={
        "border": "#5aa9e6",
        "border-blurred": "#3f4d5d",
        "foreground-muted": "#98a4b0",
        "scrollbar": "#526377",
        "scrollbar-background": "#11161c",
        "scrollbar-corner-color": "#11161c",
    },
)

LIGHT = Theme(
    name="gencove-light",
    primary="#1764a6",
    secondary="#1f7a5c",
    accent="#9a5b00",
    success="#1a7559",
    warning="#9a5b00",
    error="#b3261e",
    foreground="#1d252e",
    background="#fbfcfd",
    surface="#f1f4f7",
    panel="#e2e8ee",
    dark=False,
    variables={
        "border": "#1764a6",
        "border-blurred": "#a9b6c3",
        "foreground-muted": "#55606b",
        "scrollbar": "#8797a8",
        "scrollbar-background": "#fbfcfd",
        "scrollbar-corner-color": "#fbfcfd",
    },
)

CLEAR_DARK = Theme(
    name="gencove-clear-dark",
    primary="#56b4e9",
    secondary="#56b4e9",
    accent="#f0e442",
    success="#56b4e9",
    warning="#f0e442",
    error="#ff9e3d",
    foreground="#f2f2f2",
    background="#000000",
    surface="#0c0f12",
    panel="#20262d",
    dark=True,
    variables={
        "border": "#56b4e9",
        "border-blurred": "#5b6672",
        "foreground-muted": "#b8c0c8",
        "scrollbar": "#5b6672",
        "scrollbar-background": "#000000",
        "scrollbar-corner-color": "#000000",
    },
)

CLEAR_LIGHT = Theme(
    name="gencove-clear-light",
    primary="#00588f",
    secondary="#00588f",
    accent="#7a4a00",
    success="#00588f",
    warning="#6b5500",
    error="#a63c00",
    foreground="#0b0e11",
    background="#ffffff",
    surface="#f4f6f8",
    panel="#dfe6ec",
    dark=False,
    variables={
        "border": "#00588f",
        "border-blurred": "#8a97a4",
        "foreground-muted": "#46515c",
        "scrollbar": "#8a97a4",
        "scrollbar-background": "#ffffff",
        "scrollbar-corner-color": "#ffffff",
    },
)

HOUSE_THEMES = (DARK, LIGHT, CLEAR_DARK, CLEAR_LIGHT)


def check_theme(name: str, source: str) -> str:
    """The name of a theme that there is; empty stays empty.

    Raises ``InputProblem`` naming ``source`` and the nearest name.
    """
    known = [*(theme.name for theme in HOUSE_THEMES), *BUILTIN_THEMES]
    if name and name not in known:
        raise InputProblem(
            f"{source} can't be used",
            f"there is no theme {name!r}{nearest(name, known)}",
            "Put it right, or leave it out and choose one on the screen.",
        )
    return name
