"""Names that are long, wide, combining, hostile or missing: every line stays as wide as the terminal."""

from __future__ import annotations

import pytest
from msgspec import structs
from rich.cells import cell_len

from gencove_tui.engine.views import Snapshot
from gencove_tui.model import GNCV, GncvPath, Project, Sample, Upload
from tests.tui.driving import BOTH, Driver, drive
from tests.tui.fakes import FakeDesk, make_snapshot

each_size = pytest.mark.parametrize(
    "size", [pytest.param(BOTH[0], marks=pytest.mark.long), BOTH[1]], ids=["wide", "narrow"]
)
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
    return FakeDesk(
        all_projects=projects, all_samples=samples, all_uploads=uploads, ledger=hostile_snapshot()
    )


def hostile_snapshot() -> Snapshot:
    plain = make_snapshot()
    transfers = tuple(
        structs.replace(
            plain.transfers[n % len(plain.transfers)],
            id=n + 1,
            local_path=f"/data/{name}",
            remote=f"{GNCV}{name}/{n}.fastq.gz",
            problem=name,
            remedy=name,
        )
        for n, name in enumerate(NAMES)
    )
    rules = tuple(
        structs.replace(
            plain.rules[0],
            rule=structs.replace(
                plain.rules[0].rule, id=n + 1, name=name, folder=f"/data/{name}", problem=name
            ),
        )
        for n, name in enumerate(NAMES)
    )
    events = tuple(
        structs.replace(plain.events[0], id=len(NAMES) - n, message=name) for n, name in enumerate(NAMES)
    )
    return structs.replace(
        plain, transfers=transfers, transfers_total=len(transfers), rules=rules, events=events
    )


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
        ("2 asterisk d", "Folder"),
        ("2 f", "Archive"),
        ("2 m", "Metadata"),
        ("2 b", "QC of"),
        ("2 j asterisk e", "Export"),
        ("4", "sending"),
        ("4 b", "grouped"),
        ("4 enter", "esc close"),
        ("4 asterisk x", "Keep going"),
        ("4 M", "Messages"),
        ("5", "Event"),
        ("5 enter", "Folder"),
        ("5 x", "Keep it"),
        ("5 e", "Keep the changes"),
        ("u", "Preview"),
        ("q", "Stay"),
        ("C", "Set up another"),
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


@each_size
async def test_ten_thousand_projects(size: tuple[int, int]) -> None:
    many = tuple(Project(id=f"p{n}", name=f"Project {n:05}", sample_count=n) for n in range(10_000))
    desk = FakeDesk(all_projects=many)
    async with drive(desk, size) as it:
        await it.sees("10,000", "Project 00000")
        await it.press("G")
        await it.sees("Project 09999")
        assert_aligned(it, size)
        await it.press("slash", *"09998", "enter")
        await it.until(lambda: len(it.app.main.panes["projects"].table.source) == 1, "it alone")
        await it.press("i")
        await it.sees("Project Project 09998", "esc close")
        assert_aligned(it, size)


@each_size
@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("1", "No projects. n creates one."),
        ("2", "enter on a project shows its samples."),
        ("3", "The upload area is empty. u uploads"),
        ("4", "Nothing to transfer. u uploads"),
        ("5", "No folder is watched. n watches one."),
    ],
)
async def test_nothing_at_all_says_what_to_do(size: tuple[int, int], keys: str, text: str) -> None:
    desk = FakeDesk(all_projects=(), all_samples=(), all_uploads=())
    async with drive(desk, size) as it:
        await it.press(keys)
        first, _, second = text.partition(". ")
        await it.sees(first, second)
        for key in ["enter", "d", "x", "a", "e", "i", "y", "m", "b", "c", "space", "asterisk", "p", "R"]:
            await it.press(key)
            assert_aligned(it, size)
            if it.app.screen is not it.app.main:
                await it.press("escape")
