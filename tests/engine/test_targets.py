from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencove_tui.engine.planning import plan_downloads, plan_uploads
from gencove_tui.engine.targets import safe_component, target_path
from gencove_tui.errors import InputProblem
from gencove_tui.model import Deliverable, GncvPath, Sample

FOLDER = Path("/out")


def sample(client_id="c1", sample_id="s1"):
    return Sample(id=sample_id, client_id=client_id, project_id="p1")


def deliverable(name="x.vcf.gz", file_type="impute-vcf", url="https://x.example/y", size=None):
    return Deliverable(file_type=file_type, id=file_type, name=name, url=url, size=size)


def test_the_default_is_the_official_clients_layout():
    assert target_path(FOLDER, sample(), deliverable()) == Path("/out/c1/s1/x.vcf.gz")


def test_an_empty_client_id_drops_its_folder():
    assert target_path(FOLDER, sample(client_id=""), deliverable()) == Path("/out/s1/x.vcf.gz")


def test_a_file_without_a_name_gets_one_of_sample_and_type():
    assert target_path(FOLDER, sample(), deliverable(name="")).name == "s1_impute-vcf"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{gencove_id}_{file_type}.{file_extension}", "s1_impute-vcf.vcf.gz"),
        ("{file_type}/{default_filename}", "{file_type}/x.vcf.gz"),
        ("{client_id}//{default_filename}", "c1/x.vcf.gz"),
        ("{unknown}/{default_filename}", "{unknown}/x.vcf.gz"),
    ],
)
def test_tokens_follow_the_official_rules(template, expected):
    assert target_path(FOLDER, sample(), deliverable(), template) == FOLDER / expected


@given(client_id=st.text(max_size=300), sample_id=st.text(max_size=50), name=st.text(max_size=400))
def test_nothing_leaves_the_chosen_folder(client_id, sample_id, name):
    path = target_path(FOLDER, sample(client_id, sample_id), deliverable(name=name))
    assert path.is_relative_to(FOLDER)
    assert path != FOLDER
    assert ".." not in path.parts
    assert all(len(part.encode("utf-8", "replace")) <= 255 for part in path.parts)


def test_separators_controls_and_bidi_marks_do_not_survive():
    assert safe_component("../../a\\b\x1b[31m\u202egz") == ".._.._a_b_[31m_gz"
    assert safe_component("..") == "__"


def test_a_plan_names_collisions_and_missing_urls():
    plan = plan_downloads(
        sample(),
        [deliverable(), deliverable(file_type="other"), deliverable(name="z", url=None)],
        FOLDER,
        {"/out/c1/s1/w"},
    )
    assert [bool(p.obstacle) for p in plan] == [True, True, True]
    assert "same path" in plan[1].obstacle
    assert "archived" in plan[2].obstacle


def test_a_plan_knows_what_is_present_and_what_is_queued(tmp_path):
    there = tmp_path / "c1" / "s1" / "x.vcf.gz"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"12345")
    present = plan_downloads(sample(), [deliverable(size=5)], tmp_path)[0]
    assert present.present
    assert not plan_downloads(sample(), [deliverable(size=6)], tmp_path)[0].present
    assert "queue" in plan_downloads(sample(), [deliverable()], tmp_path, {str(there)})[0].obstacle


def test_a_folder_keeps_its_shape_and_says_why_it_leaves_files_out(tmp_path):
    for name in ("b/x_R1.fastq.gz", "a_R1.fq.bgz", "notes.txt", ".hidden_R1.fastq.gz", "b/.x/y.fastq.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty_R1.fastq.gz").touch()
    plan = plan_uploads([tmp_path], GncvPath("gncv://run/"))
    taken = {p.local.name: p.target for p in plan if not p.obstacle}
    assert taken == {"x_R1.fastq.gz": "gncv://run/b/x_R1.fastq.gz", "a_R1.fq.bgz": "gncv://run/a_R1.fq.bgz"}
    left = {p.local.name: p.obstacle for p in plan if p.obstacle}
    assert left["empty_R1.fastq.gz"] == "empty"
    assert "not a FASTQ" in left["notes.txt"]
    assert "hidden" in left[".hidden_R1.fastq.gz"]


def test_a_single_file_may_get_a_new_name(tmp_path):
    file = tmp_path / "a_R1.fastq.gz"
    file.write_bytes(b"x")
    (planned,) = plan_uploads([file], GncvPath("gncv://run/b_R1.fastq.gz"))
    assert planned.target == "gncv://run/b_R1.fastq.gz"
    (into,) = plan_uploads([file], GncvPath("gncv://run/"))
    assert into.target == "gncv://run/a_R1.fastq.gz"


def test_two_files_for_one_place_are_refused(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a_R1.fastq.gz").write_bytes(b"x")
    plan = plan_uploads([tmp_path / "one", tmp_path / "two"], GncvPath("gncv://run/"))
    assert [bool(p.obstacle) for p in plan] == [False, True]


def test_a_missing_path_is_a_clear_problem(tmp_path):
    with pytest.raises(InputProblem, match="There is no"):
        plan_uploads([tmp_path / "nope"], GncvPath("gncv://run/"))


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "s3://x",
        "gncv:/x",
        "GNCV://x",
        "gncv:///x",
        "gncv://a//b",
        "gncv://../x",
        "gncv://a\n",
        "gncv:// a",
    ],
)
def test_bad_places_are_refused(bad):
    with pytest.raises(InputProblem):
        GncvPath.parse(bad)


@pytest.mark.parametrize(
    ("text", "folder", "name"),
    [
        ("gncv://", "gncv://", ""),
        ("gncv://a", "gncv://", "a"),
        ("gncv://a/", "gncv://a/", "a"),
        ("gncv://a/b", "gncv://a/", "b"),
    ],
)
def test_places_know_their_folder_and_name(text, folder, name):
    path = GncvPath.parse(text)
    assert (path.folder, path.name) == (folder, name)
