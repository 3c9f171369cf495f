"""The house themes. Blue and orange carry the meaning, so that red against green is never all there is."""

from __future__ import annotations

from textual.theme import Theme

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
        "border-blurred": "#33404f",
        "scrollbar": "#33404f",
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
        "border-blurred": "#b8c4d0",
        "scrollbar": "#b8c4d0",
        "scrollbar-background": "#fbfcfd",
        "scrollbar-corner-color": "#fbfcfd",
    },
)

HOUSE_THEMES = (DARK, LIGHT)
