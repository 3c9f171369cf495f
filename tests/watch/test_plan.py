"""Which files become which uploads: pairs, lanes, map files, collisions, destinations."""

from datetime import UTC, date, datetime

import pytest

from gencove_tui.engine.watch.places import place_of, run_date, run_name
from gencove_tui.engine.watch.plan import make_plan
from gencove_tui.fastq.map_csv import parse_map
from gencove_tui.model import GncvPath
from tests.watch.conftest import RUN, terms

SEEN = datetime(2026, 3, 14, 12, tzinfo=UTC)


def plan(*names, maps=None, **changes):
    return make_plan(
        terms(**changes), names, lambda *_: ("run7", date(2026, 3, 14)), rule_name="lab", maps=maps
    )


def remotes(made):
    return {
        path: str(item.remote).removeprefix("gncv://lab/run/")
        for path, item in made.items.items()
        if item.remote
    }


def test_files_keep_their_names_and_places():
    names = ("A_S1_L001_R1_001.fastq.gz", "sub/B_R2.fq.bgz")
    assert remotes(plan(*names)) == {name: name for name in names}


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("gncv://{run}/", "gncv://run7/A_R1.fastq.gz"),
        ("gncv://{run}/{relpath}", "gncv://run7/sub/A_R1.fastq.gz"),
        ("gncv://{rule}/{date}", "gncv://lab/2026-03-14/sub/A_R1.fastq.gz"),
        ("gncv://{project}/{sample}", "gncv://p1/A/sub/A_R1.fastq.gz"),
        ("gncv://x", "gncv://x/sub/A_R1.fastq.gz"),
    ],
)
def test_a_destination_is_filled_in(destination, expected):
    made = plan("sub/A_R1.fastq.gz", destination=GncvPath(destination), project="p1")
    assert made.items["sub/A_R1.fastq.gz"].remote == expected


def test_a_run_is_named_by_its_folder_and_dated_by_its_name():
    assert run_name(f"x/{RUN}/f/A.fastq.gz", f"x/{RUN}", "top") == RUN
    assert run_name("A.fastq.gz", "", "top") == "top"
    assert run_name("batch/A.fastq.gz", None, "top") == "batch"
    assert run_name("A.fastq.gz", None, "top") == "top"
    assert run_date(RUN, SEEN) == date(2022, 1, 2)
    assert run_date("20230405_X_1_F", SEEN) == date(2023, 4, 5)
    assert run_date("229901_X_1_F", SEEN) == SEEN.astimezone().date()


def test_a_folder_at_the_root_of_the_area_has_no_empty_part():
    rule = terms(destination=GncvPath("gncv://"))
    place = place_of(rule, "A.fastq.gz", run="r", day=date(2026, 1, 1), sample="A", rule_name="x")
    assert place == "gncv://"


def test_names_that_gencove_would_misread_are_changed():
    made = plan("A_1.fq.gz", "A_2.fq.gz", "B.R1.fastq.gz")
    assert remotes(made) == {
        "A_1.fq.gz": "A_R1.fq.gz",
        "A_2.fq.gz": "A_R2.fq.gz",
        "B.R1.fastq.gz": "B_R1.fastq.gz",
    }


def test_two_samples_that_would_become_one_are_held_and_hyphens_free_them():
    names = ("P1_A01_S1_L001_R1_001.fastq.gz", "P1_A02_S2_L001_R1_001.fastq.gz", "Q_R1.fastq.gz")
    held = plan(*names)
    assert [held.items[name].state for name in names] == ["held", "held", ""]
    assert "P1" in held.items[names[0]].reason
    assert "hyphens" in held.items[names[0]].remedy
    free = remotes(plan(*names, hyphens=True))
    assert free[names[0]] == "P1-A01_S1_L001_R1_001.fastq.gz"
    assert len(free) == 3


@pytest.mark.parametrize("form", ["A_R1_R{}.fastq.gz", "S_R1_{}.fastq.gz", "A_R2_S1_L001_R{}_001.fastq.gz"])
def test_both_mates_get_one_id_whichever_is_here_first(form):
    names = [form.format(read) for read in (1, 2)]
    both = remotes(plan(*names))
    assert {name.rpartition("_R")[0] for name in both.values()} == {names[0][:1] + "-R" + names[0][3]}
    for name in names:
        assert remotes(plan(name))[name] == both[name]


def test_what_gencove_cuts_and_what_looks_alike_is_said():
    notices = plan("P1_A01_R1.fastq.gz", "a_S1_R1_001.fastq.gz", "A_S2_R1_001.fastq.gz").notices
    assert "P1_A01" in notices[0]
    assert "A, a" in notices[1]


def test_the_same_sample_of_two_folders_in_one_place_is_told_what_helps():
    names = ("one/A_S1_R1_001.fastq.gz", "two/A_S1_R1_001.fastq.gz")
    held = plan(*names, destination=GncvPath("gncv://{run}/")).items[names[0]]
    assert held.state == "held"
    assert "{relpath}" in held.remedy


def test_names_that_no_mapping_sets_apart_stay_held():
    names = ("A_1_S1_L001_R1_001.fastq.gz", "A-1_S2_L001_R1_001.fastq.gz")
    assert {item.state for item in plan(*names, hyphens=True).items.values()} == {"held"}


def test_lanes_are_held_unless_they_are_joined():
    names = [f"A_S1_L00{lane}_R{read}_001.fastq.gz" for read in (1, 2) for lane in (1, 2)]
    held = plan(*names)
    assert {item.state for item in held.items.values()} == {"held"}
    assert "merge_lanes" in held.items[names[0]].remedy
    joined = plan(*names, merge_lanes=True)
    assert joined.items[names[1]].sources == tuple(names[:2])
    assert str(joined.items[names[2]].remote).endswith("/A_R2.fastq.gz")
    assert joined.items[names[0]].sample == joined.items[names[2]].sample


def test_different_lane_sets_are_not_joined():
    names = ("A_S1_L001_R1_001.fastq.gz", "A_S1_L002_R1_001.fastq.gz", "A_S1_L001_R2_001.fastq.gz")
    made = plan(*names, merge_lanes=True)
    assert {item.state for item in made.items.values()} == {"waiting"}
    assert "R2 lane 2" in made.items[names[0]].reason


def test_a_lone_mate_goes_up_and_is_named():
    made = plan("S12_R1.fastq.gz")
    assert made.items["S12_R1.fastq.gz"].remote
    assert [(mate.sample, mate.missing) for mate in made.lone] == [("S12", "R2")]
    assert plan("S12_R1.fastq.gz", single_end=True).lone == ()


def test_index_reads_that_are_asked_for_collide_with_nothing():
    names = ("A_S1_L001_R1_001.fastq.gz", "A_S1_L001_I1_001.fastq.gz")
    assert len(remotes(plan(*names, index_reads=True))) == 2


def test_a_map_file_says_what_goes_where():
    content = "client_id,r_notation,path\nX1,R1,a_R1.fastq.gz\nX1,R1,b_R1.fastq.gz\nX2,r1,c.fastq.gz\n"
    maps = {"sub/m.fastq-map.csv": parse_map(content.encode())}
    names = ("sub/a_R1.fastq.gz", "sub/b_R1.fastq.gz", "sub/other_R1.fastq.gz", "free_R1.fastq.gz")
    made = plan(*names, maps=maps)
    assert str(made.items[names[0]].remote).endswith("X1_R1.fastq.gz")
    assert made.items[names[0]].sources == names[:2]
    assert "does not name" in made.items[names[2]].reason
    assert made.items[names[3]].remote


def test_a_map_file_waits_for_all_that_it_joins():
    content = "client_id,r_notation,path\nX1,R1,a_R1.fastq.gz\nX1,R1,b_R1.fastq.gz\n"
    made = plan("a_R1.fastq.gz", maps={"m.fastq-map.csv": parse_map(content.encode())})
    assert "b_R1" in made.items["a_R1.fastq.gz"].reason


def test_a_map_that_names_nothing_here_holds_its_folder_and_says_so():
    content = b"client_id,r_notation,path\nX1,R1,/elsewhere/a_R1.fastq.gz\n"
    made = plan("b_R1.fastq.gz", maps={"m.fastq-map.csv": parse_map(content)})
    assert made.items["b_R1.fastq.gz"].state == "held"
    assert "/elsewhere/a_R1" in made.notices[0]
    url = b"client_id,r_notation,path\nX1,R1,https://x.example/a_R1.fastq.gz\n"
    assert "URLs" in plan("b_R1.fastq.gz", maps={"m.fastq-map.csv": parse_map(url)}).notices[0]


def test_a_map_may_name_whole_paths_below_the_folder():
    content = b"client_id,r_notation,path\nX1,R1,/run/sub/a_R1.fastq.gz\n"
    made = plan("sub/a_R1.fastq.gz", maps={"m.fastq-map.csv": parse_map(content)})
    assert remotes(made) == {"sub/a_R1.fastq.gz": "X1_R1.fastq.gz"}


def test_ids_of_maps_collide_as_others_do():
    content = b"client_id,r_notation,path\nA,R1,x_R1.fastq.gz\n"
    names = ("one/x_R1.fastq.gz", "two/x_R1.fastq.gz", "A_S1_L001_R2_001.fastq.gz")
    maps = {f"{folder}/m.fastq-map.csv": parse_map(content) for folder in ("one", "two")}
    made = plan(*names, maps=maps, destination=GncvPath("gncv://{run}/"))
    assert {item.state for item in made.items.values()} == {"held"}


def test_a_name_without_a_read_is_left_out_with_the_reason():
    item = plan("sample.fastq.gz").items["sample.fastq.gz"]
    assert (item.state, "read" in item.reason) == ("ignored", True)
