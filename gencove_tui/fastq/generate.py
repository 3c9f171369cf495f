"""Small believable FASTQ pairs for the demo and for tests, and large ones made quickly.

The same arguments give the same bytes, as long as the compression library is the same.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

from isal import igzip

READ_LENGTH = 151
"""Bases in a read."""
_GENOME_LENGTH = 50_000
_INSERT = (200, 500)
"""Least and greatest length of a fragment."""
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_QUALITIES = "F:,#"
"""The four quality values of a NovaSeq, the best first."""
_QUALITY_WEIGHTS = (90, 7, 2, 1)
_ERROR_RATE = 0.002
_LEVEL = 2
"""igzip's own scale, 0 to 3."""


class PairFiles(NamedTuple):
    """The two files of a generated pair."""

    r1: Path
    r2: Path


def write_pair(
    folder: Path, sample: str, s_number: int, records: int, seed: int, lane: int | None = 1
) -> PairFiles:
    """Write ``<sample>_S<n>[_L<lane>]_R1_001.fastq.gz`` and its mate, ``records`` read pairs each.

    Reads are the two ends of fragments of one small made-up genome, the same for every seed. Existing files
    are overwritten; the folder is made if need be. Raises ``OSError``.
    """
    lane_part = "" if lane is None else f"_L{lane:03}"
    texts = _pair_text(records, seed, lane or 1)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [
        folder / f"{sample}_S{s_number}{lane_part}_R{read}_001.fastq.gz" for read in range(1, len(texts) + 1)
    ]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(compress(text))
    return PairFiles(*paths)


def compress(text: bytes) -> bytes:
    """One gzip member with no time of day in it."""
    return igzip.compress(text, _LEVEL, mtime=0)


def write_large(path: Path, size: int, seed: int = 0, read: int = 1) -> None:
    """Write a valid FASTQ of ``size`` compressed bytes or a little more: the same reads again and again.

    Every gzip member carries its number in the header's time field, so no two stretches of the file are
    equal. Files of the same ``size`` and ``seed`` with ``read`` 1 and 2 are mates.
    """
    members = [compress(text) for text in _pair_text(2000, seed, 1)]
    # Mates need equally many members, so the shorter one's length decides for both.
    count = -(-size // min(map(len, members)))
    member = members[read - 1]
    with path.open("wb") as file:
        for number in range(count):
            file.write(member[:4] + number.to_bytes(4, "little") + member[8:])


def _pair_text(records: int, seed: int, lane: int) -> tuple[bytes, bytes]:
    """Text of read 1 and of read 2."""
    genome = "".join(random.Random(0).choices("ACGT", k=_GENOME_LENGTH))  # noqa: S311 - made-up data, no secret
    chance = random.Random(seed)  # noqa: S311 - made-up data, no secret
    barcode = "+".join("".join(chance.choices("ACGT", k=8)) for _ in range(2))
    ones: list[str] = []
    twos: list[str] = []
    for number in range(records):
        length = chance.randint(*_INSERT)
        start = chance.randrange(_GENOME_LENGTH - length)
        fragment = genome[start : start + length]
        if chance.random() < 0.5:
            fragment = _reverse_complement(fragment)
        tile = 1101 + number // 1000
        name = f"A01234:56:HGV7DRXX:{lane}:{tile}:{chance.randint(1000, 32000)}:{1000 + 7 * (number % 1000)}"
        for lines, read, bases in (
            (ones, 1, fragment[:READ_LENGTH]),
            (twos, 2, _reverse_complement(fragment)[:READ_LENGTH]),
        ):
            lines.append(
                f"@{name} {read}:N:0:{barcode}\n{_with_errors(bases, chance)}\n+\n{_quality(chance)}\n"
            )
    return "".join(ones).encode(), "".join(twos).encode()


def _reverse_complement(bases: str) -> str:
    return bases[::-1].translate(_COMPLEMENT)


def _with_errors(bases: str, chance: random.Random) -> str:
    if chance.random() > _ERROR_RATE * READ_LENGTH:
        return bases
    place = chance.randrange(len(bases))
    return f"{bases[:place]}{chance.choice('ACGTN')}{bases[place + 1 :]}"


def _quality(chance: random.Random) -> str:
    return "".join(chance.choices(_QUALITIES, _QUALITY_WEIGHTS, k=READ_LENGTH))
