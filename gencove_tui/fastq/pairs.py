"""Which files belong together: read pairs, lanes and segments of one sample. Works on names alone.

Rules: transfer-anchors §5.1. The same sample id in two folders is two samples.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from msgspec import Struct

from gencove_tui.errors import InputProblem
from gencove_tui.fastq.names import (
    FastqName,
    Form,
    base_name,
    is_index_read,
    is_undetermined,
    parse_name,
    split_suffix,
    why_not,
)

Place = tuple[int | None, int | None]
"""Lane and segment of a file, None where its name has none."""


class ReadFile(Struct, frozen=True, kw_only=True):
    """One FASTQ of a sample."""

    path: str
    """As given to ``group``, with slashes."""
    name: FastqName

    @property
    def place(self) -> Place:
        """Which part of the sample's reads it holds."""
        return (self.name.lane, self.name.segment)


class SampleFiles(Struct, frozen=True, kw_only=True):
    """The FASTQ files of one sample in one folder."""

    folder: str
    """Where the files are, without a closing slash; empty for the top."""
    sample: str
    form: Form
    s_number: int | None = None
    r1: tuple[ReadFile, ...] = ()
    """Files of read 1 in merge order: by lane, then by segment."""
    r2: tuple[ReadFile, ...] = ()
    problem: str = ""
    """Why these files can't be what they look like, for people to read; empty when all is well."""
    remedy: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """All files, read 1 first."""
        return tuple(file.path for file in (*self.r1, *self.r2))

    @property
    def missing(self) -> tuple[str, ...]:
        """Which mates the files lack: ``R2``, ``R2 lane 3`` …; empty when every file has its own."""
        if not self.r1 or not self.r2:
            return ("R2" if self.r1 else "R1",)
        ones = {file.place for file in self.r1}
        twos = {file.place for file in self.r2}
        return tuple(
            [f"R1{_words(place)}" for place in _ordered(twos - ones)]
            + [f"R2{_words(place)}" for place in _ordered(ones - twos)]
        )

    @property
    def is_paired(self) -> bool:
        """Whether every file has its mate and nothing is wrong."""
        return not self.problem and not self.missing


class Skipped(Struct, frozen=True, kw_only=True):
    """A file that is no part of any sample."""

    path: str
    reason: str


class Grouping(Struct, frozen=True, kw_only=True):
    """Files sorted into samples."""

    samples: tuple[SampleFiles, ...] = ()
    """By folder, then by sample."""
    skipped: tuple[Skipped, ...] = ()
    """In the order given."""


def group(paths: Iterable[str], *, index_reads: bool = False, undetermined: bool = False) -> Grouping:
    """Sort paths (relative, with slashes) into samples.

    Index reads and reads without a sample are skipped unless asked for; index reads that were asked for
    stand as samples of their own, since they are nobody's mates.
    """
    skipped: list[Skipped] = []
    found: defaultdict[tuple[str, str, int, Form, str], list[ReadFile]] = defaultdict(list)
    numbered: defaultdict[str, set[str]] = defaultdict(set)
    for path in paths:
        name = parse_name(path)
        if reason := _why_skipped(path, name, index_reads=index_reads, undetermined=undetermined):
            skipped.append(Skipped(path=path, reason=reason))
        if name is None:
            stem, _, digit = split_suffix(base_name(path))[0].rpartition("_")
            numbered[f"{_folder(path)}/{stem}"].add(digit)
        elif not reason:
            s_number = -1 if name.s_number is None else name.s_number
            index = name.read if is_index_read(name) else ""
            found[_folder(path), name.sample, s_number, name.form, index].append(
                ReadFile(path=path, name=name)
            )
    samples = []
    for (folder, sample, _, form, _), files in sorted(found.items()):
        others = {digit for digit in numbered[f"{folder}/{sample}"] if digit.isdigit()}
        samples.append(_sample(folder, sample, form, files, others if form is Form.NUMBERED else set()))
    return Grouping(samples=tuple(samples), skipped=tuple(skipped))


def merge_order(sample: SampleFiles) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths of read 1 and read 2 in the order in which to join them: lanes, and segments within a lane.

    Raises ``InputProblem`` when something is wrong with the sample or when the two reads don't have the
    same lanes and segments, since joined files must hold mates at the same place.
    """
    what = f"The files of {sample.sample} can't be joined"
    if sample.problem:
        raise InputProblem(what, sample.problem, sample.remedy)
    if sample.r1 and sample.r2 and sample.missing:
        raise InputProblem(
            what,
            "R1 and R2 have different lanes or segments; missing: " + ", ".join(sample.missing),
            "Wait for the missing files, or move the surplus ones away.",
        )
    return tuple(file.path for file in sample.r1), tuple(file.path for file in sample.r2)


def _why_skipped(path: str, name: FastqName | None, *, index_reads: bool, undetermined: bool) -> str:
    if reason := why_not(path):
        return reason
    if name is None:
        return "the name tells no read, such as _R1 or _R2"
    if is_undetermined(name) and not undetermined:
        return "reads that belong to no sample (Undetermined)"
    if is_index_read(name) and not index_reads:
        return "an index read"
    return ""


def _sample(folder: str, sample: str, form: Form, files: list[ReadFile], others: set[str]) -> SampleFiles:
    files.sort(key=lambda file: (_sort_key(file.place), file.path))
    problem, remedy = _find_problem(files, others)
    return SampleFiles(
        folder=folder,
        sample=sample,
        form=form,
        s_number=files[0].name.s_number,
        # Index reads, where they were asked for, stand in a group of their own and in the first place.
        r1=tuple(file for file in files if file.name.read != "R2"),
        r2=tuple(file for file in files if file.name.read == "R2"),
        problem=problem,
        remedy=remedy,
    )


def _find_problem(files: list[ReadFile], others: set[str]) -> tuple[str, str]:
    if others:
        numbers = ", ".join(f"_{digit}" for digit in sorted(others))
        return (
            f"besides _1 and _2 there is {numbers}, so the numbers may not mean reads",
            "Rename the files to …_R1 and …_R2.",
        )
    if any(file.name.read == "R3" for file in files):
        return (
            "there is an R3, so R2 may hold molecular barcodes (UMI) and R3 the second read",
            "Convert the run with the UMI in the read names, or rename the files.",
        )
    for (read, (lane, segment)), count in Counter((file.name.read, file.place) for file in files).items():
        if count > 1:
            return (
                f"{count} files claim to be {read}{_words((lane, segment))}",
                "Keep one of them, or put them into different folders.",
            )
    lanes = {file.name.lane for file in files}
    if len(lanes) > 1 and not lanes.isdisjoint({None, 0}):
        return (
            "some files hold single lanes and others all lanes, so reads would count twice",
            "Keep either the lanes or the joined file.",
        )
    if len({file.name.segment is None for file in files}) > 1:
        return ("some files have a segment number and others none", "Name the files alike.")
    return "", ""


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _sort_key(place: Place) -> tuple[int, int]:
    return (place[0] or 0, place[1] or 0)


def _ordered(places: set[Place]) -> list[Place]:
    return sorted(places, key=_sort_key)


def _words(place: Place) -> str:
    lane, segment = place
    text = f" lane {lane}" if lane else ""
    return text + (f" segment {segment}" if segment is not None and segment != 1 else "")
