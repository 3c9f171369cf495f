"""Is a folder on a network file system? There the system's notices don't come, or not from other machines."""

from __future__ import annotations

import os
from pathlib import Path

from gencove_tui.engine.mounts import MOUNTINFO, NOWHERE, Mount, mounts


def is_network(folder: str, choice: str = "auto", mountinfo: Path = MOUNTINFO) -> bool:
    """Whether a folder lies on a network file system; ``choice`` is the rule's ``file_system``."""
    if choice != "auto":
        return choice == "network"
    return _mount(folder, mountinfo).is_network


def file_system(folder: str, mountinfo: Path = MOUNTINFO) -> str:
    """Type of the file system that holds a folder, such as ``nfs4``; empty where the system doesn't tell."""
    return _mount(folder, mountinfo).kind


def _mount(folder: str, mountinfo: Path) -> Mount:
    try:
        device = Path(folder).stat().st_dev
    except OSError:
        return NOWHERE
    numbers = f"{os.major(device)}:{os.minor(device)}"
    path = os.path.realpath(folder)
    best, highest = NOWHERE, -1
    for mount in mounts(mountinfo):
        inside = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        # The device tells for sure, but some file systems show another one in stat than in the list.
        rank = len(mount.point) + (100_000 if mount.device == numbers else 0)
        if inside and rank >= highest:
            best, highest = mount, rank
    return best
