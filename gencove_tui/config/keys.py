"""The API key, in a file of its own that only its owner can read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gencove_tui.config.lines import reason_of, replace_file
from gencove_tui.config.locations import Locations
from gencove_tui.config.profiles import check_profile_name
from gencove_tui.errors import InputProblem

KEY_VARIABLE = "GENCOVE_API_KEY"


def save_key(where: Locations, profile: str, api_key: str) -> Path:
    """Keep a key in the profile's own file, mode 0600; returns its path. Raises ``InputProblem``."""
    path = where.key_file(check_profile_name(profile))
    replace_file(path, api_key + "\n", mode=0o600, folder_mode=0o700)
    return path


def read_key(where: Locations, profile: str) -> str:
    """The kept key, or nothing. Raises ``InputProblem`` when others can read the file."""
    path = where.key_file(profile)
    try:
        if path.stat().st_mode & 0o077:
            raise InputProblem(
                f"{path} can be read by others", "an API key is a secret", f"Run: chmod 600 {path}"
            )
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise InputProblem(f"Can't read {path}", reason_of(error), "Run: gencove-tui login") from error


def find_key(
    where: Locations, profile: str, given: str | None, environment: Mapping[str, str]
) -> tuple[str, str]:
    """The key and where it came from; both empty when there is none. Raises ``InputProblem``."""
    if given:
        key, source = given, "--api-key"
    elif environment.get(KEY_VARIABLE):
        key, source = environment[KEY_VARIABLE], f"${KEY_VARIABLE}"
    else:
        key, source = read_key(where, profile), str(where.key_file(profile))
    key = key.strip()
    if key and (not key.isascii() or not key.isprintable() or " " in key):
        raise InputProblem(
            "The API key can't be right",
            f"the one from {source} holds blanks or characters that no key has",
            "Copy it again from the dashboard's Settings.",
        )
    return key, source if key else ""
