"""Is a folder on a network file system? There the system's notices don't come, or not from other machines."""

from __future__ import annotations

import os
import re
from pathlib import Path

NETWORK_TYPES = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "smb2",
        "9p",
        "lustre",
        "beegfs",
        "gpfs",
        "afs",
        "ceph",
        "glusterfs",
        "davfs",
        "ncpfs",
        "ocfs2",
        "gfs2",
        "acfs",
        "panfs",
        "orangefs",
        "vboxsf",
        "prl_fs",
        "virtiofs",
    ]
)
_LOCAL_FUSE = frozenset({"fuse.ext2", "fuse.ntfs", "fuse.exfat", "fuse.lxcfs", "fuse.snapfuse"})
_MOUNTINFO = Path("/proc/self/mountinfo")


def is_network(folder: str, choice: str = "auto", mountinfo: Path = _MOUNTINFO) -> bool:
    """Whether a folder lies on a network file system; ``choice`` is the rule's ``file_system``."""
    if choice != "auto":
        return choice == "network"
    kind = file_system(folder, mountinfo)
    return kind in NETWORK_TYPES or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)


def file_system(folder: str, mountinfo: Path = _MOUNTINFO) -> str:
    """Type of the file system that holds a folder, such as ``nfs4``; empty where the system doesn't tell."""
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        device = Path(folder).stat().st_dev
    except OSError:
        return ""
    numbers = f"{os.major(device)}:{os.minor(device)}"
    path = os.path.realpath(folder)
    best = ("", -1, "")
    for line in lines:
        fields, _, rest = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) < 5 or not rest:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), parts[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        # The device tells for sure, but some file systems show another one in stat than in the list.
        rank = len(point) + (100_000 if parts[2] == numbers else 0)
        if inside and rank >= best[1]:
            best = (point, rank, rest.split(" ")[0])
    return best[2]
