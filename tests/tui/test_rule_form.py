"""The form of a watch rule: projects by name, doubts before it is kept, and nothing typed is lost."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs
from textual.widgets import Input

from gencove_tui.engine.views import RuleView
from gencove_tui.engine.words import SET_HYPHENS
from gencove_tui.errors import InputProblem
from gencove_tui.model import GncvPath, WatchedFile, WatchRule
from gencove_tui.tui.rule_form import complaint, doubts_about_results
from tests.tui.driving import Driver, drive
from tests.tui.fakes import ONLINE_V1, PROJECTS, FakeDesk, ago, make_snapshot
from tests.tui.test_watch import filled

MAIZE, CATTLE = PROJECTS[0], PROJECTS[1]
RULE = WatchRule(
    id=1, name="novaseq", folder="/data/runs", destination=GncvPath("gncv://{run}/"), project=MAIZE.id
)


def desk_with(*views: RuleView, **more: object) -> FakeDesk:
    return FakeDesk(ledger=structs.replace(make_snapshot(), rules=views or (RuleView(rule=RULE),)), **more)


def fill(it: Driver, **texts: str) -> None:
    """Have these texts in the fields of the form, as if they had been typed."""
    for key, text in texts.items():
        it.app.screen.query_one(f"#form-{key}", Input).value = text


async def begin_rule(it: Driver, folder: Path | str, **texts: str) -> None:
    """A new rule's form, filled in like this."""
    await it.press("5", "n")
    await it.sees("Watch another folder")
    fill(it, name="lab", folder=str(folder), **texts)


async def made(it: Driver) -> tuple[str, object]:
    """The project and the terms of the rule that was put."""
    await it.until(lambda: it.desk.called("put_rule"), "the rule")
    _, terms, _ = it.desk.called("put_rule")[0]
    return terms.project, terms


async def test_a_rule_names_its_project_and_keeps_it_when_nothing_else_is_typed() -> None:
    async with drive(desk_with()) as it:
        await it.press("5", "enter")
        await it.sees("Assigned to", MAIZE.name)
        await it.press("e")
        await it.sees("Keep the changes", MAIZE.name)
        assert MAIZE.id not in it.text
        await it.press("f2")
        assert (await made(it))[0] == MAIZE.id


async def test_enter_in_the_project_lists_those_that_match_and_takes_one(tmp_path: Path) -> None:
    async with drive(desk_with()) as it:
        await begin_rule(it, tmp_path, project="maize")
        await it.press("down", "down", "down", "down")
        await it.sees("enter lists")
        await it.press("enter")
        await it.sees("Assign to", "1 project")
        await it.press("enter")
        await it.sees("Watch another folder", MAIZE.name)
        await it.focus_is("form-deliver")
        await it.press("f2")
        assert (await made(it))[0] == MAIZE.id


async def test_an_unambiguous_beginning_of_a_name_is_enough(tmp_path: Path) -> None:
    async with drive(desk_with()) as it:
        await begin_rule(it, tmp_path, project="catt")
        await it.press("f2")
        assert (await made(it))[0] == CATTLE.id


async def test_a_project_that_is_not_there_is_said_once_and_in_its_field(tmp_path: Path) -> None:
    async with drive(desk_with()) as it:
        await begin_rule(it, tmp_path, project="sheep")
        await it.press("f2")
        await it.sees("Project: none is called 'sheep'. Enter in this field lists the projects")
        await it.focus_is("form-project")
        assert "not found" not in it.text.casefold()
        fill(it, project="")
        await it.press("f2")
        assert (await made(it))[0] == ""


async def test_a_folder_that_is_not_there_and_unknown_results_are_named_before_the_rule_is_kept(
    tmp_path: Path,
) -> None:
    async with drive(desk_with()) as it:
        await begin_rule(it, tmp_path / "nx", deliver="impute-vcv, qc")
        await it.press("f2")
        await it.sees("the folder isn't there.", "no results called impute-vcv. Did you mean impute-vcf")
        await it.press("enter")  # the safe answer: back, with all that was typed
        await it.sees("Watch another folder", "impute-vcv, qc")
        await it.focus_is("form-folder")
        assert not it.desk.called("put_rule")
        await it.press("f2")
        await it.sees("Watch it anyway")
        await it.press("down", "enter")
        _, terms = await made(it)
        assert terms.folder == str(tmp_path / "nx")
        assert terms.deliver == ("impute-vcv", "qc")


async def test_where_the_kinds_of_results_are_not_known_that_is_said(tmp_path: Path) -> None:
    async with drive(desk_with(line=ONLINE_V1)) as it:
        await begin_rule(it, tmp_path, deliver="vcf")
        await it.press("f2")
        await made(it)
        await it.until(lambda: any("could not be looked up" in toast for toast in it.toasts), "a word")


async def test_tab_completes_a_path_and_goes_on_from_other_fields(tmp_path: Path) -> None:
    (tmp_path / "novaseq_out").mkdir()
    async with drive(desk_with()) as it:
        await begin_rule(it, tmp_path / "nova")
        await it.press("tab", "end")
        await it.sees("tab completes")
        await it.press("tab")
        await it.focus_is("form-folder")
        assert it.app.screen.query_one("#form-folder", Input).value == f"{tmp_path}/novaseq_out/"
        await it.press("tab")
        await it.focus_is("form-destination")


def test_only_what_fits_no_kind_of_result_is_doubted() -> None:
    known = ("alignment-bam", "impute-vcf", "qc")
    assert doubts_about_results(("impute-*", "QC"), known) == []
    assert doubts_about_results(("zzz",), known) == ["Gencove has no results called zzz."]


def test_what_is_wrong_is_said_of_the_field_as_the_form_calls_it() -> None:
    wrong = complaint(filled(folder="/data", destination="gncv://{nobody}/"), None)
    assert wrong.startswith("To: there is no {nobody}")
    assert complaint(filled(folder="/data", name=""), None) == "Name: give the rule one, like novaseq."


async def test_what_was_typed_outlives_a_dry_run_and_a_rule_that_fail(tmp_path: Path) -> None:
    desk = desk_with()

    async def fails(*_: object, **__: object) -> None:
        raise InputProblem("Can't do it", "the disk is away", "")

    desk.try_rule = desk.put_rule = fails  # type: ignore[method-assign,assignment]  # trouble on demand
    async with drive(desk) as it:
        await begin_rule(it, tmp_path)
        for key in ("f3", "f2"):
            await it.press(key)
            await it.sees("Watch another folder", "lab", "Can't do it: the disk is away.")


async def test_a_remedy_names_the_field_as_the_form_does_and_e_leads_there() -> None:
    held = WatchedFile(
        rule_id=1, path="/data/runs/r1/A_1_R1.fastq.gz", size=1, mtime_ns=0, inode=1, state="held",
        reason="two would become A", remedy=f"{SET_HYPHENS}: A_1 becomes A-1.", first_seen=ago(minutes=4),
    )  # fmt: skip
    empty = structs.replace(
        held, path="/data/runs/r1/E_R1.fastq.gz", state="ignored", reason="it is empty", remedy=""
    )
    async with drive(desk_with(pending=(held,), ignored=(empty,))) as it:
        await it.press("5", "enter")
        await it.sees(
            "r1/A_1_R1.fastq.gz", "would become A (seen 4 min ago). Set", '"as hyphens" in the rule:'
        )
        await it.press("G")
        await it.sees("Files left out", "r1/E_R1.fastq.gz", "it is empty")
        await it.press("e")
        await it.focus_is("form-hyphens")
