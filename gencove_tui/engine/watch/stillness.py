"""Does a file stand still? Told from looks of our own and a clock that nobody sets (transfer-anchors §3.1).

The file's own times are never compared with a clock here: a server's may be wrong, and copiers set them back.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from gencove_tui.engine.watch.look import Found

LOOKS = 3


class _Seen(Struct, gc=False):
    file: Found
    since: float
    looks: int


class Stillness:
    """Remembers since when each file looks the same."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def note(self, file: Found, now: float) -> None:
        """One more look at a file; ``now`` is a monotonic time in seconds."""
        seen = self._seen.get(file.path)
        if seen is None or _version(seen.file) != _version(file):
            self._seen[file.path] = _Seen(file, now, 1)
        else:
            seen.looks += 1

    def holds(self, path: str, now: float, settle: float) -> bool:
        """Whether it looked the same over three looks at least and ``settle`` seconds."""
        seen = self._seen.get(path)
        return seen is not None and seen.looks >= LOOKS and now - seen.since >= settle

    def left(self, path: str, now: float, settle: float) -> float:
        """Seconds until it may have stood still for long enough; the looks that it takes are not counted."""
        seen = self._seen.get(path)
        return settle if seen is None else max(0.0, seen.since + settle - now)

    def forget(self, path: str) -> None:
        """It is no longer of interest."""
        self._seen.pop(path, None)

    def keep(self, paths: Iterable[str]) -> None:
        """Forget all but these."""
        self._seen = {path: seen for path in paths if (seen := self._seen.get(path)) is not None}

    def clear(self) -> None:
        """Begin anew, as after the folder was away."""
        self._seen.clear()


def _version(file: Found) -> tuple[int, int, int]:
    return file.size, file.mtime_ns, file.inode
