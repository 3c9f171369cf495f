"""What a watch rule wants after the upload, in the shape that the loop works with."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct

from gencove_tui.engine.targets import DEFAULT_TEMPLATE
from gencove_tui.model import WatchRule

HOOK_SECONDS = 30.0
"""How long a hook command may take unless the rule says otherwise."""
SINGLE_SECONDS = 300.0
"""How long a read 1 of a rule with single ends waits, should a mate come after all."""
HOOK_EVENTS = ("sample.*", "rule.*", "watch.problem", "upload.failed", "download.failed")
"""Kinds of events that go to a hook unless the rule names others."""


class Wants(Struct, frozen=True, kw_only=True):
    """The part of a rule that the loop follows; when it changes, the loop looks at everything anew."""

    project_id: str = ""
    """Empty: nothing is assigned or delivered."""
    metadata: Any = None
    """Any JSON, given to each sample on assignment."""
    single_end: bool = False
    """A read 1 without a mate is a whole sample."""
    mate_seconds: float = 86400.0
    """How long a lone mate may wait before it is reported, or assigned alone where ``single_end`` says so."""
    deliverables: tuple[str, ...] = ()
    """Shell patterns on file types, without regard to case; none means that nothing is downloaded."""
    deliver_to: Path = Path()
    template: str = DEFAULT_TEMPLATE
    side_files: bool = False
    """A ``NAME.sha256`` is written beside each result."""
    restore: bool = False
    """Ask archived samples back."""
    hook: tuple[str, ...] = ()
    hook_events: tuple[str, ...] = HOOK_EVENTS
    hook_seconds: float = HOOK_SECONDS
    status_file: str = ""
    """A second place for the status file; empty means the state folder only."""

    def takes(self, file_type: str) -> bool:
        """Whether a deliverable of that type is wanted."""
        return any(fnmatchcase(file_type.lower(), pattern.lower()) for pattern in self.deliverables)

    def missing(self, file_types: list[str]) -> tuple[str, ...]:
        """Wanted patterns that none of a sample's file types satisfies."""
        lowered = [file_type.lower() for file_type in file_types]
        return tuple(
            pattern
            for pattern in self.deliverables
            if not any(fnmatchcase(file_type, pattern.lower()) for file_type in lowered)
        )

    def hooks(self, kind: str) -> bool:
        """Whether the hook command is to hear of events of that kind."""
        return any(fnmatchcase(kind, pattern) for pattern in self.hook_events)


class Usual(Struct, frozen=True, kw_only=True):
    """How the profile saves results where a rule says nothing else."""

    folder: Path
    template: str = DEFAULT_TEMPLATE
    side_files: bool = False


def wants_of(rule: WatchRule, usual: Usual) -> Wants:
    """The rule's wishes, filled up with the profile's."""
    lone = rule.lone_mate_hours * 3600.0
    return Wants(
        project_id=rule.project,
        metadata=rule.metadata,
        single_end=rule.single_end,
        mate_seconds=min(lone, SINGLE_SECONDS) if rule.single_end else lone,
        deliverables=rule.deliver,
        deliver_to=Path(rule.deliver_to).expanduser() if rule.deliver_to else usual.folder,
        template=rule.deliver_template or usual.template,
        side_files=usual.side_files,
        restore=rule.restore_archived,
        hook=rule.hook,
        hook_events=rule.hook_events or HOOK_EVENTS,
        hook_seconds=rule.hook_seconds,
        status_file=rule.status_file,
    )
