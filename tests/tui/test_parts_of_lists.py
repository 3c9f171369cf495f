"""Lists of which only a part is loaded: filters and marks are about all of it, or say that they aren't."""

from __future__ import annotations

import pytest
from msgspec import structs

from gencove_tui.model import GncvPath
from gencove_tui.tui.widgets import samples as samples_module
from tests.tui.driving import drive
from tests.tui.fakes import FakeDesk, make_samples, make_uploads


def many_uploads():  # type: ignore[no-untyped-def]  # as the fake desk has them
    like = make_uploads()[0]
    return tuple(
        structs.replace(
            like,
            id=f"u{n}",
            path=GncvPath(f"gncv://bulk/B{n:04}_S1_L001_R1_001.fastq.gz"),
            client_id=f"B{n:04}",
            sample_id="" if n % 100 == 99 else "used",
        )
        for n in range(700)
    )


async def test_a_filter_of_the_upload_area_looks_through_all_of_it() -> None:
    desk = FakeDesk(all_uploads=many_uploads())
    async with drive(desk) as it:
        await it.press("3")
        await it.sees("B0000_S1")
        await it.press("slash")
        await it.type("B0650")
        await it.press("enter")
        await it.sees("B0650_S1")
        await it.press("escape", "f")
        pane = it.app.main.list_pane("uploads")
        await it.until(lambda: len(pane.source) == 7, "what no sample uses, wherever it is")
        await it.sees("unassigned only", "B0699_S1")
        await it.press("f")
        await it.until(lambda: len(pane.source) == 700, "all of it")
        assert len(desk.called("every_upload")) == 1


async def test_a_range_over_rows_that_are_not_loaded_says_so() -> None:
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("V", "G")
        await it.sees("S004999")
        await it.press("V")
        await it.sees("400 marked. 4,600 rows between them are not loaded and stay unmarked.")
        await it.sees("* marks every sample that matches.")


async def test_marked_samples_that_no_filter_hides_are_in_view_wherever_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(samples_module, "MOST_MARKED", 1000)
    desk = FakeDesk(all_samples=make_samples(5000))
    async with drive(desk) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("asterisk")
        await it.sees("5,000 marked")
        await it.press("H")
        await it.sees("Hide 5,000 samples", "They leave the usual list")
        assert "not in the list" not in it.text
        await it.press("escape")
        await it.press("slash")
        await it.type("S00123")
        await it.press("enter", "H")
        await it.sees("4,990 of them are marked but not in the list as it is filtered now.")
        await it.press("escape", "escape", "asterisk")  # as many as one key marks: again is none
        await it.until(lambda: not it.app.main.samples.table.marks, "no marks")


async def test_one_sample_is_it() -> None:
    async with drive(FakeDesk(all_samples=make_samples(5))) as it:
        await it.press("2")
        await it.sees("B73-rep1")
        await it.press("H")
        await it.sees("It leaves the usual list; nothing is lost, and the same key shows it again.")
