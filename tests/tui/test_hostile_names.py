"""Names that are long, wide, combining, hostile or missing: every line stays as wide as the terminal."""

from __future__ import annotations

import pytest
from msgspec import structs
from rich.cells import cell_len

from gencove_tui.model import GNCV, GncvPath, Project, Sample, Upload
from tests.tui.driving import BOTH, Driver, drive
from tests.tui.fakes import FakeDesk

each_size = pytest.mark.parametrize("size", BOTH, ids=["wide", "narrow"])
NAMES = (
    "x" * 300,
    "標本" * 80,
    "e\u0301" * 120,
    "\x1b[31mred\x07\x9b2J",
    "\u202eevil\u2066",
    "a\nb\tc",
    "👩‍👩‍👧‍👦 family",
    "[bold]not markup[/bold]",
    "\ud800 broken",
    "",
)


def hostile_desk() -> FakeDesk:
    projects = tuple(
        Project(id=f"p{n}", name=name, description=name, sample_count=n, organization_name=name, role=name)
        for n, name in enumerate(NAMES)
    )
    samples = tuple(
        Sample(
            id=f"s{n}", client_id=name, project_id="p0", status="succeeded" if n % 2 else name,
            status_note=name, failed_qc=(name,), archive_status=name, extra={name or "x": name},
        )
        for n, name in enumerate(NAMES)
    )  # fmt: skip
    uploads = tuple(
        Upload(
            path=GncvPath(f"{GNCV}{name.replace(chr(10), ' ') or 'none'}/{n}_R1.fastq.gz"), id=f"u{n}",
            client_id=name, read="R1", status=name, extra={"note": name},
        )
        for n, name in enumerate(NAMES)
    )  # fmt: skip
    return FakeDesk(all_projects=projects, all_samples=samples, all_uploads=uploads)


def assert_aligned(it: Driver, size: tuple[int, int]) -> None:
    for line in it.lines:
        assert cell_len(line) == size[0], repr(line)
        assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in line)
        assert not set(line) & set("\u202e\u2066\u200d")


@each_size
@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("1", "online"),
        ("1 i", "esc close"),
        ("1 x", "Nobody can bring it back"),
        ("1 e", "Description"),
        ("2 j", "succeeded"),
        ("2 enter", "Client id"),
        ("2 j enter right_square_bracket right_square_bracket", "Effective coverage 0.12x"),
        ("2 asterisk x", "Delete 10 samples"),
        ("2 i", "esc close"),
        ("3", "R1"),
        ("3 t", "▾"),
        ("3 t t", "R2"),
        ("3 a", "to which project?"),
        ("3 asterisk x", "Delete 10 uploads"),
        ("3 enter", "esc close"),
    ],
)
async def test_nothing_misaligns(size: tuple[int, int], keys: str, text: str) -> None:
    async with drive(hostile_desk(), size) as it:
        await it.until(lambda: it.app.main.list_pane("projects").view.fetched is not None, "projects")
        for key in keys.split():
            await it.press(key)
            if key in "23":
                name = "samples" if key == "2" else "uploads"
                await it.until(lambda name=name: it.app.main.list_pane(name).view.fetched, name)
            assert_aligned(it, size)
        await it.sees(text)
        assert_aligned(it, size)


@each_size
async def test_samples_without_any_id_do_not_break_it(size: tuple[int, int]) -> None:
    sample = structs.replace(FakeDesk().all_samples[0], client_id="", status="")
    async with drive(FakeDesk(all_samples=(sample,)), size) as it:
        await it.press("2")
        await it.sees("(none)")
        await it.press("space", "x")
        await it.sees("Delete 1 sample", "(none)")
        assert_aligned(it, size)
