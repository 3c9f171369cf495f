"""What is wrong in ``config.toml`` and where: file, line, key, and the nearest key that there is."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gencove_tui.errors import InputProblem
from gencove_tui.model import GncvPath

T = TypeVar("T", bound=Struct)


def reject_unknown(
    path: Path, text: str, table: tuple[str, ...], data: Mapping[str, Any], shape: type[Struct]
) -> None:
    """Raises ``InputProblem`` for a key that ``shape`` doesn't have."""
    for key in data:
        if key not in shape.__struct_encode_fields__:
            dotted = ".".join((*table, key))
            hint = nearest(key, shape.__struct_encode_fields__)
            raise bad_config(path, f"{line_of(text, table, key)}unknown key {dotted!r}{hint}")


def convert_table(
    path: Path, text: str, where: tuple[str, ...], table: Mapping[str, Any], shape: type[T]
) -> T:
    """A table as a typed value. Raises ``InputProblem`` naming file, line and key."""
    reject_unknown(path, text, where, table, shape)
    try:
        return msgspec.convert(dict(table), shape, dec_hook=_decode)
    except (msgspec.ValidationError, InputProblem) as error:
        said = error.why if isinstance(error, InputProblem) else str(error).split(" - at ")[0]
        full = str(error)
        key = next((k for k in table if f"`$.{k}" in full or full.startswith(k)), "")
        if isinstance(error, InputProblem):
            key = next((k for k, v in table.items() if isinstance(v, str) and repr(v) in error.what), "")
        place = line_of(text, where, key) if key else line_of(text, where[:-1], where[-1])
        raise bad_config(path, f"{place}{'.'.join(where)}{'.' if key else ''}{key}: {said}") from error


def _decode(shape: type, value: Any) -> Any:
    if shape is GncvPath and isinstance(value, str):
        return GncvPath.parse(value)
    raise NotImplementedError(f"{value!r} as {shape}")


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or all that there is; empty when nothing is known."""
    known = list(known)
    match = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if match:
        return f"; did you mean {match[0]!r}?"
    return f"; known are {', '.join(known)}" if known else ""


def line_of(text: str, table: tuple[str, ...], key: str) -> str:
    """``line N: `` of a key in a table, or nothing where it can't be told (inline tables, quoted keys)."""
    header = ".".join(table)
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if match := re.match(r"\[+\s*([^\]]+?)\s*\]+", stripped):
            current = match.group(1).replace('"', "").replace("'", "")
            if current == ".".join((*table, key)):
                return f"line {number}: "
        elif current == header and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*[=.]", stripped):
            return f"line {number}: "
    return ""


def bad_config(path: Path, why: str) -> InputProblem:
    """What to say when the file can't be used."""
    return InputProblem(f"{path} can't be used", why, "Put it right, or move the file away, and start again.")


def reason_of(error: Exception) -> str:
    """The system's own words where it has some."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def replace_file(path: Path, text: str, *, mode: int, folder_mode: int = 0o777) -> None:
    """Write a file in one step, with the folder around it. Raises ``InputProblem`` when that fails."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=folder_mode)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):  # where nothing can be written, nothing can be taken away either
            temporary.unlink(missing_ok=True)
        raise InputProblem(
            f"Can't write {path}", reason_of(error), "Check the folder's permissions."
        ) from error
