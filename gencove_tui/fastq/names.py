"""File names: what is a FASTQ, which sample and read it holds, and what Gencove would make of it.

Names are parsed from the right and anchored at both ends, so a sample id may hold underscores, hyphens and
dots (transfer-anchors §5.1). Nothing here touches the disk.
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum

from msgspec import Struct

from gencove_tui.model import FASTQ_SUFFIXES


class Form(StrEnum):
    """Which maker's way of writing read names a file follows (transfer-anchors §5.1)."""

    ILLUMINA = "illumina"
    """``X_S1_L001_R1_001``, with at least one of S number, lane or segment."""
    SHORT = "short"
    """``X_R1``: Element's default, and what Gencove's documentation shows."""
    NUMBERED = "numbered"
    """``X_1`` and ``X_2``: MGI and many sequencing providers."""
    DOTTED = "dotted"
    """``X.R1``."""
    DIRECTION = "direction"
    """``X_F`` and ``X_R``, or ``X_f`` and ``X_r``."""


class FastqName(Struct, frozen=True, kw_only=True):
    """What a FASTQ file's name says."""

    sample: str
    """The sample id as written, underscores and all."""
    read: str
    """``R1``, ``R2``, ``R3`` or, for index reads, ``I1``, ``I2``, ``I3``."""
    s_number: int | None = None
    """Position in the sample sheet, from 1; 0 holds the reads that belong to no sample."""
    lane: int | None = None
    """From 1; 0 means that all lanes are in this file already (Singular G4)."""
    segment: int | None = None
    """Piece of a lane's reads, from 1; old converters split large files."""
    suffix: str = ""
    """The ending as written, for instance ``.fastq.gz``."""
    form: Form = Form.ILLUMINA


# Lazy samples with an anchored end: the optional tokens are taken off the right, the rest is the sample.
_FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = (
    (
        Form.ILLUMINA,
        re.compile(
            r"(?P<sample>.+?)(?:_S(?P<s>[0-9]+))?(?:_L(?P<lane>[0-9]{3}))?"
            r"_(?P<read>[RI][1-3])(?:_(?P<segment>[0-9]{3}))?"
        ),
    ),
    (
        # Gencove's documentation lets the read stand before the lane: SAMPLE3_R1_L001.
        Form.ILLUMINA,
        re.compile(r"(?P<sample>.+?)(?:_S(?P<s>[0-9]+))?_(?P<read>[RI][1-3])_L(?P<lane>[0-9]{3})"),
    ),
    (Form.SHORT, re.compile(r"(?P<sample>.+)_(?P<read>[ri][1-3])")),
    (Form.DOTTED, re.compile(r"(?P<sample>.+)\.(?P<read>[RI][1-3])")),
    (Form.NUMBERED, re.compile(r"(?P<sample>.+)_(?P<read>[12])")),
    (Form.DIRECTION, re.compile(r"(?P<sample>.+)_(?P<read>[FRfr])")),
)
_READS = {"1": "R1", "2": "R2", "F": "R1", "R": "R2", "f": "R1", "r": "R2"}


def base_name(path: str) -> str:
    """The last component of a path written with slashes."""
    return path.rsplit("/", 1)[-1]


def split_suffix(base: str) -> tuple[str, str]:
    """Cut ``X.fastq.gz`` into stem and suffix; the suffix is empty for other endings."""
    for suffix in FASTQ_SUFFIXES:
        if base.lower().endswith(suffix):
            return base[: -len(suffix)], base[-len(suffix) :]
    return base, ""


def is_fastq(name: str) -> bool:
    """Whether Gencove takes a file of this name (api-v2 §10); the ending's case does not matter."""
    base = base_name(name)
    return base.lower().endswith(FASTQ_SUFFIXES) and not base.lower().startswith(FASTQ_SUFFIXES)


def parse_name(name: str) -> FastqName | None:
    """Read a file name, or the last component of a path; None when it is no FASTQ or names no read.

    ``X_1.fq.gz`` is read as R1 of X, although a lone file of that name may just be a sample called X_1:
    only its mate tells (``pairs.group``).
    """
    stem, suffix = split_suffix(base_name(name))
    if not suffix or not stem:
        return None
    for form, pattern in _FORMS:
        match = pattern.fullmatch(stem)
        if match is None:
            continue
        found = match.groupdict()
        read = _READS.get(found["read"], found["read"].upper())
        numbers = {key: _number(found.get(key)) for key in ("s", "lane", "segment")}
        if form is Form.ILLUMINA and all(number is None for number in numbers.values()):
            form = Form.SHORT
        return FastqName(
            sample=found["sample"],
            read=sys.intern(read),
            s_number=numbers["s"],
            lane=numbers["lane"],
            segment=numbers["segment"],
            suffix=sys.intern(suffix),
            form=form,
        )
    return None


def is_index_read(name: FastqName) -> bool:
    """Whether the file holds index (barcode) reads, which Gencove has no use for."""
    return name.read.startswith("I")


def is_undetermined(name: FastqName) -> bool:
    """Whether the file holds the reads that no sample's barcode claimed (S number 0)."""
    return name.s_number == 0 or name.sample.casefold() == "undetermined"


_TEMPORARY_ENDINGS = (".tmp", ".part", ".partial", ".filepart", ".crdownload")


def temporary_name(name: str) -> bool:
    """Whether the name marks a file that some program has not finished writing (transfer-anchors §3.1).

    True for dot files (rsync's ``.name.XXXXXX`` and Syncthing's ``.syncthing.name.tmp`` among them), names
    that begin or end with ``~``, and the endings .tmp .part .partial .filepart .crdownload.
    """
    base = base_name(name)
    return base.startswith((".", "~")) or base.endswith("~") or base.lower().endswith(_TEMPORARY_ENDINGS)


def why_not(name: str) -> str:
    """Why a file of this name is not uploaded, for people to read; empty when the name is fine."""
    base = base_name(name)
    lower = base.lower()
    if temporary_name(base):
        return "the name says that it is still being written"
    if is_fastq(base):
        return ""
    if lower.endswith((".fastq.ora", ".fq.ora")):
        return "ORA files are not taken by Gencove; decompress them to .fastq.gz first"
    if lower.endswith((".fastq", ".fq")):
        return "it is not compressed; Gencove takes .fastq.gz only"
    if ".fastq" in lower or ".fq" in lower:
        return "only the endings " + " ".join(FASTQ_SUFFIXES) + " are taken"
    return "not a FASTQ"


def client_id(sample: str) -> str:
    """The id under which a sample is uploaded: ``_`` becomes ``-``.

    Gencove takes the id up to the first underscore and forbids underscores in map files
    (transfer-anchors §5.2, api-v2 §10).
    """
    return sample.replace("_", "-")


def gencove_client_id(name: str) -> str:
    """The client id that Gencove takes from a file name: all before the first underscore.

    Without an underscore it is the name without its ending (transfer-anchors §5.2).
    """
    stem, _ = split_suffix(base_name(name))
    return stem.split("_", 1)[0]


def gencove_read(name: str) -> str:
    """``R1`` or ``R2`` as Gencove takes it from a file name: a word of its own after the id.

    Empty when there is no such word, or when both stand there (transfer-anchors §5.2).
    """
    stem, _ = split_suffix(base_name(name))
    words = {word for word in stem.split("_")[1:] if word in ("R1", "R2")}
    return words.pop() if len(words) == 1 else ""


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None
