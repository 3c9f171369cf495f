"""What one look means for every file: the gates in their order (transfer-anchors §3.1).

Name, run markers, standing still, then pairs, lanes and the collision guard. The content is checked in the
upload itself, before anything becomes visible, and the mates' reads as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePath

from msgspec import Struct

from gencove_tui.engine.watch.gates import EMPTY, MARKED_SETTLE, Gate, Surroundings, marker_gate, wanted
from gencove_tui.engine.watch.look import Found, Look
from gencove_tui.engine.watch.papers import Papers
from gencove_tui.engine.watch.places import run_date, run_name
from gencove_tui.engine.watch.plan import Item, Plan, make_plan
from gencove_tui.engine.watch.stillness import Stillness
from gencove_tui.model import GncvPath, WatchedFile, WatchRule

_FINAL_REASONS = frozenset({EMPTY, "its upload was cancelled"})
"""Reasons that hold for a version of a file whatever the rule says."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What is to become of a file, or of several that go up as one."""

    files: tuple[Found, ...]
    state: str = ""
    reason: str = ""
    remedy: str = ""
    remote: GncvPath | None = None
    """Where the upload goes that is to be queued now."""
    sample: str = ""
    read: str = ""


class Sorter:
    """Sorts the files of look after look for one rule. Used by one thread at a time."""

    def __init__(self, rule: WatchRule) -> None:
        self._rule = rule
        self._top = PurePath(rule.folder).name
        self._prefix = len(rule.folder.rstrip("/")) + 1
        self._still = Stillness()
        self._papers = Papers(rule.folder)
        self._gates: dict[str, str] = {}
        """Path → why its name is not taken."""
        self._names: frozenset[str] = frozenset()
        self._overdue: set[str] = set()
        self.plan = Plan(items={})
        self.soonest = 0.0
        """Seconds until the first of the files that settle may have settled."""

    def begin_anew(self) -> None:
        """Forget for how long files have stood still."""
        self._still.clear()

    def notices(self, *, complete: bool) -> list[str]:
        """What is not as it should be and stops nothing."""
        found = self._papers.notices(self.plan.samples, complete)
        for root in sorted(self._overdue):
            found.append(
                f"{root or self._top}: no marker came in {self._rule.marker_hours:g} h; taken without"
            )
        return found

    def sort(
        self, look: Look, known: Mapping[str, WatchedFile], settle: float, now: float, wall: datetime
    ) -> tuple[list[Verdict], bool]:
        """Verdicts that are news, and whether any file needs time only.

        ``now`` is monotonic, ``wall`` the time of day.
        """
        verdicts: list[Verdict] = []
        taken: dict[str, Found] = {}
        fresh: list[tuple[str, Found]] = []
        for file in look.files:
            relative = file.path[self._prefix :]
            if relative not in self._gates:
                self._gates[relative] = wanted(self._rule, relative)
            if reason := self._gates[relative]:
                if not _is_temporary(reason):
                    verdicts.append(Verdict(files=(file,), state="ignored", reason=reason))
                continue
            taken[relative] = file
            if not _is_done(known.get(file.path), file):
                fresh.append((relative, file))
        self._gates = {path: reason for path, reason in self._gates.items() if reason or path in taken}
        surroundings = Surroundings(self._rule, self._top, look.signs)
        self._plan_anew(look, taken, known, surroundings, wall)
        settling = self._judge(fresh, taken, known, surroundings, settle, now, wall, verdicts)
        news = [verdict for verdict in verdicts if not _is_known(known.get(verdict.files[0].path), verdict)]
        news.sort(key=lambda verdict: verdict.files[0].path)
        return news, settling

    def _plan_anew(
        self,
        look: Look,
        taken: Mapping[str, Found],
        known: Mapping[str, WatchedFile],
        surroundings: Surroundings,
        wall: datetime,
    ) -> None:
        maps_changed = self._papers.read(look.maps, look.sheets)
        names = frozenset(taken)
        if names == self._names and not maps_changed:
            return
        self._names = names

        def facts(relative: str) -> tuple[str, date]:
            run = run_name(relative, surroundings.of(relative).root, self._top)
            seen = known.get(f"{self._rule.folder.rstrip('/')}/{relative}")
            return run, run_date(run, (seen.first_seen if seen else None) or wall)

        self.plan = make_plan(self._rule, names, facts, rule_name=self._rule.name, maps=self._papers.maps)

    def _judge(
        self,
        fresh: list[tuple[str, Found]],
        taken: Mapping[str, Found],
        known: Mapping[str, WatchedFile],
        surroundings: Surroundings,
        settle: float,
        now: float,
        wall: datetime,
        verdicts: list[Verdict],
    ) -> bool:
        ready: dict[str, Found] = {}
        left: list[float] = []
        unsettled: set[str] = set()
        self._overdue.clear()
        for relative, file in fresh:
            self._still.note(file, now)
            run = surroundings.of(relative)
            before = known.get(file.path)
            gate = marker_gate(self._rule, run, (before.first_seen if before else None) or wall, wall)
            if gate.overdue:
                self._overdue.add(run.root or "")
            if gate.state:
                verdicts.append(Verdict(files=(file,), state=gate.state, reason=gate.reason))
            elif not self._still.holds(file.path, now, _needed(gate, settle)):
                left.append(self._still.left(file.path, now, _needed(gate, settle)))
                unsettled.add(run.root or relative.rpartition("/")[0])
                verdicts.append(Verdict(files=(file,), state="settling"))
            elif file.size == 0:
                verdicts.append(Verdict(files=(file,), state="ignored", reason=EMPTY))
            elif broken := self._broken_map(relative):
                verdicts.append(Verdict(files=(file,), state="held", reason=f"{broken} can't be used"))
            else:
                ready[relative] = file
        self._still.keep({file.path for _, file in fresh})
        self._queue(ready, taken, surroundings, unsettled, verdicts)
        self.soonest = min(left, default=0.0)
        return bool(unsettled)

    def _queue(
        self,
        ready: dict[str, Found],
        taken: Mapping[str, Found],
        surroundings: Surroundings,
        unsettled: set[str],
        verdicts: list[Verdict],
    ) -> None:
        for relative, file in ready.items():
            item = self.plan.items.get(relative, Item(state="ignored", reason="its name tells no read"))
            if item.state or item.remote is None:
                verdicts.append(
                    Verdict(files=(file,), state=item.state, reason=item.reason, remedy=item.remedy)
                )
                continue
            if len(item.sources) > 1 and (obstacle := self._obstacle(item, ready, surroundings, unsettled)):
                verdicts.append(Verdict(files=(file,), state=obstacle[0], reason=obstacle[1]))
                continue
            if relative != item.sources[0]:
                continue  # goes up with the first of them
            verdicts.append(
                Verdict(
                    files=tuple(taken[path] for path in item.sources),
                    remote=item.remote,
                    sample=item.sample,
                    read=item.read,
                )
            )

    def _obstacle(
        self, item: Item, ready: Mapping[str, Found], surroundings: Surroundings, unsettled: set[str]
    ) -> tuple[str, str] | None:
        """Why files can't be joined yet: more of them may be on their way."""
        roots = {surroundings.of(path).root or path.rpartition("/")[0] for path in item.sources}
        if not unsettled.isdisjoint(roots):
            return "waiting", "waiting until its folder stands still, since more lanes may come"
        missing = [path for path in item.sources if path not in ready]
        if missing:
            return "held", f"its sample went up before without it, joined from {missing[0]} and others"
        return None

    def _broken_map(self, relative: str) -> str:
        for path in self._papers.broken_maps:
            folder = path.rpartition("/")[0]
            if not folder or relative.startswith(folder + "/"):
                return path
        return ""


def _is_done(known: WatchedFile | None, file: Found) -> bool:
    """Whether this version of a file needs no thought any more."""
    if known is None or (known.size, known.mtime_ns) != (file.size, file.mtime_ns):
        return False
    if known.state == "queued":
        return True
    return known.state == "ignored" and known.reason in _FINAL_REASONS


def _is_known(known: WatchedFile | None, verdict: Verdict) -> bool:
    """Whether the same was concluded about the same version before."""
    file = verdict.files[0]
    return (
        known is not None
        and verdict.remote is None
        and (known.state, known.reason) == (verdict.state, verdict.reason)
        and (known.size, known.mtime_ns, known.inode, known.ctime_ns)
        == (file.size, file.mtime_ns, file.inode, file.ctime_ns)
    )


def _needed(gate: Gate, settle: float) -> float:
    return min(settle, MARKED_SETTLE) if gate.marked else settle


def _is_temporary(reason: str) -> bool:
    """Such files come and go; nothing is remembered of them."""
    return reason.startswith("a temporary")
