"""Is the folder that a rule looks through still the one whose files it knows?

A disk that is away, or a share that shows nothing for a moment, looks like a folder that was emptied. Nothing
is concluded from such a look (transfer-anchors §3.1).
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from gencove_tui.engine.watch.look import Look
from gencove_tui.model import WatchedFile

Place = tuple[int, int]
"""Device and inode of a folder."""
EMPTY_NOW = "it is empty all at once; if its disk is not mounted, mount it again"


def why_away(
    look: Look, known: Mapping[str, WatchedFile], absent: Container[str], last: Place | None, folder: str
) -> str:
    """Why a look that saw no FASTQ tells nothing about the files; empty when it can be believed.

    ``absent`` are paths that were missed before; ``last`` is where the folder was when its files were seen,
    None where nobody knows.
    """
    if look.files:
        return ""
    below = folder.rstrip("/") + "/"
    missed = [file for path, file in known.items() if path.startswith(below) and path not in absent]
    if not missed:
        return ""
    if last is not None and last != look.root:
        return EMPTY_NOW  # what shows now is the place where the disk was mounted, or another disk
    awaited = any(file.state not in ("queued", "ignored") for file in missed)
    # Files that went up may well be deleted afterwards, even all of them; others hardly all at once.
    return EMPTY_NOW if not look.entries and (awaited or last is None) else ""
