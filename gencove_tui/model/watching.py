"""Watch rules, the files that they have seen, and how they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from gencove_tui.model.places import GncvPath

NETWORK_SETTLE = 300.0
"""Seconds for which a file on a network file system must stand still."""


class RuleTerms(Struct, frozen=True, kw_only=True):
    """What a watch rule is to do: the keys of ``[profiles.PROFILE.watch.NAME]`` in ``config.toml``."""

    folder: str
    """Absolute."""
    destination: GncvPath
    """Where the files go. ``{run}``: name of the run folder, or of the folder at the top that holds the file;
    ``{date}``: of the run's name, or the day on which the sample was first seen, as 2026-03-14; ``{project}``
    and ``{rule}``: as written there; ``{sample}``: the client id; ``{relpath}``: the file's folder below
    ``folder``, which is put to the end where neither it nor ``{run}`` is named."""
    files: tuple[str, ...] = ()
    """Patterns in order, the last that matches wins; one that begins with ``!`` leaves out. None, or only
    such: every FASTQ. One without a slash is about the name in any folder, another about the path below
    ``folder``, where ``**`` stands for any number of folders."""
    project: str = ""
    """Id of the project to assign to (v2); empty assigns nothing."""
    metadata: Any = None
    """Any JSON, given to each sample on assignment."""
    single_end: bool = False
    """A read 1 without a mate is a whole sample."""
    check: str = "full"
    """How closely a file is looked at on its way, ``full``, ``gzip`` or ``none``."""
    settle: float = field(default=60.0, name="settle_seconds")
    """Seconds for which a file must stand still, over three looks at least."""
    network_settle: float = field(default=NETWORK_SETTLE, name="network_settle_seconds")
    """The same on network file systems, whose news come late."""
    file_system: str = "auto"
    """``local``, ``network`` (polled only), or ``auto``: what the system says."""
    marker: str = "auto"
    """Name of a file, in the FASTQ's folder or above, to wait for; ``auto``: the sequencers' own, in run
    folders; ``none``: wait for nothing."""
    marker_hours: float = 48.0
    """How long ``auto`` waits for a marker before a file is taken without."""
    hyphens: bool = False
    """``_`` in sample ids becomes ``-`` on upload, since Gencove cuts an id at its first underscore."""
    merge_lanes: bool = False
    """Lanes and segments of a sample go up as one file per read."""
    undetermined: bool = False
    """Take reads that belong to no sample, too."""
    index_reads: bool = False
    """Take I1 and I2, too."""
    lone_mate_hours: float = 24.0
    """How long a lone mate may wait before it is reported."""
    deliver: tuple[str, ...] = ()
    """Patterns on file types of results to download when they are ready."""
    deliver_to: str = ""
    """Folder for results; empty means the profile's."""
    deliver_template: str = ""
    """Path below it; empty means the official client's."""
    restore_archived: bool = False
    """Ask archived samples back."""
    hook: tuple[str, ...] = ()
    """Command that hears of events, with its arguments."""
    hook_events: tuple[str, ...] = ()
    """Patterns on kinds of events for the hook; none means the usual."""
    hook_seconds: float = 30.0
    """How long the hook may take."""
    status_file: str = ""
    """A second place for the rule's status file."""
    toast: tuple[str, ...] = ()
    """Severities of the rule's events that screens show for a moment: ``error``, ``warning``, ``success``."""
    bell: tuple[str, ...] = ()
    """Those for which a screen rings the terminal's bell."""

    @property
    def include(self) -> tuple[str, ...]:
        """Patterns that take files in."""
        return tuple(pattern for pattern in self.files if not pattern.startswith("!"))

    @property
    def exclude(self) -> tuple[str, ...]:
        """Patterns that leave files out."""
        return tuple(pattern[1:] for pattern in self.files if pattern.startswith("!"))


class WatchRule(RuleTerms, frozen=True, kw_only=True):
    """A rule as the ledger knows it: folder → destination → project → results."""

    id: int
    name: str = ""
    """Unique in the profile."""
    from_file: bool = False
    """Whether it stands in ``config.toml``; else a command made it."""
    active: bool = True
    """What the user wants: False while paused."""
    problem: str = ""
    """Why the rule can't work at the moment, e.g. the folder is missing."""


class WatchedFile(Struct, frozen=True, kw_only=True, gc=False):
    """One version (path, size, mtime, inode) of a file that a rule has seen."""

    rule_id: int
    path: str
    size: int
    mtime_ns: int
    inode: int
    state: str
    """``settling``, ``waiting`` (for something but time), ``held`` (for a person), ``queued`` (a transfer
    exists), ``ignored``, ``gone``."""
    reason: str = ""
    """What it waits for, or why it is not taken, for people to read."""
    remedy: str = ""
    transfer_id: int | None = None
    first_seen: datetime | None = None
    ctime_ns: int = 0
    """Moves whenever the content was touched, even where the modification time was set back."""
    sample: str = ""
    """Which sample, lane and segment it belongs to, the same for both mates; empty before it was queued."""
    read: str = ""
    """``R1`` or ``R2``."""


class RuleStatus(Struct, frozen=True, kw_only=True):
    """Where a rule stands, as its last look left it."""

    looked: datetime | None = None
    """Last look through the folder, written once a minute where nothing changes; None before the first."""
    seconds: float = 0.0
    """How long it took."""
    root: tuple[int, int] | None = None
    """Device and inode of the folder then; None before the first look."""
    files: int = 0
    """FASTQ files seen then."""
    network: bool = False
    polling: bool = False
    """Whether the folder is looked through now and then only, without notices from the system."""
    lone: tuple[LoneMate, ...] = ()
    """Samples here whose mate isn't, the longest waiting first."""
    notices: tuple[str, ...] = ()
    """What is not as it should be and stops nothing: unreadable folders, sheets that disagree …"""


class LoneMate(Struct, frozen=True, kw_only=True):
    """A sample of which one read is here and the other is not."""

    sample: str
    missing: str
    """``R2``, ``R1 lane 3`` …"""
    since: datetime
    folder: str = ""
    """Where its files are, below the rule's folder: two runs may have a sample of one name."""
