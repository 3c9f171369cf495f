"""Files that hold secrets, such as links that anyone can download with."""

from __future__ import annotations

import os
from pathlib import Path

from gencove_tui.errors import InputProblem


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all.

    Raises ``InputProblem`` when that can't be done.
    """
    try:
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        temporary.replace(path)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        raise InputProblem(f"Can't write {path}", why, "Choose another place.") from error
