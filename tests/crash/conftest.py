"""Worlds whose engines may be killed."""

import pytest

from gencove_tui.sandbox import Sandbox

pytest.register_assert_rewrite("tests.crash.world", "tests.crash.loop")

from tests.crash.world import World  # noqa: E402 - after what pytest needs to know before


@pytest.fixture
def quiet_sandbox():
    """A local Gencove with one project and nothing in it."""
    with Sandbox(scenario="empty", speed=10) as running:
        yield running


@pytest.fixture
def world(quiet_sandbox, dialect, tmp_path):
    with World(quiet_sandbox, dialect, tmp_path) as made:
        yield made
