"""What a rule would take, and why not the rest: one look, nothing is written or queued."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import PurePath

from msgspec import Struct

from gencove_tui.engine.watch.gates import EMPTY, Surroundings, marker_gate, wanted
from gencove_tui.engine.watch.look import Found, look_through
from gencove_tui.engine.watch.papers import Papers
from gencove_tui.engine.watch.places import run_date, run_name
from gencove_tui.engine.watch.plan import Item, make_plan
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.names import why_not
from gencove_tui.model import GncvPath, RuleTerms


class DryFile(Struct, frozen=True, kw_only=True):
    """What a rule would do with one file."""

    path: str
    """Relative to the rule's folder."""
    size: int
    remote: GncvPath | None = None
    """Where it would go once it stands still; None when it would not."""
    joined: int = 1
    """How many files make up the upload."""
    reason: str = ""
    """Why not, or not yet."""
    remedy: str = ""


class DryRun(Struct, frozen=True, kw_only=True):
    """What a rule would do, by path."""

    files: tuple[DryFile, ...]
    notices: tuple[str, ...] = ()

    @property
    def taken(self) -> tuple[DryFile, ...]:
        """Those that would go up."""
        return tuple(file for file in self.files if file.remote is not None)


def dry_run(rule: RuleTerms, name: str = "rule") -> DryRun:
    """Look once; reads the disk, so run it in a thread.

    Raises ``InputProblem`` when the folder can't be read.
    """
    try:
        look = look_through(rule.folder, rule.marker)
    except OSError as error:
        raise InputProblem(
            f"Can't look into {rule.folder}", error.strerror or str(error), "Check the folder."
        ) from error
    top = PurePath(rule.folder).name
    now = datetime.now(UTC)
    surroundings = Surroundings(rule, top, look.signs)
    papers = Papers(rule.folder)
    papers.read(look.maps, look.sheets)
    reasons: dict[str, str] = {}
    taken: dict[str, Found] = {}
    for file in look.files:
        relative = os.path.relpath(file.path, rule.folder)
        if reason := wanted(rule, relative):
            reasons[relative] = reason
        else:
            taken[relative] = file

    def facts(relative: str, _: Iterable[str]) -> tuple[str, date]:
        run = run_name(relative, surroundings.of(relative).root, top)
        return run, run_date(run, now)

    plan = make_plan(rule, taken, facts, rule_name=name, maps=papers.maps)
    files = []
    for found in look.files:
        relative = os.path.relpath(found.path, rule.folder)
        item = plan.items.get(relative, Item(state="ignored", reason=reasons.get(relative, "")))
        reason, remedy = item.reason, item.remedy
        if not reason and found.size == 0:
            reason = EMPTY
        if not reason and (broken := papers.broken_map(relative)):
            reason = f"{broken} can't be used"
        if not reason:
            reason = marker_gate(rule, surroundings.of(relative), now, now).reason
        files.append(
            DryFile(
                path=relative,
                size=found.size,
                remote=None if reason else item.remote,
                joined=max(1, len(item.sources)),
                reason=reason,
                remedy=remedy,
            )
        )
    files += [
        DryFile(path=os.path.relpath(path, rule.folder), size=0, reason=why_not(path)) for path in look.others
    ]
    notices = [*papers.notices(plan.samples, complete=True), *plan.notices]
    notices += [f"can't look into {path or rule.folder}: {why}" for path, why in look.unreadable.items()]
    return DryRun(files=tuple(sorted(files, key=lambda file: file.path)), notices=tuple(notices))
