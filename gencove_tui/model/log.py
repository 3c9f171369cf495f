"""What happened: events for everybody, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened, for the event log."""

    id: int
    time: datetime
    kind: str
    """``watch.seen``, ``upload.done``, ``download.failed`` …"""
    message: str
    transfer_id: int | None = None
    rule_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """``error``, ``warning``, ``success`` or ``info``: what a screen may ring a bell for."""
        return _SEVERITIES.get(self.kind.rsplit(".", 1)[-1], "info")


_SEVERITIES = {
    "failed": "error",
    "problem": "warning",
    "held": "warning",
    "lone": "warning",
    "waiting": "warning",
    "missing": "warning",
    "unlisted": "warning",
    "slow": "warning",
    "delayed": "warning",
    "to_assign": "warning",
    "delivered": "success",
    "recovered": "success",
}
"""By the last word of an event's kind."""


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One line of the audit log: who did what, when, to which bytes."""

    id: int
    time: datetime
    act: str
    """``upload``, ``assign``, ``download``, ``delete``, ``restore`` …; an open set."""
    outcome: str
    """``done``, ``skipped`` (was there already), ``failed``."""
    who: str
    """``user@host`` of the process that did it."""
    profile: str
    rule_id: int | None = None
    transfer_id: int | None = None
    local_path: str = ""
    remote: str = ""
    """The ``gncv://`` path of an upload, ``<sample>/<file>`` of a download."""
    bytes: int | None = None
    checksum: str = ""
    """``sha256:…`` or another kind; empty when none is known."""
    verified: bool = False
    """Downloads: the checksum agreed with Gencove's."""
    sample_id: str = ""
    client_id: str = ""
    project_id: str = ""
    detail: str = ""
