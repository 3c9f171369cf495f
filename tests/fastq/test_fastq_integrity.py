"""The integrity check: sound files pass under any chunking, and no damage goes unnoticed."""

from __future__ import annotations

import gzip
import random
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isal import igzip

from gencove_tui.fastq import records as records_module
from gencove_tui.fastq.integrity import (
    BrokenFastq,
    CheckLevel,
    FastqCheck,
    FastqSummary,
    check_file,
    crc32,
    crc32_combine,
)

BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def fastq(count: int = 40, lengths: tuple[int, ...] = (30,), newline: str = "\n", seed: int = 1) -> bytes:
    chance = random.Random(seed)
    lines = []
    for number in range(count):
        length = chance.choice(lengths)
        lines += [
            f"@A00:1:H:1:1101:{number}:9/1 1:N:0:ACGT",
            "".join(chance.choices("ACGTN", k=length)),
            "+",
            "".join(chance.choices("F:,#@+", k=length)),
        ]
    return "".join(line + newline for line in lines).encode()


def bgzf(text: bytes, block: int = 500, end: bytes = BGZF_END) -> bytes:
    out = []
    for start in range(0, len(text), block):
        piece = text[start : start + block]
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = deflate.compress(piece) + deflate.flush()
        extra = b"BC\x02\x00" + struct.pack("<H", len(body) + 25)
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0" + extra
        out.append(head + body + struct.pack("<II", zlib.crc32(piece), len(piece)))
    return b"".join(out) + end


def gz(text: bytes, level: int = 6) -> bytes:
    return gzip.compress(text, level, mtime=0)


def run(
    data: bytes,
    level: CheckLevel = CheckLevel.FULL,
    name: str = "x.fastq.gz",
    sizes: Iterator[int] | None = None,
) -> FastqSummary:
    check = FastqCheck(level, name)
    start = 0
    while start < len(data):
        size = len(data) if sizes is None else next(sizes, len(data))
        check.feed(data[start : start + size])
        start += size
    return check.finish()


def broken(data: bytes, level: CheckLevel = CheckLevel.FULL, name: str = "x.fastq.gz") -> BrokenFastq:
    with pytest.raises(BrokenFastq) as caught:
        run(data, level, name)
    assert caught.value.what.startswith(name)
    assert caught.value.why
    assert caught.value.remedy
    return caught.value


def named_gzip(text: bytes) -> bytes:
    """Two members with file name, comment, extra field and header CRC, as gzip allows."""
    head = (
        b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03" + b"\x05\0hello" + b"A_R1.fastq\0" + b"a long comment " * 40 + b"\0"
    )
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    return head + gz(text[:900])[10:] + head + gz(text[900:])[10:]


TEXT = fastq()
SOUND = {
    "gzip": gz(TEXT),
    "stored": gz(TEXT, 0),
    "igzip": igzip.compress(TEXT, 0),
    "long head": named_gzip(TEXT),
    "members": gz(TEXT[:1000]) + gz(TEXT[1000:1001]) + gz(b"") + gz(TEXT[1001:]),
    "padded": gz(TEXT) + bytes(700),
    "bgzf": bgzf(TEXT),
    "bgzf, joined": bgzf(TEXT[:1500]) + bgzf(TEXT[1500:]),
    "bgzf then gzip": bgzf(TEXT[:1500]) + gz(TEXT[1500:]),
    "crlf": gz(fastq(newline="\r\n")),
    "lengths": gz(fastq(lengths=(1, 30, 80))),
    "no last newline": gz(TEXT[:-1]),
    "no last newline, crlf": gz(fastq(newline="\r\n")[:-1]),
    "long plus": gz(TEXT.replace(b"\n+\n", b"\n+A00\n")),
    "lf and crlf": gz(TEXT + fastq(newline="\r\n")),
}


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND.keys())
def test_sound_files(data: bytes) -> None:
    plain = gzip.decompress(data)
    summary = run(data)
    assert summary.size == len(data)
    assert summary.crc32 == zlib.crc32(data)
    assert summary.plain_size == len(plain)
    assert summary.records == len(plain.splitlines()) // 4
    assert summary.first_name == "A00:1:H:1:1101:0:9"
    assert summary.last_name == "A00:1:H:1:1101:39:9"
    assert summary.ends_with_newline == plain.endswith(b"\n")
    lesser = run(data, CheckLevel.GZIP)
    assert (lesser.plain_size, lesser.records) == (len(plain), None)
    assert run(data, CheckLevel.NONE) == FastqSummary(
        level=CheckLevel.NONE, size=len(data), crc32=zlib.crc32(data)
    )


@given(st.sampled_from(sorted(SOUND)), st.lists(st.integers(1, 400), max_size=60))
def test_chunks_make_no_difference(kind: str, sizes: list[int]) -> None:
    assert run(SOUND[kind], sizes=iter(sizes)) == run(SOUND[kind])


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND.keys())
def test_byte_by_byte(data: bytes) -> None:
    assert run(data, sizes=iter([1] * len(data))) == run(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=3),
    count=st.integers(1, 200),
    block=st.integers(1, 3000),
    newline=st.sampled_from(["\n", "\r\n"]),
    sizes=st.lists(st.integers(1, 3000), max_size=20),
)
def test_blocks_make_no_difference(
    monkeypatch: pytest.MonkeyPatch,
    lengths: list[int],
    count: int,
    block: int,
    newline: str,
    sizes: list[int],
) -> None:
    """Records may lie across the inner blocks in any way, and reads of one or of many lengths count alike."""
    text = fastq(count, tuple(lengths), newline)
    whole = run(gz(text))
    with monkeypatch.context() as patch:
        patch.setattr(records_module, "BLOCK", block)
        patch.setattr(records_module, "SAMPLE_EVERY", 1024)
        assert run(gz(text), sizes=iter(sizes)) == whole
    assert whole.records == count


@pytest.mark.parametrize("kind", ["gzip", "stored", "members", "bgzf", "crlf", "long head", "igzip"])
def test_every_truncation_is_noticed(kind: str) -> None:
    data = SOUND[kind]
    for length in range(0, len(data), 3 if len(data) > 2000 else 1):
        if data[length:] == BGZF_END:
            # As bcl2fastq writes it: whole.
            continue
        assert broken(data[:length]).truncated, length


def test_bgz_cut_between_blocks_is_noticed_at_every_level() -> None:
    data = bgzf(TEXT, end=b"")
    for level in (CheckLevel.FULL, CheckLevel.GZIP):
        assert "ends every BGZF" in broken(data, level, "x.fastq.bgz").why
        assert run(data + BGZF_END, level, "x.fastq.bgz").ends_with_eof_block
    # Not block-gzipped at all, whatever its name says.
    assert broken(gz(TEXT), name="x.fq.bgz").truncated


def test_block_gzip_without_end_block_as_bcl2fastq_writes_it() -> None:
    whole = bgzf(TEXT, end=b"")
    for level in (CheckLevel.FULL, CheckLevel.GZIP):
        assert not run(whole, level).ends_with_eof_block
    # Cut between blocks, in the middle of a record.
    for level in (CheckLevel.FULL, CheckLevel.GZIP):
        assert broken(bgzf(TEXT[:1500], end=b""), level).truncated


@settings(max_examples=300)
@given(
    kind=st.sampled_from(["gzip", "stored", "members", "bgzf", "igzip"]),
    place=st.integers(0, 10_000),
    flip=st.integers(1, 255),
)
def test_a_changed_byte_is_noticed(kind: str, place: int, flip: int) -> None:
    """Anything but the header's idle fields (flags, time, level, system) is covered by a check."""
    data = bytearray(SOUND[kind])
    place %= len(data)
    data[place] ^= flip
    try:
        summary = run(bytes(data))
    except BrokenFastq:
        return
    assert gzip.decompress(bytes(data)) == TEXT
    assert summary.records == 40


@given(place=st.integers(0, 10_000), junk=st.binary(min_size=1, max_size=40))
def test_inserted_bytes_are_noticed(place: int, junk: bytes) -> None:
    data = SOUND["gzip"]
    place = 10 + place % (len(data) - 10)
    try:
        run(data[:place] + junk + data[place:])
    except BrokenFastq:
        return
    assert not junk.strip(b"\0"), "only zeros at the end pass"


def test_trailing_garbage() -> None:
    for junk in (b"x", b"\0\0x", bytes(50) + gz(TEXT), b"\x1f\x8b\x09", b"<html>"):
        problem = broken(SOUND["gzip"] + junk, CheckLevel.GZIP)
        assert "follows after" in problem.why
    assert not broken(SOUND["gzip"] + b"\0x").truncated


def test_a_member_that_has_just_begun_is_incomplete() -> None:
    for head in (b"\x1f", b"\x1f\x8b", gz(TEXT)[:12]):
        assert broken(SOUND["gzip"] + head).truncated


def test_empty_and_foreign_files() -> None:
    assert broken(b"").truncated
    assert broken(b"", CheckLevel.GZIP).truncated
    assert run(b"", CheckLevel.NONE).size == 0
    page = broken(b"<!DOCTYPE html><html>")
    assert not page.truncated
    assert "<!DOCTYPE" in page.why
    assert not broken(TEXT).truncated
    nothing = broken(gz(b""))
    assert "no reads" in nothing.why
    assert run(gz(b""), CheckLevel.GZIP).plain_size == 0


def test_a_file_laid_out_in_advance_is_incomplete_rather_than_damaged() -> None:
    data = gz(fastq(20_000))
    size = len(data)
    for filled in (0, 4096, size // 2 // 4096 * 4096, size // 4096 * 4096 - 8192):
        hollow = data[:filled] + bytes(size - filled)
        for sizes in (None, iter([1000] * size)):
            with pytest.raises(BrokenFastq) as caught:
                run(hollow, sizes=sizes)
            assert caught.value.truncated, filled
    # A hole in the middle, as copiers that work in parallel leave it.
    middle = size // 2 // 4096 * 4096
    assert broken(data[:middle] + bytes(8192) + data[middle + 8192 :]).truncated


GOOD = ["@n1 x", "ACGT", "+", "FFFF"]


def malformed(at: int, record: list[str], count: int = 50) -> bytes:
    lines = GOOD * at + record + GOOD * (count - at)
    return gz("".join(line + "\n" for line in lines).encode())


@pytest.mark.parametrize("at", [0, 1, 17, 50])
@pytest.mark.parametrize(
    ("record", "why"),
    [
        (["n1 x", "ACGT", "+", "FFFF"], "should begin with '@'"),
        ([">n1 x", "ACGT", "+", "FFFF"], "begins with '>n1 x'"),
        (["@n1", "ACGT", "-", "FFFF"], r"third line should begin with '\+'"),
        (["@n1", "ACGT", "", "FFFF"], "blank line"),
        (["@n1", "ACGT", "+", "FFF"], "4 bases but 3 quality values"),
        (["@n1", "ACGT", "+", "FFFFF"], "4 bases but 5 quality values"),
        (["@n1", "", "+", ""], "sequence is empty"),
        (["", "@n1", "ACGT", "+", "FFFF"], "blank line"),
        (["@n1", "AC", "GT", "+", "FF", "FF"], "third line"),
        (["@n\x1b[2J", "A", "+", "FF"], "1 bases"),
        (["\x1b[2J", "A", "+", "F"], r"'\\x1b\[2J'"),
        (["@n1", "ACGT\r", "+", "FFFF\r\r"], "4 bases but 5"),
    ],
)
def test_a_malformed_record_is_named(at: int, record: list[str], why: str) -> None:
    data = malformed(at, record)
    with pytest.raises(BrokenFastq, match=why) as caught:
        run(data)
    assert caught.value.record == at + 1
    assert f"record {at + 1} (line {4 * at + 1})" in caught.value.why
    assert not caught.value.truncated
    assert "\x1b" not in str(caught.value)
    assert run(data, CheckLevel.GZIP).records is None


@settings(max_examples=200)
@given(
    at=st.integers(0, 199),
    line=st.integers(0, 3),
    act=st.sampled_from(["drop", "twice", "longer", "shorter", "split", "blank"]),
    lengths=st.sampled_from([(30,), (30, 31), (5, 90)]),
)
def test_any_broken_line_is_noticed(at: int, line: int, act: str, lengths: tuple[int, ...]) -> None:
    lines = fastq(200, lengths).decode().split("\n")[:-1]
    index = 4 * at + line
    old = lines[index]
    lines[index : index + 1] = {
        "drop": [],
        "twice": [old, old],
        "longer": [old + "A"],
        "shorter": [old[:-1]],
        "split": [old[: len(old) // 2], old[len(old) // 2 :]],
        "blank": [""],
    }[act]
    data = gz("".join(text + "\n" for text in lines).encode())
    if line in (0, 2) and act in ("longer", "shorter") and lines[index]:
        # Names and separator lines may be of any length.
        assert run(data).records == 200
    else:
        problem = broken(data)
        assert problem.record in (at + 1, at + 2) or problem.truncated


def test_text_that_stops_short() -> None:
    """Text may end after a record, with or without its line end, and nowhere else."""
    for cut in range(1, len(TEXT)):
        lines = TEXT[:cut].count(b"\n")
        if lines % 4 == 0 and TEXT[:cut].endswith(b"\n"):
            assert run(gz(TEXT[:cut])).ends_with_newline
        elif lines % 4 == 3 and TEXT[cut : cut + 1] == b"\n":
            assert not run(gz(TEXT[:cut])).ends_with_newline
        else:
            assert broken(gz(TEXT[:cut])).truncated, cut


def test_blank_lines_at_the_end() -> None:
    assert "blank line" in broken(gz(TEXT + b"\n")).why
    assert "blank line" in broken(gz(TEXT + b"\r\n\r\n")).why


def test_memory_stays_bounded() -> None:
    """A gzip bomb and a line without end cost no memory to speak of."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(b"A" * (1 << 20)) for _ in range(300)) + squeeze.flush()
    endless = gz(b"@n\n" + b"A" * (30 << 20), 0)
    tracemalloc.start()
    try:
        assert run(bomb, CheckLevel.GZIP).plain_size == 300 << 20
        bomb_peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        assert "longer than 16 MiB" in broken(endless).why
        line_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    broken(bomb)
    assert bomb_peak < 20 << 20
    assert line_peak < 80 << 20


def test_long_reads_pass() -> None:
    bases = 3_000_000
    text = b"".join(b"@long%d\n%b\n+\n%b\n" % (n, b"ACGTA" * (bases // 5), b"F" * bases) for n in range(3))
    assert run(gz(text, 1)).records == 3


def test_long_reads_with_names_on_both_lines() -> None:
    assert run(gz(b"@n\nACGT\n+n\nFFFF\n")).records == 1


def test_check_file(tmp_path: Path) -> None:
    path = tmp_path / "A_R1.fastq.gz"
    path.write_bytes(SOUND["gzip"])
    assert check_file(path) == run(SOUND["gzip"])
    assert check_file(path, CheckLevel.GZIP, lambda: False) == run(SOUND["gzip"], CheckLevel.GZIP)
    assert check_file(path, cancel=lambda: True) is None
    path.write_bytes(SOUND["gzip"][:-4])
    with pytest.raises(BrokenFastq, match=r"A_R1\.fastq\.gz is incomplete"):
        check_file(path)
    with pytest.raises(FileNotFoundError):
        check_file(tmp_path / "gone.fastq.gz")


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=50))
def test_crc32_combines(one: bytes, two: bytes, three: bytes) -> None:
    assert crc32(one) == zlib.crc32(one)
    assert crc32(two, crc32(one)) == zlib.crc32(one + two)
    joined = crc32_combine(crc32(one), crc32(two), len(two))
    assert joined == zlib.crc32(one + two)
    assert crc32_combine(joined, crc32(three), len(three)) == zlib.crc32(one + two + three)


@given(st.integers(0, 1 << 44), st.integers(0, 1 << 44), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_crc32_combines_lengths_of_any_size(one: int, two: int, first: int, second: int) -> None:
    """Joining A, B and C gives the same whichever two are joined first."""
    left = crc32_combine(crc32_combine(0x1234, first, one), second, two)
    right = crc32_combine(0x1234, crc32_combine(first, second, two), one + two)
    assert left == right
