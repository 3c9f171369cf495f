"""What one look means for every file: the gates in their order (transfer-anchors §3.1).

Name, run markers, standing still, then pairs, lanes and the collision guard. The content is checked in the
upload itself, before anything becomes visible, and the mates' reads as well.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import date, datetime
from itertools import chain
from pathlib import PurePath

from msgspec import Struct, structs

from gencove_tui.engine.localfile import GONE
from gencove_tui.engine.watch.gates import EMPTY, MARKED_SETTLE, Gate, Surroundings, marker_gate, wanted
from gencove_tui.engine.watch.look import Found, Look
from gencove_tui.engine.watch.papers import Papers
from gencove_tui.engine.watch.places import run_date, run_name
from gencove_tui.engine.watch.plan import Item, Plan, make_plan
from gencove_tui.engine.watch.stillness import Stillness
from gencove_tui.fastq.markers import MarkerLevel
from gencove_tui.fastq.names import parse_name
from gencove_tui.model import WatchedFile, WatchRule

_FINAL_REASONS = frozenset({EMPTY, "its upload was cancelled"})
"""Reasons that hold for a version of a file whatever the rule says."""
_NONE: Mapping[int, str] = {}


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """What is to become of a file, or of several that go up as one."""

    files: tuple[Found, ...]
    state: str = ""
    reason: str = ""
    remedy: str = ""
    remote: str | None = None
    """Where the upload goes that is to be queued now, a ``GncvPath`` in its plain form."""
    sample: str = ""
    read: str = ""


class _News:
    """Verdicts, without those that were told before about the same versions: of those there may be many."""

    def __init__(self, known: Mapping[str, WatchedFile]) -> None:
        self._known = known
        self.verdicts: list[Verdict] = []

    def append(self, verdict: Verdict) -> None:
        if not _is_known(self._known.get(verdict.files[0].path), verdict):
            self.verdicts.append(verdict)


class Sorter:
    """Sorts the files of look after look for one rule. Used by one thread at a time."""

    def __init__(self, rule: WatchRule) -> None:
        self._rule = rule
        self._top = PurePath(rule.folder).name
        self._prefix = len(rule.folder.rstrip("/")) + 1
        self._still = Stillness()
        self._papers = Papers(rule.folder)
        self._gates: dict[str, str] = {}
        """Absolute path → why its name is not taken."""
        self._names = 0
        """Stands for the names that are taken, however many."""
        self._signs: frozenset[str] = frozenset()
        """Both are what the plan was made of: they tell samples, and which run a file belongs to."""
        self._overdue: set[str] = set()
        self._growing: list[str] = []
        """Map files that don't stand still yet."""
        self._surroundings = Surroundings(rule, self._top, set())
        self._items: dict[str, Item] = {}
        """What is to become of files that need thought."""
        self.plan = Plan(items={})
        """The rest of the plan."""
        self.soonest = 0.0
        """Seconds until the first of the files that settle may have settled."""

    def begin_anew(self) -> None:
        """Forget for how long files have stood still."""
        self._still.clear()

    def is_marked(self, path: str) -> bool:
        """Whether, at the last look, a marker told that a file is complete."""
        run = self._surroundings.of(path[self._prefix :])
        return self._rule.marker != "none" and run.level is MarkerLevel.FASTQ

    def notices(self, *, complete: bool) -> list[str]:
        """What is not as it should be and stops nothing."""
        found = [*self._papers.notices(self.plan.samples, complete), *self.plan.notices]
        for root in sorted(self._overdue):
            found.append(
                f"{root or self._top}: no marker came in {self._rule.marker_hours:g} h; taken without"
            )
        return found

    def sort(
        self,
        look: Look,
        known: Mapping[str, WatchedFile],
        settle: float,
        now: float,
        wall: datetime,
        failed: Mapping[int, str] = _NONE,
    ) -> tuple[list[Verdict], bool]:
        """Verdicts that are news, and whether any file needs time only.

        ``now`` is monotonic, ``wall`` the time of day; ``failed`` holds the reasons of failed transfers.
        """
        news = _News(known)
        taken: dict[str, Found] = {}
        fresh: list[str] = []
        undone = False
        gates: dict[str, str] = {}
        for file in look.files:
            reason = self._gates.get(file.path)
            if reason is None:
                reason = wanted(self._rule, file.path[self._prefix :])
            gates[file.path] = reason
            if reason:
                if not _is_temporary(reason):
                    news.append(Verdict(files=(file,), state="ignored", reason=reason))
                continue
            undone = undone or not _is_done(known.get(file.path), file, failed)
        self._gates = gates
        self._surroundings = surroundings = Surroundings(self._rule, self._top, look.signs)
        self._follow_maps(look, settle, now)
        same = self._has_same_papers(look)
        before, self._names = self._names, _sum_of(path for path, reason in gates.items() if not reason)
        signs, self._signs = self._signs, frozenset(look.signs)
        same = same and (before, signs) == (self._names, self._signs)
        if undone or not same:  # else none of them matters, and there may be very many
            taken = {file.path[self._prefix :]: file for file in look.files if not gates[file.path]}
            fresh = [p for p, file in taken.items() if not _is_done(known.get(file.path), file, failed)]
        self._plan_anew(fresh, taken, known, surroundings, wall, same=same)
        settling = self._judge(fresh, taken, known, surroundings, settle, now, wall, news)
        news.verdicts.sort(key=lambda verdict: verdict.files[0].path)
        return news.verdicts, settling

    def _follow_maps(self, look: Look, settle: float, now: float) -> None:
        """A map is believed once it stands still, as any other file is."""
        self._growing.clear()
        for found in look.maps:
            relative = found.path[self._prefix :]
            self._still.note(found, now)
            if not self._papers.has_read(relative, found) and not self._still.holds(found.path, now, settle):
                self._growing.append(relative)

    def _has_same_papers(self, look: Look) -> bool:
        whole = [found for found in look.maps if found.path[self._prefix :] not in self._growing]
        return not self._papers.read(whole, look.sheets)

    def _plan_anew(
        self,
        fresh: list[str],
        names: Iterable[str],
        known: Mapping[str, WatchedFile],
        surroundings: Surroundings,
        wall: datetime,
        *,
        same: bool,
    ) -> None:
        """Have a plan for the files that need thought; of the others, which may be many, nothing is kept.

        ``same``: all that the last plan was made of.
        """
        planned = self._items
        if same and all(path in planned for path in fresh):
            if len(planned) > len(fresh):
                self._items = {path: planned[path] for path in fresh}
            return

        days = self._days(known, wall)

        def facts(relative: str, files: Iterable[str]) -> tuple[str, date]:
            run = run_name(relative, surroundings.of(relative).root, self._top)
            return run, run_date(run, min(map(days, files), default=wall))

        plan = make_plan(
            self._rule,
            names,
            facts,
            rule_name=self._rule.name,
            maps=self._papers.maps,
            samples=bool(self._papers.sheets),
        )
        nobody = Item(state="ignored", reason="its name tells no read")
        self._items = {path: plan.items.get(path, nobody) for path in fresh}
        self.plan = structs.replace(plan, items={})

    def _days(self, known: Mapping[str, WatchedFile], wall: datetime) -> Callable[[str], datetime]:
        """When the sample of a file was first seen, be its files still here or not."""
        first: dict[tuple[str, str], datetime] = {}
        if "{date}" in self._rule.destination:
            for path, file in known.items():
                key = _sample_of(path[self._prefix :])
                first[key] = min(first.get(key, wall), file.first_seen or wall)
        return lambda relative: first.get(_sample_of(relative), wall)

    def _judge(
        self,
        fresh: list[str],
        taken: Mapping[str, Found],
        known: Mapping[str, WatchedFile],
        surroundings: Surroundings,
        settle: float,
        now: float,
        wall: datetime,
        news: _News,
    ) -> bool:
        ready: list[str] = []
        soonest = math.inf
        unsettled: set[str] = set()
        self._overdue.clear()
        for relative in fresh:
            file = taken[relative]
            self._still.note(file, now)
            run = surroundings.of(relative)
            before = known.get(file.path)
            gate = marker_gate(self._rule, run, (before.first_seen if before else None) or wall, wall)
            if gate.overdue:
                self._overdue.add(run.root or "")
            if gate.state:
                news.append(Verdict(files=(file,), state=gate.state, reason=gate.reason))
            elif not self._still.holds(file.path, now, _needed(gate, settle)):
                left = self._still.left(file.path, now, _needed(gate, settle))
                soonest = min(soonest, left)
                unsettled.add(run.root or relative.rpartition("/")[0])
                news.append(Verdict(files=(file,), state="settling"))
            elif file.size == 0:
                news.append(Verdict(files=(file,), state="ignored", reason=EMPTY))
            elif growing := self._map_that_grows(relative):
                unsettled.add(run.root or relative.rpartition("/")[0])
                reason = f"waiting until {growing} stands still"
                news.append(Verdict(files=(file,), state="waiting", reason=reason))
            elif broken := self._papers.broken_map(relative):
                news.append(Verdict(files=(file,), state="held", reason=f"{broken} can't be used"))
            else:
                ready.append(relative)
        self._still.keep(chain((taken[relative].path for relative in fresh), map(self._full, self._growing)))

        def went_up(relative: str) -> bool:
            before = known.get(taken[relative].path) if relative in taken else None
            return before is not None and before.state == "queued"

        self._queue(ready, taken, went_up, surroundings, unsettled, news)
        self.soonest = 0.0 if soonest == math.inf else soonest
        return bool(unsettled)

    def _queue(
        self,
        ready: list[str],
        taken: Mapping[str, Found],
        went_up: Callable[[str], bool],
        surroundings: Surroundings,
        unsettled: set[str],
        news: _News,
    ) -> None:
        mates: defaultdict[str, set[str]] = defaultdict(set)
        whole: set[str] = set()
        if self._rule.merge_lanes:
            for item in self._items.values():
                if item.sample:
                    mates[item.sample].update(item.sources)
        for relative in ready:
            file, item = taken[relative], self._items[relative]
            if item.state or item.remote is None:
                news.append(Verdict(files=(file,), state=item.state, reason=item.reason, remedy=item.remedy))
                continue
            if self._rule.merge_lanes or len(item.sources) > 1:
                whole = whole or set(ready)
                obstacle = self._obstacle(
                    item, mates.get(item.sample, ()), whole, went_up, surroundings, unsettled
                )
            else:
                del self._items[relative]  # there may be very many; should it come again, it is planned anew
                obstacle = None
            if obstacle is not None:
                news.append(structs.replace(obstacle, files=(file,)))
                continue
            if relative != item.sources[0]:
                continue  # goes up with the first of them
            news.append(
                Verdict(
                    files=tuple(taken[path] for path in item.sources),
                    remote=item.remote,
                    sample=item.sample,
                    read=item.read,
                )
            )

    def _full(self, relative: str) -> str:
        return f"{self._rule.folder.rstrip('/')}/{relative}"

    def _map_that_grows(self, relative: str) -> str:
        folders = ((path, path.rpartition("/")[0]) for path in self._growing)
        return next((p for p, folder in folders if not folder or relative.startswith(folder + "/")), "")

    def _obstacle(
        self,
        item: Item,
        mates: Iterable[str],
        ready: Container[str],
        went_up: Callable[[str], bool],
        surroundings: Surroundings,
        unsettled: set[str],
    ) -> Verdict | None:
        """Why files can't be joined, or not yet: more of them may be on their way."""
        roots = {surroundings.of(path).root or path.rpartition("/")[0] for path in item.sources}
        if not unsettled.isdisjoint(roots):
            return _waits("waiting until its folder stands still, since more lanes may come")
        # Both reads are joined from the same lanes, or neither is.
        for path in (*item.sources, *mates):
            if path in ready:
                continue
            if not went_up(path):
                return _waits(f"waiting for {path}, which is not complete")
            if path in item.sources:
                return Verdict(
                    files=(),
                    state="held",
                    reason=f"its sample went up before without it, joined from {path} and others",
                    remedy="Assign by hand in Gencove, or delete there what went up and touch the files.",
                )
        return None


def _sum_of(paths: Iterable[str]) -> int:
    """A number that stands for a set of paths, in whatever order: another set has another one."""
    return sum(map(hash, paths))


def _is_done(known: WatchedFile | None, file: Found, failed: Mapping[int, str]) -> bool:
    """Whether this version of a file needs no thought any more."""
    if known is None or (known.size, known.mtime_ns) != (file.size, file.mtime_ns):
        return False
    if known.state == "queued":
        reason = failed.get(known.transfer_id or 0)
        if reason is None:
            return True
        # It is back; or its content may be another although its time was set back, as copiers do.
        return GONE not in reason and (known.inode, known.ctime_ns) == (file.inode, file.ctime_ns)
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


def _waits(reason: str) -> Verdict:
    return Verdict(files=(), state="waiting", reason=reason)


def _sample_of(relative: str) -> tuple[str, str]:
    """What the mates of a sample have in common: folder, and the id in the name."""
    folder, _, name = relative.rpartition("/")
    parsed = parse_name(name)
    return folder, parsed.sample if parsed else name


def _needed(gate: Gate, settle: float) -> float:
    return min(settle, MARKED_SETTLE) if gate.marked else settle


def _is_temporary(reason: str) -> bool:
    """Such files come and go; nothing is remembered of them."""
    return reason.startswith("a temporary")
