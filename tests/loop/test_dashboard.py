"""v1: a person assigns in the dashboard; the loop says what, and notices."""

import pytest

from gencove_tui.engine.loop.collect import collect
from gencove_tui.engine.loop.dashboard import Dashboard, tell_uploaded
from gencove_tui.model import LoopState, TransferState
from tests.loop.conftest import PLACE, PROJECT, arrived, put_rule, sandbox_project, uploaded
from tests.loop.test_assign import on_disk


@pytest.fixture
def dialect():
    return "v1"


@pytest.fixture
def dashboard(work, rule, wants, project):
    return Dashboard(work, rule, wants(project_id=project))


def notices(ledger):
    return [event for event in ledger.events.newest(50) if event.kind == "rule.to_assign"]


async def test_a_batch_is_told_once_and_recognised_when_it_appears(dashboard, ledger, sandbox, rule, project):
    numbers = [uploaded(sandbox, ledger, rule, name) for name in ("A", "B")]
    for _ in range(3):
        await dashboard.step()
    (notice,) = notices(ledger)
    assert "assign 2 samples in gncv://lab/run/ to project" in notice.message
    assert notice.data["client_ids"] == ["A", "B"]
    assert ledger.loop.counts(rule) == {LoopState.TO_ASSIGN: 2}
    made = sandbox.assign(PROJECT, PLACE)
    assert await dashboard.step() == 2
    assert {ledger.loop.get(n).sample_id for n in numbers} == {str(sample.number) for sample in made}
    assert ledger.loop.counts(rule) == {LoopState.ANALYSING: 2}
    assert {e.sample_id for e in ledger.audit.entries()} == {str(sample.number) for sample in made}


async def test_samples_of_that_name_that_were_there_before_are_not_ours(dashboard, ledger, sandbox, rule):
    with sandbox.state.lock:
        sandbox.state.start_sample(sandbox_project(sandbox), "A")
    number = uploaded(sandbox, ledger, rule, "A")
    for _ in range(3):
        await dashboard.step()
    assert ledger.loop.get(number).state is LoopState.TO_ASSIGN
    made = sandbox.assign(PROJECT, PLACE)
    await dashboard.step()
    assert ledger.loop.get(number).sample_id == str(made[0].number)


async def test_somebody_who_assigns_before_being_asked_is_noticed(
    dashboard, ledger, sandbox, rule, wants, project
):
    number = uploaded(sandbox, ledger, rule, "A", reads=("R1",), state=LoopState.COLLECTING)
    assert dashboard.open()
    await dashboard.step()
    assert not dashboard.open()
    ledger.loop.put_file(number, arrived(sandbox, PLACE + "A_R2.fastq.gz", "R2"))
    collect(ledger, rule, wants(project_id=project))
    sandbox.assign(PROJECT, PLACE)
    await dashboard.step()
    assert ledger.loop.get(number).state is LoopState.ANALYSING
    assert notices(ledger) == []


async def test_two_samples_of_one_name_are_two(dashboard, ledger, sandbox, rule):
    first = uploaded(sandbox, ledger, rule, "A")
    second = uploaded(sandbox, ledger, rule, "A", folder=PLACE + "again/")
    await dashboard.step()
    assert len(notices(ledger)) == 2
    sandbox.assign(PROJECT, PLACE)
    await dashboard.step()
    found = {ledger.loop.get(n).sample_id for n in (first, second)}
    assert len(found) == 2
    assert "" not in found


async def test_a_growing_batch_is_told_when_it_is_complete(dashboard, ledger, sandbox, rule):
    uploaded(sandbox, ledger, rule, "A")
    on_its_way = ledger.transfers.add_upload("/run/B_R1.fastq.gz", PLACE + "B_R1.fastq.gz", 10, rule_id=rule)
    await dashboard.step()
    assert notices(ledger) == []
    ledger.transfers.set_state(on_its_way, TransferState.DONE)
    await dashboard.step()
    assert len(notices(ledger)) == 1


def test_a_rule_without_a_project_says_once_for_a_batch_what_to_assign(ledger, sandbox, rule):
    for name in ("A", "B"):
        uploaded(sandbox, ledger, rule, name, state=LoopState.UPLOADED)
    on_its_way = ledger.transfers.add_upload("/run/C_R1.fastq.gz", PLACE + "C_R1.fastq.gz", 10, rule_id=rule)
    tell_uploaded(ledger, rule)
    assert notices(ledger) == []
    ledger.transfers.set_state(on_its_way, TransferState.DONE)
    for _ in range(2):
        tell_uploaded(ledger, rule)
    (notice,) = notices(ledger)
    assert "assign 2 samples in gncv://lab/run/ to a project: A, B" in notice.message
    assert all("dashboard" in sample.reason for sample in ledger.loop.samples(rule))
    uploaded(sandbox, ledger, rule, "C", state=LoopState.UPLOADED)
    tell_uploaded(ledger, rule)
    assert len(notices(ledger)) == 2


async def test_what_two_rules_send_is_asked_for_once(
    dashboard, work, wants, ledger, sandbox, rule, project, tmp_path
):
    put_rule(ledger, tmp_path / "run", project=project)
    other = put_rule(ledger, tmp_path / "run" / "sub", PLACE + "sub/", project=project)
    ours = uploaded(sandbox, ledger, rule, "A")
    theirs = uploaded(sandbox, ledger, other, "A", folder=PLACE + "sub/")
    for read in ("R1", "R2"):
        for owner, number in ((rule, ours), (other, theirs)):
            on_disk(ledger, owner, number, f"{tmp_path}/run/sub/A_{read}.fastq.gz", read)
    second = Dashboard(work, other, wants(project_id=project))
    for _ in range(2):
        for each in (dashboard, second):
            await each.step()
    assert len(notices(ledger)) == 1
    made = sandbox.assign(PROJECT, PLACE)[0]
    for each in (second, dashboard, second):
        await each.step()
    assert {ledger.loop.get(n).sample_id for n in (ours, theirs)} == {str(made.number)}
