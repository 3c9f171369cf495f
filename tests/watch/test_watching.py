"""Rules at work in an engine of the test's own: what they wait for, hold, join, and tell once."""

import gzip
import os
import shutil

from gencove_tui.config import HOME_VARIABLE, put_rule, resolve
from gencove_tui.engine.watch import watchers
from gencove_tui.engine.watch.folder_lock import TAKEN, FolderLock
from gencove_tui.engine.watch.words import state_in_words
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import GncvPath
from gencove_tui.store.database import LedgerProblem
from gencove_tui.store.ledger import Ledger
from tests.engine.conftest import running_engine
from tests.waiting import until
from tests.watch.conftest import PLACE, RUN, SEEN_AT, terms


def put(ledger, folder, **changes):
    return ledger.rules.put_terms(terms(folder, **changes))


def told(ledger, kind):
    return [event.message for event in ledger.events.newest(1000) if event.kind == kind]


async def test_a_rule_in_config_toml_begins_changes_and_ends_without_a_restart(
    settings, ledger, sandbox, folder
):
    config = settings.where.config_file
    write_pair(folder, "NA1", 1, 50, seed=1)
    async with running_engine(settings):
        put_rule(config, settings.profile, "lab", terms(folder, files=("*_R1_*",)))
        rule = await until(lambda: ledger.rules.named("lab"), "the rule")
        await until(lambda: ledger.rules.counts(rule.id).get("uploaded") == 1, "R1")
        put_rule(config, settings.profile, "lab", terms(folder))
        await until(lambda: ledger.rules.counts(rule.id).get("uploaded") == 2, "R2 as well")
        good = config.read_text()
        config.write_text(good + "\n[broken")
        await until(lambda: "stay as they were" in ledger.engine.read().notice, "the notice")
        assert ledger.rules.named("lab")
        config.write_text(good.split("[profiles.default.watch")[0])
        await until(lambda: not ledger.rules.all(), "the end")
        await until(lambda: "stay as they were" not in ledger.engine.read().notice, "no notice")


async def test_a_file_that_is_empty_for_a_moment_ends_no_rule(settings, ledger, folder, monkeypatch):
    monkeypatch.setattr(watchers, "_CONFIG_SECONDS", 0.05)
    config = settings.where.config_file
    put_rule(config, settings.profile, "lab", terms(folder))
    whole = config.read_text()
    async with running_engine(settings):
        rule = await until(lambda: ledger.rules.named("lab"), "the rule")
        await until(lambda: ledger.rules.scanned(rule.id), "a look")
        config.write_text("")  # as an editor does before it writes
        looks = []
        read = watchers.rules_of
        monkeypatch.setattr(watchers, "rules_of", lambda *given: looks.append(1) or read(*given))
        await until(lambda: len(looks) > 2, "that it was seen")
        assert ledger.rules.named("lab")
        config.write_text(whole)
        monkeypatch.setattr(watchers, "_GONE_SECONDS", 0.1)
        config.write_text("")
        await until(lambda: ledger.rules.named("lab") is None, "the end")
    (word,) = told(ledger, "watch.removed")
    assert "lab was taken out" in word


async def test_a_run_folder_waits_for_its_marker(settings, ledger, sandbox, folder):
    inner = folder / RUN
    pair = write_pair(inner, "NA1", 1, 50, seed=1)
    rule = put(ledger, folder, destination=GncvPath("gncv://{run}/"))
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"waiting": 2}, "the wait")
        assert "marker" in ledger.rules.pending(rule)[0].reason
        (inner / "Logs").mkdir()
        (inner / "Logs" / "FastqComplete.txt").touch()
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the upload")
    for path in pair:
        assert sandbox.upload_bytes(f"gncv://{RUN}/{path.name}") == path.read_bytes()


async def test_lanes_go_up_as_one_file_per_read(settings, ledger, sandbox, folder):
    first = write_pair(folder, "A", 1, 300, seed=1, lane=1)
    second = write_pair(folder, "A", 1, 200, seed=2, lane=2)
    rule = put(ledger, folder, merge_lanes=True)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 4}, "the upload")
        late = write_pair(folder, "A", 1, 100, seed=3, lane=3)
        await until(lambda: ledger.rules.counts(rule).get("held") == 2, "the hold")
    for read in (0, 1):
        whole = sandbox.upload_bytes(f"{PLACE}A_R{read + 1}.fastq.gz")
        assert whole == first[read].read_bytes() + second[read].read_bytes()
        assert gzip.decompress(whole).count(b"\n") == 4 * 500
    assert ledger.transfers.count() == 2
    assert "went up before" in ledger.rules.files(rule)[str(late[0])].reason


async def test_mates_that_do_not_belong_together_never_stand_there_as_a_pair(
    settings, ledger, sandbox, folder
):
    _, r2 = write_pair(folder, "A", 1, 300, seed=1)
    good = r2.read_bytes()
    r2.unlink()
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 1}, "R1")
        other = write_pair(folder.parent / "other", "A", 1, 200, seed=1)[1]
        shutil.copy(other, r2)
        await until(lambda: ledger.rules.counts(rule).get("failed") == 1, "the refusal")
        assert sandbox.upload_bytes(PLACE + r2.name) is None
        assert "no mates" in next(t.problem for t in ledger.transfers.listing(9) if t.problem)
        r2.write_bytes(good)
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the right one")
    assert sandbox.upload_bytes(PLACE + r2.name) == good


async def test_a_collision_is_told_once_and_the_mapping_can_be_adopted(settings, ledger, sandbox, folder):
    write_pair(folder, "P1_A01", 1, 50, seed=1)
    write_pair(folder, "P1_A02", 2, 50, seed=2)
    write_pair(folder, "Q", 3, 50, seed=3)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"held": 4, "uploaded": 2}, "the hold")
        assert "4 need you" in state_in_words(ledger, ledger.rules.get(rule), SEEN_AT)
        assert put(ledger, folder, hyphens=True) == rule
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 6}, "the rest")
    assert len(told(ledger, "watch.held")) == 1
    assert sandbox.upload_bytes(f"{PLACE}P1-A02_S2_L001_R1_001.fastq.gz")


async def test_a_lone_mate_shows_in_the_state_and_holds_up_nobody(settings, ledger, folder):
    write_pair(folder, "S12", 1, 50, seed=1)[1].unlink()
    write_pair(folder, "Q", 2, 50, seed=2)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 3}, "the uploads")
        status = await until(
            lambda: ledger.rules.status(rule).lone and ledger.rules.status(rule), "the state"
        )
    assert [(mate.sample, mate.missing) for mate in status.lone] == [("S12", "R2")]
    assert "waiting for R2 of S12" in state_in_words(ledger, ledger.rules.get(rule), status.lone[0].since)


async def test_a_folder_that_can_not_be_read_is_told_once_and_the_rest_goes_up(
    settings, ledger, folder, monkeypatch
):
    write_pair(folder, "A", 1, 50, seed=1)
    (folder / "closed").mkdir()
    scandir = os.scandir

    def guarded(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("gencove_tui.engine.watch.look.os.scandir", guarded)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")
        await until(lambda: told(ledger, "watch.notice"), "the notice")
    async with running_engine(settings):
        put(ledger, folder)
        await until(lambda: ledger.rules.scanned(rule), "a look")
    assert told(ledger, "watch.notice") == ["can't look into closed: Permission denied"]


async def test_a_sheet_that_disagrees_is_told(settings, ledger, folder):
    write_pair(folder, "A", 1, 50, seed=1)
    write_pair(folder, "X", 2, 50, seed=2)
    (folder / "SampleSheet.csv").write_text("[Data]\nSample_ID,index\nA,ACGT\nB,ACGT\n")
    rule = put(ledger, folder)
    async with running_engine(settings):
        notices = await until(lambda: ledger.rules.status(rule).notices, "the notices")
    assert notices == ("SampleSheet.csv: no files for B", "SampleSheet.csv has no row for X")


async def test_a_map_file_is_followed(settings, ledger, sandbox, folder):
    one, two = write_pair(folder, "A", 1, 50, seed=1)
    other = write_pair(folder, "B", 2, 50, seed=2)[0]
    (folder / "x.fastq-map.csv").write_text(
        f"client_id,r_notation,path\nX7,R1,{one.name}\nX7,R2,{two.name}\n"
    )
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2, "ignored": 2}, "the uploads")
    assert sandbox.upload_bytes(f"{PLACE}X7_R2.fastq.gz") == two.read_bytes()
    assert "does not name it" in ledger.rules.files(rule)[str(other)].reason


async def test_an_emptied_folder_pauses_the_rule_until_it_is_back(settings, ledger, folder):
    write_pair(folder, "A", 1, 50, seed=1)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")
    away = folder.rename(folder.parent / "away")
    folder.mkdir()
    async with running_engine(settings):
        await until(lambda: "empty" in ledger.rules.get(rule).problem, "the problem")
        folder.rmdir()
        away.rename(folder)
        put(ledger, folder)
        await until(lambda: ledger.rules.scanned(rule), "a look")
    assert ledger.rules.counts(rule) == {"uploaded": 2}
    assert ledger.transfers.count() == 2
    assert len(told(ledger, "watch.problem")) == 1


async def test_a_folder_that_is_not_there_and_a_file_that_is_left_out_are_named(settings, ledger, folder):
    folder.rmdir()
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.get(rule).problem == "the folder isn't there", "the problem")
        folder.mkdir()
        (folder / "E_R1.fastq.gz").touch()
        put(ledger, folder)
        await until(lambda: told(ledger, "watch.left_out"), "the file that is left out")
    assert told(ledger, "watch.left_out") == ["E_R1.fastq.gz is left out: it is empty"]
    assert [(file.path, file.reason) for file in ledger.rules.ignored(rule)] == [
        (str(folder / "E_R1.fastq.gz"), "it is empty")
    ]


async def test_another_engines_folder_is_left_to_it(settings, ledger, folder):
    write_pair(folder, "A", 1, 50, seed=1)
    theirs = FolderLock(str(folder), settings.where.state / "elsewhere")
    assert theirs.take()
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.get(rule).problem == TAKEN, "the refusal")
        assert ledger.rules.counts(rule) == {}
    theirs.release()
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")


async def test_an_engine_of_another_host_is_seen_by_what_it_uploaded(
    settings, ledger, environment, folder, tmp_path
):
    write_pair(folder, "A", 1, 50, seed=1)
    rule = put(ledger, folder)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")
        assert ledger.rules.status(rule).notices == ()
    shutil.copytree(settings.where.config_file.parent, tmp_path / "host2" / "config")
    theirs = resolve(environment={**environment, HOME_VARIABLE: str(tmp_path / "host2")})
    with Ledger(theirs.state_folder) as other:
        second = put(other, folder)
        async with running_engine(theirs):
            await until(lambda: other.rules.counts(second) == {"uploaded": 2}, "the files found there")
            await until(lambda: told(other, "watch.notice"), "the word")
        (word,) = told(other, "watch.notice")
    assert "another engine" in word


async def test_a_full_disk_under_the_ledger_loses_no_file(settings, ledger, folder, monkeypatch):
    write_pair(folder, "A", 1, 50, seed=1)
    rule = put(ledger, folder)
    full = [0]
    put_files = type(ledger.rules).put_files

    def failing(self, files):
        files = list(files)
        if files and full[0] < 3:
            full[0] += 1
            raise LedgerProblem("Can't use ledger.db", "database or disk is full")
        put_files(self, files)

    monkeypatch.setattr(type(ledger.rules), "put_files", failing)
    async with running_engine(settings):
        await until(lambda: ledger.rules.counts(rule) == {"uploaded": 2}, "the uploads")
    assert full[0] == 3
    assert ledger.transfers.count() == 2
