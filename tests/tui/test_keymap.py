"""Presets, the user's own keys, and what is said when they can't be."""

from __future__ import annotations

from pathlib import Path

import pytest

from gencove_tui.config import load_config
from gencove_tui.errors import InputProblem
from gencove_tui.tui.actions import ACTIONS, APP, BY_ID
from gencove_tui.tui.actions.keymap import (
    DEFAULT_KEYS,
    EATEN,
    PRESETS,
    clashes,
    key_listing,
    long_name,
    make_keymap,
    markdown_table,
)
from tests.tui.driving import WIDE, drive
from tests.tui.fakes import FakeDesk, make_snapshot


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_no_clashes_and_a_plain_key_for_every_action(preset: str) -> None:
    keymap = make_keymap(preset)
    assert clashes({action.id: keymap.keys(action) for action in ACTIONS}) == []
    for action in ACTIONS:
        plain = [key for key in keymap.keys(action) if "ctrl" not in key and key not in EATEN]
        assert plain, action.id


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"downlod": "D"}, "did you mean 'download'?"),
        ({"quit": "r"}, "r would mean refresh and quit"),
        ({"retry": "p"}, "in Transfers"),
        ({"help": []}, "help needs at least one key"),
        ({"help": "ctrl+s"}, "terminals keep ctrl+s"),
        ({"help": "hyperspace"}, "no key 'hyperspace'"),
    ],
)
def test_what_cannot_be_is_said_and_named(changes: dict[str, str | list[str]], said: str) -> None:
    with pytest.raises(InputProblem) as caught:
        make_keymap("default", changes, "[keys] of config.toml")
    assert said in str(caught.value)
    assert "[keys] of config.toml" in str(caught.value)


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(InputProblem) as caught:
        make_keymap("emacs", {"nothing": "x", "quit": "r"})
    text = str(caught.value)
    assert "emacs" in text
    assert "'nothing'" in text
    assert "refresh and quit" in text


def test_keys_are_understood_as_people_write_them() -> None:
    assert [long_name(key) for key in ("?", "esc", "ctrl+/", "+", "f5", "D")] == [
        "question_mark",
        "escape",
        "ctrl+slash",
        "plus",
        "f5",
        "D",
    ]
    assert make_keymap(changes={"help": ["f9", "?"]}).all_keys("help") == "f9 ?"


async def test_the_users_keys_work_and_stand_in_the_bar_and_the_help() -> None:
    desk = FakeDesk(ledger=make_snapshot())
    keys = make_keymap(changes={"pause": "o", "retry": "p"})
    async with drive(desk, WIDE, keys=keys) as it:
        await it.press("4", "o")
        await it.until(lambda: desk.called("wish"), "a wish by the new key")
        await it.sees("o pause", "p retry")
        await it.press("question_mark")
        await it.sees("Pause or resume")


async def test_vim_enters_with_l_and_leaves_with_h() -> None:
    async with drive(keys=make_keymap("vim")) as it:
        await it.sees("Maize")
        await it.press("l")
        await it.focus_is("samples-table")
        await it.press("l")
        await it.focus_is("detail-table")
        await it.press("h")
        await it.focus_is("samples-table")


def test_every_action_is_documented() -> None:
    text = key_listing(DEFAULT_KEYS)
    assert all(f" {action.id} " in text for action in ACTIONS)


def test_the_readme_has_the_keys_as_they_are() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert markdown_table() in readme, "put `gencove-tui keys --markdown` into README.md"


def test_config_chooses_preset_keys_and_looks(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[keys]\npreset = "vim"\ndownload = ["D", "f7"]\n\n[screen]\nmouse = false\nascii = true\n'
    )
    config = load_config(file)
    assert config.keys.preset == "vim"
    assert config.keys.changes == {"download": ("D", "f7")}
    assert (config.screen.mouse, config.screen.ascii) == (False, True)


def test_config_names_what_is_wrong_with_keys_and_looks(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[keys]\ndownload = 5\n")
    with pytest.raises(InputProblem, match=r"line 2: keys\.download"):
        load_config(file)
    file.write_text("[screen]\nmoose = true\n")
    with pytest.raises(InputProblem, match="did you mean 'mouse'"):
        load_config(file)


def test_quit_and_help_work_everywhere() -> None:
    assert APP in BY_ID["quit"].where
    assert APP in BY_ID["help"].where
