"""Map files and sample sheets that lie among the files: read once per version, complained about once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from gencove_tui.engine.watch.look import Found
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.map_csv import MAP_SUFFIX, MapEntry, parse_map
from gencove_tui.fastq.sheets import SampleSheet, cross_check, parse_sheet

_LARGEST = 16 << 20
"""Bytes; no sheet or map is as large."""
_NAMED = 5
"""Samples named in a notice."""


class Papers:
    """What the map files and sheets below a folder say."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._versions: dict[str, tuple[int, int]] = {}
        self.maps: dict[str, tuple[MapEntry, ...]] = {}
        """By path relative to the folder."""
        self.sheets: dict[str, SampleSheet] = {}
        self._problems: dict[str, str] = {}
        self._disagreements: list[str] = []

    def read(self, maps: Iterable[Found], sheets: Iterable[Found]) -> bool:
        """Read what is new or changed; returns whether any came, changed or went. Reads the disk."""
        seen: set[str] = set()
        changed = False
        for found, is_map in (*((f, True) for f in maps), *((f, False) for f in sheets)):
            relative = os.path.relpath(found.path, self._folder)
            seen.add(relative)
            if self.has_read(relative, found):
                continue
            self._versions[relative] = (found.size, found.mtime_ns)
            changed = True
            self._forget(relative)
            try:
                content = _content(found)
                if is_map:
                    self.maps[relative] = parse_map(content, relative)
                else:
                    self.sheets[relative] = parse_sheet(content, relative)
            except (InputProblem, OSError) as error:
                self._problems[relative] = str(error)
        for relative in self._versions.keys() - seen:
            changed = True
            del self._versions[relative]
            self._forget(relative)
        return changed

    def has_read(self, relative: str, found: Found) -> bool:
        """Whether this version of a map or sheet was read."""
        return self._versions.get(relative) == (found.size, found.mtime_ns)

    def _forget(self, relative: str) -> None:
        for known in (self.maps, self.sheets, self._problems):
            known.pop(relative, None)

    def broken_map(self, relative: str) -> str:
        """The map that should say what becomes of a file and can't be followed; empty when there is none.

        Such files wait until it can.
        """
        for path in self._problems:
            folder = path.rpartition("/")[0]
            if path.endswith(MAP_SUFFIX) and (not folder or relative.startswith(folder + "/")):
                return path
        return ""

    def notices(self, samples: Mapping[str, str], complete: bool) -> list[str]:
        """What is wrong with the papers, and where the sheets disagreed when the files were complete last.

        ``samples`` maps the relative path of every FASTQ to the sample id in its name.
        """
        if not complete:
            return [*self._problems.values(), *self._disagreements]
        found: list[str] = []
        for relative, sheet in self.sheets.items():
            folder = relative.rpartition("/")[0]
            below = {name for path, name in samples.items() if not folder or path.startswith(folder + "/")}
            check = cross_check(sheet, sorted(below))
            if check.without_files:
                found.append(f"{relative}: no files for {_list(check.without_files)}")
            if check.without_rows:
                found.append(f"{relative} has no row for {_list(check.without_rows)}")
        self._disagreements = found
        return [*self._problems.values(), *found]


def _content(found: Found) -> bytes:
    if found.size > _LARGEST:
        raise InputProblem(f"{found.path} can't be used", f"it has {found.size} bytes")
    return Path(found.path).read_bytes()


def _list(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
