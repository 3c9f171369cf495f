"""A theme that there is not is named, with the one that was meant."""

from __future__ import annotations

import pytest

from gencove_tui.errors import InputProblem
from gencove_tui.tui.themes import HOUSE_THEMES, check_theme


def test_known_themes_and_none_are_taken() -> None:
    for name in ("", HOUSE_THEMES[0].name, "nord"):
        assert check_theme(name, "[screen] theme") == name


def test_a_misspelt_theme_is_told_with_its_place_and_the_nearest() -> None:
    with pytest.raises(InputProblem, match="gencove-ligth") as told:
        check_theme("gencove-ligth", "[screen] theme of /x/config.toml")
    assert "did you mean 'gencove-light'?" in str(told.value)
    assert "/x/config.toml" in str(told.value)
