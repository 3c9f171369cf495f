"""The bytes of deliverables: small, real files, made from the sample's id whenever they are asked for.

A file is a chain of byte strings. Its first piece belongs to the sample alone; the rest is shared between
all files of a kind, so that thousands of files cost no memory. The results are valid: multi-member gzip
(VCF, FASTQ), BGZF with the end marker (BAM), JSON, CSV.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache

_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_BASES = "ACGT"
_PIECE = 256 * 1024


class Content:
    """An immutable file of ``size`` bytes that can be read from any position."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.size = sum(map(len, pieces))

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """The bytes from ``start``, in pieces of at most 256 KiB."""
        end = min(self.size, start + length)
        position = 0
        for piece in self._pieces:
            low, high = max(start, position), min(end, position + len(piece))
            view = memoryview(piece)
            while low < high:
                stop = min(high, low + _PIECE)
                yield bytes(view[low - position : stop - position])
                low = stop
            position += len(piece)
            if position >= end:
                return

    def sha256(self) -> str:
        """Hexadecimal sha256 of the whole file."""
        digest = hashlib.sha256()
        for piece in self._pieces:
            digest.update(piece)
        return digest.hexdigest()

    def md5(self) -> str:
        """Hexadecimal MD5 of the whole file, as S3 makes an ETag of it."""
        digest = hashlib.md5(usedforsecurity=False)
        for piece in self._pieces:
            digest.update(piece)
        return digest.hexdigest()


def _dice(text: str) -> random.Random:
    return random.Random(text)  # noqa: S311 - repeatable content, not a secret


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=1, mtime=0)


def _bgzf(data: bytes) -> bytes:
    """One BGZF block (SAM specification §4.1); ``data`` is at most 64 kB."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    header = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(packed) + 25)
    return header + packed + struct.pack("<II", zlib.crc32(data), len(data))


@lru_cache(maxsize=64)
def _vcf_chromosome(chromosome: int) -> bytes:
    dice = _dice(f"vcf {chromosome}")
    position = 10_000
    lines = []
    for _ in range(1500):
        position += dice.randrange(20, 4000)
        ref, alt = dice.sample(_BASES, 2)
        dosage = dice.random() * 2
        genotype = ("0/0", "0/1", "1/1")[min(2, int(dosage * 1.5))]
        lines.append(
            f"chr{chromosome}\t{position}\trs{dice.randrange(10**8)}\t{ref}\t{alt}\t.\tPASS\t"
            f"RAF={dice.random():.4f};INFO={dice.random():.3f}\tGT:DS\t{genotype}:{dosage:.3f}\n"
        )
    return _gzip("".join(lines).encode())


def vcf(identity: str) -> Content:
    """A VCF of 22 chromosomes, gzip."""
    contigs = "".join(f"##contig=<ID=chr{c}>\n" for c in range(1, 23))
    head = (
        f"##fileformat=VCFv4.2\n##source=gencove-sandbox\n{contigs}"
        '##INFO=<ID=RAF,Number=1,Type=Float,Description="Reference panel allele frequency">\n'
        '##INFO=<ID=INFO,Number=1,Type=Float,Description="Imputation quality">\n'
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        '##FORMAT=<ID=DS,Number=1,Type=Float,Description="Dosage">\n'
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{identity}\n"
    )
    return Content(_gzip(head.encode()), *(_vcf_chromosome(c) for c in range(1, 23)))


@lru_cache(maxsize=8)
def _bam_block(number: int) -> bytes:
    """A block of unmapped reads, encoded as the SAM specification §4.2 says."""
    dice = _dice(f"bam {number}")
    records = bytearray()
    for read in range(230):
        name = f"SBX:1:FLOW:{number}:{read}".encode() + b"\0"
        sequence = dice.randbytes(75).translate(_NIBBLES)
        quality = bytes(dice.choices((37, 37, 25, 11), k=150))
        fixed = struct.pack("<iiBBHHHiiii", -1, -1, len(name), 0, 4680, 0, 4, 150, -1, -1, 0)
        record = fixed + name + sequence + quality
        records += struct.pack("<i", len(record)) + record
    return _bgzf(bytes(records))


_NIBBLES = bytes((1 << (value & 3)) << 4 | 1 << (value >> 2 & 3) for value in range(256))


def bam(identity: str, megabytes: float) -> Content:
    """A BAM of about ``megabytes``·10⁶ bytes: a header that names the sample, and unmapped reads."""
    text = f"@HD\tVN:1.6\tSO:unsorted\n@RG\tID:1\tSM:{identity}\n".encode()
    reference = b"chr1\0"
    head = b"BAM\1" + struct.pack("<i", len(text)) + text + struct.pack("<ii", 1, len(reference))
    head += reference + struct.pack("<i", 248_956_422)
    blocks = [_bam_block(number) for number in range(8)]
    size = sum(map(len, blocks))
    return Content(_bgzf(head), *blocks * max(1, round(megabytes * 1e6 / size)), _BGZF_END)


@lru_cache(maxsize=8)
def _fastq_block(read: str, number: int) -> bytes:
    dice = _dice(f"fastq {read} {number}")
    lines = []
    for index in range(800):
        sequence = "".join(dice.choices(_BASES, k=100))
        quality = "".join(dice.choices("FFF:,#", k=100))
        lines.append(f"@SBX:1:FLOW:1:{number}:{index}:1 {read}:N:0:ACGT\n{sequence}\n+\n{quality}\n")
    return _gzip("".join(lines).encode())


def fastq(identity: str, read: str) -> Content:
    """A FASTQ of a few thousand reads, gzip; ``read`` is 1 or 2."""
    dice = _dice(f"{identity} {read}")
    sequence = "".join(dice.choices(_BASES, k=100))
    first = f"@SBX:1:FLOW:1:0:0:1 {read}:N:0:ACGT sample={identity}\n{sequence}\n+\n{'F' * 100}\n"
    return Content(_gzip(first.encode()), *(_fastq_block(read, number) for number in range(4)))


def index(identity: str, kind: str) -> Content:
    """An index (``bai``, ``tbi``, ``csi``): right magic, followed by noise that belongs to the sample."""
    magic = {"bai": b"BAI\1", "tbi": b"TBI\1", "csi": b"CSI\1"}.get(kind, b"IDX\1")
    body = magic + struct.pack("<i", 1) + _dice(f"{identity} {kind}").randbytes(20_000)
    return Content(body if kind == "bai" else _gzip(body))


def document(identity: str, kind: str) -> Content:
    """A JSON document about a sample."""
    dice = _dice(f"{identity} {kind}")
    values: dict[str, object] = {
        "ancestry": dict(zip(("EUR", "AFR", "EAS", "SAS"), _shares(dice, 4), strict=True)),
        "traits": {f"PGS{dice.randrange(100000):06d}": round(dice.gauss(0, 1), 4) for _ in range(12)},
        "microbiome": {f"taxon-{n}": share for n, share in enumerate(_shares(dice, 6), 1)},
        "sex": {"sex": dice.choice(("XX", "XY"))},
    }
    body = {"sample": identity, kind: values.get(kind, {})}
    return Content(json.dumps(body, indent=1).encode() + b"\n")


def table(identity: str, kind: str) -> Content:
    """A CSV table about a sample."""
    dice = _dice(f"{identity} {kind}")
    rows = "".join(f"{n},{dice.randrange(10**6)},{dice.random():.4f}\n" for n in range(1, 200))
    return Content(f"# {identity} {kind}\nrow,count,share\n{rows}".encode())


def _shares(dice: random.Random, count: int) -> list[float]:
    parts = [dice.random() for _ in range(count)]
    return [round(part / sum(parts), 4) for part in parts]
