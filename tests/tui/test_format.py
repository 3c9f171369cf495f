from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gencove_tui.engine.words import plural
from gencove_tui.tui.fitting import fit
from gencove_tui.tui.format import (
    ASCII,
    UNICODE,
    age,
    bar,
    clean,
    day,
    duration,
    glyphs_for,
    percent,
    rate,
    size,
)
from tests.tui.fakes import NOW


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1536, "1.50 KiB"),
        (1023 * 1024, "1.00 MiB"),
        (1_503_238_553, "1.40 GiB"),
        (60 * 1024**3, "60.0 GiB"),
        (999 * 1024**2, "999 MiB"),
        (5 * 1024**5, "5.00 PiB"),
        (5000 * 1024**5, "5000 PiB"),
    ],
)
def test_sizes_read_well(count: int | None, text: str) -> None:
    assert size(count) == text


@given(st.integers(min_value=0, max_value=2**50))
def test_a_size_never_outgrows_its_column(count: int) -> None:
    assert len(size(count)) <= 8


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (float("inf"), ""),
        (-1, ""),
        (0, "0s"),
        (0.2, "1s"),
        (59, "59s"),
        (60, "1m 00s"),
        (250, "4m 10s"),
        (1800, "30m"),
        (3900, "1h 05m"),
        (50_000, "13h"),
        (90_000, "1d 01h"),
        (10**9, "999d"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
    assert len(text) <= 6


def test_rates_are_silent_while_nothing_moves() -> None:
    assert rate(0) == ""
    assert rate(12.3 * 1024**2) == "12.3 MiB/s"


def test_an_age_has_one_unit_and_changes_at_most_once_a_minute() -> None:
    def text(**span: float) -> str:
        return age(NOW - timedelta(**span), NOW)

    assert text(seconds=-5) == text(seconds=59) == "just now"
    assert text(seconds=60) == text(seconds=119) == "1 min ago"
    assert text(hours=3, minutes=59) == "3 h ago"
    assert text(days=1) == "1 day ago"
    assert text(days=12) == "12 days ago"
    assert age(None, NOW) == "never"


def test_days_are_as_short_as_they_stay_clear() -> None:
    assert day(NOW - timedelta(minutes=25), NOW) == "10:05"
    assert day(NOW - timedelta(days=2), NOW) == "12 Mar"
    assert day(NOW - timedelta(days=400), NOW) == "2024-02-08"
    assert day(None, NOW) == ""


@given(
    st.floats(min_value=-1, max_value=2),
    st.integers(min_value=1, max_value=40),
    st.sampled_from([UNICODE, ASCII]),
)
def test_a_bar_fills_its_width_and_is_full_only_at_the_end(
    fraction: float, width: int, glyphs: object
) -> None:
    text = bar(fraction, width, glyphs)  # type: ignore[arg-type]  # sampled_from joins the two to object
    assert cell_len(text) == width
    full = UNICODE.bar_full * width, ASCII.bar_full * width
    if glyphs is UNICODE:
        assert (text in full) == (fraction >= 1)


def test_percent_is_100_only_when_all_is_done() -> None:
    assert percent(999, 1000) == "99%"
    assert percent(1000, 1000) == "100%"
    assert percent(0, 0) == "100%"
    assert percent(5, None) == ""


def test_plurals() -> None:
    assert plural(1, "file") == "1 file"
    assert plural(12_000, "file") == "12,000 files"
    assert plural(2, "try", "tries") == "2 tries"


def test_hostile_text_becomes_one_harmless_line() -> None:
    assert clean("a\x1b[31mb\x07") == "a�[31mb�"
    assert clean("two\nlines\tand tab") == "two lines and tab"
    assert clean("right\u202eleft") == "right�left"
    assert clean(b"bad\xff".decode("utf-8", "surrogateescape")) == "bad�"
    assert clean("標本 é é") == "標本 é é"
    assert clean("[red]not markup[/red]") == "[red]not markup[/red]"


@given(
    st.text(),
    st.integers(min_value=0, max_value=40),
    st.sampled_from(["end", "middle", "path"]),
    st.booleans(),
)
def test_any_text_fits_exactly(text: str, width: int, cut: str, right: bool) -> None:
    shown = fit(clean(text), width, cut=cut, right=right)
    assert cell_len(shown) == width
    shown.encode()
    assert shown.isprintable() or not clean(text).isprintable()


def test_texts_are_cut_where_it_hurts_least() -> None:
    assert fit("abcdefgh", 5) == "abcd…"
    assert fit("abcdefgh", 5, cut="middle") == "ab…gh"
    assert fit("標本番号", 6) == "標本… "
    assert fit("ab", 4, right=True) == "  ab"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (39, "maize/batch/B73_S1_L001_R1_001.fastq.gz"),
        (38, "maize/batch/B73_S1_L001_R1_001…"),
        (30, "maize/batch/B73_S1_L001_R1…"),
        (26, "…/batch/B73_S1_L001_R1…"),
        (22, "B73_S1_L001_R1_001…"),
        (18, "B73_S1_L001_R1_001"),
        (17, "B73_S1_L001_R1…"),
        (13, "B73…L001_R1"),
        (8, "B73…R1"),
    ],
)
def test_a_path_gives_up_its_ending_then_its_folders_but_not_sample_and_read(width: int, text: str) -> None:
    shown = fit("maize/batch/B73_S1_L001_R1_001.fastq.gz", width, cut="path")
    assert shown.rstrip() == text


def test_a_path_that_is_no_fastq_gives_up_its_folders_from_the_outside() -> None:
    path = "/home/lab/archive/2025/run.txt"
    assert fit(path, 22, cut="path").rstrip() == "…/archive/2025/run.txt"
    assert fit(path, 9, cut="path") == "…/run.txt"
    assert fit(path, 7, cut="path") == "run.txt"
    assert fit("gncv://maize/2025-03-14, 1 failed", 22, cut="path") == "…/2025-03-14, 1 failed"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (26, "AUS840003581 alignment-bam"),
        (23, "AUS840003581 alig…t-bam"),
        (18, "AUS8…3581 ali…-bam"),
    ],
)
def test_a_result_keeps_both_ends_of_its_sample_and_of_its_type(width: int, text: str) -> None:
    assert fit("AUS840003581 alignment-bam", width, cut="path") == text


def test_a_sample_may_be_named_like_a_path() -> None:
    shown = fit("PI 550473 / Tx303 (seed lot 2024-11) impute-vcf", 30, cut="path")
    assert shown.startswith("PI 55")
    assert shown.endswith("-vcf")


def test_glyphs_follow_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    assert glyphs_for(True) is ASCII
    assert "".join(ASCII).isascii()
    monkeypatch.setattr("locale.getencoding", lambda: "ANSI_X3.4-1968")
    assert glyphs_for() is ASCII
    monkeypatch.setattr("locale.getencoding", lambda: "UTF-8")
    assert glyphs_for() is UNICODE
    assert all(cell_len(glyph) == len(glyph) for glyph in UNICODE)
