"""Words that several of the engine's texts for people share."""

from __future__ import annotations

SET_HYPHENS = "Set hyphens = true in the rule"
SET_LANES = "Set merge_lanes = true in the rule"
SET_PROJECT = "Set project to another one in the rule"
"""What to do, by the keys of ``config.toml``; a screen puts the names of its own fields in their place."""


def plural(value: int, one: str, many: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def why_not_looked(error: OSError) -> str:
    """Why a folder can't be looked through, as people say it."""
    if isinstance(error, FileNotFoundError):
        return "the folder isn't there"
    if isinstance(error, NotADirectoryError):
        return "it is not a folder"
    if isinstance(error, PermissionError):
        return "this user may not read the folder"
    return error.strerror or str(error)
