"""What is mounted where, without touching it: a network file system that hangs would hang whoever looks."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path, PurePosixPath

from msgspec import Struct

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
        "autofs",
        "cvfs",
        "fhgfs",
        "fuse",
        "pvfs2",
        "wekafs",
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
_NUMBERED_ANEW = frozenset({"vfat", "msdos", "exfat"})
MOUNTINFO = Path("/proc/self/mountinfo")
_MOST_LINKS = 40


class Mount(Struct, frozen=True):
    """One mounted file system."""

    point: str
    """The folder that it is mounted at; empty where the system doesn't tell."""
    device: str
    """Major and minor number, as ``8:1``."""
    kind: str
    """Such as ``nfs4``."""

    @property
    def is_network(self) -> bool:
        """Whether other machines have a part in it, so that it may hang and tells no changes of theirs."""
        return self.kind in NETWORK_TYPES or (self.kind.startswith("fuse.") and self.kind not in _LOCAL_FUSE)

    @property
    def keeps_inodes(self) -> bool:
        """Whether a file has one inode number for life. FAT and FUSE may number it anew at each look."""
        return self.kind not in _NUMBERED_ANEW and not self.kind.startswith("fuse")


NOWHERE = Mount("", "", "")


def mounts(mountinfo: Path = MOUNTINFO) -> list[Mount]:
    """All of them, later ones covering earlier ones; none where the system doesn't tell."""
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        fields, _, rest = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) >= 5 and rest:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), parts[4])
            found.append(Mount(point, parts[2], rest.split(" ")[0]))
    return found


def mount_of(path: str, mounted: list[Mount]) -> Mount:
    """The file system that a path leads to, which need not exist. Links are followed only on local disks."""
    points = {mount.point: mount for mount in mounted}  # a later one covers an earlier one
    here = PurePosixPath("/")
    rest = deque(Path(path).absolute().parts[1:])
    links = 0
    while rest:
        name = rest.popleft()
        here = here.parent if name == ".." else here / name
        mount = _around(here, points)
        if mount.is_network or links > _MOST_LINKS:
            return mount
        try:
            link = Path(here).readlink()
        except OSError:
            continue  # no link, or not there
        links += 1
        here = PurePosixPath("/") if link.is_absolute() else here.parent
        rest.extendleft(reversed(link.parts[1:] if link.is_absolute() else link.parts))
    return _around(here, points)


def _around(path: PurePosixPath, points: dict[str, Mount]) -> Mount:
    for folder in (path, *path.parents):
        if (mount := points.get(str(folder))) is not None:
            return mount
    return NOWHERE
