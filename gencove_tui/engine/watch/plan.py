"""Which files of a folder become which uploads, and which may not go under the names they have.

Works on names and map files alone: pairs, lanes, the collision guard (transfer-anchors §5.1, §5.2).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from posixpath import join, normpath

from msgspec import Struct, structs

from gencove_tui.engine.watch.places import place_of
from gencove_tui.engine.words import SET_HYPHENS, SET_LANES
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.collisions import Target, collisions, lookalikes, misread
from gencove_tui.fastq.map_csv import MapEntry
from gencove_tui.fastq.names import Form, base_name, client_id, is_index_read
from gencove_tui.fastq.pairs import ReadFile, SampleFiles, group, merge_order
from gencove_tui.model import GncvPath, RuleTerms


class Item(Struct, frozen=True, kw_only=True, gc=False):
    """What is to become of one file."""

    remote: str | None = None
    """Where it goes, a ``GncvPath`` in its plain form, which takes less room; None when it doesn't."""
    sources: tuple[str, ...] = ()
    """The files, relative to the folder, that make up the upload in this order; usually just this one."""
    sample: str = ""
    """The same for both mates."""
    read: str = ""
    state: str = ""
    """``ignored``, ``held`` or ``waiting``; empty when it can go."""
    reason: str = ""
    remedy: str = ""


class Mates(Struct, frozen=True, kw_only=True):
    """A sample of which one mate is missing."""

    sample: str
    missing: str
    files: tuple[str, ...]


class Plan(Struct, frozen=True, kw_only=True):
    """What is to become of every file, by path relative to the folder."""

    items: Mapping[str, Item]
    lone: tuple[Mates, ...] = ()
    samples: Mapping[str, str] = {}
    """Path → the sample id in its name."""
    notices: tuple[str, ...] = ()
    """What stops nothing and should be known."""


Facts = Callable[[str, Iterable[str]], tuple[str, date]]
"""Run name and day of a sample: by a path relative to the folder, and by the paths of all its files.

One day for all of them, since mates have to come to one place.
"""


class _Planner:
    def __init__(self, rule: RuleTerms, rule_name: str, facts: Facts) -> None:
        self._rule = rule
        self._rule_name = rule_name
        self._facts = facts
        self.items: dict[str, Item] = {}
        self.notices: list[str] = []
        self._targets: list[Target] = []
        self._last: SampleFiles | None = None
        self._last_bare = SampleFiles(folder="", sample="", form=Form.SHORT)

    def place(self, relative: str, sample: str, files: Iterable[str]) -> GncvPath:
        run, day = self._facts(relative, files)
        return place_of(
            self._rule, relative, run=run, day=day, sample=client_id(sample), rule_name=self._rule_name
        )

    def leave(self, paths: Iterable[str], state: str, reason: str, remedy: str = "") -> None:
        for path in paths:
            self.items[path] = Item(state=state, reason=reason, remedy=remedy)

    # --- map files ---------------------------------------------------------------------------------

    def follow_map(self, map_path: str, entries: Iterable[MapEntry], present: set[str]) -> None:
        """Files that a map names go up as it says; its paths are relative to the map itself."""
        folder, name = map_path.rpartition("/")[0], base_name(map_path)
        entries = list(entries)
        sources = {entry: self._sources(folder, entry) for entry in entries if not entry.is_url}
        files: defaultdict[str, list[str]] = defaultdict(list)
        for entry, paths in sources.items():
            files[entry.client_id] += paths
        absent = [path for paths in sources.values() for path in paths if path not in present]
        if absent:
            self.notices.append(f"{map_path} names files that are not here: {_list(absent)}")
        if len(sources) < len(entries):
            self.notices.append(f"{map_path} holds URLs, which a watch rule does not follow")
        for entry, paths in sources.items():
            if missing := [path for path in paths if path not in present]:
                here = [path for path in paths if path in present]
                self.leave(here, "waiting", f"waiting for {missing[0]}, which {name} joins with it")
                continue
            self._aim_by_map(folder, entry, paths, files[entry.client_id])
        below = [p for p in present - self.items.keys() if not folder or p.startswith(folder + "/")]
        if any(path in present for paths in sources.values() for path in paths):
            self.leave(below, "ignored", f"{name} does not name it")
        else:
            self.leave(
                below,
                "held",
                f"{name} names no file that is here",
                "Write paths into it that are relative to its own folder, or take it away.",
            )

    def _sources(self, folder: str, entry: MapEntry) -> tuple[str, ...]:
        """An entry's files relative to the rule's folder; absolute ones below it are understood as well."""
        top = self._rule.folder.rstrip("/") + "/"
        return tuple(
            normpath(path.removeprefix(top)) if path.startswith(top) else normpath(join(folder, path))
            for path in entry.sources
        )

    def _aim_by_map(self, folder: str, entry: MapEntry, paths: tuple[str, ...], files: Iterable[str]) -> None:
        try:
            remote = str(self.place(join(folder, "x"), entry.client_id, files).child(entry.name))
        except InputProblem as problem:
            self.leave(paths, "held", problem.why, problem.remedy)
            return
        for path in paths:
            self.items[path] = Item(
                remote=remote,
                sources=paths,
                sample=f"{self._rule.folder}/{folder}\n\n{entry.client_id}",
                read=entry.read,
            )
        sample = SampleFiles(folder=folder, sample=entry.client_id, form=Form.SHORT)
        self._targets.append(Target(remote=remote, sample=sample, read=entry.read, sources=paths))

    # --- names -------------------------------------------------------------------------------------

    def follow_sample(self, sample: SampleFiles) -> None:
        if sample.problem:
            self.leave(sample.paths, "held", sample.problem, sample.remedy)
            return
        if self._rule.merge_lanes and not _is_index(sample):
            self._merge(sample)
            return
        renamed = not _is_index(sample) and self._is_misread(sample)
        for read, files in (("R1", sample.r1), ("R2", sample.r2)):
            for file in files:
                name = f"{client_id(sample.sample)}_{read}{file.name.suffix}" if renamed else self._name(file)
                self._aim(name, sample, read, (file.path,), file)

    def _name(self, file: ReadFile) -> str:
        name, sample = base_name(file.path), file.name.sample
        return client_id(sample) + name[len(sample) :] if self._rule.hyphens else name

    def _is_misread(self, sample: SampleFiles) -> bool:
        """Whether Gencove would see no read in the name of some file, or another one.

        Told for the sample, whichever of its mates are here: both must come under one id.
        """
        targets = [
            Target(remote=self._name(file), sample=sample, read=read, sources=(file.path,))
            for read, files in (("R1", sample.r1), ("R2", sample.r2))
            for file in files
        ]
        words = () if self._rule.hyphens else sample.sample.split("_")[1:]
        return bool(misread(targets)) or not {"R1", "R2"}.isdisjoint(words)

    def _merge(self, sample: SampleFiles) -> None:
        lone = not (sample.r1 and sample.r2)
        if sample.missing and not (lone and sample.r1 and self._rule.single_end):
            self.leave(sample.paths, "waiting", f"waiting for {', '.join(sample.missing)} of {sample.sample}")
            return
        ones, twos = merge_order(sample)
        for read, paths in (("R1", ones), ("R2", twos)):
            if paths:
                name = f"{client_id(sample.sample)}_{read}.fastq.gz"
                self._aim(name, sample, read, paths, None)

    def _aim(
        self, name: str, sample: SampleFiles, read: str, sources: tuple[str, ...], file: ReadFile | None
    ) -> None:
        try:
            remote = str(self.place(sources[0], sample.sample, sample.paths).child(name))
        except InputProblem as problem:
            self.leave(sources, "ignored", f"its name can't be a gncv:// path: {problem.why}")
            return
        place = "" if file is None else f"\n{file.name.lane}\n{file.name.segment}"
        key = (
            ""
            if _is_index(sample)
            else sys.intern(f"{self._rule.folder}/{sample.folder}\n{sample.sample}{place}")
        )
        for path in sources:
            self.items[path] = Item(remote=remote, sources=sources, sample=key, read=read)
        if not _is_index(sample):
            self._targets.append(Target(remote=remote, sample=self._bare(sample), read=read, sources=sources))

    def _bare(self, sample: SampleFiles) -> SampleFiles:
        """The sample without its files, which are many and no matter of the guard's."""
        if self._last is not sample:
            self._last, self._last_bare = sample, structs.replace(sample, r1=(), r2=())
        return self._last_bare

    def guard(self) -> None:
        """Hold what Gencove would take for one sample although it is two."""
        for collision in collisions(self._targets):
            remedy = collision.remedy
            if collision.proposal:
                pairs = ", ".join(f"{old} becomes {new}" for old, new in collision.proposal[:3])
                more = len(collision.proposal) - 3
                remedy = f"{SET_HYPHENS}: {pairs}{f' and {more} more' if more > 0 else ''}."
            elif len({path.rpartition("/")[0] for path in collision.sources}) > 1:
                remedy = "Put {run} or {relpath} into the rule's destination, so that folders stay apart."
            elif len(collision.samples) == 1:
                remedy = f"{SET_LANES}, so that its lanes go up as one file per read."
            self.leave(collision.sources, "held", collision.why, remedy)

    def warn(self) -> None:
        """Name what goes up and may surprise."""
        cut = next((t.sample.sample for t in self._targets if t.client_id != client_id(t.sample.sample)), "")
        if cut:
            self.notices.append(
                f"Gencove cuts ids at the first underscore, such as {cut}. {SET_HYPHENS} to keep them whole"
            )
        if alike := lookalikes(self._targets):
            more = f", and {len(alike) - 1} more such groups" if len(alike) > 1 else ""
            self.notices.append(f"ids that look alike: {', '.join(alike[0].client_ids)}{more}")


def make_plan(
    rule: RuleTerms,
    present: Iterable[str],
    facts: Facts,
    *,
    rule_name: str = "",
    maps: Mapping[str, tuple[MapEntry, ...]] | None = None,
    samples: bool = True,
) -> Plan:
    """Plan all files that are there and passed the name gate, by path relative to the rule's folder.

    ``samples``: whether the plan is to tell the sample of each file.
    """
    planner = _Planner(rule, rule_name, facts)
    names = set(present)
    # The deepest map first: it is the one that its own files are about.
    for map_path in sorted(maps or {}, key=lambda path: -path.count("/")):
        planner.follow_map(map_path, (maps or {})[map_path], names)
    mapped = set(planner.items)
    lone: list[Mates] = []
    sample_of: dict[str, str] = {}
    by_folder: defaultdict[str, list[str]] = defaultdict(list)
    for path in names - mapped:
        by_folder[path.rpartition("/")[0]].append(path)
    for folder in sorted(by_folder):  # one after the other: there may be very many files in all
        grouping = group(
            sorted(by_folder.pop(folder)), index_reads=rule.index_reads, undetermined=rule.undetermined
        )
        for skipped in grouping.skipped:
            planner.leave((skipped.path,), "ignored", skipped.reason)
        for sample in grouping.samples:
            planner.follow_sample(sample)
            if samples:
                sample_of.update(dict.fromkeys(sample.paths, sample.sample))
            if sample.missing and not sample.problem and not _may_stay_alone(rule, sample):
                lone.append(
                    Mates(sample=sample.sample, missing=", ".join(sample.missing), files=sample.paths)
                )
    planner.guard()
    planner.warn()
    return Plan(items=planner.items, lone=tuple(lone), samples=sample_of, notices=tuple(planner.notices))


def _list(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _may_stay_alone(rule: RuleTerms, sample: SampleFiles) -> bool:
    return _is_index(sample) or (rule.single_end and not sample.r2)


def _is_index(sample: SampleFiles) -> bool:
    return bool(sample.r1) and is_index_read(sample.r1[0].name)
