"""Following a project: what changed, at a cost in proportion to it."""

import pytest

from gencove_tui.api.changes import SampleFollower
from gencove_tui.api.errors import ApiProblem

from .conftest import project_id, until


@pytest.fixture
async def study(v2):
    return await project_id(v2, "Cardio")


def samples_asked(sandbox):
    return [r for r in sandbox.requests if "/project-samples/" in r.path]


async def test_nothing_changed_costs_one_small_request(v2, sandbox, study):
    follower = SampleFollower(v2, study)
    assert (await follower.look()).total == 24
    await follower.look()
    sandbox.requests.clear()
    assert (await follower.look()).samples == ()
    (asked,) = samples_asked(sandbox)
    assert "modified_after=" in asked.query


async def test_what_changed_comes_once(v2, sandbox, study):
    follower = SampleFollower(v2, study)
    await follower.look()
    some = (await v2.samples(study)).items[:3]
    with sandbox.state.lock:
        for sample in some:
            sandbox.state.touch(sandbox.state.sample(sample.id))
        new = sandbox.state.start_sample(sandbox.state.projects[study], "brand new")
    changed = (await follower.look()).samples
    assert {s.id for s in changed} == {*(s.id for s in some), new.id}
    again = (await follower.look()).samples
    assert {s.id for s in again} <= {new.id}  # it may have gone on since

    async def finished():
        found = [s for s in (await follower.look()).samples if s.id == new.id]
        return found and found[0].status in ("succeeded", "failed qc")

    await until(finished, "the new sample is reported as finished")


async def test_a_follower_carries_on_from_where_another_was(v2, sandbox, study):
    first = SampleFollower(v2, study)
    await first.look()
    sample = (await v2.samples(study)).items[0]
    with sandbox.state.lock:
        sandbox.state.touch(sandbox.state.sample(sample.id))
    second = SampleFollower(v2, study, since=first.since)
    assert sample.id in {s.id for s in (await second.look()).samples}
    assert second.since > first.since


async def test_a_problem_loses_nothing(v2, sandbox, study):
    follower = SampleFollower(v2, study)
    await follower.look()
    sample = (await v2.samples(study)).items[0]
    with sandbox.state.lock:
        sandbox.state.touch(sandbox.state.sample(sample.id))
    sandbox.faults.set("403")
    with pytest.raises(ApiProblem):
        await follower.look()
    sandbox.faults.clear()
    assert [s.id for s in (await follower.look()).samples] == [sample.id]


async def test_deleted_samples_show_in_the_count(v2, sandbox, study):
    follower = SampleFollower(v2, study, count_every=1)
    assert (await follower.look()).total == 24
    sample = (await v2.samples(study)).items[0]
    with sandbox.state.lock:
        sandbox.state.remove_samples([sandbox.state.sample(sample.id)])
    assert (await follower.look()).total == 23


async def test_an_empty_project_can_be_followed(v2, sandbox):
    empty = await project_id(v2, "New study")
    follower = SampleFollower(v2, empty)
    assert (await follower.look()).total == 0
    with sandbox.state.lock:
        sandbox.state.start_sample(sandbox.state.projects[empty], "first")
    assert [s.client_id for s in (await follower.look()).samples] == ["first"]


async def test_v1_compares_whole_lists(v1, sandbox):
    cohort = await project_id(v1, "Cardio")
    follower = SampleFollower(v1, cohort)
    assert (await follower.look()).total == 23
    assert (await follower.look()).samples == ()
    sample = (await v1.samples(cohort)).items[0]
    with sandbox.state.lock:
        sandbox.state.touch(sandbox.state.sample_by_number(int(sample.id)))
    assert [s.id for s in (await follower.look()).samples] == [sample.id]
