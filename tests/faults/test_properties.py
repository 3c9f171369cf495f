"""What must hold for every size and every name, not only for those that somebody thought of."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gencove_tui.engine.outcome import LONGEST_WAIT, backoff
from gencove_tui.engine.ranges import RANGE, plan_ranges
from gencove_tui.engine.room import reserve
from gencove_tui.engine.scan import SMALLEST_MULTIPART, part_size_for, plan_parts
from gencove_tui.engine.targets import safe_component, target_path
from gencove_tui.model import Deliverable, Sample

MIB = 1 << 20
TIB = 1 << 40


@given(st.integers(min_value=SMALLEST_MULTIPART, max_value=5 * TIB))
def test_parts_cover_a_file_once_and_in_order_as_s3_takes_them(size):
    part_size = part_size_for(size)
    parts = plan_parts(size, part_size)
    assert 1 <= len(parts) <= 9000
    assert part_size % MIB == 0
    assert part_size >= 16 * MIB
    covers(parts, size)
    assert all(part.length == part_size for part in parts[:-1])


@given(st.integers(min_value=0, max_value=TIB))
def test_ranges_cover_an_object_once_and_in_order(size):
    ranges = plan_ranges(size)
    covers(ranges, size)
    assert all(0 < part.length <= RANGE for part in ranges)


def covers(parts, size):
    end = 0
    for number, part in enumerate(parts, start=1):
        assert (part.number, part.offset, part.bytes_done) == (number, end, 0)
        end += part.length
    assert end == size


NAMES = st.text(st.characters(), max_size=400) | st.sampled_from(["..", ".", "/", "../x", "a/b", "", " . "])


@given(NAMES)
def test_a_component_is_one_name_that_every_file_system_takes(text):
    name = safe_component(text)
    assert "/" not in name
    assert "\\" not in name
    assert name not in (".", "..")
    assert name == "" or name.strip() == name
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in name)
    assert len(name.encode("utf-8")) <= 240


@given(NAMES)
def test_making_a_component_safe_twice_changes_nothing_more(text):
    once = safe_component(text)
    assert safe_component(once) == once


@given(client_id=NAMES, sample_id=NAMES.filter(bool), name=NAMES)
def test_a_target_is_always_strictly_inside_its_folder(client_id, sample_id, name):
    folder = Path("/somewhere/downloads")
    target = target_path(
        folder,
        Sample(id=sample_id, project_id="p", client_id=client_id),
        Deliverable(id="1", file_type="vcf", name=name),
    )
    relative = target.relative_to(folder)
    assert relative.parts
    assert ".." not in relative.parts


@given(st.integers(min_value=1, max_value=100_000))
def test_a_rest_is_never_nothing_and_never_too_long(attempt):
    assert 0.5 <= backoff(attempt) <= LONGEST_WAIT


@given(st.integers(min_value=0, max_value=1 << 60))
def test_a_reserve_leaves_most_of_every_disk_to_be_used(total):
    assert 0 <= reserve(total) <= total / 10
    assert reserve(total) <= max(total / 100, 2 << 30)
