"""What look after look means: days, joined lanes, map files; without an engine."""

from datetime import UTC, datetime, timedelta

import pytest

from gencove_tui.engine.watch.look import look_through
from gencove_tui.engine.watch.sorting import Sorter
from gencove_tui.model import GncvPath, WatchedFile, WatchRule
from tests.watch.conftest import terms

NIGHT = datetime(2026, 3, 14, 23, 59, tzinfo=UTC).astimezone()


@pytest.fixture
def look(folder):
    """Sorts what is in the folder, and remembers it as the watcher does: ``look(wall=…, **terms)``."""
    known = {}
    sorters = {}
    clock = [0.0]

    def sort(wall=NIGHT, looks=3, **changes):
        made = terms(folder, settle=0, network_settle=0, **changes)
        sorter = sorters.setdefault(
            repr(made), Sorter(WatchRule(id=1, **{n: getattr(made, n) for n in made.__struct_fields__}))
        )
        verdicts = []
        for _ in range(looks):
            clock[0] += 1.0
            now = clock[0]
            verdicts, _ = sorter.sort(look_through(str(folder)), known, 0.0, now, wall)
            for verdict in verdicts:
                for file in verdict.files:
                    before = known.get(file.path)
                    known[file.path] = WatchedFile(
                        rule_id=1,
                        path=file.path,
                        size=file.size,
                        mtime_ns=file.mtime_ns,
                        inode=file.inode,
                        ctime_ns=file.ctime_ns,
                        state="queued" if verdict.remote else verdict.state,
                        reason=verdict.reason,
                        remedy=verdict.remedy,
                        first_seen=before.first_seen if before else wall,
                    )
        return sorter, {v.files[0].path.rsplit("/", 1)[-1]: v for v in verdicts}, known

    return sort


def write(folder, *names, content=b"x"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_a_mate_that_comes_the_next_day_goes_to_the_day_of_its_sample(folder, look):
    place = GncvPath("gncv://{date}/")
    write(folder, "A_R1.fastq.gz", "B_R1.fastq.gz")
    _, first, _ = look(destination=place)
    (folder / "B_R1.fastq.gz").unlink()
    write(folder, "A_R2.fastq.gz", "B_R2.fastq.gz", "C_R1.fastq.gz")
    _, second, _ = look(destination=place, wall=NIGHT + timedelta(days=1))
    before = {name: GncvPath(verdict.remote).folder for name, verdict in first.items()}
    after = {name: GncvPath(verdict.remote).folder for name, verdict in second.items()}
    assert after["A_R2.fastq.gz"] == before["A_R1.fastq.gz"]
    assert after["B_R2.fastq.gz"] == before["B_R1.fastq.gz"]
    assert after["C_R1.fastq.gz"] != before["A_R1.fastq.gz"]


def test_neither_read_is_joined_while_a_lane_is_empty(folder, look):
    names = [f"A_S1_L00{lane}_R{read}_001.fastq.gz" for lane in (1, 2) for read in (1, 2)]
    write(folder, *names)
    write(folder, names[2], content=b"")
    _, _, known = look(merge_lanes=True, looks=5)
    states = {path.rsplit("/", 1)[-1]: (file.state, file.reason) for path, file in known.items()}
    assert [states[name][0] for name in names] == ["waiting", "waiting", "ignored", "waiting"]
    assert names[2] in states[names[1]][1]
    write(folder, names[2])
    _, _, known = look(merge_lanes=True)
    assert {file.state for file in known.values()} == {"queued"}


def test_a_lane_that_comes_too_late_is_held_with_a_way_out(folder, look):
    write(folder, "A_S1_L001_R1_001.fastq.gz", "A_S1_L001_R2_001.fastq.gz")
    look()
    write(folder, "A_S1_L002_R1_001.fastq.gz", "A_S1_L002_R2_001.fastq.gz")
    _, _, known = look(merge_lanes=True)
    late = known[str(folder / "A_S1_L002_R1_001.fastq.gz")]
    assert late.state == "held"
    assert "touch" in late.remedy
    for name in ("A_S1_L001_R1_001.fastq.gz", "A_S1_L001_R2_001.fastq.gz"):
        (folder / name).write_bytes(b"xy")
    _, _, known = look(merge_lanes=True)
    assert {file.state for file in known.values()} == {"queued"}


def test_nothing_is_kept_of_files_that_are_done_or_gone(folder, look):
    write(folder, *(f"N{n}_R1.fastq.gz" for n in range(20)), "x_I1.fastq.gz")
    sorter, _, _ = look(looks=4)
    assert (sorter.plan.items, sorter._items) == ({}, {})
    assert len(sorter._gates) == 21
    for path in folder.iterdir():
        path.unlink()
    look()
    assert sorter._gates == {}


def test_a_map_is_believed_once_it_stands_still(folder, look):
    names = [f"x{lane}_R{read}.fastq.gz" for lane in (1, 2) for read in (1, 2)]
    write(folder, *names)
    rows = [f"X,R{name[4]},{name}\n" for name in sorted(names, key=lambda name: name[4])]
    sheet = folder / "m.fastq-map.csv"
    sheet.write_text("client_id,r_notation,path\n" + rows[0] + rows[2])  # lane 1 only, so far
    _, _, known = look(looks=2)
    sheet.write_text("client_id,r_notation,path\n" + "".join(rows))
    _, _, known = look(looks=2)
    assert not any(file.state == "queued" for file in known.values())
    _, _, known = look(looks=2)
    assert {file.state for file in known.values()} == {"queued"}
