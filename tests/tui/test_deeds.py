"""What a user began comes to its end, and whatever came of it is said."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import structs

from gencove_tui.api.errors import ApiProblem, Kind, PartlyDone
from gencove_tui.engine.views import EngineState, PlannedUpload
from gencove_tui.errors import Problem
from gencove_tui.model import Deliverable, GncvPath
from gencove_tui.tui.deeds import ENGINE_LONGEST_REST, ENGINE_REST, Deeds, outcome_of
from gencove_tui.tui.screens.download import DownloadDialog
from gencove_tui.tui.screens.upload import UploadDialog
from tests.tui.driving import Driver, drive
from tests.tui.fakes import PROJECTS, FakeDesk, make_snapshot


async def shows(it: Driver, screen: type) -> None:
    await it.until(lambda: isinstance(it.app.screen, screen), f"a {screen.__name__}")


# --- one deed leaves another alone -----------------------------------------------------


async def test_what_is_being_queued_is_queued_whatever_is_opened_meanwhile() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("space", "d")
        await shows(it, DownloadDialog)
        desk.gate = asyncio.Event()
        await it.press("enter")
        await it.until(lambda: desk.under_way.get("queue_downloads"), "queueing")
        await it.press("u")
        await shows(it, UploadDialog)
        desk.gate.set()
        await it.until(lambda: any("Queued" in text for text in it.toasts), "words")
        assert not it.app.main.samples.table.marks


async def test_uploads_that_could_not_be_queued_are_told_whatever_is_opened_meanwhile() -> None:
    there = PlannedUpload(
        local=Path("/data/a_R1.fastq.gz"), target=GncvPath("gncv://run/a_R1.fastq.gz"), size=10
    )
    desk = FakeDesk(planned_uploads=(there,))
    async with drive(desk) as it:
        await it.press("u")
        await it.type("/data")
        await it.press("enter", "enter")
        await it.sees("Upload 1 file")
        desk.gate, desk.trouble = asyncio.Event(), Problem("The ledger can't be written", "no space left")
        await it.press("enter")
        await it.until(lambda: desk.under_way.get("queue_uploads"), "queueing")
        await it.press("u")
        await shows(it, UploadDialog)
        desk.gate.set()
        await it.until(lambda: any("No space left" in text for text in it.toasts), "the trouble")


async def test_files_of_a_project_are_queued_though_a_filter_is_opened_meanwhile() -> None:
    file = Deliverable(file_type="merged", id="f1", name="merged.vcf.gz", url="https://x/")
    desk = FakeDesk(all_projects=(structs.replace(PROJECTS[0], deliverables=(file,)),))
    async with drive(desk) as it:
        await it.press("d")
        await shows(it, DownloadDialog)
        desk.gate = asyncio.Event()
        await it.press("enter")
        await it.until(lambda: desk.under_way.get("queue_downloads"), "queueing")
        await it.press("f")  # a dialog of the remote side, as the one before
        desk.gate.set()
        await it.until(lambda: any("Queued 1 download" in text for text in it.toasts), "words")


# --- the engine and the end ------------------------------------------------------------


async def test_a_screen_whose_engine_does_not_stop_stays_and_keeps_it_alive() -> None:
    class Desk(FakeDesk):
        async def stop_engine(self) -> None:
            await self._remote("stop_engine")

    desk = Desk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.until(lambda: desk.called("ensure_engine"), "an engine")
        await it.press("q")
        await it.sees("Stop and resume later")
        desk.gate, desk.trouble = asyncio.Event(), Problem("The engine does not stop", "it is busy")
        await it.press("3")
        await it.until(lambda: desk.under_way.get("stop_engine"), "the stopping")
        await it.press("q")  # once more, out of impatience
        await it.until(lambda: any("still being stopped" in text for text in it.toasts), "words")
        assert desk.under_way["stop_engine"] == 1
        desk.gate.set()
        await it.until(lambda: any("It is busy" in text for text in it.toasts), "the trouble")
        assert not it.app._exit
        started = len(desk.called("ensure_engine"))
        desk.put(engine=EngineState(alive=False))
        await it.until(lambda: len(desk.called("ensure_engine")) > started, "another engine")


def test_an_engine_that_lived_long_is_started_again_without_a_long_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("gencove_tui.tui.deeds.time.monotonic", lambda: now)
    deeds = Deeds(cast("Any", None), FakeDesk(), cast("Any", None), lambda: None)
    deeds.starting = False
    starts: list[float] = []
    monkeypatch.setattr(deeds, "start_engine", lambda: starts.append(now))
    monkeypatch.setattr(deeds, "say", lambda *_, **__: None)
    well = make_snapshot()
    dead = structs.replace(well, engine=EngineState(alive=False))

    def dies_after(seconds: float) -> float:
        """Seconds until the next one is started."""
        nonlocal now
        deeds.keep_engine(well)
        now += seconds
        died = now
        while not starts or starts[-1] < died:
            deeds.keep_engine(dead)
            now += 0.5
        return starts[-1] - died

    assert dies_after(3600) == 0
    rests = [dies_after(0) for _ in range(8)]
    assert rests == sorted(rests)
    assert ENGINE_LONGEST_REST / 2 < rests[-1] <= ENGINE_LONGEST_REST
    assert dies_after(3600) == 0
    assert dies_after(0) <= ENGINE_REST


# --- what did not come off -------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            ApiProblem(Kind.UNREACHABLE, "Can't reach it", "nothing listens there", "Check the network."),
            "Delete 2 samples: not done: Can't reach it: nothing listens there. Check the network.",
        ),
        (
            ApiProblem(Kind.SERVER, "It has a problem", remedy="It is tried again.", perhaps_done=True),
            "Delete 2 samples: perhaps done: It has a problem."
            " No good answer came. Look at the list before you do it again.",
        ),
        (
            ApiProblem(Kind.RATE_LIMITED, "Go slower", remedy="It is tried again by itself."),
            "Delete 2 samples: not done: Go slower. Try again later.",
        ),
        (
            PartlyDone(ApiProblem(Kind.SERVER, "It has a problem", perhaps_done=True), ["a"]),
            "Delete 2 samples: done in part: It has a problem: it failed; 1 were done before that."
            " Look at the list before you do it again.",
        ),
        (Problem("The log is locked", "", "Wait."), "Delete 2 samples: failed: The log is locked. Wait."),
    ],
    ids=["not sent", "no answer", "refused", "partly", "not Gencove's"],
)
def test_what_becomes_of_a_deed_that_fails_is_told(problem: Problem, said: str) -> None:
    assert str(outcome_of("Delete 2 samples", problem)) == said


async def test_a_deletion_that_fails_says_that_nothing_was_deleted() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("x")
        await it.sees("Delete 1 sample")
        desk.trouble = ApiProblem(Kind.UNREACHABLE, "Can't reach it", "nothing listens there")
        await it.press("right", "enter")
        await it.sees("Delete 1 sample: not done", "Can't reach it: nothing listens there")
