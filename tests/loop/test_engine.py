"""The loop inside a running engine: what wakes it, and what doesn't stop it."""

import json
import sys

import pytest

from gencove_tui.api.webhooks import Event as Delivery
from gencove_tui.api.webhooks import EventSample
from gencove_tui.cli.webhook import note
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import LoopState
from tests.engine.conftest import running_engine
from tests.loop.conftest import PLACE, PROJECT, put_rule, samples_of, sandbox_project
from tests.waiting import until


@pytest.fixture
def dialect():
    return "v2"


def reached(ledger, rule, state, number=1):
    return lambda: ledger.loop.counts(rule).get(state, 0) == number


def kinds(ledger, rule):
    return [event.kind for event in reversed(ledger.events.newest(500)) if event.rule_id == rule]


async def test_a_webhook_brings_results_without_waiting_for_the_next_look(
    settings, ledger, sandbox, rule, rule_wants, project, environment, tmp_path
):
    from pathlib import Path

    from gencove_tui.config import HOME_VARIABLE, resolve

    config = Path(environment[HOME_VARIABLE]) / "config" / "config.toml"
    config.write_text(config.read_text().replace("poll_seconds = 1", "poll_seconds = 3600"))
    rule_wants(project=project, deliver=("impute-vcf",))
    write_pair(tmp_path / "run", "A", 1, 200, seed=1)
    async with running_engine(resolve(environment=environment)):
        await until(reached(ledger, rule, LoopState.ANALYSING), "the assignment")
        (theirs,) = samples_of(sandbox, "A")
        await until(lambda: theirs.is_finished, "the analysis")
        assert ledger.loop.counts(rule) == {LoopState.ANALYSING: 1}
        delivery = Delivery(
            type="analysis_complete_v2", id="e1", project_id=project, samples=(EventSample(id=theirs.id),)
        )
        note(ledger, (delivery,))
        await until(reached(ledger, rule, LoopState.DELIVERED), "the delivery")


async def test_a_trouble_is_shown_and_told_once_and_ends_by_itself(
    settings, ledger, sandbox, rule, rule_wants, project, tmp_path
):
    trio = sandbox_project(sandbox)
    capability, trio.capability_id = trio.capability_id, None
    rule_wants(project=project)
    write_pair(tmp_path / "run", "A", 1, 200, seed=1)
    async with running_engine(settings):
        await until(lambda: ledger.loop.rule(rule).problem, "the trouble")
        assert "configuration must be set" in ledger.loop.rule(rule).problem
        trio.capability_id = capability
        await until(reached(ledger, rule, LoopState.FINISHED), "the end of the analysis")
    assert ledger.loop.rule(rule).problem == ""
    told = kinds(ledger, rule)
    assert told.count("rule.problem") == 1
    assert told.count("rule.recovered") == 1
    assert len(samples_of(sandbox, "A")) == 1


async def test_one_rules_trouble_leaves_another_rule_alone(
    settings, ledger, sandbox, rule, rule_wants, project, tmp_path
):
    rule_wants(project=project)
    (tmp_path / "other").mkdir()
    gone = "6a1cf4d7-0000-4000-8000-000000000000"
    lost = put_rule(ledger, tmp_path / "other", PLACE + "other/", project=gone)
    write_pair(tmp_path / "run", "A", 1, 200, seed=1)
    write_pair(tmp_path / "other", "B", 1, 200, seed=1)
    async with running_engine(settings):
        await until(reached(ledger, rule, LoopState.FINISHED), "the good rule's sample")
        await until(lambda: ledger.loop.rule(lost).problem, "the other's trouble")
    assert gone in ledger.loop.rule(lost).problem
    assert "project" in ledger.loop.rule(lost).remedy
    assert ledger.loop.rule(rule).problem == ""
    assert not samples_of(sandbox, "B")


async def test_what_a_rule_has_begun_is_ended_when_it_is_taken_away(
    settings, ledger, sandbox, rule, rule_wants, project, tmp_path
):
    rule_wants(project=project)
    write_pair(tmp_path / "run", "A", 1, 200, seed=1)
    sandbox.faults.set("s3-500")
    async with running_engine(settings):
        await until(lambda: ledger.transfers.unfinished_for_rule(rule) == 2, "the uploads to be queued")
        ledger.rules.retire(rule)
        sandbox.faults.clear()
        await until(reached(ledger, rule, LoopState.FINISHED), "the sample")
    assert len(samples_of(sandbox, "A")) == 1


async def test_a_paused_rule_assigns_nothing(settings, ledger, sandbox, rule, rule_wants, project, tmp_path):
    rule_wants()
    write_pair(tmp_path / "run", "A", 1, 200, seed=1)
    async with running_engine(settings):
        await until(reached(ledger, rule, LoopState.UPLOADED), "the uploads")
    rule_wants(project=project)
    ledger.rules.set_active(rule, False)
    (sample,) = ledger.loop.samples(rule)
    ledger.loop.move([sample.id], LoopState.READY)
    (tmp_path / "other").mkdir()
    busy = put_rule(ledger, tmp_path / "other", PLACE + "other/", project=project)
    write_pair(tmp_path / "other", "B", 1, 200, seed=2)
    async with running_engine(settings):
        await until(reached(ledger, busy, LoopState.FINISHED), "the other rule's sample")
        assert ledger.loop.counts(rule) == {LoopState.READY: 1}
    assert not samples_of(sandbox, "A")
    assert len(samples_of(sandbox, "B")) == 1


@pytest.mark.parametrize("dialect", ["v1"])
async def test_v1_goes_to_the_dashboard_and_on_from_there(
    settings, ledger, sandbox, rule, rule_wants, project, tmp_path
):
    rule_wants(project=project, deliver=("vcf",))
    for name, seed in (("A", 1), ("B", 2)):
        write_pair(tmp_path / "run", name, seed, 200, seed=seed)
    async with running_engine(settings):
        await until(reached(ledger, rule, LoopState.TO_ASSIGN, 2), "the notice")
        sandbox.assign(PROJECT, PLACE)
        await until(reached(ledger, rule, LoopState.DELIVERED, 2), "the delivery")
    assert kinds(ledger, rule).count("rule.to_assign") == 1
    assert len(list((tmp_path / "results").rglob("*.vcf.gz"))) == 2


async def test_the_rules_hook_hears_of_the_whole_way(
    settings, ledger, sandbox, rule, rule_wants, project, tmp_path
):
    out = tmp_path / "out"
    script = tmp_path / "hook.py"
    script.write_text(f"import sys; open({str(out)!r}, 'a').write(sys.stdin.read() + '\\n')")
    rule_wants(project=project, deliver=("impute-vcf",), hook=(sys.executable, str(script)))
    write_pair(tmp_path / "run", "A", 1, 200, seed=1)
    async with running_engine(settings):
        await until(lambda: out.exists() and "sample.delivered" in out.read_text(), "the last event")
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert [event["event"] for event in told] == ["sample.assigned", "sample.results", "sample.delivered"]
    assert {event["data"]["sample_id"] for event in told} == {samples_of(sandbox, "A")[0].id}
