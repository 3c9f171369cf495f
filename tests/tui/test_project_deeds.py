"""What a user does with projects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.v2.pipelines import PipelineCapability
from gencove_tui.engine.views import Listing
from gencove_tui.engine.views_remote import ProjectAct
from gencove_tui.model import Capability, Deliverable, Project, StatusCounts
from gencove_tui.tui.format import ASCII, UNICODE, Glyphs, Tone
from gencove_tui.tui.widgets.status_bar import status_bar
from tests.tui.driving import BOTH, WIDE, drive
from tests.tui.fakes import NOW, ONLINE_V1, PROJECTS, FakeDesk

each_size = pytest.mark.parametrize("size", BOTH, ids=["wide", "narrow"])
FILE = Deliverable(file_type="impute-vcf-merged", id="f1", name="merged.vcf.bgz", size=1024, url="https://x/")


@each_size
async def test_a_project_shows_how_its_samples_stand(size: tuple[int, int]) -> None:
    desk = FakeDesk()
    async with drive(desk, size) as it:
        await it.until(lambda: len(desk.called("project_stats")) >= len(PROJECTS), "counts")
        await it.sees("▄▄")
        await it.press("i")
        await it.sees("4 succeeded", "3 failed", "Low-pass WGS, 1x", "none of its own")
        await it.press("escape")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")


async def test_counts_that_did_not_come_are_asked_for_again_when_the_list_is() -> None:
    class Desk(FakeDesk):
        busy = True
        polls = 0

        async def projects(self, *args: Any, **options: Any) -> Listing[Project]:
            self.polls += 1
            found = await super().projects(*args, **options)
            return structs.replace(found, fetched=NOW + timedelta(seconds=30 * self.polls))

        async def project_stats(self, project_id: str) -> StatusCounts:
            if self.busy:
                self.calls.append(("project_stats", project_id))
                raise ApiProblem(Kind.RATE_LIMITED, "Gencove asks to go slower")
            return await super().project_stats(project_id)

    desk = Desk()
    async with drive(desk) as it:
        last = PROJECTS[-1].id
        await it.until(lambda: desk.called("project_stats").count((last,)) == 1, "the counts")
        await it.press("slash", "j", "escape")  # not for each key
        assert desk.called("project_stats").count((last,)) == 1
        desk.busy = False
        await it.press("r")
        await it.sees("▄▄")
        await it.until(lambda: desk.called("project_stats").count((last,)) == 2, "the counts again")


async def test_files_of_a_project_are_downloaded_under_its_name() -> None:
    project = structs.replace(PROJECTS[0], deliverables=(FILE,))
    desk = FakeDesk(all_projects=(project,))
    async with drive(desk) as it:
        await it.press("d")
        await it.sees("impute-vcf-merged", "1 file, 1.00 KiB")
        await it.press("enter")
        await it.until(lambda: desk.called("queue_downloads"), "a queued download")
        (plan,) = desk.called("queue_downloads")[0]
        assert (plan[0].sample.project_id, plan[0].sample.id) == (project.id, "")


async def test_a_project_without_files_says_so() -> None:
    async with drive() as it:
        await it.press("d")
        await it.until(lambda: any("no files of its own" in text for text in it.toasts), "words")


async def test_a_project_is_created_with_a_pipeline() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("n")
        await it.sees("Create a project", "Human low-pass GRCh38")
        await it.press("f2")
        await it.sees("A project needs a name.")
        await it.type("Barley")
        await it.press("f2")
        await it.until(lambda: desk.called("create_project"), "a project")
        assert desk.called("create_project")[0] == ("Barley", "", "cap-1")


async def test_the_cursor_goes_to_a_project_that_was_just_made() -> None:
    class Desk(FakeDesk):
        async def create_project(self, name: str, description: str, capability_id: str) -> Project:
            made = await super().create_project(name, description, capability_id)
            self.all_projects = (self.all_projects[0], made, *self.all_projects[1:])
            return made

    async with drive(Desk()) as it:
        await it.press("n")
        await it.sees("Create a project")
        await it.type("Barley")
        await it.press("f2")
        await it.sees("Created Barley.")
        table = it.app.main.list_pane("projects").table
        await it.until(lambda: table.cursor_key == "new", "the cursor on it")


async def test_of_several_pipelines_none_is_taken_unasked() -> None:
    class Desk(FakeDesk):
        async def pipeline_capabilities(self, ids: Sequence[str] | None = None) -> dict[str, Any]:
            names = {"1": "Canine trait panel", "2": "Human low-pass GRCh38", "3": "Human low-pass GRCh37",
                     "4": "Maize imputation"}  # fmt: skip
            return {i: PipelineCapability(id=i, name=name, key=f"key/{i}") for i, name in names.items()}

    desk = Desk()
    async with drive(desk) as it:
        await it.press("n")
        await it.sees("Create a project")
        await it.type("Barley")
        await it.press("f2")
        await it.sees("Pipeline: enter in this field lists those to choose from.")
        await it.type("human")
        await it.press("f2")
        await it.sees("Pipeline: 2 begin with 'human'")
        await it.press("enter")
        await it.sees("Analyse with which pipeline?", "Human low-pass GRCh37", "key/2")
        assert "Maize imputation" not in it.text
        await it.type(" 38")
        await it.until(lambda: "GRCh37" not in it.text, "what the search leaves")
        await it.press("enter")
        await it.sees("Create a project", "Human low-pass GRCh38")
        assert desk.called("create_project") == []
        await it.press("f2")
        await it.until(lambda: desk.called("create_project"), "a project")
        assert desk.called("create_project")[0] == ("Barley", "", "2")


async def test_fields_that_nobody_knows_are_told_in_words() -> None:
    extra = {
        "project_modifications": [{"key": "soft_qc", "value": False}],
        "organization": "o-1",
        "roles": {"読": ["a"]},
    }
    desk = FakeDesk(all_projects=(structs.replace(PROJECTS[0], extra=extra),))
    async with drive(desk, WIDE) as it:
        await it.press("i")
        await it.sees("soft_qc: no", "Organization id", '{"読": ["a"]}')


async def test_v1_creates_projects_without_a_pipeline() -> None:
    desk = FakeDesk(line=ONLINE_V1)
    async with drive(desk) as it:
        await it.press("n")
        await it.sees("Create a project")
        await it.type("Barley")
        await it.press("enter", "enter")
        await it.until(lambda: desk.called("create_project"), "a project")
        assert desk.called("pipeline_capabilities") == []


async def test_a_project_is_renamed() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("e", "end")
        await it.type("!")
        await it.press("enter", "enter")
        await it.until(lambda: desk.called("edit_project"), "an edit")
        assert desk.called("edit_project")[0][1] == f"{PROJECTS[0].name}!"


async def test_a_name_with_odd_characters_is_not_changed_by_looking_at_it() -> None:
    odd = structs.replace(PROJECTS[0], name="Maize\x07 2025 ", description="a\x1b[31mb")
    desk = FakeDesk(all_projects=(odd,))
    async with drive(desk) as it:
        await it.press("e")
        await it.sees("Edit ", "Description")
        await it.press("f2")
        await it.until(lambda: it.app.screen is it.app.main, "the main screen")
        assert desk.called("edit_project") == []
        await it.press("e", "end")
        await it.type("!")
        await it.press("f2")
        await it.until(lambda: desk.called("edit_project"), "an edit")
        _, name, description = desk.called("edit_project")[0]
        assert name.endswith("2025!") or name.endswith("2025 !")
        assert description == odd.description


@each_size
async def test_deleting_a_project_asks_first(size: tuple[int, int]) -> None:
    desk = FakeDesk()
    async with drive(desk, size) as it:
        await it.press("x")
        await it.sees("Delete Maize diversity panel 2025", "13 samples", "Nobody can bring it back")
        await it.focus_is("leave")
        await it.press("enter")
        assert desk.called("act_on_projects") == []
        await it.press("x", "right", "enter")
        await it.until(lambda: desk.called("act_on_projects"), "a deletion")
        assert desk.called("act_on_projects")[0] == (ProjectAct.DELETE, (PROJECTS[0].id,))


async def test_what_the_dialect_cannot_do_is_explained() -> None:
    line = structs.replace(ONLINE_V1, capabilities=frozenset({Capability.DELETE_UPLOADS}))
    desk = FakeDesk(line=line)
    async with drive(desk) as it:
        await it.press("H")
        await it.until(lambda: any("dashboard" in text for text in it.toasts), "an explanation")
        assert desk.called("act_on_projects") == []


async def test_projects_are_filtered_and_sorted_by_gencove() -> None:
    desk = FakeDesk()
    async with drive(desk) as it:
        await it.press("f", "down", "right", "right", "enter")
        await it.until(lambda: desk.called("projects")[-1][0].hidden_status == "all", "the filter")
        await it.sees("with hidden")
        await it.press("s")
        await it.until(lambda: desk.called("projects")[-1][0].sort_by == "name", "an order")
        assert desk.called("projects")[-1][0].hidden_status == "all"


async def test_ten_thousand_projects() -> None:
    projects = tuple(Project(id=f"p{n}", name=f"Project {n}", sample_count=n) for n in range(10_000))
    desk = FakeDesk(all_projects=projects)
    async with drive(desk, WIDE) as it:
        await it.sees("1 Projects 10,000", "Project 0")
        await it.press("G")
        await it.sees("Project 9999")
        assert len(desk.called("project_stats")) < 100


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize(
    "counts",
    [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 7), (99_999, 0, 0, 1), (1, 1, 1, 1), (0, 0, 3, 100), (5, 2, 1, 0)],
)
def test_a_status_bar_is_full_and_leaves_nothing_out(
    counts: tuple[int, int, int, int], glyphs: Glyphs
) -> None:
    succeeded, running, scheduled, failed = counts
    stats = StatusCounts(
        total=sum(counts), succeeded=succeeded, running=running, scheduled=scheduled, failed=failed
    )
    bar = status_bar(stats, 8, glyphs)
    assert len(bar.text) == 8
    assert (glyphs.bar_low in bar.text) == bool(succeeded)
    assert (glyphs.bad in bar.text) == bool(failed)
    # Only what failed is red, however many did.
    assert "".join(text for text, tone in bar.pieces if tone is Tone.BAD) == glyphs.bad * bar.text.count(
        glyphs.bad
    )
    assert "".join(text for text, _ in bar.pieces) == bar.text


def test_no_samples_have_no_bar() -> None:
    assert status_bar(StatusCounts(), 8, UNICODE).text == ""
