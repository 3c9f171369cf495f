from hypothesis import given
from hypothesis import strategies as st

from gencove_tui.engine.progress import Board, Meter
from gencove_tui.engine.scan import SMALLEST_MULTIPART, part_size_for, plan_parts
from gencove_tui.store.ledger import Ledger

MIB = 1 << 20


@given(st.integers(min_value=SMALLEST_MULTIPART, max_value=5 << 40))
def test_every_file_fits_into_the_parts_that_s3_allows(size):
    part = part_size_for(size)
    assert part >= 16 * MIB
    assert part % MIB == 0
    assert -(-size // part) <= 9000


@given(st.integers(min_value=1, max_value=1 << 33), st.integers(min_value=MIB, max_value=1 << 31))
def test_parts_cover_the_file_without_gap_or_overlap(size, part_size):
    position = 0
    for number, part in enumerate(plan_parts(size, max(part_size, size // 9000 + 1)), start=1):
        assert (part.number, part.offset) == (number, position)
        position += part.length
    assert position == size


def test_a_rate_follows_the_bytes_and_falls_to_zero_when_they_stop():
    meter = Meter(1, 1000)
    meter.sample(0.0)
    meter.set(1, 100)
    meter.sample(1.0)
    assert meter.rate == 100
    for second in range(2, 40):
        meter.sample(float(second))
    assert meter.rate < 1


def test_a_part_sent_again_does_not_count_twice():
    meter = Meter(1, 1000)
    meter.set(1, 500)
    meter.set(1, 0)
    meter.set(1, 300)
    assert meter.bytes_done == 300


def test_only_ranges_on_disk_count_inside_a_part(tmp_path):
    from gencove_tui.model import DownloadSource, Part

    with Ledger(tmp_path) as ledger:
        up = ledger.transfers.add_upload("/a", "gncv://a", 100)
        source = DownloadSource(project_id="p", sample_id="s", file_type="t")
        down = ledger.transfers.add_download("/b", "s/b", source, 100)
        for transfer in (up, down):
            ledger.transfers.set_parts(transfer, [Part(number=1, offset=0, length=100)])
        board = Board(ledger, clock=lambda: 1.0)
        board.open(up, 100).set(1, 60)
        board.open(down, 100, keeps_parts=True).set(1, 70)
        board.write()
        assert ledger.transfers.get(up).bytes_done == 60
        assert ledger.transfers.parts(up)[0].bytes_done == 0
        assert ledger.transfers.parts(down)[0].bytes_done == 70


def test_nothing_is_written_when_nothing_moved(tmp_path):
    with Ledger(tmp_path) as ledger:
        up = ledger.transfers.add_upload("/a", "gncv://a", 100)
        board = Board(ledger, clock=lambda: 1.0)
        board.open(up, 100).set(1, 60)
        board.write()
        version = ledger.version()
        board.write()
        assert ledger.version() == version
