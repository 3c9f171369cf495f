"""What a desk says without a network: from the cache, and about the limit that holds now."""

from datetime import datetime

import pytest

from gencove_tui.api.protocol import PAGE
from gencove_tui.cli.link import linker
from gencove_tui.config import resolve
from gencove_tui.engine import desk_ledger
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.model import Sample
from gencove_tui.store.cache import Cache

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
