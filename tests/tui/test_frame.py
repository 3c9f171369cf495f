"""The frame: what is remembered, how it is arranged, what it looks like, and the first screen of all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gencove_tui import __version__
from gencove_tui.engine.views import EngineState
from gencove_tui.errors import Problem
from gencove_tui.tui.connect import Accepted, ConnectApp, Doors
from gencove_tui.tui.format import ASCII, UNICODE, sparkline
from gencove_tui.tui.memory import FILE_NAME, Memory, Remembered
from gencove_tui.tui.screens.dialogs import Dialog
from gencove_tui.tui.screens.download import Taste
from gencove_tui.tui.themes import HOUSE_THEMES
from tests.tui.driving import BOTH, NARROW, WIDE, drive
from tests.tui.fakes import PROJECTS, FakeDesk, make_samples, make_snapshot
from tests.waiting import until


def busy() -> FakeDesk:
    return FakeDesk(ledger=make_snapshot())


# --- the place is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", BOTH)
async def test_place_order_filter_and_layout_come_back(size: tuple[int, int], tmp_path: Path) -> None:
    async with drive(busy(), size, memory=tmp_path) as it:
        await it.sees("Maize")
        await it.press("2")
        await it.sees("Mo17-rep1")
        await it.press("j", "j")
        await it.press("4", "b", "s", "s")
        await it.press("j")
        row = it.app.main.panes["transfers"].table.cursor_key
        it.app.theme = "gencove-light"
        await it.press("q")
        await it.sees("Stay")
        await it.press("down", "enter")
        await it.until(lambda: (tmp_path / FILE_NAME).exists(), "a memory")
    async with drive(busy(), size, memory=tmp_path) as it:
        await it.focus_is("transfers-table")
        await it.sees("grouped by folder")
        assert it.app.main.panes["transfers"].sort == "size"
        assert it.app.main.panes["transfers"].table.cursor_key == row
        assert it.app.theme == "gencove-light"
        await it.press("2")
        await it.until(
            lambda: it.app.main.samples.table.cursor_key == make_samples()[2].id, "the sample of last time"
        )


async def test_a_remembered_project_and_filter_are_taken_up(tmp_path: Path) -> None:
    Memory(tmp_path).save(
        Remembered(at="samples", project=PROJECTS[0].id, cursors={"projects": PROJECTS[0].id},
                   filters={"samples": "mo17"})
    )  # fmt: skip
    desk = busy()
    async with drive(desk, memory=tmp_path) as it:
        await it.press("1")
        await it.press("2")
        await it.sees("filter 'mo17'", "Mo17-rep1")
        await it.until(lambda: desk.called("samples")[-1][1].search == "mo17", "a search on the server")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"left": "wide"}',
        b'{"at": "cellar", "theme": "none"}',
        b'{"at": "\xff"}',
        b"[" * 9999,
    ],
)
async def test_a_memory_that_makes_no_sense_is_ignored(text: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(text)
    async with drive(busy(), memory=tmp_path) as it:
        await it.sees("Maize")
        await it.focus_is("projects-table")


async def test_rows_that_are_gone_leave_the_cursor_on_what_there_is(tmp_path: Path) -> None:
    Memory(tmp_path).save(Remembered(at="transfers", cursors={"transfers": "4711", "projects": "gone"}))
    async with drive(busy(), memory=tmp_path) as it:
        await it.focus_is("transfers-table")
        await it.press("p")
        await it.sees("Pausing 1 transfer")


async def test_what_gencove_was_asked_for_and_what_was_downloaded_are_remembered(tmp_path: Path) -> None:
    desk = busy()
    async with drive(desk, memory=tmp_path) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("f")
        await it.sees("Filter samples")
        await it.press("right", "enter")
        await it.until(lambda: desk.called("samples")[-1][1].status == "running", "another question")
        it.app.main.deeds.last_download = Taste(frozenset({"impute-vcf"}), "/data", "")
        await it.press("3", "f")
        await it.sees("unassigned only")
        it.app.exit()
    desk = busy()
    async with drive(desk, memory=tmp_path) as it:
        await it.sees("unassigned only")
        await it.press("2")
        await it.sees("running")
        assert desk.called("samples")[0][1].status == "running"
        taste = it.app.main.deeds.last_download
        assert taste is not None
        assert (taste.types, taste.folder) == ({"impute-vcf"}, "/data")


@pytest.mark.parametrize("sort", ["", "changed"])
async def test_a_row_far_down_is_found_again(sort: str, tmp_path: Path) -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    far = desk.all_samples[4321]
    Memory(tmp_path).save(
        Remembered(
            at="samples",
            project=PROJECTS[0].id,
            cursors={"projects": PROJECTS[0].id, "samples": far.id},
            places={"samples": 4319},  # two are new since
            sorts={"samples": sort} if sort else {},
        )
    )
    async with drive(desk, memory=tmp_path) as it:
        await it.sees(far.client_id)
        table = it.app.main.samples.table
        await it.until(lambda: table.cursor_key == far.id, "the row of last time")
        assert table.cursor == 4321
        it.app.exit()
    kept = Memory(tmp_path).load()
    assert (kept.cursors["samples"], kept.places) == (far.id, {"samples": 4321})


# --- arrangement --------------------------------------------------------------------------------------


async def test_sides_are_made_wider_and_taller_and_stay_within_the_terminal() -> None:
    async with drive(busy(), WIDE) as it:
        left = it.app.main.query_one("#left")
        bottom = it.app.main.query_one("#bottom")
        width, height = left.size.width, bottom.size.height
        await it.press("greater_than_sign", "right_curly_bracket")
        await it.until(lambda: left.size.width == width + 4 and bottom.size.height == height + 2, "more room")
        for _ in range(40):
            await it.press("less_than_sign", "left_curly_bracket")
        assert left.size.width >= 26
        assert bottom.size.height >= 6
        await it.press("z")
        await it.sees("1 Projects")
        await it.press("greater_than_sign")
        await it.sees("Only one pane is in view")


async def test_a_dialog_makes_way_for_the_words_that_it_is_too_small() -> None:
    async with drive(busy(), NARROW) as it:
        await it.press("4", "x")
        await it.sees("Keep going")
        await it.pilot.resize_terminal(50, 12)
        await it.sees("Too small")
        assert "Keep going" not in it.text
        await it.pilot.resize_terminal(*NARROW)
        await it.sees("Keep going")
        assert isinstance(it.app.screen, Dialog)


@pytest.mark.parametrize("keys", [("4", "x"), ("q",), ("4", "L"), ("5", "x"), ("5", "n"), ("5", "e")])
async def test_dialogs_keep_their_buttons_in_the_smallest_window(keys: tuple[str, ...]) -> None:
    async with drive(busy(), (60, 18)) as it:
        await it.press(*keys)
        await it.until(lambda: isinstance(it.app.screen, Dialog), "a dialog")
        await it.pilot.pause()
        for button in it.app.screen.query("Button"):
            region = button.region
            assert region.height == 1
            assert 0 <= region.y < 17, button
            assert region.right <= 60, button


# --- looks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [theme.name for theme in HOUSE_THEMES])
async def test_house_themes_give_every_state_a_colour_that_can_be_read(theme: str) -> None:
    async with drive(busy(), WIDE, theme=theme) as it:
        await it.press("4")
        table = it.app.main.panes["transfers"].table
        for tone in ("plain", "dim", "good", "bad", "warn", "busy", "accent"):
            for role in ("base", "cursor-focused", "marked"):
                style = table.painter.style(role, tone)
                assert style.color is not None
                assert style.bgcolor is not None
                contrast = _contrast(style.color.get_truecolor(), style.bgcolor.get_truecolor())
                assert contrast >= 3.0, (tone, role, contrast)


def _contrast(one: Any, other: Any) -> float:
    def light(colour: Any) -> float:
        parts = [value / 255 for value in colour]
        parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_chart_is_as_long_as_its_values_and_highest_where_they_are(glyphs: Any) -> None:
    text = sparkline([0.0, 1.0, 8.0, 4.0], glyphs)
    assert len(text) == 4
    assert text[0] == " "
    assert text[2] == glyphs.spark[-1]
    assert sparkline([0.0, 0.0], glyphs) == "  "


async def test_the_palette_finds_samples_and_transfers_by_name() -> None:
    async with drive(busy()) as it:
        await it.press("2")
        await it.sees("標本-0042")
        await it.press("colon")
        await it.type("cml247_s6_l001_r2")
        await it.sees("Transfers: maize/2025-03-14/CML247_S6_L001_R2")
        await it.press("enter")
        await it.until(lambda: it.app.main.at == "transfers", "the transfers")
        assert it.app.main.panes["transfers"].table.cursor_key == "5"


async def test_an_engine_of_another_version_is_told_and_started_anew() -> None:
    desk = busy()
    desk.put(engine=EngineState(alive=True, pid=1, version="0.0.9"))
    async with drive(desk) as it:
        await it.sees("The engine has version 0.0.9", "E starts it anew")
        await it.press("E")
        await it.until(lambda: desk.called("restart_engine"), "another engine")
        desk.put(engine=EngineState(alive=True, pid=2, version=__version__))
        await it.until(lambda: "0.0.9" not in it.text, "no words about it")


# --- other profiles -------------------------------------------------------------------------------------


async def test_another_profile_can_be_chosen() -> None:
    async with drive(busy(), profiles=("lab", "eu.production")) as it:
        await it.press("C")
        await it.sees("This is lab", "Change to eu.production", "Set up another connection")
        await it.press("down", "enter")
        await it.until(lambda: it.app.wanted_profile == "eu.production", "the choice")


async def test_staying_is_the_safe_answer() -> None:
    async with drive(busy(), profiles=("lab", "eu")) as it:
        await it.press("C", "enter")
        await it.until(lambda: it.app.screen is it.app.main, "the dialog's end")
        assert it.app.wanted_profile is None


# --- the first screen -------------------------------------------------------------------------------------


class Door:
    """Records what the connection screen asks for."""

    def __init__(self) -> None:
        self.trouble: Problem | None = None
        self.gate: asyncio.Event | None = None
        self.checked: list[tuple[str, str]] = []
        self.kept: list[tuple[str, str, Accepted]] = []

    async def check(self, host: str, key: str) -> Accepted:
        self.checked.append((host, key))
        if self.gate is not None:
            await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        return Accepted(host or "https://api.gencove.com", "v2", "lab@example.org")

    def app(self, host: str = "", others: tuple[str, ...] = (), s3_endpoint: str | None = None) -> ConnectApp:
        return ConnectApp(
            Doors(
                host=host,
                others=others,
                s3_endpoint=s3_endpoint,
                profile="default",
                environments=[("production", "https://rest.gencove.com"), ("v2", "https://api.gencove.com")],
                kept_in=lambda name: f"/config/keys/{name}",
                check=self.check,
                keep=lambda *kept: self.kept.append(kept),
            )
        )


def shown(app: ConnectApp) -> str:
    lines = (strip.text for strip in app.screen._compositor.render_strips())
    return " ".join(" ".join(lines).replace("│", " ").split())


def line_of(app: ConnectApp, text: str) -> int:
    """The line of the screen that holds a text."""
    lines = [strip.text for strip in app.screen._compositor.render_strips()]
    return next(number for number, line in enumerate(lines) if text in line)


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 18)])
async def test_a_key_is_checked_before_it_is_kept(size: tuple[int, int]) -> None:
    door = Door()
    app = door.app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for words in ("Try the demo", "Check and connect", "Quit"):
            assert words in shown(app)
        await pilot.press(*"abc-123", "enter")
        await until(lambda: app.chosen == "default", "a profile")
    assert door.checked == [("", "abc-123")]
    assert [(name, key) for name, key, _ in door.kept] == [("default", "abc-123")]


async def test_profiles_that_are_there_already_are_named() -> None:
    app = Door().app(others=("default", "lab-eu"))
    async with app.run_test(size=(60, 18)):
        await until(lambda: "Made already: lab-eu." in shown(app), "the other profile")
        assert "gencove-tui --profile lab-eu" in shown(app)


async def test_a_refused_key_is_not_kept_and_says_why() -> None:
    door = Door()
    door.trouble = Problem("The key was refused", "Gencove doesn't know it", "Copy it again.")
    app = door.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"bad", "enter")
        await until(lambda: "Nothing was kept." in shown(app), "words about it")
        assert "Copy it again." in shown(app)
        assert "bad" not in shown(app)
    assert door.kept == []


async def test_a_check_can_be_given_up() -> None:
    door = Door()
    door.gate = asyncio.Event()
    app = door.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"key", "enter")
        await until(lambda: "Asking Gencove" in shown(app), "a check under way")
        await pilot.press("escape")
        await until(lambda: "Given up" in shown(app), "its end")
        assert app.is_running
    assert door.kept == []


async def test_an_address_of_ones_own_can_be_typed() -> None:
    door = Door()
    app = door.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"key")
        await pilot.press("up", "enter")
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: "Type the address" in shown(app), "words about the address")
        assert line_of(app, "Type the address") == line_of(app, "api.example.org") + 1
        await pilot.press(*"http://x.example", "enter")
        await until(lambda: "is not https" in shown(app), "words about the address")
        await pilot.press("home", "right", "right", "right", "right", "s", "enter")
        await until(lambda: app.chosen is not None, "a profile")
    assert door.checked == [("https://x.example", "key")]
    assert door.kept[0][2].s3_endpoint == ""


async def test_a_store_of_its_own_is_kept_with_another_address() -> None:
    door = Door()
    app = door.app(s3_endpoint="")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"key")
        assert "S3 endpoint" not in shown(app)
        await pilot.press("up", "enter")
        await until(lambda: "S3 endpoint" in shown(app), "a field for it")
        await pilot.press(*"127.0.0.1:8011", "tab", "tab", "tab", *"http://far.example", "enter")
        await until(lambda: "is not https" in shown(app), "words about the endpoint")
        assert line_of(app, "is not https") == line_of(app, "S3 endpoint") + 1
        assert door.checked == []
        await pilot.press("ctrl+u", *"127.0.0.1:8012", "enter")
        await until(lambda: app.chosen is not None, "a profile")
    assert door.checked == [("http://127.0.0.1:8011", "key")]
    assert door.kept[0][2].s3_endpoint == "http://127.0.0.1:8012"


@pytest.mark.parametrize("host", ["https://api.gencove.com", "http://127.0.0.1:8610"])
async def test_a_new_key_does_not_cost_a_profile_its_store(host: str) -> None:
    door = Door()
    app = door.app(host, s3_endpoint="http://127.0.0.1:8611")
    async with app.run_test(size=(60, 18)) as pilot:
        await pilot.press(*"key", "enter")
        await until(lambda: app.chosen is not None, "a profile")
    assert door.kept[0][2].s3_endpoint == "http://127.0.0.1:8611"


async def test_a_name_that_cannot_be_is_told_at_its_field() -> None:
    def kept_in(name: str) -> str:
        if "!" in name:
            raise Problem(f"{name!r} can't name a profile", "", "Choose a name like lab.")
        return f"/config/keys/{name}"

    door = Door()
    app = door.app()
    app.doors = app.doors._replace(kept_in=kept_in)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"key", "down", "end", "!")
        await until(lambda: "can't name a profile" in shown(app), "words about the name")
        assert line_of(app, "can't name a profile") == line_of(app, "Profile") + 1
        await pilot.press("enter")
        assert door.checked == []
        await pilot.press("backspace", "enter")
        await until(lambda: app.chosen == "default", "a profile")


@pytest.mark.parametrize("host", ["https://api.gencove.com", "http://127.0.0.1:8610"])
async def test_a_new_key_of_a_profile_goes_to_its_own_host(host: str) -> None:
    door = Door()
    app = door.app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*"key", "enter")
        await until(lambda: app.chosen is not None, "a profile")
    assert door.checked == [(host, "key")]


async def test_the_demo_stands_beside_the_key() -> None:
    app = Door().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click("#demo")
        await until(lambda: app.demo, "the demo")


def test_what_is_remembered_survives_its_file(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    kept = structs.replace(Remembered(), left=40, cursors={"samples": "x"})
    memory.save(kept)
    assert Memory(tmp_path).load() == kept
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    Memory(None).save(kept)
