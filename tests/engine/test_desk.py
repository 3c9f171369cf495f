"""The desk as screens use it, on the sandbox in both dialects."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from gencove_tui.api.errors import Unsupported
from gencove_tui.cli.link import linker
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.locks import engine_lives
from gencove_tui.engine.views import Online
from gencove_tui.errors import InputProblem
from gencove_tui.model import GncvPath, TransferState, Wish
from tests.dialects import both_dialects
from tests.waiting import until


@pytest.fixture
async def desk(settings):
    opened = LocalDesk(settings, linker(settings))
    yield opened
    await opened.stop_engine()
    await opened.aclose()


async def results(desk):
    """A finished sample with its deliverables."""
    for project in (await desk.projects()).page.items:
        for row in (await desk.samples(project.id)).page.items:
            if row.status == "succeeded" and row.archive_status != "archived":
                sample = await desk.sample(project.id, row.id)
                if sample.deliverables:
                    return sample
    raise AssertionError("no finished sample")


@both_dialects
async def test_connecting_tells_who_and_what(desk, dialect, sandbox):
    connection = await desk.connect()
    assert (connection.state, connection.dialect) == (Online.ONLINE, dialect)
    assert connection.host == sandbox.host
    assert (connection.organization is not None) is (dialect == "v2")


@both_dialects
async def test_a_revoked_key_shows_as_rejected_and_says_what_to_do(desk, sandbox):
    sandbox.revoke_key()
    connection = await desk.connect()
    assert connection.state is Online.REJECTED
    assert "gencove-tui login" in connection.remedy


@both_dialects
async def test_maintenance_shows_as_such_and_ends_by_itself(desk, sandbox):
    sandbox.faults.set("maintenance")
    assert (await desk.connect()).state is Online.MAINTENANCE
    assert "maintenance" in desk.connection.problem
    sandbox.faults.clear()
    assert (await desk.connect()).state is Online.ONLINE
    assert desk.connection.problem == ""


@both_dialects
async def test_lists_are_cached_for_the_next_start(desk, settings):
    live = await desk.projects()
    samples = await desk.samples(live.page.items[1].id)
    again = LocalDesk(settings, linker(settings))
    cached = again.cached_projects()
    assert cached.stale
    assert [p.name for p in cached.page.items] == [p.name for p in live.page.items]
    assert again.cached_samples(live.page.items[1].id).page.items == samples.page.items
    await again.aclose()


@both_dialects
async def test_projects_are_known_by_name_once_they_were_seen(desk, settings):
    first = (await desk.projects()).page.items[0]
    assert desk.project_name(first.id) == first.name
    assert desk.project_name("nobody") == ""
    again = LocalDesk(settings, linker(settings))
    assert again.project_name(first.id) == first.name  # from the list that is kept
    await again.aclose()


@both_dialects
async def test_the_kinds_of_results_are_known_where_the_api_lists_them(desk, dialect):
    if dialect == "v1":
        with pytest.raises(Unsupported):
            await desk.file_types()
    else:
        assert {"impute-vcf", "qc", "metadata"} <= set(await desk.file_types())


async def test_a_result_is_downloaded_by_an_engine_process_of_its_own(desk, settings):
    sample = await results(desk)
    plan = desk.plan_downloads([(sample, sample.deliverables[:2])])
    await desk.ensure_engine()
    ids = await desk.queue_downloads(plan)
    await until(
        lambda: {t.state for t in desk.snapshot().transfers if t.id in ids} == {TransferState.DONE},
        "the downloads",
    )
    for planned in plan:
        assert planned.target.is_relative_to(settings.download_folder)
        assert planned.target.exists()
    assert desk.snapshot().totals.done == 2


@both_dialects
async def test_a_file_is_uploaded_and_shows_in_the_upload_area(desk, fastq_pair):
    place = GncvPath("gncv://lab/run-7/")
    plan = await desk.plan_uploads([fastq_pair[0].parent], place)
    ids = await desk.queue_uploads(plan)
    assert len(ids) == 2
    again = await desk.plan_uploads([fastq_pair[0].parent], place)
    assert all("queue" in planned.obstacle for planned in again)
    await desk.ensure_engine()
    await until(lambda: desk.snapshot().totals.done == 2, "the uploads")
    shown = {upload.path for upload in (await desk.uploads()).page.items}
    assert {place + path.name for path in fastq_pair} <= shown


async def test_without_an_engine_nothing_seems_to_move(desk, settings, sandbox, tmp_path):
    from tests.files import large

    sandbox.faults.set("s3-rate=1M")
    path = large(tmp_path, 40 << 20, seed=1)
    await desk.queue_uploads(await desk.plan_uploads([path], GncvPath("gncv://lab/")))
    state = await desk.ensure_engine()
    await until(lambda: desk.snapshot().totals.up_rate > 0, "a rate")
    os.kill(state.pid, signal.SIGKILL)
    await until(lambda: not engine_lives(settings.state_folder), "the engine's end")
    assert desk.changed()
    shown = desk.snapshot()
    assert not shown.engine.alive
    assert (shown.totals.running, shown.totals.queued, shown.totals.up_rate) == (0, 1, 0)
    sandbox.faults.clear()
    await desk.ensure_engine()
    await until(lambda: desk.snapshot().totals.done == 1, "the rest")
    assert sandbox.upload_bytes(f"gncv://lab/{path.name}") == path.read_bytes()


async def test_two_screens_see_the_same_and_start_one_engine(desk, settings, fastq_pair):
    other = LocalDesk(settings, linker(settings))
    one, two = await asyncio.gather(desk.ensure_engine(), other.ensure_engine())
    assert one.pid == two.pid
    (transfer,) = await other.queue_uploads(await other.plan_uploads([fastq_pair[0]], GncvPath("gncv://a/")))
    await desk.wish([transfer], Wish.PAUSE)
    for view in (desk, other):
        await until(
            lambda view=view: (
                view.snapshot().transfers[0].state in (TransferState.PAUSED, TransferState.DONE)
            ),
            "both to see it",
        )
    await other.aclose()


async def test_an_unwritable_download_folder_is_said_before_anything_is_queued(desk, tmp_path):
    sample = await results(desk)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(InputProblem, match="Can't download to"):
        await desk.queue_downloads(desk.plan_downloads([(sample, sample.deliverables)], Path(blocked)))
    assert desk.snapshot().transfers == ()


async def test_an_engine_waits_for_a_host_that_can_not_be_reached(settings, sandbox, fastq_pair):
    """The host's dialect is not known and nobody answers: it keeps trying and leaves when asked to."""
    import msgspec

    from gencove_tui.engine.core import Engine

    lost = msgspec.structs.replace(settings, host="http://127.0.0.1:9", dialect=None)
    engine = Engine(lost, linker(lost))
    task = asyncio.create_task(engine.run())
    await until(lambda: engine_lives(lost.state_folder), "the engine")
    assert not task.done()
    engine.stop()
    await asyncio.wait_for(task, 20)
    assert not engine_lives(lost.state_folder)


@both_dialects
async def test_samples_of_any_project_that_was_open_are_found_by_their_words(desk):
    projects = (await desk.projects()).page.items
    wanted = [(p, (await desk.samples(p.id)).page.items) for p in projects]
    project, samples = next((p, found) for p, found in wanted if found)
    name = samples[0].client_id
    assert (project, samples[0]) in desk.samples_seen([name.casefold()], 99)
    assert desk.samples_seen(["no such sample"], 99) == ()
    assert len(desk.samples_seen(["c"], 1)) == 1


async def test_an_engine_whose_process_lingers_has_stopped_all_the_same(settings, monkeypatch):
    def wait(seconds):
        raise subprocess.TimeoutExpired("engine", seconds)

    opened = LocalDesk(settings, linker(settings))
    monkeypatch.setattr(opened, "_engine", SimpleNamespace(wait=wait))
    await opened.stop_engine()
    await opened.aclose()
