"""What a desk says without a network: from the cache, and about the limit that holds now."""

from datetime import datetime

import pytest

from gencove_tui.api.protocol import PAGE
from gencove_tui.cli.link import linker
from gencove_tui.config import resolve
from gencove_tui.engine import desk_ledger
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.views import SNAPSHOT_ROWS
from gencove_tui.model import DownloadSource, Sample, TransferState
from gencove_tui.store.cache import Cache
from gencove_tui.store.ledger import Ledger

MIB = 1 << 20
pytestmark = pytest.mark.parametrize("dialect", ["v2"])


@pytest.mark.parametrize(("many", "total", "more"), [(PAGE, None, True), (PAGE - 1, PAGE - 1, False)])
async def test_a_full_page_in_the_cache_does_not_pass_for_the_whole_list(settings, many, total, more):
    cache = Cache(settings.cache_folder)
    cache.put("samples", "p1", tuple(Sample(id=f"s{n}") for n in range(many)))
    cache.close()
    desk = LocalDesk(settings, linker(settings))
    try:
        page = desk.cached_samples("p1").page
        assert (len(page.items), page.total, page.more) == (many, total, more)
    finally:
        await desk.aclose()


async def test_the_limit_shown_is_the_timetables_until_somebody_chooses(environment, tmp_path, monkeypatch):
    config = tmp_path / "app" / "config" / "config.toml"
    config.write_text(config.read_text() + "bandwidth = ['1M mon-fri 08:00-18:00', 'off']\n")

    class Clock:
        today = datetime(2026, 11, 24, 12, 0)  # a Tuesday

        @classmethod
        def now(cls):
            return cls.today

    monkeypatch.setattr(desk_ledger, "datetime", Clock)
    settings = resolve(environment=environment)
    desk = LocalDesk(settings, linker(settings))
    try:
        assert desk.bandwidth == MIB
        Clock.today = datetime(2026, 11, 24, 19, 0)
        assert desk.bandwidth is None
        await desk.set_bandwidth(2 * MIB)
        assert desk.bandwidth == 2 * MIB
        Clock.today = datetime(2026, 11, 24, 12, 0)
        await desk.set_bandwidth(None)
        assert desk.bandwidth is None, "lifted by hand, also in working hours"
    finally:
        await desk.aclose()


async def test_what_moves_or_is_queued_is_summed_apart_from_what_rests(settings):
    desk = LocalDesk(settings, linker(settings))
    states = (TransferState.QUEUED, TransferState.PAUSED, TransferState.WAITING, TransferState.FAILED)
    try:
        with Ledger(settings.state_folder) as ledger:
            for number, state in enumerate(states):
                added = ledger.transfers.add_upload(f"/{number}", f"gncv://{number}", 10**number)
                ledger.transfers.set_state(added, state)
            ledger.transfers.add_download(
                "/d", "s/d", DownloadSource(project_id="p", sample_id="s", file_type="qc"), None
            )
        shown = desk.snapshot()
        assert (shown.totals.bytes_left, shown.totals.bytes_ahead) == (111, 1)
        assert shown.totals.seconds_left is None
        assert shown.transfers_total == len(shown.transfers) == 5
    finally:
        await desk.aclose()


async def test_a_snapshot_of_a_long_queue_has_what_failed_in_it_and_no_more_rows_than_a_screen_takes(
    settings,
):
    desk = LocalDesk(settings, linker(settings))
    try:
        with Ledger(settings.state_folder) as ledger, ledger.write():
            added = [
                ledger.transfers.add_upload(f"/{number}", f"gncv://{number}", 1)
                for number in range(SNAPSHOT_ROWS + 500)
            ]
            ledger.transfers.set_state(added[-1], TransferState.FAILED, problem="gone")
        shown = desk.snapshot()
        assert [t.id for t in shown.transfers if t.state is TransferState.FAILED] == added[-1:]
        assert len(shown.transfers) == SNAPSHOT_ROWS
        assert shown.transfers_total == len(added)
    finally:
        await desk.aclose()
