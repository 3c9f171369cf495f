"""On the screen a remedy is a key, not a command."""

from __future__ import annotations

import pytest

from gencove_tui.tui.actions.keymap import DEFAULT_KEYS, make_keymap
from gencove_tui.tui.remedies import on_screen


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        (
            "Check the key in the dashboard's Settings, then run: gencove-tui login",
            "C gives the profile a new key.",
        ),
        ("Run: gencove-tui login", "C gives the profile a new key."),
        (
            'Add s3_endpoint to the profile. Then run: gencove-tui engine restart',
            "Add s3_endpoint to the profile. E starts the engine anew.",
        ),
        ("Run: gencove-tui engine restart. It is quick.", "E starts the engine anew. It is quick."),
        ("Make room.", "Make room."),
        ("", ""),
    ],
)  # fmt: skip
def test_a_command_becomes_a_key(remedy: str, said: str) -> None:
    assert on_screen(remedy, DEFAULT_KEYS) == said


def test_the_users_own_key_is_named() -> None:
    keys = make_keymap(changes={"profiles": "f9"})
    assert on_screen("Run: gencove-tui login", keys) == "f9 gives the profile a new key."
