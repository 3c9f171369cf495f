"""The table of actions is whole and free of clashes."""

from __future__ import annotations

import re

import click
import pytest
from textual.binding import Binding

from gencove_tui.cli import cli
from gencove_tui.tui.actions import ACTIONS, APP, BY_ID, PANES, TABLE, Action, actions_for, bindings, key_bar
from gencove_tui.tui.palette import listed
from gencove_tui.tui.screens.main import MainScreen
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.samples import SamplesPane
from gencove_tui.tui.widgets.transfers import TransfersPane
from gencove_tui.tui.widgets.uploads import UploadsPane
from gencove_tui.tui.widgets.virtual_table import VirtualTable
from gencove_tui.tui.widgets.watch import WatchPane

HANDLERS = {
    "projects": ProjectsPane,
    "samples": SamplesPane,
    "detail": DetailPane,
    "uploads": UploadsPane,
    "transfers": TransfersPane,
    "watch": WatchPane,
    APP: MainScreen,
    TABLE: VirtualTable,
}
OPTIONS = re.compile(r"--[a-z-]+")
EATEN = {"ctrl+s", "ctrl+q", "ctrl+j", "ctrl+h", "ctrl+m", "ctrl+i", "ctrl+b", "ctrl+z", "ctrl+c"}
"""Keys that terminals, multiplexers or shells keep for themselves."""


def test_ids_differ() -> None:
    assert len(BY_ID) == len(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_place_of_an_action_can_do_it(action: Action) -> None:
    for where in action.where:
        assert hasattr(HANDLERS[where], f"action_{action.call.partition('(')[0]}"), where


@pytest.mark.parametrize("pane", PANES)
def test_no_two_actions_share_a_key_in_one_place(pane: str) -> None:
    keys = [key for where in (pane, APP, TABLE) for action in actions_for(where) for key in action.keys]
    assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_plain_key(action: Action) -> None:
    assert any("ctrl" not in key and key not in EATEN for key in action.keys)


@pytest.mark.parametrize("pane", PANES)
def test_every_binding_has_an_id_and_a_name(pane: str) -> None:
    found = [binding for binding in bindings(pane) if isinstance(binding, Binding)]
    assert found
    assert all(binding.id and binding.description for binding in found)


def test_the_palette_offers_everything_but_itself() -> None:
    assert {action.id for action in ACTIONS} - {action.id for action in listed()} == {"palette"}


@pytest.mark.parametrize("pane", PANES)
def test_the_key_bar_always_ends_with_help_and_quit(pane: str) -> None:
    assert [action.id for action in key_bar(pane)][-2:] == ["help", "quit"]
    assert all(action.short for action in key_bar(pane))


def test_destructive_actions_are_marked() -> None:
    assert {action.id for action in ACTIONS if action.destructive} == {
        "cancel",
        "cancel_samples",
        "delete_samples",
        "delete_projects",
        "delete_uploads",
        "remove_rule",
    }


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_says_all_that_there_is_to_say(action: Action) -> None:
    assert action.id
    assert action.title[0].isupper()
    assert not action.title.endswith(".")
    assert action.help.endswith((".", "?"))
    assert action.keys
    assert action.where
    assert bool(action.twin) != bool(action.alone), "a command that does the same, or why there is none"
    if action.alone:
        assert action.alone.endswith(".")


@pytest.mark.parametrize(
    "action", [a for a in ACTIONS if a.twin.startswith("gencove-tui")], ids=lambda action: action.id
)
def test_the_command_that_does_the_same_exists_and_takes_those_options(action: Action) -> None:
    words = action.twin.split()[1:]
    command: click.Command = cli
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    known = {option for parameter in (*command.params, *cli.params) for option in parameter.opts}
    assert set(OPTIONS.findall(action.twin)) <= known
    if words and not words[0].startswith("-"):
        assert any(isinstance(parameter, click.Argument) for parameter in command.params), action.twin


def test_other_twins_are_of_gencoves_own_client() -> None:
    assert all(re.match(r"gencove(-tui)? ", action.twin) for action in ACTIONS if action.twin)
