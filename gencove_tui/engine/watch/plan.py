"""Which files of a folder become which uploads, and which may not go under the names they have.

Works on names and map files alone: pairs, lanes, the collision guard (transfer-anchors §5.1, §5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from posixpath import join, normpath

from msgspec import Struct

from gencove_tui.engine.watch.places import place_of
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.collisions import Target, collisions, misread
from gencove_tui.fastq.map_csv import MapEntry
from gencove_tui.fastq.names import base_name, client_id, is_index_read
from gencove_tui.fastq.pairs import ReadFile, SampleFiles, group, merge_order
from gencove_tui.model import GncvPath, RuleTerms


class Item(Struct, frozen=True, kw_only=True):
    """What is to become of one file."""

    remote: GncvPath | None = None
    """Where it goes; None when it doesn't."""
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


Facts = Callable[[str], tuple[str, date]]
"""Run name and day of a file, by its path relative to the folder."""


class _Planner:
    def __init__(self, rule: RuleTerms, rule_name: str, facts: Facts) -> None:
        self._rule = rule
        self._rule_name = rule_name
        self._facts = facts
        self.items: dict[str, Item] = {}
        self._targets: list[Target] = []
        self._keys: dict[str, tuple[str, str]] = {}

    def place(self, relative: str, sample: str) -> GncvPath:
        run, day = self._facts(relative)
        return place_of(
            self._rule, relative, run=run, day=day, sample=client_id(sample), rule_name=self._rule_name
        )

    def leave(self, paths: Iterable[str], state: str, reason: str, remedy: str = "") -> None:
        for path in paths:
            self.items[path] = Item(state=state, reason=reason, remedy=remedy)

    # --- map files ---------------------------------------------------------------------------------

    def follow_map(self, map_path: str, entries: Iterable[MapEntry], present: set[str]) -> None:
        """Files that a map names go up as it says; its paths are relative to the map itself."""
        folder = map_path.rpartition("/")[0]
        for entry in entries:
            if entry.is_url:
                continue
            sources = tuple(normpath(join(folder, path)) for path in entry.sources)
            here = [path for path in sources if path in present]
            missing = [path for path in sources if path not in present]
            if missing:
                self.leave(
                    here, "waiting", f"waiting for {missing[0]}, which {base_name(map_path)} joins with it"
                )
                continue
            try:
                remote = self.place(join(folder, "x"), entry.client_id).child(entry.name)
            except InputProblem as problem:
                self.leave(sources, "held", problem.why, problem.remedy)
                continue
            key = f"{remote.folder}\n{entry.client_id}"
            for path in sources:
                self.items[path] = Item(remote=remote, sources=sources, sample=key, read=entry.read)
        for path in present:
            if path not in self.items and (not folder or path.startswith(folder + "/")):
                self.items[path] = Item(state="ignored", reason=f"{base_name(map_path)} does not name it")

    # --- names -------------------------------------------------------------------------------------

    def follow_sample(self, sample: SampleFiles) -> None:
        if sample.problem:
            self.leave(sample.paths, "held", sample.problem, sample.remedy)
            return
        if self._rule.merge_lanes and not _is_index(sample):
            self._merge(sample)
            return
        for read, files in (("R1", sample.r1), ("R2", sample.r2)):
            for file in files:
                self._aim(self._single_name(sample, file, read), sample, read, (file.path,), file)

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

    def _single_name(self, sample: SampleFiles, file: ReadFile, read: str) -> str:
        name = base_name(file.path)
        if self._rule.hyphens:
            name = client_id(sample.sample) + name[len(sample.sample) :]
        target = Target(remote=name, sample=sample, read=read, sources=(file.path,))
        if not _is_index(sample) and misread((target,)):
            # Gencove would see no read in it, or another one.
            name = f"{client_id(sample.sample)}_{read}{file.name.suffix}"
        return name

    def _aim(
        self, name: str, sample: SampleFiles, read: str, sources: tuple[str, ...], file: ReadFile | None
    ) -> None:
        try:
            remote = self.place(sources[0], sample.sample).child(name)
        except InputProblem as problem:
            self.leave(sources, "ignored", f"its name can't be a gncv:// path: {problem.why}")
            return
        place = "" if file is None else f"\n{file.name.lane}\n{file.name.segment}"
        key = "" if _is_index(sample) else f"{remote.folder}\n{sample.sample}{place}"
        for path in sources:
            self.items[path] = Item(remote=remote, sources=sources, sample=key, read=read)
        if not _is_index(sample):
            self._targets.append(Target(remote=remote.key, sample=sample, read=read, sources=sources))

    def guard(self) -> None:
        """Hold what Gencove would take for one sample although it is two."""
        for collision in collisions(self._targets):
            remedy = collision.remedy
            if collision.proposal:
                pairs = ", ".join(f"{old} as {new}" for old, new in collision.proposal[:3])
                remedy = f"Set hyphens = true in the rule: {pairs} …"
            elif len(collision.samples) == 1:
                remedy = "Set merge_lanes = true in the rule, so that its lanes go up as one file per read."
            self.leave(collision.sources, "held", collision.why, remedy)


def make_plan(
    rule: RuleTerms,
    present: Iterable[str],
    facts: Facts,
    *,
    rule_name: str = "",
    maps: Mapping[str, tuple[MapEntry, ...]] | None = None,
) -> Plan:
    """Plan all files that are there and passed the name gate, by path relative to the rule's folder."""
    planner = _Planner(rule, rule_name, facts)
    names = set(present)
    # The deepest map first: it is the one that its own files are about.
    for map_path in sorted(maps or {}, key=lambda path: -path.count("/")):
        planner.follow_map(map_path, (maps or {})[map_path], names)
    mapped = set(planner.items)
    grouping = group(sorted(names - mapped), index_reads=rule.index_reads, undetermined=rule.undetermined)
    for skipped in grouping.skipped:
        planner.leave((skipped.path,), "ignored", skipped.reason)
    lone = []
    samples: dict[str, str] = {}
    for sample in grouping.samples:
        planner.follow_sample(sample)
        samples.update(dict.fromkeys(sample.paths, sample.sample))
        alone_is_fine = rule.single_end and not sample.r2
        if sample.missing and not sample.problem and not alone_is_fine and not _is_index(sample):
            lone.append(Mates(sample=sample.sample, missing=", ".join(sample.missing), files=sample.paths))
    planner.guard()
    return Plan(items=planner.items, lone=tuple(lone), samples=samples)


def _is_index(sample: SampleFiles) -> bool:
    return bool(sample.r1) and is_index_read(sample.r1[0].name)
