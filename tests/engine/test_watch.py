"""Watch rules at work: the right files, once each, and not before they stand still."""

import asyncio
import os
from pathlib import Path

import pytest

from gencove_tui.engine.watch import check_folder, scan_folder, wanted
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import GncvPath, TransferState, WatchRule
from tests.engine.conftest import running_engine
from tests.waiting import until

PLACE = GncvPath("gncv://lab/run/")


def rule(**changes):
    return WatchRule(id=1, folder="/run", destination=PLACE, **changes)


@pytest.mark.parametrize(
    ("relative", "reason"),
    [
        ("A_S1_L001_R1_001.fastq.gz", ""),
        ("sub/B_R2.fq.bgz", ""),
        ("A_S1_L001_I1_001.fastq.gz", "index"),
        ("Undetermined_S0_L001_R1_001.fastq.gz", "without a sample"),
        (".A_R1.fastq.gz.Xy12Zq", "hidden"),
        (".snapshot/A_R1.fastq.gz", "hidden"),
        ("a/\udcff_R1.fastq.gz", "gncv"),
        ("bad\x1bname_R1.fastq.gz", "gncv"),
    ],
)
def test_the_name_decides_what_is_taken(relative, reason):
    assert reason in wanted(rule(), relative)
    assert bool(wanted(rule(), relative)) is bool(reason)


def test_patterns_narrow_what_is_taken():
    only = rule(files=("good/*", "!*_R2*"))
    assert wanted(only, "good/A_R1.fastq.gz") == ""
    assert "include" in wanted(only, "other/A_R1.fastq.gz")
    assert "exclude" in wanted(only, "good/A_R2.fastq.gz")


def test_a_scan_finds_fastqs_and_survives_odd_entries(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("a_R1.fastq.gz", "deep/er/b_R1.fq.gz", "c.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling_R1.fastq.gz").symlink_to(tmp_path / "nowhere")
    raw = os.fsencode(tmp_path) + b"/\xff_R1.fastq.gz"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    found = {os.path.relpath(file.path, tmp_path) for file in scan_folder(str(tmp_path))}
    assert found == {"a_R1.fastq.gz", "deep/er/b_R1.fq.gz", "\udcff_R1.fastq.gz"}


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_a_folder_that_can_not_be_watched_is_said(tmp_path, kind):
    path = tmp_path / "x"
    if kind == "a file":
        path.write_text("")
    with pytest.raises(InputProblem, match="Can't watch"):
        check_folder(path)


async def test_new_files_go_up_once_and_a_restart_sends_nothing_again(settings, ledger, sandbox, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    number = ledger.rules.put(str(folder), PLACE, settle=0.2)
    async with running_engine(settings):
        pair = write_pair(folder, "NA12878", 1, 300, seed=1)
        await until(lambda: ledger.rules.counts(number).get("uploaded") == 2, "both uploads")
    for path in pair:
        assert sandbox.upload_bytes(PLACE + path.name) == path.read_bytes()
    sandbox.requests.clear()
    async with running_engine(settings):
        ledger.rules.put(str(folder), PLACE, settle=0.2)
        await until(lambda: ledger.rules.scanned(number), "a new look")
        late = write_pair(folder, "NA12891", 2, 100, seed=2)
        await until(lambda: ledger.rules.counts(number).get("uploaded") == 4, "the late ones")
    sent = {name for name in (*map(str, pair), *map(str, late)) if _was_sent(ledger, name)}
    assert sent == {*map(str, pair), *map(str, late)}
    assert sandbox.requests.count("PUT", port="s3") == 2
    assert ledger.transfers.count() == 4


def _was_sent(ledger, local_path):
    return any(
        t.local_path == local_path and t.state is TransferState.DONE for t in ledger.transfers.listing(100)
    )


async def test_a_growing_file_waits_until_it_stands_still(settings, ledger, sandbox, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    number = ledger.rules.put(str(folder), PLACE, settle=1.0)
    source = write_pair(tmp_path / "elsewhere", "NA12878", 1, 2000, seed=1)[0].read_bytes()
    path = folder / "NA12878_S1_L001_R1_001.fastq.gz"
    async with running_engine(settings):
        with path.open("wb") as file:
            for start in range(0, len(source), len(source) // 8 + 1):
                file.write(source[start : start + len(source) // 8 + 1])
                file.flush()
                await asyncio.sleep(0.3)  # the writer's own pace: slower than a look, quicker than settling
                assert ledger.transfers.count() == 0
        await until(lambda: ledger.rules.counts(number).get("uploaded") == 1, "the upload")
    assert sandbox.upload_bytes(PLACE + path.name) == source
    assert [t.state for t in ledger.transfers.listing(10)] == [TransferState.DONE]


async def test_a_broken_file_is_reported_and_taken_again_once_it_is_repaired(
    settings, ledger, sandbox, tmp_path
):
    folder = tmp_path / "run"
    good, other = write_pair(folder, "NA12878", 1, 300, seed=1)
    other.unlink()
    data = good.read_bytes()
    good.write_bytes(data[:-40])
    number = ledger.rules.put(str(folder), PLACE, settle=0.2)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(number).get("waiting") == 1, "the report")
        assert sandbox.upload_bytes(PLACE + good.name) is None
        good.write_bytes(data)
        await until(lambda: ledger.rules.counts(number).get("uploaded") == 1, "the repaired one")
    assert sandbox.upload_bytes(PLACE + good.name) == data


async def test_a_folder_that_vanishes_pauses_the_rule_and_forgets_nothing(
    settings, ledger, sandbox, tmp_path
):
    folder = tmp_path / "run"
    write_pair(folder, "NA12878", 1, 300, seed=1)
    number = ledger.rules.put(str(folder), PLACE, settle=0.2)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(number).get("uploaded") == 2, "both uploads")
    folder.rename(tmp_path / "unmounted")
    async with running_engine(settings):
        await until(lambda: ledger.rules.get(number).problem, "the notice")
        assert ledger.rules.counts(number) == {"uploaded": 2}
        (tmp_path / "unmounted").rename(folder)
        ledger.rules.put(str(folder), PLACE, settle=0.2)
        await until(lambda: ledger.rules.scanned(number), "a look")
    assert ledger.rules.get(number).problem == ""
    assert ledger.transfers.count() == 2


async def test_a_paused_rule_takes_nothing(settings, ledger, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    quiet = ledger.rules.put(str(folder), PLACE, settle=0)
    ledger.rules.set_active(quiet, False)
    loud = ledger.rules.put(str(folder), GncvPath("gncv://lab/loud/"), settle=0)
    write_pair(folder, "NA12878", 1, 100, seed=1)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(loud).get("uploaded") == 2, "the other rule")
    assert ledger.rules.counts(quiet) == {}
