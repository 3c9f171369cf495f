"""Pictures of the main states. Behaviour is asserted elsewhere; these catch what only an eye would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from textual.pilot import Pilot
from textual.widgets import Static

from gencove_tui.engine.views import Online, PlannedUpload
from gencove_tui.engine.views_remote import Fate
from gencove_tui.engine.watch.dry_run import DryFile, DryRun
from gencove_tui.errors import Problem
from gencove_tui.model import GncvPath
from gencove_tui.tui.app import GencoveApp, build_app
from gencove_tui.tui.connect import Accepted, ConnectApp, Doors
from gencove_tui.tui.screens import picker
from tests.tui.driving import NARROW, WIDE
from tests.tui.fakes import NOW, ONLINE_V1, FakeDesk, make_snapshot, make_uploads
from tests.waiting import until

Snap = Callable[..., bool]


def app(desk: FakeDesk | None = None, **options: Any) -> GencoveApp:
    desk = desk or FakeDesk(ledger=make_snapshot())
    return build_app(desk, clock=lambda: NOW, ascii_only=False, environ={}, refresh_seconds=3600.0, **options)


def after(*keys: str, sees: str, first: str = "") -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait for a text, press keys, and wait for another text."""

    async def run(pilot: Pilot[None]) -> None:
        def on_screen(text: str) -> bool:
            return text in "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())

        desk = pilot.app.desk  # type: ignore[attr-defined]  # a GencoveApp
        await until(lambda: ("connect",) in desk.calls, "a connection", patience=40)
        await until(lambda: on_screen(first), first, patience=40)
        await pilot.pause()
        for key in keys:
            # One at a time, so that what lies below a dialog has been drawn before it opens.
            await pilot.press(key)
            await until(lambda: pilot.app.keys_at_rest, "the end of a key", patience=40)  # type: ignore[attr-defined]  # a GencoveApp
            await pilot.pause()
        await until(lambda: on_screen(sees), sees, patience=40)
        # Answers that come late would make two runs differ.
        for worker in list(pilot.app.workers):
            if worker.group not in ("dialog", "leave", "wish", "remote"):
                await worker.wait()
        await pilot.pause()
        await pilot.pause()

    return run


SMALLEST = (60, 18)


def a_desk() -> FakeDesk:
    """What dialogs ask about: something of every kind."""
    names = ("B73_S1_R1.fastq.gz", "B73_S1_R2.fastq.gz", "W22_S5_R1.fastq.gz")
    desk = FakeDesk(
        ledger=make_snapshot(),
        planned_uploads=(
            *(
                PlannedUpload(
                    local=Path("/run7") / name, target=GncvPath(f"gncv://run7/{name}"), size=9 << 20
                )
                for name in names
            ),
            PlannedUpload(local=Path("/run7/x.txt"), target=None, size=4, obstacle="not a FASTQ"),
        ),
        dry=DryRun(
            files=(
                *(
                    DryFile(path=f"Data/{name}", size=9 << 20, remote=GncvPath(f"gncv://run7/{name}"))
                    for name in names[:2]
                ),
                DryFile(path=names[2], size=9, reason="R2 of W22 is missing.", remedy="Wait for it."),
            )
        ),
    )
    desk.fates = (Fate.NEW, Fate.SAME)
    desk.metadata_kept = {"site": "Tromsø", "plate": {"row": "A", "well": 12}}
    return desk


LOOKS = {
    "wide": (WIDE, (), "6 deliverables"),
    "very-wide": ((160, 48), ("2",), "6 deliverables"),
    "wide-groups": (WIDE, ("4", "b"), "grouped by folder"),
    "wide-zoomed": (WIDE, ("4", "z"), "fetching"),
    "narrow-projects": (NARROW, (), "Cattle"),
    "narrow-samples": (NARROW, ("2", "j", "space"), "1 marked"),
    "narrow-detail": (NARROW, ("2", "j", "j", "j", "enter"), "Effective coverage"),
    "narrow-uploads": (NARROW, ("3",), "succeeded"),
    "narrow-transfers": (NARROW, ("4",), "fetching"),
    "narrow-watch": (NARROW, ("5",), "uploading 3"),
    "smallest-transfers": ((60, 18), ("4",), "fetching"),
    "too-small": ((50, 12), (), "Too small"),
    "download": (SMALLEST, ("2", *(("space", "j", "j") * 2), "space", "d"), "no files yet"),
    "upload": (NARROW, ("u", "slash", *"nowhere", "enter", "enter"), "R1 and R2 belong together"),
    "transfer": (NARROW, ("4", "enter"), "Queued by"),
    "delete": (NARROW, ("2", "asterisk", "x"), "Delete 13 samples"),
    "export": (NARROW, ("2", "e"), "Export raw data"),
    "metadata": (NARROW, ("2", "m"), "Tromsø"),
    "histogram": (NARROW, ("2", "b"), "164 samples"),
    "assign": (NARROW, ("3", "asterisk", "a"), "5 projects"),
    "project": ((160, 48), ("1", "i"), "Your role"),
    "limit": (SMALLEST, ("4", "L"), "Set the limit"),
    "rule": (NARROW, ("5", "enter"), "Complete"),
    "rule-form": (SMALLEST, ("5", "n"), "Folder"),
    "dry-run": (SMALLEST, ("5", "d"), "nothing was uploaded"),
    "theme": (NARROW, ("T",), "enter keep"),
    "quit": (WIDE, ("q",), "Stay"),
    "help": (NARROW, ("4", "question_mark"), "Retry failed"),
    "palette": (NARROW, ("colon",), "Find an action"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_looks(snap_compare: Snap, name: str) -> None:
    size, keys, sees = LOOKS[name]
    # Where the sample stands beside the list, it is loaded once the cursor has rested.
    first = "6 deliverables" if size >= WIDE else "Maize" if size >= (60, 16) else "Too small"
    assert snap_compare(app(a_desk()), terminal_size=size, run_before=after(*keys, sees=sees, first=first))


def test_choosing_files_looks(snap_compare: Snap, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        picker.Entry("Data", True),
        *(picker.Entry(f"S{n}_R1.fastq.gz", False, n << 20) for n in range(30)),
    ]
    monkeypatch.setattr(picker, "entries", lambda _: found)
    run = after("u", "slash", "f3", "j", "space", "space", sees="Take 2 entries")
    assert snap_compare(app(), terminal_size=NARROW, run_before=run)


def test_the_first_screen_looks(snap_compare: Snap) -> None:
    async def refused(host: str, key: str) -> Accepted:
        raise Problem("api.gencove.com refused the API key", "Invalid API key", "Run: gencove-tui login")

    doors = Doors(
        "default",
        [("production", "https://rest.gencove.com"), ("v2", "https://api.gencove.com")],
        lambda name: f"/home/lab/.config/gencove-tui/keys/{name}",
        refused,
        lambda *_: None,
    )

    async def run(pilot: Pilot[None]) -> None:
        await pilot.press("up", "enter", *"lab.org", "down", *"secret", "enter")
        await until(
            lambda: "Nothing was kept" in str(pilot.app.query_one("#said", Static).content), "an answer"
        )
        await pilot.pause()

    assert snap_compare(ConnectApp(doors, ascii_only=False), terminal_size=SMALLEST, run_before=run)


def test_a_dialog_looks_in_a_light_theme(snap_compare: Snap) -> None:
    run = after("2", "d", sees="6 files")
    assert snap_compare(app(theme="gencove-light"), terminal_size=NARROW, run_before=run)


def test_panes_and_a_dialog_look_without_colour(snap_compare: Snap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    run = after("4", "asterisk", "x", sees="Keep going", first="6 deliverables")
    assert snap_compare(app(), terminal_size=WIDE, run_before=run)


@pytest.mark.parametrize("theme", ["gencove-light", "gencove-clear-dark", "gencove-clear-light"])
def test_looks_in_other_themes(snap_compare: Snap, theme: str) -> None:
    assert snap_compare(app(theme=theme), terminal_size=WIDE, run_before=after(sees="6 deliverables"))


def test_looks_in_plain_signs(snap_compare: Snap) -> None:
    plain = build_app(
        FakeDesk(ledger=make_snapshot()),
        clock=lambda: NOW,
        ascii_only=True,
        environ={},
        refresh_seconds=3600.0,
    )
    assert snap_compare(plain, terminal_size=NARROW, run_before=after("4", sees="fetching"))


def test_looks_without_colour(snap_compare: Snap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    run = after("2", "j", "space", "j", sees="1 marked")
    assert snap_compare(app(), terminal_size=NARROW, run_before=run)


def test_looks_with_nothing_there_yet(snap_compare: Snap) -> None:
    desk = FakeDesk(all_projects=(), all_samples=(), all_uploads=())
    run = after(sees="uploads a file or folder", first="No projects.")
    assert snap_compare(app(desk), terminal_size=WIDE, run_before=run)


def test_looks_offline_with_remembered_v1_lists(snap_compare: Snap) -> None:
    line = structs.replace(
        ONLINE_V1,
        state=Online.OFFLINE,
        problem="No answer from rest.gencove.com.",
        remedy="Check the network.",
    )
    desk = FakeDesk(
        line=structs.replace(line, dialect=None), remembered=True, all_uploads=make_uploads(v1=True)
    )
    assert snap_compare(app(desk), terminal_size=NARROW, run_before=after(sees="data 1 h ago"))
