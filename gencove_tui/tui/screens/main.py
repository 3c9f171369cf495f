"""The main screen: the frame with its panes, wired to the data and to what users do."""

from __future__ import annotations

from gencove_tui.tui.screens.wiring_local import LocalWiring
from gencove_tui.tui.screens.wiring_remote import RemoteWiring
from gencove_tui.tui.screens.wiring_shared import SharedWiring


class MainScreen(SharedWiring, RemoteWiring, LocalWiring):
    """All panes at work."""
