"""Where this machine keeps what belongs to the program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from msgspec import Struct

HOME_VARIABLE = "GENCOVE_TUI_HOME"
"""One folder for configuration, state and cache, in place of the platform's own."""


class Locations(Struct, frozen=True):
    """Where this machine keeps what belongs to the program."""

    config: Path
    state: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        """The user's ``config.toml``; need not exist."""
        return self.config / "config.toml"

    def key_file(self, profile: str) -> Path:
        """The profile's own file with nothing but the API key."""
        return self.config / "keys" / profile


def locations(environment: Mapping[str, str] = os.environ) -> Locations:
    """The platform's folders, or those below ``$GENCOVE_TUI_HOME``."""
    home = environment.get(HOME_VARIABLE)
    if home:
        root = Path(home).expanduser().absolute()
        return Locations(root / "config", root / "state", root / "cache")
    dirs = platformdirs.PlatformDirs("gencove-tui", appauthor=False)
    return Locations(dirs.user_config_path, dirs.user_state_path, dirs.user_cache_path)
