"""The words of the domain, as frozen structures that every room shares.

Sizes are bytes, rates bytes per second, times timezone-aware ``datetime`` in UTC, durations seconds.
"""

from gencove_tui.model.log import AuditEntry, Event
from gencove_tui.model.loop import LoopFile, LoopSample, LoopState
from gencove_tui.model.places import FASTQ_SUFFIXES, GNCV, GncvPath
from gencove_tui.model.remote import (
    Account,
    Capability,
    Credentials,
    Deliverable,
    Dialect,
    FileType,
    Organization,
    Page,
    Project,
    ProjectQuery,
    Sample,
    SampleQuery,
    SampleStatus,
    StatusCounts,
    Upload,
    UploadTarget,
)
from gencove_tui.model.transfers import (
    FINAL_STATES,
    Direction,
    DownloadSource,
    Part,
    Transfer,
    TransferState,
    Wish,
)
from gencove_tui.model.watching import NETWORK_SETTLE, LoneMate, RuleStatus, RuleTerms, WatchedFile, WatchRule

__all__ = [
    "FASTQ_SUFFIXES",
    "FINAL_STATES",
    "GNCV",
    "NETWORK_SETTLE",
    "Account",
    "AuditEntry",
    "Capability",
    "Credentials",
    "Deliverable",
    "Dialect",
    "Direction",
    "DownloadSource",
    "Event",
    "FileType",
    "GncvPath",
    "LoneMate",
    "LoopFile",
    "LoopSample",
    "LoopState",
    "Organization",
    "Page",
    "Part",
    "Project",
    "ProjectQuery",
    "RuleStatus",
    "RuleTerms",
    "Sample",
    "SampleQuery",
    "SampleStatus",
    "StatusCounts",
    "Transfer",
    "TransferState",
    "Upload",
    "UploadTarget",
    "WatchRule",
    "WatchedFile",
    "Wish",
]
