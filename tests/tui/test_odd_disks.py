"""Paths that can't be, disks that fail and disks that hang: only the field that looks there says so."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from textual.widgets import Input

from gencove_tui.config import resolve
from gencove_tui.engine import looking
from gencove_tui.engine.desk_ledger import LedgerUseCases
from gencove_tui.engine.looking import DiskSilent
from gencove_tui.model import GncvPath
from gencove_tui.tui.screens import download
from gencove_tui.tui.screens.form import Form
from gencove_tui.tui.screens.paths import completion, typed_path
from gencove_tui.tui.screens.picker import Picker
from tests.hanging import disk_fails, disk_hangs, hang_in
from tests.tui.driving import WIDE, Driver, drive
from tests.tui.fakes import FakeDesk, deliverables, make_samples

FIELDS = {
    "upload": (("u",), "upload-path"),
    "export": (("2", "e"), "form-path"),
    "download": (("2", "d"), "download-folder"),
    "rule": (("5", "n"), "form-folder"),
}
"""How each field for a path is reached, and what it is called."""
each_field = pytest.mark.parametrize("field", FIELDS)


def in_each_field(name: str, values: Iterable[Any]) -> pytest.MarkDecorator:
    """Every value in every field: all in one field and one in all fields always, the rest in the long run."""
    pairs = itertools.product(FIELDS, enumerate(values))
    return pytest.mark.parametrize(
        ("field", name),
        [
            pytest.param(field, value, marks=[pytest.mark.long] if number and field != "upload" else [])
            for field, (number, value) in pairs
        ],
    )


ODD = {
    "zero byte": "/tmp/a\0b.csv",
    "long name": "/tmp/" + "a" * 300 + ".csv",
    "long path": "/tmp" + "/a" * 3000 + ".csv",
    "half a letter": "/tmp/\ud800.csv",
    "nobody's home": "~nobody-of-this-name/x.csv",
    "no folder": "/dev/null/x.csv",
}


class Ledgered(LedgerUseCases):
    """The part of a desk that looks at disks, on a ledger of its own."""

    def __init__(self) -> None:
        self._settings = resolve("lab", may_be_new=True)
        self._open_ledger(self._settings)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed without a folder lands in one of the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[FakeDesk]:
    """A desk whose plans look at this machine's disks."""
    fake, real = FakeDesk(folder=tmp_path), Ledgered()
    for name in ("plan_downloads", "plan_uploads", "queue_downloads"):
        setattr(fake, name, getattr(real, name))
    yield fake
    real._ledger.close()


async def at_field(it: Driver, field: str) -> Input:
    """Open the dialog that has this field, and go there."""
    keys, widget_id = FIELDS[field]
    await it.sees("B73-rep1")
    await it.press(*keys)
    await it.until(lambda: it.app.screen.query(f"#{widget_id}"), "the field")
    found = it.app.screen.query_one(f"#{widget_id}", Input)
    found.focus()
    found.value = ""
    return found


async def use(it: Driver, field: Input, text: str) -> None:
    """Do all that can be done with a path: complete it, browse from there, preview it or take the form."""
    for keys in (("end", "tab"), ("f3",), ("enter",), ("enter",), ("f2",)):
        if not field.is_attached or not field.screen.is_current:
            return
        field.value = text
        field.focus()
        for key in keys:
            await it.press(key)


async def leave(it: Driver) -> None:
    """Everything still answers: back to the main screen, and around on it."""
    for _ in range(6):
        if it.app.screen is it.app.main:
            break
        await it.press("escape")
    await it.until(lambda: it.app.screen is it.app.main, "the main screen")
    await it.press("4")
    await it.until(lambda: it.app.main.at == "transfers", "the transfers")


@in_each_field("odd", ODD)
async def test_no_text_in_a_path_field_ends_the_app(desk: FakeDesk, field: str, odd: str) -> None:
    async with drive(desk, WIDE) as it:
        await use(it, await at_field(it, field), ODD[odd])
        await leave(it)
        assert not [said for said in it.toasts if "mistake" in said]


@in_each_field("number", [errno.EIO, errno.EACCES, errno.ESTALE, errno.ELOOP])
async def test_no_error_of_a_disk_ends_the_app(
    desk: FakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, number: int
) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    async with drive(desk, WIDE) as it:
        there = await at_field(it, field)
        disk_fails(monkeypatch, folder, number)
        await use(it, there, f"{folder}/run.csv")
        await leave(it)
        assert not [said for said in it.toasts if "mistake" in said]


@each_field
async def test_a_working_directory_that_is_gone_ends_nothing(
    desk: FakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    async with drive(desk, WIDE) as it:
        there = await at_field(it, field)
        gone.rmdir()
        await use(it, there, "run.csv")
        await leave(it)
        assert not [said for said in it.toasts if "mistake" in said]


def test_relative_paths_begin_at_home_where_the_working_directory_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "gone").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert typed_path("x/y") == tmp_path / "x/y"
    assert typed_path("~nobody-of-this-name/x") == tmp_path / "~nobody-of-this-name/x"
    assert completion("ru") == "runs/"


@each_field
async def test_a_disk_that_hangs_holds_up_only_the_field_that_looks_there(
    desk: FakeDesk, away: tuple[Path, threading.Event], monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    async with drive(desk, WIDE) as it:
        there = await at_field(it, field)
        disk_hangs(monkeypatch, away)
        there.value = f"{away[0]}/"
        await it.press("end")
        await it.type("run.csv")
        await it.sees("does not answer")
        assert there.value == f"{away[0]}/run.csv"
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "a wish"), 30)
        # As many threads as there are fields and disks, not as there were keys.
        assert len([t for t in threading.enumerate() if t.name.startswith("look")]) <= 2
        await use(it, there, f"{away[0]}/run.csv")
        await leave(it)


async def test_a_field_goes_on_where_another_disk_answers_and_where_this_one_comes_back(
    desk: FakeDesk, away: tuple[Path, threading.Event], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "here" / "run1").mkdir(parents=True)
    (away[0] / "run2").mkdir()
    async with drive(desk, WIDE) as it:
        there = await at_field(it, "upload")
        disk_hangs(monkeypatch, away)
        there.value = f"{away[0]}/r"
        await it.sees("The disk does not answer.")
        there.value = f"{tmp_path}/here/r"
        await it.until(lambda: there._suggestion == f"{tmp_path}/here/run1/", "what the other disk holds")
        assert "does not answer" not in it.text
        there.value = f"{away[0]}/r"
        await it.sees("The disk does not answer.")
        away[1].set()
        await it.until(lambda: there._suggestion == f"{away[0]}/run2/", "what this disk holds")
        await it.until(lambda: "does not answer" not in it.text, "no complaint any more")


async def test_browsing_leads_out_of_a_disk_that_hangs(
    desk: FakeDesk, away: tuple[Path, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with drive(desk, WIDE) as it:
        there = await at_field(it, "upload")
        disk_hangs(monkeypatch, away)
        there.value = str(away[0])
        await it.press("f3")
        await it.until(lambda: isinstance(it.app.screen, Picker), "the picker")
        await it.sees("The disk does not answer")
        await it.press("left")
        await it.sees("lab/")


async def test_an_export_to_a_disk_that_hangs_goes_back_to_its_form(
    desk: FakeDesk, away: tuple[Path, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with drive(desk, WIDE) as it:
        there = await at_field(it, "export")
        disk_hangs(monkeypatch, away)
        there.value = f"{away[0]}/raw.csv"
        await it.press("f2")
        await it.until(lambda: not there.is_attached, "the end of the form")
        await it.until(lambda: isinstance(it.app.screen, Form), "the form")
        await it.sees("does not answer")
        assert desk.called("raw_data") == []


async def test_an_export_into_a_folder_is_refused_with_words(desk: FakeDesk, tmp_path: Path) -> None:
    async with drive(desk, WIDE) as it:
        there = await at_field(it, "export")
        (tmp_path / "runs.csv").mkdir()
        there.value = str(tmp_path / "runs.csv")
        await it.press("f2")
        await it.sees("is a folder: name a file in it.")
        assert desk.called("raw_data") == []


async def test_the_preview_says_that_a_disk_is_slow(
    desk: FakeDesk, away: tuple[Path, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    (away[0] / "S1_R1.fastq.gz").write_bytes(b"x")
    async with drive(desk, WIDE) as it:
        there = await at_field(it, "upload")
        disk_hangs(monkeypatch, away)
        there.value = str(away[0])
        await it.press("enter", "enter")
        await it.sees("Still looking: it holds very much, or its disk does not answer")
        away[1].set()
        await it.sees("1 file would go")


# --- the plan of a download -----------------------------------------------------------------------------


async def test_a_plan_is_made_after_a_rest_of_typing_and_at_once_on_enter(
    desk: FakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, real = [], desk.plan_downloads

    def plan(files: Any, folder: Path, template: str) -> Any:
        planned.append(folder)
        return real(files, folder, template)

    desk.plan_downloads = plan  # type: ignore[method-assign]
    async with drive(desk, WIDE) as it:
        await at_field(it, "download")
        await it.sees("6 files")
        planned.clear()
        monkeypatch.setattr(download, "REST", 3600.0)
        await it.type(f"{tmp_path}/new")
        assert planned == []
        await it.press("enter")
        await it.until(lambda: any("Queued 6 downloads" in said for said in it.toasts), "queued downloads")
        assert planned == [tmp_path / "new"]


async def test_what_is_typed_is_what_is_planned(desk: FakeDesk, tmp_path: Path) -> None:
    async with drive(desk, WIDE) as it:
        await at_field(it, "download")
        await it.type(f"{tmp_path}/one")
        await it.sees("/one")
        await it.type("/two")
        await it.sees("/one/two")


async def test_many_samples_are_asked_for_in_one_plan(desk: FakeDesk) -> None:
    asked, real = [], desk.plan_downloads

    def plan(files: Any, folder: Path, template: str) -> Any:
        asked.append([(sample.client_id, len(wanted)) for sample, wanted in files])
        return real(files, folder, template)

    desk.plan_downloads = plan  # type: ignore[method-assign]
    async with drive(desk, WIDE) as it:
        await it.press("2", "space", "j", "j", "space", "d")
        await it.sees("12 files")
        assert asked[-1] == [("B73-rep1", 6), ("Mo17-rep2", 6)]


async def test_a_file_of_unknown_size_is_there_whatever_it_holds(desk: FakeDesk, tmp_path: Path) -> None:
    sample = make_samples(1)[0]
    sizeless = Ledgered()
    qc = [d for d in deliverables(sample.id) if d.file_type == "qc"]
    choice = [(sample, [structs.replace(file, size=None) for file in qc])]
    (before,) = sizeless.plan_downloads(choice, tmp_path)
    before.target.parent.mkdir(parents=True)
    before.target.write_text("{}")
    (after,) = sizeless.plan_downloads(choice, tmp_path)
    assert (before.present, after.present) == (False, True)


async def test_queueing_gives_up_on_a_disk_that_hangs_and_says_so(
    desk: FakeDesk, away: tuple[Path, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "WRITE_PATIENCE", 0.3)
    sample = make_samples(1)[0]
    plan = desk.plan_downloads([(sample, deliverables(sample.id))], away[0])
    hang_in(monkeypatch, away, os, "mkdir")
    with pytest.raises(DiskSilent, match="does not answer"):
        await desk.queue_downloads(plan)


async def test_a_plan_of_uploads_that_nobody_waits_for_stops_walking(
    desk: FakeDesk, away: tuple[Path, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (away[0] / f"run{number}").mkdir()
    entered = hang_in(monkeypatch, away, os, "scandir")
    task = asyncio.create_task(desk.plan_uploads([away[0]], GncvPath("gncv://x/")))
    while not entered:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    away[1].set()
    monkeypatch.undo()
    (again,) = await asyncio.gather(desk.plan_uploads([away[0]], GncvPath("gncv://x/")))
    assert again == ()
    assert len(entered) == 1


# --- the end --------------------------------------------------------------------------------------------

LEAVES = """
import asyncio, os, sys, threading
from pathlib import Path
from gencove_tui.engine import looking
from gencove_tui.engine.looking import DiskSilent, look

looking.PATIENCE = 0.1

async def main():
    try:
        await look("a field", Path("/hung"), threading.Event().wait)
    except DiskSilent as problem:
        print(problem)

asyncio.run(main())
print("left")
"""


def test_the_process_ends_although_a_look_hangs() -> None:
    ended = subprocess.run([sys.executable, "-c", LEAVES], capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "left"
    assert "does not answer" in ended.stdout
    assert ended.stderr == ""
