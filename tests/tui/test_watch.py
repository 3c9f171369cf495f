"""The watch pane: rules made, changed, tried, removed; what files wait for; the two logs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec import structs

from gencove_tui.engine.views import RuleView
from gencove_tui.engine.views_remote import Progress
from gencove_tui.engine.watch.dry_run import DryFile, DryRun
from gencove_tui.engine.words import SET_PROJECT
from gencove_tui.model import (
    AuditEntry,
    Event,
    GncvPath,
    LoneMate,
    LoopSample,
    LoopState,
    RuleStatus,
    RuleTerms,
    WatchedFile,
    WatchRule,
)
from gencove_tui.tui.format import UNICODE
from gencove_tui.tui.rule_form import complaint, fields_of, terms_from
from gencove_tui.tui.states import rule_state
from tests.tui.driving import BOTH, WIDE, drive
from tests.tui.fakes import NOW, PROJECTS, FakeDesk, ago, make_snapshot

RULE = WatchRule(id=1, name="novaseq", folder="/data", destination=GncvPath("gncv://{run}/"), active=True)


def busy() -> FakeDesk:
    return FakeDesk(ledger=make_snapshot())


def test_a_rule_says_in_words_what_it_waits_for() -> None:
    lone = RuleStatus(lone=(LoneMate(sample="S12", missing="R2", since=ago(minutes=4)),))

    def words(**more: object) -> str:
        return rule_state(structs.replace(RuleView(rule=RULE), **more), UNICODE, NOW).text

    assert "waiting for R2 of S12, 4 min" in words(status=lone, waiting=1)
    assert "2 files need you" in words(held=2)
    assert "the project is gone" in words(samples_problem="the project is gone")
    assert "paused" in words(rule=structs.replace(RULE, active=False))
    assert "watching, nothing yet" in words()
    under_way, over = {LoopState.ANALYSING: 3, LoopState.DELIVERED: 2}, {LoopState.DELIVERED: 5}
    assert words(uploaded=6, sample_counts=under_way) == f"{UNICODE.busy} 6 uploaded, 3 being analysed"
    assert words(uploaded=6, sample_counts=over) == f"{UNICODE.good} watching, 6 uploaded, 5 delivered"
    assert words(sample_counts={LoopState.HELD: 1}) == f"{UNICODE.warn} 1 sample needs you"
    cut = RuleStatus(lone=(LoneMate(sample="A_1", missing="R2", since=ago(minutes=4)),))
    assert "waiting for R2 of A-1" in words(status=cut, rule=structs.replace(RULE, hyphens=True))


async def test_a_dry_run_begins_with_trouble_and_ends_with_what_is_done() -> None:
    desk = busy()
    desk.dry = DryRun(
        files=(
            DryFile(path="done_R1.fastq.gz", size=1, state="done", reason="it went up"),
            DryFile(path="goes_R1.fastq.gz", size=1, remote=GncvPath("gncv://run/goes_R1.fastq.gz")),
            DryFile(path="held_R1.fastq.gz", size=1, reason="two would become A", remedy="Rename one."),
            DryFile(path="left_I1.fastq.gz", size=1, reason="an index read"),
            DryFile(path="torn_R1.fastq.gz", size=1, state="failed", reason="it is incomplete"),
        )
    )
    async with drive(desk) as it:
        await it.press("5", "d")
        await it.sees("two would become A. Rename one.")
        places = [it.text.index(name) for name in ("torn_R1", "held_R1", "goes_R1", "left_I1", "done_R1")]
        assert places == sorted(places)


async def test_a_dry_run_of_a_folder_without_reads_says_so() -> None:
    async with drive(busy()) as it:
        await it.press("5", "d")
        await it.sees("No FASTQ below /data/run_0314 yet.")


async def test_the_logs_name_projects_and_rules() -> None:
    desk = busy()
    project = PROJECTS[1]
    assigned = Event(
        id=9, time=ago(minutes=1), kind="sample.assigned", rule_id=1,
        message=f"S3: assigned to project {project.id}",
        data={"project_id": project.id, "remedy": "Look.", "client_id": "S3"},
    )  # fmt: skip
    ledger = desk.ledger
    named = structs.replace(ledger.rules[0], rule=structs.replace(ledger.rules[0].rule, name="novaseq"))
    desk.put(events=(assigned, *ledger.events), rules=(named, *ledger.rules[1:]))
    desk.audited = (
        AuditEntry(
            id=1, time=ago(minutes=1), act="rule", outcome="done", who="lab@seq", profile="lab",
            remote="gncv://{run}/", detail="novaseq changed: project, deliver",
        ),
        AuditEntry(
            id=2, time=ago(minutes=2), act="delete", outcome="unclear", who="lab@seq", profile="lab",
            project_id="gone", detail="the project Barley, by hand",
        ),
    )  # fmt: skip
    async with drive(desk) as it:
        await it.press("5")
        await it.sees(f"S3: assigned to project {project.name}")
        await it.press("tab", "enter")
        await it.sees("Watch rule  novaseq", "To do", "Look.", "Client id", f"({project.id})")
        await it.press("escape", "v")
        await it.sees("rule novaseq changed: Project, Results", "! delete the project Barley")


def filled(**changes: str) -> dict[str, str]:
    return {**{field.key: field.value for field in fields_of(None)}, "name": "lab", **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "which folder"),
        ({"folder": "/data", "settle": "soon"}, "type a number"),
        ({"folder": "/data", "name": ""}, "Name: "),
        ({"folder": "/data", "destination": "s3://x"}, "gncv://"),
    ],
)
def test_a_form_says_what_is_wrong(changes: dict[str, str], said: str) -> None:
    assert said in complaint(filled(**changes), None)


def test_a_form_keeps_what_it_does_not_ask_about() -> None:
    before = structs.replace(RULE, merge_lanes=True, hook=("notify",))
    values = {field.key: field.value for field in fields_of(before)}
    terms = terms_from({**values, "settle": "90"}, before)
    assert (terms.merge_lanes, terms.hook, terms.settle, terms.folder) == (True, ("notify",), 90.0, "/data")


@pytest.mark.parametrize("size", [*BOTH, (60, 18)])
async def test_a_folder_can_be_watched_from_the_screen(size: tuple[int, int], tmp_path: Path) -> None:
    desk = busy()
    async with drive(desk, size) as it:
        await it.press("5", "n")
        await it.sees("Watch another folder", "Watch", "Back")
        await it.type("lab")
        await it.press("down")
        await it.paste(str(tmp_path))
        await it.press("f2")
        await it.until(lambda: desk.called("put_rule"), "a new rule")
        name, terms, before = desk.called("put_rule")[0]
        assert (name, terms.folder, before) == ("lab", str(tmp_path), None)


def test_a_form_takes_what_decides_what_is_complete_and_what_becomes_of_it() -> None:
    terms = terms_from(
        filled(
            folder="/data",
            network_settle="600",
            marker="CopyComplete.txt",
            metadata='{"site": "Oslo"}',
            merge_lanes="yes",
            hyphens="yes",
            deliver_template="{client_id}/{default_filename}",
        ),
        None,
    )
    assert (terms.network_settle, terms.marker) == (600.0, "CopyComplete.txt")
    assert terms.metadata == {"site": "Oslo"}
    assert terms.merge_lanes
    assert terms.hyphens
    assert terms.deliver_template == "{client_id}/{default_filename}"
    assert "not JSON" in complaint(filled(folder="/data", metadata="{site}"), None)


async def test_a_form_can_be_tried_before_it_is_kept(tmp_path: Path) -> None:
    desk = busy()
    taken = DryFile(path="runA/A_R1.fastq.gz", size=10, remote=GncvPath("gncv://runA/A_R1.fastq.gz"))
    desk.dry = DryRun(files=(taken,))
    async with drive(desk) as it:
        await it.press("5", "n")
        await it.sees("Watch another folder", "Dry run")
        await it.type("lab")
        await it.press("down")
        await it.paste(str(tmp_path))
        await it.press("f3")
        await it.until(lambda: desk.called("try_rule"), "the trial")
        await it.sees("runA/A_R1.fastq.gz")
        await it.press("escape")
        await it.sees("Watch another folder", "lab")
        assert desk.called("put_rule") == []
        await it.press("f2")
        await it.until(lambda: desk.called("put_rule"), "the rule")


async def test_a_trial_of_a_large_folder_counts_and_can_be_stopped(tmp_path: Path) -> None:
    class Desk(FakeDesk):
        stopped = False

        async def try_rule(
            self, terms: RuleTerms, name: str = "", *, progress: Progress | None = None
        ) -> DryRun:
            assert progress is not None
            progress(123_456, 0)
            try:
                await asyncio.Event().wait()
            finally:
                self.stopped = True
            raise AssertionError

    desk = Desk(ledger=make_snapshot())
    async with drive(desk) as it:
        await it.press("5", "n")
        await it.sees("Watch another folder")
        await it.type("lab")
        await it.press("down")
        await it.paste(str(tmp_path))
        await it.press("f3")
        await it.sees("Looking through", "123,456", "esc stops it")
        await it.press("escape")
        await it.until(lambda: desk.stopped, "the end of the look")
        await it.sees("Watch another folder", "lab")  # with all that was typed


async def test_a_rule_is_edited_as_it_stands() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("5", "e")
        await it.sees("/data/run_0314", "Keep the changes")
        await it.press("f2")
        await it.until(lambda: desk.called("put_rule"), "a changed rule")
        assert desk.called("put_rule")[0][2].id == 1


async def test_a_rule_whose_project_is_gone_leads_to_the_field_that_mends_it() -> None:
    desk = busy()
    view = desk.ledger.rules[0]
    lost = structs.replace(
        view,
        rule=structs.replace(view.rule, project="gone-1"),
        samples_problem="Project gone-1 of the rule is gone, or not open to this key",
        samples_remedy=f"{SET_PROJECT}.",
    )
    desk.put(rules=(lost, *desk.ledger.rules[1:]))
    async with drive(desk, WIDE) as it:
        await it.press("5", "enter")
        await it.sees("Project gone-1 of the rule is gone", 'Set "Project" to another one in the rule.')
        await it.press("e")
        await it.focus_is("form-project")


async def test_removing_a_rule_asks_with_the_safe_answer_first() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("5", "x")
        await it.sees("Files and uploads stay as they are.")
        await it.press("enter")
        await it.until(lambda: it.app.screen is it.app.main, "the dialog's end")
        assert desk.called("remove_rule") == []
        await it.press("x", "down", "enter")
        await it.until(lambda: desk.called("remove_rule"), "a removal")


async def test_a_dry_run_tells_what_would_go_and_why_not_the_rest() -> None:
    desk = busy()
    desk.dry = DryRun(
        files=(
            DryFile(path="a_R1.fastq.gz", size=1 << 20, remote=GncvPath("gncv://run/a_R1.fastq.gz")),
            DryFile(path="b_I1.fastq.gz", size=1 << 20, reason="an index read"),
        ),
        notices=("the sample sheet is unreadable",),
    )
    async with drive(desk) as it:
        await it.press("5", "d")
        await it.sees("1 upload, 1.00 MiB, would go", "gncv://run/a_R1", "an index read", "unreadable")


async def test_a_dry_run_counts_nothing_that_went_up_or_failed_before() -> None:
    desk = busy()
    desk.dry = DryRun(
        files=(
            DryFile(path="a_R1.fastq.gz", size=1 << 20, remote=GncvPath("gncv://run/a_R1.fastq.gz")),
            DryFile(path="b_R1.fastq.gz", size=1 << 20, state="done", reason="it went up to gncv://run/"),
            DryFile(path="c_R1.fastq.gz", size=1 << 20, state="failed", reason="it is damaged"),
            DryFile(path="d_R1.fastq.gz", size=1 << 20, state="going", reason="on its way to gncv://run/"),
        ),
        condition="each once it has stood still for 60 s",
    )
    async with drive(desk) as it:
        await it.press("5", "d")
        await it.sees("1 upload, 1.00 MiB, would go, each once it has stood still for 60 s")
        await it.sees("1 done, 1 on the way, 1 failed", "failed: it is damaged", "it went up to")


async def test_each_file_says_what_it_waits_for() -> None:
    desk = busy()
    desk.pending = (
        WatchedFile(
            rule_id=1,
            path="/data/run_0314/S12_R1.fastq.gz",
            size=1,
            mtime_ns=0,
            inode=1,
            state="waiting",
            reason="waits for R2",
            first_seen=ago(minutes=4),
        ),
    )
    async with drive(desk) as it:
        await it.press("5", "enter")
        await it.sees("Files that wait", "S12_R1.fastq.gz", "waits for R2 (seen 4 min ago)")


async def test_the_filter_is_about_the_log() -> None:
    async with drive(busy()) as it:
        await it.press("5", "slash")
        await it.type("verified")
        await it.until(lambda: "appeared" not in it.text, "only what matches")
        await it.sees("impute-vcf verified", "run_0314")


async def test_the_audit_log_is_shown_searched_and_exported() -> None:
    desk = busy()
    desk.audited = tuple(
        AuditEntry(
            id=n,
            time=ago(minutes=n),
            act="upload",
            outcome="done",
            who="lab@seq",
            profile="lab",
            remote=f"gncv://run/S{n}_R1.fastq.gz",
            checksum="crc32:abc",
        )
        for n in (1, 2)
    )
    async with drive(desk) as it:
        await it.press("5", "v")
        await it.sees("upload run/S1_R1", "S2_R1", "Audit log")
        await it.press("slash")
        await it.type("S2")
        await it.until(lambda: "S1_R1" not in it.text, "only what matches")
        await it.press("enter", "X")
        await it.until(lambda: desk.called("export_audit"), "an export")
        path, search = desk.called("export_audit")[0]
        assert path.name.startswith("gencove-audit-")
        assert search == "S2"


async def test_a_log_is_headed_by_its_name_and_says_what_was_there_already() -> None:
    desk = busy()
    skipped = AuditEntry(
        id=1,
        time=ago(days=400),
        act="upload",
        outcome="skipped",
        who="lab",
        profile="lab",
        remote="gncv://r/x",
    )
    desk.audited = (skipped,)
    async with drive(desk) as it:
        await it.press("5")
        await it.sees("Event ")
        await it.press("v")
        # The year of what is old is not cut off.
        await it.sees("Audit log", "= upload r/x", f"{skipped.time:%Y-%m-%d}")
        assert "Event " not in it.text


async def test_where_there_is_room_all_rules_are_in_view_by_their_whole_names() -> None:
    desk = busy()
    names = ("novaseq", "maize-2025-spring", "cattle", "miseq", "nextseq", "soy")
    desk.put(
        rules=tuple(RuleView(rule=structs.replace(RULE, id=n, name=name)) for n, name in enumerate(names))
    )
    async with drive(desk) as it:
        await it.press("5")
        await it.sees(*names, "Folder", "impute-vcf verified")


async def test_events_are_exported_as_the_filter_leaves_them() -> None:
    desk = busy()
    async with drive(desk) as it:
        await it.press("5", "slash")
        await it.type("verified")
        await it.press("enter", "X")
        await it.until(lambda: desk.called("export_events"), "an export")
        _, events = desk.called("export_events")[0]
        assert [event.id for event in events] == [2]


def held(number: int, client_id: str, reason: str) -> LoopSample:
    return LoopSample(
        id=number, rule_id=1, folder=GncvPath("gncv://run/"), client_id=client_id, state=LoopState.HELD,
        reason=reason, remedy="Look at its files.",
    )  # fmt: skip


@pytest.mark.parametrize("size", BOTH)
async def test_samples_that_need_you_are_released_one_by_one(size: tuple[int, int]) -> None:
    desk = busy()
    desk.held = (held(7, "S12", "its name is taken in the project"), held(9, "S13", "assigned elsewhere"))
    async with drive(desk, size) as it:
        await it.press("5", "a")
        await it.sees("S12", "S13", "its name is taken in the project", "Look at its files.", "Leave them")
        await it.press("j")
        await it.press("space", "enter")
        await it.sees("Release 1 sample")
        await it.press("enter")  # the safe answer has the keyboard
        await it.until(lambda: "Leave them" not in it.text, "the panes")
        assert not desk.called("release")
        await it.press("a", "asterisk", "enter", "right", "enter")
        await it.until(lambda: desk.called("release") == [((7, 9),)], "the release")
        await it.until(lambda: any("2 samples of" in toast for toast in it.toasts), "a word about it")


async def test_where_no_sample_needs_you_that_is_said() -> None:
    async with drive(busy()) as it:
        await it.press("5", "a")
        await it.until(lambda: any("needs you" in toast for toast in it.toasts), "a word about it")
